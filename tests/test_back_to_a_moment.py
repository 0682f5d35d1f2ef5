"""The recipe of docs/operations.md: a base backup and the kept log bring back any moment."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from killing import KILLED_SETTINGS

from reelhouse.operating import postgres
from reelhouse.operating.psql import environment

PAGE = Path(__file__).parent.parent / "docs" / "operations.md"


@pytest.mark.full
def test_the_recipe_brings_back_what_was_deleted_after_the_moment_and_nothing_later(tmp_path) -> None:
    recipe = re.search(r"### Back to a moment.*?```sh\n(.*?)```", PAGE.read_text(), re.DOTALL).group(1)
    folder = postgres.server_folder(tmp_path / "home")
    postgres.make_folder(folder)
    work = _folder(folder / "work")
    backups, restored = _folder(work / "backups"), work / "restored"
    _folder(backups / "wal")
    here = recipe.replace("/backups", str(backups)).replace("/restored", str(restored))
    _, settings, base, back, _ = re.split(r"^# \d\..*\n", here, flags=re.MULTILINE)
    names = set(re.findall(r"^(\w+) = ", settings, re.MULTILINE))
    assert names == {"wal_level", "max_wal_senders", "archive_mode", "archive_command", "archive_timeout"}

    postgres.stop(postgres.start(folder, settings=KILLED_SETTINGS))
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.write(settings)
    server = postgres.start(folder, settings=KILLED_SETTINGS)
    try:
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
            conn.execute("create table kept (n integer)")
            conn.execute("insert into kept values (1)")
            _shell(base, server)
            conn.execute("insert into kept values (2)")
            (moment,) = conn.execute("select now()::text").fetchone()
            time.sleep(0.1)
            conn.execute("delete from kept where n = 1")
            conn.execute("insert into kept values (3)")
            (piece,) = conn.execute("select pg_walfile_name(pg_switch_wal())").fetchone()
            deadline = time.monotonic() + 30
            while not (backups / "wal" / piece).exists() and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        postgres.stop(server)
    port = server.port
    back = back.replace("2026-11-21 14:30:00+00", moment).replace("54321", str(port))
    try:
        _shell(back, server)
        with psycopg.connect(server.dsn("postgres")) as conn:
            assert conn.execute("select n from kept order by n").fetchall() == [(1,), (2,)]
    finally:
        _shell(f"[ ! -f {restored}/postmaster.pid ] || pg_ctl -D {restored} -m immediate stop", server)
        postgres.remove(folder)


def _folder(path: Path) -> Path:
    """A folder of the server's user."""
    path.mkdir()
    return postgres._give(path)


def _shell(script: str, server: postgres.Server) -> None:
    """Run lines of the page as the server's user would, with its programs on the path."""
    user = postgres._unprivileged()
    drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    env = environment(server.dsn("postgres")) | {"PATH": f"{server.bin}:{os.defpath}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd="/", env=env, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **drop,
    )  # fmt: skip
    said = [path.read_text()[-2000:] for path in server.folder.glob("work/restored/log")]
    assert done.returncode == 0, (done.stdout, said)
