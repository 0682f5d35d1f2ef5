"""Contestant `sizes`: what recommending takes at sizes that the warehouse at hand does not have.

    python recommending_sizes.py viewers USERS EVENTS     ties by EASE, and everybody's twenty best
    python recommending_sizes.py titles COUNT             the lists beside all titles, without reasons
    python recommending_sizes.py dense COUNT              ten best of each title by one dense matrix of all pairs

invents viewers or titles as dense as IMDb's (genres, cast, years, countries as unevenly spread), and prints CPU
seconds of the work without the inventing.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from reelhouse.recommending import content, linear, lists, selecting
from reelhouse.recommending.content import Features, Title
from reelhouse.recommending.events import Events

CATALOGUE = 8_800
BATCH = 256


def invented_events(users: int, events: int) -> Events:
    chance = np.random.default_rng(1)
    share = 1 / np.arange(1, CATALOGUE + 1) ** 0.8
    return Events.of(
        chance.integers(1, users + 1, events),
        chance.choice(CATALOGUE, events, p=share / share.sum()) + 1,
        chance.random(events) < 0.55,
        chance.integers(0, 10**9, events),
    )


def invented_titles(count: int) -> list[Title]:
    chance = np.random.default_rng(1)

    def some(name: str, kinds: int, most: int) -> list[tuple[tuple[str, str], ...]]:
        """Up to `most` of some kinds for each title, the first kinds most often."""
        share = 1 / np.arange(1, kinds + 1)
        drawn = chance.choice(kinds, (count, most), p=share / share.sum())
        kept = chance.integers(1, most + 1, count)
        token = [(f"{name} {number}",) * 2 for number in range(kinds)]
        return [tuple(token[number] for number in row[:size]) for row, size in zip(drawn.tolist(), kept, strict=True)]

    genre, country = some("genre", 24, 3), some("country", 60, 1)
    people = [(f"person {number}",) * 2 for number in range(2 * count)]
    cast = chance.integers(0, len(people), (count, 8)).tolist()
    words = chance.integers(0, 30_000, (count, 3)).tolist()
    years = (2022 - chance.exponential(15, count)).astype(int).tolist()
    votes = np.where(chance.random(count) < 0.6, chance.lognormal(5, 2, count), 0).astype(int).tolist()
    ages = chance.choice([None, 0, 7, 8, 13, 17], count).tolist()
    return [
        Title(
            row + 1, f"Title {row}", " ".join(f"w{word}" for word in words[row]), "series" if row % 4 == 0 else "movie",
            years[row], ages[row], False, votes[row] or None, 5 + row % 40 / 10 if votes[row] else None, None,
            {
                "genre": genre[row], "country": country[row],
                "cast": tuple(people[person] for person in cast[row][1:]), "director": (people[cast[row][0]],),
            },
        )
        for row in range(count)
    ]  # fmt: skip


def by_ties(events: Events) -> None:
    ties = linear.fit(events)
    viewers, weighted = linear.weighted_likes(events, ties, linear.RECENCIES[1])
    for first in range(0, len(viewers), BATCH):
        np.argpartition((weighted[first : first + BATCH] @ ties.matrix).toarray(), -20, axis=1)


def beside(features: Features) -> None:
    selecting.choose(features, lists.franchise_numbers(features), 8)


def dense(features: Features) -> None:
    """As the earlier projects do it: all pairs in one array."""
    scores = (features.matrix @ features.matrix.T).toarray()
    np.fill_diagonal(scores, -1.0)
    np.argsort(-scores, axis=1)[:, :10]


def main(kind: str, *numbers: str) -> None:
    if kind == "viewers":
        given, work = invented_events(*map(int, numbers)), by_ties
    else:
        given, work = content.features_of(invented_titles(int(numbers[0]))), beside if kind == "titles" else dense
    began = time.process_time()
    with threadpool_limits(limits=1):
        work(given)
    print(round(time.process_time() - began, 1))


if __name__ == "__main__":
    main(*sys.argv[1:])
