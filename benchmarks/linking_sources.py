"""How well rows of several sources find each other when IMDb does not have their title.

Needs REELHOUSE_REAL_DATA, the folder of real files. All sources are matched with IMDb; then a random tenth of IMDb's
titles is taken out of staging, everything is matched anew, and rows that were linked to a title that is gone must find
each other, and nobody else. Truth is what they were linked to (band match), and for JustWatch the id it states: a check
here, never read by matching. No quality of links to IMDb is measured here: where those were wrong, so is the truth.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from pathlib import Path

import psycopg

from reelhouse import landing
from reelhouse.database import connect, migrate
from reelhouse.day import SOURCES, Day
from reelhouse.errors import SettingsWrong
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import decide_matches
from reelhouse.matching.works import link_sources
from reelhouse.operating import embedded, postgres
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_optional_sources, stage_source
from reelhouse.staging.opening import open_load

# JustWatch's edition is the latest of all.
DAY = date(2022, 6, 1)
WITHHELD = 0.1
DRAWS = 3
# Files of the other platforms lie together in one folder of the real files.
CATALOGUE_FILES = {
    "amazon": "amazon_prime_titles.csv", "disney": "disney_plus_titles.csv", "hulu": "hulu_titles.csv",
}  # fmt: skip
IMDB_TABLES = ("imdb_titles", "imdb_ratings", "imdb_principals", "imdb_crew", "imdb_akas")

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a row came to stand.

    work_key  its work
    proposed  the IMDb title that is proposed for it
    """

    work_key: str
    proposed: int | None


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Precision and recall of joined pairs, and false proposals, by draw, and by the two sources over all draws."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        own = replace(read_settings(), home=Path(folder) / "home", data=_gather(Path(folder)), warehouse_dsn=None)
        try:
            with embedded.warehouse_dsn(own) as dsn:
                migrate(dsn, own.sql)
                with connect(dsn, "reelhouse bench", autocommit=True) as conn:
                    return measure(conn, Day(DAY, own, force=True))
        finally:
            postgres.remove(postgres.server_folder(own.home))


def _gather(folder: Path) -> Path:
    """The real files, each where its source looks for it."""
    real = os.environ.get("REELHOUSE_REAL_DATA")
    if not real:
        raise SettingsWrong("REELHOUSE_REAL_DATA: expected the folder of real files, found nothing. Set it.")
    data = folder / "data"
    for source in (*SOURCES, "justwatch"):
        shutil.copytree(Path(real) / source, data / source)
    for source, name in CATALOGUE_FILES.items():
        (data / source).mkdir()
        shutil.copy(Path(real) / "streaming_catalogues" / name, data / source)
    return data


def measure(conn: psycopg.Connection, day: Day) -> list[dict[str, object]]:
    """Match everything, then anew for each draw without some of IMDb's titles, which are put back afterwards."""
    for act in (landing.land_source, stage_source):
        for source in SOURCES:
            act(conn, day, source)
    landing.land_optional_sources(conn, day)
    stage_optional_sources(conn, day)
    open_load(conn, day)
    linked, stated = _match(conn, day), _stated(conn)
    pairs: list[dict[str, object]] = []
    false_proposals: list[int] = []
    for draw in range(DRAWS):
        withheld = _draw(linked, draw)
        with conn.transaction(force_rollback=True):
            _withhold(conn, withheld)
            _match(conn, day)
            placed = _placed(conn)
        truth = {row: number for row, number in linked.items() if number in withheld}
        pairs += [{"draw": draw, **pair} for pair in _judge(truth, stated, placed)]
        # Their own title is gone, so any that is proposed is another one.
        false_proposals.append(sum(placed[row].proposed is not None for row in truth))
    names = sorted({str(pair["sources"]) for pair in pairs})
    draws = [_figures(f"draw {draw}", [pair for pair in pairs if pair["draw"] == draw]) for draw in range(DRAWS)]
    return [
        *({**row, "false proposals": count} for row, count in zip(draws, false_proposals, strict=True)),
        {**_figures("all", pairs), "false proposals": sum(false_proposals)},
        *(_figures(name, [pair for pair in pairs if pair["sources"] == name]) for name in names),
    ]


def _match(conn: psycopg.Connection, day: Day) -> dict[Row, int]:
    """Match and link all sources; gives the IMDb title of each row in the band match."""
    find_candidates(conn, day)
    decide_matches(conn, day)
    link_sources(conn, day)
    rows = conn.execute(
        "select source, source_id, imdb_title_number from matching.work_member where imdb_title_number is not null"
    ).fetchall()
    return {(source, source_id): number for source, source_id, number in rows}


def _stated(conn: psycopg.Connection) -> dict[Row, int]:
    rows = conn.execute(
        "select source_id, substr(imdb_id, 3)::integer from staging.justwatch_titles where imdb_id is not null"
    ).fetchall()
    return {("justwatch", source_id): number for source_id, number in rows}


def _draw(linked: Mapping[Row, int], seed: int) -> set[int]:
    """A tenth of all titles comes to the same as a tenth of those that some row is linked to."""
    chance = random.Random(seed)
    return {number for number in sorted(set(linked.values())) if chance.random() < WITHHELD}


def _withhold(conn: psycopg.Connection, numbers: set[int]) -> None:
    for table in IMDB_TABLES:
        conn.execute(f"delete from staging.{table} where imdb_title_number = any(%s)", (list(numbers),))


def _placed(conn: psycopg.Connection) -> dict[Row, Placed]:
    found = conn.execute(
        "select source, source_id, work_key, proposed_imdb_title_number from matching.work_member"
    ).fetchall()
    return {(source, source_id): Placed(key, proposed) for source, source_id, key, proposed in found}


def _judge(
    truth: Mapping[Row, int], stated: Mapping[Row, int], placed: Mapping[Row, Placed]
) -> Iterator[dict[str, object]]:
    """Pairs of rows of two sources that are, or are said to be, one work; at least one of them of a withheld title."""
    together: dict[str, list[Row]] = defaultdict(list)
    for row, place in placed.items():
        together[place.work_key].append(row)
    should = {pair for rows in _by_title(truth).values() for pair in _pairs(rows)}
    joined = {
        pair for key, rows in together.items() if not key.startswith("tt")
        for pair in _pairs(rows) if not truth.keys().isdisjoint(pair)
    }  # fmt: skip
    for one, other in sorted(should | joined):
        numbers = [{truth.get(row), stated.get(row)} - {None} for row in (one, other)]
        yield {
            "sources": f"{one[0]}, {other[0]}",
            "rows": f"{' '.join(one)} with {' '.join(other)}",
            "should": (one, other) in should,
            "joined": (one, other) in joined,
            # Nothing is known of a row that neither was linked before nor states an id.
            "right": None if not all(numbers) else bool(numbers[0] & numbers[1]),
        }


def _by_title(truth: Mapping[Row, int]) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for row, number in truth.items():
        rows[number].append(row)
    return rows


def _pairs(rows: list[Row]) -> Iterator[tuple[Row, Row]]:
    return ((one, other) for one, other in combinations(sorted(rows), 2) if one[0] != other[0])


def _figures(name: str, pairs: list[dict[str, object]]) -> dict[str, object]:
    joined = [pair for pair in pairs if pair["joined"]]
    judged = [pair for pair in joined if pair["right"] is not None]
    should = [pair for pair in pairs if pair["should"]]
    right = sum(bool(pair["right"]) for pair in judged)
    found = sum(bool(pair["joined"]) for pair in should)
    return {
        "": name,
        "pairs": len(should),
        "joined": len(joined),
        "judged": len(judged),
        "precision": round(right / len(judged), 4) if judged else None,
        "recall": round(found / len(should), 4) if should else None,
        "wrong": "; ".join(str(pair["rows"]) for pair in judged if not pair["right"]) or None,
    }
