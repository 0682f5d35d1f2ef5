"""Viewers: what they watched, what is recommended to them and why; and titles for several titles or viewers at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import psycopg
from psycopg.types.json import Jsonb
from pydantic_core import to_json

from reelhouse.serving.asking.titles import Filters, card_rows, recommended, title_key
from reelhouse.serving.models import Blended, NewViewing, Recommended, Viewer, ViewerPage, Viewing
from reelhouse.serving.problems import InTheWay, NotThere
from reelhouse.serving.reading import Snapshot, where

NOTHING_WATCHED = "nothing watched yet, so what many like"
NOTHING_LISTED = "nothing new on the own list, so what many like"
# On a viewer's list a second place counts for less than a first, but a tenth not for nothing.
FADING = 10.0


def listing(seen: Snapshot, limit: int, offset: int) -> list[Viewer]:
    rows = seen.rows(
        "select user_key as id, null as name from warehouse.dim_user order by user_key limit %(limit)s"
        " offset %(offset)s",
        {"limit": limit, "offset": offset},
    )
    return [Viewer(**row) for row in rows]


def one(seen: Snapshot, user_id: int) -> ViewerPage:
    """
    Raises  NotThere
    """
    row = seen.row(
        "select user_key as id, null as name, null as birth_year,"
        " (select count(*) from warehouse.fact_viewing where user_key = %(id)s) as viewing_count,"
        " (select count(*) from warehouse.fact_user_rating where user_key = %(id)s) as rating_count"
        " from warehouse.dim_user where user_key = %(id)s",
        {"id": user_id},
    )
    if row is None:
        near = seen.rows(
            "select user_key from warehouse.dim_user order by abs(user_key - %(id)s) limit 3", {"id": user_id}
        )
        raise NotThere(f"There is no viewer {user_id}.", [str(each["user_key"]) for each in near])
    return ViewerPage(**row)


def viewings(seen: Snapshot, user_id: int, limit: int, offset: int = 0) -> list[Viewing]:
    """What a viewer watched, the newest first."""
    one(seen, user_id)
    rows = seen.rows(
        "select coalesce(imdb_title_id, title_key::text) as movie_id, title, viewed_at as watch_date,"
        " viewed_min as watch_duration from warehouse.fact_viewing inner join warehouse.dim_title using (title_key)"
        " where user_key = %(id)s order by viewed_at desc, title_key limit %(limit)s offset %(offset)s",
        {"id": user_id, "limit": limit, "offset": offset},
    )
    return [Viewing(**row) for row in rows]


def unfinished(seen: Snapshot, user_id: int, limit: int = 6) -> list[Viewing]:
    """What a viewer began and did not see to the end, where both lengths are known."""
    rows = seen.rows(
        "select coalesce(imdb_title_id, title_key::text) as movie_id, title, max(viewed_at) as watch_date,"
        " max(viewed_min) as watch_duration from warehouse.fact_viewing inner join warehouse.dim_title"
        " using (title_key) where user_key = %(id)s and kind = 'movie' and runtime_min > 0"
        " group by title_key, imdb_title_id, title, runtime_min having max(viewed_min) < 0.9 * runtime_min"
        " order by max(viewed_at) desc, title_key limit %(limit)s",
        {"id": user_id, "limit": limit},
    )
    return [Viewing(**row) for row in rows]


def recommendations(seen: Snapshot, user_id: int, limit: int = 10) -> list[Recommended]:
    """What is recommended to a viewer; who has no list gets what many like, and the reasons say why."""
    one(seen, user_id)
    watched = _watched(seen, [user_id])
    rows = _listed(seen, "subject_kind = 'user' and is_default and user_key = %(id)s", user_id, watched, limit)
    if not rows:
        rows = _listed(seen, "method = 'popular'", user_id, watched, limit)
        _tell_why(rows, NOTHING_LISTED if watched else NOTHING_WATCHED)
    return recommended(seen, rows)


def _listed(seen: Snapshot, of_list: str, user_id: int, without: Sequence[int], limit: int) -> list[dict]:
    return seen.rows(
        "select recommended_title_key, rank, score, score_kind, reasons from warehouse.fact_recommendation"
        f" inner join warehouse.dim_rec_method using (method_key) where {of_list}"
        " and recommended_title_key <> all(%(without)s) order by rank limit %(limit)s",
        {"id": user_id, "without": without, "limit": limit},
    )


def _tell_why(rows: Sequence[dict], words: str) -> None:
    """Say why these stand in for a list of one's own, before what each is known for; their ranks are those shown."""
    for place, row in enumerate(rows, start=1):
        row["rank"] = place
        row["reasons"] = [part | {"value": f"{words}: {part['value']}"} for part in row["reasons"]]


def _watched(seen: Snapshot, user_ids: Sequence[int]) -> list[int]:
    """What viewers have watched or rated, by the keys that the titles have now."""
    rows = seen.rows(
        "select distinct coalesce(warehouse.resolve_title(merged.title_key), event.title_key) as title_key from ("
        "select title_key from warehouse.fact_viewing where user_key = any(%(ids)s) union all"
        " select title_key from warehouse.fact_user_rating where user_key = any(%(ids)s)) as event"
        " left join warehouse.title_identity as merged"
        " on event.title_key = merged.title_key and merged.merged_into is not null",
        {"ids": list(user_ids)},
    )
    return [row["title_key"] for row in rows]


def for_titles(seen: Snapshot, title_ids: Sequence[str], filters: Filters, limit: int) -> list[Blended]:
    """One list for several titles: what each recommends, by place, added up. None of them is in it.

    Behind comes what stands beside that again: filters may let none of the ten beside a title through.
    """
    keys = [title_key(seen, title_id) for title_id in title_ids]
    listed = (
        "select recommended_title_key, rank, share, source_title_key as subject"
        " from mart.beside_titles(%(subjects)s::bigint[])"
    )
    rows = seen.rows("select title_key, title from warehouse.dim_title where title_key = any(%(keys)s)", {"keys": keys})
    names = {row["title_key"]: row["title"] for row in rows}
    return _blend(seen, listed, names, keys, filters, limit)


def for_group(seen: Snapshot, user_ids: Sequence[int], filters: Filters, limit: int) -> list[Blended]:
    """One list for several viewers: what each is recommended, by place, added up; nothing that one of them knows."""
    for user_id in user_ids:
        one(seen, user_id)
    listed = (
        f"select recommended_title_key, rank, {FADING} / ({FADING} + rank) as share, user_key as subject"
        " from warehouse.fact_recommendation"
        " inner join warehouse.dim_rec_method using (method_key)"
        " where subject_kind = 'user' and is_default and user_key = any(%(subjects)s)"
    )
    names = {user_id: f"viewer {user_id}" for user_id in user_ids}
    return _blend(seen, listed, names, _watched(seen, user_ids), filters, limit)


def _blend(
    seen: Snapshot, listed: str, names: Mapping[int, str], without: Sequence[int], filters: Filters, limit: int
) -> list[Blended]:
    """One list of several.

    Takes   listed  query of lists with their `subject`, of %(subjects)s, and the `share` that a place gives
            names   what each subject is called
    """
    conditions = ["recommended_title_key <> all(%(without)s)", *filters.conditions()]
    rows = seen.rows(
        f"with listed as ({listed})"
        " select recommended_title_key, sum(share) as score,"
        " array_agg(subject order by rank, subject) as subjects from listed inner join warehouse.title_search"
        f" on recommended_title_key = title_key {where(conditions).as_string(seen.conn)}"
        " group by recommended_title_key order by score desc, recommended_title_key limit %(limit)s",
        {**filters.values, "subjects": list(names), "without": list(without), "limit": limit},
    )
    found = card_rows(seen, [row["recommended_title_key"] for row in rows])
    by_key = {row["recommended_title_key"]: row for row in rows}
    return [
        Blended(
            **card,
            rank=place,
            score=round(float(by_key[card["title_key"]]["score"]), 8),
            because_of=[names[key] for key in by_key[card["title_key"]]["subjects"]],
        )
        for place, card in enumerate(found, start=1)
    ]


def add_viewing(
    conn: psycopg.Connection, user_id: int, new: NewViewing, person: str, once: str | None
) -> tuple[dict[str, object], int]:
    """Note that a viewer watched a title.

    Takes   once  what the sender calls this request: sent again, it is answered again and not done again
    Gives   the answer and its status
    Raises  NotThere without such a viewer or title, InTheWay when it is noted already, or `once` was something else
    """
    asked = hashlib.sha256(f"{user_id}\n{new.model_dump_json()}".encode()).hexdigest()
    with conn.transaction():
        if once is not None:
            conn.execute("delete from ops.api_request where answered_at < clock_timestamp() - interval '7 days'")
            # The same request twice at once: the second waits here and finds the first one's answer.
            begun = conn.execute(
                "insert into ops.api_request (person, idempotency_key, request_sha256, status, body)"
                " values (%s, %s, %s, 201, 'null') on conflict do nothing",
                (person, once, asked),
            )
            if begun.rowcount == 0:
                return _former_answer(conn, person, once, asked)
        told = _insert_viewing(conn, user_id, new)
        if once is not None:
            conn.execute(
                "update ops.api_request set body = %s where person = %s and idempotency_key = %s",
                (Jsonb(told), person, once),
            )
    return told, 201


def _former_answer(conn: psycopg.Connection, person: str, once: str, asked: str) -> tuple[dict[str, object], int]:
    digest, body, status = conn.execute(
        "select request_sha256, body, status from ops.api_request where person = %s and idempotency_key = %s",
        (person, once),
    ).fetchone()
    if digest != asked:
        raise InTheWay("Idempotency-Key: expected a new one, found one that was sent with something else.")
    return body, status


def _insert_viewing(conn: psycopg.Connection, user_id: int, new: NewViewing) -> dict[str, object]:
    if not conn.execute("select 1 from warehouse.dim_user where user_key = %s", (user_id,)).fetchone():
        raise NotThere(f"There is no viewer {user_id}.")
    row = conn.execute(
        "select title_key, title, coalesce(imdb_title_id, title_key::text) from warehouse.dim_title"
        # The key of an IMDb title is the number of its tconst, however many zeros stand before it.
        " where title_key = (select warehouse.resolve_title(%s))",
        (int(new.movie_id.removeprefix("tt")),),
    ).fetchone()
    if row is None:
        raise NotThere(f"There is no title {new.movie_id}.")
    done = conn.execute(
        "insert into warehouse.fact_viewing (user_key, title_key, viewed_at, viewed_min, source)"
        " values (%s, %s, %s, %s, 'app') on conflict do nothing",
        (user_id, row[0], new.watch_date, new.watch_duration),
    )
    if done.rowcount == 0:
        raise InTheWay(f"Viewer {user_id} watched {row[1]} at that moment already.")
    viewing = Viewing(movie_id=row[2], title=row[1], watch_date=new.watch_date, watch_duration=new.watch_duration)
    return json.loads(to_json(viewing))
