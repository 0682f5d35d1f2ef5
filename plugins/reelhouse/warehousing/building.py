"""The next state of the warehouse, built aside: each file of include/sql/3_warehouse fills its build table."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse.database import lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.errors import OutOfStep, SettingsWrong
from reelhouse.staging import share_staging
from reelhouse.warehousing import loads


@dataclass(frozen=True, slots=True)
class BuildTable:
    """One table of schema build, filled by the file of its name in include/sql/3_warehouse.

    takes_day  its file has the parameter batch_date
    """

    name: str
    takes_day: bool = False


# In the order in which they read each other.
BUILD_TABLES = (
    BuildTable("dim_genre"),
    BuildTable("dim_country"),
    BuildTable("dim_certification"),
    BuildTable("work_of_row"),
    BuildTable("title_identity", takes_day=True),
    BuildTable("dim_title"),
    BuildTable("dim_person"),
    BuildTable("bridge_title_person_role"),
    BuildTable("bridge_title_genre"),
    BuildTable("bridge_title_country"),
    BuildTable("bridge_title_source"),
    BuildTable("fact_title_rating", takes_day=True),
    BuildTable("fact_availability", takes_day=True),
    BuildTable("title_of_movie"),
    BuildTable("dim_user"),
    BuildTable("fact_user_rating"),
    BuildTable("fact_viewing"),
)
# build table <- file of include/data/reference
REFERENCES = {
    "reference_genre": "genres.csv",
    "reference_country": "countries.csv",
    "reference_certification": "certifications.csv",
}


def build_warehouse(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fill the build tables with what the warehouse is to be after this day.

    Gives   load_id and the rows of each table
    Raises  OutOfStep when matching or staging holds another load, Locked when another run is here
    Reruns  one transaction; readers never see these tables
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    started = time.monotonic()
    with conn.transaction():
        lock_layer(conn, writes="build", reads=("matching",))
        loads.require_layer(conn, "matching", load.load_id)
        share_staging(conn, load.load_id)
        load_references(conn, day.settings.reference)
        rows = fill_tables(conn, day)
        set_layer(conn, "build", load.load_id)
        conn.execute("truncate build.built")
        conn.execute("insert into build.built (load_id) values (%s)", (load.load_id,))
        loads.add_figures(conn, load.load_id, {"built_seconds": round(time.monotonic() - started, 1)})
    return {"load_id": load.load_id, "rows": rows}


def require_built(conn: psycopg.Connection, load_id: int) -> None:
    """Make sure that the build tables hold a load. Lock the layer first.

    Raises  OutOfStep when they hold another, or a crash of the server has emptied them
    """
    loads.require_layer(conn, "build", load_id)
    if conn.execute("select from build.built where load_id = %s", (load_id,)).fetchone() is None:
        raise OutOfStep(
            f"schema build: expected load {load_id}, found empty tables: the server has crashed since. "
            "Run build_warehouse again."
        )


def load_references(conn: psycopg.Connection, folder: Path) -> None:
    """Bring the reference files (genres, countries, certifications) into their tables.

    Raises  SettingsWrong when one is not there or does not have the columns of its table
    """
    for table, file_name in REFERENCES.items():
        path = folder / file_name
        if not path.is_file():
            raise SettingsWrong(f"{path}: expected the reference file, found none. Restore it from the project.")
        target = sql.Identifier("build", table)
        conn.execute(sql.SQL("truncate {}").format(target))
        statement = sql.SQL("copy {} from stdin (format csv, header match)").format(target)
        try:
            with conn.transaction(), conn.cursor().copy(statement) as copy:
                copy.write(path.read_bytes())
        except psycopg.DataError as error:
            raise SettingsWrong(f"{path}: expected the columns of build.{table}, found: {error}") from error


def fill_tables(conn: psycopg.Connection, day: Day) -> dict[str, int]:
    """Empty every build table and fill it anew, in order.

    Gives   rows of each
    """
    names = [sql.Identifier("build", table.name) for table in BUILD_TABLES]
    conn.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(names)))
    rows: dict[str, int] = {}
    for number, (table, name) in enumerate(zip(BUILD_TABLES, names, strict=True)):
        day.tell(f"building {table.name}", number / len(BUILD_TABLES))
        params = {"batch_date": day.batch_date} if table.takes_day else {}
        rows[table.name] = run_file(conn, day.settings.sql / "3_warehouse" / f"{table.name}.sql", **params).rowcount
        # The next file joins this one; without statistics the planner takes it for a few rows.
        conn.execute(sql.SQL("analyze {}").format(name))
    return rows
