"""A few staged and matched rows, as the steps before the build would leave them: tests say only what matters."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import psycopg

from reelhouse import loads
from reelhouse.database import set_layer
from reelhouse.day import Day
from reelhouse.matching.keys import fold_name, fold_title, person_key, title_forms, title_key
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse


@dataclass(frozen=True)
class Imdb:
    """One IMDb title; credits are (person number, name, category)."""

    number: int
    title: str
    year: int = 2019
    title_type: str = "movie"
    rating: tuple[float, int] | None = None
    genres: tuple[str, ...] = ()
    credits: tuple[tuple[int, str, str], ...] = ()
    directors: tuple[int, ...] = ()


@dataclass(frozen=True)
class Netflix:
    """One row of a catalogue's file; `imdb` is the number it is linked to, or of its best candidate.

    work  what rows of several sources share that are one work, though none is linked
    """

    source_id: str
    title: str
    year: int = 2019
    kind: str = "movie"
    imdb: int | None = None
    band: str | None = None
    directors: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    certification: str | None = None
    description: str | None = None
    added: date | None = None
    source: str = "netflix"
    work: str | None = None


@dataclass(frozen=True)
class RottenTomatoes:
    """One film of the Rotten Tomatoes file; scores are (share, count)."""

    source_id: str
    title: str
    year: int = 2019
    imdb: int | None = None
    band: str | None = None
    critics: tuple[int, int] | None = None
    audience: tuple[int, int] | None = None
    directors: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    certification: str | None = None
    description: str | None = None
    work: str | None = None

    source = "rotten_tomatoes"
    kind = "movie"


@dataclass(frozen=True)
class JustWatch:
    """One row of JustWatch's titles; `imdb` and `work` as of a catalogue's row."""

    source_id: str
    title: str
    year: int = 2019
    kind: str = "movie"
    imdb: int | None = None
    band: str | None = None
    certification: str | None = None
    runtime: int | None = None
    seasons: int | None = None
    work: str | None = None

    source = "justwatch"
    description = None
    directors = actors = writers = ()


Row = Imdb | Netflix | RottenTomatoes | JustWatch


def stage_rows(conn: psycopg.Connection, day: Day, rows: Sequence[Row]) -> int:
    """Put rows into staging and matching in place of those there, and open the day's load.

    Gives   load_id
    """
    with conn.transaction():
        for (table,) in conn.execute(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('staging', 'matching')"
            # Former editions are kept from day to day.
            " and tablename not like 'edition%'"
        ).fetchall():
            conn.execute(f"delete from {table}")
        digest = hashlib.sha256(repr(rows).encode()).hexdigest()
        load_id = loads.open_load(conn, "warehouse", day.batch_date, digest).load_id
        titles = {row.number: row for row in rows if isinstance(row, Imdb)}
        for row in rows:
            if isinstance(row, Imdb):
                _stage_imdb(conn, row)
            else:
                STAGES[type(row)](conn, row)
                _match(conn, row, titles.get(row.imdb), load_id)
        conn.execute("insert into matching.stored_version values (true, 'by hand')")
        _account(conn, day, load_id, {row.source for row in rows if isinstance(row, Netflix | JustWatch)})
        set_layer(conn, "matching", load_id)
    return load_id


def run_day(conn: psycopg.Connection, day: Day, rows: Sequence[Row]) -> dict[str, object]:
    """Stage rows, then build, check and publish them.

    Gives   figures of the publish
    """
    stage_rows(conn, day, rows)
    build_warehouse(conn, day)
    check_warehouse(conn, day)
    return publish_warehouse(conn, day)


def _stage_imdb(conn: psycopg.Connection, row: Imdb) -> None:
    conn.execute(
        "insert into staging.imdb_titles values (%s, %s, %s, %s, false, %s, null, 100, %s)",
        (row.number, row.title_type, row.title, row.title, row.year, list(row.genres)),
    )
    conn.execute(
        "insert into matching.imdb_title_name values (%s, 'primary', %s, %s, %s)",
        (row.number, row.title, fold_title(row.title), title_key(fold_title(row.title))),
    )
    if row.rating:
        conn.execute("insert into staging.imdb_ratings values (%s, %s, %s)", (row.number, *row.rating))
    for order, (person, name, category) in enumerate(row.credits, start=1):
        conn.execute(
            "insert into staging.imdb_principals values (%s, %s, %s, %s, '{}')", (row.number, order, person, category)
        )
        conn.execute(
            "insert into staging.imdb_people values (%s, %s, null, null, '{}', '{}') on conflict do nothing",
            (person, name),
        )
        conn.execute(
            "insert into matching.imdb_person_name values (%s, %s, %s) on conflict do nothing",
            (person, fold_name(name), person_key(fold_name(name))),
        )
    conn.execute("insert into staging.imdb_crew values (%s, %s, '{}')", (row.number, list(row.directors)))


def _stage_catalogue(conn: psycopg.Connection, row: Netflix) -> None:
    conn.execute(
        f"insert into staging.{row.source}_titles values"
        " (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '{}')",
        (
            row.source_id, row.kind, row.title, list(row.directors), list(row.actors), list(row.countries), row.added,
            row.year, row.certification, 100 if row.kind == "movie" else None, 1 if row.kind == "series" else None,
            list(row.categories), row.description,
        ),
    )  # fmt: skip


def _stage_rotten_tomatoes(conn: psycopg.Connection, row: RottenTomatoes) -> None:
    critics, audience = row.critics or (None, None), row.audience or (None, None)
    conn.execute(
        "insert into staging.rotten_tomatoes_movies (source_id, line_number, title, synopsis, certification, genres,"
        " directors, writers, actors, release_date, tomatometer_pct, tomatometer_count, audience_pct,"
        " audience_count, repairs) values (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '{}')",
        (
            row.source_id, row.title, row.description, row.certification, list(row.genres), list(row.directors),
            list(row.writers), list(row.actors), date(row.year, 1, 1), *critics, *audience,
        ),
    )  # fmt: skip


def _stage_justwatch(conn: psycopg.Connection, row: JustWatch) -> None:
    conn.execute(
        "insert into staging.justwatch_titles (source_id, line_number, kind, title, release_year, certification,"
        " runtime_min, season_count, genres, countries) values (%s, 1, %s, %s, %s, %s, %s, %s, '{}', '{}')",
        (row.source_id, row.kind, row.title, row.year, row.certification, row.runtime, row.seasons),
    )


STAGES = {Netflix: _stage_catalogue, RottenTomatoes: _stage_rotten_tomatoes, JustWatch: _stage_justwatch}


def _match(
    conn: psycopg.Connection, row: Netflix | RottenTomatoes | JustWatch, title: Imdb | None, load_id: int
) -> None:
    forms = title_forms(row.title)
    told = hashlib.sha256(fold_title(row.description).encode()).hexdigest() if row.description else None
    conn.execute(
        "insert into matching.source_title (source, source_id, kind, title, folded_title, base_title, title_key,"
        " release_year, description_sha256) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            row.source, row.source_id, row.kind, row.title, forms.folded, forms.base, title_key(forms.base), row.year,
            told,
        ),
    )  # fmt: skip
    band = row.band or ("match" if row.imdb else "no match")
    conn.execute(
        "insert into matching.title_decision (source, source_id, imdb_title_number, band, probability, decided_by,"
        " candidate_count, model_version, load_id) values (%s, %s, %s, %s, %s, 'model', 1, 'test', %s)",
        (row.source, row.source_id, row.imdb, band, 0.9 if row.imdb else None, load_id),
    )
    if row.work:
        conn.execute(
            "insert into matching.work_member (source, source_id, work_key, load_id) values (%s, %s, %s, %s)",
            (row.source, row.source_id, row.work, load_id),
        )
    people = {"director": row.directors, "cast": row.actors, "writer": row.writers}
    for role, names in people.items():
        for order, name in enumerate(names, start=1):
            known = (
                {person for person, other, _ in title.credits if fold_name(other) == fold_name(name)} if title else ()
            )
            resolved = known.pop() if band == "match" and len(known) == 1 else None
            conn.execute(
                "insert into matching.source_person values (%s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    row.source, row.source_id, role, order, name, fold_name(name), person_key(fold_name(name)),
                    resolved,
                ),
            )  # fmt: skip


def _account(conn: psycopg.Connection, day: Day, load_id: int, catalogues: set[str]) -> None:
    """One admitted file a source, whose account is the rows in staging."""
    tables = {"netflix": "netflix_titles", "imdb": "imdb_titles", "rotten_tomatoes": "rotten_tomatoes_movies"}
    conn.execute("delete from ops.staged_file where not source = any(%s)", (list(tables),))
    for source, table in (tables | {source: f"{source}_titles" for source in catalogues}).items():
        digest = hashlib.sha256(f"{load_id} {source}".encode()).hexdigest()
        (count,) = conn.execute(f"select count(*) from staging.{table}").fetchone()
        conn.execute(
            "insert into ops.file (source, file_name, file_date, origin, sha256, byte_count, landed_path)"
            " values (%s, %s, %s, 'test', %s, 1, 'test') on conflict do nothing",
            (source, table, day.batch_date, digest),
        )
        (file_id,) = conn.execute("select file_id from ops.file where sha256 = %s", (digest,)).fetchone()
        conn.execute("delete from ops.staged_file where source = %s", (source,))
        conn.execute("delete from ops.file_load where load_id = %s and source = %s", (load_id, source))
        conn.execute(
            "insert into ops.staged_file (source, file_name, file_id, staged_sha256, rows_in, rows_staged,"
            " rows_filtered, rows_quarantined, rows_duplicate, seconds) values (%s, %s, %s,"
            " (select input_sha256 from ops.load where load_id = %s), %s, %s, 0, 0, 0, 0)",
            (source, table, file_id, load_id, count, count),
        )
        conn.execute(
            "insert into ops.file_load (load_id, file_id, source, file_name, rows_in, rows_staged, rows_filtered,"
            " rows_quarantined, rows_duplicate, rows_repaired, seconds) values (%s, %s, %s, %s, %s, %s, 0, 0, 0, 0, 0)",
            (load_id, file_id, source, table, count, count),
        )
