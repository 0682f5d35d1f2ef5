"""What a day came out as: counts, the account of each file, match rates, checks, and a few sample answers.

Everything is asked by files of include/sql/8_questions, so that anybody can ask the same again.
"""

from __future__ import annotations

import psycopg

from reelhouse.database import run_file
from reelhouse.day import Day

Rows = list[dict[str, object]]

# part of the summary <- question
PARTS = {
    "tables": "rows_by_table",
    "files": "rows_by_file",
    "match_rates": "match_rate_by_source",
    "checks": "checks_of_newest_load",
}
# heading for display <- question
SAMPLE_ANSWERS = {
    "Horror films on Netflix after 2016 that over 70 % of critics liked": "horror_films_critics_liked",
    "Films that critics and audience disagree on most": "critics_against_audience",
    "Best on Netflix by weighted IMDb score": "best_on_netflix",
}
ANSWER_ROWS = 5


def summarize(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Gather the figures of what readers see now.

    Gives   load_id, published_day, and tables, recommendations, files, match_rates, checks, answers
    Reruns  reads only, in one snapshot
    """
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        parts = {name: ask(conn, day, question) for name, question in PARTS.items()}
        answers = {heading: ask(conn, day, question, ANSWER_ROWS) for heading, question in SAMPLE_ANSWERS.items()}
        published = conn.execute(
            "select load_id, batch_date from warehouse.publication where part = 'warehouse'"
        ).fetchone()
    tables = {row["table_name"]: row["table_rows"] for row in parts["tables"]}
    return {
        "load_id": published[0] if published else None,
        "published_day": published[1].isoformat() if published else None,
        "tables": tables,
        "recommendations": tables["fact_recommendation"],
        "files": parts["files"],
        "match_rates": parts["match_rates"],
        "checks": [row for row in parts["checks"] if row["rows_found"]],
        "checks_passed": sum(1 for row in parts["checks"] if not row["rows_found"]),
        "answers": answers,
    }


def ask(conn: psycopg.Connection, day: Day, question: str, limit: int | None = None) -> Rows:
    """Rows of one question of include/sql/8_questions, as dictionaries.

    Takes   limit  rows wanted; all of them without
    """
    cursor = run_file(conn, day.settings.sql / "8_questions" / f"{question}.sql")
    names = [column.name for column in cursor.description]
    rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
    return [dict(zip(names, row, strict=True)) for row in rows]
