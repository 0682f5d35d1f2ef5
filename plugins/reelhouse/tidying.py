"""What keeps a warehouse from growing for ever: old files and records go, dead rows are cleared, idle sessions told of.

Nothing that readers see is touched, and nothing that a day, a rollback or a comparison may still need. Lists of
recommendations that were replaced go with the publish that finds them older than 30 days; the changes of former loads
with the load that is the fourth after them.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse.database import run_file
from reelhouse.day import Day
from reelhouse.operating.postgres import server_folder
from reelhouse.settings import Settings
from reelhouse.storage import storage_of

log = logging.getLogger(__name__)

IDLE_MINUTES = 10
# What a running program writes on and on is cut to its end.
LONGEST_LOG, KEPT_OF_A_LOG = 20 * 2**20, 2**20
# what goes -> statement; {before} is the first moment that is kept
OLD_ROWS = {
    "fetches": "delete from ops.file_fetch where fetched_at < %(before)s::date",
    "sessions": "delete from ops.api_session where expires_at < now()",
    "requests": "delete from ops.api_request where answered_at < now() - interval '7 days'",
    # The newest day is told of however long ago it was.
    "step_times": "delete from ops.step_time where begun_at < %(before)s::date"
    " and batch_date < (select max(batch_date) from ops.step_time)",
    "loads": "update ops.load set state = 'retired', state_reason = concat_ws('; ', state_reason, 'never published')"
    " where state in ('building', 'checked', 'held', 'failed') and opened_at < %(before)s::date",
}


def first_kept_day(day: Day) -> date:
    """The first of the days whose files and records are kept."""
    return day.batch_date - timedelta(days=day.settings.keep_days)


def retire_files(conn: psycopg.Connection, day: Day, dry_run: bool = False) -> dict[str, object]:
    """Remove landed files that nothing needs any more, with their rejected rows, old pages of the report and old logs.

    Takes   dry_run  only count
    Gives   files, bytes, reports, log_bytes
    Reruns  nothing is left to remove; a file that is landed again is a file again
    """
    if not _is_migrated(conn):
        return {"files": 0, "bytes": 0, "reports": 0, "log_bytes": 0}
    before = first_kept_day(day)
    with conn.transaction():
        old = run_file(conn, day.settings.sql / "6_tidying" / "old_files.sql", before=before).fetchall()
        reports = _old_reports(day.settings, before)
        log_bytes = trim_logs(day.settings, before, dry_run)
        if not dry_run:
            numbers = [file_id for file_id, _, _ in old]
            conn.execute("delete from quarantine.rejected_row where file_id = any(%s)", (numbers,))
            conn.execute("update ops.file set retired_at = clock_timestamp() where file_id = any(%s)", (numbers,))
            # Before the commit: a file without its mark would lie there for ever, a mark without its file is mended by
            # the next run.
            for _, landed_path, _ in old:
                storage_of(day.settings).remove(day.settings.landing / landed_path)
            for report in reports:
                report.unlink(missing_ok=True)
    return {"files": len(old), "bytes": sum(size for _, _, size in old), "reports": len(reports),
            "log_bytes": log_bytes}  # fmt: skip


def trim_logs(settings: Settings, before: date, dry_run: bool) -> int:
    """Remove logs of tasks from before a day, and cut those that a running program writes on to their last lines.

    Gives   bytes
    """
    first = datetime.combine(before, datetime.min.time(), UTC).timestamp()
    gone = 0
    for folder in ("tasks", "dag-files"):
        for path in sorted((settings.home / "logs" / folder).rglob("*"), reverse=True):
            # The deepest first: a folder that is empty by then goes too.
            if path.is_file() and path.stat().st_mtime < first:
                gone += path.stat().st_size
                if not dry_run:
                    path.unlink(missing_ok=True)
            elif path.is_dir() and not path.is_symlink() and not dry_run:
                with suppress(OSError):
                    path.rmdir()
    for path in (*(settings.home / "logs").glob("*.log"), server_folder(settings.home) / "postgres.log"):
        if path.is_file() and path.stat().st_size > LONGEST_LOG:
            gone += path.stat().st_size - KEPT_OF_A_LOG
            if not dry_run:
                _cut(path)
    return gone


def _cut(path: Path) -> None:
    """Keep the end of a log, in the same file: its writer has it open, and writes on at its end."""
    with path.open("r+b") as log:
        log.seek(-KEPT_OF_A_LOG, 2)
        log.readline()
        kept = log.read()
        log.seek(0)
        log.write(kept)
        log.truncate()


def _old_reports(settings: Settings, before: date) -> list[Path]:
    return [path for path in sorted(settings.reports.glob("????-??-??.html")) if path.stem < before.isoformat()]


def retire_rows(conn: psycopg.Connection, day: Day, dry_run: bool = False) -> dict[str, object]:
    """Delete records of long ago, and give up loads that were never published.

    Gives   rows of each kind
    """
    if not _is_migrated(conn):
        return dict.fromkeys(OLD_ROWS, 0)
    with conn.transaction(force_rollback=dry_run):
        return {
            name: conn.execute(statement, {"before": first_kept_day(day)}).rowcount
            for name, statement in OLD_ROWS.items()
        }


def clear_dead_rows(conn: psycopg.Connection, day: Day, dry_run: bool = False) -> dict[str, object]:
    """Vacuum and analyse the tables that need it, and tell who holds a transaction open.

    Gives   tables and, of each session that is idle in a transaction, who and for how long
    Reruns  tables that somebody is locking are left for the next time
    """
    folder = day.settings.sql / "6_tidying"
    tables = [(schema, table) for schema, table, _, _ in run_file(conn, folder / "tables_to_vacuum.sql")]
    idle = run_file(conn, folder / "idle_sessions.sql", minutes=IDLE_MINUTES).fetchall()
    for pid, person, application, address, minutes in idle:
        log.warning(
            "session %s of %s (%s, %s) has been idle in a transaction for %s min: until it ends, dead rows stay",
            pid, person, application or "no name", address or "local", minutes,
        )  # fmt: skip
    for number, (schema, table) in enumerate(() if dry_run else tables):
        day.tell(f"vacuuming {schema}.{table}", number / len(tables))
        conn.execute(sql.SQL("vacuum (analyze, skip_locked) {}").format(sql.Identifier(schema, table)))
    return {
        "tables": [f"{schema}.{table}" for schema, table in tables],
        "idle_sessions": [
            {"pid": pid, "person": person, "application": application, "minutes": minutes}
            for pid, person, application, _, minutes in idle
        ],
    }


def _is_migrated(conn: psycopg.Connection) -> bool:
    """The first night may come before the first day."""
    return conn.execute("select to_regclass('ops.api_request') is not null").fetchone()[0]
