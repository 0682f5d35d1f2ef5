"""The titles and people of a day at full size, and what is true of each of them.

Kept in memory are only numbers and types; everything else is drawn from a title's or person's number when it is
needed, so that a block of titles can be made, looked at again or left out without any other.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from math import comb

import numpy as np

from reelhouse.sampling.draws import (
    PLACES,
    Draws,
    below,
    poisson_table,
    power_table,
    scaled,
    table,
)
from reelhouse.sampling.pieces import NOTHING
from reelhouse.sampling.vocabulary import CATEGORIES, FIRST_YEAR, STRAYS, TITLE_TYPES, Vocabulary
from reelhouse.sampling.world import KEPT_TYPES, SERIES_TYPES

# Sizes at scale 1, and the largest numbers in use there.
TITLES, PEOPLE = 11_500_000, 14_000_000
LAST_TITLE, LAST_PERSON = 38_000_000, 17_500_000
THIS_YEAR = 2026
# Of the share that changes in a day.
EDITED, ADDED, DROPPED = 0.8, 0.1, 0.1
REMAKES, ADULT, SLOTS = 0.03, 0.06, 7
CREDITS_APART = 256

TYPE_NAMES = tuple(TITLE_TYPES)
IS_KEPT = np.array([name in KEPT_TYPES for name in TYPE_NAMES])
IS_SERIES = np.array([name in SERIES_TYPES for name in TYPE_NAMES])
IS_EPISODE = np.array([name == "tvEpisode" for name in TYPE_NAMES])
MAY_BE_ADULT = np.array([name in ("video", "movie") for name in TYPE_NAMES])
RATED = np.array([0.075, 0.2, 0.47, 0.25, 0.45, 0.5, 0.5, 0.4, 0.5, 0.4, 0.3]) * PLACES
MEAN_MINUTES = np.array([40, 13, 95, 60, 42, 88, 48, 70, 0, 12, 40])
NO_MINUTES = np.array([0.7, 0.3, 0.15, 0.4, 0.5, 0.1, 0.4, 0.3, 1, 0.4, 0.6]) * PLACES
NO_YEAR = np.array([0.14, 0.05, 0.05, 0.05, 0.04, 0.01, 0.03, 0.03, 0.05, 0.02, 0.1]) * PLACES

ACTOR, ACTRESS, DIRECTOR, WRITER, SELF = (
    list(CATEGORIES).index(name) for name in ("actor", "actress", "director", "writer", "self")
)
# In the order of CATEGORIES: of titles without a fixed cast, and behind the cast of the others.
ANY_CATEGORY = table((0.22, 0.17, 0.085, 0.125, 0.08, 0.14, 0.055, 0.04, 0.032, 0.03, 0.013, 0.008, 0.002))
CREW_CATEGORY = table((0.03, 0.03, 0.02, 0.06, 0.33, 0.02, 0.15, 0.12, 0.12, 0.07, 0.05, 0, 0))

TYPE = table([share for share, _ in TITLE_TYPES.values()])
CREDITS = np.stack([poisson_table(mean, most=60) for _, mean in TITLE_TYPES.values()])
WORD_COUNT = poisson_table(1.6, most=SLOTS - 1) + 1
WORD, GIVEN, SURNAME = power_table(Vocabulary.words, 0.5), power_table(9_000, 0.75), power_table(50_000, 0.6)
AGE, SPREAD = power_table(120, 0.55), table([comb(60, place) for place in range(61)])
SEASON, EPISODE, LIST = power_table(60, 1.3), power_table(3000, 1.1), power_table(Vocabulary.combinations, 0.7)


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is made, and how it changes.

    scale   1 is today's real size
    day     1 is the first; each later one changes the one before
    change  share of titles, ratings, credits and people that changes from one day to the next
    stray   share of texts with quotes, backslashes and other oddities
    """

    scale: float
    seed: int
    day: int = 1
    change: float = 0.01
    stray: float = 0.0002


@dataclass(frozen=True, slots=True)
class Titles:
    """Some titles: their numbers, their types, and whose number names them (remakes bear another's title)."""

    numbers: np.ndarray
    types: np.ndarray
    named_by: np.ndarray

    def __getitem__(self, which: slice | np.ndarray) -> Titles:
        return Titles(self.numbers[which], self.types[which], self.named_by[which])

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Credits:
    """Rows of title.principals.

    titles      place of each one's title among those asked for
    orderings   number in the title, from 1
    keys        title and number as one: the same on every day
    categories  place in `CATEGORIES`
    people      index of the person
    """

    titles: np.ndarray
    orderings: np.ndarray
    keys: np.ndarray
    categories: np.ndarray
    people: np.ndarray


class Population:
    """All titles, in the order of their ids as text, and all people of one day.

    first   the titles of the first day
    titles  those of the extent's day
    people  number of each person; the first day's are the first `first_people`
    """

    def __init__(self, extent: Extent) -> None:
        self.extent, self.draws, self.vocabulary = extent, Draws(extent.seed), Vocabulary(extent.seed)
        self.first_people = max(round(PEOPLE * extent.scale), 200)
        first_titles = max(round(TITLES * extent.scale), 200)
        first_people = self._spread("people", self.first_people, LAST_PERSON)
        self.people = np.concatenate((first_people, self._added(self.first_people, LAST_PERSON)))
        self.first = self._titles(self._spread("titles", first_titles, LAST_TITLE))
        self.titles = self._of_the_day(self.first) if extent.day > 1 else self.first

    def _spread(self, what: str, count: int, last: int) -> np.ndarray:
        """Different numbers up to `last`, evenly spread."""
        gap = last / count
        jitter = self.draws.words(what, np.arange(count)) % np.uint64(max(int(gap), 1))
        return (np.arange(count) * gap).astype(np.int64) + jitter.astype(np.int64) + 1

    def _added(self, count: int, last: int) -> np.ndarray:
        """What the later days brought to `count` titles or people: their numbers follow the last one."""
        extent = self.extent
        return last + 1 + np.arange(round(count * extent.change * ADDED) * (extent.day - 1))

    def _titles(self, numbers: np.ndarray) -> Titles:
        numbers = numbers[in_text_order(numbers)]
        types = TYPE[self.draws.parts("title", numbers)[:, 0]].astype(np.int32)
        named_by = numbers.astype(np.int32)
        kept = np.flatnonzero(IS_KEPT[types])
        remade = np.flatnonzero(self.draws.happens("remake", numbers[kept], REMAKES))
        far = 1 + scaled(self.draws.parts("remake of", numbers[kept[remade]])[:, 0], 50)
        named_by[kept[remade]] = numbers[kept[remade - far]]
        return Titles(numbers.astype(np.int32), types, named_by)

    def _of_the_day(self, first: Titles) -> Titles:
        """The first day's titles without those that have vanished, with those that have come."""
        extent = self.extent
        stays = np.ones(len(first), bool)
        for day in range(2, extent.day + 1):
            stays &= ~self.draws.happens(f"dropped {day}", first.numbers, extent.change * DROPPED)
        added = self._added(len(first), LAST_TITLE).astype(np.int32)
        new = Titles(added, TYPE[self.draws.parts("title", added)[:, 0]].astype(np.int32), added)
        both = Titles(*(np.concatenate((getattr(first[stays], n), getattr(new, n))) for n in Titles.__slots__))
        return both[in_text_order(both.numbers)]

    def edited(self, what: str, numbers: np.ndarray) -> np.ndarray:
        """The last day on which each of some things was edited, 0 for never."""
        last = np.zeros(len(numbers), np.int32)
        for day in range(2, self.extent.day + 1):
            last[self.draws.happens(f"edited {what} {day}", numbers, self.extent.change * EDITED)] = day
        return last

    def unedited(self) -> Population:
        """The same, seen as it was before any edit."""
        before = copy(self)
        before.extent = replace(self.extent, day=1)
        return before

    # Titles ---------------------------------------------------------------------------------------------

    def years(self, titles: Titles) -> np.ndarray:
        """Year of release, 0 where IMDb knows none."""
        draws = self.draws.parts("year", titles.numbers)
        years = THIS_YEAR - AGE[draws[:, 0]]
        return np.where(draws[:, 1] < NO_YEAR[titles.types], 0, years)

    def end_years(self, titles: Titles) -> np.ndarray:
        """Last year of a series that has ended, else 0."""
        draws, years = self.draws.parts("end", titles.numbers), self.years(titles)
        ended = IS_SERIES[titles.types] & below(draws[:, 0], 0.45) & (years > 0)
        return np.where(ended, np.minimum(years + scaled(draws[:, 1], 9), THIS_YEAR), 0)

    def minutes(self, titles: Titles) -> np.ndarray:
        """Running time, 0 where IMDb knows none. An edit adds a minute, or makes it known."""
        draws = self.draws.parts("minutes", titles.numbers)
        minutes = MEAN_MINUTES[titles.types] * (SPREAD[draws[:, 0]] + 20) // 50 + scaled(draws[:, 1], 10)
        edited = self.edited("title", titles.numbers)
        is_known = (draws[:, 2] >= NO_MINUTES[titles.types]) | (edited > 0)
        return np.where(is_known, minutes + edited, 0)

    def is_adult(self, titles: Titles) -> np.ndarray:
        return MAY_BE_ADULT[titles.types] & self.draws.happens("adult", titles.numbers, ADULT)

    def genre_places(self, titles: Titles) -> np.ndarray:
        """Places of their lists of genres in the vocabulary."""
        return LIST[self.draws.parts("genres", titles.numbers)[:, 0]]

    def votes(self, titles: Titles) -> tuple[np.ndarray, np.ndarray]:
        """Rating in tenths and number of votes; 0 votes where there is no rating."""
        draws = self.draws.parts("rating", titles.numbers)
        votes = (8 / ((draws[:, 1] + 1.0) / PLACES) ** 1.12).astype(np.int64)
        votes += 3 * self.edited("rating", titles.numbers)
        tenths = np.clip(69 + 5 * (SPREAD[draws[:, 2]].astype(np.int64) - 30) * 2 // 3, 10, 100)
        return tenths, np.where(draws[:, 0] < RATED[titles.types], votes, 0)

    def title_slots(self, titles: Titles) -> list[np.ndarray]:
        """Columns of pieces that spell the primary title."""
        slots = self.phrase("words", titles.named_by)
        self._put_foreign(slots, titles.named_by, self.draws.happens("script", titles.named_by, 0.004))
        draws = self.draws.parts("sequel", titles.named_by)
        sequel = np.where(below(draws[:, 0], 0.03), self.vocabulary.sequel + scaled(draws[:, 1], 8), NOTHING)
        self._put_episodes(slots, titles, sequel)
        self._put_strays("stray title", slots, titles.numbers, sequel)
        slots.append(sequel)
        edited = self.edited("title", titles.numbers)
        is_renamed = (edited > 0) & self.draws.happens("renamed", titles.numbers, 1 / 3)
        return [*slots, np.where(is_renamed, self.vocabulary.revised + edited % 1000, NOTHING)]

    def original_slots(self, titles: Titles, primary: list[np.ndarray]) -> list[np.ndarray]:
        """Columns of the original title: mostly the primary one, sometimes another, in part in other scripts."""
        other = ~IS_EPISODE[titles.types] & self.draws.happens("original", titles.named_by, 0.12)
        at = np.flatnonzero(other)
        slots = self.phrase("original words", titles.named_by[at])
        self._put_foreign(slots, titles.named_by[at], self.draws.happens("other script", titles.named_by[at], 0.25))
        originals = [column.copy() for column in primary]
        for place, column in enumerate(originals):
            column[at] = slots[place] if place < SLOTS else NOTHING
        return originals

    def phrase(self, purpose: str, numbers: np.ndarray) -> list[np.ndarray]:
        """Columns of pieces that spell a phrase of one to seven words for each number."""
        vocabulary = self.vocabulary
        draws = np.hstack((self.draws.parts(purpose, numbers), self.draws.parts(f"more {purpose}", numbers)))
        counts = WORD_COUNT[draws[:, 0]]
        first = vocabulary.word + WORD[draws[:, 1]]
        more = (vocabulary.next_word + WORD[draws[:, place + 1]] for place in range(1, SLOTS))
        return [first, *(np.where(counts > place, column, NOTHING) for place, column in enumerate(more, 1))]

    def _put_foreign(self, slots: list[np.ndarray], numbers: np.ndarray, which: np.ndarray) -> None:
        at = np.flatnonzero(which)
        draws = self.draws.parts("foreign", numbers[at])
        for place, column in enumerate(slots):
            column[at] = (
                self.vocabulary.foreign + scaled(draws[:, place], Vocabulary.foreigns) if place < 2 else NOTHING
            )

    def _put_episodes(self, slots: list[np.ndarray], titles: Titles, sequel: np.ndarray) -> None:
        """Half of the episodes have a number or a date for a title."""
        at = np.flatnonzero(IS_EPISODE[titles.types])
        draws, vocabulary = self.draws.parts("episode", titles.numbers[at]), self.vocabulary
        numbered = at[below(draws[:, 0], 0.42)], draws[below(draws[:, 0], 0.42)]
        is_dated = below(draws[:, 0], 0.52) & ~below(draws[:, 0], 0.42)
        dated = at[is_dated], draws[is_dated]
        for column in (*slots, sequel):
            column[numbered[0]] = column[dated[0]] = NOTHING
        slots[0][numbered[0]] = vocabulary.season + SEASON[numbered[1][:, 1]]
        slots[1][numbered[0]] = vocabulary.episode + EPISODE[numbered[1][:, 2]]
        slots[0][dated[0]] = vocabulary.day + scaled(dated[1][:, 1], 28)
        slots[1][dated[0]] = vocabulary.month + scaled(dated[1][:, 2], 12)
        slots[2][dated[0]] = vocabulary.date_year + THIS_YEAR - FIRST_YEAR - AGE[dated[1][:, 3]]

    def _put_strays(self, purpose: str, slots: list[np.ndarray], numbers: np.ndarray, *more: np.ndarray) -> None:
        at = np.flatnonzero(self.draws.happens(purpose, numbers, self.extent.stray))
        for column in (*slots, *more):
            column[at] = NOTHING
        slots[0][at] = self.vocabulary.stray + scaled(self.draws.parts("which stray", numbers[at])[:, 0], len(STRAYS))

    # Credits --------------------------------------------------------------------------------------------

    def credits(self, titles: Titles) -> Credits:
        """The principals of some titles, in order."""
        counts = CREDITS[titles.types, self.draws.parts("title", titles.numbers)[:, 1]]
        places = np.repeat(np.arange(len(titles)), counts)
        orderings = np.arange(1, len(places) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        keys = titles.numbers[places].astype(np.int64) * CREDITS_APART + orderings
        categories = self._categories(titles, places, orderings, keys)
        people = self._people_of(titles.numbers[places], orderings, keys)
        return Credits(places, orderings, keys, categories, people)

    def _categories(self, titles: Titles, places: np.ndarray, orderings: np.ndarray, keys: np.ndarray) -> np.ndarray:
        draws = self.draws.parts("category", keys)
        categories = ANY_CATEGORY[draws[:, 0]]
        has_cast = IS_KEPT[titles.types] & self.draws.happens("has a cast", titles.numbers, 0.6)
        of_cast = has_cast[places]
        in_crew, in_cast = of_cast & (orderings > 6), of_cast & (orderings <= 4)
        categories[in_crew] = CREW_CATEGORY[draws[in_crew, 0]]
        categories[in_cast] = np.where(draws[in_cast, 0] % 2, ACTOR, ACTRESS)
        categories[of_cast & (orderings == 5)] = DIRECTOR
        categories[of_cast & (orderings == 6)] = WRITER
        return categories

    def _people_of(self, numbers: np.ndarray, orderings: np.ndarray, keys: np.ndarray) -> np.ndarray:
        """Who is credited: half of them the well-known, the others from a small circle round neighbouring titles."""
        words = self.draws.words("person", keys)
        for day in range(2, self.extent.day + 1):
            recast = np.flatnonzero(self.draws.happens(f"edited credit {day}", keys, self.extent.change * EDITED))
            words[recast] = self.draws.words(f"person {day}", keys[recast])
        even = (words >> np.uint64(32)).astype(np.float64) / (1 << 32)
        # Square and square root are exact on every machine, a power need not be.
        known = (self.first_people * (even * even * np.sqrt(even))).astype(np.int64)
        low = words.view("<u2").reshape(-1, 4)
        circle = (numbers // 80).astype(np.int64) * 64 + low[:, 0] % 60
        near = (self.draws.words("circle", circle) >> np.uint64(32)).astype(np.int64)
        # Multiplied, so that the well-known do not all have the first numbers.
        people = np.where(low[:, 1] < PLACES // 2, known * 7_368_787, near) % self.first_people
        new = len(self.people) - self.first_people
        if new:
            lead = np.flatnonzero((numbers > LAST_TITLE) & (orderings == 1))
            people[lead] = self.first_people + (numbers[lead] - LAST_TITLE) % new
        return people

    # People ---------------------------------------------------------------------------------------------

    def name_slots(self, numbers: np.ndarray) -> list[np.ndarray]:
        """Columns of pieces that spell the names of people."""
        draws = self.draws.parts("name", numbers)
        slots = [self.vocabulary.given + GIVEN[draws[:, 0]], self.vocabulary.surname + SURNAME[draws[:, 1]]]
        self._put_strays("stray name", slots, numbers)
        return [*slots, np.where(self.edited("name", numbers) > 0, self.vocabulary.junior, NOTHING)]


def in_text_order(numbers: np.ndarray) -> np.ndarray:
    """The order of ids as text, in which IMDb's files are sorted: tt1000000, tt10000000, tt1000001.

    >>> numbers = np.array([1_000_001, 10_000_000, 38_000_001, 3_800_000, 1_000_000])
    >>> numbers[in_text_order(numbers)].tolist()
    [1000000, 10000000, 1000001, 3800000, 38000001]
    """
    numbers = numbers.astype(np.int64)
    return np.argsort(np.where(numbers < 10_000_000, numbers * 20, numbers * 2 + 1), kind="stable")
