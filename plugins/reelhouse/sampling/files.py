"""Writes the files of a day in the layouts of their sources, and counts what must become of each row."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reelhouse.sampling.rejects import reject_person
from reelhouse.sampling.world import KEPT_CATEGORIES, NIL, Person, Row, Work, World, chance

DAYS = {1: "2026-01-05", 2: "2026-01-06"}
NETFLIX_COLUMNS = (
    "show_id", "type", "title", "director", "cast", "country", "date_added", "release_year", "rating",
    "duration", "listed_in", "description",
)  # fmt: skip
TOMATO_COLUMNS = (
    "rotten_tomatoes_link", "movie_title", "movie_info", "critics_consensus", "content_rating", "genres",
    "directors", "authors", "actors", "original_release_date", "streaming_release_date", "runtime",
    "production_company", "tomatometer_status", "tomatometer_rating", "tomatometer_count", "audience_status",
    "audience_rating", "audience_count", "tomatometer_top_critics_count", "tomatometer_fresh_critics_count",
    "tomatometer_rotten_critics_count",
)  # fmt: skip
# The layout of 2019 -> the column of today that says the same.
TOMATO_COLUMNS_2019 = {
    "movie_title": "movie_title",
    "rating": "content_rating",
    "genre": "genres",
    "in_theaters_date": "original_release_date",
    "on_streaming_date": "streaming_release_date",
    "runtime_in_minutes": "runtime",
    "tomatometer_status": "tomatometer_status",
    "tomatometer_rating": "tomatometer_rating",
    "tomatometer_count": "tomatometer_count",
    "audience_status": "audience_status",
    "audience_rating": "audience_rating",
    "audience_count": "audience_count",
    "audience_top_critics_count": "tomatometer_top_critics_count",
    "audience_fresh_critics_count": "tomatometer_fresh_critics_count",
    "audience_rotten_critics_count": "tomatometer_rotten_critics_count",
}
IMDB_COLUMNS = {
    "title.basics": (
        "tconst",
        "titleType",
        "primaryTitle",
        "originalTitle",
        "isAdult",
        "startYear",
        "endYear",
        "runtimeMinutes",
        "genres",
    ),
    "title.ratings": ("tconst", "averageRating", "numVotes"),
    "title.principals": ("tconst", "ordering", "nconst", "category", "job", "characters"),
    "title.crew": ("tconst", "directors", "writers"),
    "title.akas": ("titleId", "ordering", "title", "region", "language", "types", "attributes", "isOriginalTitle"),
    "name.basics": ("nconst", "primaryName", "birthYear", "deathYear", "primaryProfession", "knownForTitles"),
}
PROFESSIONS = {"self": "miscellaneous", "archive_footage": "archive_footage"}


@dataclass(frozen=True, slots=True)
class Written:
    """One file of one day.

    path    below the sample folder
    text    the bytes as they are read, unpacked
    fates   how many rows must be staged, filtered, quarantined, duplicate
    ids     entry -> the id its row has in this file, for rows that must be staged
    """

    path: str
    text: bytes
    fates: Counter[str]
    ids: dict[str, str]


def pack(text: bytes) -> bytes:
    """Gzip bytes without time, name or system, so that they hang on the text alone."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packer.compress(text) + packer.flush()
    return (
        b"\x1f\x8b\x08\x00\0\0\0\0\x02\xff"
        + body
        + zlib.crc32(text).to_bytes(4, "little")
        + len(text).to_bytes(4, "little")
    )


def unpack(packed: bytes) -> bytes | None:
    """The text of gzip bytes; None when they are none."""
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error):
        return None


def write_netflix(world: World, day: int) -> Written:
    """netflix_titles.csv; rows in an order and with show_ids of this day alone."""
    rows = _netflix_order(world, day)
    # Upstream's editions end their lines now one way, now the other.
    text, ids = _csv_line(NETFLIX_COLUMNS, "\r\n" if day == 1 else "\n"), {}
    for place, row in enumerate(rows, 1):
        ids[row.entry] = ids[row.alike] if row.alike else f"s{place}"
        cells = row.cells | {"show_id": ids[row.entry]}
        text += _csv_line((cells[column] for column in NETFLIX_COLUMNS), "\r\n" if day == 1 else "\n", row.junk)
    return _written(f"netflix/{DAYS[day]}/netflix_titles.csv", text, rows, ids)


def _netflix_order(world: World, day: int) -> list[Row]:
    """The rows of a day, shuffled; on the second day none stands where it stood on the first."""
    rows = [row for row in world.netflix.values() if day in row.days]
    chance(world, "order of netflix", day).shuffle(rows)
    rows.sort(key=lambda row: row.fate == "duplicate")
    if day == 2:
        before = [row.entry for row in _netflix_order(world, 1)]
        while any(old == row.entry for old, row in zip(before, rows, strict=False)):
            rows = [*rows[1:-1], rows[0], rows[-1]]
    return rows


def write_rotten_tomatoes(world: World, day: int) -> Written:
    """rotten_tomatoes_movies.csv in the layout of today; ids are links without m/."""
    rows = _tomato_rows(world, day)
    text = _csv_line(TOMATO_COLUMNS)
    for row in rows:
        text += _csv_line((row.cells[column] for column in TOMATO_COLUMNS), "\n", row.junk)
    ids = {row.entry: row.cells["rotten_tomatoes_link"].removeprefix("m/") for row in rows}
    return _written(f"rotten_tomatoes/{DAYS[day]}/rotten_tomatoes_movies.csv", text, rows, ids)


def write_old_layout(world: World) -> Written:
    """The layout of 2019, with its byte order mark, for a handful of films."""
    rows = [row for row in _tomato_rows(world, 1) if row.fate == "staged" and row.entry.startswith("cinema")][:25]
    text = "\ufeff".encode() + _csv_line(TOMATO_COLUMNS_2019)
    for row in rows:
        text += _csv_line(row.cells[column] for column in TOMATO_COLUMNS_2019.values())
    return _written(f"other_layouts/rotten_tomatoes/{DAYS[1]}/rotten_tomatoes_movies.csv", text, rows, {})


def _tomato_rows(world: World, day: int) -> list[Row]:
    rows = [row for row in world.rotten.values() if day in row.days]
    chance(world, "order of tomatoes", day).shuffle(rows)
    rows.sort(key=lambda row: row.fate == "duplicate")
    return rows


def _csv_line(cells: Iterable[str], end: str = "\n", junk: bytes | None = None) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=end).writerow(cells)
    line = buffer.getvalue().encode()
    return line if junk is None else line.replace(b"@@", junk)


def _written(path: str, text: bytes, rows: list[Row], ids: dict[str, str]) -> Written:
    staged = {row.entry for row in rows if row.fate == "staged"}
    return Written(
        path, text, Counter(row.fate for row in rows), {entry: ids[entry] for entry in ids if entry in staged}
    )


# IMDb ----------------------------------------------------------------------------------------------------------

# A line on its way into a file: number that orders it, its fields, what must become of it.
Line = tuple[int, tuple[object, ...], str]


def write_imdb(world: World, day: int) -> list[Written]:
    """The six files of IMDb, each in the order of its ids."""
    works = sorted(
        (work for work in world.works.values() if work.number and day in work.days), key=lambda work: work.number or 0
    )
    lines = {
        "title.basics": [_basics(work) for work in works],
        "title.ratings": [
            (work.number or 0, (_t(work), work.rating, work.votes), _kept(work)) for work in works if work.rating
        ],
        "title.principals": [line for work in works for line in _principals(work)],
        "title.crew": [_crew(work) for work in works],
        "title.akas": [line for work in works for line in _akas(work)],
        "name.basics": _people(world, works),
    }
    return [_tsv(world, file, some, day) for file, some in lines.items()]


def _tsv(world: World, file: str, lines: list[Line], day: int) -> Written:
    packed = [(number, 0, _tsv_line(fields), fate) for number, fields, fate in lines]
    packed += [(stray.number, 1, stray.line, stray.fate) for stray in world.strays if stray.file == file]
    packed.sort(key=lambda line: line[:2])
    text = b"".join(line + b"\n" for line in (_tsv_line(IMDB_COLUMNS[file]), *(line[2] for line in packed)))
    return Written(f"imdb/{DAYS[day]}/{file}.tsv.gz", text, Counter(line[3] for line in packed), {})


def _tsv_line(fields: Iterable[object]) -> bytes:
    return "\t".join("\\N" if field is None else str(field) for field in fields).encode()


def _t(work: Work) -> str:
    return f"tt{work.number}"


def _n(person: Person) -> str:
    return f"nm{person.number}"


def _kept(work: Work) -> str:
    return "staged" if work.is_kept else "filtered"


def _basics(work: Work) -> Line:
    fields = (
        work.title_type,
        work.title,
        work.original,
        int(work.is_adult),
        work.year,
        work.end_year,
        work.runtime,
        work.genres,
    )
    return work.number or 0, (_t(work), *fields), _kept(work)


def _principals(work: Work) -> list[Line]:
    return [
        (
            work.number or 0,
            (
                _t(work),
                place + place // 3 if work.gaps else place,
                _n(credit.person),
                credit.category,
                credit.job,
                credit.characters,
            ),
            "staged" if work.is_kept and credit.category in KEPT_CATEGORIES else "filtered",
        )
        for place, credit in enumerate(work.credits, 1)
    ]


def _crew(work: Work) -> Line:
    directors, writers = (
        ",".join(dict.fromkeys(_n(credit.person) for credit in work.credits if credit.category == category)) or None
        for category in ("director", "writer")
    )
    return work.number or 0, (_t(work), directors, writers), _kept(work)


def _akas(work: Work) -> list[Line]:
    return [
        (work.number or 0, (_t(work), place, title, region, language, types, None, int(is_original)), _kept(work))
        for place, (title, region, language, types, is_original) in enumerate(work.akas, 1)
    ]


def _people(world: World, works: list[Work]) -> list[Line]:
    credited: dict[int, list[tuple[Work, str]]] = {}
    for work in works:
        for credit in work.credits:
            credited.setdefault(credit.person.number, []).append((work, credit.category))
    damaged = reject_person(world)
    lines: list[Line] = []
    for number, person in sorted(world.people.items()):
        roles = credited.get(number, [])
        fate = "staged" if any(work.is_kept and category in KEPT_CATEGORIES for work, category in roles) else "filtered"
        name = person.name if person != damaged else person.name + "\0"
        professions = (
            ",".join(list(dict.fromkeys(PROFESSIONS.get(category, category) for _, category in roles))[:3]) or None
        )
        known = sorted(
            {work.number or 0: work for work, _ in roles}.values(), key=lambda work: (-(work.votes or 0), work.number)
        )
        fields = (
            _n(person),
            name,
            person.birth_year,
            person.death_year,
            professions,
            ",".join(map(_t, known[:4])) or None,
        )
        lines.append((number, fields, fate if person != damaged else "quarantined"))
    return lines


def truth_of(world: World, row: Row, day: int) -> str:
    """The tconst a row is about; NIL when IMDb has none that day; REVIEW when nobody could say."""
    work = world.works[row.work]
    if row.truth:
        return row.truth
    has_it = work.number and day in work.days and work.is_kept and not work.is_adult
    return _t(work) if has_it else NIL
