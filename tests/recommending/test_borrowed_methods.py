"""What we compute by a few lines of numpy is what scikit-learn computes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import silhouette_score

from reelhouse.recommending import baselines, calibrating, kmeans, stop_words


@pytest.mark.parametrize("seed", range(4))
def test_shares_of_scores_are_those_of_isotonic_regression(seed: int) -> None:
    chance = np.random.default_rng(seed)
    score = np.round(chance.random(400), 2 + seed % 2)
    hit = (chance.random(400) < score**2).astype(float)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(score, hit)
    knots, shares = calibrating.isotonic(score, hit)
    asked = np.linspace(-0.1, 1.1, 500)
    np.testing.assert_allclose(np.interp(asked, knots, shares), theirs.predict(asked), atol=1e-9)
    assert len(knots) <= len(theirs.X_thresholds_) + 1
    assert (np.diff(shares) >= 0).all()


def test_clusters_are_as_tight_and_as_far_apart() -> None:
    chance = np.random.default_rng(1)
    middles = chance.normal(0, 4, (6, 3))
    rows = np.round(np.concatenate([chance.normal(middle, 1, (80, 3)) for middle in middles]), 6)
    labels, centres = kmeans.settled(rows, kmeans.centres_of(rows, 6, 4))
    theirs = KMeans(6, n_init=10, random_state=1).fit(rows)
    assert np.sum((rows - centres[labels]) ** 2) <= 1.001 * theirs.inertia_
    between = np.sqrt(kmeans.distances(rows, rows))
    np.fill_diagonal(between, 0.0)
    assert kmeans.silhouette(between, labels) == pytest.approx(
        silhouette_score(between, labels, metric="precomputed")
    )  # fmt: skip
    again, _ = kmeans.settled(rows, centres)
    assert np.array_equal(again, labels), "what has settled stays"


def test_a_cluster_of_one_and_one_cluster_alone() -> None:
    rows = np.array([[0.0], [1.0], [9.0]])
    between = np.sqrt(kmeans.distances(rows, rows))
    assert kmeans.silhouette(between, np.zeros(3, dtype=int)) == -1.0
    assert kmeans.silhouette(between, np.arange(3)) == -1.0
    labels = np.array([0, 0, 1])
    theirs = silhouette_score(between, labels, metric="precomputed")
    assert kmeans.silhouette(between, labels) == pytest.approx(theirs)


def test_descriptions_weigh_as_the_earlier_projects_had_them() -> None:
    texts = [
        "A family's summer in Paris",
        "",
        "Paris in the summer, Paris in the fall!",
        "the and of",
        "Ghosts: naïve ghosts",
    ]
    ours = baselines.tfidf(texts)
    theirs = TfidfVectorizer(stop_words="english").fit_transform(texts)
    np.testing.assert_allclose((ours @ ours.T).toarray(), (theirs @ theirs.T).toarray(), atol=1e-12)
    assert baselines.tfidf(["", "the"]).shape == (2, 0)
    assert stop_words.ENGLISH == ENGLISH_STOP_WORDS
