"""Contestants `LensKit` and `implicit`: the best titles of some viewers, by models that others wrote.

    python recommending_peers.py FOLDER

FOLDER holds folds: known_N.csv (user, item: likes to learn from), rated_N.csv (the same, and what was rated lower) and
seen_N.csv (user, item: what is not to be shown).
For each method best_N.json gets {method: {user: [ten items]}}. Settings are the best of those tried on both sets of
development users: what is told of a peer is its best.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from implicit.als import AlternatingLeastSquares
from implicit.nearest_neighbours import CosineRecommender
from lenskit.batch import recommend
from lenskit.data import from_interactions_df
from lenskit.knn import ItemKNNScorer
from lenskit.knn.ease import EASEScorer
from lenskit.pipeline import Component, topn_pipeline
from scipy import sparse

LENGTH = 10
Best = dict[int, list[int]]


def by_lenskit(scorer: Component) -> Callable:
    def best(known: pd.DataFrame, seen: dict[int, set[int]]) -> Best:
        pipeline = topn_pipeline(scorer)
        pipeline.train(from_interactions_df(known.rename(columns={"user": "user_id", "item": "item_id"})))
        # Disliked ones are left out afterwards, so more are asked for.
        wanted = LENGTH + max(len(items) for items in seen.values())
        lists = recommend(pipeline, list(seen), n=wanted, n_jobs=1)
        return {key.user_id: _unseen(items.ids().tolist(), seen[key.user_id]) for key, items in lists}

    return best


def by_implicit(make: Callable) -> Callable:
    def best(known: pd.DataFrame, seen: dict[int, set[int]]) -> Best:
        users, rows = np.unique(known["user"], return_inverse=True)
        items, columns = np.unique(known["item"], return_inverse=True)
        likes = sparse.csr_matrix((np.ones(len(known), dtype=np.float32), (rows, columns)))
        model = make()
        model.fit(likes, show_progress=False)
        found: Best = {}
        for user, watched in seen.items():
            place = int(np.searchsorted(users, user))
            if place == len(users) or users[place] != user:
                continue
            best, _ = model.recommend(place, likes[place], N=LENGTH + len(watched))
            found[user] = _unseen(items[best].tolist(), watched)
        return found

    return best


def _unseen(items: Iterable[int], watched: set[int]) -> list[int]:
    return [int(item) for item in items if item not in watched][:LENGTH]


def _als(factors: int, regularization: float, alpha: float) -> AlternatingLeastSquares:
    return AlternatingLeastSquares(
        factors=factors, regularization=regularization, alpha=alpha, iterations=20, random_state=1, num_threads=1
    )


METHODS = {
    "LensKit EASE, 100": by_lenskit(EASEScorer(regularization=100)),
    "LensKit EASE, 200": by_lenskit(EASEScorer(regularization=200)),
    "LensKit item-kNN": by_lenskit(ItemKNNScorer(max_nbrs=50, feedback="implicit")),
    "implicit ALS, 32": by_implicit(lambda: _als(32, 0.05, 5)),
    "implicit ALS, 64": by_implicit(lambda: _als(64, 0.1, 2)),
    "implicit item cosine": by_implicit(lambda: CosineRecommender(K=100, num_threads=1)),
}

# Ours learns from what is not liked, too; so one of them does.
OF_ALL_RATED = {"LensKit EASE, 200, of all rated": METHODS["LensKit EASE, 200"]}


def main(folder: Path) -> None:
    for file in sorted(folder.glob("known_*.csv")):
        number = file.stem.split("_")[1]
        seen: dict[int, set[int]] = defaultdict(set)
        for user, item in pd.read_csv(folder / f"seen_{number}.csv").itertuples(index=False):
            seen[user].add(item)
        known, rated = pd.read_csv(file), pd.read_csv(folder / f"rated_{number}.csv")
        found = {method: best(known, dict(seen)) for method, best in METHODS.items()}
        found |= {method: best(rated, dict(seen)) for method, best in OF_ALL_RATED.items()}
        (folder / f"best_{number}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
