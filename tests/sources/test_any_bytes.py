"""Whatever a file of any source has, reading it never fails, each record has one fate, each row goes into its table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from source_files import FILM, IMDB_ROWS, REVIEWED, ROTTEN_2019_HEADER, tsv_bytes

from reelhouse.copying import copy_rows, copy_texts
from reelhouse.database import connect
from reelhouse.day import EVERY_SOURCE
from reelhouse.errors import ContractBroken
from reelhouse.sources import SourceFile, files_of, provider
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Reading, read_header

CATALOGUE = [
    [*FILM.values()],
    [*(FILM | {"show_id": "s2", "cast": 'A "B" C, D\nE', "country": ", Chad"}).values()],
    [*(FILM | {"show_id": "s3", "type": "TV Show", "rating": "2 Seasons", "duration": "", "cast": "1"}).values()],
]
BEST = [
    ["0", "A", "1976", "8.3", "795222", "113", "", "drama", "US"],
    ["1", "B", "2015", "9.1", "5", "", "4", "", "GB"],
]
FILES: dict[str, SourceFile] = {file.name: file for source in EVERY_SOURCE for file in files_of(source)}
HEADERS = {name: [column.written[0] for column in file.layouts[0].columns] for name, file in FILES.items()}

# Good rows of each file, in the order of its contract; columns left out at the end are empty.
ROWS: dict[str, list[list[str]]] = {
    "netflix_titles.csv": CATALOGUE,
    "amazon_prime_titles.csv": CATALOGUE,
    "disney_plus_titles.csv": CATALOGUE,
    "hulu_titles.csv": CATALOGUE,
    "rotten_tomatoes_movies.csv": [
        [REVIEWED.get(name, "") for name in HEADERS["rotten_tomatoes_movies.csv"]],
        [(REVIEWED | {"rotten_tomatoes_link": "m/b", "movie_info": 'x "y"\nz'}).get(name, "")
         for name in HEADERS["rotten_tomatoes_movies.csv"]],
    ],
    "rotten_tomatoes_critic_reviews.csv": [
        ["m/a", "Ann", "True", "Daily", "Fresh", "B+", "2018-03-04", "Good, and\ncold."],
        ["m/b", "", "False", "", "Rotten", "", "", ""],
        ["m/a", "Ann", "True", "Daily", "Fresh", "B+", "2018-03-04", "Again."],
    ],
    "titles.csv": [
        ["0", "tm1", "A", "MOVIE", "x", "1976", "R", "113", "['crime', \"x's\"]", "['US']", "", "tt0075314", "8.3",
         "795222.0", "40.965", "8.179"],
        ["1", "ts3", "B", "SHOW", "", "2015", "", "51", "[]", "[]", "4.0", "", "", "", "0.6"],
    ],
    "credits.csv": [
        ["0", "1", "tm1", "Ann Lee", "Captain", "ACTOR"],
        ["1", "1", "tm1", "Ann Lee", 'Twin, "the other"', "ACTOR"],
        ["2", "2", "ts3", "Bo", "", "DIRECTOR"],
    ],
    **{f"Best {what} Netflix.csv": BEST for what in ("Movies", "Shows", "Movie by Year", "Show by Year")},
    "movies.csv": [["1", "Glass Harbour, The (2018)", "Drama|Thriller"], ["2", "Babylon 5", "(no genres listed)"]],
    "links.csv": [["1", "0114709", "862"], ["2", "tt0000002", ""]],
    "ratings.csv": [
        ["1", "31", "2.5", "1260759144"],
        ["1", "1029", "3", "1260759179"],
        ["2", "31", "5.0", "835355493"],
    ],
    "viewings.csv": [["1", "31", "1260759144", "90"], ["2", "31", "835355493", ""]],
    **{f"{name}.tsv.gz": rows for name, (_, *rows) in IMDB_ROWS.items()},
}  # fmt: skip

# Where an example's row is numbered so that no two are the same, and with what before the number.
NUMBERED = {
    "rotten_tomatoes_movies.csv": ("rotten_tomatoes_link", "m/"),
    "rotten_tomatoes_critic_reviews.csv": ("rotten_tomatoes_link", "m/"),
    "titles.csv": ("id", "tm"),
    "credits.csv": ("person_id", ""),
    **{f"Best {what} Netflix.csv": ("index", "") for what in ("Movies", "Shows", "Movie by Year", "Show by Year")},
    **dict.fromkeys(("movies.csv", "links.csv", "ratings.csv", "viewings.csv"), ("movieId", "")),
    **{f"title.{name}.tsv.gz": ("tconst", "tt") for name in ("basics", "ratings", "principals", "crew")},
    "title.akas.tsv.gz": ("titleId", "tt"),
    "name.basics.tsv.gz": ("nconst", "nm"),
}

NASTY = [
    b"\t", b"\n", b"\r", b'"', b",", b"\0", b"\xff", b"\\N", b"\\.", b"\xef\xbb\xbf", "\u00a0\u200b".encode(),
    "٣".encode(), b"-1", b"99999999999999999999", b"[", b"NaN", b"tt", b"nm1", b"Jr.,",
]  # fmt: skip
ODD = [
    "",
    " ", "\\N", "\\.", "\\", '"', "'", "a\tb", "a\nb", "a\r\nb", "a\0b", "{a,b}", "\u200b\u00a0", "\ufeff", "\u2028",
    "\x1f", "٣", "²", "İ", "-1", "0", "00", "1e5", "1.5", "0.5", "7.1", "32767", "32768", "2147483648", "NaN", "null",
    "9223372036854775808", "1" * 30, "x" * 3000, "a b" * 400, "0000", "1849", "2151", "2019.0", "February 30, 2021",
    "September 9, 0000", "2021-13-01", "29-Feb-21", "0 min", "99999 min", "1 Season", "tt0", "tt1", "nm11", "nm1,nm1",
    "tm0", "ts3", "tm9999999", "m/", "m/a b", "['a'", "['a\\'b']", '["a","b"]', '["\\u0000"]', "[" * 300, "Jr.",
    "A, Jr., Jr.", ",,,", "|", "True", "ACTOR", "Movie", "movie", "SHOW", "Film (1999)", "(1999)", "5.0",
]  # fmt: skip
TEXT = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

ALL_KNOWN = NumberSet(range(1, 5000))

examples = hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
more_examples = hypothesis_settings(examples, max_examples=50)
each_file = pytest.mark.parametrize("name", FILES)


def _good_rows(name: str) -> list[list[str]]:
    return [row + [""] * (len(HEADERS[name]) - len(row)) for row in ROWS[name]]


def _written(file: SourceFile, rows: list[list[str]]) -> bytes:
    """Rows in the form of the file; in tab-separated text a tab or a newline in a value is one too many."""
    if not file.is_quoted:
        return tsv_bytes(rows)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


@pytest.fixture(scope="module")
def tables(module_dsn: str) -> Iterator[psycopg.Connection]:
    """A connection to a database in which nothing stays."""
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        yield conn


def _assert_accounted(conn: psycopg.Connection, file: SourceFile, data: bytes) -> int:
    """Each record is a row that PostgreSQL takes, filtered, in quarantine, a duplicate, or set aside.

    Gives   the number of rows
    """
    record, stream = Reading(1), io.BytesIO(data)
    texts = list(provider(file.source).read_texts(file, read_header(file, stream), stream, record, ALL_KNOWN))
    with conn.transaction(force_rollback=True):
        copied = copy_texts(conn, ("staging", file.table), file.fields, texts)
        assert _copied_aside(conn, file, record) == record.rows_aside
        assert _copied_rejected(conn, record) == record.rows_quarantined
    accounted = record.rows_aside + record.rows_filtered + record.rows_quarantined + record.rows_duplicate
    assert record.rows_in == copied + accounted
    record.close()
    return copied


def _copied_aside(conn: psycopg.Connection, file: SourceFile, record: Reading) -> int:
    if not record.rows_aside:
        return 0
    conn.execute(f"create temporary table aside (place bigint, like staging.{file.table}) on commit drop")
    record.aside.seek(0)
    return copy_rows(conn, ("aside",), ("place", *file.fields), record.aside)


def _copied_rejected(conn: psycopg.Connection, record: Reading) -> int:
    if not record.rejected.tell():
        return 0
    conn.execute("create temporary table rejected (like quarantine.rejected_row including all) on commit drop")
    record.rejected.seek(0)
    columns = ("file_id", "line_number", "reasons", "raw_text", "raw_bytes")
    return copy_rows(conn, ("rejected",), columns, record.rejected)


def test_no_file_of_any_source_is_left_out() -> None:
    assert set(ROWS) == set(FILES)


@each_file
def test_good_rows_are_staged(tables, name: str) -> None:
    assert _assert_accounted(tables, FILES[name], _written(FILES[name], [HEADERS[name], *_good_rows(name)])) > 0


@each_file
@given(body=st.binary(max_size=400))
@examples
def test_random_bytes_are_accounted_for(tables, name: str, body: bytes) -> None:
    _assert_accounted(tables, FILES[name], _written(FILES[name], [HEADERS[name]]) + body)


@each_file
@given(data=st.data())
@more_examples
def test_damaged_rows_are_accounted_for(tables, name: str, data: st.DataObject) -> None:
    body = _written(FILES[name], _good_rows(name)) * 2
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(body)))
        end = start + data.draw(st.integers(0, 12))
        body = body[:start] + data.draw(st.sampled_from(NASTY) | st.binary(max_size=4)) + body[end:]
    _assert_accounted(tables, FILES[name], _written(FILES[name], [HEADERS[name]]) + body)


@each_file
def test_every_odd_value_in_every_column_is_accounted_for(tables, name: str) -> None:
    column, prefix = NUMBERED.get(name, ("show_id", "s"))
    key, rows = HEADERS[name].index(column), []
    for place in range(len(HEADERS[name])):
        for text in ODD:
            row = list(_good_rows(name)[0])
            row[key] = f"{prefix}{len(rows) + 1}"
            row[place] = text
            rows.append(row)
    assert _assert_accounted(tables, FILES[name], _written(FILES[name], [HEADERS[name], *rows])) > 1


@each_file
@given(data=st.data())
@more_examples
def test_rows_with_odd_values_are_accounted_for(tables, name: str, data: st.DataObject) -> None:
    rows = [list(row) for row in data.draw(st.lists(st.sampled_from(_good_rows(name)), min_size=1, max_size=6))]
    for row in rows:
        for _ in range(data.draw(st.integers(0, 3))):
            row[data.draw(st.integers(0, len(row) - 1))] = data.draw(TEXT)
    _assert_accounted(tables, FILES[name], _written(FILES[name], [HEADERS[name], *rows]))


@given(changes=st.lists(st.tuples(st.integers(0, 14), TEXT), max_size=4))
@examples
def test_rows_of_the_layout_of_2019_are_accounted_for(tables, changes: list[tuple[int, str]]) -> None:
    header, file = ROTTEN_2019_HEADER.split(","), FILES["rotten_tomatoes_movies.csv"]
    row = ["Hamlet", "G", "Drama", "1969-01-01", "", "99", "", "83", "29", "", "86", "71084", "6", "24", "5"]
    odd = list(row)
    for place, text in changes:
        odd[place] = text
    _assert_accounted(tables, file, _written(file, [header, row, odd]))


@each_file
@given(data=st.data())
@examples
def test_any_first_line_is_a_header_or_refused(tables, name: str, data: st.DataObject) -> None:
    header = list(HEADERS[name])
    for _ in range(data.draw(st.integers(0, 2))):
        header[data.draw(st.integers(0, len(header) - 1))] = data.draw(TEXT)
    first = data.draw(st.binary(max_size=80)) if data.draw(st.booleans()) else _written(FILES[name], [header])
    refused = None
    try:
        _assert_accounted(tables, FILES[name], first + _written(FILES[name], _good_rows(name)))
    except ContractBroken as error:
        refused = str(error)
    assert refused is None or refused.startswith(f"{name}: expected ")
