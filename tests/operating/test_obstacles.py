"""What the system refuses: full disks, closed folders, settings of other servers. Said in words; nothing is left."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from reelhouse.database import connect
from reelhouse.operating import embedded, obstacles, postgres, run, supervising
from reelhouse.settings import Settings, read_settings

Run = Callable[..., subprocess.CompletedProcess[str]]
# Writing to it finds no space left, always.
FULL = Path("/dev/full")


class Ended:
    """A process that has ended by itself."""

    returncode = 1

    def poll(self) -> int:
        return 1


class Enough(Exception):
    """A loop that would go on for ever is left."""


@pytest.mark.parametrize(
    ("number", "place", "says"),
    [
        (errno.ENOSPC, "/a/b", "/a/b: expected room to write, found: No space left on device. Free space there"),
        (errno.EDQUOT, None, "A disk that is written to: expected room to write, found: Disk quota exceeded."),
        (errno.EROFS, "/a", "/a: expected to be able to write there, found: Read-only file system. Have it mounted"),
        (errno.EACCES, "/a", "/a: expected that "),
        (errno.EMFILE, "/a", "/a: expected to be able to open one more, found: Too many open files (limit "),
        (errno.EAGAIN, None, "The system: expected to get one more process and memory for it"),
        (errno.ENAMETOOLONG, "/a", "/a: expected a path that the system can hold"),
    ],
)
def test_what_the_system_refuses_is_told_with_place_and_advice(number: int, place: str | None, says: str) -> None:
    words = obstacles.words_of(OSError(number, os.strerror(number), place))
    assert words.startswith(says)


def test_what_is_no_obstacle_is_not_explained_away() -> None:
    assert obstacles.words_of(OSError(errno.EISDIR, "Is a directory", "/a")) is None
    assert obstacles.words_of(OSError("something else")) is None


def test_a_write_that_names_no_place_is_told_with_the_disk_that_is_full(settings: Settings, monkeypatch) -> None:
    full = os.statvfs_result((4096, 4096, 1000, 0, 0, 1000, 900, 900, 0, 255))
    monkeypatch.setattr(os, "statvfs", lambda folder: full)
    words = obstacles.words_of(OSError(errno.ENOSPC, "No space left on device"), settings)
    assert words.startswith(str(settings.home))
    assert words.endswith("or set REELHOUSE_HOME to another disk.")


def test_a_command_on_a_full_disk_gives_1_and_says_so(command: Run, folder: Path, home: Path) -> None:
    # Read as another command's, and found empty; then written.
    place = home / "airflow" / "running.new"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(FULL)
    try:
        done = command("up", "--detach")
    finally:
        place.unlink()
    assert done.returncode == 1
    assert "expected room to write, found: No space left on device" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_supervisor_whose_log_is_full_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with FULL.open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        supervising._say("the disk of this log is full")
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())


def test_a_supervisor_is_known_after_the_clock_was_set(settings: Settings, monkeypatch) -> None:
    supervising.running_file(settings).parent.mkdir(parents=True)
    supervising._tell(settings, "http://127.0.0.1:8080")
    boot = psutil.boot_time()
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: boot + 3600)
    assert psutil.Process().create_time() > supervising.read_running(settings).started_at + 3000
    assert supervising.read_running(settings).pid == os.getpid()
    # The same number at another moment is another process.
    text = supervising.running_file(settings).read_text()
    supervising.running_file(settings).write_text(text.replace('"began": "', '"began": "x'))
    assert supervising.read_running(settings) is None


def test_a_component_that_cannot_be_started_on_a_full_disk_is_tried_again(settings: Settings, monkeypatch) -> None:
    tries: list[str] = []

    def restart(*_: object) -> None:
        tries.append("tried")
        if len(tries) > settings.restarts + 1:
            raise Enough
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(supervising.airflow, "restart_component", restart)
    monkeypatch.setattr(supervising.airflow, "tail", lambda *_: "")
    monkeypatch.setattr(supervising.time, "sleep", lambda seconds: None)
    with pytest.raises(Enough):
        supervising._watch(settings, {}, {"scheduler": Ended()})


def test_a_supervisor_is_known_when_its_note_is_gone(settings: Settings) -> None:
    with supervising._alone(settings):
        supervising.running_file(settings).unlink()
        assert supervising.read_running(settings).pid == os.getpid()
        with pytest.raises(supervising.Locked), supervising._alone(settings):
            pass
        assert supervising.read_running(settings).pid == os.getpid()


def test_nothing_is_restarted_as_long_as_postgresql_cannot_start(settings: Settings, monkeypatch) -> None:
    ended, seen = Ended(), []
    answers = iter([False] * (settings.restarts + 1) + [True])
    monkeypatch.setattr(supervising.postgres, "is_running", lambda folder: True)
    monkeypatch.setattr(supervising, "_revive_postgres", lambda settings: next(answers))
    monkeypatch.setattr(supervising.time, "sleep", lambda seconds: seen.append(seconds))

    def restart(*_: object) -> None:
        raise Enough

    monkeypatch.setattr(supervising.airflow, "restart_component", restart)
    monkeypatch.setattr(supervising.airflow, "tail", lambda *_: "")
    with pytest.raises(Enough):
        supervising._watch(settings, {}, {"scheduler": ended})
    assert len(seen) == settings.restarts + 1


def test_a_run_whose_log_cannot_be_written_says_nothing_of_the_log(tmp_path: Path, capfd) -> None:
    (tmp_path / "run.log").symlink_to(FULL)
    with run._logged_to(tmp_path / "run.log"):
        logging.getLogger("reelhouse.test").info("one step")
    assert capfd.readouterr().err == ""


def test_settings_of_another_server_do_not_reach_the_embedded_one(own_settings: Settings, monkeypatch) -> None:
    others = {"PGSERVICE": "films", "PGSSLMODE": "verify-full", "PGHOSTADDR": "192.0.2.1", "PGTZ": "Nowhere",
              "PGTARGETSESSIONATTRS": "standby", "PGREQUIREAUTH": "none", "PGSSLNEGOTIATION": "direct"}  # fmt: skip
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    with embedded.warehouse_dsn(own_settings) as dsn, connect(dsn) as conn:
        assert conn.execute("select current_database()").fetchone() == ("warehouse",)
        # Nor what is started meanwhile.
        assert not set(others) & set(os.environ)


def test_settings_for_a_server_of_ones_own_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    embedded.forget_settings_of_others(read_settings({"REELHOUSE_WAREHOUSE_DSN": "host=films"}))
    assert os.environ["PGSSLMODE"] == "require"


def test_letters_and_days_do_not_depend_on_who_connects(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGDATESTYLE", "German")
    with connect(dsn) as conn:
        row = conn.execute("select %s::text, '2021-09-25'::date::text", ("Łódź 映画",)).fetchone()
    assert row == ("Łódź 映画", "2021-09-25")


@pytest.mark.parametrize("name", ['a "home"', "a $home", "a `home`"])
def test_a_path_that_pg_ctl_cannot_take_is_refused_before_anything_is_made(tmp_path: Path, name: str) -> None:
    with pytest.raises(postgres.SettingsWrong, match="expected a path without"):
        postgres.start(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_password_that_is_gone_is_made_anew_and_the_rows_stay(folder: Path) -> None:
    server = postgres.start(folder)
    with connect(server.dsn("postgres"), autocommit=True) as conn:
        conn.execute("create table kept_without_password as select 1 as n")
    postgres.stop(server)
    (folder / "password").unlink()
    again = postgres.start(folder)
    with connect(again.dsn("postgres"), autocommit=True) as conn:
        assert conn.execute("select n from kept_without_password").fetchone() == (1,)
        conn.execute("drop table kept_without_password")
    assert again.password not in ("", server.password)
    assert (folder / "password").stat().st_mode & 0o777 == 0o600
    # While it runs nobody can be let in; that is said.
    (folder / "password").rename(folder / "password.away")
    with pytest.raises(postgres.SettingsWrong, match="expected the password of the running server"):
        postgres.start(folder)
    (folder / "password.away").rename(folder / "password")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server lies outside its home")
def test_roots_server_that_a_removed_home_has_left_is_used_again_and_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path / "home")})
    place = postgres.server_folder(settings.home)

    def begin() -> tuple[bool, bool]:
        """Whether the server has the database of before, and whether it is named."""
        caplog.clear()
        with embedded.using_server(settings) as server:
            with connect(server.dsn("postgres")) as conn:
                had = ("kept_database",) in conn.execute("select datname from pg_database").fetchall()
            embedded.make_database(server, "kept_database")
        return had, f"is still in {place}" in caplog.text

    try:
        assert [begin(), begin()] == [(False, False), (True, False)]
        shutil.rmtree(settings.home)
        assert [begin(), begin()] == [(True, True), (True, False)]
    finally:
        postgres.remove(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server lies outside its home")
def test_roots_server_goes_with_a_home_that_is_moved_linked_or_copied(tmp_path: Path) -> None:
    first, moved, link, copy = (tmp_path / name for name in ("first", "moved", "link", "copy"))
    database = "kept_database"
    places = set()

    def has_database(home: Path) -> bool:
        settings = read_settings({"REELHOUSE_HOME": str(home)})
        with embedded.using_server(settings) as server, connect(server.dsn("postgres")) as conn:
            places.add(server.folder)
            names = [name for (name,) in conn.execute("select datname from pg_database")]
        return database in names

    try:
        with embedded.using_server(read_settings({"REELHOUSE_HOME": str(first)})) as server:
            places.add(server.folder)
            embedded.make_database(server, database)
        link.symlink_to(first)
        assert has_database(link)
        link.unlink()
        first.rename(moved)
        assert has_database(moved)
        # Whoever begins at the old place begins anew; so does a copy.
        assert not has_database(first)
        assert has_database(moved)
        shutil.copytree(moved, copy)
        assert not has_database(copy)
        assert has_database(moved)
    finally:
        for place in places:
            postgres.remove(place)
