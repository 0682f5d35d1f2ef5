"""A scientist's own copy: all of the warehouse, theirs alone, and nothing done in it reaches the warehouse."""

from __future__ import annotations

from datetime import date

import psycopg
import pytest
from people import login
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from small_star import Imdb, Netflix, run_day

from reelhouse import Warehouse
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.operating import postgres
from reelhouse.operating.clone import clone_name, drop_clone, make_clone
from reelhouse.settings import read_settings
from reelhouse.warehousing.contents import content_hashes


def test_a_copy_is_whole_private_and_apart(module_dsn, tmp_path) -> None:
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    programs = postgres.client_programs(settings.postgres_bin)
    with (
        connect(module_dsn, "reelhouse test", autocommit=True) as conn,
        login(module_dsn, "scientist") as ada,
        login(module_dsn, "scientist") as bob,
    ):
        run_day(conn, Day(date(2026, 1, 5), settings), [Imdb(1, "One", rating=(7, 100)), Netflix("s1", "One", imdb=1)])
        with Warehouse(ada) as warehouse:
            warehouse.write("insert into curated.title_note (title_key, topic) values (1, 'mood')")
        with Warehouse(bob) as warehouse:
            warehouse.write(f"create table sandbox_{warehouse.login}.secret as select 1 as n")
        before = content_hashes(conn)
        name = conninfo_to_dict(ada)["user"]
        with pytest.raises(SettingsWrong, match="expected a scientist"):
            make_clone(module_dsn, "nobody_here", programs)
        copied = make_clone(module_dsn, name, programs)
        try:
            with connect(copied, "reelhouse test", autocommit=True) as copy:
                assert content_hashes(copy) == before
            own = make_conninfo(ada, dbname=clone_name(name))
            with psycopg.connect(own, autocommit=True) as mine:
                assert mine.execute("select count(*) from curated.title_note").fetchone() == (1,)
                assert mine.execute("select count(*) from audit.entry").fetchone() == (0,)
                assert mine.execute("select title from mart.titles").fetchall() == [("One",)]
                sandboxes = mine.execute("select nspname from pg_namespace where nspname like 'sandbox\\_%'").fetchall()
                assert sandboxes == [(f"sandbox_{name}",)]
                mine.execute("truncate warehouse.fact_title_rating")
                mine.execute("alter table warehouse.dim_title add column mine integer")
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(make_conninfo(bob, dbname=clone_name(name)))
            with pytest.raises(SettingsWrong, match="--replace"):
                make_clone(module_dsn, name, programs)
            make_clone(module_dsn, name, programs, replace=True)
            with connect(copied, "reelhouse test", autocommit=True) as copy:
                assert content_hashes(copy) == before
            assert content_hashes(conn) == before
        finally:
            drop_clone(module_dsn, name)
        with pytest.raises(SettingsWrong, match="found none"):
            drop_clone(module_dsn, name)
