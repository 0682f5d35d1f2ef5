"""The load that is made of what is staged, and staging kept as it is while a step reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import identifiers
from reelhouse.day import EVERY_SOURCE, OPTIONAL_SOURCES, SOURCES, Day
from reelhouse.errors import Emptied, OutOfStep
from reelhouse.sources import files_of
from reelhouse.staging import volume_gate
from reelhouse.staging.ledger import ACCOUNT, is_filled, share_staged_files

DO_AGAIN = (
    "Another day was staged since. Run this day again from its stage steps on: in Airflow clear its run of "
    "extract_sources, in the shell `./reelhouse run --day DAY`."
)


def open_load(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Open the day's load of what is staged, with the account of its files.

    Gives   load_id, is_seen and the account summed
            and `objections`: what the volume gate has against it (too many rows that are not valid, no rows, far fewer
            or more than usual). It is built aside all the same; check_warehouse holds it
    Raises  OutOfStep when staging does not hold the files that serve the day
    Reruns  the same staging is the same load; what a person has accepted of it is not asked again
    """
    with conn.transaction():
        staged = share_staged_files(conn)
        _check_serves_day(conn, day, staged)
        parts = [f"{source}/{name} {row['staged_sha256']}" for (source, name), row in sorted(staged.items())]
        parts += [loads.code_sha256(day.settings), loads.overrides_sha256(conn)]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        load = loads.open_load(conn, "warehouse", day.batch_date, digest)
        _write_file_loads(conn, load.load_id)
        figures: dict[str, object] = {name: sum(row[name] for row in staged.values()) for name in ACCOUNT}
        loads.add_figures(conn, load.load_id, figures)
        reasons = [] if load.state != "building" else volume_gate.objections(conn, day, staged)
        if reasons and loads.is_accepted(conn, load.load_id, reasons, day.accept):
            reasons = []
        if load.state == "building":
            loads.object_to(conn, load.load_id, "volume", reasons)
    objections = {"objections": reasons} if reasons else {}
    return {"load_id": load.load_id, "is_seen": load.is_seen, **figures, **objections}


def share_staging(conn: psycopg.Connection, load_id: int) -> None:
    """Keep staging as it is until the transaction ends, and make sure that it holds the files of a load.

    Raises  Locked when staging is being written, OutOfStep when it holds other files
    """
    staged = share_staged_files(conn)
    files = conn.execute(
        "select source, file_name, file_id from ops.file_load where load_id = %s", (load_id,)
    ).fetchall()
    _require_files(conn, staged, files, f"load {load_id}")


def _named(files: dict[tuple[str, str], int], others: dict[tuple[str, str], int]) -> str:
    """Those files that the others are not."""
    return ", ".join(f"{key[1]} #{number}" for key, number in sorted(files.items()) if others.get(key) != number)


def _check_serves_day(conn: psycopg.Connection, day: Day, staged: dict[tuple[str, str], dict[str, object]]) -> None:
    files = conn.execute(
        "select source, file_name, file_id from ops.day_file where batch_date = %s", (day.batch_date,)
    ).fetchall()
    missing = ", ".join(source for source in SOURCES if source not in {source for source, _, _ in files})
    if missing:
        raise OutOfStep(f"{day.batch_date}: expected landed files of {missing}, found none. Land them first.")
    _require_files(conn, staged, files, str(day.batch_date))


def _require_files(
    conn: psycopg.Connection,
    staged: dict[tuple[str, str], dict[str, object]],
    files: Sequence[tuple[str, str, int]],
    whose: str,
) -> None:
    """Make sure that staging holds these files (source, name, file_id) and no others, and their rows."""
    expected = {(source, name): file_id for source, name, file_id in files}
    found = {key: row["file_id"] for key, row in staged.items()}
    if expected != found:
        raise OutOfStep(
            f"staging: expected the files of {whose}, found others: {_named(found, expected) or 'none'} instead of "
            f"{_named(expected, found) or 'none'}. {DO_AGAIN}"
        )
    _check_filled(conn, staged)


def _check_filled(conn: psycopg.Connection, staged: dict[tuple[str, str], dict[str, object]]) -> None:
    for source in EVERY_SOURCE:
        for file in files_of(source):
            row = staged.get((source, file.name))
            if row and not is_filled(conn, file, row["rows_staged"]):
                raise Emptied(
                    f"staging.{file.table}: expected {row['rows_staged']} rows, found none: the server has crashed "
                    f"since. Run {_stage_step(source)} again.",
                    "staging",
                )


def _stage_step(source: str) -> str:
    return "stage_optional_sources" if source in OPTIONAL_SOURCES else f"stage_{source}"


def _write_file_loads(conn: psycopg.Connection, load_id: int) -> None:
    """The accounts of the load's files. Of a file that the load before has too, nothing is new."""
    conn.execute("delete from ops.file_load where load_id = %s", (load_id,))
    columns = identifiers(("file_id", "source", "file_name", *ACCOUNT, "seconds"))
    query = sql.SQL(
        "insert into ops.file_load (load_id, {columns}, rows_new, rows_changed, rows_gone)"
        " select %(load)s, {columns},"
        "  case when is_seen then 0 else rows_new end, case when is_seen then 0 else rows_changed end,"
        "  case when is_seen then 0 else rows_gone end"
        " from ops.staged_file cross join lateral (select exists ("
        "  select from ops.file_load as former where former.file_id = staged_file.file_id and former.load_id = ("
        "   select max(load_id) from ops.load where part = 'warehouse' and load_id < %(load)s)) as is_seen) as before"
    )
    conn.execute(query.format(columns=columns), {"load": load_id})
