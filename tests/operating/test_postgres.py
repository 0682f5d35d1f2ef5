"""The server of our own: start, attach, stop, and what may befall it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import psycopg
import pytest

from reelhouse.database import migrate
from reelhouse.day import Day
from reelhouse.errors import DatabaseAway, SettingsWrong
from reelhouse.operating import postgres
from reelhouse.settings import read_settings
from reelhouse.steps import STEPS, run_step


def _major(folder: Path) -> int:
    words = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()
    return int("".join(char for char in words[2].split(".")[0] if char.isdigit()))


def installed_postgres() -> list[Path]:
    """Programs of every PostgreSQL that is installed here, 15 or newer."""
    found = {path.resolve().parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")}
    on_path = shutil.which("postgres")
    if on_path:
        found.add(Path(on_path).resolve().parent)
    return sorted(folder for folder in found if (folder / "initdb").exists() and _major(folder) >= 15)


PROGRAMS = [None, *installed_postgres()]


def read_one(server: postgres.Server, query: str) -> object:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
        return conn.execute(query).fetchone()[0]


def keep_seven(server: postgres.Server) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
        conn.execute("drop table if exists kept")
        conn.execute("create table kept as select 7 as number")


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def kill_postmaster(folder: Path) -> None:
    process = postmaster(folder)
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while postgres.is_running(folder):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("programs", PROGRAMS, ids=lambda path: "wheel" if path is None else path.parent.name)
def test_a_server_starts_with_the_settings_we_rely_on(fresh_folder: Path, programs: Path | None) -> None:
    server = postgres.start(fresh_folder, programs)
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
        settings = dict(conn.execute("select name, setting from pg_settings").fetchall())
        assert conn.execute("select lower('ÄÉЖ')").fetchone() == ("äéж",)
    assert settings["data_checksums"] == settings["fsync"] == "on"
    assert (settings["listen_addresses"], settings["max_connections"]) == ("127.0.0.1", "200")
    assert settings["server_encoding"] == "UTF8"
    assert (settings["TimeZone"], settings["log_timezone"], settings["password_encryption"]) == (
        "UTC", "UTC", "scram-sha-256",
    )  # fmt: skip
    assert settings["log_connections"] not in ("", "off")
    assert settings["log_disconnections"] == "on"


@pytest.mark.full
@pytest.mark.parametrize("programs", installed_postgres(), ids=lambda path: path.parent.name)
def test_a_day_is_loaded_on_every_postgres_that_is_installed(
    fresh_folder: Path, tmp_path: Path, programs: Path
) -> None:
    dsn = postgres.start(fresh_folder, programs).dsn("postgres")
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_WAREHOUSE_DSN": dsn})
    migrate(dsn, settings.sql)
    for step in STEPS:
        run_step(step.name, dsn, Day(date(2026, 1, 5), settings))
    with psycopg.connect(dsn) as conn:
        assert conn.execute("select count(*) > 100 from mart.titles").fetchone() == (True,)
        assert conn.execute("select count(*) > 100 from warehouse.fact_recommendation").fetchone() == (True,)


def test_a_second_start_attaches(folder: Path) -> None:
    server = postgres.start(folder)
    began = read_one(server, "select pg_postmaster_start_time()")
    assert postgres.start(folder) == server
    assert postgres.attach(folder) == server
    assert read_one(server, "select pg_postmaster_start_time()") == began


def test_two_starts_at_once_are_one_server(fresh_folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = set(pool.map(lambda _: postgres.start(fresh_folder), range(4)))
    assert len(servers) == 1


def test_a_stopped_server_keeps_data_port_and_password(folder: Path) -> None:
    server = postgres.start(folder)
    keep_seven(server)
    postgres.stop(server)
    postgres.stop(server)
    assert not postgres.is_running(folder)
    assert postgres.attach(folder) is None
    assert postgres.start(folder) == server
    assert read_one(server, "select number from kept") == 7


def test_what_was_committed_survives_kill_9(folder: Path) -> None:
    server = postgres.start(folder)
    keep_seven(server)
    kill_postmaster(folder)
    again = postgres.start(folder)
    assert read_one(again, "select number from kept") == 7


def test_a_server_that_does_not_stop_when_it_is_asked_is_stopped_and_keeps_what_was_committed(
    folder: Path, monkeypatch
) -> None:
    monkeypatch.setattr(postgres, "STOP_SECONDS", 1)
    server = postgres.start(folder)
    keep_seven(server)
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
        (checkpointer,) = conn.execute(
            "select pid from pg_stat_activity where backend_type = 'checkpointer'"
        ).fetchone()
    # The server waits for it as long as it takes.
    os.kill(checkpointer, signal.SIGSTOP)
    postgres.stop(server)
    assert not postgres.is_running(folder)
    assert read_one(postgres.start(folder), "select number from kept") == 7


def test_a_killed_servers_number_may_be_another_process_by_now(folder: Path) -> None:
    postgres.start(folder)
    kill_postmaster(folder)
    path = folder / "data" / "postmaster.pid"
    # Of the server's own user: one of another user's PostgreSQL sees through by itself.
    owner = (folder / "data").stat().st_uid
    other = subprocess.Popen(["sleep", "600"], cwd="/", user=owner if os.geteuid() == 0 else None)
    try:
        path.write_text("\n".join([str(other.pid), *path.read_text().splitlines()[1:]]) + "\n")
        assert not postgres.is_running(folder)
        assert read_one(postgres.start(folder), "select 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_port_that_something_else_took_is_chosen_anew(folder: Path) -> None:
    former = postgres.start(folder)
    postgres.stop(former)
    with socket.socket() as taker:
        taker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taker.bind(("127.0.0.1", former.port))
        taker.listen()
        server = postgres.start(folder)
        assert server.port != former.port
        assert read_one(server, "select 1") == 1


def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    server = postgres.start(folder)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.dsn("postgres").replace(server.password, "guess"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"host={folder / 'socket'} port={server.port} user=postgres dbname=postgres passfile=/dev/null")


def test_the_password_is_in_one_closed_file_only(folder: Path) -> None:
    server = postgres.start(folder)
    read_one(server, "select 1")
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    assert (folder / "data").stat().st_mode & 0o777 == 0o700
    assert server.password not in repr(server)
    assert server.password not in (folder / "postgres.log").read_text()
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    assert not any(server.password.encode() in line for line in lines)


def test_as_root_the_server_belongs_to_somebody_else(folder: Path) -> None:
    server = postgres.start(folder)
    owner = Path(f"/proc/{postmaster(folder)}").stat().st_uid
    assert owner != 0
    assert owner == (folder / "data").stat().st_uid
    assert (folder / "password").stat().st_uid == os.geteuid()
    assert read_one(server, "select 1") == 1


@pytest.mark.parametrize(("limit", "mb"), [("67108864\n", 128), ("2147483648\n", 512), ("max\n", None), (None, None)])
def test_a_quarter_of_what_memory_there_is_is_for_buffers(tmp_path: Path, monkeypatch, limit, mb) -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4 // 2**20
    place = tmp_path / "memory.max"
    if limit:
        place.write_text(limit)
    monkeypatch.setattr(postgres, "MEMORY_LIMITS", (tmp_path / "none", place))
    assert postgres._buffers_mb() == (mb or min(machine, 4096))


def test_a_path_too_long_for_a_socket_does_without(folder: Path) -> None:
    server = postgres.start(folder / ("long" * 30))
    try:
        assert read_one(server, "show unix_socket_directories") == ""
    finally:
        postgres.remove(server.folder)


def test_a_failed_start_says_what_the_server_said(folder: Path) -> None:
    with pytest.raises(DatabaseAway, match='invalid value for parameter "shared_buffers": "nonsense"'):
        postgres.start(folder, settings={"shared_buffers": "nonsense"})
    assert read_one(postgres.start(folder), "select 1") == 1


def test_a_cluster_of_another_version_is_refused(fresh_folder: Path) -> None:
    (fresh_folder / "data").mkdir(parents=True)
    fresh_folder.chmod(0o711)
    (fresh_folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(SettingsWrong, match="found one of 14"):
        postgres.start(fresh_folder)


def test_a_folder_without_programs_is_refused(fresh_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="found no postgres, initdb"):
        postgres.start(fresh_folder, tmp_path)


def test_a_cluster_that_is_gone_is_missed_not_begun_anew(fresh_folder: Path) -> None:
    postgres.stop(postgres.start(fresh_folder))
    (fresh_folder / "data").rename(fresh_folder / "elsewhere")
    with pytest.raises(SettingsWrong, match=r"data: expected the cluster .* rm -r"):
        postgres.start(fresh_folder)
    assert not (fresh_folder / "data").exists()
    (fresh_folder / "elsewhere").rename(fresh_folder / "data")
    postgres.start(fresh_folder)


def test_a_half_made_cluster_is_made_anew(fresh_folder: Path) -> None:
    (fresh_folder / "data.part" / "base").mkdir(parents=True)
    fresh_folder.chmod(0o711)
    assert read_one(postgres.start(fresh_folder), "select 1") == 1


def test_a_folder_that_cannot_be_used_is_named_and_left_alone(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    # Root may write there, but the user it drops to may not pass; an ordinary user may not write.
    closed.chmod(0o700 if os.geteuid() == 0 else 0o500)
    mode = closed.stat().st_mode
    with pytest.raises(SettingsWrong, match="closed"):
        postgres.start(closed / "server")
    assert closed.stat().st_mode == mode
