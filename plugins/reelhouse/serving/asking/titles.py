"""Titles: lists, search, type-ahead, one with everything, its evidence and its past."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from psycopg import sql

from reelhouse.matching.keys import fold_name
from reelhouse.serving.models import (
    AsOf,
    Evidence,
    EvidenceOfRow,
    History,
    Recommended,
    Scores,
    Sentence,
    Stay,
    Title,
    TitleCard,
)
from reelhouse.serving.problems import NotUnderstood
from reelhouse.serving.reading import Snapshot, require, where
from reelhouse.warehousing.naming import search_name

KINDS = ("movie", "series", "short", "special")
# sort -> column of warehouse.title_search
SORTS = {"popularity": "vote_count", "rating": "weighted_of_10", "year": "release_year"}
SHOWN_SUGGESTIONS = 5
# Names that begin alike are looked through by fame up to so many; a beginning that few of them have is rare enough to
# be looked up as it is.
LOOKED_THROUGH = 3000
# Names of titles with so many votes have an index of their own: what was mistyped is most likely one of them.
KNOWN_VOTES = 1000
# Sorts after every letter that may follow the beginning of a name.
LAST_LETTER = "\U0010ffff"

CARD_COLUMNS = """
    coalesce(titles.imdb_title_id, titles.title_key::text) as id,
    titles.title_key,
    titles.title,
    titles.original_title,
    titles.kind as movie_type,
    titles.release_year as start_year,
    titles.end_year,
    titles.runtime_min as runtime,
    titles.genres,
    titles.certification,
    titles.least_age,
    titles.imdb_rating_of_10 as avg_rating,
    titles.imdb_vote_count as num_votes,
    titles.critics_pct,
    titles.critics_count,
    titles.audience_pct,
    titles.audience_count,
    titles.platforms
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """What titles are asked for; None asks nothing.

    person    name of somebody in it
    platform  whose catalogue has it
    """

    kind: str | None = None
    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    platform: str | None = None
    person: str | None = None
    min_votes: int = 0
    min_imdb: float | None = None
    min_critics: int | None = None
    min_audience: int | None = None
    max_age: int | None = None
    values: dict[str, object] = field(default_factory=dict)

    def conditions(self) -> list[str]:
        """Conditions on warehouse.title_search, whose values are put into `values`."""
        asked = {
            "kind": (self.kind, "title_search.kind = %(kind)s"),
            "year_from": (self.year_from, "title_search.release_year >= %(year_from)s"),
            "year_to": (self.year_to, "title_search.release_year <= %(year_to)s"),
            "platform": (self.platform, "%(platform)s = any (title_search.platforms)"),
            "min_votes": (self.min_votes or None, "title_search.vote_count >= %(min_votes)s"),
            "min_imdb": (self.min_imdb, "title_search.rating_of_10 >= %(min_imdb)s"),
            "min_critics": (self.min_critics, "title_search.critics_pct >= %(min_critics)s"),
            "min_audience": (self.min_audience, "title_search.audience_pct >= %(min_audience)s"),
            # Unknown is not safe: a null age fulfils no limit.
            "max_age": (self.max_age, "title_search.least_age <= %(max_age)s"),
        }
        found = []
        for name, (value, condition) in asked.items():
            if value is not None:
                self.values[name] = value
                found.append(condition)
        if self.genres:
            self.values["genres"] = [genre.strip().casefold() for genre in self.genres]
            found.append("%(genres)s <@ array(select lower(genre) from unnest(title_search.genres) as genre)::text[]")
        if self.person:
            self.values["person"] = fold_name(self.person)
            found.append(
                "title_search.title_key in (select title_key from warehouse.bridge_title_person_role"
                " inner join warehouse.dim_person using (person_key)"
                ' where dim_person.folded_name collate "C" = %(person)s)'
            )
        return found


def cards(seen: Snapshot, title_keys: Sequence[int]) -> list[TitleCard]:
    """Titles as lists show them, in the order of their keys."""
    return [TitleCard(**row) for row in card_rows(seen, title_keys)]


def card_rows(seen: Snapshot, title_keys: Sequence[int]) -> list[dict]:
    if not title_keys:
        return []
    # Each key by itself: the view's score is looked up for a title, not for all and then left out.
    return seen.rows(
        f"select {CARD_COLUMNS} from unnest(%(keys)s::bigint[]) with ordinality as asked (title_key, place)"
        " inner join mart.titles on asked.title_key = titles.title_key order by asked.place",
        {"keys": list(title_keys)},
    )


def listing(
    seen: Snapshot,
    filters: Filters,
    sort: str = "popularity",
    is_descending: bool = True,
    limit: int = 10,
    offset: int = 0,
) -> list[TitleCard]:
    """A page of titles, sorted; titles that do not have what is sorted by come last."""
    column, order = SORTS[sort], "desc" if is_descending else "asc"
    query = sql.SQL("select title_key from warehouse.title_search {where} order by {column} {order} nulls last,"
                    " title_key limit %(limit)s offset %(offset)s").format(
        where=where(filters.conditions()), column=sql.Identifier(column), order=sql.SQL(order)
    )  # fmt: skip
    rows = seen.rows(query, {**filters.values, "limit": limit, "offset": offset})
    return cards(seen, [row["title_key"] for row in rows])


def require_genres(seen: Snapshot, genres: Sequence[str]) -> None:
    """See that words are genres: of a mistyped one there are no titles, which would be no answer.

    Raises  NotUnderstood with the genres that resemble it, or all
    """
    rows = seen.rows("select genre from warehouse.dim_genre where genre_kind = 'genre' order by genre")
    known = {row["genre"].casefold(): row["genre"] for row in rows}
    for genre in genres:
        word = genre.strip().casefold()
        if word not in known:
            near = difflib.get_close_matches(word, known, SHOWN_SUGGESTIONS) or list(known)
            raise NotUnderstood(f"There is no genre {genre!r}.", [known[each] for each in near])


def search(seen: Snapshot, query: str, filters: Filters, limit: int = 10, offset: int = 0) -> list[TitleCard]:
    """Titles by name, the closest first and of those the best known; a slip of the fingers is forgiven."""
    keys = find_keys(seen, query, filters, limit, offset)
    return cards(seen, keys)


def find_keys(seen: Snapshot, query: str, filters: Filters, limit: int, offset: int = 0) -> list[int]:
    """Keys of the titles whose name is, begins with, contains or resembles what is asked.

    The closest come first, so the next kind of likeness, each dearer than the one before, is looked for only when
    those before do not fill what is asked. Slips of the fingers are looked for among known names, and among all only
    when nothing else is found.
    """
    name = search_name(query)
    if not name:
        return []
    words = [word for word in name.split() if len(word) > 2] or [name]
    values: dict[str, object] = {"name": name, "after": name + LAST_LETTER, "most": limit + offset}
    values |= {f"word{place}": f"%{escape_like(word)}%" for place, word in enumerate(words)}
    # Each word by itself: these an index of trigrams can look up, an array of them it cannot.
    contains = " and ".join(f"search_name like %(word{place})s" for place in range(len(words)))
    resembles = "search_name %% %(name)s"
    closeness = "trunc(max(similarity(search_name, %(name)s))::numeric, 1)"
    found: dict[int, None] = {}
    for likeness, order in (
        # Not `like`: a prepared plan does not know that its pattern has a beginning.
        ("search_name >= %(name)s and search_name < %(after)s", "bool_or(search_name = %(name)s)"),
        (contains, "max(0)"),
        (f"{resembles} and title_name.vote_count >= {KNOWN_VOTES}", closeness),
        (resembles, closeness),
    ):
        if len(found) >= limit + offset or (found and likeness == resembles):
            break
        found.update(dict.fromkeys(_named(seen, likeness, order, filters, values)))
    return list(found)[offset : offset + limit]


def _named(seen: Snapshot, likeness: str, order: str, filters: Filters, values: dict[str, object]) -> list[int]:
    """Titles of which a name is like that, and that pass the filters."""
    conditions = replace(filters, min_votes=0).conditions()
    joined = "inner join warehouse.title_search using (title_key)" if conditions else ""
    if filters.min_votes:
        conditions.append("title_name.vote_count >= %(min_votes)s")
    rows = seen.rows(
        f"select title_key from warehouse.title_name {joined} where {' and '.join([likeness, *conditions])}"
        f" group by title_key order by {order} desc, max(title_name.vote_count) desc, title_key limit %(most)s",
        values | filters.values | {"min_votes": filters.min_votes},
    )
    return [row["title_key"] for row in rows]


def escape_like(text: str) -> str:
    r"""
    >>> escape_like("100%_x")
    '100\\%\\_x'
    """
    return re.sub(r"([\\%_])", r"\\\1", text)


def suggest(seen: Snapshot, typed: str, limit: int = 8) -> list[TitleCard]:
    """Titles whose name begins with what was typed so far, the best known first; else those that resemble it."""
    return cards(seen, suggest_keys(seen, typed, limit))


def suggest_keys(seen: Snapshot, typed: str, limit: int = 8) -> list[int]:
    name = search_name(typed)
    if not name:
        return []
    keys = _by_fame(seen, name, limit)
    if len(keys) < limit and len(name) > 3:
        keys += [key for key in _beginning(seen, name, limit) if key not in keys]
    if not keys and len(name) > 3:
        keys = _resembling(seen, name, limit)
    return keys[:limit]


def _by_fame(seen: Snapshot, name: str, limit: int) -> list[int]:
    """The best known of those that begin so, found in the order of an index of the first letters."""
    letters = min(len(name), 3)
    rows = seen.rows(
        "with known as materialized (select title_key, search_name, vote_count from warehouse.title_name"
        f" where left(search_name, {letters}) = %(letters)s and vote_count > 0 order by vote_count desc limit %(most)s)"
        " select title_key from known where search_name like %(beginning)s"
        " group by title_key order by max(vote_count) desc, title_key limit %(limit)s",
        {
            "letters": name[:letters], "most": LOOKED_THROUGH if len(name) > letters else 4 * limit,
            "beginning": f"{escape_like(name)}%", "limit": limit,
        },
    )  # fmt: skip
    return [row["title_key"] for row in rows]


def _beginning(seen: Snapshot, name: str, limit: int) -> list[int]:
    rows = seen.rows(
        "with begun as materialized (select title_key, vote_count from warehouse.title_name"
        " where search_name >= %(name)s and search_name < %(after)s limit %(most)s)"
        " select title_key from begun group by title_key order by max(vote_count) desc, title_key limit %(limit)s",
        {"name": name, "after": name + LAST_LETTER, "most": LOOKED_THROUGH, "limit": limit},
    )
    return [row["title_key"] for row in rows]


def _resembling(seen: Snapshot, name: str, limit: int) -> list[int]:
    rows = seen.rows(
        f"select title_key from warehouse.title_name where search_name %% %(name)s and vote_count >= {KNOWN_VOTES}"
        " group by title_key order by trunc(max(similarity(search_name, %(name)s))::numeric, 1) desc,"
        " max(vote_count) desc, title_key limit %(limit)s",
        {"name": name, "limit": limit},
    )
    return [row["title_key"] for row in rows]


def meant(seen: Snapshot, text: str) -> list[str]:
    """Names of titles that may have been meant by a name or id that is none, for the answer that says so."""
    keys = find_keys(seen, text, Filters(), SHOWN_SUGGESTIONS)
    return [f"{card.title} ({card.start_year or 'no year'}): {card.id}" for card in cards(seen, keys)]


def title_key(seen: Snapshot, title_id: str) -> int:
    """The key of a title that is named by tconst or key; that of the title it became, when it was merged.

    Raises  NotThere
    """
    if title_id.startswith("tt"):
        query = "select title_key from warehouse.dim_title where imdb_title_id = %(id)s or title_key = %(key)s limit 1"
        # tt133093 and tt00133093 are tt0133093 to people.
        number = int(title_id.removeprefix("tt"))
        row = seen.row(query, {"id": f"tt{number:07d}", "key": number if number < 10**12 else -1})
    else:
        row = seen.row(
            "select warehouse.resolve_title(title_key) as title_key from warehouse.dim_title where title_key = %(key)s",
            {"key": int(title_id)},
        )
    return require(row, f"There is no title {title_id}.", _ids_like(seen, title_id) if row is None else ())["title_key"]


def _ids_like(seen: Snapshot, title_id: str) -> list[str]:
    """Titles whose number is nearest: most wrong ids have one wrong digit, or one too few."""
    number = min(int(title_id.removeprefix("tt")), 2**62)
    rows = seen.rows(
        "(select title_key from warehouse.dim_title where title_key < %(key)s order by title_key desc limit 2)"
        " union all (select title_key from warehouse.dim_title where title_key > %(key)s order by title_key limit 2)",
        {"key": number},
    )
    return [f"{card.id}: {card.title}" for card in cards(seen, [row["title_key"] for row in rows])]


def one(seen: Snapshot, title_id: str) -> Title:
    """Everything known of a title."""
    row = seen.row(
        f"""
        select
            {CARD_COLUMNS},
            titles.imdb_title_id as imdb_id,
            titles.netflix_title_ids as netflix_ids,
            titles.rotten_tomatoes_id,
            titles.season_count as seasons,
            titles.countries,
            titles.original_language,
            titles.labels,
            titles.is_adult,
            titles.is_current,
            titles.description,
            titles.synopsis,
            titles.critics_consensus,
            titles.studio,
            titles.imdb_weighted_of_10 as weighted_rating,
            titles.imdb_low_of_10 as rating_low,
            titles.imdb_high_of_10 as rating_high,
            titles.critics_low_pct,
            titles.critics_high_pct,
            titles.audience_low_pct,
            titles.audience_high_pct,
            titles.rating_date,
            titles.sources,
            titles.field_sources
        from mart.titles
        where titles.title_key = %(key)s
        """,
        {"key": title_key(seen, title_id)},
    )
    return Title(**require(row, f"There is no title {title_id}."), load_id=seen.load_id)


def similar(seen: Snapshot, title_id: str, limit: int = 10) -> list[Recommended]:
    """The titles recommended for a title, in the order of the recommendation."""
    rows = seen.rows(
        "select recommended_title_key, rank, score, score_kind, reasons from mart.recommendations"
        " where source_title_key = %(key)s order by rank limit %(limit)s",
        {"key": title_key(seen, title_id), "limit": limit},
    )
    return recommended(seen, rows)


def similar_to_any(seen: Snapshot, title_id: str, limit: int = 10) -> list[Recommended]:
    """The same, and beside a title that stands in no catalogue, for which no list was made, what of them is like it.

    That is looked for at once, which takes some tenths of a second.
    """
    rows = seen.rows(
        "select recommended_title_key, rank, score, score_kind, reasons"
        " from mart.beside_title(%(key)s, %(limit)s) order by rank",
        {"key": title_key(seen, title_id), "limit": limit},
    )
    return recommended(seen, rows)


def recommended(seen: Snapshot, rows: Sequence[dict]) -> list[Recommended]:
    """Rows with recommended_title_key, rank, score, score_kind and reasons, with what lists show of the titles."""
    by_key = {row["title_key"]: row for row in card_rows(seen, [row["recommended_title_key"] for row in rows])}
    names = ("rank", "score", "score_kind", "reasons")
    return [
        Recommended(**by_key[row["recommended_title_key"]], **{name: row[name] for name in names})
        for row in rows
        if row["recommended_title_key"] in by_key
    ]


def history(seen: Snapshot, title_id: str) -> History:
    """How the scores of a title changed, and when which platform had it."""
    key = title_key(seen, title_id)
    scores = seen.rows(
        f"select {SCORES} from warehouse.fact_title_rating where title_key = %(key)s order by rating_date", {"key": key}
    )
    stays = seen.rows(
        "select platform, entered_date, left_date, is_entry_stated from warehouse.fact_availability"
        " inner join warehouse.dim_platform using (platform_key) where title_key = %(key)s"
        " order by entered_date, platform",
        {"key": key},
    )
    return History(
        load_id=seen.load_id,
        id=title_id,
        scores=[Scores(**row) for row in scores],
        stays=[Stay(**row) for row in stays],
    )


SCORES = (
    "rating_date as day, imdb_rating_of_10, imdb_vote_count, critics_pct, critics_count, audience_pct, audience_count"
)


def as_of(seen: Snapshot, title_id: str, day: date) -> AsOf:
    """The scores and platforms of a title as they were on a day."""
    key = title_key(seen, title_id)
    scores = seen.row(
        f"select {SCORES} from warehouse.fact_title_rating where title_key = %(key)s and rating_date <= %(day)s"
        " order by rating_date desc limit 1",
        {"key": key, "day": day},
    )
    platforms = seen.rows(
        "select distinct platform from warehouse.fact_availability inner join warehouse.dim_platform"
        " using (platform_key) where title_key = %(key)s and entered_date <= %(day)s"
        " and coalesce(left_date, 'infinity') > %(day)s order by platform",
        {"key": key, "day": day},
    )
    return AsOf(
        load_id=seen.load_id,
        id=title_id,
        title=seen.value("select title from warehouse.dim_title where title_key = %(key)s", {"key": key}),
        day=day,
        scores=Scores(**scores) if scores else None,
        platforms=[row["platform"] for row in platforms],
    )


def evidence(seen: Snapshot, title_id: str) -> Evidence:
    """Which rows of which sources are this title, and why, in words."""
    rows = seen.rows(
        "select source, source_id, source_title as title, source_kind as kind, source_year as release_year,"
        " match_band as band, match_probability as probability, decided_by from warehouse.bridge_title_source"
        ' where title_key = %(key)s order by source, source_id collate "C"',
        {"key": title_key(seen, title_id)},
    )
    return Evidence(
        load_id=seen.load_id,
        id=title_id,
        rows=[EvidenceOfRow(**row, sentences=_sentences_of(seen, row)) for row in rows],
    )


def _sentences_of(seen: Snapshot, row: dict) -> list[Sentence]:
    """What speaks for a row, as long as it is the one that was matched last: an id may be another title's by then."""
    matched = seen.rows(
        "select title from matching.source_title where (source, source_id) = (%(source)s, %(source_id)s)",
        row,
    )
    if not matched or matched[0]["title"] != row["title"]:
        words = "another edition was matched since; to have the evidence of this one, run its day again, forced"
        return [Sentence(what="other edition", value=None, points=None, words=words)]
    return sentences(seen, row["source"], row["source_id"])


def sentences(seen: Snapshot, source: str, source_id: str) -> list[Sentence]:
    rows = seen.rows(
        "select what, value, points, words from matching.explain(%(source)s, %(source_id)s) order by ordering",
        {"source": source, "source_id": source_id},
    )
    return [Sentence(**row) for row in rows]
