"""The volume gate: files with too many bad rows, with none, or with far fewer or more than usual wait for a person."""

from __future__ import annotations

import psycopg

from reelhouse.day import EVERY_SOURCE, Day
from reelhouse.sources import files_of

# More bad rows than that, by share and by number, are no accident any more: a person has to look.
MOST_QUARANTINED_SHARE = 0.005
MOST_QUARANTINED_ROWS = 50
# A file far from what it usually has is cut, doubled or another file: a person has to look. Fewer loads than
# that say nothing about what is usual.
LEAST_SHARE_OF_MEDIAN, MOST_SHARE_OF_MEDIAN = 0.8, 1.5
LOADS_OF_MEDIAN, LEAST_LOADS_OF_MEDIAN = 7, 3
# Until then a file that lost so much since the last load is cut all the same; of a few rows a share says nothing.
LEAST_SHARE_OF_LAST, MOST_ROWS_LOST = 0.7, 50
# The folder or address a file was taken from, without the day it is for.
_FOLDER = r"regexp_replace(file.origin, '(/\d{4}-\d{2}-\d{2})?/[^/]*$', '')"


def objections(conn: psycopg.Connection, day: Day, staged: dict[tuple[str, str], dict[str, object]]) -> list[str]:
    """What speaks against loading these files without a person's word.

    Takes   staged  source and name of a file -> its account
    """
    least = {(file.source, file.name): file.least_rows for source in EVERY_SOURCE for file in files_of(source)}
    usual, last = _usual_rows(conn, day), _last_rows(conn, day)
    reasons = []
    for key, row in sorted(staged.items()):
        bad, rows_in = row["rows_quarantined"], row["rows_in"]
        if bad > MOST_QUARANTINED_ROWS and bad > MOST_QUARANTINED_SHARE * rows_in:
            reasons.append(
                f"{key[1]}: expected at most {MOST_QUARANTINED_SHARE:.1%} bad rows, found {bad} of {rows_in}, "
                f"most often {_commonest_reason(conn, row['file_id'])}"
            )
        if row["rows_staged"] < least.get(key, 0):
            reasons.append(f"{key[1]}: expected at least {least[key]} kept rows, found {row['rows_staged']}")
        elif rows_in == 0:
            reasons.append(f"{key[1]}: expected rows, found none")
        for what, number in (("rows", rows_in), ("kept rows", row["rows_staged"])):
            median = usual.get((*key, what))
            if median is not None and not _is_usual(number, median):
                reasons.append(
                    f"{key[1]}: expected {LEAST_SHARE_OF_MEDIAN * median:,.0f} to {MOST_SHARE_OF_MEDIAN * median:,.0f} "
                    f"{what} ({LEAST_SHARE_OF_MEDIAN} to {MOST_SHARE_OF_MEDIAN} of the usual {median:,.0f}), "
                    f"found {number:,}"
                )
            former = last.get((*key, what))
            if median is None and former is not None and _is_cut(number, former):
                reasons.append(
                    f"{key[1]}: expected at least {LEAST_SHARE_OF_LAST * former:,.0f} {what} ({LEAST_SHARE_OF_LAST} of "
                    f"the {former:,} of the day before), found {number:,}"
                )
    return reasons


def _commonest_reason(conn: psycopg.Connection, file_id: int) -> str:
    """What most of a file's bad rows are rejected for, whatever was found in each, and where that was first."""
    reason, rows, line = conn.execute(
        "select split_part(reason, ', found ', 1), count(*), min(line_number) from quarantine.rejected_row"
        " cross join unnest(reasons) as each (reason) where file_id = %s group by 1 order by 2 desc, 3, 1 limit 1",
        (file_id,),
    ).fetchone()
    advice = ": save the file as UTF-8" if reason == "record: expected UTF-8" else ""
    return f"{reason!r} ({rows}, first on line {line}){advice}"


def _is_usual(number: int, median: float) -> bool:
    return LEAST_SHARE_OF_MEDIAN * median <= number <= MOST_SHARE_OF_MEDIAN * median


def _usual_rows(conn: psycopg.Connection, day: Day) -> dict[tuple[str, str, str], float]:
    """How many rows a file usually has: the median of the last published loads of other days, where there are enough.

    Gives   source, file name and "rows" or "kept rows" -> number
    """
    rows = conn.execute(
        "select source, file_name, count(*), percentile_cont(0.5) within group (order by rows_in),"
        " percentile_cont(0.5) within group (order by rows_staged)"
        " from (select file_load.*, row_number() over (partition by source, file_name order by published_at desc)"
        "  as place from ops.file_load inner join ops.load using (load_id)"
        "  where part = 'warehouse' and published_at is not null and batch_date <> %s) as published"
        " where place <= %s group by source, file_name",
        (day.batch_date, LOADS_OF_MEDIAN),
    ).fetchall()
    usual: dict[tuple[str, str, str], float] = {}
    for source, name, loads_known, rows_in, rows_staged in rows:
        if loads_known >= LEAST_LOADS_OF_MEDIAN:
            usual |= {(source, name, "rows"): rows_in, (source, name, "kept rows"): rows_staged}
    return usual


def _is_cut(number: int, former: int) -> bool:
    return number < LEAST_SHARE_OF_LAST * former and former - number > MOST_ROWS_LOST


def _last_rows(conn: psycopg.Connection, day: Day) -> dict[tuple[str, str, str], int]:
    """How many rows a file had in the published load of the last day before, if it was taken from the same place.

    Gives   source, file name and "rows" or "kept rows" -> number
    """
    rows = conn.execute(
        f"""
        with places as (
            select source, file_name, {_FOLDER} as folder
            from ops.day_file inner join ops.file using (file_id, source, file_name) where batch_date = %(day)s
        )
        select source, file_name, rows_in, rows_staged
        from ops.file_load inner join ops.file using (file_id, source, file_name)
        inner join places using (source, file_name)
        where folder = {_FOLDER} and load_id = (
            select load_id from ops.load
            where part = 'warehouse' and published_at is not null and batch_date < %(day)s
            order by batch_date desc, published_at desc limit 1
        )
        """,
        {"day": day.batch_date},
    ).fetchall()
    last: dict[tuple[str, str, str], int] = {}
    for source, name, rows_in, rows_staged in rows:
        last |= {(source, name, "rows"): rows_in, (source, name, "kept rows"): rows_staged}
    return last
