"""Traps of Netflix' file: 2 to 20. Each function builds one, on purpose."""

from __future__ import annotations

from reelhouse.sampling.cases import add_actors, add_to_both, add_unknown, add_with_people, same_cells, without_cells
from reelhouse.sampling.world import (
    World,
    add_work,
    on_netflix,
    on_rotten_tomatoes,
)


def shifted_durations(world: World) -> None:
    for place, minutes in enumerate((74, 84, 66)):
        add_to_both(
            world,
            2,
            f"shifted {place}",
            theme="standup",
            culture="us",
            year=2016 + place,
            runtime=minutes,
            title_type="tvSpecial",
            row={"rating": f"{minutes} min", "duration": ""},
        )


def date_forms(world: World) -> None:
    for place, text in enumerate((" August 4, 2017", " May 1, 2019", "", "", "2019-06-30", "2020-12-12")):
        add_to_both(
            world,
            3,
            f"date form {place}",
            theme=("drama", "comedy", "crime")[place % 3],
            year=2015,
            row={"date_added": text},
        )


def series_years(world: World) -> None:
    add_to_both(
        world,
        4,
        "latest season",
        "The Harbor Years",
        title_type="tvSeries",
        theme="drama",
        culture="uk",
        year=2012,
        end_year=2018,
        seasons=7,
        row={"release_year": 2018, "date_added": "March 2, 2019"},
    )
    add_to_both(
        world,
        4,
        "still running",
        "Night Tram",
        title_type="tvSeries",
        theme="crime",
        culture="de",
        year=2015,
        end_year=None,
        seasons=6,
        row={"release_year": 2021, "date_added": "June 1, 2016"},
    )
    add_to_both(
        world,
        4,
        "year after added",
        "Captain Caramel",
        title_type="tvSeries",
        theme="comedy",
        culture="us",
        year=2014,
        end_year=2020,
        seasons=6,
        row={"release_year": 2020, "date_added": "October 25, 2019"},
    )
    add_to_both(
        world,
        4,
        "year before start of nothing",
        "Inspector Doyle-Marrin",
        title_type="tvSeries",
        theme="crime",
        culture="uk",
        year=2010,
        end_year=2016,
        seasons=3,
        row={"release_year": 2016, "date_added": "July 1, 2013"},
    )


def embedded_newlines(world: World) -> None:
    work = add_work(world, "newline in text", theme="drama", culture="us", year=2018)
    first, rest = work.description.split(" ", 1)
    on_netflix(world, work, 5, description=f"{first}\n{rest}")
    add_to_both(
        world,
        5,
        "newline in title",
        "The Orchard at Low Tide",
        theme="drama",
        culture="us",
        year=2019,
        row={"title": "The Orchard\nat Low Tide"},
    )


def invisible_characters(world: World) -> None:
    work = add_to_both(world, 6, "no-break space", "Marshwater", theme="mystery", culture="us", year=2017)
    on_netflix(
        world, work, 6, entry="no-break space again", title="Marshwater\u00a0", **same_cells(world, "no-break space")
    )
    add_to_both(
        world,
        6,
        "zero width title",
        "Golden Ferry",
        theme="drama",
        culture="jp",
        year=2016,
        row={"title": "\u200bGolden Ferry"},
    )
    work = add_work(world, "zero width cast", theme="comedy", culture="mx", year=2019)
    on_netflix(world, work, 6, cast=", ".join("\u200b" + name for name in work.names("actor", "actress")))


def repeats_and_homonyms(world: World) -> None:
    work = add_to_both(
        world,
        7,
        "repeat",
        "Marigold Crossing",
        theme="romance",
        culture="in",
        year=2018,
        row={"title": "Marigold Crossing"},
    )
    on_netflix(world, work, 7, entry="repeat again", title="Marigold Crossing", **same_cells(world, "repeat"))
    work = add_to_both(
        world,
        7,
        "repeat series",
        "Sugar and Ash",
        title_type="tvSeries",
        theme="drama",
        culture="mx",
        year=2016,
        seasons=2,
        end_year=2017,
        row={"title": "Sugar and Ash"},
    )
    on_netflix(world, work, 7, entry="repeat series again", title="Sugar & Ash", **same_cells(world, "repeat series"))
    homonyms = (
        ("Glass Harbor", "movie", 2017, "mystery"),
        ("Glass Harbor", "tvSeries", 2019, "crime"),
        ("Turn-Stile", "movie", 2020, "action"),
        ("Turn Stile", "movie", 2016, "drama"),
        ("Waiting Loft", "movie", 2015, "horror"),
        ("Waiting Loft…", "movie", 2005, "comedy"),
        ("Which Moon?", "tvSeries", 2019, "comedy"),
        ("WHICH / MOON", "tvSeries", 2019, "scifi"),
    )
    for title, title_type, year, theme in homonyms:
        add_with_people(world, 7, f"homonym {title} {title_type}", title, title_type=title_type, year=year, theme=theme)


def accents(world: World) -> None:
    add_with_people(world, 8, "Ondina short", "Óndina", theme="horror", culture="es", year=2017, runtime=105)
    add_with_people(world, 8, "Ondina plain", "Ondina", theme="drama", culture="mx", year=2017, runtime=81)


def mangled_titles(world: World) -> None:
    work = add_with_people(world, 9, "9 March", "9 March", theme="history", culture="se", year=2018, runtime=144)
    on_netflix(world, work, 9, entry="9-Mar", title="9-Mar", **same_cells(world, "9 March"))
    add_work(world, "decoy 14-Aug", "14-Aug", theme="comedy", culture="ng", year=2019, traps=(9,))
    work = add_work(world, "14 August", "14 August", theme="romance", culture="in", year=2019, runtime=124)
    people = ", ".join(work.names("actor", "actress"))
    on_netflix(world, work, 9, title="14-Aug", director=", ".join(work.names("director")), cast=people)


def short_titles(world: World) -> None:
    for title, year, theme in (
        ("7", 2016, "action"),
        ("4811", 2018, "drama"),
        ("1931", 2017, "history"),
        ("2044", 2019, "scifi"),
        ("Q", 2018, "comedy"),
        ("ZQ", 2019, "scifi"),
        ("17%", 2020, "drama"),
    ):
        add_with_people(world, 10, f"short {title}", title, theme=theme, year=year, culture="us")
    add_with_people(world, 10, "06:15", "06:15", theme="horror", culture="mx", year=2016)
    # One letter apart and nobody named: not the same.
    on_netflix(world, add_unknown(world, "Ux", "Ux", theme="drama", year=2017), 10, director="", cast="")
    add_work(world, "decoy Uz", "Uz", theme="drama", year=2017, traps=(10,))


def other_scripts(world: World) -> None:
    for key, script, english, culture, region, language in (
        ("hangul", "반딧불의 우체통", "The Firefly Mailbox", "kr", "KR", "ko"),
        ("arabic", "يوم الفنار الأخير", "The Lighthouse's Last Day", "eg", "EG", "ar"),
        ("kana", "しろくまパン屋さん", "Polar Bear Bakery", "jp", "JP", "ja"),
    ):
        is_series = culture == "jp"
        work = add_work(
            world,
            key,
            english,
            theme="family" if is_series else "drama",
            culture=culture,
            year=2018,
            title_type="tvSeries" if is_series else "movie",
            seasons=1 if is_series else None,
            traps=(11,),
            original=english if culture == "kr" else script,
            akas=((english, "US", "en", "imdbDisplay", False), (script, region, language, "imdbDisplay", False)),
        )
        on_netflix(world, work, 11, title=script)
    on_netflix(
        world, add_unknown(world, "hangul unknown", "달빛 세탁소 이야기", theme="romance", culture="kr", year=2019), 11
    )


def country_lists(world: World) -> None:
    for place, text in enumerate(
        (", South Korea", "United Kingdom,", "West Germany, France", "", "Soviet Union, Poland, ")
    ):
        add_to_both(
            world,
            12,
            f"countries {place}",
            theme="history",
            culture=("kr", "uk", "de", "us", "pl")[place],
            year=2014,
            row={"country": text},
        )


def comma_in_name(world: World) -> None:
    cast = add_actors(world, "us", "Barnaby Oakhurst, Jr.", "Hollis Pellman, Sr.")
    add_to_both(
        world,
        13,
        "junior",
        "The Sheriff's Raffle",
        theme="comedy",
        culture="us",
        year=2017,
        cast=cast,
        row={"cast": ", ".join(person.name for person in cast)},
    )


def nobody_named(world: World) -> None:
    nobody = {"director": "", "cast": ""}
    add_to_both(
        world,
        14,
        "nobody film",
        "Cathedral of Kelp",
        theme="documentary",
        culture="uk",
        year=2018,
        runtime=94,
        cast=[],
        row=nobody,
    )
    add_to_both(
        world,
        14,
        "nobody series",
        "The Great Loom",
        title_type="tvMiniSeries",
        theme="documentary",
        culture="uk",
        year=2019,
        seasons=1,
        cast=[],
        row=nobody,
    )
    # The same title and type, but another year and length: no conflict of people is no evidence.
    add_work(
        world,
        "decoy hollowing",
        "The Hollowing Field",
        theme="horror",
        culture="us",
        year=2009,
        runtime=121,
        traps=(14,),
    )
    unknown = add_unknown(world, "hollowing", "The Hollowing Field", theme="drama", culture="us", year=2016, runtime=84)
    on_netflix(world, unknown, 14, **nobody)


def long_lists(world: World) -> None:
    cast = [person for code in ("us", "uk") for person in world.pools[code, "actor"]][:50]
    directors = [person for code in ("in", "fr") for person in world.pools[code, "director"]][:13]
    work = add_work(
        world, "long lists", "Thirteen Windows", theme="drama", culture="in", year=2019, cast=cast, directors=directors
    )
    on_netflix(
        world,
        work,
        15,
        cast=", ".join(person.name for person in cast),
        director=", ".join(person.name for person in directors),
    )


def two_roles(world: World) -> None:
    for place, culture in enumerate(("in", "tr", "us")):
        director = world.pools[culture, "director"][place]
        work = add_work(
            world,
            f"two roles {place}",
            theme=("romance", "comedy", "music")[place],
            culture=culture,
            year=2016 + place,
            directors=[director],
            cast=[director, *world.pools[culture, "actor"][3:7]],
        )
        on_netflix(world, work, 16, director=director.name, cast=", ".join(work.names("actor", "actress")))
        on_rotten_tomatoes(world, work, 16)


def name_variants(world: World) -> None:
    cast = add_actors(world, "es", "Inés Valdemarín", "Stellán Skogsgård", "Tanvika")
    variants = ("Ines Valdemarin", "STELLAN SKOGSGARD", "Tanvika")
    work = add_work(world, "variants", "The Almond Winter", theme="drama", culture="es", year=2018, cast=cast)
    on_netflix(world, work, 17, cast=", ".join((*variants, *(person.name for person in cast[3:]))))
    work = add_work(world, "variants again", "A Map of Olives", theme="drama", culture="es", year=2020, cast=cast[:4])
    on_netflix(world, work, 17, cast=", ".join(person.name for person in cast[:4]))


def language_versions(world: World) -> None:
    work = add_work(world, "versions", "Meghamala", theme="mystery", culture="in", year=2019)
    row = {"cast": ", ".join(work.names("actor", "actress")), "director": ", ".join(work.names("director"))}
    on_netflix(world, work, 18, title="Meghamala", **row)
    for version in ("(Hindi)", "(Tamil Version)", "(Telugu)"):
        on_netflix(world, work, 18, entry=f"versions {version}", title=f"Meghamala {version}", **row)


def editions(world: World) -> None:
    work = add_with_people(
        world, 19, "edition", "The Seven Wagons", theme="action", culture="us", year=2015, runtime=168
    )
    on_netflix(
        world,
        work,
        19,
        entry="edition extended",
        title="The Seven Wagons: Extended Version",
        type="TV Show",
        duration="1 Season",
        **without_cells(same_cells(world, "edition"), "type", "duration"),
    )
    work = add_work(world, "final cut", "Copper Moon", theme="scifi", culture="us", year=1992, runtime=117)
    on_netflix(world, work, 19, title="Copper Moon: The Final Cut", director=", ".join(work.names("director")))


def types_apart(world: World) -> None:
    add_to_both(world, 20, "special", theme="standup", culture="uk", year=2019, title_type="tvSpecial")
    add_to_both(
        world,
        20,
        "television film",
        "Under the Ice Shelf",
        theme="documentary",
        culture="se",
        year=2017,
        title_type="tvMovie",
    )
    add_to_both(
        world,
        20,
        "mini series",
        "The Weavers' Strike",
        theme="history",
        culture="fr",
        year=2020,
        title_type="tvMiniSeries",
        seasons=1,
    )
    add_to_both(
        world,
        20,
        "short",
        "One Minute of Rain",
        theme="family",
        culture="jp",
        year=2019,
        title_type="short",
        runtime=19,
    )
    # IMDb has it as a video, which we do not keep.
    add_to_both(
        world,
        20,
        "video",
        "Puddle Pirates: The Lost Boot",
        theme="family",
        culture="us",
        year=2016,
        title_type="video",
        runtime=64,
    )
