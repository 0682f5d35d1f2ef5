"""The ways of recommending of earlier projects, kept to be compared with: what a target scores beside a source.

Each gives a rectangle of order scores, sources x titles: higher is better, equal ones stand in the fixed order.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reelhouse.recommending.content import Features

YEARS_APART = 5
CLUSTERS = 3

Scorer = Callable[[Features, np.ndarray], np.ndarray]


def tfidf_description(features: Features, sources: np.ndarray) -> np.ndarray:
    """Cosine of the words of the descriptions."""
    # Named late, here and below: see clusters.py.
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [title.description or "" for title in features.titles]
    if not any(text.strip() for text in texts):
        return np.zeros((len(sources), len(texts)))
    try:
        words = TfidfVectorizer(stop_words="english").fit_transform(texts)
    except ValueError:  # nothing but stop words
        return np.zeros((len(sources), len(texts)))
    return (words[sources] @ words.T).toarray()


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
    from sklearn.cluster import KMeans

    kinds = sorted({title.kind for title in features.titles})
    kind = np.array([kinds.index(title.kind) for title in features.titles], dtype=float)
    described = np.column_stack([_rating(features) / 10, kind])
    count = min(CLUSTERS, len(np.unique(described, axis=0)))
    labels = KMeans(count, n_init=4, random_state=1).fit_predict(described)
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
