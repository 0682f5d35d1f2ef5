"""Talking to the warehouse: connections, SQL files, locks, migrations.

Everything goes through psycopg 3 directly: three of the Airflow hook's helpers lose rows silently.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reelhouse.errors import DatabaseAway, Locked, SettingsWrong

log = logging.getLogger(__name__)

LEAST_VERSION = 150000
DISK_FULL = "Its disk is full: free space, then run the step again."
# what the driver says -> what to do; it knows no code for what fails before a session begins
ADVICE = {
    "No space left on device": DISK_FULL,
    "the connection is closed": "It was closed here: open another.",
    "password authentication failed": "Correct user and password in the connection string.",
    "too many connections for role": "This login has as many sessions as it may: close one, then try again.",
}
STREAMED_ROWS = 5000
# How long a migration tries to get its locks, a fifth of a second at a time.
PATIENT_SECONDS = 30.0
# What a bulk step needs and the server's defaults do not give; session settings only, so that nobody
# has to tune a server. jit costs more than it gives on these queries.
SESSION = {
    "timezone": "UTC",
    # Days become text in digests; PGDATESTYLE, a login or a database may have another way to write them.
    "datestyle": "ISO, MDY",
    "jit": "off",
    "work_mem": "256MB",
    "maintenance_work_mem": "512MB",
    "client_min_messages": "warning",
    # A killed client's statement ends within seconds and gives its locks back to the retry.
    "client_connection_check_interval": "5s",
}
# Of migrations that were applied in another form for some hours, which by now comes to the same: the comments of
# sources that stand in 064 stood in 063.
FORMER_DIGESTS = {
    "063_catalogue_rows.sql": "16d7e34f995821eb4e7de3dec52fff610170f3e9d2862f72598eb55e8e01990b",
}


def connect(dsn: str, purpose: str = "reelhouse", **options: object) -> psycopg.Connection:
    """A connection with our session settings; not yet in a transaction.

    Takes   dsn      may name several servers, of which one copies the other: see `to_primary`
            purpose  shown as application_name in pg_stat_activity
    Raises  DatabaseAway when the server does not answer, SettingsWrong when it is older than 15, or for what is no
            connection string
    """
    try:
        dsn = to_primary(dsn)
    except psycopg.ProgrammingError:
        raise SettingsWrong(
            "Connection string: expected one such as 'host=127.0.0.1 dbname=warehouse user=me' or postgresql://…, found"
            " something else."
        ) from None  # whose words hold what was found, which may be a password
    with translated_errors():
        # Said, because PGCLIENTENCODING may say something that has not all letters.
        said = {"application_name": purpose[:63], "connect_timeout": 10, "client_encoding": "UTF8"}
        conn = psycopg.connect(dsn, **said, **options)
    if conn.info.server_version < LEAST_VERSION:
        version = conn.info.server_version // 10000
        conn.close()
        raise SettingsWrong(f"PostgreSQL: expected 15 or newer, found {version}. Point REELHOUSE_WAREHOUSE_DSN at one.")
    was_autocommit, conn.autocommit = conn.autocommit, True
    set_settings(conn, SESSION, for_session=True)
    conn.autocommit = was_autocommit
    return conn


def set_settings(conn: psycopg.Connection, settings: Mapping[str, str], *, for_session: bool = False) -> None:
    """Set settings of the server, until the transaction ends or the session does."""
    for name, value in settings.items():
        conn.execute("select set_config(%s, %s, %s)", (name, value, not for_session))


def to_primary(dsn: str) -> str:
    """The same connection string; of several servers that it names, that one is meant which takes writes.

    So whoever connects again after a standby was promoted finds it, without anybody changing a setting.

    >>> to_primary("host=a,b dbname=films")
    'dbname=films host=a,b target_session_attrs=read-write'
    >>> to_primary("host=a,b target_session_attrs=any"), to_primary("host=a")
    ('host=a,b target_session_attrs=any', 'host=a')
    """
    fields = conninfo_to_dict(dsn)
    named = str(fields.get("host") or fields.get("hostaddr") or "")
    if "," not in named or "target_session_attrs" in fields:
        return dsn
    return make_conninfo(dsn, target_session_attrs="read-write")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's passing errors into ours, so that callers know which to try again."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise Locked(f"Another run is at this step now ({error.diag.message_primary}). Try again later.") from error
    except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure) as error:
        raise Locked(f"Another session was in the way ({error.diag.message_primary}). Try again.") from error
    except (psycopg.errors.QueryCanceled, psycopg.errors.DiskFull, psycopg.errors.OutOfMemory) as error:
        raise DatabaseAway(_given_up(error)) from error
    except (psycopg.OperationalError, psycopg.errors.AdminShutdown) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        advice = next((words for part, words in ADVICE.items() if part in first), "Is it running? Try again.")
        raise DatabaseAway(f"PostgreSQL: expected an answer, found: {first}. {advice}") from error


def _given_up(error: psycopg.Error) -> str:
    """PostgreSQL runs, but gave up a statement: for its time, its disk or its memory."""
    advice = {
        "53100": DISK_FULL,
        "53200": "It has no memory left: lower max_connections or give it more, then run the step again.",
        "57014": "It took longer than it may, or somebody cancelled it. Run the step again.",
    }[error.sqlstate]
    return (
        f"PostgreSQL: expected it to finish the statement, found: {error.diag.message_primary}. "
        f"Nothing of the step stays. {advice}"
    )


def run_file(conn: psycopg.Connection, path: Path, **params: object) -> psycopg.Cursor:
    """Run a file of include/sql as it stands.

    Takes   params  values of its `%(name)s`; a file that has any holds one statement
    Gives   the cursor, with its rows or its row count
    """
    text = path.read_text()
    return conn.execute(text, params or None)


def stream_file(conn: psycopg.Connection, path: Path, **params: object) -> Iterator[tuple]:
    """Rows of a file of include/sql that are too many to be held at once."""
    with conn.transaction(), conn.cursor(name=path.stem) as cursor:
        cursor.itersize = STREAMED_ROWS
        yield from cursor.execute(path.read_text(), params or None)


def lock_layer(conn: psycopg.Connection, writes: str, reads: tuple[str, ...] = ()) -> int | None:
    """Take the row locks of a step until the transaction ends: one layer to write, others to read.

    Gives   the load that the written layer holds now
    Raises  Locked at once when another run is there
    """
    with translated_errors():
        for layer in reads:
            conn.execute("select load_id from ops.layer where layer = %s for share nowait", (layer,))
        row = conn.execute("select load_id from ops.layer where layer = %s for update nowait", (writes,)).fetchone()
    return row[0]


def set_layer(conn: psycopg.Connection, layer: str, load_id: int) -> None:
    """Say which load a layer holds from this transaction on."""
    conn.execute("update ops.layer set load_id = %s where layer = %s", (load_id, layer))


def migrate(dsn: str, sql_folder: Path) -> list[str]:
    """Bring the schema up to date: numbered files once and in order, the mart's views whenever they changed.

    Gives   names of the files applied, none when all was up to date
    Raises  SettingsWrong when an applied numbered file has been edited since; Locked when readers hold a
            table for longer than 30 s of short tries

    Each file is one transaction. Locks are waited for 200 ms at a time, so that readers never queue
    behind a waiting migration.
    """
    applied: list[str] = []
    with connect(dsn, "reelhouse migrate", autocommit=True) as conn:
        _create_ledger(conn)
        _expect_no_newer(conn, sql_folder)
        for path in [*sorted((sql_folder / "0_schema").glob("*.sql")), *sorted((sql_folder / "5_mart").glob("*.sql"))]:
            if _patiently(lambda path=path: _apply(conn, path)):
                applied.append(path.name)
                log.info("migrated %s", path.name)
        if applied:
            _patiently(lambda: _make_roles(conn))
    return applied


def _expect_no_newer(conn: psycopg.Connection, sql_folder: Path) -> None:
    """Older code would make the mart's views as they were, over tables that are not."""
    ours = max((path.name for path in (sql_folder / "0_schema").glob("*.sql")), default="")
    (newest,) = conn.execute("select max(file_name) from ops.migration where file_name ~ '^[0-9]{3}_'").fetchone()
    if newest and ours and newest[:3] > ours[:3]:
        raise SettingsWrong(
            f"{sql_folder}: expected a warehouse of this version or an older one (schema up to {ours[:3]}), found one "
            f"of a newer version ({newest}). Use that version's code, or restore a backup made before the upgrade."
        )


def _make_roles(conn: psycopg.Connection) -> None:
    """Grant the roles what they may do, on what is new too. Not being allowed to is no reason to stop."""
    with conn.transaction():
        conn.execute("set local lock_timeout = '200ms'")
        (said,) = conn.execute("select ops.make_roles()").fetchone()
    if said:
        log.warning("%s", said)


def _create_ledger(conn: psycopg.Connection) -> None:
    with conn.transaction():
        # Two first starts at once: the second waits here and then finds the table.
        conn.execute("select pg_advisory_xact_lock(hashtext('reelhouse.migration'))")
        conn.execute("create schema if not exists ops")
        conn.execute(
            "create table if not exists ops.migration (file_name text primary key, sha256 text not null,"
            " applied_at timestamptz not null default now())"
        )


def _apply(conn: psycopg.Connection, path: Path) -> bool:
    text = path.read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    is_numbered = path.parent.name == "0_schema"
    with conn.transaction():
        conn.execute("lock table ops.migration in share row exclusive mode")
        row = conn.execute("select sha256 from ops.migration where file_name = %s", (path.name,)).fetchone()
        if row and row[0] in (digest, FORMER_DIGESTS.get(path.name)):
            return False
        if row and is_numbered:
            raise SettingsWrong(
                f"{path.name}: expected the text that was applied (sha256 {row[0][:12]}), found {digest[:12]}. "
                "An applied migration is never edited: write the next number."
            )
        conn.execute("set local lock_timeout = '200ms'")
        conn.execute(text)
        conn.execute(
            "insert into ops.migration (file_name, sha256) values (%s, %s)"
            " on conflict (file_name) do update set sha256 = excluded.sha256, applied_at = now()",
            (path.name, digest),
        )
    return True


def _patiently(action):
    """Try `action` again, with jitter, while a lock is not to be had."""
    deadline = time.monotonic() + PATIENT_SECONDS
    while True:
        try:
            with translated_errors():
                return action()
        except Locked:
            if time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.1, 0.5))


@contextmanager
def indexes_made_afterwards(
    conn: psycopg.Connection, table: tuple[str, str], *, only_key: bool = False
) -> Iterator[None]:
    """Leave a table without primary key and indexes meanwhile: sorting all keys at the end is a third cheaper for the
    server than finding the place of each.

    Takes   table     schema and name
            only_key  make only the primary key again; whoever needs another index makes it
    """
    name = sql.Identifier(*table)
    key, definition = conn.execute(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'p'",
        (name.as_string(conn),),
    ).fetchone()
    indexes = conn.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " where indrelid = %s::regclass and not indisprimary order by 1",
        (name.as_string(conn),),
    ).fetchall()
    conn.execute(sql.SQL("alter table {} drop constraint {}").format(name, sql.Identifier(key)))
    for index, _ in indexes:
        conn.execute(sql.SQL("drop index {}").format(sql.SQL(index)))
    yield
    conn.execute(sql.SQL("alter table {} add constraint {} {}").format(name, sql.Identifier(key), sql.SQL(definition)))
    for _, text in () if only_key else indexes:
        conn.execute(text)


def table_columns(conn: psycopg.Connection, schema: str, table: str) -> list[str]:
    """Columns of a table in their order, without those that the server computes."""
    rows = conn.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attgenerated = '' order by attnum",
        (f"{schema}.{table}",),
    ).fetchall()
    return [row[0] for row in rows]


def key_columns(conn: psycopg.Connection, schema: str, table: str) -> list[str]:
    """Columns of a table's primary key, in its order; none when it has no key."""
    rows = conn.execute(
        "select attname from pg_index cross join lateral unnest(indkey) with ordinality as keys (number, place)"
        " inner join pg_attribute on attrelid = indrelid and attnum = keys.number"
        " where indisprimary and indrelid = %s::regclass order by place",
        (f"{schema}.{table}",),
    ).fetchall()
    return [row[0] for row in rows]


def identifiers(names: list[str] | tuple[str, ...]) -> sql.Composed:
    """`a, b, c` as quoted identifiers."""
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
