"""Whatever bytes a file has, reading never fails, every record is accounted for, every row can be copied."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_files import IMDB_ROWS, assert_accounted, netflix_bytes, read, rotten_bytes, tsv_bytes

from reelhouse.copying import copy_line
from reelhouse.sources.number_set import NumberSet

NASTY = [
    b"\t", b"\n", b"\r", b'"', b",", b"\0", b"\xff", b"\\N", b"\\.", b"\xef\xbb\xbf", "\u00a0\u200b".encode(),
    "٣".encode(), b"-1", b"99999999999999999999", b"[", b"NaN", b"tt", b"nm1", b"Jr.,",
]  # fmt: skip

JUSTWATCH_TITLES = (
    b"id,title,type,release_year,age_certification,runtime,genres,production_countries,seasons,imdb_id,imdb_score,"
    b"imdb_votes\ntm1,A,MOVIE,1976,R,113,\"['crime', 'drama']\",['US'],,tt0075314,8.3,795222.0\n"
)

FILES: dict[str, tuple[str, bytes]] = {
    "netflix_titles": ("netflix", netflix_bytes({}, {"cast": 'A "B" C, D\nE'}, {"type": "TV Show"})),
    "rotten_tomatoes_movies": ("rotten_tomatoes", rotten_bytes({}, {"movie_info": 'x "y"\nz'}, {})),
    "hulu": ("hulu", netflix_bytes({}, {"rating": "94 min", "duration": ""})),
    "titles": ("justwatch", JUSTWATCH_TITLES),
    "credits": (
        "justwatch",
        b"person_id,id,name,character,role\n1,tm1,A,B,ACTOR\n1,tm1,A,C,ACTOR\n2,ts3,D,,DIRECTOR\n",
    ),
    **{name: ("imdb", tsv_bytes(rows)) for name, rows in IMDB_ROWS.items()},
}

ALL_KNOWN = NumberSet(range(1, 50))


def _check(name: str, body: bytes) -> None:
    source, example = FILES[name]
    header = example[: example.index(b"\n") + 1]
    rows, record, rejected = read(source, name, header + body, ALL_KNOWN)
    assert_accounted(rows, record, rejected)
    for row in rows:
        copy_line(row)


@pytest.mark.parametrize("name", FILES)
@given(body=st.binary(max_size=400))
@settings(deadline=None, max_examples=60)
def test_random_bytes_are_accounted_for(name: str, body: bytes) -> None:
    _check(name, body)


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
@settings(deadline=None, max_examples=120)
def test_damaged_rows_are_accounted_for(name: str, data: st.DataObject) -> None:
    body = FILES[name][1].split(b"\n", 1)[1] * 2
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(body)))
        end = start + data.draw(st.integers(0, 12))
        body = body[:start] + data.draw(st.sampled_from(NASTY) | st.binary(max_size=4)) + body[end:]
    _check(name, body)
