"""The audit as its keepers see it: verified, listed, and its end carried out of the database each day."""

from __future__ import annotations

import csv
from pathlib import Path

import psycopg

HEADS = "audit_heads.csv"


def verify(conn: psycopg.Connection, heads: Path | None = None) -> list[tuple[int, str]]:
    """What is not as it was written: entry and problem.

    Takes   heads  exported ends of the chain; a file that is not there is not compared with
    """
    problems = conn.execute("select entry_id, problem from audit.verify()").fetchall()
    if heads and heads.is_file():
        with heads.open(newline="") as file:
            for entry, digest in csv.reader(file):
                row = conn.execute(
                    "select encode(hash, 'hex') from audit.entry where entry_id = %s", (entry,)
                ).fetchone()
                if int(entry) and (row is None or row[0] != digest):
                    problems.append((int(entry), f"is not the one that was exported to {heads}"))
    return problems


def export_head(conn: psycopg.Connection, path: Path) -> dict[str, object]:
    """Add the end of the chain to a file outside the database, unless it is its last line already."""
    entry, digest = conn.execute("select entry_id, encode(hash, 'hex') from audit.head").fetchone()
    line = f"{entry},{digest}\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.is_file() or not path.read_text().endswith(line):
        with path.open("a") as file:
            file.write(line)
    return {"audit_entry": entry, "audit_hash": digest}


def entries(conn: psycopg.Connection, most: int, person: str | None = None) -> list[tuple]:
    """The newest entries: number, batch, when, who, what, where, rows, reason, statement."""
    return conn.execute(
        "select entry_id, batch, to_char(logged_at, 'YYYY-MM-DD HH24:MI:SS'), person, operation, target, row_count,"
        " reason, left(statement, 80) from audit.entry where %(person)s::text is null or person = %(person)s"
        " order by entry_id desc limit %(most)s",
        {"person": person, "most": most},
    ).fetchall()
