"""Fitting: how weights.toml came about, so that it can be fitted again on other labels.

`python -m reelhouse.matching.fitting DSN SQL_FOLDER SOURCE=LABELS.csv ...` reads the candidates that a warehouse
holds, prints cross-validated figures and then the weights. A person reviews them and writes them down.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from scipy.optimize import minimize

from reelhouse.matching.decisions import Decision, decide
from reelhouse.matching.evaluation import LINK_FROM, NIL
from reelhouse.matching.evidence import compare_names, features
from reelhouse.matching.gathering import Gathered, gather

# How far labels may draw a weight from what it was believed to be.
SPREAD = 1.5
# What a row weighs with its right title hidden, beside 1 as it is: about the share of rows that have none.
HIDDEN_WEIGHT = 0.1
FOLDS = 5
# From the rows that may be learnt from to a score for every pair.
Learn = Callable[[Sequence[int]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Belief:
    """What a weight is believed to be, and the bounds within which it keeps its meaning."""

    mean: float
    low: float
    high: float


BELIEFS: dict[str, Belief] = {
    "prior.row": Belief(-9, -14, 0),
    "title.equal": Belief(8, 0, 14),
    "title.equal_aka": Belief(-0.3, -2, 0),
    "title.common": Belief(-1, -4, 0),
    "title.part": Belief(2, -2, 8),
    "title.near": Belief(3, 0, 9),
    "title.like": Belief(1, -3, 5),
    "title.contained": Belief(1, -3, 6),
    "title.distant": Belief(-3, -8, 0),
    "title.numbers_differ": Belief(-5.5, -8, -5),
    "title.numbers_conflict": Belief(-12, -14, -12),
    "year.same": Belief(1, 0, 4),
    "year.next": Belief(-1, -5, 0),
    "year.near": Belief(-2, -6, 0),
    "year.far": Belief(-4, -8, 0),
    "year.other": Belief(-6, -10, 0),
    "year.reissued": Belief(3, 3, 3),
    "year.first_season": Belief(2, 0, 4),
    "year.running": Belief(1, -1, 4),
    "year.long_running": Belief(0, -3, 3),
    "year.over": Belief(-2, -3, -1),
    "year.before": Belief(-0.5, -3, 0),
    "year.long_before": Belief(-2.5, -5, -1),
    "year.ages_before": Belief(-5, -5, -5),
    "type.film_as_series": Belief(-3, -6, -1.5),
    "type.series_as_film": Belief(-2, -6, -1.3),
    "type.long_as_short": Belief(-3, -3, -3),
    "type.seasons_as_feature": Belief(-5, -5, -5),
    "runtime.same": Belief(1.5, 0, 3),
    "runtime.near": Belief(1, 0, 3),
    "runtime.far": Belief(-1.5, -4, 0),
    "runtime.other": Belief(-2.5, -6, 0),
    "director.same": Belief(3, 1, 7),
    "director.alike": Belief(2, 1, 6),
    "director.other": Belief(-2.5, -5, -2),
    "cast.one": Belief(1.5, 0.5, 5),
    "cast.two": Belief(2.5, 1, 6),
    "cast.several": Belief(4, 2, 8),
    "cast.most": Belief(5, 2, 9),
    "cast.none_of_few": Belief(-0.5, -3, 0),
    "cast.none_of_many": Belief(-2.5, -5, -2),
    "people.unlisted": Belief(-2, -4, 0),
    "people.unlisted_same": Belief(-2, -2, -2),
    "people.otherwise": Belief(1, 0, 4),
    "people.rare": Belief(0.7, 0, 3),
    "genre.shared": Belief(1, 0, 1.5),
    "genre.differ": Belief(-0.5, -2, -0.2),
    "genre.documentary": Belief(-1, -3, -0.3),
    "fame.unrated": Belief(-1, -3, 0),
    "fame.hundreds": Belief(0.5, 0, 3),
    "fame.thousands": Belief(1, 0, 4),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """Labelled rows as choices among their candidates and "none".

    pair    index of each offered pair, choice after choice
    right   whether that pair is the right one; none is in a choice whose answer is "none"
    starts  where each choice starts
    weight  of each choice
    """

    pair: np.ndarray
    right: np.ndarray
    starts: np.ndarray
    weight: np.ndarray


def fit_weights(columns: Mapping[str, np.ndarray], choices: Choices) -> dict[str, float]:
    """Penalised conditional logit: the weights under which people's choices are likeliest.

    Takes   columns  features by name, as evidence.features gives them
    """
    names = list(columns)
    seen = np.column_stack([np.asarray(columns[name], dtype=float) for name in names])[choices.pair]
    mean = np.array([BELIEFS[name].mean for name in names])
    sizes = np.diff(np.append(choices.starts, len(choices.pair)))
    owner = np.repeat(np.arange(len(sizes)), sizes)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        score = seen @ weights
        # "None" scores 0 in every choice; the highest is taken out so that exp stays in bounds.
        highest = np.maximum(np.maximum.reduceat(score, choices.starts), 0)
        part = np.exp(score - highest[owner])
        whole = np.add.reduceat(part, choices.starts) + np.exp(-highest)
        chosen = np.add.reduceat(np.where(choices.right, score, 0), choices.starts)
        likelihood = (choices.weight * (chosen - highest - np.log(whole))).sum()
        slope = seen.T @ ((choices.right - part / whole[owner]) * choices.weight[owner])
        apart = (weights - mean) / SPREAD
        return 0.5 * (apart**2).sum() - likelihood, apart / SPREAD - slope

    bounds = [(BELIEFS[name].low, BELIEFS[name].high) for name in names]
    found = minimize(loss, mean, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 800})
    return dict(zip(names, found.x.tolist(), strict=True))


def make_choices(gathered: Gathered, right: Mapping[int, int | None], rows: Sequence[int]) -> Choices:
    """Choices of the rows given, each once as it is and once with its right title hidden.

    Takes   right  IMDb number of each labelled row by its index, None for NIL
    """
    bounds = np.searchsorted(gathered.row, np.arange(len(gathered.rows) + 1))
    pairs: list[np.ndarray] = []
    answers: list[np.ndarray] = []
    weights: list[float] = []
    labelled = Counter(gathered.rows[row].source for row in rows)
    for row in rows:
        share = len(rows) / len(labelled) / labelled[gathered.rows[row].source]
        offered = np.arange(bounds[row], bounds[row + 1])
        is_right = gathered.title_number[offered] == (right[row] if right[row] is not None else -1)
        for kept, weight in ((np.ones(len(offered), dtype=bool), 1.0), (~is_right, HIDDEN_WEIGHT)):
            # Hiding nothing makes no second choice, and no candidates make none at all.
            if kept.any() and (weight == 1.0 or is_right.any()):
                pairs.append(offered[kept])
                answers.append(is_right[kept])
                weights.append(weight * share)
    starts = np.cumsum([0, *(len(pair) for pair in pairs[:-1])])
    return Choices(np.concatenate(pairs), np.concatenate(answers), starts, np.array(weights))


def read_right(gathered: Gathered, source: str, labels: Path) -> dict[int, int | None]:
    """The right IMDb number of each labelled row, by its index."""
    index = {row.source_id: position for position, row in enumerate(gathered.rows) if row.source == source}
    with labels.open(newline="", encoding="utf-8-sig") as file:
        return {
            index[line["source_id"]]: None if line["imdb_id"] == NIL else int(line["imdb_id"].removeprefix("tt"))
            for line in csv.DictReader(file)
            if line["source_id"] in index
        }


def cross_validate(
    gathered: Gathered, right: Mapping[int, int | None], learn: Learn, seed: int = 0
) -> dict[int, Decision]:
    """A decision for each labelled row, under scores that were learnt without it.

    Takes   learn  gives a score for every pair from the rows it may learn from
            seed   which rows are put aside together
    """
    rows = np.array(sorted(right))
    fold = np.random.default_rng(seed).integers(FOLDS, size=len(rows))
    decided: dict[int, Decision] = {}
    for number in range(FOLDS):
        decisions = decide(gathered, learn(rows[fold != number].tolist()))
        decided |= {row: decisions[row] for row in rows[fold == number].tolist()}
    return decided


def conditional_logit(gathered: Gathered, columns: Mapping[str, np.ndarray], right: Mapping[int, int | None]) -> Learn:
    """The model of weights.toml, for cross-validation."""

    def learn(rows: Sequence[int]) -> np.ndarray:
        weights = fit_weights(columns, make_choices(gathered, right, rows))
        return np.sum([weights[name] * column for name, column in columns.items()], axis=0)

    return learn


def linked_title(decision: Decision) -> int | None:
    """The title that `reelhouse links` writes for a row."""
    return decision.imdb_title_number if (decision.probability or 0.0) >= LINK_FROM else None


def _rates(decided: Mapping[int, Decision], right: Mapping[int, int | None]) -> dict[str, float]:
    linked = {row: linked_title(decided[row]) for row in right}
    hits = sum(title is not None and title == right[row] for row, title in linked.items())
    return {
        "precision": round(hits / max(sum(title is not None for title in linked.values()), 1), 4),
        "recall": round(hits / max(sum(title is not None for title in right.values()), 1), 4),
    }


def main(arguments: Sequence[str]) -> None:
    dsn, folder, *label_files = arguments
    with psycopg.connect(dsn) as conn:
        gathered = gather(conn, Path(folder) / "2_matching")
    columns = features(gathered.pairs, compare_names(gathered.names, len(gathered.row)))
    right: dict[int, int | None] = {}
    for label_file in label_files:
        source, _, path = label_file.partition("=")
        right |= read_right(gathered, source, Path(path))
    decided = cross_validate(gathered, right, conditional_logit(gathered, columns, right))
    for source in sorted({gathered.rows[row].source for row in right}):
        print(source, _rates(decided, {row: right[row] for row in right if gathered.rows[row].source == source}))
    for name, weight in fit_weights(columns, make_choices(gathered, right, sorted(right))).items():
        print(f"{name} = {weight:.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
