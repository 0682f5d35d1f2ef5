"""The measures of recommendations as a page shows them: method by method, in words, what matters most first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reelhouse.serving.asking.trust import MethodOf
from reelhouse.serving.models import QualityOfMethod
from reelhouse.serving.pages.rendering import line

# measure -> what it is called, and what it says
MEASURES = {
    "ndcg_at_10": ("nDCG@10", "viewers' newest likes were hidden; 1: they are the first ten, higher places count more"),
    "recall_at_20": ("Recall@20", "share of the hidden likes that are among the first twenty"),
    "agreement_with_viewers": ("Agreement with viewers", "share of what the same viewers like that stands beside it"),
    "coverage": ("Coverage", "share of the catalogue that is on some list"),
    "coverage_of_viewers": ("Coverage", "share of the catalogue that is shown to some viewer"),
    "novelty_bits": ("Novelty", "bits; one more: known to half as many viewers"),
    "gini": ("Gini", "0: all titles are shown alike; 1: one takes all places"),
    "calibration_error": ("Calibration error", "how far the chances that are told are off"),
    "top_target_share": ("Share of the title shown most", "of all places"),
    "franchise_repeats": ("Of the own franchise", "titles on a list of ten"),
    "across_kinds_share": ("Across kinds", "share of places for a series beside a film, or a film beside a series"),
    "cold_share": ("Stand-ins", "share of places where nobody rated the title, or little is known of the viewer"),
    "cold_lists": ("Stand-in lists", "of titles of which too little is known"),
    "subjects": ("Lists", ""),
    "subjects_without_list": ("Without a list", "titles of the catalogue"),
    "short_lists": ("Short lists", "below ten titles for a title, twenty for a viewer"),
    "silhouette": ("Silhouette", "how well clusters are apart, from -1 to 1"),
    "clusters": ("Clusters", ""),
    "seconds": ("Seconds", "for all lists of the refresh"),
    "peak_mb": ("Memory, MB", ""),
}
_ORDER = {name: place for place, name in enumerate(MEASURES)}


@dataclass(frozen=True, slots=True)
class Row:
    """A measure of one method: its newest figure, and points of lines through all of them and their limits."""

    name: str
    meaning: str
    newest: QualityOfMethod
    points: Sequence[QualityOfMethod]
    values: str
    limits: str


@dataclass(frozen=True, slots=True)
class Section:
    """A method: its measures, and what must not be there (adult titles, titles seen) in words, with how many rows."""

    method: MethodOf
    rows: list[Row]
    health: list[tuple[str, QualityOfMethod]]


def sections(methods: Iterable[MethodOf], figures: Iterable[QualityOfMethod]) -> list[Section]:
    """Methods that have figures, in the order given.

    Takes   figures  the newest first
    """
    series: dict[str, dict[str, list[QualityOfMethod]]] = {}
    for figure in reversed(list(figures)):
        series.setdefault(figure.method, {}).setdefault(figure.metric, []).append(figure)
    return [_section(method, series[method.method]) for method in methods if method.method in series]


def _section(method: MethodOf, series: dict[str, list[QualityOfMethod]]) -> Section:
    health = {name: points[-1] for name, points in series.items() if points[-1].limit_value == 0}
    names = sorted(series.keys() - health.keys(), key=lambda name: (_ORDER.get(name, len(_ORDER)), name))
    return Section(
        method, [_row(name, series[name]) for name in names],
        [(name.replace("_", " "), figure) for name, figure in sorted(health.items())],
    )  # fmt: skip


def _row(name: str, points: list[QualityOfMethod]) -> Row:
    values, limits = [point.value for point in points], [point.limit_value for point in points]
    known = [value for value in (*values, *limits) if value is not None]
    low, high = min(*known, 0), max(*known, 1e-9)
    words, meaning = MEASURES.get(name, (name.replace("_", " ").capitalize(), ""))
    return Row(words, meaning, points[-1], points, line(values, low, high), line(limits, low, high))
