"""Explaining from the shell: a title typed as people type, one row meant, its reasons in a table or as JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import psycopg
import pytest
from works import Works

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def explain(conn: psycopg.Connection, make_day, command: Run, dsn: str) -> Run:
    works = Works(conn, make_day())
    works.netflix("s1", "The Long Night", 2020, directors=["Ann Ash"], runtime=90)
    works.netflix("s2", "Beta", 2019)
    works.netflix("s3", "Beta", 2011)
    works.rotten_tomatoes("beta", "Beta", 2011)
    works.imdb(1, "The Long Night", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(2, "Other", 2001)
    works.match()
    return lambda *words: command("explain", *words, REELHOUSE_WAREHOUSE_DSN=dsn)


@pytest.mark.parametrize("title", ["The Long Night", "long night", "the logn night", "Long"])
def test_a_title_is_found_as_people_type_it(explain: Run, title: str) -> None:
    done = explain(title)
    assert done.returncode == 0, done.stderr
    assert "linked to tt0000001 The Long Night (movie, 2020)" in done.stdout


def test_several_rows_are_listed_until_one_is_meant(explain: Run) -> None:
    done = explain("beta")
    assert done.returncode == 1
    assert [line.split()[:2] for line in done.stdout.splitlines()[1:]] == [
        ["netflix", "s3"], ["netflix", "s2"], ["rotten_tomatoes", "beta"],
    ]  # fmt: skip
    assert done.stderr == "3 rows may be meant: say which with --source, --year or --id.\n"
    assert explain("beta", "--source", "netflix", "--year", "2019").returncode == 0
    assert explain("beta", "--id", "beta").returncode == 0


def test_a_title_that_nobody_has_gives_1(explain: Run) -> None:
    done = explain("Zzzz Qqqq", "--year", "1999")
    assert (done.returncode, done.stdout) == (1, "")
    assert "'Zzzz Qqqq' (1999): expected a row with such a title, found none" in done.stderr


def test_why_not_is_told_too_and_both_as_json(explain: Run) -> None:
    done = explain("long night", "--not", "tt0000002")
    assert done.returncode == 0, done.stderr
    assert "Why not tt0000002" in done.stdout
    assert "none of the three joins found it" in done.stdout
    document = json.loads(explain("long night", "--not", "tt0000002", "--json").stdout)
    assert (document["source"], document["source_id"]) == ("netflix", "s1")
    assert document["explanation"][1]["what"] == "decision"
    assert document["not"][-1]["what"] == "sum"
    assert document["not"][-1]["points"] < 0
    assert explain("long night", "--not", "matrix").returncode == 1
