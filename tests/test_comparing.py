"""A later day of IMDb, compared line by line with the landed files of the day before: as if all had been read anew."""

from __future__ import annotations

import gzip
import io
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from source_files import IMDB_ROWS, tsv_bytes, write_sources

from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.sources.imdb import FILES
from reelhouse.staging import comparing
from reelhouse.staging import differing_lines as module
from reelhouse.staging.differing_lines import differing_lines
from reelhouse.staging.filling import stage_source

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)
LINE = st.sampled_from([b"%d\t%s\n" % (number, b"x" * size) for number in range(12) for size in (0, 3, 40)])


class Reluctant(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def readinto(self, target: memoryview) -> int:
        return super().readinto(target[:7])


@given(
    former=st.lists(LINE, max_size=40), present=st.lists(LINE, max_size=40), margin=st.sampled_from([8, 64, 5000]),
    piece=st.sampled_from([4, 16, 8192]), room=st.sampled_from([1, 100, 300, 20_000]), is_ended=st.booleans(),
)  # fmt: skip
@hypothesis_settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_passed_over_is_equal_and_all_else_is_told(
    monkeypatch, former, present, margin, piece, room, is_ended
) -> None:
    monkeypatch.setattr(module, "MARGIN_BYTES", margin)
    monkeypatch.setattr(module, "PIECE_BYTES", piece)
    monkeypatch.setattr(module, "ROOM_BYTES", room)
    departed, arrived, texts = Counter(), Counter(), [b"", b""]
    # A last line may lack its newline.
    streams = [Reluctant(text if is_ended else text[:-1]) for text in (b"".join(former), b"".join(present))]
    for stretch in differing_lines(*streams):
        both = bytes(stretch.former[: stretch.former_size]), bytes(stretch.present[: stretch.present_size])
        texts = [texts[0] + both[0], texts[1] + both[1]]
        for text, spans, lines in zip(both, (stretch.departed, stretch.arrived), (departed, arrived), strict=True):
            for start, end in spans:
                lines.update(text[start:end].splitlines(True))
        for left, right, size in zip(stretch.former_same, stretch.same, stretch.size, strict=True):
            assert stretch.former[left : left + size] == stretch.present[right : right + size]
    assert texts == [b"".join(former), b"".join(present)]
    assert Counter(former) - departed == Counter(present) - arrived


# --- ids whose lines are read again ---------------------------------------------------------------------


DIGITS = st.one_of(
    st.sampled_from(["0000012", "12", "0012", "00000012", "000000012", "00000120", "10000000", "100000009", "1234567"]),
    st.text("0129:x ", max_size=10),
)


@given(
    ids=st.lists(DIGITS, min_size=1, max_size=20),
    asked=st.sets(st.sampled_from([12, 120, 1200, 1_234_567, 9_999_999, 10_000_000, 20_000_000]), min_size=1),
    is_sorted=st.booleans(),
)
@hypothesis_settings(deadline=None, max_examples=300)
def test_every_line_whose_id_may_be_asked_for_is_read_again(ids, asked, is_sorted) -> None:
    ids = sorted(ids) if is_sorted else ids
    lines = [f"tt{digits}\t1\n".encode() for digits in ids]
    starts = np.cumsum([0, *map(len, lines[:-1])])
    again = comparing.Again(np.array(sorted(asked)))
    found = again.lines(bytearray(b"".join(lines)) + module.PAD, starts).tolist()
    for place, digits in enumerate(ids):
        is_plain = re.fullmatch("[0-9]{7}|[1-9][0-9]{7}", digits)
        number = int(digits) if digits.isdigit() else 0
        if is_plain or number in asked:
            assert (place in found) is (number in asked)


# --- days of IMDb ---------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _id(prefix: str, number: int) -> str:
    return f"{prefix}{number:07}" if number else f"{prefix}x"


TITLE = st.integers(0, 12).map(lambda number: _id("tt", number))
PERSON = st.integers(0, 9).map(lambda number: _id("nm", number))
YEAR = st.sampled_from(["1999", "2020", "\\N", "later"])
NAME = st.sampled_from(["A", "B\\C", "\\N", 'D "E"'])
ORDER = st.integers(1, 3).map(str)
PEOPLE = st.lists(PERSON, max_size=2).map(lambda people: ",".join(people) or "\\N")
ROWS = {
    "title.basics": st.tuples(
        TITLE, st.sampled_from(["movie", "movie", "tvEpisode", "?"]), NAME, NAME, st.just("0"), YEAR, st.just("\\N"),
        st.just("90"), st.just("Drama"),
    ),
    "title.ratings": st.tuples(TITLE, st.sampled_from(["7.1", "8.0", "11"]), st.sampled_from(["5", "6"])),
    "title.principals": st.tuples(
        TITLE, ORDER, PERSON, st.sampled_from(["actor", "director", "self"]), st.just("\\N"), st.just('["F"]')
    ),
    "title.crew": st.tuples(TITLE, PEOPLE, PEOPLE),
    "name.basics": st.tuples(PERSON, NAME, YEAR, st.just("\\N"), st.just("actor"), st.just("\\N")),
}  # fmt: skip
DAY = st.fixed_dictionaries({name: st.lists(row, max_size=14) for name, row in ROWS.items()})


@st.composite
def _two_days(draw) -> tuple[dict[str, list], dict[str, list]]:
    """A day, and one in which some rows of it are gone, others new; most are in the order of their ids."""
    former, other = draw(DAY), draw(DAY)
    present = {}
    for name, rows in former.items():
        stays = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
        arrived = draw(st.integers(0, 3))
        present[name] = [row for row, is_there in zip(rows, stays, strict=True) if is_there] + other[name][:arrived]
        if draw(st.sampled_from([True, True, True, False])):
            rows.sort()
            present[name].sort()
    return former, present


def _write(data: Path, day: date, rows: dict[str, list]) -> None:
    folder = data / "imdb" / day.isoformat()
    folder.mkdir(exist_ok=True)
    for name, lines in rows.items():
        text = tsv_bytes([IMDB_ROWS[name][0], *lines])
        (folder / f"{name}.tsv.gz").write_bytes(gzip.compress(text, mtime=0))


def _stage(conn: psycopg.Connection, day) -> None:
    land_source(conn, day, "imdb")
    stage_source(conn, day, "imdb")


def _all(conn: psycopg.Connection) -> list[list[tuple]]:
    """Staged rows, accounts and quarantine."""
    queries = [f"select * from staging.{file.table} order by 1, 2" for file in FILES]
    account = "rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate"
    queries += [
        f"select file_name, {account} from ops.staged_file order by 1",
        "select file_name, line_number, reasons, raw_text from quarantine.rejected_row inner join ops.file"
        " using (file_id) inner join ops.staged_file using (file_id, source, file_name) order by 1, 2",
    ]
    return [conn.execute(query).fetchall() for query in queries]


@given(days=_two_days(), portion=st.sampled_from([1, comparing.BATCH_BYTES]))
@hypothesis_settings(deadline=None, max_examples=7, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_compared_day_is_staged_as_one_that_is_read_whole(conn, make_day, data, monkeypatch, days, portion) -> None:
    monkeypatch.setattr(comparing, "BATCH_BYTES", portion)
    _write(data, FIRST, days[0])
    _write(data, SECOND, days[1])
    _stage(conn, make_day(FIRST, force=True))
    _stage(conn, make_day(SECOND))
    compared = _all(conn)
    _stage(conn, make_day(SECOND, force=True))
    assert compared == _all(conn)


@pytest.mark.parametrize("is_arriving", [True, False])
def test_lines_of_a_title_that_enters_or_leaves_are_read_again_however_its_id_is_padded(
    conn, make_day, data, is_arriving
) -> None:
    ids = ["tt12345", "tt123456", "tt0012347", "tt00123478"]
    title = ("movie", "A", "A", "0", "1999", "\\N", "90", "Drama")
    few, all_titles = [("tt0000001", *title)], [(number, *title) for number in ("tt0000001", *ids)]
    unchanged = {name: [] for name in ROWS} | {
        "title.principals": [(number, "1", "nm0000001", "actor", "\\N", '["F"]') for number in ids],
        "title.akas": [(number, "1", "B", "FR", "fr", "\\N", "\\N", "0") for number in ids],
    }
    days = (few, all_titles) if is_arriving else (all_titles, few)
    for day, titles in zip((FIRST, SECOND), days, strict=True):
        _write(data, day, unchanged | {"title.basics": titles})
    _stage(conn, make_day(FIRST, force=True))
    _stage(conn, make_day(SECOND))
    for table in ("staging.imdb_principals", "staging.imdb_akas"):
        assert conn.execute(f"select count(*) from {table}").fetchone() == (len(ids) if is_arriving else 0,)
    compared = _all(conn)
    _stage(conn, make_day(SECOND, force=True))
    assert compared == _all(conn)


def test_a_row_that_moved_up_is_no_change_although_it_arrives_before_it_departs(
    conn, make_day, data, monkeypatch
) -> None:
    monkeypatch.setattr(comparing, "BATCH_BYTES", 1)
    monkeypatch.setattr(module, "ROOM_BYTES", 256)
    monkeypatch.setattr(module, "MARGIN_BYTES", 64)
    titles = [(_id("tt", n), "movie", "A", "A", "0", "1999", "\\N", "90", "Drama") for n in range(1, 30)]
    ratings = [(_id("tt", n), "7.1", "5") for n in range(1, 30)]
    day = {name: [] for name in ROWS} | {"title.basics": titles, "title.ratings": ratings}
    _write(data, FIRST, day)
    _write(data, SECOND, day | {"title.ratings": [*ratings[:3], ratings[25], *ratings[3:25], *ratings[26:]]})
    _stage(conn, make_day(FIRST, force=True))
    before = conn.execute("select * from staging.imdb_ratings order by 1").fetchall()
    _stage(conn, make_day(SECOND))
    assert conn.execute("select * from staging.imdb_ratings order by 1").fetchall() == before
    changes = "select rows_new, rows_changed, rows_gone from ops.staged_file where file_name = 'title.ratings.tsv.gz'"
    assert conn.execute(changes).fetchone() == (0, 0, 0)
