"""By profile: titles that nobody has rated yet, by the fields of what a viewer liked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from reelhouse.recommending.events import Events, places_in
from reelhouse.recommending.exact import UNITS
from reelhouse.recommending.viewers.model import NEVER, Chosen, Model, batches, in_steps, percentile, unseen, untold
from reelhouse.recommending.viewers.order import best, best_with_variety

# Places of a list that such titles have.
COLD_PLACES = (7, 14, 20)
# What a title that was disliked, or broken off, takes from a profile.
DISLIKED = -0.3
FIELDS_SHOWN = 4


def by_profile(
    model: Model,
    content: sparse.csr_matrix,
    viewers: Sequence[Events],
    is_open: np.ndarray,
    fame: np.ndarray,
    is_told: bool,
) -> list[list[Chosen]]:
    """Titles that nobody has rated yet, by what their fields have in common with what each viewer liked."""
    profiles = _profiles(model, viewers)
    steps = in_steps(_profile_scores(model, profiles, fame), is_open)
    picked = best_with_variety(model, content, steps, len(COLD_PLACES))
    if not is_told:
        return [[untold(row) for row in rows.tolist()] for rows in picked]
    return [_told_by_profile(model, fame, *of_one) for of_one in zip(picked, profiles, steps, strict=True)]


def profile_rankings(model: Model, viewers: Sequence[Events], length: int) -> Iterator[list[int]]:
    """Rows of the best titles of each viewer by profile alone, warm ones too."""
    fame = fame_of(model)
    for batch in batches(model, viewers):
        for steps in in_steps(_profile_scores(model, _profiles(model, batch), fame), unseen(model, batch)):
            yield best(model, steps, length).tolist()


def _told_by_profile(
    model: Model, fame: np.ndarray, picked: np.ndarray, profile: np.ndarray, steps: np.ndarray
) -> list[Chosen]:
    chosen = []
    candidates = steps[steps > NEVER]
    for row in picked.tolist():
        start, end = model.content.indptr[row : row + 2]
        tokens = model.content.indices[start:end]
        parts = model.content.data[start:end] * profile[tokens] * fame[row]
        units, reasons = _fields(model, tokens, parts)
        chosen.append(Chosen(row, units, percentile(units / UNITS, candidates), "percentile", True, reasons))
    return chosen


def _profiles(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    """What the titles of each viewer are like, vectors of length one; zeros where no title is known."""
    rows, columns, signs = [], [], []
    for place, own in enumerate(viewers):
        titles = places_in(model.titles, own.title)
        known = np.argsort(titles)[np.count_nonzero(titles < 0) :]
        rows += [place] * len(known)
        columns += titles[known].tolist()
        signs += np.where(own.is_like[known], 1.0, DISLIKED).tolist()
    signed = sparse.csr_matrix((signs, (rows, columns)), shape=(len(viewers), len(model.titles)), dtype=np.float64)
    profiles = (signed @ model.content).toarray()
    for profile in profiles:
        # Not by BLAS, whose threads cost more than so short a sum.
        profile /= float(np.sqrt(np.sum(profile * profile))) or 1.0
    return profiles


def _profile_scores(model: Model, profiles: np.ndarray, fame: np.ndarray) -> np.ndarray:
    return (model.content @ profiles.T).T * fame


def fame_of(model: Model) -> np.ndarray:
    """What a title's votes are worth beside a profile."""
    return model.popularity**4


def _fields(model: Model, tokens: np.ndarray, parts: np.ndarray) -> tuple[int, list[dict[str, object]]]:
    units = np.rint(parts * UNITS).astype(np.int64)
    named = [place for place in np.flatnonzero(units > 0).tolist() if model.labels[tokens[place]][1]]
    named.sort(key=lambda place: (-int(units[place]), model.labels[tokens[place]]))
    reasons: list[dict[str, object]] = []
    for place in named[:FIELDS_SHOWN]:
        kind, value = model.labels[tokens[place]]
        reasons.append({"kind": f"your {kind}", "value": value, "share": int(units[place]) / UNITS})
    total = int(units.sum())
    rest = total - sum(int(units[place]) for place in named[:FIELDS_SHOWN])
    if rest or not reasons:
        reasons.append({"kind": "other", "value": "smaller parts", "share": rest / UNITS})
    return total, reasons
