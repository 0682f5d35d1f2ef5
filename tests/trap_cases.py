"""The adversarial pack: titles that a matcher gets wrong, each with what is right and why.

A case is read from the left: rows of the sources, titles of IMDb, and for each row the title it must be linked to.
Names of people that do not matter are the lists below; they are made other people in every case.
"""

from __future__ import annotations

from dataclasses import dataclass

ANN, BEN = ("Ann Ash",), ("Ben Bay",)
CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance", "Flo Wick")
OTHERS = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole", "Lou Dray")
MANY = tuple(f"{first} {last}" for first in ("Ada", "Bo", "Cy", "Di", "Ed") for last in (
    "Alder", "Bering", "Cobalt", "Dunmore", "Eastby", "Fenwick", "Gorman", "Hollis", "Ivers", "Jansen",
))  # fmt: skip
STOCK = frozenset((*ANN, *BEN, *CAST, *OTHERS, *MANY))

NOT_LINKED = None
# A tie, which must not be linked; and what is found, but may be left to a person.
MATCH, REVIEW, PROPOSED = ("match",), ("review",), ("match", "review")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of Netflix, or with `tomato` (its link) of Rotten Tomatoes.

    to     place of the right title among the case's titles, from 1; NOT_LINKED
    bands  which the decision may have; of a row that is NOT_LINKED any but `match`
    """

    title: str
    year: int | None
    to: int | None
    series: bool = False
    by: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    minutes: int | None = None
    seasons: int | None = None
    about: str | None = None
    genres: tuple[str, ...] = ()
    tomato: str | None = None
    bands: tuple[str, ...] = MATCH


@dataclass(frozen=True, slots=True)
class Title:
    """A title of IMDb."""

    title: str
    year: int | None
    type: str = "movie"
    end: int | None = None
    by: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    minutes: int | None = None
    akas: tuple[str, ...] = ()
    original: str | None = None
    adult: bool = False
    genres: tuple[str, ...] = ()
    votes: int | None = 1_000


@dataclass(frozen=True, slots=True)
class Case:
    """One trap: what it is called, why it is one, and both sides."""

    name: str
    why: str
    rows: tuple[Row, ...]
    titles: tuple[Title, ...]


def same(name: str, why: str, row: str, imdb: str, **title: object) -> Case:
    """One film with its people and runtime, written in two ways."""
    ours = Row(row, 2018, 1, by=ANN, cast=CAST, minutes=90)
    return Case(name, why, (ours,), (Title(imdb, 2018, by=ANN, cast=CAST, minutes=91, **title),))


def renamed(name: str, why: str, row: str, imdb: str) -> Case:
    """One film whose two titles have nothing in common."""
    ours = Row(row, 2018, 1, by=ANN, cast=CAST, minutes=90, bands=PROPOSED)
    return Case(name, why, (ours,), (Title(imdb, 2018, by=ANN, cast=CAST, minutes=90),))


def other(name: str, why: str, row: str, imdb: str) -> Case:
    """Two films of one year whose titles are alike; IMDb has only the wrong one."""
    ours = Row(row, 2018, NOT_LINKED, by=ANN, cast=CAST, minutes=90)
    return Case(name, why, (ours,), (Title(imdb, 2018, by=BEN, cast=OTHERS, minutes=91),))


def sequel(name: str, why: str, row: str, imdb: str) -> Case:
    """Two parts that share director and cast; IMDb has only the other part, even in the same year."""
    ours = Row(row, 2018, NOT_LINKED, by=ANN, cast=CAST, minutes=104)
    return Case(name, why, (ours,), (Title(imdb, 2018, by=ANN, cast=CAST, minutes=104),))


HOMONYMS = (
    Case(
        "Death Note, film and series",
        "one name, two kinds",
        (
            Row("Death Note", 2017, 1, by=("Adam Wingard",), cast=CAST, minutes=100),
            Row("Death Note", 2006, 2, series=True, cast=OTHERS, seasons=1),
        ),
        (
            Title("Death Note", 2017, by=("Adam Wingard",), cast=CAST, minutes=101),
            Title("Death Note", 2006, "tvSeries", end=2007, cast=OTHERS),
        ),
    ),
    Case(
        "Veronica and Verónica 2017",
        "accents do not decide, people and runtime do",
        (
            Row("Veronica", 2017, 2, by=("Carlos Algara",), cast=CAST, minutes=81),
            Row("Verónica", 2017, 1, by=("Paco Plaza",), cast=OTHERS, minutes=105),
        ),
        (
            Title("Verónica", 2017, by=("Paco Plaza",), cast=OTHERS, minutes=105),
            Title("Veronica", 2017, by=("Carlos Algara",), cast=CAST, minutes=81),
        ),
    ),
    Case(
        "The Night 2021, twice, nothing known",
        "a tie is for a person, never for the first row",
        (Row("The Night", 2021, None, bands=REVIEW),),
        (Title("The Night", 2021), Title("The Night", 2021)),
    ),
    Case(
        "The Wait 2021, twice, people known",
        "the people break the tie",
        (Row("The Wait", 2021, 2, by=ANN, cast=CAST), Row("The Wait", 2021, 1, by=BEN, cast=OTHERS)),
        (Title("The Wait", 2021, by=BEN, cast=OTHERS), Title("The Wait", 2021, by=ANN, cast=CAST)),
    ),
    Case(
        "one work under two ids",
        "a duplicate of IMDb cannot be told from a homonym",
        (Row("Pinecone Street", 2015, None, by=ANN, cast=CAST, minutes=95, bands=REVIEW),),
        (
            Title("Pinecone Street", 2015, by=ANN, cast=CAST, minutes=95),
            Title("Pinecone Street", 2015, by=ANN, cast=CAST, minutes=95),
        ),
    ),
    Case(
        "Manhunt 2017, film and series",
        "title and year equal, kind not",
        (
            Row("Manhunt", 2017, 1, by=("John Woo",), cast=CAST, minutes=110),
            Row("Manhunt", 2017, 2, series=True, cast=OTHERS, seasons=1),
        ),
        (
            Title("Manhunt", 2017, by=("John Woo",), cast=CAST, minutes=106),
            Title("Manhunt", 2017, "tvSeries", cast=OTHERS),
        ),
    ),
    Case(
        "FullMetal Alchemist, film and series",
        "the film's title is the series'",
        (
            Row("FullMetal Alchemist", 2017, 2, by=("Fumihiko Sori",), cast=CAST, minutes=134),
            Row("Fullmetal Alchemist", 2003, 1, series=True, cast=OTHERS, seasons=1),
        ),
        (
            Title("Fullmetal Alchemist", 2003, "tvSeries", end=2004, cast=OTHERS),
            Title("Fullmetal Alchemist", 2017, by=("Fumihiko Sori",), cast=CAST, minutes=135, original="Hagane"),
        ),
    ),
    Case(
        "U-Turn 2020 and U Turn 2016",
        "IMDb has only the older one",
        (
            Row("U-Turn", 2020, NOT_LINKED, by=("Roderick Cabrido",), cast=OTHERS, minutes=90),
            Row("U Turn", 2016, 1, by=("Pawan Kumar",), cast=CAST, minutes=121),
        ),
        (Title("U Turn", 2016, by=("Pawan Kumar",), cast=CAST, minutes=121),),
    ),
    Case(
        "Waiting 2015 and Waiting... 2005",
        "points are no letters",
        (
            Row("Waiting", 2015, 2, by=ANN, cast=CAST, minutes=98),
            Row("Waiting...", 2005, 1, by=BEN, cast=OTHERS, minutes=94),
        ),
        (
            Title("Waiting...", 2005, by=BEN, cast=OTHERS, minutes=94),
            Title("Waiting", 2015, by=ANN, cast=CAST, minutes=99),
        ),
    ),
    Case(
        "Let's Eat 2013 and 2021",
        "two series of one name in two countries",
        (
            Row("Let's Eat", 2013, 1, series=True, cast=CAST, seasons=1),
            Row("Let's Eat", 2021, 2, series=True, cast=OTHERS, seasons=1),
        ),
        (
            Title("Let's Eat", 2013, "tvSeries", end=2014, cast=CAST),
            Title("Let's Eat", 2021, "tvSeries", cast=OTHERS),
        ),
    ),
    Case(
        "What If? and WHAT / IF 2019",
        "both series, both of one year",
        (
            Row("What If?", 2019, 1, series=True, cast=CAST, seasons=1),
            Row("WHAT / IF", 2019, 2, series=True, cast=OTHERS, seasons=1),
        ),
        (Title("What If?", 2019, "tvSeries", cast=CAST), Title("What/If", 2019, "tvSeries", cast=OTHERS)),
    ),
    Case(
        "Ares and Arès",
        "a series and a film, one accent apart",
        (
            Row("Ares", 2020, 2, series=True, cast=CAST, seasons=1),
            Row("Arès", 2016, 1, by=("Jean-Patrick Benes",), cast=OTHERS, minutes=81),
        ),
        (
            Title("Arès", 2016, by=("Jean-Patrick Benes",), cast=OTHERS, minutes=80),
            Title("Ares", 2020, "tvSeries", cast=CAST),
        ),
    ),
    Case(
        "Sahara 2017 and 2005",
        "the better known one is another film",
        (Row("Sahara", 2017, 2, by=("Pierre Coré",), cast=CAST, minutes=84),),
        (
            Title("Sahara", 2005, by=("Breck Eisner",), cast=OTHERS, minutes=124),
            Title("Sahara", 2017, by=("Pierre Coré",), cast=CAST, minutes=86),
        ),
    ),
    Case(
        "The Bridge, Danish and American",
        "a remake of a series two years later",
        (Row("The Bridge", 2013, 2, series=True, cast=CAST, seasons=2),),
        (
            Title("The Bridge", 2011, "tvSeries", end=2018, cast=OTHERS, original="Bron/Broen"),
            Title("The Bridge", 2013, "tvSeries", end=2014, cast=CAST),
        ),
    ),
    Case(
        "The Circle and Circle",
        "a leading article may be left out, but here both are there",
        (
            Row("The Circle", 2015, 2, by=ANN, cast=CAST, minutes=110),
            Row("Circle", 2015, 1, by=BEN, cast=OTHERS, minutes=87),
        ),
        (
            Title("Circle", 2015, by=BEN, cast=OTHERS, minutes=87),
            Title("The Circle", 2015, by=ANN, cast=CAST, minutes=110),
        ),
    ),
    Case(
        "a homonym of the same year is all that IMDb has",
        "everybody in it is another one",
        (Row("Black Harbor", 2018, NOT_LINKED, by=ANN, cast=CAST, minutes=90),),
        (Title("Black Harbor", 2018, by=BEN, cast=OTHERS, minutes=124),),
    ),
    Case(
        "a homonym of another year is all that IMDb has",
        "nothing speaks for it but the name",
        (Row("Hidden Orchard", 2015, NOT_LINKED),),
        (Title("Hidden Orchard", 2009),),
    ),
    Case(
        "Underdogs and Metegol",
        "IMDb files the film under its original title",
        (Row("Underdogs", 2013, 1, by=("Juan José Campanella",), cast=CAST, minutes=102),),
        (
            Title("Metegol", 2013, by=("Juan José Campanella",), cast=CAST, minutes=106, akas=("Underdogs",)),
            Title("Underdogs", 2013, by=BEN, cast=OTHERS, minutes=80),
        ),
    ),
    Case(
        "a remake, and IMDb has both",
        "the older one is the better known",
        (Row("Lion Court", 2019, 2, by=BEN, cast=OTHERS, minutes=118),),
        (
            Title("Lion Court", 1994, by=ANN, cast=CAST, minutes=88),
            Title("Lion Court", 2019, by=BEN, cast=OTHERS, minutes=118),
        ),
    ),
    Case(
        "a remake, and IMDb has the older one only",
        "one actor plays in both",
        (Row("Panther Harbor", 2019, NOT_LINKED, by=BEN, cast=(*OTHERS, CAST[0]), minutes=118),),
        (Title("Panther Harbor", 1994, by=ANN, cast=CAST, minutes=88),),
    ),
    Case(
        "nothing known, and one title of the name and year",
        "a rare name and its year are enough",
        (Row("Singular Lanterns", 2016, 1), Row("Singular Kettles", 2016, 2, series=True)),
        (Title("Singular Lanterns", 2016), Title("Singular Kettles", 2016, "tvSeries")),
    ),
)

NUMBERS = (
    Case(
        "The Kissing Booth 2 and 3",
        "one cast, one director, two parts",
        (
            Row("The Kissing Booth 2", 2020, 1, by=ANN, cast=CAST, minutes=131),
            Row("The Kissing Booth 3", 2021, 2, by=ANN, cast=CAST, minutes=113),
        ),
        (
            Title("The Kissing Booth 2", 2020, by=ANN, cast=CAST, minutes=131),
            Title("The Kissing Booth 3", 2021, by=ANN, cast=CAST, minutes=113),
        ),
    ),
    Case(
        "Tall Girl and Tall Girl 2, IMDb has the first",
        "the second must not take its place",
        (
            Row("Tall Girl", 2019, 1, by=ANN, cast=CAST, minutes=102),
            Row("Tall Girl 2", 2022, NOT_LINKED, by=ANN, cast=CAST, minutes=97),
        ),
        (Title("Tall Girl", 2019, by=ANN, cast=CAST, minutes=102),),
    ),
    sequel("The Princess Switch 3 is not 2", "numbers are hard", "The Princess Switch 3", "The Princess Switch 2"),
    sequel("Jaws 2 is not Jaws", "all words of one are in the other", "Jaws 2", "Jaws"),
    sequel("Saw VI is not Saw V", "roman numerals are numbers", "Saw VI", "Saw V"),
    Case(
        "Breaking Dawn 2 is not 1",
        "Part 1 is all that IMDb has",
        (Row("Breaking Dawn: Part 2", 2012, NOT_LINKED, by=ANN, cast=CAST, minutes=115),),
        (Title("Breaking Dawn: Part 1", 2011, by=ANN, cast=CAST, minutes=117),),
    ),
    sequel(
        "Deathly Halls 2 is not 1",
        "all but the number is equal, the year too",
        "Deathly Halls: Part 2",
        "Deathly Halls: Part 1",
    ),
    same("Karate Kid II is Karate Kid 2", "II is 2", "Karate Kid II", "Karate Kid 2"),
    same("Rocky V is Rocky 5", "V at the end of a title is 5", "Rocky V", "Rocky 5"),
    same("Kill Bill: Vol. 2", "words that announce a number may be left out", "Kill Bill: Vol. 2", "Kill Bill 2"),
    same(
        "Part 2 is Part Two",
        "numbers are spelled",
        "Hunger Games: Mockingjay - Part 2",
        "Hunger Games: Mockingjay - Part Two",
    ),
    other("Malcolm X is not Malcolm 10", "X is a name here", "Malcolm X", "Malcolm 10"),
    same("I, Robot", "I is a word here", "I, Robot", "I, Robot"),
    same("V for Vendetta", "V is a name here", "V for Vendetta", "V for Vendetta"),
    same("III Smoking Barrels", "a numeral in front is part of the name", "III Smoking Barrels", "III Smoking Barrels"),
    other("46 is not 48", "a number is a name of two letters", "46", "48"),
    other("9 is not 90", "short titles have no spelling mistakes", "9", "90"),
    same("187", "a title of digits stays text", "187", "187"),
    Case(
        "1920 and 1922",
        "titles that look like years",
        (Row("1920", 2008, 1, by=ANN, cast=CAST, minutes=143), Row("1922", 2017, 2, by=BEN, cast=OTHERS, minutes=103)),
        (
            Title("1920", 2008, by=ANN, cast=CAST, minutes=138),
            Title("1922", 2017, by=BEN, cast=OTHERS, minutes=102),
        ),
    ),
    Case(
        "3%",
        "a title of one digit and a sign",
        (Row("3%", 2020, 1, series=True, cast=CAST, seasons=4),),
        (Title("3%", 2016, "tvSeries", end=2020, cast=CAST),),
    ),
    same("07:19 is 7:19", "a leading nought is no letter", "07:19", "7:19"),
    same("20,000 Leagues", "a comma between thousands", "20,000 Leagues Under the Ice", "20000 Leagues Under the Ice"),
    same("22-Jul is 22 July", "a spreadsheet took it for a date", "22-Jul", "22 July"),
    Case(
        "15 August and 15-Aug",
        "one film twice in the file, once mangled",
        (
            Row("15 August", 2019, 1, by=ANN, cast=CAST, minutes=124, about="A lane in Mumbai waits."),
            Row("15-Aug", 2019, 1, by=ANN, cast=CAST, minutes=124, about="A lane in Mumbai waits."),
        ),
        (Title("15 August", 2019, by=ANN, cast=CAST, minutes=124),),
    ),
    same("9-Feb is February 9", "a spreadsheet took it for a date; the month may come first", "9-Feb", "February 9"),
)

LETTERS = (
    other("Midnight Sun is not Midnight Run", "one letter apart", "Midnight Sun", "Midnight Run"),
    other("The Losers are not The Lovers", "two letters apart", "The Losers", "The Lovers"),
    other("The Innocent is not The Innocents", "one letter more", "The Innocent", "The Innocents"),
    other("The Beast is not The Beat", "one letter less", "The Beast", "The Beat"),
    other("Rattlesnake is not Rattlesnakes", "one letter more", "Rattlesnake", "Rattlesnakes"),
    same("Zipi & Zape", "& is and", "Zipi & Zape", "Zipi and Zape"),
    same("Romeo + Juliet", "+ is and", "Romeo + Juliet", "Romeo and Juliet"),
    same("Kid, The", "an article moved behind", "Kid Detective, The", "The Kid Detective"),
    same("The is left out", "an article left out", "Lost Daughters of Vigo", "The Lost Daughters of Vigo"),
    same("S.W.A.T.", "points between initials", "S.W.A.T. Nights", "SWAT Nights"),
    same("Spider-Man", "a hyphen is no letter", "Spider-Man Forever", "Spiderman Forever"),
    same("Schitt's", "an apostrophe is no letter", "Schitt’s Hill", "Schitts Hill"),
    same("unbalanced quotes", "IMDb's quotes are letters of the file, not of the title",
         "Swing it, magistern", '"Swing it" magistern'),
    same("full width", "width is no letter", "Ｆｕｌｌ Ｗｉｄｔｈ", "Full Width"),
    same("zero width", "invisible characters are no letters", "\u200bKuch Bheege Alfaaz", "Kuch Bheege Alfaaz"),
    same("a Korean title", "found through an aka", "반드시 잡는다", "The Chase", akas=("반드시 잡는다",)),
    same("a Japanese title", "found through an aka", "忍者ハットリくん", "Ninja Hattori", akas=("忍者ハットリくん",)),
    same("an Arabic title", "found through an aka", "يوم الدين", "Yomeddine", akas=("يوم الدين",)),
    renamed("a title of another script without an aka", "its people find it", "बिन बुलाया मेहमान", "Uninvited Guest"),
    other("ガール is not カール", "a dakuten makes another sound", "ガールフレンド", "カールフレンド"),
    Case(
        "a near title is all that IMDb has",
        "some words and the year agree, nobody in it does",
        (Row("Spelling the Dreams", 2020, NOT_LINKED, by=ANN, cast=CAST[:3], minutes=83),),
        (Title("Spelling the Dream Book", 2020, by=BEN, cast=OTHERS[:3], minutes=80),),
    ),
)  # fmt: skip

VERSIONS = (
    Case(
        "Consequences, once with a no-break space",
        "one film twice in the file",
        (
            Row("Consequences", 2014, 1, by=ANN, cast=CAST, minutes=106, about="Secrets surface."),
            Row("Consequences\u00a0", 2014, 1, by=ANN, cast=CAST, minutes=106, about="Secrets surface."),
        ),
        (Title("Consequences", 2014, by=ANN, cast=CAST, minutes=106),),
    ),
    Case(
        "Boomika in three languages",
        "language versions are one work",
        tuple(
            Row(f"Boomika ({language})", 2021, 1, by=ANN, cast=CAST, minutes=122)
            for language in ("Hindi", "Malayalam", "Telugu")
        ),
        (Title("Boomika", 2021, by=ANN, cast=CAST, minutes=122),),
    ),
    same("Game Over (Tamil Version)", "what the bracket says is no title", "Game Over (Tamil Version)", "Game Over"),
    same("Blade Runner: The Final Cut", "an edition of the film", "Blade Runner: The Final Cut", "Blade Runner"),
    same("The Final Cut", "here the words are the title", "The Final Cut", "The Final Cut"),
    Case(
        "The Hateful Eight: Extended Version",
        "typed a series with one season; the film keeps its title",
        (
            Row("The Hateful Eight", 2015, 1, by=("Quentin Tarantino",), cast=CAST, minutes=168),
            Row("The Hateful Eight: Extended Version", 2015, NOT_LINKED, series=True, cast=CAST, seasons=1),
        ),
        (Title("The Hateful Eight", 2015, by=("Quentin Tarantino",), cast=CAST, minutes=168),),
    ),
    same("a bracketed alias", "the bracket holds the other name", "The Figurine (Araromire)", "Araromire"),
    same("a bracketed meaning", "the bracket spells it out", "ABCD (Any Body Can Dance)", "ABCD"),
    same("a subtitle only on one side", "the part before the colon is left out", "Doob: No Bed of Roses",
         "No Bed of Roses"),
    same("a year in brackets", "the year is no part of the title", "Ghost Orchid (2018)", "Ghost Orchid"),
    renamed("renamed for the platform", "found through its people", "Ready to Mingle", "Solteras"),
    same("Çarsi Pazar is Souk Bazaar", "found through an aka", "Souk Bazaar", "Çarsi Pazar", akas=("Souk Bazaar",)),
    same("Furie is Get In", "found through an aka", "Get In", "Furie", akas=("Get In",)),
    same("an original title", "IMDb has both names", "7 años", "Seven Years", original="7 años"),
    same(
        "Total Blackout: The Tamborine Extended Cut",
        "another name and an edition at once",
        "Chris Rook Total Blackout: The Tamborine Extended Cut",
        "Chris Rook: Tamborine",
    ),
    Case(
        "an extended version typed a series, alone",
        "one season of a film is the film",
        (Row("The Hollow Nine: Extended Version", 2015, 1, series=True, by=ANN, cast=CAST, seasons=1),),
        (Title("The Hollow Nine", 2015, by=ANN, cast=CAST, minutes=168),),
    ),
    Case(
        "a dubbed version beside the film",
        "the bracket says the language, the runtimes differ",
        (
            Row("Oh! Baby Doll", 2019, 1, by=ANN, cast=CAST, minutes=157),
            Row("Oh! Baby Doll (Tamil)", 2019, 1, by=ANN, cast=CAST, minutes=146),
        ),
        (Title("Oh! Baby Doll", 2019, by=ANN, cast=CAST, minutes=161),),
    ),
    Case(
        "two films share the part before the colon",
        "so does every film of a series",
        (Row("Operation Ember: Part of the Whole", 2018, NOT_LINKED, by=ANN, cast=CAST, minutes=90),),
        (Title("Operation Ember: The Last Siege", 2018, by=BEN, cast=OTHERS, minutes=110),),
    ),
    same("a year behind the title", "the year is no part of the title", "Marigold Sea 2018", "Marigold Sea"),
)  # fmt: skip

KINDS = (
    Case(
        "The Crown, by its latest season",
        "Netflix gives the year of the latest season",
        (Row("The Crown", 2020, 1, series=True, cast=CAST, seasons=4),),
        (Title("The Crown", 2016, "tvSeries", cast=CAST),),
    ),
    Case(
        "a series 36 years after its first season",
        "the gap alone says nothing",
        (Row("Wheel of Fortune", 2019, 1, series=True, cast=CAST[:3], seasons=36),),
        (Title("Wheel of Fortune", 1983, "tvSeries", cast=CAST[:3]),),
    ),
    Case(
        "a season the year after IMDb's last",
        "catalogues are late",
        (Row("Jack Taylor", 2017, 1, series=True, cast=CAST, seasons=3),),
        (Title("Jack Taylor", 2010, "tvSeries", end=2016, cast=CAST),),
    ),
    Case(
        "a stand-up special",
        "Netflix calls it a film, IMDb a special",
        (Row("Ivy Mott: Small Talk", 2019, 1, by=ANN, cast=("Ivy Mott",), minutes=62, genres=("Stand-Up Comedy",)),),
        (Title("Ivy Mott: Small Talk", 2019, "tvSpecial", by=ANN, cast=("Ivy Mott",), minutes=62, genres=("Comedy",)),),
    ),
    Case(
        "a documentary made for television",
        "a film to Netflix, a tvMovie to IMDb",
        (Row("Salt Roads", 2016, 1, by=ANN, minutes=75, genres=("Documentaries",)),),
        (Title("Salt Roads", 2016, "tvMovie", by=ANN, minutes=75, genres=("Documentary",)),),
    ),
    Case(
        "a series in one season",
        "a tvMiniSeries is a series",
        (Row("Quiet Tides", 2019, 1, series=True, cast=CAST, seasons=1),),
        (Title("Quiet Tides", 2019, "tvMiniSeries", end=2019, cast=CAST),),
    ),
    Case(
        "a short film",
        "twelve minutes are a film to Netflix",
        (Row("Paper Kites", 2020, 1, by=ANN, cast=CAST[:2], minutes=12),),
        (Title("Paper Kites", 2020, "short", by=ANN, cast=CAST[:2], minutes=12),),
    ),
    Case(
        "a feature and the short it came from",
        "the director made both",
        (Row("Glass Bees", 2019, 2, by=ANN, cast=CAST, minutes=101),),
        (
            Title("Glass Bees", 2017, "short", by=ANN, cast=CAST[:1], minutes=14),
            Title("Glass Bees", 2019, by=ANN, cast=CAST, minutes=101),
        ),
    ),
    Case(
        "Metallica: Some Kind of Monster",
        "film and series of one name, of one year and by one director",
        (Row("Metallica: Some Kind of Monster", 2004, 1, by=ANN, cast=CAST[:4], minutes=141),),
        (
            Title("Metallica: Some Kind of Monster", 2004, by=ANN, cast=CAST[:4], minutes=141),
            Title("Metallica: Some Kind of Monster", 2004, "tvMiniSeries", by=ANN, cast=CAST[:4]),
        ),
    ),
    Case(
        "an adult title of a known film's name",
        "never a candidate",
        (Row("Paprika Season", 2006, NOT_LINKED, by=ANN, cast=CAST),),
        (Title("Paprika Season", 2006, by=ANN, cast=CAST, adult=True),),
    ),
    Case(
        "a title without a year on IMDb",
        "unknown adds nothing, the people do",
        (Row("Undated Letters", 2019, 1, by=ANN, cast=CAST, minutes=97),),
        (Title("Undated Letters", None, by=ANN, cast=CAST, minutes=97),),
    ),
    Case(
        "a festival year",
        "shown in 2018, released in 2019",
        (Row("Rust Meadow", 2019, 1, by=ANN, cast=CAST, minutes=108),),
        (Title("Rust Meadow", 2018, by=ANN, cast=CAST, minutes=108),),
    ),
    Case(
        "a film to Netflix, a tvMiniSeries to IMDb",
        "the people weigh more than the kind",
        (Row("Sand Diaries", 2018, 1, by=ANN, cast=CAST, minutes=60),),
        (Title("Sand Diaries", 2018, "tvMiniSeries", by=ANN, cast=CAST),),
    ),
    Case(
        "a series to Netflix, a special to IMDb",
        "the people weigh more than the kind",
        (Row("Winter Circus", 2018, 1, series=True, by=ANN, cast=CAST, seasons=1),),
        (Title("Winter Circus", 2018, "tvSpecial", by=ANN, cast=CAST, minutes=60),),
    ),
    Case(
        "a season behind the title",
        "Season 3 is no part of the series' name",
        (Row("Fargo Hills: Season 3", 2017, 1, series=True, cast=CAST, seasons=1),),
        (Title("Fargo Hills", 2014, "tvSeries", cast=CAST),),
    ),
)

PEOPLE = (
    Case(
        "a name shared with another film of the year",
        "Tom Holland acts here and directs there; a name alone links nothing",
        (Row("Cedar Lanes", 2017, NOT_LINKED, cast=("Tom Holland",), minutes=95),),
        (Title("Fright Parish", 2017, by=("Tom Holland",), minutes=95),),
    ),
    Case(
        "the same two people in another film of the year",
        "pairs of actors work together again",
        (Row("Cedar Stairs", 2017, NOT_LINKED, cast=("Uma Vint", "Rex Wole"), minutes=95),),
        (Title("Harbour Bells", 2017, cast=("Uma Vint", "Rex Wole", "Kay Zorn"), minutes=126),),
    ),
    Case(
        "initials apart and together",
        "J.J. is J. J.",
        (Row("Super Nine", 2011, 1, by=("J.J. Abramsen",), minutes=112),),
        (Title("Super Nine", 2011, by=("J. J. Abramsen",), minutes=112),),
    ),
    Case(
        "a comma before Jr.",
        "one person, not two",
        (Row("Iron Brothers", 2018, 1, cast=("Louis Ferrignolo, Jr.", "Ada Lark"), minutes=90),),
        (Title("Iron Brothers", 2018, cast=("Louis Ferrignolo Jr.", "Ada Lark"), minutes=90),),
    ),
    Case(
        "the family name first",
        "Park Chan-wook is Chan-wook Park",
        (Row("Paper Handmaiden", 2016, 1, by=("Park Chan-wookel",), minutes=145),),
        (Title("Paper Handmaiden", 2016, by=("Chan-wookel Park",), minutes=145),),
    ),
    Case(
        "a name with and without accents",
        "Eiza González is Eiza Gonzalez",
        (Row("Violet Mesa", 2019, 1, by=("Eiza Gonzálezky",), cast=("Stellan Skarsgårdus",), minutes=99),),
        (Title("Violet Mesa", 2019, by=("Eiza Gonzalezky",), cast=("Stellan Skarsgardus",), minutes=99),),
    ),
    Case(
        "a director who also acts",
        "one person in two roles is one agreement",
        (Row("Sole Rider", 2018, 1, by=("Ty Perrygold",), cast=("Ty Perrygold", "Ada Lark"), minutes=120),),
        (Title("Sole Rider", 2018, by=("Ty Perrygold",), cast=("Ty Perrygold", "Ada Lark"), minutes=120),),
    ),
    Case(
        "fifty actors against ten",
        "IMDb's principals are ten, the catalogue lists all",
        (Row("The Long Credits", 2016, 1, cast=MANY, minutes=130),),
        (Title("The Long Credits", 2016, cast=MANY[::5], minutes=130),),
    ),
    Case(
        "thirteen directors",
        "a film of segments",
        (Row("Thirteen Doors", 2014, 1, by=MANY[:13], minutes=123),),
        (Title("Thirteen Doors", 2014, by=MANY[3:11], minutes=123),),
    ),
    Case(
        "a director spelled otherwise",
        "Bob is Robert, the surname and all else agree",
        (Row("Gravel Kings", 2018, 1, by=("Bob Radlerson",), minutes=91),),
        (Title("Gravel Kings", 2018, by=("Robert Radlerson",), minutes=91),),
    ),
    Case(
        "no people at all, and another year",
        "nothing speaking against is no match",
        (Row("Quiet Hill", 2015, NOT_LINKED),),
        (Title("Quiet Hill", 2009),),
    ),
    Case(
        "a director called LP",
        "two letters against a full name; all else agrees",
        (Row("Blush Gold", 2019, 1, by=("LP",), cast=CAST, minutes=96),),
        (Title("Blush Gold", 2019, by=("Debbie Malone",), cast=CAST, minutes=96),),
    ),
    Case(
        "one of several people of a name",
        "(II) is IMDb's number, not a part of the name",
        (Row("Twin Parks", 2019, 1, by=("Tom Hollanders (II)",), minutes=96),),
        (Title("Twin Parks", 2019, by=("Tom Hollanders",), minutes=96),),
    ),
)

TOMATOES = (
    Case(
        "True Grit 1969 and 2010",
        "a remake is told by year and director",
        (
            Row("True Grit", 2010, 2, by=("Joel Coen",), tomato="true_grit_2010"),
            Row("True Grit", 1969, 1, by=("Henry Hathaway",), tomato="true_grit"),
        ),
        (
            Title("True Grit", 1969, by=("Henry Hathaway",)),
            Title("True Grit", 2010, by=("Joel Coen", "Ethan Coen")),
        ),
    ),
    Case(
        "Hamlet, three times",
        "one title, three years, three directors",
        (
            Row("Hamlet", 1948, 1, by=("Laurence Olivier",), tomato="1009077-hamlet"),
            Row("Hamlet", 1990, 2, by=("Franco Zeffirelli",), tomato="1036007-hamlet"),
            Row("Hamlet", 1996, 3, by=("Kenneth Branagh",), tomato="hamlet_1996"),
        ),
        (
            Title("Hamlet", 1948, by=("Laurence Olivier",)),
            Title("Hamlet", 1990, by=("Franco Zeffirelli",)),
            Title("Hamlet", 1996, by=("Kenneth Branagh",)),
        ),
    ),
    Case(
        "Supergirl, IMDb has the series",
        "Rotten Tomatoes has films only",
        (Row("Supergirl", 2015, NOT_LINKED, by=ANN, tomato="supergirl"),),
        (Title("Supergirl", 2015, "tvSeries", by=ANN), Title("Supergirl", 2015, "tvMiniSeries", by=ANN)),
    ),
    Case(
        "The Gift, a film there and a series here",
        "the series must not get the film's score",
        (
            Row("The Gift", 2015, 1, by=("Joel Edgerton",), tomato="the_gift_2015"),
            Row("The Gift", 2019, 2, series=True, cast=CAST, seasons=1),
        ),
        (
            Title("The Gift", 2015, by=("Joel Edgerton",)),
            Title("The Gift", 2019, "tvSeries", end=2021, cast=CAST, original="Atiye"),
        ),
    ),
    Case(
        "the English title stands in the link only",
        "the file has the original title",
        (Row("Janghwa, Hongryeon", 2003, 1, by=("Jee-woon Kim",), tomato="1143939-tale_of_two_sisters"),),
        (Title("A Tale of Two Sisters", 2003, by=("Kim Jee-woon",)),),
    ),
    Case(
        "a year glued to the link",
        "shiri2002 spells Shiri",
        (Row("Swiri", 2002, 1, by=("Kang Je-gyu",), tomato="shiri2002"),),
        (Title("Shiri", 2001, by=("Kang Je-gyu",)),),
    ),
    Case(
        "no date at all",
        "the year glued to the link tells the remakes apart",
        (Row("Poseidon Deep", None, 2, by=BEN, tomato="poseidon_deep_2006"),),
        (Title("Poseidon Deep", 1972, by=ANN), Title("Poseidon Deep", 2006, by=BEN)),
    ),
    Case(
        "a festival entry",
        "made a year before it was shown",
        (Row("Blue Kettle", 2006, 1, by=ANN, tomato="blue_kettle"),),
        (Title("Blue Kettle", 2005, by=ANN),),
    ),
    Case(
        "a year glued to the title",
        "Endless Loving1981",
        (Row("Endless Loving1981", 1981, 1, by=ANN, tomato="endless_loving1981"),),
        (Title("Endless Loving", 1981, by=ANN), Title("Endless Loving", 2014, by=BEN)),
    ),
)

CASES = HOMONYMS + NUMBERS + LETTERS + VERSIONS + KINDS + PEOPLE + TOMATOES
