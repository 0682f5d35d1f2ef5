"""The extent of a build: the whole star, or those titles and people of it that may differ from what readers see.

Triggers note in build.row_change which rows of IMDb's tables changed in staging since the published load. A build on
top of that load needs only the titles and people these rows are of, and all titles that a catalogue has or had: the
same files of include/sql/3_warehouse and 9_checks run on that part, because they find views of the part in the place of
the large tables. The few that have to look beyond it say so.

A day on which nothing changed, in IMDb's tables or in what the catalogues say and are linked to, says what readers see
already. It is written down that it was loaded, and nothing is built.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import identifiers, set_settings, table_columns
from reelhouse.day import Day
from reelhouse.errors import Emptied, OutOfStep

# table -> its column, and the scope that holds the same keys
SCOPED_TABLES = {
    "staging.imdb_titles": ("imdb_title_number", "title"),
    "staging.imdb_ratings": ("imdb_title_number", "title"),
    "staging.imdb_principals": ("imdb_title_number", "title"),
    "staging.imdb_crew": ("imdb_title_number", "title"),
    "staging.imdb_akas": ("imdb_title_number", "title"),
    "staging.imdb_people": ("imdb_person_number", "person"),
    "warehouse.dim_title": ("title_key", "title"),
    "warehouse.dim_person": ("person_key", "person"),
    "warehouse.fact_title_rating": ("title_key", "title"),
}
# What matching has made of the catalogues, but for when: as a build reads it.
MATCHED_TABLES = {
    "title_decision": ("source", "source_id", "imdb_title_number", "band", "probability", "decided_by"),
    "source_title": (),
    "source_person": (),
    "work_member": ("source", "source_id", "work_key", "imdb_title_number", "through_source", "through_source_id"),
}
# What a day adds on which nothing else is new.
REPEATED_TABLES = ("loaded_day",)
# A part is looked up row by row; the server's default takes each for the seek of a disk and reads whole tables instead.
PART_SETTINGS = {"random_page_cost": "1.1"}
# Of more notes than one for so many titles a whole build is no slower.
LEAST_TITLES_A_NOTE = 2
# Added to the titles, so that small stars (the sample, the tests) go the way of large ones.
ALWAYS_IN_PART = 10_000


@dataclass(frozen=True, slots=True)
class Extent:
    """What the build tables hold.

    is_whole      the whole star
    base_load_id  the load that readers saw when it was built
    is_repeated   nothing: it would be what readers see, and only the day is new
    """

    is_whole: bool
    base_load_id: int | None
    is_repeated: bool = False

    def has(self, table: str) -> bool:
        """Whether a table is built at all."""
        return not self.is_repeated or table in REPEATED_TABLES


def open_extent(conn: psycopg.Connection, day: Day, load_id: int) -> Extent:
    """Decide how much has to be built on top of what readers see now, and write it down.

    Staging must be shared: then no note can come meanwhile.
    """
    code, catalogues = loads.code_sha256(day.settings), _catalogues_sha256(conn)
    published = conn.execute(
        "select publication.load_id, baseline.load_id is not null and publication.batch_date <= %(day)s"
        "  and not exists (select from ops.load where part = 'warehouse' and published_at is not null"
        "   and batch_date > %(day)s), baseline.catalogues_sha256"
        " from warehouse.publication left join build.baseline"
        "  on publication.load_id = baseline.load_id and baseline.code_sha256 = %(code)s"
        " where publication.part = 'warehouse'",
        {"day": day.batch_date, "code": code},
    ).fetchone()
    base, is_noted, seen_catalogues = published or (None, False, None)
    (last,) = conn.execute("select coalesce(max(note_number), 0) from build.row_change").fetchone()
    is_whole = day.force or not is_noted or not _are_few(conn)
    # Notes are counted from 1.
    is_repeated = not is_whole and seen_catalogues == catalogues and last == 0
    conn.execute("truncate build.extent, build.title_scope, build.person_scope")
    conn.execute(
        "insert into build.extent (is_whole, load_id, base_load_id, code_sha256, last_note_number, is_repeated,"
        " catalogues_sha256) values (%s, %s, %s, %s, %s, %s, %s)",
        (is_whole, load_id, base, code, last, is_repeated, catalogues),
    )
    return Extent(is_whole, base, is_repeated)


def _catalogues_sha256(conn: psycopg.Connection) -> str:
    """Digest of all that a build reads beside IMDb's tables, the warehouse and the code."""
    parts = conn.execute(
        "select source, file_name, staged_sha256 from ops.staged_file where source <> 'imdb' order by 1, 2"
    ).fetchall()
    for table, chosen in MATCHED_TABLES.items():
        query = sql.SQL(
            "select count(*), coalesce(sum(hashtextextended(row({})::text, 0)::numeric), 0) from matching.{}"
        ).format(identifiers(chosen or table_columns(conn, "matching", table)), sql.Identifier(table))
        parts += conn.execute(query).fetchall()
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _are_few(conn: psycopg.Connection) -> bool:
    return conn.execute(
        "select not exists (select from build.row_change where row_number is null)"
        " and (select count(*) from build.row_change) * %s <= (select count(*) from staging.imdb_titles) + %s",
        (LEAST_TITLES_A_NOTE, ALWAYS_IN_PART),
    ).fetchone()[0]


def read_extent(conn: psycopg.Connection, load_id: int) -> Extent:
    """What the build tables hold of a load.

    Raises  Emptied when a crash of the server has emptied them, OutOfStep when readers see another load than they were
            built on
    """
    row = conn.execute(
        "select is_whole, base_load_id, base_load_id is not distinct from"
        " (select load_id from warehouse.publication where part = 'warehouse'), is_repeated"
        " from build.extent where load_id = %s",
        (load_id,),
    ).fetchone()
    if row is None:
        raise Emptied(
            f"build: expected the tables of load {load_id}, found none: the server has crashed since. "
            "Run build_warehouse again.",
            "build",
        )
    is_whole, base, is_based, is_repeated = row
    if not is_whole and not is_based:
        raise OutOfStep(
            f"build: expected readers to see load {base}, on which load {load_id} was built, found another one. "
            "Run build_warehouse again."
        )
    return Extent(is_whole, base, is_repeated)


def require_built(conn: psycopg.Connection, load_id: int) -> None:
    """Make sure that the build tables hold a load. Lock the layer first.

    Raises  OutOfStep when they hold another, Emptied when a crash of the server has emptied them
    """
    loads.require_layer(conn, "build", load_id)
    if conn.execute("select from build.built where load_id = %s", (load_id,)).fetchone() is None:
        raise Emptied(
            f"schema build: expected load {load_id}, found empty tables: the server has crashed since. "
            "Run build_warehouse again.",
            "build",
        )


def settle(conn: psycopg.Connection, load_id: int) -> None:
    """Say, in the transaction that publishes a load, that from it on the notes tell every change."""
    conn.execute("truncate build.baseline")
    conn.execute(
        "insert into build.baseline (load_id, code_sha256, catalogues_sha256)"
        " select load_id, code_sha256, catalogues_sha256 from build.extent where load_id = %s",
        (load_id,),
    )
    conn.execute(
        "delete from build.row_change"
        " where note_number <= (select last_note_number from build.extent where load_id = %s)",
        (load_id,),
    )


def make_views(conn: psycopg.Connection, *, for_session: bool = False) -> None:
    """Views, for this session: the part of each large table that is in scope; and all titles and people there are.

    Takes   for_session  plan for parts until the session ends, not the transaction only
    """
    set_settings(conn, PART_SETTINGS, for_session=for_session)
    for table, (column, scope) in SCOPED_TABLES.items():
        schema, name = table.split(".")
        conn.execute(
            sql.SQL(
                "create or replace temporary view {view} as select {columns} from {table}"
                " where {column} in (select {key} from {scope})"
            ).format(
                view=sql.Identifier(_view(table)),
                columns=identifiers(table_columns(conn, schema, name)),
                table=sql.Identifier(schema, name),
                column=sql.Identifier(column),
                key=sql.Identifier(f"{scope}_key"),
                scope=sql.Identifier("build", f"{scope}_scope"),
            )
        )
    columns = identifiers(table_columns(conn, "build", "dim_title"))
    conn.execute(
        sql.SQL(
            "create or replace temporary view every_title as select {columns} from build.dim_title"
            " union all select {columns} from warehouse.dim_title as kept"
            " where not exists (select from build.title_scope where title_scope.title_key = kept.title_key)"
        ).format(columns=columns)
    )
    columns = identifiers(table_columns(conn, "build", "dim_person"))
    conn.execute(
        sql.SQL(
            "create or replace temporary view every_person as select {columns} from build.dim_person"
            " union all select {columns} from warehouse.dim_person"
        ).format(columns=columns)
    )


def within_scope(text: str, sees: tuple[str, ...]) -> str:
    """The text of a SQL file with views of the part in scope in the place of the tables.

    Takes   sees  tables that it needs as they are; every_title, every_person in the place of the built ones: it looks
                  for titles or people in scope or not
    """
    for table in SCOPED_TABLES:
        if table not in sees:
            text = _put(text, table, _view(table))
    for table, view in (("build.dim_title", "every_title"), ("build.dim_person", "every_person")):
        if view in sees:
            text = _put(text, table, view)
    return text


def _put(text: str, table: str, view: str) -> str:
    """A table's rows under its own name, unless the text gives them another."""
    name = table.split(".")[1]
    text = re.sub(rf"\b{re.escape(table)}(?=\s+as\b)", f"pg_temp.{view}", text)
    return re.sub(rf"\b{re.escape(table)}\b(?!\.)", f"pg_temp.{view} as {name}", text)


def _view(table: str) -> str:
    return "scoped_" + table.replace(".", "_")
