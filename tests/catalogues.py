"""Titles made for the tests of this folder, by hand or at random."""

from __future__ import annotations

import random

from reelhouse.matching.keys import fold_title
from reelhouse.recommending.content import Title
from reelhouse.recommending.events import Events

GENRES = ("Action", "Comedy", "Crime", "Drama", "Family", "Horror", "Romance", "Sci-Fi")
AGES = (0, 7, 8, 13, 14, 17, 18, None)
WORDS = ("storm", "garden", "river", "night", "engine", "paper", "harbour", "letters", "winter", "gold", "mirror")


def make_title(title_key: int, title: str = "", **given) -> Title:
    """A title with what a test cares about; the rest unknown."""
    fields = {
        name: tuple((value, value) for value in given.pop(name, ()))
        for name in ("genre", "category", "cast", "director", "country")
    }
    known = {
        "kind": "movie", "release_year": None, "least_age": 13, "is_adult": False,
        "vote_count": None, "weighted_of_10": None, "description": None,
    }  # fmt: skip
    title = title or f"Title {title_key}"
    return Title(title_key, title, fold_title(title), **(known | given), fields=fields)


def random_title(chance: random.Random, title_key: int, people: int = 40) -> Title:
    """A title with some fields missing, some shared, votes over many orders of magnitude or none."""
    votes = None if chance.random() < 0.2 else int(10 ** chance.uniform(0.5, 6.3))
    return make_title(
        title_key,
        " ".join(chance.choices(WORDS, k=chance.randint(1, 3))) + chance.choice(("", "", " 2", ": Part II")),
        kind=chance.choice(("movie", "movie", "series")),
        release_year=chance.choice((None, *range(1985, 2022))),
        least_age=chance.choice(AGES),
        is_adult=chance.random() < 0.05,
        vote_count=votes,
        weighted_of_10=None if votes is None else round(chance.uniform(3, 9), 2),
        description=" ".join(chance.choices(WORDS, k=4)),
        genre=chance.sample(GENRES, chance.randint(0, 3)),
        category=chance.sample(("Dramas", "TV Comedies", "Cult Movies"), chance.randint(0, 1)),
        cast=[f"person {number:03d}" for number in chance.sample(range(people), chance.randint(0, 6))],
        director=[f"person {number:03d}" for number in chance.sample(range(people), chance.randint(0, 1))],
        country=chance.sample(("India", "Japan", "United States"), chance.randint(0, 2)),
    )


def random_catalogue(seed: int, size: int, people: int = 40) -> list[Title]:
    """`size` random titles in no order, with gaps between their keys."""
    chance = random.Random(seed)
    return [random_title(chance, key, people) for key in chance.sample(range(1, 10 * size), size)]


def random_events(seed: int, titles: list[int], count: int, first_user: int = 1) -> Events:
    """Viewers with a taste: most of what each watches, and all but all of what each likes, is a third of the titles."""
    chance = random.Random(seed)
    rows = []
    for user in range(first_user, first_user + count):
        taste = user % 3
        fit = [title for title in titles if title % 3 == taste]
        size = min(len(fit) - 1, chance.choice((1, 3, 12, 25, 25)))
        watched = dict.fromkeys(chance.sample(fit, size) + chance.sample(titles, size // 4))
        for moment, title in enumerate(chance.sample(list(watched), len(watched))):
            rows.append((user, title, chance.random() < (0.95 if title % 3 == taste else 0.2), moment))
    return Events.of(*zip(*rows, strict=True))
