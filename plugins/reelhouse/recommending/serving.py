"""One viewer's list, fresh within a second or two of a viewing, without a full refresh."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from reelhouse.errors import QueryWrong
from reelhouse.recommending import methods, modelling, viewers
from reelhouse.recommending.events import read_events


def record_viewing(
    conn: psycopg.Connection,
    sql_folder: Path,
    user_key: int,
    title_key: int,
    viewed_at: datetime | None = None,
    viewed_min: int | None = None,
    rating_of_5: float | None = None,
) -> dict[str, object]:
    """Note what a viewer watched, or rated, and make the viewer's list anew, in one transaction.

    Takes   viewed_at    now by default
            rating_of_5  the viewer rated the title instead of telling a viewing
    Gives   user_key, rows_changed
    Raises  QueryWrong when there is no such title or the numbers cannot be
    Reruns  the same viewing at the same moment changes nothing
    """
    moment = viewed_at or datetime.now(UTC)
    try:
        with conn.transaction():
            conn.execute(
                "insert into warehouse.dim_user (user_key, source, is_synthetic) values (%s, 'app', false)"
                " on conflict (user_key) do nothing",
                (user_key,),
            )
            if rating_of_5 is None:
                conn.execute(
                    "insert into warehouse.fact_viewing values (%s, %s, %s, %s, 'app') on conflict do nothing",
                    (user_key, title_key, moment, viewed_min),
                )
            else:
                conn.execute(
                    "insert into warehouse.fact_user_rating values (%s, %s, %s, %s, 'app')"
                    " on conflict (user_key, title_key) do update set rating_of_5 = excluded.rating_of_5,"
                    " rated_at = excluded.rated_at, source = 'app'",
                    (user_key, title_key, rating_of_5, moment),
                )
            return refresh_viewer(conn, sql_folder, user_key)
    except (psycopg.errors.ForeignKeyViolation, psycopg.errors.CheckViolation, psycopg.DataError) as error:
        raise QueryWrong(
            "Viewing: expected a viewer above 0, a title of the warehouse, minutes of 0 or more, half a star to five,"
            f" found viewer {user_key}, title {title_key}, {viewed_min} min, rating {rating_of_5}."
        ) from error


def refresh_viewer(conn: psycopg.Connection, sql_folder: Path, user_key: int) -> dict[str, object]:
    """Make one viewer's list anew from the published model: the same list that a full refresh would make.

    Gives   user_key, rows_changed
    Raises  OutOfStep when recommendations were never published
    Reruns  an unchanged list is left alone
    """
    with conn.transaction():
        # Two viewings at once: the second one waits and then sees the first.
        conn.execute("select pg_advisory_xact_lock(hashtext('reelhouse.viewer'), hashtext(%s))", (str(user_key),))
        model, load_id = modelling.read_model(conn)
        events = read_events(conn, sql_folder, user_key)
        rows = [methods.row_of(methods.BLEND, place) for place in viewers.recommend(model, events, [user_key])]
        if not len(events.user):
            rows = []
        changed = _replace_list(conn, user_key, rows, load_id)
    return {"user_key": user_key, "rows_changed": changed}


def _replace_list(conn: psycopg.Connection, user_key: int, rows: list[methods.Row], load_id: int) -> int:
    same = ("rank", "recommended_title_key", "score_kind", "score_raw", "is_cold", "reasons")
    kept = conn.execute(
        f"select {', '.join(same)} from warehouse.fact_recommendation where method_key = %s and user_key = %s"
        " order by rank",
        (methods.BLEND, user_key),
    ).fetchall()
    made = [
        (row.rank, row.recommended_title_key, row.score_kind, row.score_raw, row.is_cold, json.loads(row.reasons))
        for row in rows
    ]
    if kept == made:
        return 0
    columns = (
        "method_key, source_title_key, user_key, subject_key, rank, recommended_title_key, score, score_kind,"
        " score_raw, is_cold, reasons, load_id"
    )
    conn.execute(
        f"insert into warehouse.hist_recommendation ({columns}, replaced_at, replaced_by_load_id)"
        f" select {columns}, clock_timestamp(), %s from warehouse.fact_recommendation"
        " where method_key = %s and user_key = %s",
        (load_id, methods.BLEND, user_key),
    )
    deleted = conn.execute(
        "delete from warehouse.fact_recommendation where method_key = %s and user_key = %s", (methods.BLEND, user_key)
    ).rowcount
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into warehouse.fact_recommendation (method_key, source_title_key, user_key, rank,"
            " recommended_title_key, score, score_kind, score_raw, is_cold, reasons, load_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [(*row, load_id) for row in rows],
        )
    return deleted + len(rows)
