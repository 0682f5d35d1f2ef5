"""For apps that keep a copy of the catalogue: what has changed since a load, and which title an id of a source is."""

from __future__ import annotations

import psycopg

from reelhouse.serving.asking.titles import cards
from reelhouse.serving.models import Asked, Changed, Found
from reelhouse.serving.problems import InTheWay
from reelhouse.serving.reading import Snapshot


def changes(seen: Snapshot, since: int, after: int, limit: int, begun: int | None) -> Changed:
    """Titles that are not what they were when a load was published, by key; with since 0 all there are.

    Takes   after  the last title_key of the answer before
            begun  its load: that of the first answer
    Raises  InTheWay when the changes since then are not kept any more: start again with since 0
    """
    keys = _all_keys(seen, after, limit) if since == 0 else _changed_keys(seen, since, after, limit)
    there = {
        row["title_key"]
        for row in seen.rows(
            "select title_key from warehouse.title_search where title_key = any(%(keys)s)", {"keys": keys}
        )
    }
    return Changed(
        # Not the load of this answer: it may have changed titles that the walk has passed.
        load_id=begun if after else seen.load_id,
        since=since,
        is_complete=len(keys) < limit,
        after=keys[-1] if keys else None,
        changed=cards(seen, [key for key in keys if key in there]),
        gone=[key for key in keys if key not in there],
    )


def _all_keys(seen: Snapshot, after: int, limit: int) -> list[int]:
    rows = seen.rows(
        "select title_key from warehouse.title_search where title_key > %(after)s order by title_key limit %(limit)s",
        {"after": after, "limit": limit},
    )
    return [row["title_key"] for row in rows]


def _changed_keys(seen: Snapshot, since: int, after: int, limit: int) -> list[int]:
    # An older day that was filled in since adds to history only, which no card tells of.
    if since == seen.load_id:
        return []
    try:
        filled = seen.rows(
            # The first lists of recommendations fill a table too, of which no card tells.
            "select 1 from mart.publishings where part = 'warehouse' and filled_tables <> '{}' and publishing_id >"
            " (select max(publishing_id) from mart.publishings where load_id = %(since)s)",
            {"since": since},
        )
        rows = seen.rows(
            "select distinct title_key from mart.changes_since(%(since)s) where title_key > %(after)s"
            " order by title_key limit %(limit)s",
            {"since": since, "after": after, "limit": limit},
        )
    except psycopg.errors.NoDataFound as error:
        raise InTheWay(f"Load {since}: its changes are not kept. Start again with since=0.") from error
    if filled:
        raise InTheWay(f"Load {since}: tables were filled since, not changed row by row. Start again with since=0.")
    return [row["title_key"] for row in rows]


def look_up(seen: Snapshot, asked: Asked) -> Found:
    """Which title each id of a source is."""
    imdb = seen.rows(
        "select imdb_title_id as id, title_key from warehouse.dim_title where imdb_title_id = any(%(ids)s)",
        {"ids": asked.imdb},
    )
    rotten, justwatch = (
        seen.rows(
            "select given as id, title_key from unnest(%(ids)s::text[]) as given inner join mart.title_ids"
            " on source = %(source)s and source_id = regexp_replace(given, '^m/', '')",
            {"source": source, "ids": ids},
        )
        for source, ids in (("rotten_tomatoes", asked.rotten_tomatoes), ("justwatch", asked.justwatch))
    )
    found = [{row["id"]: row["title_key"] for row in rows} for rows in (imdb, rotten, justwatch)]
    return Found(load_id=seen.load_id, imdb=found[0], rotten_tomatoes=found[1], justwatch=found[2])
