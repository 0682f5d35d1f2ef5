"""Invents a world of people and titles, and the rows that Netflix and Rotten Tomatoes would write about them.

Every choice hangs on the seed and on the name of the thing chosen for, never on what was made before it: adding
a title changes no other title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from reelhouse.sampling.words import (
    CHARACTERS,
    CONSENSUS,
    CULTURES,
    PLACES,
    STUDIOS,
    THEMES,
    TIMES,
    TITLE_PATTERNS,
    WEATHERS,
    Culture,
)

KEPT_TYPES = frozenset(("movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"))
KEPT_CATEGORIES = frozenset(("director", "writer", "actor", "actress"))
SERIES_TYPES = frozenset(("tvSeries", "tvMiniSeries"))
NIL, REVIEW = "NIL", "REVIEW"

# The ids begin beyond those that IMDb has given out, so that nothing invented ever meets anything real.
FIRST_TITLE, FIRST_PERSON = 90_000_000, 40_000_000
# Title, region, language, types, whether it is the original title.
Aka = tuple[str, str | None, str | None, str | None, bool]
VOTES = ((5, 60), (60, 1_000), (1_000, 20_000), (20_000, 200_000), (200_000, 1_500_000))
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a row in name.basics."""

    number: int
    name: str
    is_woman: bool = False
    birth_year: int | None = None
    death_year: int | None = None


@dataclass(frozen=True, slots=True)
class Credit:
    """One row of title.principals. `characters` is the JSON text as the file has it, or None."""

    person: Person
    category: str
    characters: str | None = None
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One film or series, and all that IMDb says of it.

    key        our name for it
    number     number in its tconst; None: IMDb does not have it
    quality    0 to 1; all scores are drawn round it
    days       sample days on which IMDb has it
    traps      traps that its IMDb rows show
    gaps       whether the ordering of its principals has gaps
    """

    key: str
    number: int | None
    title_type: str
    title: str
    original: str
    year: int | None
    end_year: int | None
    runtime: int | None
    genres: str | None
    theme: str
    culture: str
    description: str
    quality: float
    credits: tuple[Credit, ...]
    rating: str | None
    votes: int | None
    akas: tuple[Aka, ...] = ()
    seasons: int | None = None
    is_adult: bool = False
    days: tuple[int, ...] = (1, 2)
    traps: tuple[int, ...] = ()
    gaps: bool = False
    parent: str | None = None

    @property
    def is_series(self) -> bool:
        return self.title_type in SERIES_TYPES

    @property
    def is_kept(self) -> bool:
        return self.title_type in KEPT_TYPES

    def names(self, *categories: str) -> list[str]:
        return list(dict.fromkeys(credit.person.name for credit in self.credits if credit.category in categories))


@dataclass(frozen=True, slots=True)
class Row:
    """One row that Netflix or Rotten Tomatoes writes.

    entry   our name for it, the same on both days
    cells   column -> text
    work    key of the work it is about
    truth   NIL or REVIEW where that is not what `work` says
    traps   traps that it shows
    fate    what must become of it: staged, quarantined, duplicate
    days    days on which it is in the file
    alike   entry whose id it repeats
    junk    bytes that replace the text `@@` when the row is written
    """

    entry: str
    cells: dict[str, str]
    work: str
    truth: str | None = None
    traps: tuple[int, ...] = ()
    fate: str = "staged"
    days: tuple[int, ...] = (1, 2)
    alike: str | None = None
    junk: bytes | None = None


@dataclass(frozen=True, slots=True)
class Stray:
    """One deliberate line of an IMDb file that comes after all lines of the same number."""

    file: str
    number: int
    line: bytes
    fate: str
    traps: tuple[int, ...] = ()


@dataclass(slots=True)
class World:
    """Everything there is, while it is being made."""

    seed: int
    people: dict[int, Person] = field(default_factory=dict)
    pools: dict[tuple[str, str], list[Person]] = field(default_factory=dict)
    works: dict[str, Work] = field(default_factory=dict)
    netflix: dict[str, Row] = field(default_factory=dict)
    rotten: dict[str, Row] = field(default_factory=dict)
    strays: list[Stray] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)


def chance(world: World, *about: object) -> Random:
    """A source of chance that depends on the seed and on what it is for, and on nothing else."""
    return Random("|".join(map(str, (world.seed, *about))))


def plain(text: str) -> str:
    """Letters and digits only, without case and accents; to tell whether two titles are too alike."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"^(the|a|an) |[\W_]+", "", "".join(char for char in parts if not unicodedata.combining(char)))


# People --------------------------------------------------------------------------------------------------------


def fill_pools(world: World) -> None:
    """Actors, directors, writers and crew of every culture."""
    for code, culture in CULTURES.items():
        names = _all_names(culture)
        chance(world, "names", code).shuffle(names)
        sizes = {
            "actor": 14 + 3 * culture.weight,
            "director": 4 + culture.weight,
            "writer": 4 + culture.weight // 2,
            "crew": 4,
        }
        for role, size in sizes.items():
            chosen, names = names[:size], names[size:]
            world.pools[code, role] = [add_person(world, name, is_woman) for name, is_woman in chosen]


def _all_names(culture: Culture) -> list[tuple[str, bool]]:
    order = "{s} {g}" if culture.surname_first else "{g} {s}"
    return [
        (order.format(g=given, s=surname), given in culture.women)
        for given in culture.women + culture.men
        for surname in culture.surnames
    ]


def add_person(world: World, name: str, is_woman: bool = False, note: str = "") -> Person:
    """A new person. `note` tells people of one name apart."""
    random = chance(world, "person", name, note)
    number = FIRST_PERSON + random.randrange(9_000_000)
    while number in world.people:
        number += 1
    birth = random.randrange(1938, 1996) if random.random() < 0.3 else None
    death = 2019 + random.randrange(6) if birth and birth < 1950 and random.random() < 0.4 else None
    world.people[number] = Person(number, name, is_woman, birth, death)
    return world.people[number]


def _troupe(world: World, random: Random, role: str, culture: str, theme: str, count: int, year: int) -> list[Person]:
    """People who mostly work in one theme, so that titles of a theme share faces."""
    pool = world.pools[culture, role]
    size = max(4, len(pool) // 4)
    start = list(THEMES).index(theme) * size
    home = [pool[(start + place) % len(pool)] for place in range(size)]
    chosen: list[Person] = []
    for _ in range(count * 6):
        person = random.choice(home if random.random() < 0.7 else pool)
        if person not in chosen and (person.birth_year or 0) + 16 <= year <= (person.death_year or 9999):
            chosen.append(person)
        if len(chosen) == count:
            break
    return chosen


# Titles --------------------------------------------------------------------------------------------------------


def invent_title(world: World, key: str, theme: str, culture: str) -> str:
    """A title nobody else has."""
    random, look = chance(world, "title", key), THEMES[theme]
    while True:
        noun, other = random.sample(look.nouns, 2)
        given = random.choice(CULTURES[culture].women + CULTURES[culture].men)
        title = random.choice(TITLE_PATTERNS).format(
            n=noun, m=other, a=random.choice(look.adjectives), g=random.choice(look.agents), p=random.choice(PLACES),
            w=random.choice(WEATHERS), t=random.choice(TIMES), f=given,
        )  # fmt: skip
        title = re.sub(r"\bA (?=[AEIO])", "An ", title)
        if theme == "standup":
            title = f"{random.choice(world.pools[culture, 'actor']).name}: {title}"
        if plain(title) not in world.taken:
            world.taken.add(plain(title))
            return title


def invent_original(world: World, key: str, culture: str) -> str | None:
    """A title in the language of the culture that nobody else has, where there is one left."""
    random, heads, tails = chance(world, "original", key), CULTURES[culture].title_heads, CULTURES[culture].title_tails
    for _ in range(40 if heads else 0):
        title = f"{random.choice(heads)} {random.choice(tails)}"
        if plain(title) not in world.taken:
            world.taken.add(plain(title))
            return title
    return None


def add_work(world: World, key: str, title: str | None = None, **given: object) -> Work:
    """A new work. What is not given is invented.

    Takes  given  fields of Work, and `cast` (persons) and `directors` (persons) to choose them
    """
    assert key not in world.works, key
    random = chance(world, "work", key)
    theme = str(given.get("theme") or random.choices(list(THEMES), [look.weight for look in THEMES.values()])[0])
    culture = str(given.get("culture") or random.choices(list(CULTURES), [c.weight for c in CULTURES.values()])[0])
    look, title_type = THEMES[theme], str(given.get("title_type") or "movie")
    year = given.get("year", 2025 - min(random.randrange(26), random.randrange(26), random.randrange(40)))
    quality = float(given.get("quality") or (random.random() + random.random() + random.random()) / 3)
    cast, directors = given.pop("cast", None), given.pop("directors", None)
    english = title or invent_title(world, key, theme, culture)
    world.taken.add(plain(english))
    original = invent_original(world, key, culture) if title is None and random.random() < 0.6 else None
    seasons = None
    if title_type in SERIES_TYPES:
        seasons = 1 if title_type == "tvMiniSeries" else 1 + min(random.randrange(7), random.randrange(7))
        seasons = int(given.pop("seasons", seasons))
    work = Work(
        key=key,
        number=_title_number(world, key),
        title_type=title_type,
        title=english,
        original=original or english,
        year=year,
        end_year=year + seasons - 1 if seasons and random.random() < 0.6 else None,
        runtime=random.randrange(22, 62) if seasons else random.randrange(*look.minutes),
        genres=random.choice(look.imdb_genres),
        theme=theme,
        culture=culture,
        description=_describe(random, theme),
        quality=quality,
        credits=invent_credits(world, key, theme, culture, year or 2015, title_type, cast, directors),
        rating=f"{3.2 + 5.4 * quality + (0.4 if seasons else 0):.1f}",
        votes=random.randrange(*random.choices(VOTES, (1, 3, 6, 4, 1))[0]),
        akas=_akas(english, original, culture),
        seasons=seasons,
    )
    world.works[key] = replace(work, **given)
    return world.works[key]


def _describe(random: Random, theme: str) -> str:
    look = THEMES[theme]
    return random.choice(look.heroes) + " " + random.choice(look.events) + random.choice(look.stakes) + "."


def _title_number(world: World, key: str) -> int:
    number = FIRST_TITLE + chance(world, "number", key).randrange(9_000_000)
    used = {work.number for work in world.works.values()}
    while number in used:
        number += 1
    return number


def _akas(
    title: str, original: str | None, culture: str
) -> tuple[tuple[str, str | None, str | None, str | None, bool], ...]:
    home = CULTURES[culture]
    first = (original or title, None, None, "original", True)
    if original is None:
        return (first, (title, home.region, None, "imdbDisplay", False)) if culture in ("us", "uk") else (first,)
    return (
        first,
        (original, home.region, home.language, "imdbDisplay", False),
        (title, "XWW", "en", "imdbDisplay", False),
    )


def invent_credits(
    world: World, key: str, theme: str, culture: str, year: int, title_type: str,
    cast: Sequence[Person] | None, directors: Sequence[Person] | None,
) -> tuple[Credit, ...]:  # fmt: skip
    """Who made it, in the order IMDb lists them: actors, director, writer, then crew we do not keep."""
    random = chance(world, "credits", key)
    if directors is None:
        directors = _troupe(world, random, "director", culture, theme, 2 if random.random() < 0.08 else 1, year)
    if cast is None:
        count = {"documentary": random.choice((0, 0, 1, 2)), "standup": 1}.get(theme, random.randrange(4, 9))
        cast = _troupe(world, random, "actor", culture, theme, count, year)
        if directors and cast and random.random() < 0.09:
            cast = [directors[0], *cast[1:]]
    writers = _troupe(world, random, "writer", culture, theme, 0 if theme == "documentary" else 1, year)
    crew = random.sample(world.pools[culture, "crew"], 1)
    job = "created by" if title_type in SERIES_TYPES else "written by"
    return (
        *(Credit(person, "actress" if person.is_woman else "actor", _characters(random, theme)) for person in cast),
        *(Credit(person, "director") for person in ([] if title_type in SERIES_TYPES else directors)),
        *(Credit(person, "writer", job=job) for person in writers),
        *(Credit(person, random.choice(("producer", "composer", "editor", "self"))) for person in crew),
    )


def _characters(random: Random, theme: str) -> str | None:
    if theme in ("documentary", "standup"):
        return '["Narrator"]' if theme == "documentary" else '["Self"]'
    return None if random.random() < 0.1 else f'["{random.choice(CHARACTERS)}"]'


# Rows ----------------------------------------------------------------------------------------------------------


def on_netflix(world: World, work: Work, *traps: int, entry: str | None = None, **given: object) -> Row:
    """The row Netflix writes about a work.

    Takes  given  cells, and fields of Row; what is not given is what Netflix would say
    """
    name = entry or work.key
    fields = {part: given.pop(part) for part in ("truth", "fate", "days", "alike", "junk") if part in given}
    cells = _netflix_cells(world, work, name) | {column: str(text) for column, text in given.items()}
    assert name not in world.netflix, name
    world.netflix[name] = Row(name, cells, work.key, traps=traps, **fields)
    return world.netflix[name]


def _netflix_cells(world: World, work: Work, entry: str) -> dict[str, str]:
    random, look, home = chance(world, "netflix", entry), THEMES[work.theme], CULTURES[work.culture]
    title = work.title
    if work.original.isascii() and random.random() < 0.3:
        title = work.original
    year = work.year or 2018
    if work.seasons:
        year += work.seasons - 1
    added = random.randrange(max(2016, min(year, 2025)), 2026)
    countries = [home.country]
    if random.random() < 0.15:
        countries.append(random.choice([other.country for other in CULTURES.values() if other is not home]))
    categories = (look.show_categories if work.is_series else look.film_categories).split(", ")
    if work.culture not in ("us", "uk") and len(categories) < 3:
        categories.append("International TV Shows" if work.is_series else "International Movies")
    has_directors = random.random() < (0.09 if work.is_series else 0.94)
    return {
        "show_id": "",
        "type": "TV Show" if work.is_series else "Movie",
        "title": title,
        "director": ", ".join(work.names("director")) if has_directors else "",
        "cast": ", ".join(work.names("actor", "actress")) if random.random() < 0.94 else "",
        "country": ", ".join(countries) if random.random() < 0.92 else "",
        "date_added": f"{random.choice(MONTHS)} {random.randrange(1, 29)}, {added}",
        "release_year": str(min(year, 2025)),
        "rating": random.choice(look.show_ratings if work.is_series else look.film_ratings),
        "duration": _duration(work),
        "listed_in": ", ".join(sorted(set(categories))),
        "description": work.description,
    }


def _duration(work: Work) -> str:
    if work.is_series:
        return f"{work.seasons} Season" + ("" if work.seasons == 1 else "s")
    return f"{work.runtime or 95} min"


def on_rotten_tomatoes(world: World, work: Work, *traps: int, entry: str | None = None, **given: object) -> Row:
    """The row Rotten Tomatoes writes about a film. Arguments as in `on_netflix`."""
    name = entry or work.key
    fields = {part: given.pop(part) for part in ("truth", "fate", "days", "alike", "junk") if part in given}
    cells = _tomato_cells(world, work, name) | {column: str(text) for column, text in given.items()}
    assert name not in world.rotten, name
    world.rotten[name] = Row(name, cells, work.key, traps=traps, **fields)
    return world.rotten[name]


def _tomato_cells(world: World, work: Work, entry: str) -> dict[str, str]:
    random, look = chance(world, "rotten", entry), THEMES[work.theme]
    slug = re.sub(r"\W+", "_", "".join(c for c in unicodedata.normalize("NFKD", work.title) if c.isascii()).lower())
    year, released = work.year or 2018, random.randrange(1, 29)
    cast = work.names("actor", "actress")
    certification = random.choice(look.film_ratings)
    return {
        "rotten_tomatoes_link": f"m/{slug.strip('_') or entry}" + (f"_{year}" if random.random() < 0.3 else ""),
        "movie_title": work.title,
        "movie_info": work.description + (f" With {cast[0]}." if cast else ""),
        "critics_consensus": random.choice(CONSENSUS).format(T=work.title) if random.random() < 0.5 else "",
        "content_rating": certification if not certification.startswith("TV") else random.choice(("NR", "PG-13", "R")),
        "genres": look.tomato_genres,
        "directors": ", ".join(work.names("director")),
        "authors": ", ".join(work.names("writer")),
        "actors": ", ".join(cast),
        "original_release_date": f"{year}-{random.randrange(1, 13):02d}-{released:02d}",
        "streaming_release_date": f"{year + 1}-{random.randrange(1, 13):02d}-{random.randrange(1, 29):02d}",
        "runtime": str((work.runtime or 95) + random.choice((-2, 0, 0, 0, 1))),
        "production_company": random.choice(STUDIOS),
        **scores(random, work.quality, look.critics),
    }


def scores(random: Random, quality: float, critics_lean: int) -> dict[str, str]:
    """The scores of a film, with counts that agree with them."""
    count = random.choice((random.randrange(5, 30), random.randrange(30, 140), random.randrange(140, 380)))
    wish = max(3, min(100, round(12 + 84 * quality) + critics_lean + random.randrange(-14, 15)))
    fresh = min(count, round(count * wish / 100))
    critics = round(100 * fresh / count)
    audience = max(11, min(98, round(22 + 74 * quality) - critics_lean + random.randrange(-11, 12)))
    status = "Rotten" if critics < 60 else "Certified-Fresh" if critics >= 75 and count >= 80 else "Fresh"
    votes = random.choice((random.randrange(20, 900), random.randrange(900, 60_000), random.randrange(60_000, 400_000)))
    return {
        "tomatometer_status": status,
        "tomatometer_rating": str(critics),
        "tomatometer_count": str(count),
        "audience_status": "Upright" if audience >= 60 else "Spilled",
        "audience_rating": str(audience),
        "audience_count": str(votes),
        "tomatometer_top_critics_count": str(count // 5),
        "tomatometer_fresh_critics_count": str(fresh),
        "tomatometer_rotten_critics_count": str(count - fresh),
    }
