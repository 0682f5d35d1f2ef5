"""`reelhouse backup [TO]`: the warehouse as it is at one moment, with roles and grants, into a folder of its own.

Runs may go on meanwhile. The folder gets its name when everything is in it and was read again; until then it is hidden
and ends in .part. Who owns the database may make one; only a superuser reads the passwords of people too. Landed files
are not in it (copy HOME/landing), Airflow's own records neither.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from reelhouse import __version__
from reelhouse.auditing import HEADS
from reelhouse.backups import everything, rights
from reelhouse.backups.folder import DUMP, RIGHTS, Manifest, new_folder, size_of, write_manifest, write_private
from reelhouse.backups.programs import ProgramFailed, run_program
from reelhouse.database import connect, translated_errors
from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded, postgres
from reelhouse.operating.showing import Screen
from reelhouse.settings import Settings, read_settings

JOBS = 2
# Another session may want a table for itself just between two workers of pg_dump; alone it waits for its turn.
TRIES = (JOBS, 1, 1)
FOLDER = "backups"

Tell = Callable[[str, float | None], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "to", nargs="?", type=Path, metavar="TO", help=f"folder to make (HOME/{FOLDER}/<database>-<UTC time>)"
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="then remove all but the newest N of the folder it lies in (0: none)"
    )


def run(arguments: argparse.Namespace) -> int:
    settings, screen = read_settings(), Screen()
    if arguments.keep is not None and arguments.keep < 0:
        raise SettingsWrong(f"--keep: expected 0 or more, found {arguments.keep}.")
    began = time.perf_counter()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), screen.running("backup"):
        place, manifest = make_backup(dsn, settings, arguments.to, screen.tell)
    rows = sum(int(digest.partition(":")[0]) for digest in manifest.tables.values())
    screen.say(
        f"{place}: {len(manifest.tables)} tables, {rows:,} rows, {size_of(place) / 1e6:,.0f} MB"
        f" in {time.perf_counter() - began:.0f} s; readers saw {manifest.newest or 'nothing yet'}"
    )
    for line in manifest.not_kept:
        screen.say(f"not kept: {line}")
    for gone in remove_old(place.parent, arguments.keep) if arguments.keep else []:
        screen.say(f"removed {gone}")
    return 0


def make_backup(
    dsn: str, settings: Settings, place: Path | None = None, tell: Tell | None = None
) -> tuple[Path, Manifest]:
    """Write a backup of the warehouse.

    Takes   place  folder to make; by default one of HOME/backups, named by database and moment
    Gives   the folder and what it says of itself
    Raises  SettingsWrong when the folder is there already; ProgramFailed
    """
    tell = tell or (lambda message, share=None: None)
    with connect(dsn, "reelhouse backup") as conn:
        now = datetime.now(UTC).replace(microsecond=0)
        default = settings.home / FOLDER / f"{conn.info.dbname}-{now:%Y%m%dT%H%M%SZ}"
        place = (place or default).expanduser().absolute()
        with new_folder(place) as part:
            for jobs in TRIES:
                shutil.rmtree(part / DUMP, ignore_errors=True)
                try:
                    manifest = _write(conn, dsn, settings, part, now, jobs, tell)
                    break
                except ProgramFailed:
                    if jobs is TRIES[-1]:
                        raise
                    conn.rollback()
            write_manifest(part, manifest)
    return place, manifest


def remove_old(folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups of a folder; what is none stays."""
    found = sorted(
        (path for path in folder.iterdir() if (path / "manifest.json").is_file()),
        key=lambda path: json.loads((path / "manifest.json").read_text())["made_at"],
    )
    gone = found[: max(len(found) - keep, 0)]
    for path in gone:
        # Renamed first: what is half removed must not look whole.
        hidden = path.rename(path.with_name(f".{path.name}.gone.part"))
        shutil.rmtree(hidden)
    return gone


def _write(
    conn: psycopg.Connection, dsn: str, settings: Settings, part: Path, now: datetime, jobs: int, tell: Tell
) -> Manifest:
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    # Held open by us for as long as it takes: this is the moment that dump and digests are of.
    conn.execute("set local idle_in_transaction_session_timeout = 0")
    (snapshot,) = conn.execute("select pg_export_snapshot()").fetchone()
    (is_super,) = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    newest = conn.execute(
        "select format('%s, load %s', publication.batch_date, load_id) from warehouse.publication"
        " inner join ops.load using (load_id, part) where part = 'warehouse'"
    ).fetchone()
    privileges, roles, sequences = (
        rights.read_privileges(conn), rights.read_roles(conn), everything.read_sequences(conn),
    )  # fmt: skip
    (count,) = conn.execute(f"select count(*) from ({everything.TABLES}) as t").fetchone()
    dump = postgres.client_programs(settings.postgres_bin) / "pg_dump"
    run_program(
        [dump, "--format=directory", "--compress=1", "--jobs", str(jobs), f"--snapshot={snapshot}", "--verbose",
         "--file", part / DUMP], dsn, "dumping contents of table",
        lambda done: tell("dumping tables", min(done / count, 1)),
    )  # fmt: skip
    hashes = everything.hash_tables(dsn, snapshot, lambda share: tell("reading them again", share))
    conn.rollback()
    (part / RIGHTS).unlink(missing_ok=True)
    write_private(part / RIGHTS, json.dumps({"roles": roles, "privileges": privileges}, indent=1))
    if (settings.home / HEADS).is_file():
        shutil.copy(settings.home / HEADS, part / HEADS)
    logins = [role["name"] for role in roles if role["login"] and not role["password"]]
    not_kept = [] if is_super or not logins else [
        f"passwords of {', '.join(logins)}: only a superuser reads their digests"
    ]  # fmt: skip
    return Manifest(
        made_at=now.isoformat(), reelhouse=__version__, server_version=conn.info.server_version,
        database=conn.info.dbname, newest=newest[0] if newest else None, tables=hashes, sequences=sequences,
        not_kept=not_kept,
    )  # fmt: skip
