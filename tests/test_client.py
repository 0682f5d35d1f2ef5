"""The client reads, and cannot do anything else."""

from __future__ import annotations

import pandas as pd
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from reelhouse import Warehouse
from reelhouse.database import connect
from reelhouse.errors import DatabaseAway, QueryWrong, SettingsWrong


@pytest.fixture
def warehouse(dsn: str):
    with Warehouse(dsn) as warehouse:
        yield warehouse


def test_rows_come_as_a_frame_with_the_names_of_the_columns(warehouse):
    frame = warehouse.read("select platform, platform_key from warehouse.dim_platform order by platform_key limit 2")
    assert isinstance(frame, pd.DataFrame)
    assert frame.to_dict("records") == [
        {"platform": "netflix", "platform_key": 1}, {"platform": "amazon", "platform_key": 2},
    ]  # fmt: skip


def test_an_answer_without_rows_keeps_its_columns(warehouse):
    assert list(warehouse.read("select title, kind from mart.titles").columns) == ["title", "kind"]


def test_values_are_never_pasted_into_the_sql(warehouse):
    evil = "x'; drop table warehouse.dim_title; --"
    assert warehouse.read("select %(text)s as text", {"text": evil})["text"][0] == evil
    assert warehouse.read("select %s as text", [evil])["text"][0] == evil


def test_a_percent_sign_is_itself_when_there_are_no_values(warehouse):
    assert warehouse.read("select 7 % 4 as rest, 'a' like '%' as fits").to_dict("records") == [
        {"rest": 3, "fits": True}
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "delete from warehouse.dim_role",
        "with gone as (delete from warehouse.dim_role returning 1) select count(*) from gone",
        "select 1; delete from warehouse.dim_role",
        "commit; delete from warehouse.dim_role",
        "commit",
        "set transaction read write",
        "set session characteristics as transaction read write",
        "select set_config('transaction_read_only', 'off', false)",
        "create temp table mine as select 1",
        "select lo_create(0)",
        "truncate warehouse.dim_role",
    ],
)
def test_nothing_is_written_whatever_the_sql_says(warehouse, conn: psycopg.Connection, sql: str):
    with pytest.raises(QueryWrong):
        warehouse.read(sql)
    with pytest.raises(QueryWrong):
        warehouse.read("delete from warehouse.dim_role returning role")
    assert conn.execute("select count(*) from warehouse.dim_role").fetchone() == (5,)
    assert conn.execute("select count(*) from pg_largeobject_metadata").fetchone() == (0,)


def test_a_wrong_query_is_explained_and_the_next_one_works(warehouse):
    with pytest.raises(QueryWrong, match='column "titel" does not exist'):
        warehouse.read("select titel from mart.titles")
    assert warehouse.read("select 1 as one")["one"][0] == 1


def test_values_that_do_not_fit_the_query_are_told(warehouse):
    with pytest.raises(QueryWrong, match="expected a value for each of its places, found: query parameter missing: a"):
        warehouse.read("select %(a)s", {"b": 1})
    with pytest.raises(QueryWrong, match="1 placeholder"):
        warehouse.write("select %s", [1, 2])
    assert warehouse.read("select 1 as one")["one"][0] == 1


def test_what_is_no_connection_string_is_told_and_not_repeated():
    with pytest.raises(SettingsWrong, match="expected one such as 'host=") as told:
        Warehouse("my secret")
    assert "secret" not in str(told.value)
    assert told.value.__suppress_context__


def test_a_closed_client_and_a_wrong_password_are_not_taken_for_a_server_that_is_away(dsn: str):
    with Warehouse(dsn) as warehouse:
        pass
    with pytest.raises(DatabaseAway, match=r"the connection is closed\. It was closed here: open another"):
        warehouse.read("select 1")
    with pytest.raises(DatabaseAway, match=r"password authentication failed .* Correct user and password"):
        Warehouse(make_conninfo(dsn, password="wrong"))


def test_without_a_place_to_read_from_it_says_what_to_set(monkeypatch):
    monkeypatch.delenv("REELHOUSE_WAREHOUSE_DSN", raising=False)
    with pytest.raises(SettingsWrong, match="REELHOUSE_WAREHOUSE_DSN"):
        Warehouse()


def test_the_place_may_come_from_the_environment(monkeypatch, dsn: str):
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    with Warehouse() as warehouse:
        assert warehouse.read("select 1 as one")["one"][0] == 1


def test_a_server_that_is_away_is_named_as_such():
    with pytest.raises(DatabaseAway):
        Warehouse("host=127.0.0.1 port=1 dbname=nowhere user=nobody")


def test_more_sessions_than_a_login_may_have_are_told_as_that(dsn: str):
    with connect(dsn, autocommit=True) as conn:
        conn.execute("create role reelhouse_test_busy login connection limit 0 password 'x'")
        try:
            with pytest.raises(DatabaseAway, match="as many sessions as it may: close one"):
                Warehouse(make_conninfo(dsn, user="reelhouse_test_busy", password="x"))
        finally:
            conn.execute("drop role reelhouse_test_busy")


def test_after_a_connection_broke_a_question_is_asked_again_and_a_write_is_not(warehouse, conn: psycopg.Connection):
    ended = (
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'reelhouse client'"
        " and datname = current_database()"
    )
    conn.execute(ended)
    assert warehouse.read("select 1 as one").one[0] == 1
    conn.execute(ended)
    # Nobody knows whether a write that was under way was kept.
    with pytest.raises(DatabaseAway):
        warehouse.write("select 1")
    assert warehouse.read("select 1 as one").one[0] == 1
