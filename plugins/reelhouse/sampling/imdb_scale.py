"""Files in the layout of IMDb's datasets, of any size, with an exact account of what staging must make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from reelhouse.sampling.draws import below, scaled, table
from reelhouse.sampling.pieces import NOTHING, Archive
from reelhouse.sampling.population import (
    ACTOR,
    ACTRESS,
    DIRECTOR,
    IS_KEPT,
    LIST,
    SELF,
    WRITER,
    Credits,
    Population,
    Titles,
    in_text_order,
)
from reelhouse.sampling.vocabulary import FIRST_YEAR, JOBS

HEADERS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
    "title.ratings": "tconst averageRating numVotes",
    "title.principals": "tconst ordering nconst category job characters",
    "title.crew": "tconst directors writers",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
# Small enough that a block's arrays stay below 200 MB, large enough that numpy's calls cost nothing.
TITLES_AT_ONCE, PEOPLE_AT_ONCE = 40_000, 150_000
AKA_COUNT = table(0.77 ** np.arange(40)) + 1
AKAS_APART, MOST_DIRECTORS, MOST_WRITERS, MOST_KNOWN_FOR = 64, 3, 5, 4
# Which of the columns of `akas` spell the title.
AKA_TITLE = slice(3, -1)

Columns = list[np.ndarray | int]
Tell = Callable[[str, float | None], None]


@dataclass(slots=True)
class Account:
    """What is written to a file, and what of it staging keeps."""

    rows_in: int = 0
    rows_staged: int = 0


@dataclass(slots=True)
class Made:
    """What was made so far.

    accounts  by name of the file
    credited  for each person's index, whether a kept row of principals names them
    """

    credited: np.ndarray
    accounts: dict[str, Account] = field(default_factory=dict)


def write_imdb(population: Population, folder: Path, names: tuple[str, ...], tell: Tell) -> Made:
    """Write some of IMDb's files.

    Takes   names  which of `HEADERS`
    Gives   the account of each file
    """
    made = Made(np.zeros(len(population.people), bool), {name: Account() for name in names})
    with ExitStack() as stack:
        archives = {name: stack.enter_context(Archive(folder / f"{name}.tsv.gz")) for name in names}
        for name, archive in archives.items():
            archive.write("\t".join(HEADERS[name].split()).encode() + b"\n")
        _write_titles(population, archives, made, tell)
        if "name.basics" in archives:
            _write_people(population, archives["name.basics"], made, tell)
    return made


def _write_titles(population: Population, archives: dict[str, Archive], made: Made, tell: Tell) -> None:
    everything = population.titles
    for start in range(0, len(everything), TITLES_AT_ONCE):
        tell("titles of IMDb", start / len(everything))
        titles = everything[start : start + TITLES_AT_ONCE]
        kept = IS_KEPT[titles.types]
        if "title.basics" in archives or "title.akas" in archives:
            slots = population.title_slots(titles)
            originals = population.original_slots(titles, slots)
        # Who is credited decides whose names are kept.
        if archives.keys() & {"title.principals", "title.crew", "name.basics"}:
            credits = population.credits(titles)
            of_kept = kept[credits.titles] & (credits.categories <= WRITER)
            made.credited[credits.people[of_kept]] = True
        if "title.basics" in archives:
            _write(population, archives, made, "title.basics", _basics(population, titles, slots, originals), kept)
        if "title.ratings" in archives:
            columns, rated = _ratings(population, titles)
            _write(population, archives, made, "title.ratings", columns, kept[rated])
        if "title.principals" in archives:
            _write(population, archives, made, "title.principals", _principals(population, titles, credits), of_kept)
        if "title.crew" in archives:
            _write(population, archives, made, "title.crew", _crew(population, titles, credits), kept)
        if "title.akas" in archives:
            columns, of = akas(population, titles, slots, originals)
            _write(population, archives, made, "title.akas", columns, kept[of])


def _write(
    population: Population, archives: dict[str, Archive], made: Made, name: str, columns: Columns, kept: np.ndarray
) -> None:
    account = made.accounts[name]
    account.rows_in += len(kept)
    account.rows_staged += int(kept.sum())
    archives[name].write(population.vocabulary.pieces.joined(columns, len(kept)))


def _basics(population: Population, titles: Titles, slots: Columns, originals: Columns) -> Columns:
    words = population.vocabulary
    return [
        *words.ids(titles.numbers, words.title_id, words.id_end_tab),
        words.title_type + titles.types,
        *slots,
        words.tab,
        *originals,
        words.adult + population.is_adult(titles),
        _or_null(population, words.year - FIRST_YEAR, population.years(titles)),
        _or_null(population, words.year - FIRST_YEAR, population.end_years(titles)),
        _or_null(population, words.minutes, population.minutes(titles)),
        words.genres + population.genre_places(titles),
    ]


def _or_null(population: Population, first: int, values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, first + values, population.vocabulary.null)


def _ratings(population: Population, titles: Titles) -> tuple[Columns, np.ndarray]:
    """Columns of the titles that have a rating, and the places of these titles."""
    words = population.vocabulary
    tenths, votes = population.votes(titles)
    rated = np.flatnonzero(votes)
    thousands, units = np.divmod(votes[rated], 1000)
    columns = [
        *words.ids(titles.numbers[rated], words.title_id, words.id_end_tab),
        words.tenths + tenths[rated],
        words.thousands + thousands,
        np.where(thousands > 0, words.padded, words.units) + units,
    ]
    return columns, rated


def _principals(population: Population, titles: Titles, credits: Credits) -> Columns:
    words = population.vocabulary
    title_ids = (column[credits.titles] for column in words.ids(titles.numbers, words.title_id, words.id_end_tab))
    draws = population.draws.parts("character", credits.keys)
    return [
        *title_ids,
        words.ordering + credits.orderings,
        *words.ids(population.people[credits.people], words.person_id, words.id_end_tab),
        words.category + credits.categories * JOBS + draws[:, 0] % JOBS,
        *_characters(population, credits.categories, draws),
    ]


def _characters(population: Population, categories: np.ndarray, draws: np.ndarray) -> Columns:
    """Two columns: most actors play somebody of one or two names, who appears as himself is himself."""
    words = population.vocabulary
    plays = (categories <= ACTRESS) & (categories >= ACTOR) & below(draws[:, 1], 0.9)
    nicknamed = below(draws[:, 0], population.extent.stray)
    first = np.where(nicknamed, words.nicknamed, words.character) + scaled(draws[:, 2], words.givens)
    has_two = draws[:, 1] % 2 == 0
    last = np.where(has_two, words.character_end + scaled(draws[:, 3], words.surnames), words.character_closed)
    others = np.where(categories == SELF, words.himself, words.null_end)
    return [np.where(plays, first, others), np.where(plays, last, NOTHING)]


def _crew(population: Population, titles: Titles, credits: Credits) -> Columns:
    words = population.vocabulary
    return [
        *words.ids(titles.numbers, words.title_id, words.id_end_tab),
        *_people_list(population, len(titles), credits, DIRECTOR, MOST_DIRECTORS),
        words.tab,
        *_people_list(population, len(titles), credits, WRITER, MOST_WRITERS),
        words.newline,
    ]


def _people_list(
    population: Population, count: int, credits: Credits, category: int, most: int
) -> Iterator[np.ndarray]:
    """Columns that write the people of one category of each title, each once, or that there are none."""
    words = population.vocabulary
    at = np.flatnonzero(credits.categories == category)
    titles, people = credits.titles[at], credits.people[at]
    rank = np.arange(len(at)) - np.searchsorted(titles, titles)
    lists = np.full((most, count), -1, np.int64)
    for place in range(most):
        here = rank == place
        lists[place, titles[here]] = people[here]
        repeats = (lists[:place] == lists[place]).any(axis=0)
        lists[place, repeats] = -1
    for place in range(most):
        is_there = lists[place] >= 0
        first = np.where(place > 0, words.next_person_id, words.person_id)
        high, low = words.ids(population.people[lists[place]], int(first), words.id_end)
        yield np.where(is_there, high, words.plain_null if place == 0 else NOTHING)
        yield np.where(is_there, low, NOTHING)


def akas(population: Population, titles: Titles, slots: Columns, originals: Columns) -> tuple[Columns, np.ndarray]:
    """Columns of the akas, and the place of each one's title: first the original, then some in other countries."""
    words = population.vocabulary
    counts = AKA_COUNT[population.draws.parts("akas", titles.numbers)[:, 0]]
    of = np.repeat(np.arange(len(titles)), counts)
    orderings = np.arange(1, len(of) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
    keys = titles.numbers[of].astype(np.int64) * AKAS_APART + orderings
    draws = population.draws.parts("aka", keys)
    is_first, is_other = orderings == 1, below(draws[:, 0], 0.25) & (orderings > 1)
    other = population.phrase("aka words", keys)
    text = [
        np.where(is_other, other[place] if place < len(other) else NOTHING, np.where(is_first, first[of], primary[of]))
        for place, (primary, first) in enumerate(zip(slots, originals, strict=True))
    ]
    columns = [
        *(column[of] for column in words.ids(titles.numbers, words.title_id, words.id_end_tab)),
        words.ordering + orderings,
        *text,
        np.where(is_first, words.first_aka, words.aka + scaled(draws[:, 1], words.combinations)),
    ]
    return columns, of


# People -------------------------------------------------------------------------------------------------


def _write_people(population: Population, archive: Archive, made: Made, tell: Tell) -> None:
    order = in_text_order(population.people)
    account = made.accounts["name.basics"]
    for start in range(0, len(order), PEOPLE_AT_ONCE):
        tell("people of IMDb", start / len(order))
        block = order[start : start + PEOPLE_AT_ONCE]
        columns = _people(population, population.people[block])
        archive.write(population.vocabulary.pieces.joined(columns, len(block)))
        account.rows_in += len(block)
        account.rows_staged += int(made.credited[block].sum())


def _people(population: Population, numbers: np.ndarray) -> Columns:
    words, draws = population.vocabulary, population.draws.parts("life", numbers)
    births = np.where(below(draws[:, 0], 0.045), 1900 + scaled(draws[:, 1], 106), 0)
    deaths = np.where((births > 0) & (births < 1970) & below(draws[:, 2], 0.6), births + 50 + draws[:, 2] % 6, 0)
    return [
        *words.ids(numbers, words.person_id, words.id_end_tab),
        *population.name_slots(numbers),
        words.tab,
        _or_null(population, words.year - FIRST_YEAR, births),
        _or_null(population, words.year - FIRST_YEAR, deaths),
        words.professions + LIST[draws[:, 3]],
        *_known_for(population, numbers),
        words.newline,
    ]


def _known_for(population: Population, numbers: np.ndarray) -> Iterator[np.ndarray]:
    # Of the first day: IMDb, too, goes on naming titles that have vanished.
    words, titles = population.vocabulary, population.first.numbers
    draws = population.draws.words("known for", numbers)
    counts = (draws % np.uint64(MOST_KNOWN_FOR + 1)).astype(np.int64)
    # One place and steps from it, so that none comes twice.
    start, step = (draws >> np.uint64(24)).astype(np.int64), 1 + (draws >> np.uint64(8)).astype(np.int64) % 30
    for place in range(MOST_KNOWN_FOR):
        of = titles[(start + place * step) % len(titles)]
        high, low = words.ids(of, words.next_title_id if place else words.title_id, words.id_end)
        yield np.where(counts > place, high, NOTHING if place else words.plain_null)
        yield np.where(counts > place, low, NOTHING)
