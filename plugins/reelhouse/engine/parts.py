"""Parts: what matching asks of staging, as Parquet files beside the landed ones, so that workers can share it out.

A gzip file cannot be read from its middle. So that which was staged of it, admitted and accounted for, is written once
in parts, on demand of the engine, by the workers themselves: each asks PostgreSQL for one range of ids. The folder's
name is the digest of what it was made of; a folder without Spark's mark of success is made anew.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from reelhouse.engine import tasks
from reelhouse.matching.folding import IMDB_PEOPLE, IMDB_TITLES

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# About 20 MB of titles with their names: a task takes seconds, and losing one costs no more.
PART_ROWS = 200_000
SUCCESS = "_SUCCESS"


@dataclass(frozen=True, slots=True)
class Part:
    """One query of staging that is kept in parts.

    table   of staging, whose rows are counted and whose key the ranges are of
    key     its first column
    query   what is kept
    schema  its columns, as Spark names them
    files   that the rows come from
    """

    table: str
    key: str
    query: str
    schema: str
    files: tuple[str, ...]


_TITLES = f"""
    select
        folded.imdb_title_number, folded.is_adult, folded.title_type, folded.start_year, folded.primary_title,
        folded.original_title, folded.akas, title.end_year, title.runtime_min, title.genres
    from ({IMDB_TITLES}) as folded
    inner join staging.imdb_titles as title on folded.imdb_title_number = title.imdb_title_number
"""
PARTS = (
    Part(
        "imdb_titles", "imdb_title_number", _TITLES,
        "imdb_title_number int, is_adult boolean, title_type string, start_year short, primary_title string,"
        " original_title string, akas array<string>, end_year short, runtime_min int, genres array<string>",
        ("title.basics.tsv.gz", "title.akas.tsv.gz"),
    ),
    Part(
        "imdb_people", "imdb_person_number", IMDB_PEOPLE, "imdb_person_number int, person_name string",
        ("name.basics.tsv.gz",),
    ),
    Part(
        "imdb_principals", "imdb_title_number",
        "select imdb_title_number, imdb_person_number, category from staging.imdb_principals",
        "imdb_title_number int, imdb_person_number int, category string",
        ("title.principals.tsv.gz",),
    ),
    Part(
        "imdb_crew", "imdb_title_number",
        "select imdb_title_number, director_numbers, writer_numbers from staging.imdb_crew",
        "imdb_title_number int, director_numbers array<int>, writer_numbers array<int>",
        ("title.crew.tsv.gz",),
    ),
    Part(
        "imdb_ratings", "imdb_title_number", "select imdb_title_number, imdb_vote_count from staging.imdb_ratings",
        "imdb_title_number int, imdb_vote_count int",
        ("title.ratings.tsv.gz",),
    ),
)  # fmt: skip


def make_parts(spark: SparkSession, conn: psycopg.Connection, dsn: str, landing: Path) -> dict[str, Path]:
    """Make the parts that are not there yet; those of former files go.

    Takes   landing  folder of the landed files; the workers must see it at the same place
            dsn      by which the workers reach PostgreSQL
    Gives   folder by table
    Reruns  what is there is left alone
    """
    folder = landing / "imdb" / "parts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    digests = dict(
        conn.execute("select file_name, staged_sha256 from ops.staged_file where source = 'imdb'").fetchall()
    )
    made: dict[str, Path] = {}
    for part in PARTS:
        place = folder / f"{part.table}-{_digest(part, digests)}"
        if not (place / SUCCESS).is_file():
            ranges = _ranges(conn, part)
            read = partial(tasks.read_ranges, dsn, part.query, part.key, arrow_schema(part.schema), ranges)
            rows = spark.range(0, len(ranges), 1, len(ranges)).mapInArrow(read, part.schema)
            rows.write.mode("overwrite").parquet(place.as_uri())
        made[part.table] = place
    _remove_others(folder, made)
    return made


def arrow_schema(schema: str) -> object:
    """The columns that Spark names in one line, for Arrow."""
    from pyspark.sql.pandas.types import to_arrow_schema
    from pyspark.sql.types import StructType

    return to_arrow_schema(StructType.fromDDL(schema), timezone="UTC", prefers_large_types=False)


def _digest(part: Part, digests: Mapping[str, str]) -> str:
    parts = [part.query, part.schema, *(digests.get(name, "none") for name in part.files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _ranges(conn: psycopg.Connection, part: Part) -> Sequence[tuple[int, int]]:
    """First number and the one after the last of each part; numbers are given out evenly enough for even ranges."""
    query = sql.SQL("select min({key}), max({key}) from staging.{table}")
    low, high = conn.execute(query.format(key=sql.Identifier(part.key), table=sql.Identifier(part.table))).fetchone()
    if low is None:
        return [(0, 0)]
    (rows,) = conn.execute(
        "select coalesce(sum(rows_staged), 0) from ops.staged_file where source = 'imdb' and file_name = %s",
        (part.files[0],),
    ).fetchone()
    count = max(1, math.ceil(int(rows) / PART_ROWS))
    bounds = [low + (high + 1 - low) * number // count for number in range(count + 1)]
    return list(itertools.pairwise(bounds))


def _remove_others(folder: Path, made: Mapping[str, Path]) -> None:
    for place in folder.iterdir():
        if place not in made.values():
            shutil.rmtree(place)
