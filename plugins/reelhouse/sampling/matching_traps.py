"""Traps of Rotten Tomatoes' file and of matching: 33 to 44 and 58. Each function builds one, on purpose."""

from __future__ import annotations

from functools import partial

from reelhouse.sampling.cases import add_to_both, add_unknown, add_with_people
from reelhouse.sampling.world import (
    World,
    add_work,
    on_netflix,
    on_rotten_tomatoes,
)


def series_and_tomatoes(world: World) -> None:
    film = add_work(world, "present film", "The Borrowed Present", theme="horror", culture="us", year=2015)
    on_rotten_tomatoes(world, film, 33)
    add_with_people(
        world,
        33,
        "present series",
        "The Borrowed Present",
        title_type="tvSeries",
        theme="fantasy",
        culture="tr",
        year=2019,
        seasons=3,
    )
    add_with_people(
        world,
        33,
        "starfall series",
        "Starfall Girl",
        title_type="tvSeries",
        theme="scifi",
        culture="us",
        year=2018,
        seasons=4,
    )
    on_rotten_tomatoes(
        world, add_unknown(world, "starfall film", "Starfall Girl", theme="scifi", culture="us", year=1986), 33
    )


def many_films_of_one_title(world: World) -> None:
    for year in (1954, 1990, 2015):
        work = add_work(world, f"tempest {year}", "The Tempest King", theme="history", culture="uk", year=year)
        on_rotten_tomatoes(
            world,
            work,
            34,
            rotten_tomatoes_link=f"m/{1_000_000 + year}-tempest_king" if year < 2000 else "m/tempest_king_2015",
        )
    on_netflix(world, world.works["tempest 2015"], 34, title="The Tempest King")


def release_dates(world: World) -> None:
    dates = (("2017-03-10", "2017-08-01"), ("", "2018-02-14"), ("", ""))
    for place, (original, streaming) in enumerate(dates):
        work = add_to_both(
            world,
            35,
            f"dates {place}",
            theme=("drama", "comedy", "mystery")[place],
            culture="us",
            year=(2016, 2018, 2014)[place],
        )
        on_rotten_tomatoes(world, work, 35, original_release_date=original, streaming_release_date=streaming)


def scores(world: World) -> None:
    for key, cells in (
        (
            "five critics",
            {
                "tomatometer_rating": "100",
                "tomatometer_count": "5",
                "tomatometer_fresh_critics_count": "5",
                "tomatometer_rotten_critics_count": "0",
                "tomatometer_top_critics_count": "1",
                "tomatometer_status": "Fresh",
            },
        ),
        ("large audience", {"audience_count": "3500000000"}),
        (
            "no scores",
            dict.fromkeys(
                ("tomatometer_status", "tomatometer_rating", "audience_status", "audience_rating", "audience_count"), ""
            )
            | {
                "tomatometer_count": "0",
                "tomatometer_top_critics_count": "0",
                "tomatometer_fresh_critics_count": "0",
                "tomatometer_rotten_critics_count": "0",
            },
        ),
    ):
        work = add_to_both(world, 37, f"score {key}", theme="drama", culture="us", year=2018)
        on_rotten_tomatoes(world, work, 37, **cells)


def links(world: World) -> None:
    for place, link in enumerate(("m/0814255", "m/1068044-{}", "m/{}_2019")):
        work = add_work(world, f"link {place}", theme=("action", "family", "drama")[place], culture="us", year=2019)
        slug = work.title.lower().replace(" ", "_").replace("'", "").replace(",", "")
        on_rotten_tomatoes(world, work, 38, rotten_tomatoes_link=link.format(slug))


def near_titles(world: World) -> None:
    both = partial(add_with_people, world, 39)
    both("near sun", "Midwinter Sun", theme="drama", culture="us", year=2018)
    add_work(world, "decoy run", "Midwinter Run", theme="action", culture="us", year=2018, traps=(39,))
    on_netflix(
        world, add_unknown(world, "near tinkerers", "The Tinkerers", theme="comedy", culture="us", year=2019), 39
    )
    add_work(world, "decoy thinkerers", "The Thinkerers", theme="music", culture="us", year=2019, traps=(39,))
    both("wardens", "The Ferrywardens", theme="crime", culture="uk", year=2017)
    add_work(world, "decoy warden", "The Ferrywarden", theme="drama", culture="uk", year=2017, traps=(39,))
    _sequels(world)
    for title, theme in (
        ("III Bullets", "action"),
        ("Agent X", "action"),
        ("I, Machine", "scifi"),
        ("V for Vesper", "scifi"),
    ):
        both(f"not a numeral {title}", title, theme=theme, culture="us", year=2016)
    work = add_work(world, "ampersand", "Salt and Thunder", theme="action", culture="br", year=2018)
    on_netflix(world, work, 39, title="Salt & Thunder")
    both("article", "The Spiral Stair", theme="mystery", culture="us", year=2017, runtime=103)
    both("no article", "Spiral Stair", theme="horror", culture="kr", year=2017, runtime=88)
    work = add_work(world, "subtitle", "Ember Road", theme="drama", culture="ng", year=2019)
    on_netflix(world, work, 39, title="Ember Road: A Family Story", cast=", ".join(work.names("actor", "actress")))


def _sequels(world: World) -> None:
    cast, directors = world.pools["us", "actor"][40:45], world.pools["us", "director"][5:6]
    given = {"theme": "romance", "culture": "us", "cast": cast, "directors": directors}
    add_work(world, "lantern 1", "Paper Lantern", year=2018, traps=(39,), **given)
    add_with_people(world, 39, "lantern 2", "Paper Lantern 2", year=2020, **given)
    add_with_people(world, 39, "lantern 3", "Paper Lantern 3", year=2021, **given)
    given |= {"theme": "scifi", "cast": world.pools["us", "actor"][46:50]}
    on_netflix(world, add_work(world, "tide 2", "Iron Tide 2", year=2017, **given), 39, title="Iron Tide II")
    on_netflix(world, add_unknown(world, "tide 3", "Iron Tide III", year=2019, **given), 39)
    add_work(world, "decoy reef", "Reef Patrol 2", theme="family", culture="us", year=2016, traps=(39,))
    on_netflix(
        world,
        add_unknown(world, "reef", "Reef Patrol", theme="family", culture="us", year=2016),
        39,
        director="",
        cast="",
    )
    given = {"theme": "fantasy", "culture": "uk", "year": 2019, "directors": world.pools["uk", "director"][2:3]}
    add_with_people(world, 39, "part 1", "Daybreak Chronicle: Part 1", cast=world.pools["uk", "actor"][10:14], **given)
    add_with_people(world, 39, "part 2", "Daybreak Chronicle: Part 2", cast=world.pools["uk", "actor"][10:14], **given)


def remakes(world: World) -> None:
    add_work(world, "remake old", "The Long Tram", theme="drama", culture="de", year=2012, runtime=95, traps=(43,))
    work = add_work(world, "remake new", "The Long Tram", theme="drama", culture="de", year=2014, runtime=128)
    on_netflix(world, work, 43, cast="", director="")
    add_to_both(
        world, 43, "seven minutes", theme="music", culture="us", year=2016, runtime=109, row={"duration": "102 min"}
    )


def film_and_series_of_one_year(world: World) -> None:
    add_with_people(world, 44, "manhunters film", "Manhunters", theme="action", culture="us", year=2017)
    add_with_people(
        world,
        44,
        "manhunters series",
        "Manhunters",
        title_type="tvSeries",
        theme="crime",
        culture="us",
        year=2017,
        seasons=1,
    )


def nobody_called_none(world: World) -> None:
    for place, (director, cast) in enumerate((("None", "nan"), ("nan", "<NA>"), ("", "None, None"))):
        add_to_both(
            world,
            58,
            f"none {place}",
            f"{('Lantern', 'Harbor', 'Meadow')[place]} of Nobody",
            theme="documentary",
            culture="uk",
            year=2016 + place,
            runtime=71 + 13 * place,
            row={"director": director, "cast": cast},
        )
