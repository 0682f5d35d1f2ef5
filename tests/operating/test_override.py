"""Deciding a link from the shell: recorded with who and why, refused when it would miss."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import psycopg
import pytest
from works import Works

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def works(conn: psycopg.Connection, make_day) -> Works:
    """Two Netflix films of one title, a series, and IMDb's."""
    works = Works(conn, make_day())
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.netflix("s2", "Beta", 2019)
    works.netflix("s3", "Beta", 2011)
    works.netflix("s4", "Gamma", 2018, "series", seasons=2)
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(2, "Other", 2001)
    works.match()
    return works


@pytest.fixture
def override(works: Works, command: Run, dsn: str) -> Run:
    return lambda *words: command("override", *words, REELHOUSE_WAREHOUSE_DSN=dsn)


def test_a_decision_is_added_followed_listed_and_removed(override: Run, works: Works) -> None:
    words = ("add", "alpha", "--source", "netflix", "--is", "tt2", "--why", "same poster", "--by", "ann")
    done = override(*words)
    assert done.returncode == 0, done.stderr
    assert "Override 1: netflix, movie, 'Alpha' (2020): this pair, tt0000002 Other (movie, 2001)." in done.stdout
    assert "counts from the next run on" in override("list").stdout
    works.match()
    assert works.decided()["s1"] == (2, "match")
    (listed,) = json.loads(override("list", "--json").stdout)
    assert (listed["decided_by"], listed["why"], listed["state"]) == ("ann", "same poster", "followed")
    assert override("remove", "1", "--by", "bo").returncode == 0
    assert override("list").stdout == "No overrides.\n"
    assert "taken back by bo" in override("list", "--all").stdout
    works.match()
    assert works.decided()["s1"] == (1, "match")


def test_a_series_is_meant_in_every_year_and_the_shells_user_decides_by_default(override: Run, works: Works) -> None:
    assert override("add", "Gamma", "--source", "netflix", "--none", "--why", "local show").returncode == 0
    kind, year, by = works.conn.execute("select kind, release_year, decided_by from matching.override").fetchone()
    assert (kind, year) == ("series", None)
    assert by


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Alpha", "--is", "tt0000099"), "expected an IMDb title of the warehouse, found none"),
        (("Alpha", "--not", "99"), "expected an IMDb id like tt0133093, found '99'"),
        (("Alpah", "--none"), "expected a row of netflix with this title, found none. Like it: Alpha (movie, 2020)."),
        (("Beta", "--none"), "expected one film or series, found movie of 2011; movie of 2019."),
        (("Zzzz Qqqq", "--none"), "found none."),
    ],
)
def test_what_would_miss_is_refused_in_words(override: Run, works: Works, words, message: str) -> None:
    done = override("add", *words, "--source", "netflix", "--why", "because")
    assert done.returncode == 1
    assert message in done.stderr
    assert works.conn.execute("select count(*) from matching.override").fetchone() == (0,)


def test_a_decision_without_a_reason_is_refused(override: Run) -> None:
    assert override("add", "Alpha", "--source", "netflix", "--none").returncode == 2
    done = override("add", "Alpha", "--source", "netflix", "--none", "--why", " ")
    assert (done.returncode, done.stderr) == (1, "reelhouse: --why: expected a reason, found nothing.\n")
    assert override("remove", "7").returncode == 1
