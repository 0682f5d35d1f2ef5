"""The ways of recommending of earlier projects, kept to be compared with: what a target scores beside a source.

Each gives a rectangle of order scores, sources x titles: higher is better, equal ones stand in the fixed order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

from reelhouse.recommending import kmeans
from reelhouse.recommending.content import Features
from reelhouse.recommending.stop_words import ENGLISH

YEARS_APART = 5
CLUSTERS = 3
_TRIES = 4
_WORD = re.compile(r"\b\w\w+\b")

Scorer = Callable[[Features, np.ndarray], np.ndarray]


def tfidf_description(features: Features, sources: np.ndarray) -> np.ndarray:
    """Cosine of the words of the descriptions."""
    words = tfidf([title.description or "" for title in features.titles])
    return (words[sources] @ words.T).toarray()


def tfidf(texts: Sequence[str]) -> sparse.csr_matrix:
    """Texts as rows of length one, a column for each word: how often it is there, times how rare it is.

    As scikit-learn's TfidfVectorizer with English stop words, which is what the earlier projects took.
    """
    columns: dict[str, int] = {}
    starts, indices, times = [0], [], []
    for text in texts:
        counts = Counter(word for word in _WORD.findall(text.lower()) if word not in ENGLISH)
        indices += [columns.setdefault(word, len(columns)) for word in counts]
        times += counts.values()
        starts.append(len(indices))
    matrix = sparse.csr_matrix((times, indices, starts), shape=(len(texts), len(columns)), dtype=np.float64)
    rarity = np.log((1 + len(texts)) / (1 + np.bincount(matrix.indices, minlength=len(columns)))) + 1
    matrix.data *= rarity[matrix.indices]
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
    return matrix


def genre_top(features: Features, sources: np.ndarray) -> np.ndarray:
    """Most genres in common, then best rated."""
    genres = _genres(features)
    return (genres[sources] @ genres.T) + 0.01 * _rating(features)


def sql_filter(features: Features, sources: np.ndarray) -> np.ndarray:
    """A genre in common and at most five years apart, by IMDb score."""
    genres = _genres(features)
    years = np.array([title.release_year or 0 for title in features.titles])
    is_fit = (genres[sources] @ genres.T > 0) & (np.abs(years[sources][:, None] - years) <= YEARS_APART)
    return np.where(is_fit, 1.0, 0.0) * (1.0 + _rating(features))


def cluster(features: Features, sources: np.ndarray) -> np.ndarray:
    """The best rated of the same cluster of score and kind."""
    kinds = sorted({title.kind for title in features.titles})
    kind = np.array([kinds.index(title.kind) for title in features.titles], dtype=float)
    described = np.column_stack([_rating(features) / 10, kind])
    count = min(CLUSTERS, len(np.unique(described, axis=0)))
    labels = kmeans.nearest_of(described, kmeans.centres_of(described, count, _TRIES))
    return np.where(labels[sources][:, None] == labels, 1.0 + _rating(features), 0.0)


METHODS: dict[str, Scorer] = {
    "tfidf_description": tfidf_description,
    "genre_top": genre_top,
    "sql_filter": sql_filter,
    "cluster": cluster,
}


def _genres(features: Features) -> np.ndarray:
    names = sorted({label for title in features.titles for _, label in title.fields.get("genre", ())})
    places = {name: place for place, name in enumerate(names)}
    has = np.zeros((len(features.titles), len(names)))
    for row, title in enumerate(features.titles):
        for _, label in title.fields.get("genre", ()):
            has[row, places[label]] = 1.0
    return has


def _rating(features: Features) -> np.ndarray:
    return np.array([title.weighted_of_10 or 0.0 for title in features.titles])
