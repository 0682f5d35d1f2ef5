"""A backup is whole or refused; what is restored from it holds the same, and lets the same people do the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
import pytest
from killing import KILLED_SETTINGS
from people import login
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from small_star import Imdb, Netflix, run_day

from reelhouse import Warehouse
from reelhouse.auditing import HEADS, export_head
from reelhouse.backups import rights
from reelhouse.backups.everything import hash_tables
from reelhouse.backups.folder import DUMP, MANIFEST, RIGHTS, BackupBroken, open_backup
from reelhouse.database import connect, migrate
from reelhouse.day import Day
from reelhouse.errors import Locked, SettingsWrong
from reelhouse.operating import postgres, status
from reelhouse.operating.backup import make_backup, remove_old
from reelhouse.operating.restore import restore_backup
from reelhouse.serving import keys
from reelhouse.settings import Settings, read_settings
from reelhouse.warehousing.contents import content_hashes


@dataclass(frozen=True)
class Kept:
    """A warehouse with something in every corner, and a backup of it.

    scientist, analyst  their connection strings, with passwords
    batch               what the scientist wrote
    """

    dsn: str
    settings: Settings
    folder: Path
    scientist: str
    analyst: str
    batch: int


@pytest.fixture(scope="module")
def kept(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    home = tmp_path_factory.mktemp("kept")
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    rows = [Imdb(1, "One", rating=(7, 100)), Netflix("s1", "One", imdb=1), Netflix("s2", "Ñandú \\. \t 'x'")]
    with (
        connect(module_dsn, "reelhouse test", autocommit=True) as conn,
        login(module_dsn, "scientist") as scientist,
        login(module_dsn, "analyst") as analyst,
    ):
        run_day(conn, Day(date(2026, 1, 5), settings), rows)
        with Warehouse(scientist) as warehouse:
            warehouse.write(f"create table sandbox_{warehouse.login}.mine as select 1 as n")
            batch = warehouse.write("insert into curated.title_note (title_key, topic) values (1, 'mood')").batch
        keys.create_key(conn, "app", ["read"], "test")
        export_head(conn, home / HEADS)
        folder, _ = make_backup(module_dsn, settings, home / "backup")
        yield Kept(module_dsn, settings, folder, scientist, analyst, batch)


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """Another server, on which nobody of the first one is known."""
    folder = postgres.server_folder(tmp_path_factory.mktemp("empty"))
    yield postgres.start(folder, settings=KILLED_SETTINGS)
    postgres.remove(folder)


def databases(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as conn:
        return {name for (name,) in conn.execute("select datname from pg_database")}


def at(server: postgres.Server, dsn: str, database: str) -> str:
    """The same person and password on another server."""
    user = conninfo_to_dict(dsn)
    return make_conninfo(server.dsn(database), user=user["user"], password=user["password"])


def test_the_drill_on_an_empty_server_gives_the_same_contents_roles_grants_and_logins(kept, empty_server) -> None:
    notes = restore_backup(empty_server.dsn("postgres"), "warehouse", kept.folder, kept.settings)
    assert [note for note in notes if note.startswith("not kept")] == []
    restored = empty_server.dsn("warehouse")
    with connect(kept.dsn, autocommit=True) as former, connect(restored, autocommit=True) as conn:
        assert content_hashes(conn) == content_hashes(former)
        assert hash_tables(restored) == hash_tables(kept.dsn)
        assert rights.read_privileges(conn) == rights.read_privileges(former)
        assert conn.execute("select * from audit.verify()").fetchall() == []
        assert conn.execute("select key_name from ops.api_key").fetchall() == [("app",)]
        limits = "select rolconfig, rolconnlimit from pg_roles where rolname = %s"
        name = (conninfo_to_dict(kept.scientist)["user"],)
        assert conn.execute(limits, name).fetchone() == former.execute(limits, name).fetchone()
        # Who lets nobody in unasked there, does not here.
        assert conn.execute("select has_function_privilege('public', 'lo_create(oid)', 'execute')").fetchone() == (
            False,
        )
    with psycopg.connect(at(empty_server, kept.analyst, "warehouse")) as conn:
        assert conn.execute("select count(*) from mart.titles").fetchone() == (2,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select * from audit.entry")
    with Warehouse(at(empty_server, kept.scientist, "warehouse")) as warehouse:
        # Audited as before, and what was written before can still be taken back.
        written = warehouse.write(f"create table sandbox_{warehouse.login}.later as select 2 as n")
        assert written.batch is not None
        assert written.batch > kept.batch
        warehouse.undo(kept.batch)
        assert warehouse.read("select * from curated.title_note").empty


def test_a_damaged_backup_is_refused_before_anything_is_made(kept, empty_server, tmp_path) -> None:
    def cut(folder: Path) -> None:
        largest = max((folder / DUMP).iterdir(), key=lambda path: path.stat().st_size)
        largest.write_bytes(largest.read_bytes()[:-1])

    def flip(folder: Path) -> None:
        (folder / RIGHTS).write_text((folder / RIGHTS).read_text().replace("analyst", "scientist", 1))

    damages = {
        "cut": cut,
        "flip": flip,
        "lose": lambda folder: next((folder / DUMP).glob("*.dat.gz")).unlink(),
        "add": lambda folder: (folder / "more").touch(),
        "unfinished": lambda folder: (folder / MANIFEST).unlink(),
        "cut manifest": lambda folder: (folder / MANIFEST).write_text((folder / MANIFEST).read_text()[:999]),
        "no folder": shutil.rmtree,
    }
    before = databases(empty_server.dsn("postgres"))
    for name, damage in damages.items():
        copy = tmp_path / name
        shutil.copytree(kept.folder, copy)
        damage(copy)
        with pytest.raises(BackupBroken, match="expected"):
            restore_backup(empty_server.dsn("postgres"), "from_damaged", copy, kept.settings)
    assert databases(empty_server.dsn("postgres")) == before
    open_backup(kept.folder)


def test_contents_that_do_not_come_out_as_they_were_are_not_named_a_warehouse(kept, empty_server, monkeypatch) -> None:
    # What no digest of files can see: a dump that says other than what was hashed in the same moment.
    manifest, kept_rights = open_backup(kept.folder)
    wrong = manifest.tables | {"warehouse.dim_title": "2:17"}
    object.__setattr__(manifest, "tables", wrong)
    monkeypatch.setattr("reelhouse.operating.restore.open_backup", lambda folder: (manifest, kept_rights))
    before = databases(empty_server.dsn("postgres"))
    with pytest.raises(BackupBroken, match=r"warehouse\.dim_title: expected 2:17"):
        restore_backup(empty_server.dsn("postgres"), "other_contents", kept.folder, kept.settings)
    assert databases(empty_server.dsn("postgres")) == before


def test_what_was_used_is_never_overwritten_and_what_is_in_use_not_set_aside(kept, server_dsn) -> None:
    name = conninfo_to_dict(kept.dsn)["dbname"]
    with pytest.raises(SettingsWrong, match=f"{name}: expected no such database or an unused one"):
        restore_backup(server_dsn, name, kept.folder, kept.settings)
    with pytest.raises(SettingsWrong, match="expected nothing there yet"):
        make_backup(kept.dsn, kept.settings, kept.folder)
    before = databases(server_dsn)
    with psycopg.connect(kept.dsn), pytest.raises(Locked, match="nobody connected"):
        restore_backup(server_dsn, name, kept.folder, kept.settings, replace=True)
    # Others make databases on this server meanwhile; ours end in _restoring_ or _before_.
    made = databases(server_dsn) - before
    assert [each for each in made if each.startswith(name[:40])] == []


def test_a_killed_backup_never_looks_whole(kept, tmp_path) -> None:
    env = os.environ | {"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_WAREHOUSE_DSN": kept.dsn}
    env["PYTHONPATH"] = str(Path(__file__).parent.parent / "plugins")
    words = [sys.executable, "-m", "reelhouse", "backup", str(tmp_path / "kept")]
    with subprocess.Popen(words, env=env, start_new_session=True, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not any(tmp_path.glob(".kept.*.part/dump/*.dat.gz")) and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
    assert any(tmp_path.glob(".kept.*.part/dump/*.dat.gz"))
    assert not (tmp_path / "kept").exists()
    with pytest.raises(BackupBroken, match="was not finished"):
        open_backup(next(tmp_path.glob(".kept.*.part")))


def test_old_backups_go_and_what_is_none_stays(kept, tmp_path) -> None:
    for day in (1, 2, 3):
        shutil.copytree(kept.folder, tmp_path / f"b{day}")
        manifest = tmp_path / f"b{day}" / MANIFEST
        manifest.write_text(manifest.read_text().replace('"made_at": "2', f'"made_at": "3{day}'))
    (tmp_path / "notes").mkdir()
    assert remove_old(tmp_path, 2) == [tmp_path / "b1"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b2", "b3", "notes"]


def test_status_tells_how_old_the_newest_backup_is_and_what_waits(kept, tmp_path, conn, dsn) -> None:
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path)})
    assert "no backup in" in status.kept(settings)
    shutil.copytree(kept.folder, tmp_path / "backups" / "one", copy_function=shutil.copy2)
    moment = time.time() - 3 * 3600
    os.utime(tmp_path / "backups" / "one" / MANIFEST, (moment, moment))
    assert "newest backup 3 hours old" in status.kept(settings)
    conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, state) values ('warehouse', '2026-01-07', 'x', 'held')"
    )
    assert "waiting for an answer: warehouse 1 of 2026-01-07" in status.loads(dsn)
    conn.execute("drop schema ops cascade")
    assert status.loads(dsn) == "none yet"


def test_who_is_no_superuser_keeps_all_but_passwords_and_is_told(empty_server, kept, tmp_path) -> None:
    name = f"plain_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(empty_server.dsn("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login createdb createrole password 'x'").format(sql.Identifier(name)))
        admin.execute(sql.SQL("create database {0} owner {0}").format(sql.Identifier(name)))
    own = make_conninfo(empty_server.dsn(name), user=name, password="x")
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_WAREHOUSE_DSN": own})
    migrate(own, settings.sql)
    with connect(own, autocommit=True) as conn:
        run_day(conn, Day(date(2026, 1, 5), settings), [Imdb(1, "One"), Netflix("s1", "One", imdb=1)])
    folder, manifest = make_backup(own, settings)
    assert any(line.startswith("passwords of") for line in manifest.not_kept)
    again = f"{name}_again"
    notes = restore_backup(make_conninfo(own, dbname="postgres"), again, folder, settings)
    assert any("passwords of" in note for note in notes)
    assert hash_tables(make_conninfo(own, dbname=again)) == hash_tables(own)


def test_a_backup_runs_nothing_that_a_scientist_made(dsn) -> None:
    with login(dsn, "scientist") as own, psycopg.connect(own, autocommit=True) as scientist:
        room = f"sandbox_{scientist.info.user}"
        scientist.execute(
            f"create materialized view {room}.m as select 1 as n;"
            f" create function {room}.f({room}.m) returns text language plpgsql as $$ begin raise 'ran'; end $$;"
            f" create cast ({room}.m as text) with function {room}.f({room}.m)"
        )
        assert hash_tables(dsn)[f"{room}.m"].startswith("1:")


def test_a_transaction_after_a_restore_does_not_join_the_batch_of_an_old_one_with_its_number(conn) -> None:
    note = "insert into curated.title_note (title_key, topic) values (%s, 'mood')"
    conn.execute(note, (1,))
    with conn.transaction():
        # On another server the count of transactions may come to an old entry's number: here it does now.
        conn.execute(
            "update audit.entry set xid = pg_current_xact_id(), logged_at = logged_at - interval '1 day', hash = hash"
        )
        conn.execute(note, (2,))
        conn.execute(note, (3,))
        seen = conn.execute("select * from audit.written_now(pg_current_xact_id()::text)").fetchall()
    batches = [batch for (batch,) in conn.execute("select batch from audit.entry order by entry_id")]
    assert batches[0] < batches[1] == batches[2]
    assert [row[0] for row in seen] == [batches[1]] * 2
