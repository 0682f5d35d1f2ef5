"""A later day of a file: only the rows that differ reach staging, and staging holds what a first staging would."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from source_files import IMDB_ROWS, netflix_bytes, tsv_bytes, write_sources

from reelhouse.copying import CopyText
from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.staging import kept
from reelhouse.staging.filling import stage_optional_sources, stage_source
from reelhouse.staging.opening import open_load

FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
CREW = "title.crew.tsv.gz"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _stage(conn: psycopg.Connection, day: Day) -> None:
    land_source(conn, day, "imdb")
    stage_source(conn, day, "imdb")


def _write(data: Path, day: date, crew: list[list[str]]) -> None:
    """The day's files, of which only that of the crew is the test's own."""
    folder = data / "imdb" / day.isoformat()
    folder.mkdir(exist_ok=True)
    titles = [
        IMDB_ROWS["title.basics"][0],
        *([f"tt{n}", "movie", "A", "A", "0", "\\N", "\\N", "\\N", "\\N"] for n in range(1, 40)),
    ]
    for name, rows in (IMDB_ROWS | {"title.basics": titles, "title.crew": [IMDB_ROWS["title.crew"][0], *crew]}).items():
        (folder / f"{name}.tsv.gz").write_bytes(gzip.compress(tsv_bytes(rows), mtime=0))


def _crew(people: dict[int, int]) -> list[list[str]]:
    return [[f"tt{title:07}", f"nm{person}", "\\N"] for title, person in people.items()]


def _staged(conn: psycopg.Connection) -> dict[int, int]:
    return dict(conn.execute("select imdb_title_number, director_numbers[1] from staging.imdb_crew").fetchall())


def _changes(conn: psycopg.Connection, name: str = CREW) -> tuple:
    return conn.execute(
        "select rows_new, rows_changed, rows_gone from ops.staged_file where file_name = %s", (name,)
    ).fetchone()


def _versions(conn: psycopg.Connection) -> dict[int, str]:
    """When each row was written: the number of the transaction."""
    return dict(conn.execute("select imdb_title_number, xmin::text from staging.imdb_crew").fetchall())


def test_only_rows_that_differ_are_written(conn, make_day, data) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2, 3: 3, 4: 4}))
    _stage(conn, make_day(FIRST))
    assert _changes(conn) == (4, 0, 0)
    before = _versions(conn)
    _write(data, SECOND, _crew({1: 1, 3: 9, 4: 4, 5: 5}))
    _stage(conn, make_day(SECOND))
    assert (_staged(conn), _changes(conn)) == ({1: 1, 3: 9, 4: 4, 5: 5}, (1, 1, 1))
    after = _versions(conn)
    assert {title for title in after if after[title] == before.get(title)} == {1, 4}


PEOPLE = st.dictionaries(st.integers(1, 39), st.integers(1, 3), max_size=30)


@given(first=PEOPLE, second=PEOPLE, is_shuffled=st.booleans())
@hypothesis_settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_differs_staging_holds_the_new_rows_and_the_figures_say_how(
    conn, make_day, data, first, second, is_shuffled
) -> None:
    _write(data, FIRST, _crew(dict(sorted(first.items()))))
    _stage(conn, make_day(FIRST))
    _write(data, SECOND, _crew(second if is_shuffled else dict(sorted(second.items()))))
    _stage(conn, make_day(SECOND))
    assert _staged(conn) == second
    new, gone = len(second.keys() - first.keys()), len(first.keys() - second.keys())
    changed = sum(first[title] != second[title] for title in first.keys() & second.keys())
    if first != second or is_shuffled:
        assert _changes(conn) == (new, changed, gone)


LINES = st.lists(st.integers(0, 30).map(lambda number: b"%d\n" % number), unique=True)


@given(first=LINES, second=LINES, size=st.integers(1, 9), most=st.sampled_from([1, 5, 200_000]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_on_one_side_only_are_told_in_any_order(tmp_path, monkeypatch, first, second, size, most) -> None:
    monkeypatch.setattr(kept, "MOST_UNMATCHED", most)
    path = tmp_path / "lines"
    path.write_bytes(gzip.compress(b"".join(first)))
    texts = (CopyText(size, b"".join(second[at : at + size])) for at in range(0, len(second), size))
    with closing(kept.compare(path, texts)) as found:
        sides = [Counter(_read(side)) for side in (found.departed, found.arrived)]
    # Lines far apart may be told on both sides; the database takes them out.
    assert (sides[0] - sides[1], sides[1] - sides[0]) == (
        Counter(first) - Counter(second), Counter(second) - Counter(first),
    )  # fmt: skip
    assert (found.rows, found.is_whole) == (len(first), True)


def _read(stream: BinaryIO) -> list[bytes]:
    stream.seek(0)
    return stream.read().splitlines(True)


def test_the_same_values_in_other_words_are_no_change(conn, make_day, data) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2}))
    _stage(conn, make_day(FIRST))
    _write(data, SECOND, [["tt1", "nm0000001", "\\N"], ["tt2", "nm2", ""]])
    _stage(conn, make_day(SECOND))
    assert _changes(conn) == (0, 0, 0)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _spoil(path: Path) -> None:
    path.write_bytes(b"no archive at all")


@pytest.mark.parametrize("damage", [_cut, _spoil, Path.unlink])
@pytest.mark.parametrize("kind", ["notes", "landed"])
def test_without_what_the_former_day_left_the_table_is_filled_anew(
    conn, make_day, data, settings, kind: str, damage: Callable[[Path], None]
) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2, 3: 3}))
    _stage(conn, make_day(FIRST))
    places = {"notes": f"{CREW}.*{kept.SUFFIX}", "landed": f"{FIRST}/*{CREW}"}
    (path,) = (settings.landing / "imdb").glob(places[kind])
    damage(path)
    _write(data, SECOND, _crew({1: 1, 2: 8}))
    _stage(conn, make_day(SECOND))
    assert (_staged(conn), _changes(conn)) == ({1: 1, 2: 8}, (None, None, None))
    _write(data, THIRD, _crew({2: 8, 4: 4}))
    _stage(conn, make_day(THIRD))
    assert (_staged(conn), _changes(conn)) == ({2: 8, 4: 4}, (1, 0, 1))


def test_a_table_changed_by_hand_is_filled_anew(conn, make_day, data) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2, 3: 3}))
    _stage(conn, make_day(FIRST))
    conn.execute("delete from staging.imdb_crew where imdb_title_number = 2")
    _write(data, SECOND, _crew({1: 1, 3: 3}))
    _stage(conn, make_day(SECOND))
    assert (_staged(conn), _changes(conn)) == ({1: 1, 3: 3}, (None, None, None))


def test_a_file_whose_titles_come_back_is_filled_anew_the_next_day(conn, make_day, data) -> None:
    principals = IMDB_ROWS["title.principals"]
    back = [["tt1", "1", "nm1", "actor", "\\N", "\\N"], ["tt2", "1", "nm1", "actor", "\\N", "\\N"],
            ["tt1", "2", "nm1", "actor", "\\N", "\\N"]]  # fmt: skip
    for day, rows in ((FIRST, back), (SECOND, back[:2])):
        _write(data, day, _crew({1: 1}))
        content = gzip.compress(tsv_bytes([principals[0], *rows]), mtime=0)
        (data / "imdb" / day.isoformat() / "title.principals.tsv.gz").write_bytes(content)
        _stage(conn, make_day(day))
    staged = conn.execute("select imdb_title_number, billing_order from staging.imdb_principals order by 1, 2")
    assert staged.fetchall() == [(1, 1), (2, 1)]
    assert _changes(conn, "title.principals.tsv.gz") == (None, None, None)


def test_a_failed_staging_leaves_rows_and_kept_lines_of_the_day_before(conn, make_day, data, settings) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2}))
    _stage(conn, make_day(FIRST))
    before = sorted((settings.landing / "imdb").glob(f"{CREW}.*"))
    _write(data, SECOND, _crew({1: 1, 2: 3}))
    land_source(conn, make_day(SECOND), "imdb")
    conn.execute("alter table staging.imdb_crew add constraint broken check (director_numbers[1] <> 3)")
    with pytest.raises(psycopg.errors.CheckViolation):
        stage_source(conn, make_day(SECOND), "imdb")
    assert (_staged(conn), sorted((settings.landing / "imdb").glob(f"{CREW}.*"))) == ({1: 1, 2: 2}, before)


def test_force_fills_the_table_anew(conn, make_day, data) -> None:
    _write(data, FIRST, _crew({1: 1, 2: 2}))
    _stage(conn, make_day(FIRST))
    conn.execute("update staging.imdb_crew set director_numbers = '{7}' where imdb_title_number = 2")
    _stage(conn, make_day(FIRST, force=True))
    assert _staged(conn) == {1: 1, 2: 2}


def test_the_load_says_what_is_new_to_it(conn, make_day, data) -> None:
    (data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes({}, {}))
    figures = []
    for day, crew in ((FIRST, {1: 1, 2: 2}), (SECOND, {1: 1, 2: 3, 3: 3})):
        _write(data, day, _crew(crew))
        for source in ("netflix", "imdb", "rotten_tomatoes"):
            land_source(conn, make_day(day), source)
            stage_source(conn, make_day(day), source)
        stage_optional_sources(conn, make_day(day))
        load_id = open_load(conn, make_day(day))["load_id"]
        rows = conn.execute(
            "select file_name, rows_new, rows_changed, rows_gone from ops.file_load where load_id = %s", (load_id,)
        )
        figures.append({row[0]: row[1:] for row in rows})
    assert (figures[0][CREW], figures[0]["netflix_titles.csv"]) == ((2, 0, 0), (2, 0, 0))
    assert (figures[1][CREW], figures[1]["netflix_titles.csv"]) == ((1, 1, 0), (0, 0, 0))
