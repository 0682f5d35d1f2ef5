"""Candidates: which IMDb titles each row of the catalogues and of Rotten Tomatoes may be.

Three joins, strictest first: equal title keys; shared rare people; keys that begin alike in a near year,
kept when they are similar. A pair keeps the first rule that found it. Adult titles are never candidates,
and a Rotten Tomatoes row, always a film, never meets a series. Pairs are kept from day to day: only rows that
changed, or that share a key with what changed, are joined again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

import numpy as np
import psycopg

from reelhouse import loads
from reelhouse.database import indexes_made_afterwards, lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.matching import storing
from reelhouse.matching.alike import are_alike
from reelhouse.matching.storing import put_in_place
from reelhouse.settings import LOCAL
from reelhouse.staging.opening import share_staging

# Above this many titles a key ("love") names nothing by itself: the pair also needs a near year.
HOT_KEY = 100
# Names with more titles are either homonyms or so busy that sharing them says little; the title finds those.
COMMON_PERSON = 150
# Four letters equal; three gave 2.4 times the pairs to compare and no further true one on the labels.
PREFIX_LENGTH = 4
RULES = {"hot_key": HOT_KEY, "common_person": COMMON_PERSON, "prefix_length": PREFIX_LENGTH}
# Candidates are a hundredth of IMDb, found by key: what else is planned as reading and sorting all of IMDb took ten
# times the CPU. Of the first letters of a title the planner knows nothing, and would sort all titles by them.
PLANNING = ("set local random_page_cost = 1.1", "set local enable_mergejoin = off")
# The joins of all rows, and the same joins of those rows only that have to be scored anew.
OF_ASKED_ROWS = {
    "matching.source_title": "pg_temp.asked_title",
    "matching.source_title_key": "pg_temp.asked_title_key",
    "matching.source_person": "pg_temp.asked_person",
}
OF_CHANGED_KEYS = {"matching.imdb_title_key": "pg_temp.changed_key", "matching.candidate_pair": "pg_temp.no_pair"}


def find_candidates(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Store the keys of what changed in staging, and find the candidate pairs of the rows that it concerns.

    Gives   pairs by rule; rows that are to be scored anew, rows whose scores hold
    Raises  OutOfStep when staging holds other files than the load, Locked when another run is here
    Reruns  same staging: same rows; all or nothing. By force, or with other code, everything is made anew
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    folder = day.settings.sql / "2_matching"
    with conn.transaction():
        plan_by_keys(conn)
        share_staging(conn, load.load_id)
        lock_layer(conn, writes="candidates")
        lock_layer(conn, writes="matching")
        is_whole = day.force or not storing.is_current(conn, folder)
        by_engine: dict[str, object] = {}
        if is_whole and day.settings.engine != LOCAL:
            # Named late: only who has asked for Spark must have it.
            by_engine = import_module("reelhouse.engine.whole").store_pair_and_score(conn, day, RULES)
        elif is_whole:
            storing.store_all(conn, day)
            _join(conn, day, {})
            conn.execute("analyze matching.candidate_pair")
        else:
            storing.store_changes(conn, day)
            _add_rows_alike(conn, folder)
            run_file(conn, folder / "forget_affected_rows.sql")
            _join(conn, day, OF_ASKED_ROWS)
        storing.set_current(conn, folder)
        figures = _figures(conn) | by_engine
        if is_whole:
            figures |= _hot_keys(conn, folder)
        set_layer(conn, "candidates", load.load_id)
        # The decisions still speak of the keys that were just replaced.
        conn.execute("update ops.layer set load_id = null where layer = 'matching'")
    return {"load_id": load.load_id, **figures}


def plan_by_keys(conn: psycopg.Connection) -> None:
    """Have the planner look rows up by key for the rest of the transaction."""
    for setting in PLANNING:
        conn.execute(setting)


def _join(conn: psycopg.Connection, day: Day, tables: Mapping[str, str]) -> None:
    """Add the pairs of the three rules to matching.candidate_pair.

    Takes   tables  what to join in the place of the tables of all source rows
    """
    folder, pairs = day.settings.sql / "2_matching", ("matching", "candidate_pair")
    with nullcontext() if tables else indexes_made_afterwards(conn, pairs):
        day.tell("candidates by title", 0.7)
        conn.execute(put_in_place(folder / "candidates_by_title.sql", tables), {"hot_key": HOT_KEY})
        day.tell("candidates by people", 0.8)
        conn.execute(put_in_place(folder / "candidates_by_people.sql", tables), {"common_person": COMMON_PERSON})
    day.tell("candidates by prefix", 0.9)
    for sources, ids, numbers in _pairs_alike(conn, put_in_place(folder / "prefix_pairs.sql", tables)):
        conn.execute(
            "insert into matching.candidate_pair (source, source_id, imdb_title_number, found_by)"
            " select *, 'title prefix' from unnest(%s::text[], %s::text[], %s::integer[]) on conflict do nothing",
            (sources, ids, numbers),
        )


def _add_rows_alike(conn: psycopg.Connection, folder: Path) -> None:
    """Rows whose keys begin as a changed key does and are similar to it are to be scored anew too."""
    for sources, ids, _ in _pairs_alike(conn, put_in_place(folder / "prefix_pairs.sql", OF_CHANGED_KEYS)):
        conn.execute(
            "insert into affected_row (source, source_id) select * from unnest(%s::text[], %s::text[])"
            " on conflict do nothing",
            (sources, ids),
        )


def _pairs_alike(conn: psycopg.Connection, query: str) -> Iterator[tuple[list[str], list[str], list[int]]]:
    """Sources, ids and IMDb numbers of those pairs of a query whose keys are similar, without repeats, in batches."""
    for batch in storing.batches(conn, query, {"prefix_length": PREFIX_LENGTH}):
        sources, ids, numbers, source_keys, imdb_keys = zip(*batch, strict=True)
        # One title may be alike by several names.
        alike = np.flatnonzero(are_alike(source_keys, imdb_keys))
        kept = dict.fromkeys((sources[row], ids[row], numbers[row]) for row in alike)
        if kept:
            yield _columns(kept)


def _columns(rows: Iterable[tuple[str, str, int]]) -> tuple[list[str], list[str], list[int]]:
    sources, ids, numbers = zip(*rows, strict=True)
    return list(sources), list(ids), list(numbers)


def _figures(conn: psycopg.Connection) -> dict[str, object]:
    rows = conn.execute("select found_by, count(*) from matching.candidate_pair group by found_by").fetchall()
    figures: dict[str, object] = {"candidates": dict(sorted(rows)), "candidate_count": sum(count for _, count in rows)}
    total, reused = conn.execute(
        "select (select count(*) from matching.source_title), (select count(*) from matching.scored_row)"
    ).fetchone()
    return figures | {"rows_anew": total - reused, "rows_reused": reused}


def _hot_keys(conn: psycopg.Connection, folder: Path) -> dict[str, object]:
    """Keys that alone bring no candidate; counting takes longer than a day of few changes, which moves them little."""
    hot = conn.execute((folder / "hot_keys.sql").read_text(), {"hot_key": HOT_KEY, "common_person": COMMON_PERSON})
    return dict(zip(("hot_title_keys", "common_person_keys"), hot.fetchone(), strict=True))
