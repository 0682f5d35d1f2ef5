"""Candidates: which IMDb titles each row of the catalogues and of Rotten Tomatoes may be.

Three joins, strictest first: equal title keys; shared rare people; keys that begin alike in a near year,
kept when they are similar. A pair keeps the first rule that found it. Adult titles are never candidates,
and a Rotten Tomatoes row, always a film, never meets a series.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import psycopg
from psycopg import sql
from rapidfuzz import process
from rapidfuzz.distance import Indel

from reelhouse import staging
from reelhouse.database import identifiers, lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.matching.keys import (
    fold_name,
    fold_title,
    link_title,
    link_year,
    person_key,
    stated_year,
    title_forms,
    title_key,
    undated,
)
from reelhouse.warehousing import loads

# Above this many titles a key ("love") names nothing by itself: the pair also needs a near year.
HOT_KEY = 100
# Names with more titles are either homonyms or so busy that sharing them says little; the title finds those.
COMMON_PERSON = 150
# Four letters equal; three gave 2.4 times the pairs to compare and no further true one on the labels.
PREFIX_LENGTH = 4
# Share of common letters. No link of the band match that only the prefix found had less than 0.8.
PREFIX_SIMILARITY = 0.75
BATCH = 50_000
# Staging keeps no others; said again here because a candidate of another type would be a wrong link.
CANDIDATE_TYPES = frozenset({"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"})

FILLED = (
    "imdb_title_name", "imdb_title_key", "imdb_person_name", "source_title", "source_title_key", "source_person",
    "imdb_title_person", "candidate_pair",
)  # fmt: skip


# Candidates are a hundredth of IMDb, found by key: what else is planned as reading and sorting all of IMDb took ten
# times the CPU. Of the first letters of a title the planner knows nothing, and would sort all titles by them.
PLANNING = ("set local random_page_cost = 1.1", "set local enable_mergejoin = off")


def find_candidates(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fold every title and name of staging and find the candidate pairs.

    Gives   pairs by rule, and per source the rows without any
    Raises  OutOfStep when staging holds other files than the load, Locked when another run is here
    Reruns  same staging: same rows; all or nothing
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    with conn.transaction():
        plan_by_keys(conn)
        staging.share_staging(conn, load.load_id)
        lock_layer(conn, writes="candidates")
        lock_layer(conn, writes="matching")
        conn.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(map(_table, FILLED))))
        fold_staging(conn, day)
        figures = join_candidates(conn, day)
        set_layer(conn, "candidates", load.load_id)
        # The decisions still speak of the keys that were just replaced.
        conn.execute("update ops.layer set load_id = null where layer = 'matching'")
    return {"load_id": load.load_id, **figures}


def plan_by_keys(conn: psycopg.Connection) -> None:
    """Have the planner look rows up by key for the rest of the transaction."""
    for setting in PLANNING:
        conn.execute(setting)


def fold_staging(conn: psycopg.Connection, day: Day) -> None:
    """Fill the key tables from staging."""
    day.tell("folding IMDb titles", 0.0)
    _fold(conn, _IMDB_NAMES, _imdb_names, {"imdb_title_name": 5, "imdb_title_key": 3})
    day.tell("folding IMDb people", 0.3)
    _fold(conn, _IMDB_PEOPLE, _imdb_people, {"imdb_person_name": 3})
    day.tell("folding the catalogues", 0.6)
    for query in _SOURCES:
        _fold(conn, query, _source_rows, {"source_title": 13, "source_title_key": 4, "source_person": 7})
    conn.execute("analyze " + ", ".join(f"matching.{table}" for table in FILLED[:-2]))


def join_candidates(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fill matching.candidate_pair by the three rules."""
    folder = day.settings.sql / "2_matching"
    day.tell("candidates by title", 0.7)
    run_file(conn, folder / "candidates_by_title.sql", hot_key=HOT_KEY)
    day.tell("candidates by people", 0.8)
    run_file(conn, folder / "imdb_title_person.sql")
    conn.execute("analyze matching.imdb_title_person")
    run_file(conn, folder / "candidates_by_people.sql", common_person=COMMON_PERSON)
    conn.execute("analyze matching.candidate_pair")
    day.tell("candidates by prefix", 0.9)
    _add_prefix_pairs(conn, (folder / "prefix_pairs.sql").read_text())
    conn.execute("analyze matching.candidate_pair")
    rows = conn.execute("select found_by, count(*) from matching.candidate_pair group by found_by").fetchall()
    figures: dict[str, object] = {"candidates": dict(sorted(rows)), "candidate_count": sum(count for _, count in rows)}
    hot = conn.execute((folder / "hot_keys.sql").read_text(), {"hot_key": HOT_KEY, "common_person": COMMON_PERSON})
    return figures | dict(zip(("hot_title_keys", "common_person_keys"), hot.fetchone(), strict=True))


def _add_prefix_pairs(conn: psycopg.Connection, query: str) -> None:
    for batch in _batches(conn, query, {"prefix_length": PREFIX_LENGTH}):
        sources, ids, numbers, source_keys, imdb_keys = zip(*batch, strict=True)
        similar = process.cpdist(source_keys, imdb_keys, scorer=Indel.normalized_similarity, dtype=np.float32)
        kept = np.flatnonzero(similar >= PREFIX_SIMILARITY)
        # One title may be alike by several names.
        pairs = dict.fromkeys((sources[row], ids[row], numbers[row], "title prefix") for row in kept)
        _insert_new_pairs(conn, pairs)


def _insert_new_pairs(conn: psycopg.Connection, pairs: Iterable[tuple]) -> None:
    columns = list(zip(*pairs, strict=True))
    if columns:
        conn.execute(
            "insert into matching.candidate_pair (source, source_id, imdb_title_number, found_by)"
            " select * from unnest(%s::text[], %s::text[], %s::integer[], %s::text[]) on conflict do nothing",
            [list(column) for column in columns],
        )


_IMDB_NAMES = """
    select
        title.imdb_title_number, title.is_adult, title.title_type, title.primary_title, title.original_title,
        (select array_agg(aka.title order by aka.aka_order) from staging.imdb_akas as aka
         where aka.imdb_title_number = title.imdb_title_number) as akas
    from staging.imdb_titles as title
"""
_IMDB_PEOPLE = "select imdb_person_number, person_name from staging.imdb_people"
_CATALOGUE = """
    select
        '{source}', source_id, kind, title, release_year, runtime_min, season_count, description, directors,
        '{{}}'::text[], actors
    from staging.{source}_titles
"""
_ROTTEN_TOMATOES = """
    select
        'rotten_tomatoes', source_id, 'movie', title,
        extract(year from coalesce(release_date, streaming_date))::smallint, runtime_min, null::smallint, synopsis,
        directors, writers, actors
    from staging.rotten_tomatoes_movies
"""
# Not its imdb_id, which is sometimes wrong and may be looked at only to see how often ours agree with it.
_JUSTWATCH = """
    select
        'justwatch', title.source_id, title.kind, title.title, title.release_year, title.runtime_min,
        title.season_count, title.description, coalesce(credit.directors, '{}'), '{}'::text[],
        coalesce(credit.actors, '{}')
    from staging.justwatch_titles as title
    left join (
        select
            source_id,
            array_agg(person_name order by line_number) filter (where role = 'director') as directors,
            array_agg(person_name order by line_number) filter (where role = 'actor') as actors
        from staging.justwatch_credits
        group by source_id
    ) as credit on title.source_id = credit.source_id
"""
_SOURCES = (
    *(_CATALOGUE.format(source=source) for source in ("netflix", "amazon", "disney", "hulu")),
    _ROTTEN_TOMATOES,
    _JUSTWATCH,
)


def _imdb_names(rows: Sequence[tuple]) -> tuple[list[tuple], list[tuple]]:
    """Rows of imdb_title_name and imdb_title_key."""
    names: list[tuple] = []
    keys: list[tuple] = []
    for number, is_adult, title_type, primary, original, akas in rows:
        title_keys: dict[str, bool] = {}
        folds: set[str] = set()
        spelled = [("primary", primary), ("original", original), *(("aka", aka) for aka in akas or ())]
        for kind, name in spelled:
            if not name:
                continue
            forms = title_forms(name)
            if forms.folded not in folds:
                folds.add(forms.folded)
                names.append((number, kind, name, forms.folded, title_key(forms.base)))
                _collect_keys(title_keys, forms.folded, forms.base, forms.part_folds)
        if not is_adult and title_type in CANDIDATE_TYPES:
            keys += [(key, number, is_part) for key, is_part in title_keys.items()]
    return names, keys


def _imdb_people(rows: Sequence[tuple]) -> tuple[list[tuple]]:
    folds = [(number, fold_name(name)) for number, name in rows]
    return ([(number, folded, person_key(folded)) for number, folded in folds],)


def _source_rows(rows: Sequence[tuple]) -> tuple[list[tuple], list[tuple], list[tuple]]:
    """Rows of source_title, source_title_key and source_person."""
    titles: list[tuple] = []
    keys: list[tuple] = []
    people: list[tuple] = []
    for source, source_id, kind, title, year, runtime, seasons, description, *lists in rows:
        forms = title_forms(title)
        title_keys: dict[str, bool] = {}
        _collect_keys(title_keys, forms.folded, forms.base, forms.part_folds)
        is_linked = source == "rotten_tomatoes"
        title_keys[title_key(undated(forms.base, year))] = False
        link = link_title(source_id) if is_linked else ""
        if link:
            title_keys[title_key(link)] = False
        digest = hashlib.sha256(fold_title(description).encode()).hexdigest() if description else None
        titles.append((
            source, source_id, kind, title, forms.folded, forms.base, title_key(forms.base), link or None, year,
            (link_year(source_id) if is_linked else None) or stated_year(title), runtime, seasons, digest,
        ))  # fmt: skip
        keys += [(source, source_id, key, is_part) for key, is_part in title_keys.items()]
        for role, names in zip(("director", "writer", "cast"), lists, strict=True):
            people += _people(source, source_id, role, names)
    return titles, keys, people


def _people(source: str, source_id: str, role: str, names: Sequence[str]) -> Iterator[tuple]:
    seen: set[str] = set()
    for order, name in enumerate(names, start=1):
        folded = fold_name(name)
        if folded not in seen:
            seen.add(folded)
            yield source, source_id, role, order, name, folded, person_key(folded)


def _collect_keys(title_keys: dict[str, bool], folded: str, base: str, part_folds: Sequence[str]) -> None:
    """Add keys with whether they are only a part's; a whole name's key is never called a part's."""
    title_keys[title_key(folded)] = False
    title_keys[title_key(base)] = False
    for part in part_folds:
        title_keys.setdefault(title_key(part), True)


def _fold(conn: psycopg.Connection, query: str, fold, widths: dict[str, int]) -> None:
    """Stream a query's rows through `fold` and copy what comes out into the tables it is for."""
    for batch in _batches(conn, query):
        for (table, width), rows in zip(widths.items(), fold(batch), strict=True):
            columns = _FOLDED_COLUMNS[table][:width]
            statement = sql.SQL("copy {} ({}) from stdin").format(_table(table), identifiers(columns))
            with conn.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)


_FOLDED_COLUMNS = {
    "imdb_title_name": ("imdb_title_number", "name_kind", "name", "folded_title", "title_key"),
    "imdb_title_key": ("title_key", "imdb_title_number", "is_part"),
    "imdb_person_name": ("imdb_person_number", "folded_name", "person_key"),
    "source_title": (
        "source", "source_id", "kind", "title", "folded_title", "base_title", "title_key", "link_title",
        "release_year", "link_year", "runtime_min", "season_count", "description_sha256",
    ),
    "source_title_key": ("source", "source_id", "title_key", "is_part"),
    "source_person": ("source", "source_id", "role", "billing_order", "person_name", "folded_name", "person_key"),
}  # fmt: skip


def _batches(conn: psycopg.Connection, query: str, parameters: dict | None = None) -> Iterator[list[tuple]]:
    """Rows of a query in batches, through a cursor of the server, so that memory stays bounded."""
    with conn.cursor("rows_to_fold") as cursor:
        cursor.execute(query, parameters)
        while batch := cursor.fetchmany(BATCH):
            yield batch


def _table(name: str) -> sql.Composed:
    return sql.SQL("matching.{}").format(sql.Identifier(name))
