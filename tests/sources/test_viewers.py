"""Viewers in MovieLens' layout: films, links, ratings by the million, viewings."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_files import read

from reelhouse.copying import copy_line
from reelhouse.sources.viewers import Link, Movie, Viewing

HEADER = b"userId,movieId,rating,timestamp\n"


def _ratings(body: bytes, header: bytes = HEADER) -> tuple[list[bytes], object, str]:
    """The rows as lines of COPY text, however they came."""
    rows, record, rejected = read("viewers", "ratings", header + body)
    lines = b"".join(row if isinstance(row, bytes) else copy_line(row) for row in rows).splitlines()
    known = record.rows_quarantined + record.rows_duplicate + record.rows_aside
    assert record.rows_in == len(lines) + known
    assert rejected.count("\n") == record.rows_quarantined
    return lines, record, rejected


def test_a_flawless_block_is_handed_on_whole() -> None:
    rows, record, _ = read("viewers", "ratings", HEADER + b"1,31,2.5,1260759144\n1,12,4,1\n2,31,0.5,12\n")
    assert rows == [b"1\t31\t2.5\t1260759144\n1\t12\t4\t1\n2\t31\t0.5\t12\n"]
    assert record.rows_in == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"0,1,4,1", "userId: expected a number"),
        (b"1,-1,4,1", "movieId: expected a number"),
        (b"1,1,5.5,1", "rating: expected half a star to five in halves"),
        (b"1,1,0,1", "rating: expected half a star"),
        (b"1,1,4.3,1", "rating: expected half a star"),
        (b"1,1,4,2015-01-01", "timestamp: expected seconds since 1970"),
        (b"1,1,4", "record: expected 4 columns, found 3"),
        (b"1,1,4,1\xff", "record: expected UTF-8"),
        (b"9999999999,1,4,1", "userId: expected a number"),
        ("١,1,4,1".encode(), "userId: expected a number"),
    ],
)
def test_a_flaw_costs_its_line_only(line: bytes, reason: str) -> None:
    lines, record, rejected = _ratings(b"7,1,4.0,1\n" + line + b"\n8,1,3.0,2\n")
    assert lines == [b"7\t1\t4.0\t1", b"8\t1\t3.0\t2"]
    assert record.rows_quarantined == 1
    assert f'\t3\t{{"{reason}' in rejected


def test_whole_numbers_may_be_written_with_a_point() -> None:
    lines, record, _ = _ratings(b"7.0,1.0,4.0,12.0\n7,2,4,1.5\n")
    assert lines == [b"7\t1\t4.0\t12"]
    assert record.rows_quarantined == 1


def test_of_repeats_the_first_wins_and_viewers_who_come_back_are_set_aside() -> None:
    lines, record, _ = _ratings(b"1,5,4,1\n1,5,3,2\n2,1,4,3\n1,6,4,4\n2,2,4,5\n")
    assert lines == [b"1\t5\t4\t1", b"2\t1\t4\t3", b"2\t2\t4\t5"]
    assert (record.rows_duplicate, record.rows_aside) == (1, 1)


def test_blocks_and_lines_give_the_same_rows(monkeypatch) -> None:
    draw = random.Random(5)
    body = b"".join(
        b"%d,%d,%.1f,%d\n" % (viewer, draw.randint(1, 400), draw.randint(1, 10) / 2, draw.randint(1, 10**9))
        for viewer in range(1, 60)
        for _ in range(draw.randint(1, 60))
    )
    expected = _ratings(body, b'userId,movieId,rating,timestamp,"x"\n'.replace(b',"x"', b""))
    reordered = b"".join(
        b",".join((b, a, c, d)) + b"\n" for a, b, c, d in (line.split(b",") for line in body.splitlines())
    )
    assert _ratings(reordered, b"movieId,userId,rating,timestamp\n")[0] == expected[0]
    for size in (100, 1_000, 10_000):
        monkeypatch.setattr("reelhouse.sources.reading.BLOCK_BYTES", size)
        lines, record, _ = _ratings(body)
        assert lines == expected[0]
        assert record.rows_duplicate == expected[1].rows_duplicate


@given(pairs=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), max_size=40), size=st.integers(10, 80))
@settings(max_examples=150)
def test_no_key_goes_on_twice_however_the_blocks_fall(pairs: list[tuple[int, int]], size: int) -> None:
    body = b"".join(b"%d,%d,4,%d\n" % (*pair, moment) for moment, pair in enumerate(pairs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reelhouse.sources.reading.BLOCK_BYTES", size)
        lines, record, _ = _ratings(body)
    keys = [tuple(map(int, line.split(b"\t")[:2])) for line in lines]
    assert len(keys) == len(set(keys))
    assert len(set(pairs)) - len(keys) <= record.rows_aside


def test_windows_line_ends_and_quotes_are_no_part_of_a_number() -> None:
    lines, _, _ = _ratings(b'1,1,4,1\r\n"2","1","3.5","9"\r\n', b"userId,movieId,rating,timestamp\r\n")
    assert lines == [b"1\t1\t4\t1", b"2\t1\t3.5\t9"]


def test_films_have_their_year_and_genres() -> None:
    body = (
        b'movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n2,"American President, The (1995)",Drama\n'
        b"3,Babylon 5,(no genres listed)\n4,Big Bang (2007-),Comedy\n1,Twice (1999),Drama\nx,No (1999),Drama\n"
    )
    rows, record, _ = read("viewers", "movies", body)
    assert rows == [
        Movie(1, 2, "Toy Story", 1995, ["Adventure", "Animation"]),
        Movie(2, 3, "American President, The", 1995, ["Drama"]),
        Movie(3, 4, "Babylon 5", None, []),
        Movie(4, 5, "Big Bang", 2007, ["Comedy"]),
    ]
    assert (record.rows_duplicate, record.rows_quarantined) == (1, 1)


def test_links_are_numbers_or_unknown() -> None:
    assert read("viewers", "links", b"movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,\n")[0] == [
        Link(1, 2, 114_709, 862),
        Link(2, 3, 113_497, None),
    ]


def test_viewings_may_repeat_at_another_moment() -> None:
    body = b"userId,movieId,timestamp,minutes\n1,5,100,90\n1,5,200,\n1,5,100,7\n"
    rows, record, _ = read("viewers", "viewings", body)
    assert rows == [Viewing(1, 5, 100, 90), Viewing(1, 5, 200, None)]
    assert record.rows_duplicate == 1
    assert read("viewers", "viewings", b"userId,movieId,timestamp\n1,5,100\n")[0] == [Viewing(1, 5, 100, None)]


def test_stars_are_exact() -> None:
    rows, _, _ = read("viewers", "ratings", b"rating,userId,movieId,timestamp\n4.5,1,1,1\n")
    assert rows[0].rating_of_5 == Decimal("4.5")
