"""Storing: keys of titles, people and catalogue rows, made once and kept; a day makes only those anew that changed.

Triggers note in staging.row_change whose rows changed. From there on everything follows by comparing what is stored
with what staging says now, until pg_temp.affected_row has every row whose candidates or evidence may be otherwise.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse.copying import copy_rows
from reelhouse.database import indexes_made_afterwards, run_file
from reelhouse.day import Day
from reelhouse.errors import Emptied
from reelhouse.matching.evidence import fame
from reelhouse.matching.folding import (
    FOLDED_PEOPLE,
    FOLDED_SOURCES,
    FOLDED_TITLES,
    IMDB_TITLES,
    SOURCE_COLUMNS,
    Fold,
)

BATCH = 50_000
IMDB_TABLES = ("imdb_title_name", "imdb_title_key", "imdb_person_name", "imdb_title_person")
SOURCE_TABLES = ("source_title", "source_title_key", "source_person")
KEPT_TABLES = ("candidate_pair", "scored_row", "candidate_votes")


def is_current(conn: psycopg.Connection, folder: Path) -> bool:
    """Whether what is stored was made by this code and staging.row_change says all that it lacks.

    Takes   folder  include/sql/2_matching
    """
    query = "select from matching.stored_version where code_sha256 = %s"
    if conn.execute(query, (code_sha256(folder),)).fetchone() is None:
        return False
    emptied = "select from staging.row_change where table_name like 'imdb%%' and row_number is null limit 1"
    return conn.execute(emptied).fetchone() is None


def require_stored(conn: psycopg.Connection) -> None:
    """Make sure that stored keys, pairs and scores are there at all.

    Raises  Emptied when a crash of the server has emptied them
    """
    if conn.execute("select from matching.stored_version").fetchone() is None:
        raise Emptied(
            "schema matching: expected keys and candidates, found none: the server has crashed since. "
            "Run find_candidates again; when the day is published already: ./reelhouse run --force.",
            "candidates",
        )


def set_current(conn: psycopg.Connection, folder: Path) -> None:
    """Say that what is stored is as staging is now."""
    conn.execute("truncate staging.row_change, matching.stored_version")
    conn.execute("insert into matching.stored_version values (true, %s)", (code_sha256(folder),))


@cache
def code_sha256(folder: Path) -> str:
    """Digest of all that keys, pairs and scores are made by."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    engine = here.parent / "engine"
    for path in sorted([*here.glob("*.py"), *here.glob("*.toml"), *folder.glob("*.sql"), *engine.glob("*.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(" ".join((unicodedata.unidata_version, version("rapidfuzz"), version("numpy"))).encode())
    return digest.hexdigest()


# --- all ------------------------------------------------------------------------------------------------


def store_all(conn: psycopg.Connection, day: Day) -> None:
    """Fill the key tables from staging, whatever they hold."""
    empty_all(conn)
    day.tell("folding IMDb titles", 0.0)
    _store(conn, FOLDED_TITLES)
    day.tell("folding IMDb people", 0.3)
    _store(conn, FOLDED_PEOPLE)
    day.tell("folding the catalogues", 0.6)
    store_sources(conn)
    analyze(conn, IMDB_TABLES[:-1])
    with indexes_made_afterwards(conn, ("matching", "imdb_title_person")):
        run_file(conn, day.settings.sql / "2_matching" / "imdb_title_person.sql")
    analyze(conn, IMDB_TABLES[-1:])
    run_file(conn, day.settings.sql / "2_matching" / "principals_of_person.sql")


def empty_all(conn: psycopg.Connection) -> None:
    """Empty the key tables, and what is kept of pairs and scores."""
    tables = sql.SQL(", ").join(sql.Identifier("matching", name) for name in IMDB_TABLES + SOURCE_TABLES + KEPT_TABLES)
    conn.execute(sql.SQL("truncate {}").format(tables))


def store_sources(conn: psycopg.Connection) -> None:
    """Fill the key tables of the catalogues and of Rotten Tomatoes."""
    for fold in FOLDED_SOURCES:
        _fold(conn, fold.query, fold, "matching.{}")
    analyze(conn, SOURCE_TABLES)


def _store(conn: psycopg.Connection, fold: Fold) -> None:
    first, *others = fold.tables
    with indexes_made_afterwards(conn, ("matching", first)):
        if others:
            with indexes_made_afterwards(conn, ("matching", others[0])):
                _fold(conn, fold.query, fold, "matching.{}")
        else:
            _fold(conn, fold.query, fold, "matching.{}")


def _fold(conn: psycopg.Connection, query: str, fold: Fold, place: str) -> None:
    """Stream a query's rows through a fold and copy what comes out into the tables it is for.

    Takes   place  where the tables are, with {} for the name
    """
    for batch in batches(conn, query):
        for (table, columns), lines in zip(fold.tables.items(), fold.lines(batch), strict=True):
            copy_rows(conn, tuple(place.format(table).split(".")), columns, lines)


def batches(conn: psycopg.Connection, query: str, parameters: dict | None = None) -> Iterator[list[tuple]]:
    """Rows of a query in batches, through a cursor of the server, so that memory stays bounded."""
    with conn.cursor("rows_to_fold") as cursor:
        cursor.execute(query, parameters)
        while batch := cursor.fetchmany(BATCH):
            yield batch


def analyze(conn: psycopg.Connection, tables: Sequence[str]) -> None:
    conn.execute("analyze " + ", ".join(f"matching.{table}" for table in tables))


# --- what changed ---------------------------------------------------------------------------------------


def store_changes(conn: psycopg.Connection, day: Day) -> None:
    """Make the stored keys those of staging again, and pg_temp.affected_row the rows to be scored anew."""
    folder = day.settings.sql / "2_matching"
    day.tell("folding what changed", 0.0)
    run_file(conn, folder / "changed_in_staging.sql")
    _fold_changes(conn)
    run_file(conn, folder / "replace_names.sql")
    run_file(conn, folder / "replace_source_rows.sql")
    run_file(conn, folder / "asked_credits.sql")
    asked = {
        "staging.imdb_principals": "pg_temp.asked_principal",
        "staging.imdb_crew": "pg_temp.asked_crew",
        "matching.imdb_title_person": "pg_temp.new_title_person",
    }
    conn.execute(put_in_place(folder / "imdb_title_person.sql", asked))
    run_file(conn, folder / "replace_credits.sql")
    conn.execute(put_in_place(folder / "imdb_title_person.sql", asked))
    conn.execute("insert into matching.imdb_title_person select * from pg_temp.new_title_person on conflict do nothing")
    _add_changed_fame(conn)
    day.tell("rows that it concerns", 0.3)
    run_file(conn, folder / "affected_rows.sql")


def _fold_changes(conn: psycopg.Connection) -> None:
    """Folds of the changed rows, in temporary tables of the same columns."""
    for name in ("imdb_title_name", "imdb_title_key", "imdb_person_name", *SOURCE_TABLES):
        conn.execute(
            sql.SQL("create temporary table {} on commit drop as select * from {} limit 0").format(
                sql.Identifier(f"new_{name.removeprefix('imdb_')}"), sql.Identifier("matching", name)
            )
        )
    asked = " where title.imdb_title_number in (select imdb_title_number from pg_temp.changed_title where has_names)"
    _fold(conn, IMDB_TITLES + asked, _temporary(FOLDED_TITLES), "{}")
    asked = " where imdb_person_number in (select imdb_person_number from pg_temp.changed_person)"
    _fold(conn, FOLDED_PEOPLE.query + asked, _temporary(FOLDED_PEOPLE), "{}")
    emptied = "select exists (select from staging.row_change where row_id is null and table_name not like 'imdb%')"
    is_any_emptied = conn.execute(emptied).fetchone()[0]
    for fold in FOLDED_SOURCES:
        # A source that was filled anew is compared as a whole: what differs is found afterwards.
        asked = "" if is_any_emptied else " where (source, source_id) in (select * from pg_temp.changed_source_row)"
        _fold(conn, f"select * from ({fold.query}) as folded ({SOURCE_COLUMNS}){asked}", _temporary(fold), "{}")
    conn.execute("analyze new_title_name, new_title_key, new_person_name")
    conn.execute("analyze new_source_title, new_source_title_key, new_source_person")


def _temporary(fold: Fold) -> Fold:
    tables = {f"new_{name.removeprefix('imdb_')}": columns for name, columns in fold.tables.items()}
    return Fold(fold.query, tables, fold.lines)


def _add_changed_fame(conn: psycopg.Connection) -> None:
    """Of titles with other votes only those change that are more or less famous now."""
    rows = conn.execute(
        "select known.imdb_title_number, known.imdb_vote_count, rating.imdb_vote_count"
        " from matching.candidate_votes as known"
        " left join staging.imdb_ratings as rating on known.imdb_title_number = rating.imdb_title_number"
        " where known.imdb_title_number in"
        " (select row_number from staging.row_change where table_name = 'imdb_ratings')"
        " and known.imdb_vote_count is distinct from rating.imdb_vote_count"
    ).fetchall()
    changed = [number for number, former, present in rows if fame(former) != fame(present)]
    conn.execute("insert into changed_title select unnest(%s::integer[]), false, false", (changed,))


def put_in_place(path: Path, tables: Mapping[str, str]) -> str:
    """The text of a SQL file with other tables in the place of some."""
    text = path.read_text()
    for name, other in tables.items():
        text = re.sub(rf"\b{re.escape(name)}\b", other, text)
    return text
