"""Evidence: how much speaks for a source row and an IMDb title being the same work.

Pure functions of a batch: columns in, columns out, no database. Each feature is one thing seen in a pair,
each term the weighted features of one family, and a score the sum of its terms: log odds against "this row
has no IMDb title". Weights stand in weights.toml, each family with its reason.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from reelhouse.matching.keys import hard_numbers, later_numbers

Column = np.ndarray
Terms = dict[str, Column]

SERIES_TYPES = frozenset({"tvSeries", "tvMiniSeries"})
SHORT_TYPES = frozenset({"short", "tvShort"})
# IMDb calls a work of up to 40 minutes a short; an unknown runtime says nothing.
SHORT_MIN = 45
# Spellings of one name differ by a letter or two in fifteen; two people of one surname are further apart.
SAME_NAME = 0.84
# Sequels keep a few of a cast; this share of the shorter list, and four at least, is the same cast.
MOST_CAST = 0.7
# Shorter surnames (Kim, Chen) are shared by too many.
LEAST_SURNAME = 5
# Before its first season by that much, a series is an older one of the name, or another.
MOST_YEARS_BEFORE = 2
# A year that is further off is a reissue's, another cut's or another film's.
MOST_YEARS_FILM = 2
# A minute is rounding.
SAME_MINUTES = 1
# Longer than most episodes are.
FEATURE_MIN = 75
# Votes from which a title is known to hundreds and to thousands.
FAME_STEPS = (100, 1000)
# Rarest shared name on fewer titles than this adds weight; beyond, a shared name is worth its bare hit.
BUSY_PERSON = 100


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of a row beside every name of its candidate.

    pair         index of the pair
    source       folded title of the row
    source_key   its join key
    imdb         folded name of the title
    imdb_key     its join key
    is_aka       whether IMDb has the name only among the akas
    title_count  IMDb titles that have this key
    """

    pair: Column
    source: Sequence[str]
    source_key: Sequence[str]
    imdb: Sequence[str]
    imdb_key: Sequence[str]
    is_aka: Column
    title_count: Column


@dataclass(frozen=True, slots=True)
class Pairs:
    """A batch of candidate pairs, one entry a pair in every column; unknown numbers are NaN, unknown texts empty.

    Years are numbers; `directors` and `genres` are joined by "|"; `rarest` is the number of IMDb titles of the
    rarest shared name, NaN when no name is shared.
    """

    found_by: Column
    is_series: Column
    imdb_type: Column
    year: Column
    link_year: Column
    start_year: Column
    end_year: Column
    season_count: Column
    runtime_min: Column
    imdb_runtime_min: Column
    directors: Sequence[str]
    imdb_directors: Sequence[str]
    cast_count: Column
    imdb_cast_count: Column
    shared_directors: Column
    shared_cast: Column
    shared_otherwise: Column
    rarest: Column
    votes: Column
    genres: Sequence[str]
    imdb_genres: Sequence[str]


@dataclass(frozen=True, slots=True)
class Titles:
    """The best of a pair's names, one entry a pair.

    similarity        share of letters the join keys have in common
    overlap           the same of the words, where one title may have more of them
    is_equal          equal join keys
    is_aka            the best name is an aka
    numbers_differ    Jaws and Jaws 2
    numbers_conflict  Jaws 2 and Jaws 3
    title_count       IMDb titles that have the best key
    best              index into the names
    """

    similarity: Column
    overlap: Column
    is_equal: Column
    is_aka: Column
    numbers_differ: Column
    numbers_conflict: Column
    title_count: Column
    best: Column


def weigh(pairs: Pairs, titles: Titles, weights: Mapping[str, float]) -> tuple[Terms, Column]:
    """Terms of each pair by family, and their sum."""
    terms: Terms = {}
    for name, column in features(pairs, titles).items():
        family = name.partition(".")[0]
        terms[family] = terms.get(family, 0.0) + weights[name] * column
    # Rounded before they are added, so that the kept terms add up to the kept score.
    terms = {family: np.round(column, 4) for family, column in terms.items()}
    # One after the other and rounded: the sum of a pair is the same to the last bit, whichever pairs are beside it.
    score = np.zeros(len(pairs.found_by))
    for column in terms.values():
        score += column
    return terms, np.round(score, 4)


@cache
def read_weights() -> tuple[dict[str, float], str]:
    """Weights by feature, and their version."""
    document = tomllib.loads((Path(__file__).parent / "weights.toml").read_text())
    families = document["weights"]
    weights = {f"{family}.{name}": value for family, values in families.items() for name, value in values.items()}
    return weights, document["version"]


def compare_names(names: Names, pair_count: int) -> Titles:
    """Find the best name of each pair: an equal key before a similar one, IMDb's own name before an aka.

    Every pair has at least one row of names, and rows stand in the order of their pairs.
    """
    similarity = process.cpdist(names.source_key, names.imdb_key, scorer=Indel.normalized_similarity, dtype=np.float32)
    overlap = process.cpdist(names.source, names.imdb, scorer=fuzz.token_set_ratio, dtype=np.float32) / 100
    is_equal = similarity >= 1
    numbers = {name: hard_numbers(name) for name in {*names.source, *names.imdb}}
    ours = [numbers[name] for name in names.source]
    theirs = [numbers[name] for name in names.imdb]
    differ = ~is_equal & np.array(
        [later_numbers(one) != later_numbers(other) for one, other in zip(ours, theirs, strict=True)], dtype=bool
    )
    conflict = differ & np.array([bool(one and other) for one, other in zip(ours, theirs, strict=True)], dtype=bool)
    # The same words with another number are another work, so such a name is the best one only for want of others.
    rank = 4.0 * is_equal + 2.0 * similarity + overlap - 0.8 * differ - 0.001 * names.is_aka
    order = np.lexsort((rank, names.pair))
    last = np.flatnonzero(np.diff(names.pair[order], append=-1))
    best = order[last]
    if len(best) != pair_count:
        raise ValueError(f"names: expected some for each of {pair_count} pairs, found them for {len(best)}")
    return Titles(
        similarity=similarity[best],
        overlap=overlap[best],
        is_equal=is_equal[best],
        is_aka=names.is_aka[best],
        numbers_differ=differ[best],
        numbers_conflict=conflict[best],
        title_count=names.title_count[best],
        best=best,
    )


def features(pairs: Pairs, titles: Titles) -> dict[str, Column]:
    """What is seen in each pair, by `family.feature`."""
    return {
        "prior.row": np.ones(len(pairs.found_by)),
        **_title_features(pairs, titles),
        **_year_features(pairs, titles),
        **_type_features(pairs),
        **_runtime_features(pairs),
        **_people_features(pairs),
        **_unlisted_features(pairs, titles),
        **_genre_features(pairs),
        **_fame_features(pairs),
    }


def _title_features(pairs: Pairs, titles: Titles) -> dict[str, Column]:
    equal = titles.is_equal
    part = ~equal & (pairs.found_by == "title part")
    rest = ~equal & ~part
    return {
        "title.equal": equal,
        "title.equal_aka": equal & titles.is_aka,
        # Each tenfold of titles that share the name.
        "title.common": equal * np.log10(np.maximum(titles.title_count, 1)),
        "title.part": part,
        "title.near": rest & (titles.similarity >= 0.9),
        "title.like": rest & (titles.similarity >= 0.75) & (titles.similarity < 0.9),
        "title.contained": rest & (titles.similarity < 0.75) & (titles.overlap >= 0.95),
        "title.distant": rest & (titles.similarity < 0.5) & (titles.overlap < 0.95),
        # In a name that has nothing in common a number says nothing: it is another language's name.
        "title.numbers_differ": titles.numbers_differ & ~titles.numbers_conflict & (titles.similarity >= 0.5),
        "title.numbers_conflict": titles.numbers_conflict & (titles.similarity >= 0.5),
    }


def _year_features(pairs: Pairs, titles: Titles) -> dict[str, Column]:
    as_series = pairs.is_series & np.isin(pairs.imdb_type, list(SERIES_TYPES))
    gap = pairs.year - pairs.start_year
    linked_gap = pairs.link_year - pairs.start_year
    gap = np.where(np.abs(linked_gap) < np.abs(gap), linked_gap, gap)
    film, far = ~as_series, np.abs(gap)
    # A catalogue gives the year of the latest season; a season may come out a year after IMDb's last.
    over = np.nan_to_num(pairs.year - (pairs.end_year + 1), nan=0.0) > 0
    running = as_series & (gap >= 1) & ~over
    # A season a year, and breaks: four seasons may lie eight years after the first, one season hardly ever.
    long = gap > 2 * np.nan_to_num(pairs.season_count, nan=1.0) + 2
    return {
        "year.same": film & (gap == 0),
        "year.next": film & (far == 1),
        "year.near": film & (far == 2),
        "year.far": film & (far > MOST_YEARS_FILM) & (far <= 5),
        "year.other": film & (far > 5),
        # A catalogue may give the year of its own copy. Nobody makes a film twice that is as long to the minute.
        "year.reissued": film
        & (far > MOST_YEARS_FILM)
        & titles.is_equal
        & (pairs.shared_directors > 0)
        & (_minutes_apart(pairs) <= SAME_MINUTES),
        "year.first_season": as_series & (gap == 0),
        "year.running": running & ~long,
        "year.long_running": running & long,
        "year.over": as_series & over,
        "year.before": as_series & (gap == -1),
        "year.long_before": as_series & (gap < -1) & (gap >= -MOST_YEARS_BEFORE),
        "year.ages_before": as_series & (gap < -MOST_YEARS_BEFORE),
    }


def _type_features(pairs: Pairs) -> dict[str, Column]:
    imdb_series = np.isin(pairs.imdb_type, list(SERIES_TYPES))
    is_long = np.nan_to_num(pairs.runtime_min, nan=0.0) > SHORT_MIN
    return {
        "type.film_as_series": ~pairs.is_series & imdb_series,
        "type.series_as_film": pairs.is_series & ~imdb_series,
        # IMDb's files may call a series a film, without a year or with the length of an episode.
        "type.seasons_as_feature": pairs.is_series
        & ~imdb_series
        & (pairs.season_count > 1)
        & (pairs.imdb_runtime_min > FEATURE_MIN)
        & ~np.isnan(pairs.start_year),
        "type.long_as_short": ~pairs.is_series & is_long & np.isin(pairs.imdb_type, list(SHORT_TYPES)),
    }


def _runtime_features(pairs: Pairs) -> dict[str, Column]:
    apart = _minutes_apart(pairs)
    return {
        "runtime.same": apart <= SAME_MINUTES,
        "runtime.near": (apart > SAME_MINUTES) & (apart <= 5),
        "runtime.far": (apart > 10) & (apart <= 20),
        "runtime.other": apart > 20,
    }


def _minutes_apart(pairs: Pairs) -> Column:
    """Between the runtimes of two films; of a series it is an episode's."""
    both_films = ~pairs.is_series & ~np.isin(pairs.imdb_type, list(SERIES_TYPES))
    return np.where(both_films, np.abs(pairs.runtime_min - pairs.imdb_runtime_min), np.nan)


def _people_features(pairs: Pairs) -> dict[str, Column]:
    same_director = pairs.shared_directors > 0
    both = np.array(
        [bool(ours and theirs) for ours, theirs in zip(pairs.directors, pairs.imdb_directors, strict=True)], dtype=bool
    )
    alike = np.zeros(len(both), dtype=bool)
    open_pairs = np.flatnonzero(both & ~same_director)
    if len(open_pairs):
        alike[open_pairs] = _names_alike(pairs, open_pairs)
    return {
        "director.same": same_director,
        "director.alike": alike,
        "director.other": both & ~same_director & ~alike,
        **_cast_features(pairs),
        "people.otherwise": pairs.shared_otherwise > 0,
        "people.rare": np.log10(BUSY_PERSON / np.clip(np.nan_to_num(pairs.rarest, nan=BUSY_PERSON), 1, BUSY_PERSON)),
    }


def _cast_features(pairs: Pairs) -> dict[str, Column]:
    comparable = np.minimum(pairs.cast_count, pairs.imdb_cast_count)
    most = (pairs.shared_cast >= 4) & (pairs.shared_cast >= MOST_CAST * comparable)
    none = pairs.shared_cast == 0
    # A cartoon has other voices in every country.
    dubbed = np.array(
        [
            "Animation" in genre_set(one) or "Animation" in genre_set(other)
            for one, other in zip(pairs.genres, pairs.imdb_genres, strict=True)
        ],
        dtype=bool,
    )
    return {
        "cast.one": pairs.shared_cast == 1,
        "cast.two": pairs.shared_cast == 2,
        "cast.several": (pairs.shared_cast >= 3) & ~most,
        "cast.most": most,
        "cast.none_of_few": none & (comparable >= 1) & (comparable < 4),
        "cast.none_of_many": none & (comparable >= 4) & ~dubbed,
    }


def _unlisted_features(pairs: Pairs, titles: Titles) -> dict[str, Column]:
    """Films whose people the row names while IMDb names nobody; of series it does so too often to mean anything."""
    ours, theirs = (
        np.array([bool(names) for names in directors], dtype=bool)
        for directors in (pairs.directors, pairs.imdb_directors)
    )
    named = ours | (pairs.cast_count > 0)
    unlisted = ~pairs.is_series & named & ~theirs & (pairs.imdb_cast_count == 0) & (titles.title_count > 1)
    is_same = (pairs.year == pairs.start_year) & (_minutes_apart(pairs) <= SAME_MINUTES)
    return {"people.unlisted": unlisted & ~is_same, "people.unlisted_same": unlisted & is_same}


def _names_alike(pairs: Pairs, rows: Column) -> Column:
    ours = [pairs.directors[row].replace("|", " ") for row in rows]
    theirs = [pairs.imdb_directors[row].replace("|", " ") for row in rows]
    by_word = process.cpdist(ours, theirs, scorer=fuzz.token_set_ratio, dtype=np.float32) / 100
    by_letter = process.cpdist(
        [name.replace(" ", "") for name in ours],
        [name.replace(" ", "") for name in theirs],
        scorer=Indel.normalized_similarity,
        dtype=np.float32,
    )
    same_surname = np.array(
        [not surnames(pairs.directors[row]).isdisjoint(surnames(pairs.imdb_directors[row])) for row in rows.tolist()],
        dtype=bool,
    )
    return (np.maximum(by_word, by_letter) >= SAME_NAME) | same_surname


@cache
def surnames(names: str) -> frozenset[str]:
    """Long enough last words of a "|" list of folded names: Bob Radler is credited as Robert Radler.

    >>> sorted(surnames("jaime p habac jr|ang lee"))
    ['habac']
    """
    last = (name.removesuffix(" jr").rpartition(" ")[2] for name in names.split("|"))
    return frozenset(word for word in last if len(word) >= LEAST_SURNAME)


# What a source's category says in IMDb's genres. Words, not whole names: sources have "Horror Movies", "TV Horror".
_GENRE_WORDS = (
    (re.compile(r"documentar|docuseries|science & nature", re.I), "Documentary"),
    (re.compile(r"stand-up|comed", re.I), "Comedy"),
    (re.compile(r"drama", re.I), "Drama"),
    (re.compile(r"horror", re.I), "Horror"),
    (re.compile(r"thriller|suspense", re.I), "Thriller"),
    (re.compile(r"roman", re.I), "Romance"),
    (re.compile(r"action", re.I), "Action"),
    (re.compile(r"adventure", re.I), "Adventure"),
    (re.compile(r"sci-fi|science fiction", re.I), "Sci-Fi"),
    (re.compile(r"fantasy", re.I), "Fantasy"),
    (re.compile(r"anim", re.I), "Animation"),
    (re.compile(r"child|kids|family", re.I), "Family"),
    (re.compile(r"music", re.I), "Music"),
    (re.compile(r"crime", re.I), "Crime"),
    (re.compile(r"myster", re.I), "Mystery"),
    (re.compile(r"sport", re.I), "Sport"),
    (re.compile(r"reality", re.I), "Reality-TV"),
    (re.compile(r"western", re.I), "Western"),
    (re.compile(r"\bwar\b", re.I), "War"),
)
# What one side calls a children's programme is a cartoon to the other.
_FOR_CHILDREN = frozenset({"Family", "Animation"})


@cache
def genre_set(genres: str) -> frozenset[str]:
    """IMDb's genres that a "|" list of categories speaks of.

    >>> sorted(genre_set("TV Horror|Kids' TV|International TV Shows"))
    ['Family', 'Horror']
    """
    return frozenset(genre for pattern, genre in _GENRE_WORDS if pattern.search(genres))


def _genre_features(pairs: Pairs) -> dict[str, Column]:
    shared, differ, documentary = (np.zeros(len(pairs.found_by), dtype=bool) for _ in range(3))
    for row, (ours, theirs) in enumerate(zip(pairs.genres, pairs.imdb_genres, strict=True)):
        mine, other = genre_set(ours), genre_set(theirs)
        if mine and other:
            shared[row] = not mine.isdisjoint(other) or mine | other >= _FOR_CHILDREN
            differ[row] = not shared[row]
            documentary[row] = ("Documentary" in mine) != ("Documentary" in other)
    return {"genre.shared": shared, "genre.differ": differ, "genre.documentary": documentary}


def _fame_features(pairs: Pairs) -> dict[str, Column]:
    """Votes in coarse steps, so that a day's votes do not move a decision."""
    return {
        "fame.unrated": np.isnan(pairs.votes),
        "fame.hundreds": (pairs.votes >= FAME_STEPS[0]) & (pairs.votes < FAME_STEPS[1]),
        "fame.thousands": pairs.votes >= FAME_STEPS[1],
    }


def fame(votes: int | None) -> int | None:
    """The step of fame: of titles on the same step the evidence is the same, however many votes each has.

    >>> fame(None), fame(5), fame(99), fame(100), fame(1_000_000)
    (None, 0, 0, 1, 2)
    """
    return None if votes is None else sum(votes >= step for step in FAME_STEPS)


def least_votes(votes: float) -> int:
    """The votes that a title has at least, as far as they count: 0 without a rating, 1 below the first step.

    >>> least_votes(float("nan")), least_votes(5), least_votes(100), least_votes(1_000_000)
    (0, 1, 100, 1000)
    """
    return 0 if np.isnan(votes) else (1, *FAME_STEPS)[fame(int(votes))]
