"""A held load: what speaks against it, what it would publish, and the answer of a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg

from reelhouse import loads
from reelhouse.database import run_file
from reelhouse.errors import SettingsWrong
from reelhouse.warehousing import differences

APPROVE, REJECT = "approve", "reject"
IN_AIRFLOW, IN_SHELL, BY_TIMEOUT = "airflow", "shell", "timeout"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of change that a publish would make, with the first examples in words."""

    what: str
    rows: int
    examples: list[str]


@dataclass(frozen=True, slots=True)
class Hold:
    """A load that waits for a person.

    reasons  what speaks against it
    tables   rows that it would insert, update and delete, by table
    kinds    the same in the words of the trade
    digest   of what it would publish: an approval is good for exactly this
    """

    load_id: int
    part: str
    batch_date: date
    reasons: list[str]
    tables: dict[str, dict[str, int]]
    kinds: list[Kind]
    digest: str


def read_hold(conn: psycopg.Connection, sql_folder: Path, load_id: int) -> Hold | None:
    """What a person has to know about a load; None when it does not wait."""
    row = conn.execute(
        "select part, batch_date, state, coalesce(state_reason, ''), figures from ops.load where load_id = %s",
        (load_id,),
    ).fetchone()
    if row is None or row[2] != "held":
        return None
    part, batch_date, _, reason, figures = row
    difference = differences.waiting_difference(conn, load_id)
    kinds: list[Kind] = []
    if difference is not None:
        path = sql_folder / "3_warehouse" / "difference_summary.sql"
        kinds = [Kind(*found) for found in run_file(conn, path, publishing_id=difference.publishing_id)]
    return Hold(
        load_id,
        part,
        batch_date,
        figures.get("held_because") or [reason],
        difference.tables if difference else {},
        kinds,
        difference.digest if difference else figures.get("digest", ""),
    )


def waiting_loads(conn: psycopg.Connection) -> list[int]:
    """The loads that wait for a person, newest first."""
    return [row[0] for row in conn.execute("select load_id from ops.load where state = 'held' order by load_id desc")]


def found_instead(conn: psycopg.Connection, load_id: int) -> str:
    """What a load is that does not wait: `failed: replaced by load 5`."""
    row = conn.execute("select concat_ws(': ', state, state_reason) from ops.load where load_id = %s", (load_id,))
    return (row.fetchone() or ("none",))[0]


def answer(conn: psycopg.Connection, hold: Hold, verdict: str, reason: str, by: str, where: str) -> bool:
    """Record what a person has decided: the load may be published, or readers keep what they have.

    Gives   False when the load was answered already: the first answer holds
    Raises  SettingsWrong without a reason, or when what it would publish is not what was shown
    """
    if not reason.strip():
        raise SettingsWrong(f"load {hold.load_id}: expected a reason, found nothing. Say why.")
    with conn.transaction():
        (state,) = conn.execute("select state from ops.load where load_id = %s for update", (hold.load_id,)).fetchone()
        if state != "held":
            return False
        waiting = differences.waiting_difference(conn, hold.load_id)
        if waiting is not None and waiting.digest != hold.digest:
            raise SettingsWrong(
                f"load {hold.load_id}: expected what was shown (digest {hold.digest}), found other differences: it was "
                "checked again meanwhile. Look at it again."
            )
        conn.execute(
            "insert into ops.hold_decision (load_id, verdict, objections, digest, reason, decided_by, decided_in)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            (hold.load_id, verdict, hold.reasons, hold.digest, reason.strip(), by, where),
        )
        if verdict == APPROVE:
            loads.set_state(conn, hold.load_id, "checked")
        else:
            rejected = "rejected" if where == BY_TIMEOUT else f"rejected by {by}"
            loads.set_state(conn, hold.load_id, "failed", f"{rejected}: {reason.strip()}")
    return True


def last_answer(conn: psycopg.Connection, load_id: int) -> tuple[str, str, str] | None:
    """What people answered last about a load: verdict, reason, who."""
    return conn.execute(
        "select verdict, reason, decided_by from ops.hold_decision where load_id = %s"
        " order by decision_id desc limit 1",
        (load_id,),
    ).fetchone()


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def escaped(text: str) -> str:
    """A title of somebody's file must not become part of the page."""
    for sign in "\\`*_{}[]<>|#":
        text = text.replace(sign, f"\\{sign}" if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return in_one_line(text)


def describe(hold: Hold, words: Callable[[str], str] = escaped) -> str:
    """The hold in Markdown: reasons, numbers, difference.

    Takes   words  how what files say is written; `in_one_line` where a person reads the Markdown itself
    """
    lines = [f"**Readers keep what they have** until somebody approves load {hold.load_id} of {hold.batch_date}.", ""]
    lines += ["What speaks against it:", "", *(f"- {words(reason)}" for reason in hold.reasons), ""]
    if hold.kinds:
        lines += ["What it would publish:", "", "| change | rows | first |", "|---|---:|---|"]
        lines += [f"| {kind.what} | {kind.rows:,} | {words('; '.join(kind.examples))} |" for kind in hold.kinds]
        lines.append("")
    if hold.tables:
        lines += ["| table | inserted | updated | deleted |", "|---|---:|---:|---:|"]
        lines += [
            f"| {table} | {rows['inserted']:,} | {rows['updated']:,} | {rows['deleted']:,} |"
            for table, rows in hold.tables.items()
        ]
        lines.append("")
    elif hold.part == "warehouse":
        lines += ["It would change no row.", ""]
    return "\n".join(lines)
