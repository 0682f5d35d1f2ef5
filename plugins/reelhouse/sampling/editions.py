"""Fills the world with ordinary titles, and tells what changes from the first sample day to the second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reelhouse.sampling.rejects import add_rejected_rows
from reelhouse.sampling.traps import add_traps
from reelhouse.sampling.words import THEMES
from reelhouse.sampling.world import (
    Row,
    World,
    add_work,
    chance,
    fill_pools,
    on_netflix,
    on_rotten_tomatoes,
    scores,
)

NETFLIX_ROWS, TOMATO_ROWS = 302, 250
FRANCHISES = (
    ("fantasy", "uk", "Oath of Embers", ("", ": The Thorned Crown", ": The Last Griffin")),
    ("scifi", "us", "Perihelion Station", ("", ": Dark Side", ": Homebound")),
    ("horror", "us", "The Marsh Children", ("", ": Second Tide", ": The Drowning Hour")),
    ("family", "us", "Pip the Puddle Penguin", ("", " and the Flying Teapot", " Saves the Snow")),
)
# What else fills IMDb: type, how many, oldest year. Only the first five are kept.
FILLERS = (
    ("movie", 470, 1962),
    ("short", 55, 1975),
    ("tvMovie", 30, 1985),
    ("tvSeries", 70, 1990),
    ("tvSpecial", 15, 1999),
    ("tvEpisode", 300, 2004),
    ("video", 55, 1994),
    ("videoGame", 40, 1998),
    ("tvPilot", 5, 2008),
)


def first_day(seed: int) -> World:
    """The world as the first day's files show it."""
    world = World(seed)
    fill_pools(world)
    add_traps(world)
    _add_franchises(world)
    _add_praised_horror(world)
    _add_disagreements(world)
    _add_bare_titles(world)
    _add_catalogue(world)
    _add_cinema(world)
    _add_fillers(world)
    add_rejected_rows(world)
    return world


def _add_franchises(world: World) -> None:
    for theme, culture, name, parts in FRANCHISES:
        start = list(THEMES).index(theme)
        cast = world.pools[culture, "actor"][start : start + 5]
        directors = world.pools[culture, "director"][start : start + 1]
        for place, part in enumerate(parts):
            work = add_work(
                world,
                f"{name} {place}",
                name + part,
                theme=theme,
                culture=culture,
                year=2014 + 3 * place,
                cast=cast,
                directors=directors,
                quality=0.72 - 0.12 * place,
                votes=400_000 - 90_000 * place,
            )
            on_netflix(world, work)
            on_rotten_tomatoes(world, work)


def _add_praised_horror(world: World) -> None:
    # So that "horror films on Netflix after 2016 that critics liked" has an answer.
    for place in range(7):
        work = add_work(
            world, f"praised horror {place}", theme="horror", year=2017 + place, quality=0.74 + 0.03 * (place % 4)
        )
        on_netflix(world, work)
        on_rotten_tomatoes(world, work)


def _add_disagreements(world: World) -> None:
    for place, (critics, audience) in enumerate(((94, 38), (88, 31), (91, 44), (22, 86), (17, 79), (31, 91))):
        theme = "documentary" if critics > audience else "action"
        work = add_work(world, f"disagreement {place}", theme=theme, culture="us", year=2012 + place)
        fresh = {"tomatometer_fresh_critics_count": 2 * critics, "tomatometer_rotten_critics_count": 200 - 2 * critics}
        on_rotten_tomatoes(
            world,
            work,
            tomatometer_rating=critics,
            tomatometer_count=200,
            **fresh,
            audience_rating=audience,
            tomatometer_status="Certified-Fresh" if critics > 60 else "Rotten",
            audience_status="Upright" if audience >= 60 else "Spilled",
            audience_count=30_000 + place,
        )
        if place % 2:
            on_netflix(world, work)


def _add_bare_titles(world: World) -> None:
    empty = dict.fromkeys(
        ("director", "cast", "country", "date_added", "rating", "duration", "listed_in", "description"), ""
    )
    for place, culture in enumerate(("ng", "pl")):
        work = add_work(
            world, f"bare {place}", theme="documentary", culture=culture, year=2013, number=None, cast=[], directors=[]
        )
        on_netflix(world, work, **empty)
    bare = dict.fromkeys(
        (
            "movie_info",
            "critics_consensus",
            "content_rating",
            "genres",
            "directors",
            "authors",
            "actors",
            "original_release_date",
            "streaming_release_date",
            "runtime",
            "production_company",
            "tomatometer_status",
            "tomatometer_rating",
            "audience_status",
            "audience_rating",
            "audience_count",
        ),
        "",
    )
    zero = dict.fromkeys(
        (
            "tomatometer_count",
            "tomatometer_top_critics_count",
            "tomatometer_fresh_critics_count",
            "tomatometer_rotten_critics_count",
        ),
        "0",
    )
    work = add_work(world, "bare film", theme="mystery", culture="br", year=2003, number=None, cast=[], directors=[])
    on_rotten_tomatoes(world, work, **bare, **zero)


def _add_catalogue(world: World) -> None:
    place = 0
    while sum(row.fate == "staged" and 1 in row.days for row in world.netflix.values()) < NETFLIX_ROWS:
        key, random = f"catalogue {place}", chance(world, "catalogue", place)
        is_series = random.random() < 0.36
        given: dict[str, object] = (
            {"title_type": random.choice(("tvSeries", "tvSeries", "tvMiniSeries"))} if is_series else {}
        )
        if is_series:
            given["theme"] = random.choice([name for name, look in THEMES.items() if look.show_ratings])
        if place % 20 == 19:
            given["number"] = None
        work = add_work(world, key, **given)
        # The last ones come on the second day only, and some of the first go.
        on_netflix(
            world,
            work,
            days=(1,) if place in (3, 11, 24, 31, 42, 55, 61) else (2,) if place in range(70, 80) else (1, 2),
        )
        if not is_series and work.number and random.random() < 0.66:
            on_rotten_tomatoes(world, work)
        place += 1


def _add_cinema(world: World) -> None:
    place = 0
    while len(world.rotten) < TOMATO_ROWS:
        year = chance(world, "cinema", place).randrange(1968, 2025)
        work = add_work(world, f"cinema {place}", year=year, **({"number": None} if place % 25 == 24 else {}))
        on_rotten_tomatoes(world, work, days={4: (1,), 9: (2,)}.get(place, (1, 2)))
        place += 1


def _add_fillers(world: World) -> None:
    series = [work.key for work in world.works.values() if work.is_series and work.number]
    for title_type, count, oldest in FILLERS:
        for place in range(count):
            random = chance(world, "filler", title_type, place)
            given: dict[str, object] = {"title_type": title_type, "year": random.randrange(oldest, 2026)}
            title = None
            if title_type == "tvEpisode":
                given["parent"] = random.choice(series)
                title = f"Episode #{1 + place % 4}.{1 + place % 13}" if random.random() < 0.5 else None
            if title_type in ("tvEpisode", "video", "videoGame"):
                given["cast"] = random.sample(world.pools["us", "actor"], 2)
            if random.random() < 0.2:
                given |= {"rating": None, "votes": None}
            if random.random() < 0.1:
                given["runtime"] = None
            add_work(world, f"filler {title_type} {place}", title, **given)


# The second day ------------------------------------------------------------------------------------------------


def second_day(first: World) -> tuple[World, dict[str, str]]:
    """The world a day later.

    Gives  the world, and for each changed Netflix entry what changed
    """
    world = replace(
        first,
        people=dict(first.people),
        works=dict(first.works),
        netflix=dict(first.netflix),
        rotten=dict(first.rotten),
        strays=list(first.strays),
    )
    _change_imdb(world)
    _change_scores(world)
    return world, _change_netflix(world)


def _change_imdb(world: World) -> None:
    def change(key: str, **fields: object) -> None:
        world.works[key] = replace(world.works[key], **fields)

    for place in range(0, 60, 2):
        work = world.works[f"catalogue {place}"]
        if work.rating:
            change(work.key, votes=(work.votes or 0) + 7 + place, rating=f"{min(9.5, float(work.rating) + 0.1):.1f}")
    for place in (5, 17):
        work = world.works[f"filler movie {place}"]
        aka = (work.title, "XWW", "en", "imdbDisplay", False)
        change(work.key, title=f"{work.title} Revisited", akas=(*work.akas, aka))
    change("filler movie 30", runtime=101)
    change("nothing known", year=2026)
    change("deleted", days=(1,))
    merged = world.works["merged"].number or 0
    change(
        "merged", number=merged + 1 if all(work.number != merged + 1 for work in world.works.values()) else merged + 2
    )
    late = world.works["catalogue 19"]
    used = max(work.number or 0 for work in world.works.values())
    # IMDb now has a title that Netflix had first.
    change(late.key, number=used + 10)
    add_work(world, "new film", theme="drama", culture="fr", year=2026, number=used + 11, rating=None, votes=None)
    renamed = world.pools["uk", "actor"][20]
    _rename(world, renamed.number, renamed.name + "-Hale")


def _rename(world: World, number: int, name: str) -> None:
    person = replace(world.people[number], name=name)
    world.people[number] = person
    for key, work in world.works.items():
        if any(credit.person.number == number for credit in work.credits):
            credits = (
                replace(credit, person=person) if credit.person.number == number else credit for credit in work.credits
            )
            world.works[key] = replace(work, credits=tuple(credits))


def _change_scores(world: World) -> None:
    kept = [entry for entry, row in world.rotten.items() if entry.startswith("cinema") and row.days == (1, 2)]
    for entry in kept[2:60:8]:
        row, work = world.rotten[entry], world.works[world.rotten[entry].work]
        fresh = scores(chance(world, "second day", entry), work.quality, THEMES[work.theme].critics)
        world.rotten[entry] = replace(row, cells=row.cells | fresh)


def _change_netflix(world: World) -> dict[str, str]:
    changes: dict[str, str] = {}

    def change(entry: str, words: str, **cells: object) -> None:
        row = world.netflix[entry]
        world.netflix[entry] = replace(row, cells=row.cells | {column: str(text) for column, text in cells.items()})
        changes[entry] = words

    stay = [
        (row, world.works[row.work])
        for row in world.netflix.values()
        if row.entry.startswith("catalogue") and row.days == (1, 2)
    ]
    shows = [
        row
        for row, work in stay
        if work.title_type == "tvSeries" and (work.year or 0) + (work.seasons or 0) < 2025 and not work.end_year
    ]
    films = [row for row, work in stay if not work.is_series]
    for row in shows[:4]:
        seasons = int(row.cells["duration"].split()[0]) + 1
        change(
            row.entry,
            "duration,release_year",
            duration=f"{seasons} Seasons",
            release_year=int(row.cells["release_year"]) + 1,
        )
    _change_films(films, change)
    change("06:15", "title", title="6:15")
    return changes


def _change_films(films: list[Row], change: Callable[..., None]) -> None:
    for row in films[:3]:
        change(row.entry, "rating", rating="TV-MA" if row.cells["rating"] != "TV-MA" else "TV-14")
    for row in films[3:6]:
        change(row.entry, "description", description="Newly restored: " + row.cells["description"])
    change(films[6].entry, "duration", duration=f"{int(films[6].cells['duration'].split()[0]) + 2} min")
    change(films[7].entry, "release_year", release_year=int(films[7].cells["release_year"]) - 1)
    change(films[8].entry, "country", country="Canada, " + films[8].cells["country"].strip(", "))
    change(films[9].entry, "listed_in", listed_in="Cult Movies, " + films[9].cells["listed_in"])
    change(films[10].entry, "date_added", date_added="January 5, 2026")
