"""Why a title is recommended: every part of its score, by name. The parts add up to the score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy import sparse

from reelhouse.recommending.content import NEARNESS, POPULARITY, QUALITY, Features, nearness
from reelhouse.recommending.selecting import Choices

SHOWN_AT_MOST = 10
# Parts are whole numbers of 1e-8 before they are added, so that what is shown adds up exactly.
_UNITS = 10**8

Part = tuple[int, str, str]  # (units, kind, value)


def explain(features: Features, choices: Choices) -> tuple[np.ndarray, list[str]]:
    """Raw scores of the chosen pairs, and their reasons as JSON: largest part first, small ones together at the end."""
    parts = [*map(_with_year, _content_parts(features, choices), _year_values(features, choices))]
    for row, extra in enumerate(zip(*_prior_parts(features, choices), strict=True)):
        parts[row].extend(extra)
    for row, units in enumerate(_together_units(features, choices)):
        if units:
            parts[row].append((units, "together", "liked by the same viewers"))
    is_bare = features.is_bare[choices.source]
    found = [_reasons(row, bool(bare)) for row, bare in zip(parts, is_bare, strict=True)]
    return np.array([units for units, _ in found], dtype=np.int64) / _UNITS, [text for _, text in found]


def percentiles(score_raw: np.ndarray) -> np.ndarray:
    """Share of all scores of the refresh that are not above each, in steps of 1e-4."""
    if not score_raw.size:
        return score_raw
    return np.round(np.searchsorted(np.sort(score_raw), score_raw, side="right") / score_raw.size, 4)


def _content_parts(features: Features, choices: Choices) -> Iterator[list[Part]]:
    """Shared tokens of each pair with what they give. Nothing is shared with a title of too few fields."""
    shared = sparse.csr_matrix(features.matrix[choices.source].multiply(features.matrix[choices.target]))
    units = np.rint(shared.data * _UNITS).astype(np.int64).tolist()
    columns, starts = shared.indices.tolist(), shared.indptr.tolist()
    is_bare = features.is_bare[choices.source].tolist()
    for row, (start, end) in enumerate(pairwise(starts)):
        places = () if is_bare[row] else range(start, end)
        yield [(units[place], *features.columns[columns[place]]) for place in places]


def _together_units(features: Features, choices: Choices) -> list[int]:
    if features.together is None:
        return []
    shares = np.asarray(features.together[choices.source, choices.target]).ravel()
    return np.where(features.is_bare[choices.source], 0, np.rint(shares * _UNITS).astype(np.int64)).tolist()


def _year_values(features: Features, choices: Choices) -> Iterator[str]:
    years = [title.release_year for title in features.titles]
    for source, target in zip(choices.source.tolist(), choices.target.tolist(), strict=True):
        yield str(years[source]) if years[source] == years[target] else f"{years[source]} and {years[target]}"


def _with_year(parts: list[Part], value: str) -> list[Part]:
    """Shared spans of years as one part."""
    others = [part for part in parts if part[1] != "year"]
    if len(others) < len(parts):
        others.append((sum([units for units, kind, _ in parts if kind == "year"]), "year", value))
    return others


def _prior_parts(features: Features, choices: Choices) -> tuple[list[Part], ...]:
    """What popularity, quality and nearness in fame give to each pair."""
    near = nearness(features.fame[choices.source], features.fame[choices.target])
    near[features.is_bare[choices.source]] = 0.0
    weight = features.weight_of(choices.source)
    shares = {
        "popularity": weight * POPULARITY * features.popularity[choices.target],
        "quality": weight * QUALITY * features.quality[choices.target],
        "nearness": weight * NEARNESS * near,
    }
    values = {
        "popularity": [votes_in_words(title.vote_count) for title in features.titles],
        "quality": [rating_in_words(title.weighted_of_10) for title in features.titles],
        "nearness": ["about as well known" if title.vote_count else "fame not known" for title in features.titles],
    }
    return tuple(
        [
            (units, kind, values[kind][target])
            for units, target in zip(np.rint(share * _UNITS).astype(np.int64).tolist(), choices.target, strict=True)
        ]
        for kind, share in shares.items()
    )


def votes_in_words(votes: int | None) -> str:
    """Votes as coarsely as they count (steps of .1 in the logarithm), so that the text changes when the score does.

    >>> votes_in_words(1841066), votes_in_words(1850000), votes_in_words(None)
    ('about 1,800,000 IMDb votes', 'about 1,800,000 IMDb votes', 'no votes')
    """
    if not votes:
        return "no votes"
    coarse = float(np.expm1(round(np.log1p(votes), 1)))
    return f"about {int(float(f'{coarse:.2g}')):,} IMDb votes"


def rating_in_words(weighted_of_10: float | None) -> str:
    return "no rating, taken as average" if weighted_of_10 is None else f"rated {weighted_of_10:.1f} of 10"


def _reasons(parts: list[Part], is_bare: bool) -> tuple[int, str]:
    """Total and JSON of the parts of one pair: the largest by name, then the rest as one, whatever it weighs."""
    total, shown = 0, []
    for units, kind, value in parts:
        total += units
        if units > 0:
            shown.append((-units, kind, value))
    if is_bare:
        shown = [(-total, "popular", "popular title of the same kind")]
    shown.sort()
    if len(shown) > SHOWN_AT_MOST:
        rest = shown[SHOWN_AT_MOST - 1 :]
        shown = shown[: SHOWN_AT_MOST - 1]
        shown.append((sum([part[0] for part in rest]), "other", f"{len(rest)} smaller parts"))
    shown = shown or [(0, "other", "nothing in common")]
    # As json.dumps writes it, at a third of its time: what precedes a share is the same in thousands of reasons.
    return total, f"[{', '.join([f'{_opened(kind, value)}{-units / _UNITS}}}' for units, kind, value in shown])}]"


@lru_cache(maxsize=100_000)
def _opened(kind: str, value: str) -> str:
    """The JSON of a part up to its share."""
    return json.dumps({"kind": kind, "value": value}, ensure_ascii=False)[:-1] + ', "share": '
