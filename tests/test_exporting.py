"""The star as Parquet: every row of one moment, in a folder and in a bucket, and what Redshift loads it with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import psycopg
import pyarrow.parquet as pq
import pytest
import sqlglot
from s3_server import put, s3_server
from small_star import Imdb, Netflix, run_day

from reelhouse.errors import SettingsWrong
from reelhouse.exporting import export
from reelhouse.settings import Network, S3Keys

KEYS = S3Keys("test", "CANARY", None, "us-east-1")


@pytest.fixture
def star(conn, make_day) -> psycopg.Connection:
    run_day(
        conn,
        make_day(),
        [
            Imdb(1, "Long Road", rating=(7.1, 900), genres=("Drama", "Comedy"), credits=((5, "Ana Lima", "actor"),)),
            Netflix("s1", "Long Road", imdb=1, countries=("Brazil", "Japan"), actors=("Ana Lima",)),
            Netflix("s2", "Tab\there, \\ and 'quotes'"),
        ],
    )
    return conn


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("moto") / "log") as url:
        put(url, "/films")
        yield url


def _rows_of(conn: psycopg.Connection) -> dict[str, int]:
    names = conn.execute(
        "select tablename from pg_tables where schemaname = 'warehouse' and tablename ~ '^(dim|bridge|fact)_'"
    ).fetchall()
    return {name: conn.execute(f"select count(*) from warehouse.{name}").fetchone()[0] for (name,) in names}


def test_every_row_and_value_is_in_the_files(star, settings, tmp_path) -> None:
    done = export(star, settings, str(tmp_path / "out"))
    assert {each.table: each.rows for each in done} == _rows_of(star)
    read = {each.table: pq.read_table(tmp_path / "out" / each.table) for each in done}
    assert {table: found.num_rows for table, found in read.items()} == _rows_of(star)
    wanted = star.execute("select title_key, title, release_year, runtime_min from warehouse.dim_title").fetchall()
    found = read["dim_title"].select(["title_key", "title", "release_year", "runtime_min"]).to_pylist()
    assert {tuple(row.values()) for row in found} == set(wanted)
    assert not list((tmp_path / "out").rglob(".*"))


def test_the_files_are_of_one_moment(star, settings, dsn, tmp_path, monkeypatch) -> None:
    before, seen = _rows_of(star), []
    from reelhouse import exporting

    write = exporting._write_table

    def write_while_others_publish(conn, name, *more):
        if not seen:
            with psycopg.connect(dsn) as other:
                other.execute("delete from warehouse.bridge_title_genre")
        seen.append(name)
        return write(conn, name, *more)

    monkeypatch.setattr(exporting, "_write_table", write_while_others_publish)
    assert {each.table: each.rows for each in export(star, settings, str(tmp_path))} == before
    assert _rows_of(star) != before


def test_redshift_gets_manifests_and_a_script_that_names_each_file(star, settings, endpoint) -> None:
    network = Network(allows_http=True, s3_endpoint=endpoint, s3_keys=KEYS)
    done = export(star, replace(settings, network=network), "s3://films/star", "redshift")
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="x", region_name="us-east-1"
    )
    sizes = {
        f"s3://films/{entry['Key']}": entry["Size"]
        for page in client.get_paginator("list_objects_v2").paginate(Bucket="films")
        for entry in page["Contents"]
    }
    named = {}
    for each in done:
        body = client.get_object(Bucket="films", Key=f"star/{each.table}/manifest.json")["Body"].read()
        named |= {entry["url"]: entry["meta"]["content_length"] for entry in json.loads(body)["entries"]}
    assert named == {name: size for name, size in sizes.items() if name.endswith(".parquet")}
    script = client.get_object(Bucket="films", Key="star/load.sql")["Body"].read().decode()
    assert "CANARY" not in script
    parsed = sqlglot.parse(script, dialect="redshift", error_level=sqlglot.ErrorLevel.RAISE)
    tables = {
        each.this.this.name: each for each in parsed if isinstance(each, sqlglot.exp.Create) and each.kind == "TABLE"
    }
    filled = [each.this.name for each in parsed if isinstance(each, sqlglot.exp.Copy)]
    assert sorted(tables) == sorted(filled) == sorted(_rows_of(star))
    columns = {
        column.name: column.args["kind"].sql("redshift")
        for column in tables["dim_title"].find_all(sqlglot.exp.ColumnDef)
    }
    assert columns["title_key"] == "BIGINT"


@pytest.mark.parametrize(
    ("place", "target"), [("ftp://films/star", None), ("/tmp/star", "redshift"), ("s3://", None)]
)  # fmt: skip
def test_a_place_that_makes_no_sense_is_refused(star, settings, place, target) -> None:
    with pytest.raises(SettingsWrong, match="expected"):
        export(star, settings, place, target)


def test_the_command_says_what_it_wrote(star, settings, tmp_path) -> None:
    words = [sys.executable, "-m", "reelhouse", "export", "--out", str(tmp_path / "star")]
    env = {
        "REELHOUSE_HOME": str(settings.home), "REELHOUSE_WAREHOUSE_DSN": settings.warehouse_dsn,
        "PYTHONPATH": str(Path(__file__).parent.parent / "plugins"),
    }  # fmt: skip
    said = subprocess.run(words, env=env, capture_output=True, text=True, check=True).stdout
    assert f"{len(_rows_of(star))} tables in {tmp_path / 'star'}" in said
    assert (tmp_path / "star" / "dim_title" / "part-0000.parquet").stat().st_size > 100
