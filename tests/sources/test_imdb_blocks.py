"""IMDb's files by blocks give what the line reader gives: the same rows, the same account, the same quarantine."""

from __future__ import annotations

import gzip
import io
import random
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from source_files import IMDB_ROWS, imdb_rows, source_file, tsv_bytes

from reelhouse.copying import CopyText, copy_line, copy_rows, copy_texts
from reelhouse.sampling.full_size import FIRST_DAY, Wanted, write_full_size
from reelhouse.sampling.population import Extent
from reelhouse.settings import read_settings
from reelhouse.sources.imdb_blocks import read_texts
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Reading, read_header

NAMES = tuple(IMDB_ROWS)
SAMPLE = read_settings().include / "data" / "sample" / "imdb"


def _account(record: Reading) -> dict[str, object]:
    figures = {name: getattr(record, name) for name in Reading.__slots__ if name.startswith("rows_")}
    for name in ("rejected", "aside"):
        stream = getattr(record, name)
        stream.seek(0)
        figures[name] = sorted(stream.read().splitlines()) if name == "rejected" else stream.read().splitlines()
    return figures


def _by_lines(name: str, data: bytes, known: NumberSet | None) -> tuple[list[bytes], dict[str, object]]:
    file, stream, record = source_file("imdb", name), io.BytesIO(data), Reading(1)
    header = read_header(file, stream)
    lines = [copy_line(row) for row in imdb_rows(file, header, stream, record, known)]
    return lines, _account(record)


def _by_blocks(
    name: str, data: bytes, known: NumberSet | None, mentioned: NumberSet | None = None
) -> tuple[list[CopyText], dict[str, object]]:
    file, stream, record = source_file("imdb", name), io.BytesIO(data), Reading(1)
    header = read_header(file, stream)
    texts = list(read_texts(file, header, stream, record, known, mentioned))
    return texts, _account(record)


def _assert_same(conn: psycopg.Connection, name: str, data: bytes, known: NumberSet | None) -> int:
    """Both readers agree, and what PostgreSQL makes of their rows does too. Gives the number of rows."""
    lines, expected = _by_lines(name, data, known)
    texts, found = _by_blocks(name, data, known)
    assert found == expected
    assert sum(text.text.count(b"\n") for text in texts) == sum(text.rows for text in texts) == len(lines)
    assert _in_database(conn, name, texts) == _in_database(conn, name, lines)
    return len(lines)


def _in_database(conn: psycopg.Connection, name: str, rows: Iterable[bytes] | list[CopyText]) -> list[tuple]:
    file = source_file("imdb", name)
    conn.execute(f"create temporary table copied as select * from staging.{file.table} limit 0")
    copy = copy_texts if rows and isinstance(rows[0], CopyText) else copy_rows
    copy(conn, ("copied",), file.fields, rows)
    found = conn.execute(f"select * from copied order by {', '.join(file.key)}").fetchall()
    conn.execute("drop table copied")
    return found


VALUES = {
    "tconst": ["tt0000001", "tt1", "tt10133093", "tt100000000", "tt0", "nm1", "tt", "", "tt1x", "tt000000000007"],
    "titleType": ["movie", "tvEpisode", "tvSeries", "tvMiniSeries", "radioEpisode", "hologram", "mo vie", ""],
    "primaryTitle": ["A", "\\N", "", "C:\\new", "\\.", '"x', "né", "tt5", "a\rb", "x\x1by", "映画", "😀", "nm\\N",
                     " ", " A", "A ", "\xa0", "\xa0 x", "\xad", "\u1680", "\u200b\u2003", "\u2064", "\u3000",
                     "\u3000映", "\ufeff", "“A”", "「A」", "ア", "\x85", '"A"', '"""A"" b"', '"A ""b"""', '"""'],
    "isAdult": ["0", "1", "2", "\\N", "", "01", "\x31", "1.0"],
    "startYear": ["1999", "1849", "1850", "2150", "2151", "\\N", "", "99", "01999", "19x9", "-500", "1999.0", "1999.5"],
    "runtimeMinutes": ["90", "0", "00", "\\N", "", "2147483647", "2147483648", "99999999", "007", "1_0", "٣", "90.0"],
    "genres": ["Drama", "Drama,Comedy", "Drama,Drama", "a,b,a", "a,b,c,a", "a,b,c,d,a", "\\N", "", ",", "Drama,", ",A",
               "null", "Null,A", "Sci-Fi", "a b", "{a}", 'a"b', "a\\b", "é", "film-noir,film-noirs", "NULLS"],
    "averageRating": ["7.1", "10.0", "10", "1", "0.9", "10.1", "7,1", "7.15", "\\N", "", "1.0", "9.x", "10.00"],
    "numVotes": ["12", "0", "2147483647", "2147483648", "123456789", "1x", "", "\\N", "007", "12.0"],
    "ordering": ["1", "2", "3", "32767", "32768", "x", "", "\\N", "007", "1.0"],
    "nconst": ["nm0000011", "nm12", "nm0000013", "tt5", "nm0", "nm", "", "nm123456789", "\\N"],
    "category": ["actor", "actress", "director", "writer", "self", "archive_footage", "archive_sound", "producer",
                 "production_designer", "production_manager", "casting_director", "a b", "", "\\N"],
    "job": ["\\N", "", "x", "written by", 'by "him"', "C:\\", "a,b"],
    "characters": ["\\N", "", '["Neo"]', '["a","b"]', '["a", "b"]', '["a","b","c"]', '[""]', '["",""]', "[]", '["]',
                   '["a\\"b"]', '["a"b"]', '["a","b]', '[1]', '["a" ,"b"]', '["a",,"b"]', '["é","{x}"]', '["a"x,"b"]',
                   '["\x7f"]', '["\x1f"]', '["\x1f","b"]', '["a","b","c"', '[","]', '[",","]', '"[""a"",""b""]"'],
    "directors": ["\\N", "", "nm1", "nm1,nm2", "nm1,nm1", "nm1,,nm2", "nm1,", "nm1,tt2", "nm0000001,nm1", "nm",
                  "nm1,nm2,nm3,nm1", "nm1,nm2,nm3,nm4,nm5,nm6,nm1", "nm1,nm2,nm3,nm4,nm5,nm6", "nm0"],
    "region": ["FR", "\\N", "", "X\\Y", "é"],
    "isOriginalTitle": ["0", "1", "\\N", "", "2"],
    "knownForTitles": ["\\N", "", "tt1", "tt1,tt2", "tt1,tt01", "nm1", "tt1,,", "tt1,tt2,tt3,tt4,tt5"],
}  # fmt: skip
LIKE = {
    "originalTitle": "primaryTitle", "endYear": "startYear", "writers": "directors", "titleId": "tconst",
    "title": "primaryTitle", "language": "region", "types": "job", "attributes": "job", "primaryName": "primaryTitle",
    "birthYear": "startYear", "deathYear": "startYear", "primaryProfession": "genres",
}  # fmt: skip


def _values(column: str) -> list[str]:
    return VALUES[LIKE.get(column, column)]


@pytest.mark.parametrize("name", NAMES)
def test_every_odd_value_in_every_column_comes_out_as_by_lines(conn: psycopg.Connection, name: str) -> None:
    header, good = IMDB_ROWS[name][0], IMDB_ROWS[name][1]
    rows = [
        [f"{good[0][:2]}{number}" if place == 0 else good[place] for place in range(len(header))]
        for number in range(1, 400)
    ]
    odd = iter(rows)
    for place, column in enumerate(header):
        for value in _values(column):
            next(odd)[place] = value
    known = NumberSet(range(1, 300))
    assert _assert_same(conn, name, tsv_bytes([header, *rows]), known) > 100


@given(data=st.data())
@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", NAMES)
def test_any_rows_come_out_as_by_lines(conn: psycopg.Connection, name: str, data: st.DataObject) -> None:
    header = IMDB_ROWS[name][0]
    row = st.tuples(*(st.sampled_from(_values(column)) for column in header)).map(list)
    usual = st.sampled_from(IMDB_ROWS[name][1:])
    rows = data.draw(st.lists(st.one_of(usual, usual, row), max_size=12))
    text = tsv_bytes([header, *rows])
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(b'\t\n\r\0\x01\xff\xc3\\"x')), max_size=2)
    ):
        body = len(text) - len(tsv_bytes([header]))
        if body:
            at = len(text) - 1 - place % body
            text = text[:at] + bytes([byte]) + text[at + 1 :]
    _assert_same(conn, name, text, NumberSet((1, 11, 12, 13, 15, 10133093)))


@pytest.mark.parametrize("day", sorted(path.name for path in SAMPLE.iterdir() if path.is_dir()))
@pytest.mark.parametrize("name", NAMES)
def test_the_sample_comes_out_as_by_lines(conn: psycopg.Connection, name: str, day: str) -> None:
    data = gzip.decompress((SAMPLE / day / f"{name}.tsv.gz").read_bytes())
    every_second = NumberSet()
    every_second.bits[:] = 0b01010101
    _assert_same(conn, name, data, every_second)


@pytest.mark.parametrize("name", NAMES)
def test_files_of_several_blocks_with_stray_bytes_come_out_as_by_lines(conn: psycopg.Connection, name: str) -> None:
    chance = random.Random(f"stray {name}")
    header, rows = IMDB_ROWS[name][0], IMDB_ROWS[name][1:]
    many = [[f"{row[0][:2]}{number:07}", *row[1:]] for number in range(1, 40_000) for row in rows[:1]]
    for row in chance.sample(many, 300):
        row[chance.randrange(1, len(row))] = chance.choice(["\\", '"', "x\\.", "é", "\r", "", "\\N"])
    many += chance.sample(many, 50)
    data = bytearray(tsv_bytes([header, *many]))
    for place in chance.sample(range(len(data) - 500_000, len(data)), 3):
        data[place] = chance.choice(b"\xff\0\t\n")
    assert _assert_same(conn, name, bytes(data), NumberSet(range(39_000))) > 30_000


@pytest.fixture(scope="module")
def full_size(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousandth of IMDb, a tenth of its texts with quotes, backslashes and other oddities."""
    folder = tmp_path_factory.mktemp("full")
    write_full_size(folder, Wanted(Extent(1 / 1000, seed=5, stray=0.1), NAMES), lambda message, share: None)
    return folder / "imdb" / FIRST_DAY.isoformat()


@pytest.fixture(scope="module")
def full_size_known(full_size: Path) -> dict[str, NumberSet]:
    """The numbers that each of those files is filtered by."""
    titles, people = NumberSet(), NumberSet()
    _by_blocks("title.basics", _unpacked(full_size, "title.basics"), None, titles)
    for name in ("title.principals", "title.crew"):
        _by_blocks(name, _unpacked(full_size, name), titles, people)
    return dict.fromkeys(NAMES, titles) | {"name.basics": people}


def _unpacked(folder: Path, name: str) -> bytes:
    return gzip.decompress((folder / f"{name}.tsv.gz").read_bytes())


@pytest.mark.parametrize("damage", ["none", "bytes", "lines"])
@pytest.mark.parametrize("name", NAMES)
def test_full_size_files_come_out_as_by_lines(
    conn: psycopg.Connection, full_size: Path, full_size_known: dict[str, NumberSet], name: str, damage: str
) -> None:
    chance, data = random.Random(f"{name} {damage}"), _unpacked(full_size, name)
    header, *lines = data.splitlines(keepends=True)
    if damage == "lines":
        # Twice, cut off, out of order: what a careless copy makes of a file.
        for line in chance.sample(lines, 200):
            lines[chance.randrange(len(lines))] = chance.choice([line, line[: len(line) // 2], line + line])
        data = header + b"".join(lines)
    elif damage == "bytes":
        body = bytearray(b"".join(lines))
        for place in chance.sample(range(len(body)), 200):
            body[place] = chance.choice(b'\t\n\r\0\x01\xff\xc3\\"x,')
        data = header + bytes(body)
    assert _assert_same(conn, name, data, full_size_known[name]) > 500


def test_titles_and_people_that_are_kept_are_those_mentioned() -> None:
    titles, people = NumberSet(), NumberSet()
    _by_blocks("title.basics", tsv_bytes(IMDB_ROWS["title.basics"]), None, titles)
    assert titles.numbers().tolist() == [1, 3]
    _by_blocks("title.principals", tsv_bytes(IMDB_ROWS["title.principals"]), titles, people)
    assert people.numbers().tolist() == [11, 12]
    odd = ["tt3", "nm0000000017,nm18", "\\N"]
    _by_blocks("title.crew", tsv_bytes([*IMDB_ROWS["title.crew"], odd]), titles, people)
    assert people.numbers().tolist() == [11, 12, 15, 16, 17, 18]


def test_columns_in_another_order_are_read_by_their_names(conn: psycopg.Connection) -> None:
    rows = [[row[1], "more", *row[2:], row[0]] for row in IMDB_ROWS["title.basics"]]
    rows[0][1] = "added"
    assert _assert_same(conn, "title.basics", tsv_bytes(rows), None) == 2


def test_columns_that_were_added_are_left_out(conn: psycopg.Connection) -> None:
    rows = [
        [*row[:2], value, *row[2:], value * 2] for row, value in zip(IMDB_ROWS["title.basics"], "abcd", strict=True)
    ]
    texts, record = _by_blocks("title.basics", tsv_bytes(rows), None)
    assert record["rows_quarantined"] == 0
    assert b"".join(text.text for text in texts).startswith(b"0000001\tmovie\tGlass Harbour\tPort de verre\t0\t2018\t")
    _assert_same(conn, "title.basics", tsv_bytes(rows), None)


def test_three_times_the_rows_take_no_more_memory() -> None:
    header, line = IMDB_ROWS["title.principals"][:2]
    peaks = []
    for count in (200_000, 600_000):
        data = tsv_bytes([header, *([f"tt{number // 8:07}", str(number % 8), *line[2:]] for number in range(8, count))])
        file, stream, record = source_file("imdb", "title.principals"), io.BytesIO(data), Reading(1)
        known = NumberSet(range(100_000))
        tracemalloc.start()
        texts = read_texts(file, read_header(file, stream), stream, record, known, NumberSet())
        assert sum(text.rows for text in texts) == count - 8
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (1 << 20)


def test_damage_far_into_a_file_ends_the_reading() -> None:
    data = gzip.compress(tsv_bytes([IMDB_ROWS["title.crew"][0], *(["tt1", "nm1", "\\N"] for _ in range(300_000))]))
    file, record = source_file("imdb", "title.crew"), Reading(1)
    with gzip.open(io.BytesIO(data[:-100])) as stream:
        header = read_header(file, stream)
        with pytest.raises(EOFError):
            list(read_texts(file, header, stream, record, NumberSet((1,))))
