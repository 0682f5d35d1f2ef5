"""For apps that keep a copy of the catalogue: what has changed since a load, and which title an id of a source is."""

from __future__ import annotations

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
    return [
        row["title_key"]
        for row in seen.rows(
            CHANGED_TITLES, {"publishings": _published_since(seen, since), "after": after, "limit": limit}
        )
    ]


def _published_since(seen: Snapshot, since: int) -> list[int]:
    """The changes of the warehouse after a load. Lists of recommendations, of which no card tells, change ten times as
    many rows with each edition of a catalogue.

    Raises  InTheWay when they cannot be told row by row
    """
    found = seen.rows(
        "select publishing_id, is_kept, part = 'warehouse' as is_told, filled_tables <> '{}' as is_filled,"
        " max(publishing_id) filter (where load_id = %(since)s) over () as begun from mart.publishings"
        " order by publishing_id",
        {"since": since},
    )
    begun = found[0]["begun"] if found else None
    later = [row for row in found if begun is not None and row["publishing_id"] > begun]
    if begun is None or not all(row["is_kept"] for row in later):
        raise InTheWay(f"Load {since}: its changes are not kept. Start again with since=0.")
    told = [row for row in later if row["is_told"]]
    if any(row["is_filled"] for row in told):
        raise InTheWay(f"Load {since}: tables were filled since, not changed row by row. Start again with since=0.")
    return [row["publishing_id"] for row in told]


# What a row was and is need be compared only where it changed more than once: it may be again what it was.
CHANGED_TITLES = """
    with

    touched as (
        select
            max(title_key) as title_key,
            table_name,
            row_key,
            min(publishing_id) as first_id,
            max(publishing_id) as last_id
        from mart.row_changes
        where publishing_id = any(%(publishings)s::bigint[]) and title_key > %(after)s
        group by table_name, row_key
    )

    select distinct touched.title_key
    from touched
    where
        touched.first_id = touched.last_id
        or (
            select row_changes.before
            from mart.row_changes
            where (publishing_id, table_name, row_key) = (touched.first_id, touched.table_name, touched.row_key)
        ) is distinct from (
            select row_changes.after
            from mart.row_changes
            where (publishing_id, table_name, row_key) = (touched.last_id, touched.table_name, touched.row_key)
        )
    order by touched.title_key
    limit %(limit)s
"""


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
