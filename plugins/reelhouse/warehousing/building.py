"""The next state of the warehouse, built aside: each file of include/sql/3_warehouse fills its build table.

Files that do not read each other's tables run in two sessions at once, each in a transaction of its own. build.built
says that all are done: it is emptied before the first one, so that a build that was killed in between is never taken
for a whole one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import indexes_made_afterwards, lock_layer, set_layer
from reelhouse.day import Day
from reelhouse.errors import OutOfStep, SettingsWrong
from reelhouse.lateness import limited_sources
from reelhouse.matching.storing import require_stored
from reelhouse.staging.opening import share_staging
from reelhouse.warehousing import older_days
from reelhouse.warehousing.extent import Extent, make_views, open_extent, within_scope
from reelhouse.warehousing.said import tell_identities
from reelhouse.warehousing.sessions import Job, run_jobs, sessions_beside


@dataclass(frozen=True, slots=True)
class BuildTable:
    """One table of schema build, filled by the file of its name in include/sql/3_warehouse.

    takes_day  its file has parameters of the day
    filled_by  what fills it instead of a file, with build.title_identity and build.shifted_key
    reads      the build tables which that reads; of a file they stand in its text, but for those behind a view
    is_large   filled without keys when the build is whole: sorting them at the end is cheaper
    is_scope   says what is built, when that is not the whole star
    is_kept    added to, not filled anew
    sees       what it looks at beyond the scope
    """

    name: str
    takes_day: bool = False
    filled_by: Callable[[psycopg.Connection], int] | None = None
    is_large: bool = False
    is_scope: bool = False
    is_kept: bool = False
    sees: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


# In the order in which they read each other: what the day says, then what follows from all days.
DAY_TABLES = (
    BuildTable("dim_genre"),
    BuildTable("dim_country"),
    BuildTable("dim_certification"),
    BuildTable("said_row"),
    BuildTable("loaded_day", takes_day=True),
    BuildTable("hist_source_row", takes_day=True),
    BuildTable("said_node", filled_by=tell_identities, reads=("hist_source_row", "loaded_day")),
    BuildTable("work_of_row"),
    BuildTable("work_of_justwatch"),
    # Those before see all of staging and of the warehouse; those after, when the build is not whole, what is in scope.
    BuildTable("title_scope", is_scope=True),
    BuildTable("person_scope", is_scope=True),
    BuildTable("dim_title", is_large=True),
    BuildTable("dim_person", is_large=True),
    BuildTable("unnamed_person", sees=("staging.imdb_people",)),
    BuildTable("unnamed_credit", is_kept=True),
    BuildTable("bridge_title_person_role", is_large=True, sees=("staging.imdb_people",)),
    BuildTable("bridge_title_genre", is_large=True),
    BuildTable("bridge_title_country", reads=("dim_country",)),
    BuildTable("bridge_title_source"),
    BuildTable("title_of_movie", sees=("every_title",)),
    BuildTable("dim_user"),
    BuildTable("fact_user_rating"),
    BuildTable("fact_viewing"),
    BuildTable("hist_imdb_absence", takes_day=True),
    BuildTable("imdb_rating_change", takes_day=True),
)
HISTORY_TABLES = (
    BuildTable("dim_title_history"),
    BuildTable("rerated_title", takes_day=True),
    BuildTable("fact_title_rating"),
    BuildTable("fact_availability"),
    BuildTable("fact_list_membership", sees=("every_title",)),
    BuildTable("person_identity", takes_day=True),
)
BUILD_TABLES = DAY_TABLES + HISTORY_TABLES
LAST_SCOPE = max(place for place, table in enumerate(BUILD_TABLES) if table.is_scope)
# Filled beside said_node.
BESIDE = ("title_identity", "shifted_key")
# build table <- file of include/data/reference
REFERENCES = {
    "reference_genre": "genres.csv",
    "reference_country": "countries.csv",
    "reference_certification": "certifications.csv",
}


def build_warehouse(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fill the build tables with what the warehouse is to be after this day.

    Gives   load_id, is_whole, is_repeated and the rows of each table
    Raises  OutOfStep when matching or staging holds another load, Emptied when a crash of the server has emptied them,
            Locked when another run is here
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
        require_stored(conn)
        with sessions_beside(conn) as sessions:
            with sessions[0].transaction():
                # First of all the table by which jobs of a build that has lost its locks are kept away.
                sessions[0].execute("truncate build.extent, build.built")
                load_references(sessions[0], day.settings.reference)
                extent = open_extent(sessions[0], day, load.load_id)
                _empty_tables(sessions[0])
                mark = _mark_of_build(sessions[0])
            rows = fill_tables(Building(sessions, day, load.load_id, extent, mark))
        set_layer(conn, "build", load.load_id)
        conn.execute("insert into build.built (load_id) values (%s)", (load.load_id,))
        loads.add_figures(conn, load.load_id, {"built_seconds": round(time.monotonic() - started, 1)})
    return {
        "load_id": load.load_id, "is_whole": extent.is_whole, "is_repeated": extent.is_repeated, "rows": rows
    }  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Building:
    """One build under way.

    sessions  those that fill the tables; none in a transaction
    mark      tells it from another one of the same load
    """

    sessions: list[psycopg.Connection]
    day: Day
    load_id: int
    extent: Extent
    mark: str


def _empty_tables(conn: psycopg.Connection) -> None:
    emptied = [table.name for table in BUILD_TABLES if not table.is_kept] + list(BESIDE)
    names = [sql.Identifier("build", name) for name in emptied]
    conn.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(names)))


def _mark_of_build(conn: psycopg.Connection) -> str | None:
    """The transaction that has written what this build is: another build writes it in another one."""
    row = conn.execute("select xmin::text from build.extent").fetchone()
    return row[0] if row else None


def _require_mark(conn: psycopg.Connection, building: Building) -> None:
    """Make sure that the build is still this one, and that no other begins before the transaction ends.

    Raises  OutOfStep when the session that holds the locks was ended, and another run has begun meanwhile
    """
    if _mark_of_build(conn) != building.mark:
        raise OutOfStep(
            f"schema build: expected the build of load {building.load_id} that was begun here, found that another run "
            "has begun one. Run build_warehouse again."
        )


def fill_tables(building: Building) -> dict[str, int]:
    """Fill every build table, as far as the extent goes, each as soon as those that it reads are filled.

    An older day leaves what is current as it is.

    Gives   rows of each
    """
    first, day = building.sessions[0], building.day
    if not (building.extent.is_whole or building.extent.is_repeated):
        for session in building.sessions:
            make_views(session, for_session=True)
    is_older = loads.is_older(first, day.batch_date)
    with first.transaction():
        _require_mark(first, building)
        first.execute("truncate build.taken_day")
        first.execute("insert into build.taken_day (is_older) values (%s)", (is_older,))
    if not is_older:
        return _fill_all(building, tuple(table for table in BUILD_TABLES if building.extent.has(table.name)))
    rows = _fill_all(building, DAY_TABLES)
    day.tell("keeping what is newer", len(DAY_TABLES) / len(BUILD_TABLES))
    with first.transaction():
        _require_mark(first, building)
        rows["titles_of_older_day"] = older_days.keep_current(first, day, building.load_id)
    return rows | _fill_all(building, HISTORY_TABLES)


def _fill_all(building: Building, tables: tuple[BuildTable, ...]) -> dict[str, int]:
    filled = [table for table in tables if not (table.is_scope and building.extent.is_whole)]
    needs = needs_of_tables(building.day, filled)

    def job(table: BuildTable) -> Job:
        return Job(table.name, needs[table.name], lambda session: _fill(session, building, table))

    return run_jobs(building.sessions, [job(table) for table in filled])


def needs_of_tables(day: Day, tables: Sequence[BuildTable]) -> dict[str, frozenset[str]]:
    """Of each table those before it that have to be filled first.

    They are those whose name stands in its file, and those whose files name it. After a scope everything needs it:
    the views in the place of the large tables read it.
    """
    named = {table.name: _named_tables(day, table) for table in tables}
    needs: dict[str, frozenset[str]] = {}
    for place, table in enumerate(tables):
        needs[table.name] = frozenset(
            other.name
            for other in tables[:place]
            if other.name in named[table.name] or table.name in named[other.name] or other.is_scope
        )
    return needs


def _named_tables(day: Day, table: BuildTable) -> set[str]:
    if table.filled_by:
        return set(table.reads)
    names = {*table.reads, *re.findall(r"\bbuild\.(\w+)", _text(day, table))}
    return names | ({"said_node"} if names.intersection(BESIDE) else set())


def _text(day: Day, table: BuildTable) -> str:
    return (day.settings.sql / "3_warehouse" / f"{table.name}.sql").read_text()


def _fill(conn: psycopg.Connection, building: Building, table: BuildTable) -> int:
    _require_mark(conn, building)
    day, extent, place = building.day, building.extent, BUILD_TABLES.index(table)
    day.tell(f"building {table.name}", place / len(BUILD_TABLES))
    if table.filled_by:
        rows = table.filled_by(conn)
    else:
        text = _text(day, table)
        is_scoped = not extent.is_whole and place > LAST_SCOPE
        rows = _run(conn, day, table, within_scope(text, table.sees) if is_scoped else text, extent)
    # The next file joins this one; without statistics the planner takes it for a few rows.
    conn.execute(sql.SQL("analyze {}").format(sql.Identifier("build", table.name)))
    return rows


def _run(conn: psycopg.Connection, day: Day, table: BuildTable, text: str, extent: Extent) -> int:
    params = {"batch_date": day.batch_date, "limited": limited_sources(day.settings)} if table.takes_day else None
    if not (table.is_large and extent.is_whole):
        return conn.execute(text, params).rowcount
    with indexes_made_afterwards(conn, ("build", table.name)):
        return conn.execute(text, params).rowcount
