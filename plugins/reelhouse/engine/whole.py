"""All of it in order: keys, candidates and scores by Spark, and their way back into PostgreSQL.

Workers copy each partition of a result into a table of its own in the schema `build`, in parallel; the transaction of
the step then takes all of them over at once. So the step stays all or nothing, and a part that was lost is done again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reelhouse.database import identifiers, indexes_made_afterwards, run_file, table_columns
from reelhouse.day import Day
from reelhouse.engine import tasks
from reelhouse.engine.carrying import to_spark, view_of
from reelhouse.engine.parts import PARTS, arrow_schema, make_parts
from reelhouse.engine.session import session
from reelhouse.errors import OutOfStep
from reelhouse.matching import storing
from reelhouse.matching.evidence import read_weights
from reelhouse.matching.folding import FOLDED_PEOPLE, FOLDED_TITLES, Fold
from reelhouse.matching.scoring import keep_votes

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

log = logging.getLogger(__name__)

PREFIX = "engine_"
# Each is a connection to PostgreSQL while it is copied: fewer than a server allows, whatever the cluster.
MOST_PARTS = 48
# What a column of a folded line is in Spark; only those that joins and scores ask for. COPY doubles a backslash, and
# there are people of that name.
_TEXT = r"replace({}, '\\\\', '\\')"
_NUMBER, _YEAR, _SWITCH = "cast({} as int)", "cast(nullif({}, '\\\\N') as smallint)", "{} = 't'"
FOLDED_COLUMNS = {
    "imdb_title_name": {
        "imdb_title_number": _NUMBER, "name_kind": _TEXT, "name": None, "folded_title": _TEXT, "title_key": _TEXT,
    },
    "imdb_title_key": {
        "title_key": _TEXT, "imdb_title_number": _NUMBER, "is_part": _SWITCH, "start_year": _YEAR, "is_series": _SWITCH,
    },
    "imdb_person_name": {"imdb_person_number": _NUMBER, "folded_name": _TEXT, "person_key": _TEXT},
}  # fmt: skip
SOURCE_VIEWS = {
    "source_title": "source string, source_id string, kind string, release_year short",
    "source_title_key": "source string, source_id string, title_key string, is_part boolean",
    "source_person": "source string, source_id string, role string, person_name string, person_key string",
}
ROW_SCHEMA = (
    "source string, source_id string, kind string, title string, folded_title string, base_title string,"
    " link_title string, release_year short, link_year short, runtime_min int, season_count int,"
    " description_sha256 string, director_names string, cast_names string, genres string"
)
PAIR_SCHEMA = "source string, source_id string, imdb_title_number int"
SCORE_COLUMNS = (
    "source text not null, source_id text not null, imdb_title_number integer not null, score double precision not null"
)
COPIED_SCHEMA = "part int, rows long, peak_mb double"


@dataclass
class Run:
    """One run of the engine.

    dsn    by which workers reach PostgreSQL
    token  part of the names of this run's tables, so that a worker of a dead run never writes into another's
    peaks  most megabytes of a worker's process after each part
    """

    spark: SparkSession
    conn: psycopg.Connection
    day: Day
    rules: Mapping[str, int]
    dsn: str
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    peaks: list[float] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.day.settings.sql / "2_matching"

    def query(self, name: str) -> DataFrame:
        """A query of include/sql/2_matching, on Spark's views."""
        return self.spark.sql(to_spark((self.folder / f"{name}.sql").read_text(), self.rules))

    def kept(self, frame: DataFrame, view: str | None = None) -> DataFrame:
        """Rows that are asked for more than once: on the workers' disks, and made anew where a worker is lost."""
        from pyspark import StorageLevel

        frame = frame.persist(StorageLevel.DISK_ONLY)
        if view:
            frame.createOrReplaceTempView(view)
        return frame


def store_pair_and_score(conn: psycopg.Connection, day: Day, rules: Mapping[str, int]) -> dict[str, object]:
    """Make all keys, candidate pairs and scores anew, in the caller's transaction.

    Takes   rules  the bounds of the joins
    Gives   engine, its application, parts copied, peak_worker_mb
    Raises  SettingsWrong when Spark cannot be started here, EngineAway when it gave up, OutOfStep when rows got lost
    """
    storing.empty_all(conn)
    day.tell("folding the catalogues", 0.0)
    storing.store_sources(conn)
    _drop_parts_of_dead_runs(conn)
    dsn = make_conninfo(conn.info.dsn, password=conn.info.password or None)
    (rows,) = conn.execute("select coalesce(sum(rows_staged), 0) from ops.staged_file where source = 'imdb'").fetchone()
    with session(day.settings, f"reelhouse find_candidates {day.batch_date}", int(rows)) as spark:
        day.tell(f"Spark {spark.version}, {day.settings.engine}, {spark.sparkContext.uiWebUrl}", 0.1)
        run = Run(spark, conn, day, rules, dsn)
        _show_staging(run)
        _show_sources(run)
        titles = _fold(run, FOLDED_TITLES, "imdb_titles")
        people = _fold(run, FOLDED_PEOPLE, "imdb_people")
        credits = run.kept(run.query("imdb_title_person"), "matching_imdb_title_person")
        pairs = _pairs(run)
        day.tell("copying keys", 0.4)
        made = {
            "imdb_title_name": _copy_lines(run, titles, 0, "imdb_title_name"),
            "imdb_title_key": _copy_lines(run, titles, 1, "imdb_title_key"),
            "imdb_person_name": _copy_lines(run, people, 0, "imdb_person_name"),
            "imdb_title_person": _copy(run, credits, "imdb_title_person"),
        }
        day.tell("copying candidates", 0.6)
        made["candidate_pair"] = _copy(run, pairs, "candidate_pair")
        day.tell("scoring", 0.7)
        made["scored_row"] = _copy(run, _scores(run), "scored_row", SCORE_COLUMNS)
        application = spark.sparkContext.applicationId
    day.tell("taking over what was made", 0.9)
    _take_over(run, made)
    return {
        "engine": day.settings.engine,
        "engine_application": application,
        "engine_parts": sum(len(names) for names in made.values()),
        "peak_worker_mb": round(max(run.peaks, default=0.0)),
    }


# --- what Spark sees ------------------------------------------------------------------------------------


def _show_staging(run: Run) -> None:
    run.day.tell("staging in parts", 0.1)
    made = make_parts(run.spark, run.conn, run.dsn, run.day.settings.landing)
    for part in PARTS:
        frame = run.spark.read.schema(part.schema).parquet(made[part.table].as_uri())
        frame.createOrReplaceTempView(view_of("staging", part.table))


def _show_sources(run: Run) -> None:
    """The rows of the catalogues, which this transaction has just written and nobody else sees yet."""
    for table, schema in SOURCE_VIEWS.items():
        columns = [column.split()[0] for column in schema.split(", ")]
        _show(run, f"select {', '.join(columns)} from matching.{table}", schema, view_of("matching", table))
    _show(run, (run.folder / "source_rows.sql").read_text(), ROW_SCHEMA, "source_row")


def _show(run: Run, query: str, schema: str, view: str) -> None:
    import pyarrow

    arrow = arrow_schema(schema)
    rows = run.conn.execute(query).fetchall()
    columns = (
        dict(zip(arrow.names, zip(*rows, strict=True), strict=True)) if rows else {name: [] for name in arrow.names}
    )
    frame = run.spark.createDataFrame(pyarrow.table(columns, schema=arrow), schema)
    run.kept(frame, view)


def _fold(run: Run, fold: Fold, table: str) -> DataFrame:
    """Folded lines of COPY text, and their columns as views."""
    fields = _fields_of(fold)
    rows = run.spark.table(view_of("staging", table)).select(*fields)
    lines = run.kept(rows.mapInArrow(partial(tasks.fold, fields, fold.lines), "place int, line string"))
    for place, name in enumerate(fold.tables):
        # What else a line escapes, tabs and ends of lines, stands in names alone, and no join asks for those.
        parts = [
            f"{form.format(f'split(line, chr(9))[{number}]')} as {column}"
            for number, (column, form) in enumerate(FOLDED_COLUMNS[name].items())
            if form
        ]
        lines.where(f"place = {place}").selectExpr(*parts).createOrReplaceTempView(view_of("matching", name))
    return lines


def _fields_of(fold: Fold) -> tuple[str, ...]:
    if fold is FOLDED_PEOPLE:
        return ("imdb_person_number", "person_name")
    return (
        "imdb_title_number", "is_adult", "title_type", "start_year", "primary_title", "original_title", "akas",
    )  # fmt: skip


# --- candidates and scores ------------------------------------------------------------------------------


def _pairs(run: Run) -> DataFrame:
    """The candidate pairs of the three rules; each pair with the first rule that found it."""
    view, key = "matching_candidate_pair", ["source", "source_id", "imdb_title_number"]
    by_title = run.kept(run.query("candidates_by_title"), view)
    found = run.kept(by_title.unionByName(run.query("candidates_by_people")), view)
    by_prefix = run.query("prefix_pairs").mapInArrow(tasks.keep_alike, PAIR_SCHEMA).distinct()
    prefixed = by_prefix.selectExpr(*key, "'title prefix' as found_by")
    return run.kept(found.unionByName(prefixed), view)


def _scores(run: Run) -> DataFrame:
    """Source row, title and score of every pair."""
    # Their names in tasks.TITLE_FIELDS: a catalogue's row has a runtime and genres of its own.
    theirs = {name: f"imdb_{name}" for name in ("runtime_min", "genres", "director_names")}
    run.query("candidate_titles").withColumnsRenamed(theirs).createOrReplaceTempView("candidate_title")
    run.query("candidate_names").createOrReplaceTempView("candidate_name")
    run.query("pair_people").createOrReplaceTempView("pair_people")
    gathered = run.spark.sql("""
        select
            source_row.*, pair.found_by, title.*, names.names, people.shared_directors, people.shared_cast,
            people.shared_otherwise, people.rarest
        from matching_candidate_pair as pair
        inner join source_row on pair.source = source_row.source and pair.source_id = source_row.source_id
        inner join candidate_title as title on pair.imdb_title_number = title.imdb_title_number
        inner join (
            select
                imdb_title_number,
                collect_list(named_struct(
                    'name_kind', name_kind, 'folded_title', folded_title, 'title_key', title_key,
                    'title_count', title_count
                )) as names
            from candidate_name
            group by imdb_title_number
        ) as names on pair.imdb_title_number = names.imdb_title_number
        left join pair_people as people
            on pair.source = people.source and pair.source_id = people.source_id
            and pair.imdb_title_number = people.imdb_title_number
    """)
    weights, _ = read_weights()
    return gathered.mapInArrow(partial(tasks.score, weights), f"{PAIR_SCHEMA}, score double")


# --- back into PostgreSQL -------------------------------------------------------------------------------


def _copy_lines(run: Run, lines: DataFrame, place: int, table: str) -> list[str]:
    fields = tuple(FOLDED_COLUMNS[table])
    return _copy_out(run, lines.where(f"place = {place}").select("line"), table, _columns_of(run.conn, table), fields)


def _copy(run: Run, frame: DataFrame, table: str, columns: str | None = None) -> list[str]:
    return _copy_out(run, frame, table, columns or _columns_of(run.conn, table), tuple(frame.columns))


def _copy_out(run: Run, frame: DataFrame, table: str, columns: str, fields: Sequence[str]) -> list[str]:
    """Have the workers copy a result into part tables; gives their names."""
    name = f"{PREFIX}{run.token}_{table}"
    copied = frame.coalesce(MOST_PARTS).mapInArrow(
        partial(tasks.copy_part, run.dsn, name, columns, fields), COPIED_SCHEMA
    )
    parts = [row for row in copied.collect() if row.rows]
    run.peaks += [row.peak_mb for row in parts]
    names = [f"{name}_{row.part:05d}" for row in parts]
    expected = sum(row.rows for row in parts)
    if names:
        counts = sql.SQL(" + ").join(
            sql.SQL("(select count(*) from build.{})").format(sql.Identifier(each)) for each in names
        )
        (found,) = run.conn.execute(sql.SQL("select {}").format(counts)).fetchone()
        if found != expected:
            raise OutOfStep(
                f"build.{name}: expected {expected} rows from the workers, found {found}. Run the step again."
            )
    return names


def _columns_of(conn: psycopg.Connection, table: str) -> str:
    """The columns of a table as `create table` has them."""
    (columns,) = conn.execute(
        "select string_agg(format('%%I %%s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum)"
        " from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
        (f"matching.{table}",),
    ).fetchone()
    return columns


def _take_over(run: Run, made: Mapping[str, Sequence[str]]) -> None:
    """Fill the tables of matching from the part tables, which are gone afterwards."""
    conn = run.conn
    for table, names in made.items():
        if table == "scored_row":
            _take_over_scores(conn, names)
        elif table == "candidate_pair":
            _insert(conn, table, names)
        else:
            with indexes_made_afterwards(conn, ("matching", table)):
                _insert(conn, table, names)
        for name in names:
            conn.execute(sql.SQL("drop table build.{}").format(sql.Identifier(name)))
    storing.analyze(conn, (*storing.IMDB_TABLES, "candidate_pair", "scored_row"))
    run_file(conn, run.folder / "principals_of_person.sql")
    keep_votes(conn, "matching.candidate_pair")


def _insert(conn: psycopg.Connection, table: str, names: Sequence[str]) -> None:
    for name in names:
        columns = identifiers(table_columns(conn, "build", name))
        conn.execute(
            sql.SQL("insert into matching.{} ({columns}) select {columns} from build.{}").format(
                sql.Identifier(table), sql.Identifier(name), columns=columns
            )
        )


def _take_over_scores(conn: psycopg.Connection, names: Sequence[str]) -> None:
    """One row a source row, those without a candidate included; its evidence is kept with the decision."""
    parts = [sql.SQL("select * from build.{}").format(sql.Identifier(name)) for name in names]
    empty = sql.SQL(
        "select null::text as source, null as source_id, null::integer as imdb_title_number, 0::float8 as score limit 0"
    )
    conn.execute(
        sql.SQL(
            "insert into matching.scored_row (source, source_id, imdb_title_numbers, scores, has_evidence)"
            " select title.source, title.source_id,"
            " coalesce(array_agg(made.imdb_title_number order by made.imdb_title_number)"
            "  filter (where made.source is not null), '{{}}'),"
            " coalesce(array_agg(made.score order by made.imdb_title_number)"
            "  filter (where made.source is not null), '{{}}'), false"
            " from matching.source_title as title left join ({made}) as made"
            " on title.source = made.source and title.source_id = made.source_id"
            " group by title.source, title.source_id"
        ).format(made=sql.SQL(" union all ").join(parts) if parts else empty)
    )


def _drop_parts_of_dead_runs(conn: psycopg.Connection) -> None:
    rows = conn.execute(
        "select relname from pg_class where relnamespace = 'build'::regnamespace and relkind = 'r'"
        " and starts_with(relname, %s)",
        (PREFIX,),
    ).fetchall()
    for (name,) in rows:
        conn.execute(sql.SQL("drop table if exists build.{}").format(sql.Identifier(name)))
