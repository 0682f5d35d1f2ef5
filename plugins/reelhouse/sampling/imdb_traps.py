"""Traps of IMDb's files: 21 to 31. Each function builds one, on purpose."""

from __future__ import annotations

from dataclasses import replace

from reelhouse.sampling.cases import add_to_both, add_unknown, add_with_people
from reelhouse.sampling.world import (
    REVIEW,
    Credit,
    World,
    add_person,
    add_work,
    on_netflix,
    on_rotten_tomatoes,
)


def not_csv(world: World) -> None:
    add_to_both(world, 21, "unbalanced quote", '"Dansa ut" kapellmästarn', theme="music", culture="se", year=1998)
    add_to_both(world, 21, "one quote", 'The 6" Pickle', theme="comedy", culture="us", year=2018)
    add_to_both(world, 21, "backslash", "Back\\slash Alley", theme="scifi", culture="us", year=2017)
    add_work(world, "ends in backslash", "Rue du Port\\", theme="drama", culture="fr", year=1988, traps=(21,))
    add_work(world, "line separator", "Two\u2028Harbors", theme="drama", culture="us", year=1994, traps=(21,))


def nulls(world: World) -> None:
    add_to_both(
        world,
        22,
        "nulls",
        "The Unfinished Cartographer",
        theme="history",
        culture="fr",
        year=None,
        runtime=None,
        genres=None,
        row={"release_year": 2018, "duration": "104 min"},
    )
    add_work(
        world,
        "nothing known",
        "Untitled Ferry Project",
        theme="drama",
        culture="us",
        year=None,
        runtime=None,
        genres=None,
        cast=[],
        directors=[],
        rating=None,
        votes=None,
        traps=(22,),
    )


def characters(world: World) -> None:
    cast = world.pools["us", "actor"][8:20]
    work = add_work(
        world, "characters", "The Casserole Conspiracy", theme="comedy", culture="us", year=2019, cast=cast, gaps=True
    )
    texts = ('["\\"Ace\\" Delaney","Old Ace, his father"]', '["Narrator [voice], older"]', '["C:\\\\Ada"]', "[]")
    credits = [
        replace(credit, characters=texts[place]) if place < len(texts) else credit
        for place, credit in enumerate(work.credits)
    ]
    guests = world.pools["uk", "actor"][:2]
    credits += [Credit(guests[0], "self", '["Self"]'), Credit(guests[1], "archive_footage", '["Self"]')]
    world.works["characters"] = replace(work, credits=tuple(credits), traps=(23,))
    on_netflix(world, world.works["characters"], 23)


def adult_titles(world: World) -> None:
    add_with_people(world, 24, "mainstream", "Velvet Afternoon", theme="romance", culture="fr", year=2018, runtime=101)
    add_work(
        world,
        "adult twin",
        "Velvet Afternoon",
        theme="romance",
        culture="us",
        year=2018,
        runtime=101,
        is_adult=True,
        traps=(24,),
    )
    add_work(
        world,
        "adult only",
        "The Peach Pavilion",
        theme="romance",
        culture="us",
        year=2017,
        runtime=88,
        is_adult=True,
        traps=(24,),
    )
    on_netflix(
        world,
        add_unknown(world, "not adult", "The Peach Pavilion", theme="family", culture="kr", year=2017, runtime=86),
        24,
    )


def episodes(world: World) -> None:
    parent = add_work(
        world, "parent", "Corridor Street", theme="crime", culture="us", year=2014, title_type="tvSeries", seasons=3
    )
    add_with_people(world, 25, "film like episode", "Dead Reckoning Day", theme="crime", culture="us", year=2016)
    add_work(
        world,
        "episode like film",
        "Dead Reckoning Day",
        theme="crime",
        culture="us",
        year=2016,
        title_type="tvEpisode",
        parent=parent.key,
        traps=(25,),
    )
    add_work(
        world,
        "episode only",
        "The Paper Alibi",
        theme="crime",
        culture="us",
        year=2017,
        title_type="tvEpisode",
        parent=parent.key,
        traps=(25,),
    )
    on_netflix(world, add_unknown(world, "no episode", "The Paper Alibi", theme="crime", culture="br", year=2017), 25)


def unrated(world: World) -> None:
    for place in range(3):
        add_to_both(
            world,
            26,
            f"unrated {place}",
            theme=("drama", "documentary", "family")[place],
            year=2021,
            rating=None,
            votes=None,
        )


def vanishing(world: World) -> None:
    add_to_both(world, 27, "deleted", "The Ninth Umbrella", theme="comedy", culture="uk", year=2019)
    add_to_both(world, 27, "merged", "Kitchen Without Windows", theme="drama", culture="tr", year=2020)


def name_collisions(world: World) -> None:
    first = add_person(world, "Tobin Greenmantle")
    second = add_person(world, "Tobin Greenmantle", note="the other")
    for place, (person, culture) in enumerate(((first, "us"), (second, "uk"), (first, "us"))):
        work = add_work(
            world,
            f"collision {place}",
            theme=("action", "drama", "action")[place],
            culture=culture,
            year=2015 + place,
            cast=[person, *world.pools[culture, "actor"][20:24]],
        )
        on_netflix(world, work, 28, cast=", ".join(work.names("actor", "actress")))
    pair = [add_person(world, "Silas Wintermoor"), add_person(world, "Silas Wintermoor", note="the son")]
    work = add_work(
        world,
        "father and son",
        "Two Men Named Silas",
        theme="drama",
        culture="us",
        year=2019,
        cast=[*pair, *world.pools["us", "actor"][30:33]],
    )
    on_netflix(world, work, 28, cast=", ".join(work.names("actor", "actress")))


def undecidable(world: World) -> None:
    for title, theme in (("The Quiet Night", "mystery"), ("Cinderfall", "drama")):
        for place in range(2):
            add_work(
                world,
                f"undecidable {title} {place}",
                title,
                theme=theme,
                culture="us",
                year=2021,
                runtime=None,
                genres="Drama",
                rating="6.1",
                votes=900,
                traps=(29, 40),
            )
        work = world.works[f"undecidable {title} 0"]
        on_netflix(
            world, work, 29, 40, truth=REVIEW, director="", cast="", country="", duration="93 min", listed_in="Dramas"
        )
        on_rotten_tomatoes(
            world,
            work,
            29,
            40,
            truth=REVIEW,
            directors="",
            authors="",
            actors="",
            runtime="",
            genres="Drama",
            movie_info="",
            original_release_date="2021-05-07",
        )


def long_aka(world: World) -> None:
    words = "The Strange and Wonderful Account of the Ferryman Who Rowed Nine Hundred Nights Against the Tide "
    aka = (words * 6).strip()
    add_to_both(
        world,
        31,
        "long aka",
        "Nine Hundred Nights",
        theme="fantasy",
        culture="uk",
        year=2017,
        akas=(("Nine Hundred Nights", None, None, "original", True), (aka, "GB", "en", None, False)),
    )
