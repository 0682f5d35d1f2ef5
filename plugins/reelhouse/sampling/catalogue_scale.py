"""Netflix' and Rotten Tomatoes' files about titles of the full-size IMDb, with the truth about every row.

A row says what the catalogue would: its title may be written otherwise or be another one of the title's, its year
may be off (a series bears that of its latest season), its people are those of the title's principals, a few missing
or spelled differently. Titles that share their name with another are chosen more often than others, and of every
twenty rows one is about something that IMDb does not have, in part under the name of something that it has.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from reelhouse.sampling.imdb_scale import AKA_TITLE, akas
from reelhouse.sampling.population import (
    ACTOR,
    ACTRESS,
    ADDED,
    DIRECTOR,
    IS_SERIES,
    THIS_YEAR,
    TYPE_NAMES,
    WRITER,
    Population,
    Titles,
)
from reelhouse.sampling.words import CONSENSUS, CULTURES, STUDIOS, THEMES, Theme
from reelhouse.sampling.world import MONTHS, NIL, scores

NETFLIX_COLUMNS = (
    "show_id", "type", "title", "director", "cast", "country", "date_added", "release_year", "rating", "duration",
    "listed_in", "description",
)  # fmt: skip
ROTTEN_COLUMNS = (
    "rotten_tomatoes_link", "movie_title", "movie_info", "critics_consensus", "content_rating", "genres", "directors",
    "authors", "actors", "original_release_date", "streaming_release_date", "runtime", "production_company",
    "tomatometer_status", "tomatometer_rating", "tomatometer_count", "audience_status", "audience_rating",
    "audience_count", "tomatometer_top_critics_count", "tomatometer_fresh_critics_count",
    "tomatometer_rotten_critics_count",
)  # fmt: skip
# How likely a title of a type is in the catalogue, relative to each other.
NETFLIX_TYPES = {
    "movie": 1.0, "tvSeries": 1.0, "tvMiniSeries": 1.0, "tvMovie": 0.5, "tvSpecial": 0.6, "short": 0.02, "tvShort": 0.1
}  # fmt: skip
ROTTEN_TYPES = {"movie": 1.0, "tvMovie": 0.05}
NIL_SHARE, NAMED_ALIKE, HOMONYM_WEIGHT, MOST_ACTORS = 0.05, 0.5, 12, 10
NO_PEOPLE = 0.06
# Numbers of what IMDb does not have; beyond all that the population gives.
FIRST_UNKNOWN = {"netflix": 97_000_000, "rotten_tomatoes": 98_000_000}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a row is about.

    imdb_id  its tconst, or NIL
    other    titles it also goes by
    year     0 where unknown, as `minutes`
    """

    number: int
    imdb_id: str
    is_series: bool
    title: str
    other: tuple[str, ...]
    year: int
    minutes: int
    directors: tuple[str, ...]
    writers: tuple[str, ...]
    actors: tuple[str, ...]
    is_edited: bool


@dataclass(frozen=True, slots=True)
class Edition:
    """A catalogue of one day: its file, and for each id in it the tconst or NIL."""

    file: bytes
    truth: dict[str, str]


def netflix_edition(population: Population, rows: int, has_akas: bool) -> Edition:
    """Netflix' catalogue of the day, numbered anew."""
    extent = population.extent
    subjects = subjects_of(population, "netflix", NETFLIX_TYPES, rows, has_akas)
    Random(f"{extent.seed}|edition|{extent.day}").shuffle(subjects)
    lines = [
        _netflix_row(f"s{place}", subject, Random(f"{extent.seed}|netflix|{subject.number}"))
        for place, subject in enumerate(subjects, 1)
    ]
    truth = {line["show_id"]: subject.imdb_id for line, subject in zip(lines, subjects, strict=True)}
    return Edition(_csv(NETFLIX_COLUMNS, lines), truth)


def rotten_tomatoes_edition(population: Population, rows: int, has_akas: bool) -> Edition:
    """Rotten Tomatoes' films of the day, in the order of their links."""
    seed = population.extent.seed
    subjects = subjects_of(population, "rotten_tomatoes", ROTTEN_TYPES, rows, has_akas)
    rows_by_link: dict[str, dict[str, str]] = {}
    truth: dict[str, str] = {}
    for subject in subjects:
        row = _rotten_row(subject, Random(f"{seed}|rotten|{subject.number}"))
        slug = row["rotten_tomatoes_link"]
        # As Rotten Tomatoes does: a number before the name.
        slug = f"{1_000_000 + subject.number % 250_000_000}-{slug}" if slug in rows_by_link else slug
        rows_by_link[slug] = row | {"rotten_tomatoes_link": f"m/{slug}"}
        truth[slug] = subject.imdb_id
    return Edition(_csv(ROTTEN_COLUMNS, (rows_by_link[slug] for slug in sorted(rows_by_link))), truth)


def _csv(columns: tuple[str, ...], rows: Iterable[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


# What the rows are about --------------------------------------------------------------------------------


def subjects_of(
    population: Population, source: str, weights: dict[str, float], rows: int, has_akas: bool
) -> list[Subject]:
    """What a catalogue has on the day: of what was there the day before, some has left and as much has arrived."""
    extent, unknown_rows = population.extent, round(rows * NIL_SHARE)
    churn = max(1, round(rows * extent.change * ADDED)) * (extent.day - 1)
    places = _chosen(population, source, weights, rows - unknown_rows + churn)[churn:]
    titles = population.first[places]
    unknown = _unknown(population, source, titles, unknown_rows)
    # As IMDb had them on the first day: a catalogue does not follow its edits.
    described = _described(population.unedited(), _both(titles, unknown), has_akas)
    there = np.isin(titles.numbers, population.titles.numbers)
    ids = [f"tt{number:07d}" if is_there else NIL for number, is_there in zip(titles.numbers, there, strict=True)]
    edited = population.edited(source, np.concatenate((titles.numbers, unknown.numbers))) > 0
    return [
        Subject(imdb_id=imdb_id, is_edited=bool(is_edited), **fields)
        for fields, imdb_id, is_edited in zip(described, [*ids, *[NIL] * len(unknown)], edited, strict=True)
    ]


def _both(titles: Titles, more: Titles) -> Titles:
    return Titles(*(np.concatenate((getattr(titles, part), getattr(more, part))) for part in Titles.__slots__))


def _chosen(population: Population, source: str, weights: dict[str, float], count: int) -> np.ndarray:
    """Places of the chosen among the first day's titles, by chance and weight; the known and the alike are likelier."""
    of_type = np.array([weights.get(name, 0.0) for name in TYPE_NAMES])
    places = np.flatnonzero(of_type[population.first.types] > 0)
    titles, before = population.first[places], population.unedited()
    _, votes = before.votes(titles)
    weight = of_type[titles.types] * (0.05 + np.minimum(votes, 1000) / 1000)
    weight *= np.where(titles.named_by != titles.numbers, HOMONYM_WEIGHT, 1)
    weight *= ~before.is_adult(titles) & (before.years(titles) > 0)
    even = (population.draws.words(f"in {source}", titles.numbers) >> np.uint64(11)) / (1 << 53)
    ranks = np.argsort(np.where(weight > 0, even / np.maximum(weight, 1e-9), np.inf), kind="stable")
    return places[ranks[: min(count, int((weight > 0).sum()))]]


def _unknown(population: Population, source: str, titles: Titles, count: int) -> Titles:
    """What IMDb does not have, some of it named like what it has."""
    numbers = FIRST_UNKNOWN[source] + np.arange(count, dtype=np.int32)
    is_series = population.draws.happens("unknown series", numbers, 0.3 if source == "netflix" else 0)
    types = np.where(is_series, TYPE_NAMES.index("tvSeries"), TYPE_NAMES.index("movie")).astype(np.int32)
    alike = population.draws.happens("unknown alike", numbers, NAMED_ALIKE) & (len(titles) > 0)
    of = np.arange(count) % max(len(titles), 1)
    named_by = np.where(alike, titles.named_by[of] if len(titles) else numbers, numbers).astype(np.int32)
    return Titles(numbers, types, named_by)


def _described(population: Population, titles: Titles, has_akas: bool) -> list[dict[str, object]]:
    """The fields of `Subject` for some titles, but those that say what IMDb has."""
    texts, count = population.vocabulary.pieces.texts, len(titles)
    slots = population.title_slots(titles)
    originals = population.original_slots(titles, slots)
    others = [[text] for text in texts(originals, count)]
    if has_akas:
        columns, of = akas(population, titles, slots, originals)
        for place, text in zip(of, texts(columns[AKA_TITLE], len(of)), strict=True):
            others[place].append(text)
    credits = population.credits(titles)
    names = texts(population.name_slots(population.people[credits.people]), len(credits.people))
    people: list[dict[int, list[str]]] = [{} for _ in range(count)]
    for place, category, name in zip(credits.titles, credits.categories, names, strict=True):
        people[place].setdefault(ACTOR if category == ACTRESS else int(category), []).append(name)
    return [
        {
            "number": int(number), "is_series": bool(IS_SERIES[kind]), "title": title, "other": tuple(other),
            "year": int(year), "minutes": int(minutes), "directors": _once(credited.get(DIRECTOR, [])),
            "writers": _once(credited.get(WRITER, [])), "actors": _once(credited.get(ACTOR, [])),
        }
        for number, kind, title, other, year, minutes, credited in zip(
            titles.numbers, titles.types, texts(slots, count), others, population.years(titles),
            population.minutes(titles), people, strict=True,
        )
    ]  # fmt: skip


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:MOST_ACTORS]


# How a catalogue writes it ------------------------------------------------------------------------------


def _written_title(subject: Subject, random: Random) -> str:
    """The title as a catalogue writes it: mostly the same."""
    title, luck = subject.title, random.random()
    if luck < 0.05 and subject.other:
        return random.choice(subject.other)
    if luck < 0.08:
        return title.upper() if random.random() < 0.3 else title.title()
    if luck < 0.10:
        return "".join(sign for sign in unicodedata.normalize("NFKD", title) if not unicodedata.combining(sign))
    if luck < 0.13:
        return title.replace(" ", random.choice((": ", " - ", ", ", "-")), 1) + random.choice(("", "", "!", "…"))
    if luck < 0.15:
        return f"The {title}"
    if luck < 0.165:
        return title + random.choice((" (Hindi)", ": The Movie", ": Extended Version", " (Director's Cut)"))
    return title.replace(" ", "\xa0", 1) if luck < 0.17 else title


def _written_people(people: tuple[str, ...], random: Random, missing: float) -> str:
    """A list of people: a few left out, a few spelled without accents, now and then one that IMDb does not credit."""
    written = []
    for name in people:
        if random.random() < missing:
            continue
        if random.random() < 0.03:
            name = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
        written.append(name)
    if people and random.random() < 0.15:
        culture = random.choice(list(CULTURES.values()))
        written.append(f"{random.choice(culture.women + culture.men)} {random.choice(culture.surnames)}")
    return ", ".join(written)


def _netflix_row(show_id: str, subject: Subject, random: Random) -> dict[str, str]:
    theme, home = _theme(subject, random), random.choice(list(CULTURES.values()))
    seasons = min(1 + int(random.expovariate(0.8)), 15)
    year = (subject.year or 2015) + _years_off(subject.is_series, seasons, random)
    description, year = _plot(theme, random), min(year, THIS_YEAR - 1)
    added = random.randrange(max(year, 2016), THIS_YEAR)
    if random.random() < NO_PEOPLE:
        subject = replace(subject, directors=(), actors=())
    return {
        "show_id": show_id,
        "type": "TV Show" if subject.is_series else "Movie",
        "title": _written_title(subject, random),
        "director": _written_people(subject.directors, random, 0.9 if subject.is_series else 0.03),
        "cast": _written_people(subject.actors, random, 0.07) if random.random() < 0.91 else "",
        "country": home.country if random.random() < 0.9 else "",
        "date_added": f"{random.choice(MONTHS)} {random.randrange(1, 29)}, {added}",
        "release_year": str(year),
        "rating": random.choice(theme.show_ratings or ("TV-14",) if subject.is_series else theme.film_ratings),
        "duration": _duration(subject, seasons, random),
        "listed_in": theme.show_categories if subject.is_series else theme.film_categories,
        "description": f"Now restored: {description}" if subject.is_edited else description,
    }


def _rotten_row(subject: Subject, random: Random) -> dict[str, str]:
    theme, title = _theme(subject, random), _written_title(subject, random)
    year = (subject.year or 2015) + random.choices((0, 1, -1, 2), (88, 9, 1, 2))[0]
    slug = "_".join(re.findall("[a-z0-9]+", unicodedata.normalize("NFKD", title.lower()))) or f"film_{subject.number}"
    certification = random.choice(theme.film_ratings)
    row = {
        "rotten_tomatoes_link": slug + (f"_{year}" if random.random() < 0.3 else ""),
        "movie_title": title,
        "movie_info": _plot(theme, random),
        "critics_consensus": random.choice(CONSENSUS).format(T=title) if random.random() < 0.5 else "",
        "content_rating": "NR" if certification.startswith("TV") else certification,
        "genres": theme.tomato_genres,
        "directors": _written_people(subject.directors, random, 0.03),
        "authors": _written_people(subject.writers, random, 0.1),
        "actors": _written_people(subject.actors, random, 0.05),
        "original_release_date": f"{year}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
        "streaming_release_date": f"{year + 1}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
        "runtime": str(_minutes(subject, random)) if random.random() < 0.97 else "",
        "production_company": random.choice(STUDIOS),
    }
    counts = scores(random, random.random(), theme.critics)
    if subject.is_edited:
        counts["audience_count"] = str(int(counts["audience_count"]) + 17)
    return row | counts


def _theme(subject: Subject, random: Random) -> Theme:
    themes = [theme for theme in THEMES.values() if theme.show_ratings or not subject.is_series]
    return random.choices(themes, [theme.weight for theme in themes])[0]


def _plot(theme: Theme, random: Random) -> str:
    return f"{random.choice(theme.heroes)} {random.choice(theme.events)}{random.choice(theme.stakes)}."


def _years_off(is_series: bool, seasons: int, random: Random) -> int:
    if is_series:
        return seasons - 1 if random.random() < 0.7 else 0
    return random.choices((0, 1, -1, 2, -3), (92, 5, 1, 1.5, 0.5))[0]


def _minutes(subject: Subject, random: Random) -> int:
    off = random.randrange(-9, 10) if random.random() < 0.15 else random.choice((-1, 0, 0, 0, 0, 1, 2))
    return max((subject.minutes or 95) + off, 1)


def _duration(subject: Subject, seasons: int, random: Random) -> str:
    if subject.is_series:
        return f"{seasons} Season" + ("" if seasons == 1 else "s")
    return f"{_minutes(subject, random)} min"
