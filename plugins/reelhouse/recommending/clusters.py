"""Clusters of catalogue titles: what kinds of titles there are, with numbers that stay from day to day.

KMeans on kind, logarithm of votes, weighted score, year and genres. How many there are is chosen by silhouette; a
number other than the former one only where it is clearly better, and a cluster keeps the number of the former one that
it has most titles of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psycopg

from reelhouse.database import run_file
from reelhouse.recommending.content import Features, Title

COUNTS = range(4, 13)
# Fewer titles than these have no kinds worth telling.
TITLES_AT_LEAST = 60
# The silhouette of so many titles is told; of all it would take the square of them.
SAMPLED = 2000
CLEARLY_BETTER = 0.02
# A genre weighs less than kind or fame: a title has three of them.
GENRE_WEIGHT = 0.6
EXAMPLES, GENRES_SHOWN = 5, 3
# So far from the mean of fame a cluster is called well or little known.
FAR = 0.1
# And so far from the mean of scores, well or low rated.
FAR_IN_SCORE = 0.3
_TRIES = 2


class Cluster(NamedTuple):
    """One row of warehouse.dim_cluster, but for its load.

    mean_score_of_10  None when no title of it has a score
    """

    cluster_key: int
    cluster: str
    kind: str
    title_count: int
    mean_score_of_10: float | None
    genres: list[str]
    examples: list[str]


class Clustered(NamedTuple):
    """Clusters by number, the number of each title, and how well apart they are."""

    clusters: list[Cluster]
    cluster_of: dict[int, int]
    silhouette: float


def cluster(features: Features, former: Mapping[int, int]) -> Clustered:
    """Clusters of a catalogue.

    Takes   former  number of the cluster of each title that had one
    """
    if len(features.titles) < TITLES_AT_LEAST:
        return Clustered([], {}, float("nan"))
    described = _described(features)
    numbers = {number: label for label, number in enumerate(sorted(set(former.values())))}
    had = np.array([numbers.get(former.get(title.title_key), -1) for title in features.titles])
    labels, silhouette = _labels(described, had)
    numbers = _numbers(features, labels, former)
    keys = [title.title_key for title in features.titles]
    cluster_of = dict(zip(keys, (numbers[label] for label in labels.tolist()), strict=True))
    _, genres = _genres(features)
    of_all = Counter(genres.tolist())
    told = [_told(features, np.flatnonzero(labels == label), number, of_all) for label, number in numbers.items()]
    return Clustered(sorted(told), cluster_of, silhouette)


def _described(features: Features) -> np.ndarray:
    """A row for each title. What is not known counts as the mean: it pulls to no side."""
    titles = features.titles
    score = np.array([np.nan if t.weighted_of_10 is None else round(t.weighted_of_10, 1) for t in titles], dtype=float)
    year = np.array([np.nan if t.release_year is None else t.release_year for t in titles], dtype=float)
    # Most of a catalogue is new: beyond thirty years, old is old.
    year = np.maximum(year, np.nanmax(year, initial=0) - 30)
    columns = [_standard(column) for column in (features.fame, score, year)]
    columns.append(2.0 * np.array([title.kind == "series" for title in titles], dtype=float))
    rows, labels = _genres(features)
    names, column, counts = np.unique(labels, return_inverse=True, return_counts=True)
    has = np.zeros((len(titles), len(names)))
    has[rows, column] = 1.0
    columns += [_standard(has[:, place]) * GENRE_WEIGHT for place in np.flatnonzero(counts >= 0.02 * len(titles))]
    return np.round(np.column_stack(columns), 6)


def _genres(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """Rows of titles and their genres, pair by pair."""
    pairs = [(row, label) for row, title in enumerate(features.titles) for _, label in title.fields.get("genre", ())]
    rows, labels = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(rows, dtype=np.int64), np.array(labels, dtype=object)


def _standard(column: np.ndarray) -> np.ndarray:
    known = column[~np.isnan(column)]
    spread = known.std() if known.size else 0.0
    return np.nan_to_num((column - known.mean()) / spread) if spread else np.zeros(len(column))


def _labels(described: np.ndarray, former: np.ndarray) -> tuple[np.ndarray, float]:
    """Labels of the best number of clusters; of the former ones, moved a little, unless others are clearly better.

    Takes   former  label of each row that had one, -1 of the others
    """
    # Named late, here and below: what needs no clusters does without its 110 MB, and scipy.optimize's half second.
    from sklearn.cluster import KMeans
    from sklearn.metrics import pairwise_distances

    sample = np.random.default_rng(1).permutation(len(described))[:SAMPLED]
    # Once for all counts: they are the same distances.
    distances = pairwise_distances(described[sample])
    found: list[tuple[float, np.ndarray]] = []
    for count in COUNTS:
        labels = KMeans(count, n_init=_TRIES, random_state=1).fit(described[sample]).predict(described)
        found.append((_apart(distances, labels[sample]), labels))
    silhouette, labels = max(found, key=lambda one: (round(one[0], 4), -len(np.unique(one[1]))))
    if len(np.unique(former[former >= 0])) in COUNTS:
        stayed = _settled(described, former)
        apart = _apart(distances, stayed[sample])
        if silhouette < apart + CLEARLY_BETTER:
            return stayed, apart
    labels = _settled(described, labels)
    return labels, _apart(distances, labels[sample])


def _settled(described: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Labels that no further step changes, found from these: so the next day begins where this one ends."""
    from sklearn.cluster import KMeans

    centres = np.array([described[labels == label].mean(axis=0) for label in np.unique(labels[labels >= 0])])
    return KMeans(len(centres), init=centres, n_init=1, tol=0, max_iter=1000).fit_predict(described)


def _apart(distances: np.ndarray, labels: np.ndarray) -> float:
    from sklearn.metrics import silhouette_score

    if not 1 < len(np.unique(labels)) < len(labels):
        return -1.0
    return float(silhouette_score(distances, labels, metric="precomputed"))


def _numbers(features: Features, labels: np.ndarray, former: Mapping[int, int]) -> dict[int, int]:
    """A number for each label: as many titles as may be keep theirs, the largest new cluster is numbered first."""
    from scipy.optimize import linear_sum_assignment

    present = sorted(set(labels.tolist()))
    known = sorted(set(former.values()))
    common = Counter(
        (label, former[title.title_key])
        for title, label in zip(features.titles, labels.tolist(), strict=True)
        if title.title_key in former
    )
    overlap = np.array([[common[label, number] for number in known] for label in present]).reshape(len(present), -1)
    rows, columns = linear_sum_assignment(-overlap)
    numbers = {present[row]: known[column] for row, column in zip(rows, columns, strict=True) if overlap[row, column]}
    free = (number for number in range(1, 1 + len(present) + len(known)) if number not in known)
    sizes = Counter(labels.tolist())
    for label in sorted(present, key=lambda label: (-sizes[label], label)):
        if label not in numbers:
            numbers[label] = next(free)
    return numbers


def _told(features: Features, rows: np.ndarray, number: int, whole: Mapping[str, int]) -> Cluster:
    """What a cluster is like.

    Takes   whole  titles of each genre in the catalogue
    """
    titles = [features.titles[row] for row in rows]
    kind = Counter(title.kind for title in titles).most_common(1)[0][0]
    own = Counter(label for title in titles for _, label in title.fields.get("genre", ()))
    # Over-represented, and in a tenth of the titles at least: else one odd title names a cluster.
    ratio = {
        genre: count / len(titles) / (whole[genre] / len(features.titles))
        for genre, count in own.items()
        if count >= 0.1 * len(titles)
    }
    genres = sorted(ratio, key=lambda genre: (-round(ratio[genre], 4), genre))[:GENRES_SHOWN]
    mean, usual_score = _mean_score(titles), _mean_score(features.titles)
    known = features.fame[rows]
    examples = [features.titles[row].title for row in sorted(rows.tolist(), key=lambda row: features.tie_rank[row])]
    years = [title.release_year for title in titles if title.release_year]
    fame, usual = np.nan_to_num(known).mean(), np.nan_to_num(features.fame).mean()
    words = [
        "well-known" if fame > usual + FAR else "little-known" if fame < usual - FAR else "",
        _rated(mean, usual_score),
        "older" if years and np.median(years) < 2005 else "",
        {"movie": "films", "series": "series", "short": "shorts", "special": "specials"}.get(kind, kind),
    ]  # fmt: skip
    named = " ".join(word for word in words if word)
    return Cluster(
        number, f"{named}: {', '.join(genres)}" if genres else named, kind, len(titles),
        None if mean is None else round(mean, 2), genres, examples[:EXAMPLES],
    )  # fmt: skip


def _mean_score(titles: Sequence[Title]) -> float | None:
    scores = [title.weighted_of_10 for title in titles if title.weighted_of_10 is not None]
    return float(np.mean(scores)) if scores else None


def _rated(mean: float | None, usual: float | None) -> str:
    """How a cluster is called by its score beside that of all titles; nothing where no title of it has one.

    >>> _rated(7.5, 6.5), _rated(6.0, 6.5), _rated(6.4, 6.5), _rated(None, 6.5)
    ('well-rated', 'low-rated', '', '')
    """
    if mean is None or usual is None or abs(mean - usual) <= FAR_IN_SCORE:
        return ""
    return "well-rated" if mean > usual else "low-rated"


# --- kept -----------------------------------------------------------------------------------------------


def read_former(conn: psycopg.Connection) -> dict[int, int]:
    """Number of the cluster of each title, as readers have it."""
    return dict(conn.execute("select title_key, cluster_key from warehouse.bridge_title_cluster").fetchall())


def write(conn: psycopg.Connection, clustered: Clustered, load_id: int) -> None:
    """Put clusters aside, for the publish to bring to readers."""
    conn.execute("truncate build.dim_cluster, build.bridge_title_cluster")
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into build.dim_cluster values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [(*found, load_id) for found in clustered.clusters],
        )
        with cursor.copy("copy build.bridge_title_cluster (title_key, cluster_key) from stdin") as copy:
            for row in clustered.cluster_of.items():
                copy.write_row(row)


def publish(conn: psycopg.Connection, folder: Path) -> int:
    """Bring readers' clusters to what was built; gives rows changed."""
    names = ("delete_clusters", "dim_cluster", "delete_title_clusters", "bridge_title_cluster")
    return sum(run_file(conn, folder / f"{name}.sql").rowcount for name in names)
