"""What titles are compared by, and how alike two of them are: pure functions of the catalogue.

The score of a target j for a source i is a sum, so that every part of it can be shown as a reason:

    score(i, j) = content(i, j) + prior(i) * (.4 popularity(j) + .25 quality(j) + .35 nearness(i, j))
    content(i, j) = sum over fields f of weight(f) * cosine(f, i, j) / sum of all weights

    prior(i) = PRIOR * fame(i) ** 2, a fifth of PRIOR at least

Who asks for a famous title wants famous ones; beside little-known ones fame would only show everybody the same. With
viewers' likes, what the same viewers liked is a further part of the sum (together.py).

The divisor is the sum of *all* weights: dividing by those of the fields a title happens to have would give
a title with one matching genre a perfect score.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import log, log1p

import numpy as np
from scipy import sparse

from reelhouse.recommending.stop_words import ENGLISH

Token = tuple[str, str]  # (what is compared, what is shown to a reader)

# Measured on co-liked films, then rounded. A blurb of one sentence adds next to nothing once fields exist;
# it stays as the only signal where cast and director are missing.
WEIGHTS: Mapping[str, float] = {
    "genre": 1.0,
    "category": 0.25,
    "cast": 2.0,
    "director": 0.5,
    "title word": 1.0,
    "year": 1.0,
    "country": 0.1,
    "description": 0.05,
}
# Measured on co-liked films too, and on how much of the catalogue is still shown (docs/recommendations.md).
PRIOR, LEAST_PRIOR_SHARE = 1.0, 0.2
POPULARITY, QUALITY, NEARNESS = 0.4, 0.25, 0.35
UNKNOWN_NEARNESS = 0.5
CAST_BILLED = 10
# A title that has none of these fields cannot be compared.
COMPARED = ("genre", "category", "cast", "director", "description")

# Four overlapping spans of twelve years, one beginning every three: films of the same three years share all
# four, films nine years apart one, so that the cosine falls step by step with the distance.
YEAR_STEP, YEAR_SPANS = 3, 4
# A word in more than this share of the descriptions says nothing about any of them. Nor does one of many titles: it put
# Black Panther beside Black Mirror.
COMMON_SHARE, COMMON_LEAST = {"description": 0.05, "title word": 0.002}, 20

_WORD = re.compile(r"\w+")
_NOT_DESCRIPTIVE = ENGLISH | {
    "movie", "film", "series", "show", "season", "part", "volume", "vol", "chapter", "episode", "vs"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Title:
    """One title of the catalogue, as far as likeness goes.

    least_age       youngest age it is certified for; None is unknown, which is never "for all"
    weighted_of_10  IMDb average drawn towards the middle where votes are few
    fields          (token, label) pairs of genre, category, cast, director, country
    """

    title_key: int
    title: str
    folded_title: str
    kind: str
    release_year: int | None
    least_age: int | None
    is_adult: bool
    vote_count: int | None
    weighted_of_10: float | None
    description: str | None
    fields: Mapping[str, tuple[Token, ...]]


@dataclass(frozen=True, slots=True)
class Features:
    """The catalogue as numbers. Row r is titles[r]; titles stand by title_key, so nothing depends on input order.

    matrix      titles x tokens; the product of two rows is their content score
    columns     (field, label) of each column
    popularity  0 to 1, by IMDb votes; 0 without any
    quality     0 to 1, by weighted rating; the mean of the others without one
    fame        logarithm of votes as a share of the largest; nan without votes
    is_bare     too few fields to compare: no genre, category, person or description
    tie_rank    place in the fixed order (votes, title_key) that decides between equal scores
    weight      of the prior beside the most famous title; 0 compares by content alone
    together    titles x titles: how alike they are by the viewers who like them; None without viewers
    """

    titles: tuple[Title, ...]
    matrix: sparse.csr_matrix
    columns: tuple[tuple[str, str], ...]
    popularity: np.ndarray
    quality: np.ndarray
    fame: np.ndarray
    is_bare: np.ndarray
    tie_rank: np.ndarray
    weight: float = PRIOR
    together: sparse.csr_matrix | None = None

    @property
    def prior(self) -> np.ndarray:
        """What a target brings along whatever the source, before the source's weight."""
        return POPULARITY * self.popularity + QUALITY * self.quality

    def weight_of(self, sources: np.ndarray) -> np.ndarray:
        """What the prior weighs beside some titles."""
        return self.weight * np.maximum(LEAST_PRIOR_SHARE, np.nan_to_num(self.fame[sources]) ** 2)


def features_of(titles: Iterable[Title]) -> Features:
    """Compare-ready numbers of a catalogue."""
    ordered = tuple(sorted(titles, key=lambda title: title.title_key))
    blocks = []
    is_bare = np.ones(len(ordered), dtype=bool)
    # Field by field: the tokens of all fields of 100,000 titles together take 100 MB.
    for name in WEIGHTS:
        tokens = [tokens_of(title, name) for title in ordered]
        blocks.append(_block(name, tokens))
        if name in COMPARED:
            is_bare &= np.fromiter((not row for row in tokens), dtype=bool, count=len(tokens))
    popularity, quality, fame = _standing(ordered)
    votes = np.array([title.vote_count or 0 for title in ordered], dtype=np.int64)
    tie_rank = np.empty(len(ordered), dtype=np.int64)
    tie_rank[np.lexsort((np.arange(len(ordered)), -votes))] = np.arange(len(ordered))
    return Features(
        titles=ordered,
        matrix=sparse.hstack([block for block, _ in blocks], format="csr"),
        columns=tuple(column for _, columns in blocks for column in columns),
        popularity=popularity,
        quality=quality,
        fame=fame,
        is_bare=is_bare,
        tie_rank=tie_rank,
    )


def tokens_of(title: Title, field: str) -> tuple[Token, ...]:
    """One field of a title as (token, label) pairs without repeats."""
    if field == "title word":
        return tuple((word, word) for word in words_of(title.folded_title))
    if field == "year":
        return year_spans(title.release_year)
    if field == "description":
        return tuple((word, word) for word in words_of((title.description or "").casefold()))
    own = tuple(dict.fromkeys(title.fields.get(field, ())))
    return own[:CAST_BILLED] if field == "cast" else own


def words_of(text: str) -> tuple[str, ...]:
    """Words that tell something, once each: no stop words, no numbers, nothing of one letter.

    >>> words_of("the lord of the rings 2 part ii")
    ('lord', 'rings', 'ii')
    """
    words = dict.fromkeys(_WORD.findall(text))
    return tuple(word for word in words if len(word) > 1 and not word.isdigit() and word not in _NOT_DESCRIPTIVE)


@cache
def year_spans(year: int | None) -> tuple[Token, ...]:
    """The overlapping spans a year lies in.

    >>> len(set(year_spans(2010)) & set(year_spans(2011))), len(set(year_spans(2010)) & set(year_spans(2019)))
    (4, 1)
    """
    if year is None:
        return ()
    first = year // YEAR_STEP
    return tuple((f"{first - back:04d}", "") for back in range(YEAR_SPANS))


def _block(name: str, tokens: Sequence[tuple[Token, ...]]) -> tuple[sparse.csr_matrix, list[tuple[str, str]]]:
    """One field as normalised TF-IDF rows, scaled so that products of rows add up over the fields.

    Tokens of a single title stay in its norm but get no column: they can never be shared. A title of one common
    word ("Dark") must not be as like another with that word as a sequel is, so the norm of title words is never
    less than that of the rarest word two titles can share.
    """
    # Of one token's labels the last is shown, whichever title has it.
    labels = dict(sorted(set(chain.from_iterable(tokens))))
    numbers = {token: number for number, token in enumerate(labels)}
    of_row = np.repeat(np.arange(len(tokens)), np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens)))
    flat = np.fromiter((numbers[token] for token, _ in chain.from_iterable(tokens)), np.int64, len(of_row))
    # Row by row, tokens in their order: so they are summed, and nothing depends on the order they came in.
    row, token = np.divmod(np.unique(of_row * (len(numbers) + 1) + flat), len(numbers) + 1)
    counts, count_of = np.unique(np.bincount(token, minlength=len(numbers)), return_inverse=True)
    is_common = counts > max(COMMON_LEAST, COMMON_SHARE.get(name, 1.0) * len(tokens))
    rarity = np.array([_rarity(name, count, len(tokens)) for count in counts.tolist()])
    weight = np.where(is_common, 0.0, rarity)[count_of][token]
    least_norm = _rarity(name, 2, len(tokens)) if name == "title word" else 0.0
    norm = np.maximum(least_norm, np.sqrt(np.bincount(row, weight**2, minlength=len(tokens))))
    is_shared = (~is_common & (counts > 1))[count_of]
    has_column = is_shared[token]
    row, token, weight = row[has_column], token[has_column], weight[has_column]
    scale = (WEIGHTS[name] / sum(WEIGHTS.values())) ** 0.5
    starts = np.searchsorted(row, np.arange(len(tokens) + 1))
    columns = (np.cumsum(is_shared) - 1)[token]
    shape = (len(tokens), np.count_nonzero(is_shared))
    matrix = sparse.csr_matrix((scale * weight / norm[row], columns, starts), shape=shape, dtype=np.float64)
    return matrix, [(name, labels[token]) for token, shared in zip(numbers, is_shared.tolist(), strict=True) if shared]


def _rarity(name: str, count: int, total: int) -> float:
    # All spans weigh the same, so that equal distances in time count alike in every decade.
    return 1.0 if name == "year" else log((1 + total) / (1 + count)) + 1


def _standing(titles: Sequence[Title]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Popularity, quality and fame of each title.

    The logarithm of votes and the rating are rounded to one decimal: a day's ordinary votes then change no
    score, and lists are rewritten only when something happened.
    """
    fame = np.array([np.nan if not t.vote_count else round(log1p(t.vote_count), 1) for t in titles], dtype=float)
    rating = np.array([np.nan if t.weighted_of_10 is None else round(t.weighted_of_10, 1) for t in titles], dtype=float)
    fame /= np.nanmax(fame, initial=0.0) or 1.0
    known = rating[~np.isnan(rating)]
    if known.size and known.max() > known.min():
        quality = (rating - known.min()) / (known.max() - known.min())
        neutral = round(float(np.mean(np.sort(quality[~np.isnan(rating)]))), 2)
    else:
        quality, neutral = np.where(np.isnan(rating), np.nan, 0.5), 0.5
    return np.nan_to_num(fame, nan=0.0), np.where(np.isnan(quality), neutral, quality), fame


def nearness(fame_of_source: np.ndarray, fame_of_target: np.ndarray) -> np.ndarray:
    """How near two titles are in fame, 0 to 1.

    A target without votes counts as middling; for a source without votes nothing is near or far, so nothing counts.
    """
    near = np.where(np.isnan(fame_of_target), UNKNOWN_NEARNESS, 1.0 - np.abs(fame_of_source - fame_of_target))
    return np.where(np.isnan(fame_of_source), 0.0, near)
