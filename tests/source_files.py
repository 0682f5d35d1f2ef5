"""Small source files in the providers' own forms, for the tests of reading, landing and staging."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from reelhouse.sources import SourceFile, catalogue, files_of, justwatch, rotten_tomatoes, viewers
from reelhouse.sources.imdb_lines import rows_of_lines
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Header, Reading, read_header

NETFLIX_HEADER = (
    "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description"
)
ROTTEN_HEADER = (
    "rotten_tomatoes_link,movie_title,movie_info,critics_consensus,content_rating,genres,directors,authors,actors,"
    "original_release_date,streaming_release_date,runtime,production_company,tomatometer_status,tomatometer_rating,"
    "tomatometer_count,audience_status,audience_rating,audience_count,tomatometer_top_critics_count,"
    "tomatometer_fresh_critics_count,tomatometer_rotten_critics_count"
)
ROTTEN_2019_HEADER = (
    "movie_title,rating,genre,in_theaters_date,on_streaming_date,runtime_in_minutes,tomatometer_status,"
    "tomatometer_rating,tomatometer_count,audience_status,audience_rating,audience_count,audience_top_critics_count,"
    "audience_fresh_critics_count,audience_rotten_critics_count"
)
BASICS_HEADER = [
    "tconst",
    "titleType",
    "primaryTitle",
    "originalTitle",
    "isAdult",
    "startYear",
    "endYear",
    "runtimeMinutes",
    "genres",
]

FILM = {
    "show_id": "s1", "type": "Movie", "title": "Glass Harbour", "director": "Ada Stone", "cast": "Ben Oak, Cy Elm",
    "country": "France, Chad", "date_added": "September 9, 2019", "release_year": "2018", "rating": "PG-13",
    "duration": "90 min", "listed_in": "Dramas, Thrillers", "description": "A harbour made of glass.",
}  # fmt: skip
REVIEWED = {
    "rotten_tomatoes_link": "m/glass_harbour", "movie_title": "Glass Harbour", "genres": "Drama, Comedy",
    "directors": "Ada Stone", "actors": "Ben Oak, Cy Elm", "original_release_date": "2018-03-02", "runtime": "90",
    "tomatometer_rating": "75", "tomatometer_count": "4", "audience_rating": "60", "audience_count": "1000",
    "tomatometer_top_critics_count": "1", "tomatometer_fresh_critics_count": "3",
    "tomatometer_rotten_critics_count": "1",
}  # fmt: skip

IMDB_ROWS: dict[str, list[list[str]]] = {
    "title.basics": [
        BASICS_HEADER,
        ["tt0000001", "movie", "Glass Harbour", "Port de verre", "0", "2018", "\\N", "90", "Drama,Thriller"],
        ["tt0000002", "tvEpisode", "Pilot", "Pilot", "0", "2018", "\\N", "\\N", "\\N"],
        ["tt0000003", "tvSeries", "Long Road", "Long Road", "0", "2011", "2014", "\\N", "\\N"],
    ],
    "title.ratings": [["tconst", "averageRating", "numVotes"], ["tt0000001", "7.1", "1200"], ["tt0000002", "9.9", "7"]],
    "title.principals": [
        ["tconst", "ordering", "nconst", "category", "job", "characters"],
        ["tt0000001", "1", "nm0000011", "actor", "\\N", '["Captain"]'],
        ["tt0000001", "2", "nm0000012", "director", "\\N", "\\N"],
        ["tt0000001", "4", "nm0000013", "producer", "\\N", "\\N"],
        ["tt0000002", "1", "nm0000014", "actor", "\\N", "\\N"],
    ],
    "title.crew": [
        ["tconst", "directors", "writers"],
        ["tt0000001", "nm0000012", "nm0000015,nm0000016"],
        ["tt0000002", "nm0000014", "\\N"],
    ],
    "title.akas": [
        ["titleId", "ordering", "title", "region", "language", "types", "attributes", "isOriginalTitle"],
        ["tt0000001", "1", "Port de verre", "FR", "fr", "\\N", "\\N", "1"],
        ["tt0000002", "1", "Pilote", "FR", "fr", "\\N", "\\N", "0"],
    ],
    "name.basics": [
        ["nconst", "primaryName", "birthYear", "deathYear", "primaryProfession", "knownForTitles"],
        ["nm0000011", "Ben Oak", "1970", "\\N", "actor", "tt0000001"],
        ["nm0000012", "Ada Stone", "\\N", "\\N", "director,writer", "tt0000001,tt0000003"],
        ["nm0000014", "Only In Episodes", "\\N", "\\N", "actor", "\\N"],
        ["nm0000015", "First Writer", "1564", "1616", "writer", "\\N"],
    ],
}


def csv_bytes(header: str, rows: Iterable[dict[str, str]], newline: str = "\n") -> bytes:
    """A CSV file with these rows; what a row does not say is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header.split(","), restval="", lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def netflix_bytes(*changes: dict[str, str], newline: str = "\n") -> bytes:
    """Netflix' file: one row for each change, each with a show_id of its own unless the change says otherwise."""
    rows = [FILM | {"show_id": f"s{number}"} | change for number, change in enumerate(changes, 1)]
    return csv_bytes(NETFLIX_HEADER, rows, newline)


def rotten_bytes(*changes: dict[str, str]) -> bytes:
    """Rotten Tomatoes' file: one row for each change, each with a link of its own unless the change says otherwise."""
    rows = [
        REVIEWED | {"rotten_tomatoes_link": f"m/film_{number}"} | change for number, change in enumerate(changes, 1)
    ]
    return csv_bytes(ROTTEN_HEADER, rows)


def tsv_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows in IMDb's form: no quoting whatever."""
    return "".join("\t".join(row) + "\n" for row in rows).encode()


def write_sources(data: Path) -> Path:
    """A data folder with all files of the three providers."""
    for source in ("netflix", "imdb", "rotten_tomatoes"):
        (data / source).mkdir(parents=True, exist_ok=True)
    (data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes({}, {"title": "Long Road", "type": "TV Show"}))
    (data / "rotten_tomatoes" / "rotten_tomatoes_movies.csv").write_bytes(rotten_bytes({}, {"movie_title": "Other"}))
    for name, rows in IMDB_ROWS.items():
        (data / "imdb" / f"{name}.tsv.gz").write_bytes(gzip.compress(tsv_bytes(rows), mtime=0))
    return data


def source_file(source: str, name: str) -> SourceFile:
    return next(file for file in files_of(source) if file.name.startswith(name))


ROW_READERS = {
    "netflix": catalogue.read_rows,
    "amazon": catalogue.read_rows,
    "disney": catalogue.read_rows,
    "hulu": catalogue.read_rows,
    "rotten_tomatoes": rotten_tomatoes.read_rows,
    "viewers": viewers.read_rows,
}


def imdb_rows(
    file: SourceFile, header: Header, stream: BinaryIO, record: Reading, known: NumberSet | None
) -> list[tuple]:
    """The rows of a file of IMDb, plainly: line by line, of each key the first, returning groups set aside."""
    lines = [line.rstrip(b"\n") for line in stream]
    if header.is_crlf:
        lines = [line.removesuffix(b"\r") for line in lines]
    record.rows_in += len(lines)
    rows: dict[tuple, tuple] = {}
    current, groups = 0, set()
    for _, row in rows_of_lines(file, header, enumerate(lines, 2), record, known):
        if len(file.key) == 2 and row[0] != current and row[0] in groups:
            record.set_aside(row)
            continue
        current = row[0]
        groups.add(current)
        if row[: len(file.key)] in rows:
            record.rows_duplicate += 1
        else:
            rows[row[: len(file.key)]] = row
    return list(rows.values())


def read(source: str, name: str, data: bytes, known: object = None) -> tuple[list[tuple], Reading, str]:
    """Read a file's bytes without a database.

    Gives   its rows, the account, the rejected records as text
    """
    file, stream, record = source_file(source, name), io.BytesIO(data), Reading(1)
    header = read_header(file, stream)
    if source == "imdb":
        rows = imdb_rows(file, header, stream, record, known)
    elif source == "justwatch":
        rows = list(justwatch.read_rows(file, header, stream, record, known))
    else:
        rows = list(ROW_READERS[source](file, header, stream, record))
    record.rejected.seek(0)
    return rows, record, record.rejected.read().decode()


def assert_accounted(rows: list[tuple], record: Reading, rejected: str) -> None:
    """Every record that was met is a row, filtered, in quarantine, a duplicate or set aside."""
    known = record.rows_filtered + record.rows_quarantined + record.rows_duplicate + record.rows_aside
    assert record.rows_in == len(rows) + known
    assert rejected.count("\n") == record.rows_quarantined
