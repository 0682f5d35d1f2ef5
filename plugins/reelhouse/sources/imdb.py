"""IMDb's six files: tab-separated text in which a quote is a letter like any other and `\\N` is no value.

`imdb_lines` is the rule: what a line must be like, and the row it makes. `imdb_blocks` does the same with many
lines at once and leaves to it every line that is not certainly good.
"""

from __future__ import annotations

from reelhouse.sources import GIB, Keep, KeepReferenced, Layout, SourceFile, columns_named
from reelhouse.sources.imdb_blocks import BlockReader, read_texts

__all__ = ("FILES", "BlockReader", "read_texts")

TITLE_TYPES = Keep(
    "titleType",
    frozenset({"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"}),
    frozenset({"tvEpisode", "tvPilot", "video", "videoGame", "radioSeries", "radioEpisode"}),
)
CATEGORIES = Keep(
    "category",
    frozenset({"director", "writer", "actor", "actress"}),
    frozenset({
        "self", "producer", "cinematographer", "composer", "editor", "production_designer", "archive_footage",
        "archive_sound", "casting_director",
    }),
)  # fmt: skip
OF_KEPT_TITLES = "imdb_title_numbers.sql"
OF_CREDITED_PEOPLE = "imdb_person_numbers.sql"


def _declare(
    name: str, columns: str, table: str, key: tuple[str, ...], fields: tuple[str, ...], **more: object
) -> SourceFile:
    """One of the files; in `columns` those that we do not need stand in brackets."""
    return SourceFile(
        source="imdb",
        name=f"{name}.tsv.gz",
        file_names=(f"{name}.tsv.gz", f"{name}.tsv"),
        layouts=(Layout("datasets.imdbws.com", columns_named(columns)),),
        delimiter="\t",
        is_quoted=False,
        key=key,
        table=table,
        fields=fields,
        ends_with_newline=True,
        max_bytes=32 * GIB,
        **more,
    )


FILES = (
    _declare(
        "title.basics",
        "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
        "imdb_titles",
        ("imdb_title_number",),
        (
            "imdb_title_number", "title_type", "primary_title", "original_title", "is_adult", "start_year", "end_year",
            "runtime_min", "genres",
        ),
        keep=TITLE_TYPES,
    ),
    _declare(
        "title.ratings",
        "tconst averageRating numVotes",
        "imdb_ratings",
        ("imdb_title_number",),
        ("imdb_title_number", "imdb_rating_of_10", "imdb_vote_count"),
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.principals",
        "tconst ordering nconst category [job] characters",
        "imdb_principals",
        ("imdb_title_number", "billing_order"),
        ("imdb_title_number", "billing_order", "imdb_person_number", "category", "characters"),
        depends_on=("title.basics.tsv.gz",),
        keep=CATEGORIES,
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.crew",
        "tconst directors writers",
        "imdb_crew",
        ("imdb_title_number",),
        ("imdb_title_number", "director_numbers", "writer_numbers"),
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.akas",
        "titleId ordering title region language [types] [attributes] isOriginalTitle",
        "imdb_akas",
        ("imdb_title_number", "aka_order"),
        ("imdb_title_number", "aka_order", "title", "region", "language", "is_original"),
        is_required=False,
        least_rows=0,
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("titleId", OF_KEPT_TITLES),
    ),
    _declare(
        "name.basics",
        "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
        "imdb_people",
        ("imdb_person_number",),
        ("imdb_person_number", "person_name", "birth_year", "death_year", "professions", "known_for_numbers"),
        depends_on=("title.principals.tsv.gz", "title.crew.tsv.gz"),
        keep_referenced=KeepReferenced("nconst", OF_CREDITED_PEOPLE),
    ),
)  # fmt: skip
