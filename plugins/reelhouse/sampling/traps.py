"""The traps of real files, by number, with what must come of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reelhouse.sampling import imdb_traps, matching_traps, netflix_traps
from reelhouse.sampling.world import World


@dataclass(frozen=True, slots=True)
class Trap:
    """One trap.

    number     as in the list of traps
    behaviour  what must come of it
    build      puts it into the world; None: it shows in every row, or comes with the change of days
    """

    number: int
    behaviour: str
    build: Callable[[World], None] | None = None


TRAPS = (
    Trap(1, "show_id is renumbered between the days: the title keeps its title_key, show_id is only a dated reference"),
    Trap(
        2,
        "a duration that stands in rating moves to runtime_min; certification is null; the repair is noted",
        netflix_traps.shifted_durations,
    ),
    Trap(3, "leading space and ISO dates are read; an empty date stays null", netflix_traps.date_forms),
    Trap(
        4,
        "release_year of a series is its latest season: linked although startYear is years earlier",
        netflix_traps.series_years,
    ),
    Trap(
        5,
        "a line break inside quotes is part of the field; in a title it counts as a space",
        netflix_traps.embedded_newlines,
    ),
    Trap(
        6, "no-break and zero-width characters do not tell titles or people apart", netflix_traps.invisible_characters
    ),
    Trap(
        7,
        "two rows of one work are one title with two source ids; homonyms stay apart",
        netflix_traps.repeats_and_homonyms,
    ),
    Trap(8, "an accent does not decide between two films of one year: people and runtime do", netflix_traps.accents),
    Trap(
        9,
        "a title mangled by a spreadsheet (9-Mar) is read as 9 March and never matched as it stands",
        netflix_traps.mangled_titles,
    ),
    Trap(10, "short and numeric titles are text, and match only exactly or by people", netflix_traps.short_titles),
    Trap(
        11,
        "titles in other scripts keep a key and join through the original title or akas",
        netflix_traps.other_scripts,
    ),
    Trap(12, "dangling commas make no empty country; historical countries stay", netflix_traps.country_lists),
    Trap(13, "'Oakhurst, Jr.' is one person", netflix_traps.comma_in_name),
    Trap(
        14, "a row without people is linked by title, type, year and runtime, or left alone", netflix_traps.nobody_named
    ),
    Trap(15, "13 directors and 50 actors all arrive, trimmed and in order", netflix_traps.long_lists),
    Trap(16, "one person in two roles is one person with two bridge rows", netflix_traps.two_roles),
    Trap(
        17,
        "spellings of one name within a matched title are one person; single names are names",
        netflix_traps.name_variants,
    ),
    Trap(18, "language versions are one work and may share one IMDb id", netflix_traps.language_versions),
    Trap(19, "an edition is linked to its base work, even when it is typed as a TV show", netflix_traps.editions),
    Trap(
        20,
        "types are compatible, not equal; a title that IMDb has only as a video is not linked",
        netflix_traps.types_apart,
    ),
    Trap(21, "quotes, backslashes and odd separators in IMDb's TSV are plain text", imdb_traps.not_csv),
    Trap(22, "\\N is null, never 0 and never text", imdb_traps.nulls),
    Trap(
        23,
        "characters are a JSON list; self and archive_footage are not cast; ordering may have gaps",
        imdb_traps.characters,
    ),
    Trap(24, "an adult title is never linked, not even when it alone has the title", imdb_traps.adult_titles),
    Trap(25, "an episode is never a candidate", imdb_traps.episodes),
    Trap(26, "a title without a rating is linked; its score is null", imdb_traps.unrated),
    Trap(
        27,
        "an IMDb title that vanished or was merged on day 2: the Netflix title stays, its link follows the file",
        imdb_traps.vanishing,
    ),
    Trap(
        28,
        "people of one name are told apart through the title; inside one title they stay a mention",
        imdb_traps.name_collisions,
    ),
    Trap(29, "two films that nothing tells apart are for review, not the first of them", imdb_traps.undecidable),
    Trap(31, "an aka of several hundred characters arrives whole", imdb_traps.long_aka),
    Trap(
        33,
        "Rotten Tomatoes has films only: a series of the same title never receives the score",
        matching_traps.series_and_tomatoes,
    ),
    Trap(34, "films of one title are told apart by year and director", matching_traps.many_films_of_one_title),
    Trap(
        35,
        "the year is that of the release, else of streaming, else unknown; one year off is allowed",
        matching_traps.release_dates,
    ),
    Trap(36, "the layout of 2019 (byte order mark, other column names, no link) is read too; see other_layouts"),
    Trap(
        37,
        "a percentage comes with its count; counts beyond 32 bits fit; 140 % and counts that disagree are quarantined",
        matching_traps.scores,
    ),
    Trap(38, "the link is the key, with numeric prefix or year suffix", matching_traps.links),
    Trap(
        39,
        "near titles, sequels, parts and subtitles: numbers are hard keys, & is and, roman two is 2",
        matching_traps.near_titles,
    ),
    Trap(40, "the order of rows decides nothing: day 2 is shuffled, ties go to review"),
    Trap(41, "every row of a file has exactly one decision"),
    Trap(43, "runtime tells remakes apart; a few minutes off are the same film", matching_traps.remakes),
    Trap(44, "film and series of one title and year stay apart", matching_traps.film_and_series_of_one_year),
    Trap(48, "a title absent on day 2 closes its availability and keeps its history"),
    Trap(58, "None, nan and <NA> are nobody", matching_traps.nobody_called_none),
)


def add_traps(world: World) -> None:
    """Build every trap. The rest of the world is made round them and takes none of their titles."""
    for trap in TRAPS:
        if trap.build:
            trap.build(world)
