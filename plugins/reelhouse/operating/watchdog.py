"""`reelhouse watchdog`: end the statements and sessions of people that go on for longer than their role may.

People can unset their own timeouts, and a client that froze in the middle of a COPY is not held by any: this is. It
looks once, or goes on looking with --every SECONDS. Sessions of the pipeline are never touched.
"""

from __future__ import annotations

import argparse
import time

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import Day
from reelhouse.operating import embedded
from reelhouse.settings import read_settings

# role -> seconds that a statement, and a transaction in which nothing happens, may last
BOUNDS = {"reelhouse_analyst": (90, 60), "reelhouse_scientist": (1200, 600), "reelhouse_auditor": (1200, 120)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=float, metavar="SECONDS", help="go on, looking so often; without it, once")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn:
        while True:
            with translated_errors(), connect(dsn, "reelhouse watchdog", autocommit=True) as conn:
                for person, why in end_excess(conn):
                    print(f"ended a session of {person}: {why}", flush=True)
            if not arguments.every:
                return 0
            time.sleep(arguments.every)


def end_excess(conn: psycopg.Connection, bounds: dict[str, tuple[float, float]] | None = None) -> list[tuple[str, str]]:
    """End what exceeds the bounds of its role.

    Gives   person and reason of each session ended
    """
    ended = []
    for role, (statement, idle) in (bounds or BOUNDS).items():
        # Found first and ended one by one: as a condition of the same query, the planner may ask pg_terminate_backend
        # before the others, of everybody.
        found = conn.execute(_EXCESS, {"role": role, "statement": statement, "idle": idle}).fetchall()
        for pid, person, why in found:
            if conn.execute("select pg_terminate_backend(%s)", (pid,)).fetchone()[0]:
                ended.append((person, why))
    return ended


def end_excess_of_people(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """The step of `tidy_warehouse`: a look each night, for where no watchdog goes on looking.

    Gives   sessions ended, and why
    """
    return {"sessions_ended": [f"{person}: {why}" for person, why in end_excess(conn)]}


_EXCESS = """
select
    pid,
    usename,
    case
        when state = 'active'
            then format('a statement for %%s s', extract(epoch from clock_timestamp() - query_start)::integer)
        else format('nothing in a transaction for %%s s',
                    extract(epoch from clock_timestamp() - state_change)::integer)
    end
from pg_stat_activity
inner join pg_auth_members on usesysid = member
inner join pg_roles on roleid = pg_roles.oid
where
    datname = current_database()
    and rolname = %(role)s
    and pid <> pg_backend_pid()
    and (
        (state in ('active', 'fastpath function call')
            and clock_timestamp() - query_start > make_interval(secs => %(statement)s))
        or (state like 'idle in transaction%%'
            and clock_timestamp() - state_change > make_interval(secs => %(idle)s))
    )
"""
