"""Assigning: each work at most one IMDb title, each title at most one work of a source. Pure, no database.

A score is log odds against "no IMDb title", so a set of assignments is as likely as the exponential of the
sum of its scores. The likeliest set is taken; the probability of one assignment weighs it against the sets
that differ by one work, or by two works that swap. Near ties therefore come out near one half by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import exp, log, prod

import numpy as np

# Of no consequence to any probability shown (e^-8 < .0004), and most of all pairs.
LEAST_SCORE = -8.0
# exp of more says nothing more and overflows in the end.
MOST_EXPONENT = 50.0
# So many sets of assignments are gone through one by one.
MOST_SETS = 4096
# Sums of scores that are no farther apart are equal.
LEAST_LEAD = 1e-9

Work = int
Title = int
Scores = Mapping[Work, Mapping[Title, float]]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The title of one work, and the probability that it is right."""

    title: Title
    probability: float


def assign(scores: Scores) -> dict[Work, Assignment]:
    """The likeliest one-to-one assignment; works that are likelier to have no title get the best one left over.

    Works and titles are numbers whose order decides exact ties, so the result is the same for any order of input.
    """
    edges = {
        work: {title: score for title, score in sorted(titles.items()) if score > LEAST_SCORE}
        for work, titles in sorted(scores.items())
    }
    chosen: dict[Work, Title] = {}
    for works in _components(edges):
        chosen |= _likeliest(works, edges)
    leftover = _best_left(edges, chosen)
    titles_of, works_of = chosen, {title: work for work, title in chosen.items()}
    by_title = _by_title(edges)
    assignments = {
        work: Assignment(title, _probability(work, title, edges, by_title, titles_of, works_of))
        for work, title in chosen.items()
    }
    for work, title in leftover.items():
        assignments[work] = Assignment(title, _probability(work, title, edges, by_title, titles_of, works_of))
    return assignments


def _components(edges: Scores) -> Iterable[list[Work]]:
    """Works that want the same titles, as far as they are likelier with a title than without."""
    by_title: dict[Title, list[Work]] = defaultdict(list)
    for work, titles in edges.items():
        for title, score in titles.items():
            if score > 0:
                by_title[title].append(work)
    seen: set[Work] = set()
    for first in edges:
        if first in seen:
            continue
        seen.add(first)
        component, waiting = [], [first]
        while waiting:
            work = waiting.pop()
            component.append(work)
            for title, score in edges[work].items():
                if score > 0:
                    new = [other for other in by_title[title] if other not in seen]
                    seen.update(new)
                    waiting += new
        yield sorted(component)


def _likeliest(works: list[Work], edges: Scores) -> dict[Work, Title]:
    if len(works) == 1:
        wanted = [(-score, title) for title, score in edges[works[0]].items() if score > 0]
        return {works[0]: min(wanted)[1]} if wanted else {}
    few = _likeliest_of_few(works, edges)
    if few is not None:
        return few
    # Imported when it is needed: of the CPU of a day with few changes it was a third.
    from scipy.optimize import linear_sum_assignment

    titles = sorted({title for work in works for title, score in edges[work].items() if score > 0})
    column = {title: position for position, title in enumerate(titles)}
    gain = np.zeros((len(works), len(titles)))
    for row, work in enumerate(works):
        for title, score in edges[work].items():
            if score > 0:
                gain[row, column[title]] = score
    pairs = zip(*linear_sum_assignment(gain, maximize=True), strict=True)
    return {works[row]: titles[place] for row, place in pairs if gain[row, place] > 0}


def _likeliest_of_few(works: list[Work], edges: Scores) -> dict[Work, Title] | None:
    """The same for works that have few titles to choose from; None when they have many, or two sets are as likely."""
    choices = [[(None, 0.0), *((title, score) for title, score in edges[work].items() if score > 0)] for work in works]
    if prod(map(len, choices)) > MOST_SETS:
        return None
    best: tuple[tuple[Title | None, float], ...] = ()
    most, next_most = -1.0, -1.0
    for chosen in product(*choices):
        titles = [title for title, _ in chosen if title is not None]
        total = sum(score for _, score in chosen)
        if total <= next_most or len(set(titles)) < len(titles):
            continue
        if total > most:
            best, most, next_most = chosen, total, most
        else:
            next_most = total
    if most - next_most < LEAST_LEAD:
        return None
    return {work: title for work, (title, _) in zip(works, best, strict=True) if title is not None}


def _best_left(edges: Scores, chosen: dict[Work, Title]) -> dict[Work, Title]:
    """For works without a likely title the best one that nobody has, highest score first."""
    taken = set(chosen.values())
    wanted = sorted(
        (-score, work, title)
        for work, titles in edges.items()
        if work not in chosen
        for title, score in titles.items()
        if title not in taken
    )
    left: dict[Work, Title] = {}
    for _, work, title in wanted:
        if work not in left and title not in taken:
            left[work] = title
            taken.add(title)
    return left


def _by_title(edges: Scores) -> dict[Title, dict[Work, float]]:
    by_title: dict[Title, dict[Work, float]] = defaultdict(dict)
    for work, titles in edges.items():
        for title, score in titles.items():
            by_title[title][work] = score
    return by_title


def _probability(
    work: Work,
    title: Title,
    edges: Scores,
    by_title: Mapping[Title, Mapping[Work, float]],
    titles_of: Mapping[Work, Title],
    works_of: Mapping[Title, Work],
) -> float:
    own = edges[work][title]
    # Each is the log weight of another arrangement, against 0 for "as now, but this work has no title".
    others = [0.0]
    for other, score in edges[work].items():
        if other != title:
            others.append(score + _made_room(other, title, work, edges, works_of))
    others += [
        score for rival, score in by_title[title].items() if rival != work and rival not in titles_of
    ]  # fmt: skip
    return 1.0 / (1.0 + sum(exp(min(score - own, MOST_EXPONENT)) for score in others))


def _made_room(other: Title, title: Title, work: Work, edges: Scores, works_of: Mapping[Title, Work]) -> float:
    """What it costs that `other` becomes free: its holder goes without, or takes `title` instead."""
    holder = works_of.get(other)
    if holder is None or holder == work:
        return 0.0
    held = edges[holder][other]
    swapped = edges[holder].get(title)
    without = -held
    return without if swapped is None else without + log(1.0 + exp(min(swapped, MOST_EXPONENT)))
