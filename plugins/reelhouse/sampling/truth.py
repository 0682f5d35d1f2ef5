"""Writes down what is true of the sample: links, traps, accounts, and what changed between its days."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from reelhouse.sampling.files import DAYS, Written, truth_of
from reelhouse.sampling.traps import TRAPS
from reelhouse.sampling.world import Row, World

Editions = dict[int, tuple[World, dict[str, Written]]]


def write_truth(editions: Editions, old_layout: Written, changes: dict[str, str]) -> dict[str, bytes]:
    """The files of the folder `truth`, by name."""
    return {
        "netflix_imdb.csv": _links(editions, "netflix"),
        "rotten_tomatoes_imdb.csv": _links(editions, "rotten_tomatoes"),
        "traps.csv": _traps(editions),
        "accounts.csv": _accounts(editions, old_layout),
        "netflix_changes.csv": _changes(editions, changes),
    }


def _csv(columns: str, rows: Iterable[Iterable[object]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns.split(","))
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _rows(world: World, source: str) -> dict[str, Row]:
    return world.netflix if source == "netflix" else world.rotten


def _file(source: str) -> str:
    return "netflix_titles.csv" if source == "netflix" else "rotten_tomatoes_movies.csv"


def _by_id(ids: dict[str, str]) -> list[tuple[str, str]]:
    """Entries and ids, s2 before s10."""
    return sorted(ids.items(), key=lambda pair: (len(pair[1]) if pair[1][1:].isdigit() else 99, pair[1]))


def _links(editions: Editions, source: str) -> bytes:
    return _csv(
        "day,source_id,imdb_id,trap",
        (
            (
                DAYS[day],
                source_id,
                truth_of(world, _rows(world, source)[entry], day),
                ";".join(map(str, _rows(world, source)[entry].traps)),
            )
            for day, (world, files) in editions.items()
            for entry, source_id in _by_id(files[_file(source)].ids)
        ),
    )


def _traps(editions: Editions) -> bytes:
    lines = []
    for trap in TRAPS:
        for day, (world, files) in editions.items():
            shown = _shown_by(trap.number, day, world, files)
            lines += [(trap.number, source, DAYS[day], " ".join(ids), trap.behaviour) for source, ids in shown if ids]
    return _csv("trap,source,day,source_ids,behaviour", lines)


def _shown_by(number: int, day: int, world: World, files: dict[str, Written]) -> list[tuple[str, list[str]]]:
    """The ids of the rows that show a trap, by source; * for all of them."""
    if number in (1, 40, 41):
        return [("netflix", ["*"])] + ([("rotten_tomatoes", ["*"])] if number != 1 else [])
    if number == 36:
        return [("other_layouts/rotten_tomatoes", ["*"])] if day == 1 else []
    if number == 48:
        ids = files["netflix_titles.csv"].ids
        return [
            (
                "netflix",
                [ids[entry] for entry, row in world.netflix.items() if row.days == (day,) == (1,) and entry in ids],
            )
        ]
    shown = []
    for source in ("netflix", "rotten_tomatoes"):
        rows, ids = _rows(world, source), files[_file(source)].ids
        shown.append((source, [ids[entry] for entry, row in rows.items() if number in row.traps and entry in ids]))
    tagged = [
        f"tt{work.number}" for work in world.works.values() if number in work.traps and work.number and day in work.days
    ]
    return [*shown, ("imdb", tagged)]


def _accounts(editions: Editions, old_layout: Written) -> bytes:
    lines = [(DAYS[day], written) for day, (_, files) in editions.items() for written in files.values()]
    return _csv(
        "day,source,file_name,rows_in,rows_staged,rows_filtered,rows_quarantined,rows_duplicate",
        (
            (
                day,
                written.path.split(f"/{day}/")[0],
                written.path.split("/")[-1],
                sum(written.fates.values()),
                *(written.fates[fate] for fate in ("staged", "filtered", "quarantined", "duplicate")),
            )
            for day, written in [*lines, (DAYS[1], old_layout)]
        ),
    )


def _changes(editions: Editions, changes: dict[str, str]) -> bytes:
    before, after = (editions[day][1]["netflix_titles.csv"].ids for day in DAYS)
    lines = []
    for entry, row in editions[2][0].netflix.items():
        change = changes.get(entry, "")
        if entry in before or entry in after:
            change = change or ("" if entry in before and entry in after else "left" if entry in before else "arrived")
            lines.append((before.get(entry, ""), after.get(entry, ""), row.cells["title"], change))
    lines.sort(key=lambda line: (line[0] == "", int((line[0] or line[1])[1:])))
    return _csv("source_id_day_1,source_id_day_2,title_day_2,change", lines)
