"""No space left, for the data or for the write-ahead log: said clearly, nothing lost, and done once there is space.

Small disks are mounted, which only root may, and not in every container: hence long forms.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from killing import KILLED_SETTINGS
from psycopg import sql
from psycopg.conninfo import make_conninfo
from small_star import run_day
from two_generations import Star, a_star, rows_of

from reelhouse.database import connect
from reelhouse.errors import DatabaseAway
from reelhouse.operating import postgres
from reelhouse.soaking.faults import kill_server
from reelhouse.steps import run_step

pytestmark = pytest.mark.full

STEPS = ("build_warehouse", "check_warehouse", "publish_warehouse")
MEGABYTE = 2**20


@contextmanager
def small_disk(server: postgres.Server, name: str, megabytes: int) -> Iterator[Path]:
    """A file system of its own in the server's folder, the server's user its owner."""
    place, owner = server.folder / name, (server.folder / "data").stat()
    place.mkdir()
    options = f"size={megabytes}m,uid={owner.st_uid},gid={owner.st_gid},mode=0700"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False).returncode:
        pytest.skip("this needs the right to mount a file system")
    try:
        yield place
    finally:
        with suppress(psycopg.Error):
            postgres.stop(server)
        subprocess.run(["umount", place], check=True)


@contextmanager
def full_but(disk: Path, left: int) -> Iterator[None]:
    """Meanwhile no more than `left` bytes are free."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(shutil.disk_usage(disk).free - left, 1))
    try:
        yield
    finally:
        ballast.unlink()


def move_owned(source: Path, target: Path) -> None:
    """Move a folder, its owner and rights included, to another file system."""
    owner = source.stat()
    shutil.move(source, target)
    for path in (target, *target.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def test_a_full_disk_of_the_log_stops_postgres_and_loses_nothing_acknowledged(own_server, own_dsn, tmp_path, record):
    with a_star(own_dsn, tmp_path) as star:
        hashes, day, acknowledged = star.hashes, star.day, star.seen()
    postgres.stop(own_server)
    # Segments that were kept to be written over are given up: else hundreds of loads would fit into them.
    few = {"min_wal_size": "32MB", "max_wal_size": "32MB"}
    postgres.stop(postgres.start(own_server.folder, own_server.bin, settings=few))
    log = own_server.folder / "data" / "pg_wal"
    with small_disk(own_server, "log", 512) as disk:
        move_owned(log, disk / "pg_wal")
        log.symlink_to(disk / "pg_wal")
        postgres.start(own_server.folder, own_server.bin, settings=KILLED_SETTINGS)
        published = 0
        with full_but(disk, 4 * MEGABYTE), pytest.raises((psycopg.OperationalError, DatabaseAway)):  # noqa: PT012
            while published < 200:
                with connect(own_dsn, "until it stops", autocommit=True) as conn:
                    run_day(conn, day, rows_of(1 - acknowledged))
                published, acknowledged = published + 1, 1 - acknowledged
        if postgres.is_running(own_server.folder):
            kill_server(own_server.folder)
        postgres.start(own_server.folder, own_server.bin, settings=KILLED_SETTINGS)
        with connect(own_dsn, "after it", autocommit=True) as conn:
            star = Star(own_dsn, conn, day, hashes)
            # What was being published when it stopped may have been committed, too.
            found = star.seen()
            run_day(conn, day, rows_of(1 - acknowledged))
            assert star.seen() == 1 - acknowledged
        postgres.stop(own_server)
        log.unlink()
        move_owned(disk / "pg_wal", log)
    record("log_disk_full", published_before_it_stopped=published, acknowledged_then_lost=0,
           committed_without_ack=int(found != acknowledged), converged=1)  # fmt: skip
    assert published > 0


def test_a_full_disk_is_said_harms_no_reader_and_the_day_completes_once_there_is_space(
    own_server, own_dsn, tmp_path, record
):
    postgres.start(own_server.folder, own_server.bin, settings=KILLED_SETTINGS)
    told = {"cases": 0, "failed_clearly": 0, "done_nevertheless": 0, "torn": 0, "converged": 0}
    with small_disk(own_server, "small", 256) as disk:
        with psycopg.connect(own_server.dsn("postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("create tablespace small location {}").format(str(disk)))
            conn.execute("create database on_small_disk template warehouse tablespace small")
        dsn = make_conninfo(own_dsn, dbname="on_small_disk")
        with a_star(dsn, tmp_path) as star:
            for steps, left in itertools.product((STEPS[-1:], STEPS), (0, 64, 128, 256, 512, 1024)):
                before = star.seen()
                star.prepare(1 - before)
                with full_but(disk, left * 1024):
                    told["cases"] += 1
                    told[_outcome(star, steps, before)] += 1
                run_day(star.conn, star.day, rows_of(1 - before))
                assert star.seen() == 1 - before
                told["converged"] += 1
    record("disk_full", **told)
    assert told["failed_clearly"] > 0


def _outcome(star: Star, steps: tuple[str, ...], before: int) -> str:
    """With so little space either all steps are done, or one says why it is not, and has changed nothing."""
    said = ""
    try:
        for step in steps:
            run_step(step, star.dsn, star.day)
    except DatabaseAway as error:
        said = str(error)
    assert star.seen() == (before if said else 1 - before)
    assert not said or "Its disk is full: free space" in said
    return "failed_clearly" if said else "done_nevertheless"
