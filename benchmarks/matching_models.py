"""Models that weigh the evidence of matching on the same terms, folds and labels; and ours without each family.

Needs REELHOUSE_REAL_DATA, the folder of real files, with the labels in `gold` beside it or in REELHOUSE_LABELS. Every
figure is cross-validated, several times over, and scored on what `reelhouse links` would write.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from reelhouse import landing
from reelhouse.database import connect, migrate
from reelhouse.day import SOURCES, Day
from reelhouse.errors import SettingsWrong
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import Decision
from reelhouse.matching.evidence import Column, compare_names, features
from reelhouse.matching.fitting import Learn, conditional_logit, cross_validate, linked_title, read_right
from reelhouse.matching.gathering import Gathered, gather
from reelhouse.operating import embedded, postgres
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load

DAY = date(2021, 9, 25)
LABELLED = ("netflix", "rotten_tomatoes")
REPEATS = 3
DRAWS = 1000
EM_ROUNDS = 60
# Fellegi-Sunter begins with the belief that what agrees in year, or in people and year, is mostly right.
FIRST_GUESS = 0.8
# One match a row, seven candidates a row.
MATCHES_PER_PAIR = 0.15
BINS = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98, 1.0)

Columns = dict[str, Column]
Right = Mapping[int, int | None]


def rows(arguments: argparse.Namespace | None = None) -> list[dict[str, object]]:
    """Precision, recall, F1 with its interval, and false links on NIL, by model; ablations; calibration."""
    real, labels = _folders()
    gathered = _gathered(real)
    columns = features(gathered.pairs, compare_names(gathered.names, len(gathered.row)))
    right: dict[int, int | None] = {}
    for source in LABELLED:
        right |= read_right(gathered, source, labels / f"{source}_imdb_dev.csv")
    models: dict[str, Learn] = {
        "Fellegi-Sunter, no labels": fellegi_sunter(columns, gathered.pairs.found_by),
        "conditional logit (ours)": conditional_logit(gathered, columns, right),
        "logistic regression": _pairwise(gathered, columns, right, lambda: LogisticRegression(max_iter=500)),
        "gradient boosting": _pairwise(
            gathered, columns, right, lambda: HistGradientBoostingClassifier(max_iter=100, random_state=0)
        ),
    }
    for family in sorted({name.partition(".")[0] for name in columns} - {"prior"}):
        kept = {name: column for name, column in columns.items() if name.partition(".")[0] != family}
        models[f"ours without {family}"] = conditional_logit(gathered, kept, right)
    measured: list[dict[str, object]] = []
    for name, learn in models.items():
        repeats = [cross_validate(gathered, right, learn, seed) for seed in range(REPEATS)]
        measured += _figures(name, gathered, right, repeats)
        if name.endswith("(ours)"):
            measured += _calibration(right, repeats)
    return measured


def fellegi_sunter(columns: Columns, found_by: Column) -> Learn:
    """Log odds of each outcome of each family, found by EM over pairs without a label.

    As Splink does it: what the pairs were found by tells nothing about them, so titles are learnt from the pairs that
    people found, and all else from those that titles found.
    """
    families = sorted({name.partition(".")[0] for name in columns} - {"prior"})
    codes = {family: _outcomes(columns, family) for family in families}
    near = columns["year.same"] | columns["year.next"] | columns["year.first_season"] | columns["year.running"]
    people = columns["director.same"] | columns["cast.several"] | columns["cast.most"]
    untitled = {family: code for family, code in codes.items() if family != "title"}
    unpeopled = {family: code for family, code in codes.items() if family not in ("director", "cast", "people")}
    odds = _learn_odds(untitled, found_by == "title key", near)
    odds["title"] = _learn_odds(unpeopled, found_by == "shared people", people & near)["title"]
    score = np.full(len(found_by), np.log(MATCHES_PER_PAIR))
    for family in families:
        score += odds[family][codes[family]]
    return lambda rows: score


def _learn_odds(codes: Mapping[str, Column], inside: Column, guess: Column) -> dict[str, Column]:
    """EM with independent families over some of the pairs; it begins with the belief that the guessed are matches."""
    sizes = {family: code.max() + 1 for family, code in codes.items()}
    codes = {family: code[inside] for family, code in codes.items()}
    likely = np.where(guess[inside], FIRST_GUESS, 1 - FIRST_GUESS)
    odds: dict[str, Column] = {}
    for _ in range(EM_ROUNDS):
        score = np.full(len(likely), np.log(likely.mean() / (1 - likely.mean())))
        for family, code in codes.items():
            with_match = np.bincount(code, likely, sizes[family]) + 0.5
            without = np.bincount(code, 1 - likely, sizes[family]) + 0.5
            odds[family] = np.log(with_match / with_match.sum() * without.sum() / without)
            score += odds[family][code]
        likely = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
    return odds


def _outcomes(columns: Columns, family: str) -> Column:
    """One number for each combination of a family's features; those with many values in whole steps."""
    seen = np.column_stack([np.floor(column) for name, column in columns.items() if name.startswith(f"{family}.")])
    return np.unique(seen, axis=0, return_inverse=True)[1].ravel()


def _pairwise(gathered: Gathered, columns: Columns, right: Right, new: Callable[[], object]) -> Learn:
    """A classifier of single pairs; its log odds are the score."""
    seen = np.column_stack([np.asarray(column, dtype=float) for column in columns.values()])
    wanted = np.array([right.get(row) or -1 for row in range(len(gathered.rows))])[gathered.row]
    is_right = gathered.title_number == wanted

    def learn(rows: Sequence[int]) -> Column:
        known = np.isin(gathered.row, rows)
        model = new().fit(seen[known], is_right[known])
        return model.decision_function(seen).ravel()

    return learn


def _figures(
    name: str, gathered: Gathered, right: Right, repeats: Sequence[Mapping[int, Decision]]
) -> list[dict[str, object]]:
    kinds = {row: (gathered.rows[row].source, gathered.rows[row].kind) for row in right}
    groups = {
        "netflix": [row for row in right if kinds[row][0] == "netflix"],
        "netflix films": [row for row in right if kinds[row] == ("netflix", "movie")],
        "netflix series": [row for row in right if kinds[row] == ("netflix", "series")],
        "rotten tomatoes": [row for row in right if kinds[row][0] == "rotten_tomatoes"],
    }
    measured: list[dict[str, object]] = []
    for group, members in groups.items():
        scores = _scores(members, right, repeats)
        measured += [{"name": f"{name}: {group}", "metric": metric, "value": value} for metric, value in scores.items()]
    return measured


def _scores(members: Sequence[int], right: Right, repeats: Sequence[Mapping[int, Decision]]) -> dict[str, float]:
    """Figures over all repeats; the interval is over resampled rows, each with all its repeats."""
    links = [[linked_title(decided[row]) for decided in repeats] for row in members]
    linked = np.array([sum(title is not None for title in titles) for titles in links])
    hits = np.array(
        [sum(title == right[row] for title in titles if title) for row, titles in zip(members, links, strict=True)]
    )
    having = np.array([len(repeats) * (right[row] is not None) for row in members])
    drawn = np.random.default_rng(0).integers(len(members), size=(DRAWS, len(members)))
    spread = 2 * hits[drawn].sum(1) / (linked[drawn].sum(1) + having[drawn].sum(1))
    low, high = np.quantile(spread, (0.025, 0.975))
    nil = having == 0
    in_match = [(decided[row], right[row]) for decided in repeats for row in members if decided[row].band == "match"]
    return {
        "precision": round(hits.sum() / max(linked.sum(), 1), 4),
        "recall": round(hits.sum() / max(having.sum(), 1), 4),
        "f1": round(2 * hits.sum() / max(linked.sum() + having.sum(), 1), 4),
        "f1_low": round(float(low), 4),
        "f1_high": round(float(high), 4),
        "nil_linked_share": round(linked[nil].sum() / max(nil.sum() * len(repeats), 1), 4),
        "match_band_right": round(sum(one.imdb_title_number == title for one, title in in_match) / len(in_match), 4)
        if in_match
        else 0.0,
        "review_share": round(
            sum(decided[row].band == "review" for decided in repeats for row in members) / len(members) / len(repeats),
            4,
        ),
    }


def _calibration(right: Right, repeats: Sequence[Mapping[int, Decision]]) -> list[dict[str, object]]:
    """By bin of stated probability: assignments, mean probability, and the share that is right; and their distance."""
    found = [
        (one.probability, one.imdb_title_number == right[row])
        for each in repeats
        for row, one in each.items()
        if one.imdb_title_number is not None
    ]
    stated, is_right = (np.array(values, dtype=float) for values in zip(*found, strict=True))
    measured: list[dict[str, object]] = []
    distance = 0.0
    for low, high in pairwise(BINS):
        inside = (stated >= low) & ((stated < high) | (high == 1.0))
        if inside.any():
            distance += abs(is_right[inside].mean() - stated[inside].mean()) * inside.mean()
            values = {"rows": int(inside.sum()), "stated": stated[inside].mean(), "right": is_right[inside].mean()}
            name = f"calibration: {low:.2f} to {high:.2f}"
            measured += [{"name": name, "metric": metric, "value": round(float(v), 4)} for metric, v in values.items()]
    return [*measured, {"name": "calibration", "metric": "expected error", "value": round(float(distance), 4)}]


def _folders() -> tuple[Path, Path]:
    real = os.environ.get("REELHOUSE_REAL_DATA")
    if not real:
        raise SettingsWrong("REELHOUSE_REAL_DATA: expected the folder of real files, found nothing. Set it.")
    return Path(real), Path(os.environ.get("REELHOUSE_LABELS", Path(real).parent / "gold"))


def _gathered(real: Path) -> Gathered:
    """Candidates of the real files, found in a throwaway database."""
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        own = replace(read_settings(), home=Path(folder), data=real, warehouse_dsn=None)
        day = Day(DAY, own)
        try:
            with embedded.warehouse_dsn(own) as dsn:
                migrate(dsn, own.sql)
                with connect(dsn, "reelhouse bench", autocommit=True) as conn:
                    for source in SOURCES:
                        landing.land_source(conn, day, source)
                        stage_source(conn, day, source)
                    open_load(conn, day)
                    find_candidates(conn, day)
                    return gather(conn, own.sql / "2_matching")
        finally:
            postgres.remove(postgres.server_folder(own.home))
