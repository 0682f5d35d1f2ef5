"""Whose turn it is to stage: of runs at once, one after the other has its files in staging."""

from __future__ import annotations

from collections.abc import Callable

import psycopg


def take_turn(conn: psycopg.Connection, run_id: str, is_at_work: Callable[[str], bool]) -> str | None:
    """Have staging for a run, until it has ended.

    Takes   is_at_work  whether a run goes on still
    Gives   None when it has its turn, else the run that has it
    Reruns  who has its turn keeps it
    """
    row = conn.execute("select run_id from ops.staging_turn").fetchone()
    holder = row and row[0]
    if holder not in (None, run_id) and is_at_work(holder):
        return holder
    # Where another run has come first meanwhile, nothing is written.
    taken = conn.execute(
        "insert into ops.staging_turn as turn (run_id) values (%(run)s)"
        " on conflict (is_only) do update set run_id = excluded.run_id,"
        " taken_at = case when turn.run_id = excluded.run_id then turn.taken_at else excluded.taken_at end"
        " where turn.run_id in (%(former)s, excluded.run_id) returning run_id",
        {"run": run_id, "former": holder},
    ).fetchone()
    return None if taken else conn.execute("select run_id from ops.staging_turn").fetchone()[0]
