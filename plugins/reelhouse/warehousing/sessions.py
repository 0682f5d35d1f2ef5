"""Statements that do not wait for each other, in two sessions of the server at once.

One session uses one core; a build of IMDb's size has work for two. Each job is a transaction of its own: what it has
done is seen by those that need it, and by nobody else, because whoever starts the jobs holds the lock of their layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from reelhouse.database import connect

SESSIONS = 2


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    needs  names of the jobs that must be done before it
    does   called with the session that does it, in a transaction; gives a number of rows
    """

    name: str
    needs: frozenset[str]
    does: Callable[[psycopg.Connection], int]


@contextmanager
def sessions_beside(conn: psycopg.Connection) -> Iterator[list[psycopg.Connection]]:
    """Further sessions of the same server and database, with the rights that `conn` has at this moment."""
    dsn = make_conninfo(conn.info.dsn, password=conn.info.password or None)
    (user, role) = conn.execute("select session_user, current_setting('role')").fetchone()
    opened: list[psycopg.Connection] = []
    try:
        for _ in range(SESSIONS):
            beside = connect(dsn, conn.info.parameter_status("application_name") or "reelhouse", autocommit=True)
            opened.append(beside)
            # What keeps others away is a lock, not what a transaction has seen.
            beside.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
            if user != conn.info.user:
                beside.execute("select set_config('session_authorization', %s, false)", (user,))
            if role != "none":
                beside.execute("select set_config('role', %s, false)", (role,))
        yield opened
    finally:
        for beside in opened:
            beside.close()


def run_jobs(sessions: Sequence[psycopg.Connection], jobs: Sequence[Job]) -> dict[str, int]:
    """Do each job as soon as those it needs are done, the first of the list first.

    Takes   jobs  each after those that it needs
    Gives   what each gave, in the order of the list
    Raises  what the first job that failed has raised; the others are cancelled, and none is begun any more
    """
    waiting, done = list(jobs), {}
    idle, running = list(sessions), {}
    with ThreadPoolExecutor(len(sessions), "job") as pool:
        try:
            while waiting or running:
                for job in [job for job in waiting if job.needs <= done.keys()][: len(idle)]:
                    waiting.remove(job)
                    session = idle.pop(0)
                    running[pool.submit(_do, job, session)] = (job, session)
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    job, session = running.pop(future)
                    idle.append(session)
                    done[job.name] = future.result()
        except BaseException:
            _give_up(running)
            raise
    return {job.name: done[job.name] for job in jobs}


def _do(job: Job, session: psycopg.Connection) -> int:
    with session.transaction():
        return job.does(session)


def _give_up(running: dict[Future, tuple[Job, psycopg.Connection]]) -> None:
    """End what still runs. Between two statements a session hears no cancelling, so it is told until it has ended."""
    while running:
        for _, session in running.values():
            # A server that is away ends it by itself, and is not the reason to tell of.
            with suppress(psycopg.Error):
                session.cancel()
        finished, _ = wait(running, timeout=0.2)
        for future in finished:
            del running[future]
