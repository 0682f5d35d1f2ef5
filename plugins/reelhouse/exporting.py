"""The star as Parquet files for other engines, in a folder or a bucket: one moment of it, whole tables.

All tables are read in one transaction, so that they are of one publish. With `target="redshift"` each table has a
manifest, and `load.sql` makes the tables there and fills them with COPY.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from psycopg import sql

from reelhouse.database import key_columns
from reelhouse.errors import SettingsWrong
from reelhouse.settings import S3_SCHEME, Settings
from reelhouse.storage import BucketStorage, bucket_and_prefix, client_of

ROWS_OF_BATCH = 20_000
# Redshift loads with as many slices as there are files; few large ones are read fastest everywhere else.
ROWS_OF_FILE = 2_000_000
REDSHIFT = "redshift"
LONGEST_TEXT = 65_535

# PostgreSQL's type -> in Parquet, in Redshift. Whatever is not named, or a list, goes as text or as JSON.
TYPES: dict[str, tuple[pa.DataType, str]] = {
    "bigint": (pa.int64(), "bigint"),
    "integer": (pa.int32(), "integer"),
    "smallint": (pa.int16(), "smallint"),
    "boolean": (pa.bool_(), "boolean"),
    "real": (pa.float32(), "real"),
    "double precision": (pa.float64(), "double precision"),
    "date": (pa.date32(), "date"),
    # Redshift's COPY takes no zone from Parquet: what is stored is UTC.
    "timestamp with time zone": (pa.timestamp("us", "UTC"), "timestamp"),
}
LISTS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    asked    how it is asked for
    parquet  its type in the file
    there    its type in Redshift
    """

    name: str
    asked: sql.Composable
    parquet: pa.DataType
    there: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Exported:
    """One table: its columns, key, rows, and the files with their sizes."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: int
    files: tuple[tuple[str, int], ...]


def export(conn: psycopg.Connection, settings: Settings, place: str, target: str | None = None) -> list[Exported]:
    """Write the tables of the star to a folder or `s3://bucket/folder`.

    Takes   target  REDSHIFT: manifests and load.sql too
    Gives   what was written of each table
    Raises  SettingsWrong, StorageAway
    Reruns  files of a former export under the same names are replaced; load.sql is written last
    """
    if target == REDSHIFT and not place.startswith(S3_SCHEME):
        raise SettingsWrong(f"--out: Redshift loads from a bucket; expected s3://bucket/folder, found {place}.")
    with TemporaryDirectory(prefix="reelhouse-export-") as temporary:
        folder, storage = _folder_of(settings, place, Path(temporary))
        conn.execute("begin isolation level repeatable read read only")
        try:
            done = [_write_table(conn, name, folder, storage) for name in _tables(conn)]
        finally:
            conn.execute("rollback")
        if target == REDSHIFT:
            for each in done:
                _put(folder / each.table / "manifest.json", manifest(each, place), storage)
            _put(folder / "load.sql", load_script(done, place), storage)
    return done


def _folder_of(settings: Settings, place: str, temporary: Path) -> tuple[Path, BucketStorage | None]:
    if place.startswith(S3_SCHEME):
        bucket, prefix = bucket_and_prefix(place)
        return temporary, BucketStorage(client_of(settings.network), bucket, prefix, temporary)
    if "://" in place:
        raise SettingsWrong(f"--out: expected a folder or s3://bucket/folder, found {place}.")
    folder = Path(place).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise SettingsWrong(f"--out: expected a folder, found the file {folder}.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder, None


def _tables(conn: psycopg.Connection) -> list[str]:
    rows = conn.execute(
        "select tablename from pg_tables where schemaname = 'warehouse' and tablename ~ '^(dim|bridge|fact)_'"
        " order by tablename"
    )
    return [name for (name,) in rows]


def _write_table(conn: psycopg.Connection, name: str, folder: Path, storage: BucketStorage | None) -> Exported:
    columns, key = _columns(conn, name), key_columns(conn, "warehouse", name)
    schema = pa.schema([(column.name, column.parquet) for column in columns])
    files: list[tuple[str, int]] = []
    rows = 0
    for number, batches in enumerate(_files(conn, name, columns, schema)):
        path = folder / name / f"part-{number:04d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}")
        with pq.ParquetWriter(part, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                rows += batch.num_rows
        part.replace(path)
        files.append((f"{name}/{path.name}", path.stat().st_size))
        if storage:
            storage.keep(path)
            path.unlink()
    return Exported(name, tuple(columns), tuple(key), rows, tuple(files))


def _files(
    conn: psycopg.Connection, name: str, columns: list[Column], schema: pa.Schema
) -> Iterator[Iterator[pa.RecordBatch]]:
    """The rows of a table, in order of nothing, as batches of one file after the other; at least one file."""
    query = sql.SQL("select {} from {}").format(
        sql.SQL(", ").join(column.asked for column in columns), sql.Identifier("warehouse", name)
    )
    with conn.cursor(name="export") as cursor:
        cursor.execute(query)
        waiting = [cursor.fetchmany(ROWS_OF_BATCH)]

        def batches() -> Iterator[pa.RecordBatch]:
            written = 0
            while waiting[0] and written < ROWS_OF_FILE:
                values = list(zip(*waiting[0], strict=True))
                arrays = [pa.array(value, type=field.type) for value, field in zip(values, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)
                written += len(waiting[0])
                waiting[0] = cursor.fetchmany(ROWS_OF_BATCH)

        is_first = True
        while is_first or waiting[0]:
            yield batches()
            is_first = False


def _columns(conn: psycopg.Connection, name: str) -> list[Column]:
    rows = conn.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped order by attnum",
        (f"warehouse.{name}",),
    )
    return [_column(*row) for row in rows]


def _column(name: str, kind: str, is_needed: bool) -> Column:
    asked = sql.Identifier(name)
    if kind.startswith("numeric(") or kind in TYPES:
        if kind in TYPES:
            return Column(name, asked, *TYPES[kind], is_needed)
        digits, scale = (int(number) for number in kind.removeprefix("numeric(").removesuffix(")").split(","))
        return Column(name, asked, pa.decimal128(digits, scale), f"decimal({digits}, {scale})", is_needed)
    if kind.removesuffix("[]") in LISTS and kind.endswith("[]"):
        return Column(name, asked, pa.list_(LISTS[kind.removesuffix("[]")]), "super", is_needed)
    return Column(name, sql.SQL("{}::text").format(asked), pa.string(), f"varchar({LONGEST_TEXT})", is_needed)


def _put(path: Path, text: str, storage: BucketStorage | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if storage:
        storage.keep(path)


# --- Redshift -------------------------------------------------------------------------------------------


def manifest(each: Exported, place: str) -> str:
    """The files that COPY has to load, all of them, with their sizes."""
    root = place.rstrip("/")
    entries = [
        {"url": f"{root}/{name}", "mandatory": True, "meta": {"content_length": size}} for name, size in each.files
    ]
    return json.dumps({"entries": entries}, indent=1)


def load_script(done: list[Exported], place: str) -> str:
    """SQL for Redshift: tables beside those in use, filled, counted and put in their place in one transaction."""
    root = place.rstrip("/")
    lines = ["-- Made by `reelhouse export --target redshift`. psql -v ON_ERROR_STOP=1 -f load.sql", "begin;",
             "create schema if not exists warehouse;"]  # fmt: skip
    for each in done:
        columns = [
            f'    "{column.name}" {column.there}{" not null" if column.is_needed else ""}' for column in each.columns
        ]
        if each.key:
            columns.append(f"    primary key ({', '.join(each.key)})")
        lines += [
            f"drop table if exists warehouse.{each.table};",
            f"create table warehouse.{each.table} (\n" + ",\n".join(columns) + "\n);",
            f"copy warehouse.{each.table} from '{root}/{each.table}/manifest.json' iam_role default"
            " format as parquet manifest"
            + (" serializetojson;" if any(column.there == "super" for column in each.columns) else ";"),
        ]
    counts = " union all ".join(
        f"select '{each.table}' as table_name, {each.rows} as expected, count(*) as found from warehouse.{each.table}"
        for each in done
    )
    # A division by zero ends the transaction: Redshift has no assertion.
    lines += [f"select table_name, expected, found from ({counts}) as counted order by table_name;",
              f"select 1 / case when count(*) = 0 then 1 else 0 end as all_rows_are_there from ({counts}) as counted"
              " where expected <> found;", "commit;"]  # fmt: skip
    return "\n".join(lines) + "\n"
