"""Matching only what changed gives what matching everything gives, to the last term of the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg import sql
from works import MakeDay, Works

from reelhouse import steps
from reelhouse.copying import copy_line
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.matching import candidates
from reelhouse.matching.folding import FOLDED_PEOPLE
from reelhouse.matching.keys import fold_name, person_key, plain_name, plain_title, title_forms, title_key
from reelhouse.settings import Settings

STAGED = (
    "imdb_titles", "imdb_akas", "imdb_principals", "imdb_crew", "imdb_ratings", "imdb_people", "netflix_titles",
    "rotten_tomatoes_movies", "justwatch_titles", "justwatch_credits",
)  # fmt: skip
# All but the load that decided and the one that weighed.
OUTCOME = {
    "imdb_title_name": "*", "imdb_title_key": "*", "imdb_person_name": "*", "imdb_title_person": "*",
    "source_title": "*", "source_title_key": "*", "source_person": "*", "candidate_pair": "*", "scored_row": "*",
    "title_decision": "to_jsonb(title_decision) - 'load_id'", "match_evidence": "to_jsonb(match_evidence) - 'load_id'",
}  # fmt: skip
TITLES = (
    "Alpha", "The Alpha", "Alphas", "Alpha: Omega", "Alpha Omega", "Alpha Two", "Alphabet", "Alphabets", "Omega",
    "Älpha", "Alpha (2019)", "Omega Man",
)  # fmt: skip
NAMES = ("Ann Ash", "Ash Ann", "Bo Quill", "Bo Quill (II)", "Cy Dee", "Änn Ash", "Ed Vance")

titles = st.sampled_from(TITLES)
names = st.lists(st.sampled_from(NAMES), max_size=3, unique=True)
numbers = st.integers(1, 6)
people = st.integers(1, 5)
years = st.sampled_from([None, 2005, 2018, 2019, 2020, 2021])
genres = st.sampled_from([[], ["Comedy"], ["Drama", "Family"], ["Documentary"]])
runtimes = st.sampled_from([None, 30, 90, 92])
kinds = st.sampled_from(["movie", "tvMovie", "tvSeries", "short"])
# A row as its table has it, in the place of the one of its key; or, with the key alone, that row is gone.
changes = st.one_of(
    st.tuples(
        st.just("imdb_titles"), st.just(1),
        st.tuples(numbers, kinds, titles, titles, st.sampled_from([False, False, False, True]), years, years, runtimes,
                  genres),
    ),
    st.tuples(st.just("imdb_akas"), st.just(2),
              st.tuples(numbers, st.integers(1, 2), titles, st.none(), st.none(), st.none())),
    st.tuples(st.just("imdb_principals"), st.just(2),
              st.tuples(numbers, st.integers(1, 3), people, st.sampled_from(["director", "writer", "actor"]),
                        st.just([]))),
    st.tuples(st.just("imdb_crew"), st.just(1),
              st.tuples(numbers, st.lists(people, max_size=2, unique=True), st.lists(people, max_size=1))),
    st.tuples(st.just("imdb_ratings"), st.just(1),
              st.tuples(numbers, st.just(7), st.sampled_from([5, 50, 99, 100, 500, 2000]))),
    st.tuples(st.just("imdb_people"), st.just(1),
              st.tuples(people, st.sampled_from(NAMES), st.none(), st.none(), st.just([]), st.just([]))),
    st.tuples(
        st.just("netflix_titles"), st.just(1),
        st.tuples(st.sampled_from(["s1", "s2", "s3", "s4"]), st.just(1), st.sampled_from(["movie", "series"]), titles,
                  names, names, st.just([]), st.none(), years, st.none(), runtimes, st.sampled_from([None, 1, 4]),
                  genres, st.sampled_from([None, "One", "Two"]), st.just([])),
    ),
)  # fmt: skip
first_day = st.lists(st.tuples(changes, st.just(False)), min_size=25, max_size=40)
later_day = st.lists(st.tuples(changes, st.sampled_from([False, False, False, True])), max_size=6)
days = st.builds(lambda first, later: [first, *later], first_day, st.lists(later_day, min_size=1, max_size=3))


@pytest.fixture
def fresh(module_dsn: str) -> Iterator[psycopg.Connection]:
    """A second database, for matching everything."""
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        yield conn


def _columns(conn: psycopg.Connection, table: str) -> list[str]:
    return [column.name for column in conn.execute(f"select * from staging.{table} limit 0").description]


def _apply(conn: psycopg.Connection, table: str, key_width: int, values: Sequence[object], is_gone: bool) -> None:
    key = sql.SQL(" and ").join(
        sql.SQL("{} = %s").format(sql.Identifier(name)) for name in _columns(conn, table)[:key_width]
    )
    name = sql.Identifier("staging", table)
    conn.execute(sql.SQL("delete from {} where {}").format(name, key), values[:key_width])
    if not is_gone:
        marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
        conn.execute(sql.SQL("insert into {} values ({})").format(name, marks), values)


def _match(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    return Works(conn, day).match()


def _match_all(conn: psycopg.Connection, staged: psycopg.Connection, day: Day) -> None:
    """Match the rows that are staged in the other database, from nothing."""
    tables = [f"matching.{table}" for table in (*OUTCOME, "candidate_votes", "stored_version")]
    conn.execute("truncate " + ", ".join([*tables, *(f"staging.{table}" for table in STAGED), "staging.row_change"]))
    for table in STAGED:
        with (
            staged.cursor().copy(f"copy staging.{table} to stdout") as source,
            conn.cursor().copy(f"copy staging.{table} from stdin") as target,
        ):
            for block in source:
                target.write(block)
    _match(conn, day)


def _outcome(conn: psycopg.Connection) -> dict[str, list[tuple]]:
    return {
        table: sorted(conn.execute(f"select {what} from matching.{table}").fetchall(), key=repr)
        for table, what in OUTCOME.items()
    }


@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=days)
def test_days_of_changes_end_as_a_full_match_of_the_last(
    conn: psycopg.Connection, fresh: psycopg.Connection, make_day: MakeDay, monkeypatch: pytest.MonkeyPatch, days
) -> None:
    # So small that a few rows cross them.
    monkeypatch.setattr(candidates, "HOT_KEY", 2)
    monkeypatch.setattr(candidates, "COMMON_PERSON", 2)
    conn.execute("truncate " + ", ".join(f"staging.{table}" for table in STAGED))
    for number, changes_of_day in enumerate(days):
        for (table, key_width, values), is_gone in changes_of_day:
            _apply(conn, table, key_width, values, is_gone)
        day = make_day(make_day().batch_date + timedelta(number))
        _match(conn, day)
        _match_all(fresh, conn, day)
        assert _outcome(conn) == _outcome(fresh)


def test_both_days_of_the_sample_end_as_a_full_match_of_the_second(
    conn: psycopg.Connection, settings: Settings, fresh: psycopg.Connection, dsn: str
) -> None:
    first, second = Day(date(2026, 1, 5), settings), Day(date(2026, 1, 6), settings)
    for day in (first, second):
        for step in steps.STEPS:
            figures = steps.run_step(step.name, dsn, day)
            if step.name == "decide_matches":
                scored, reused = figures["rows_scored"], figures["rows_reused"]
            if step.name == "decide_matches" and day == second:
                break
    assert scored > 0
    assert reused > 0
    _match_all(fresh, conn, second)
    found, expected = _outcome(conn), _outcome(fresh)
    # The other database has published nothing, so nothing is kept because readers have it.
    assert {table: found[table] for table in found if table != "title_decision"} == {
        table: expected[table] for table in expected if table != "title_decision"
    }


def test_a_day_without_changes_weighs_nothing_and_keeps_the_evidence(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020)
    works.imdb(1, "Alpha", 2020)
    assert works.match()["rows_scored"] == 1
    before = works.conn.execute("select ctid, match_evidence from matching.match_evidence").fetchall()
    assert works.match() | {"rows_scored": 0} == works.match()
    assert works.conn.execute("select ctid, match_evidence from matching.match_evidence").fetchall() == before


def test_only_rows_that_share_a_key_with_a_changed_title_are_weighed_again(works: Works) -> None:
    for number, title in enumerate(("Alpha", "Omega", "Kappa"), start=1):
        works.netflix(f"s{number}", title, 2020, actors=[f"Actor {number}"])
        works.imdb(number, title, 2020, actors=[f"Actor {number}"])
    works.match()
    works.imdb(4, "Omega", 1999)
    figures = works.match()
    assert (figures["rows_scored"], figures["rows_reused"]) == (1, 2)
    details = works.conn.execute("select details ->> 'titles_of_this_name' from matching.match_evidence")
    assert sorted(details.fetchall()) == [("1",), ("1",), ("2",), ("2",)]


def test_votes_weigh_a_row_anew_only_when_they_reach_another_step(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020)
    works.imdb(1, "Alpha", 2020)
    works.conn.execute("insert into staging.imdb_ratings values (1, 7, 500)")
    works.match()
    works.conn.execute("update staging.imdb_ratings set imdb_vote_count = 900")
    assert works.match()["rows_scored"] == 0
    works.conn.execute("update staging.imdb_ratings set imdb_vote_count = 1000")
    assert works.match()["rows_scored"] == 1


def test_force_and_other_code_weigh_everything(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    works.netflix("s1", "Alpha", 2020)
    works.imdb(1, "Alpha", 2020)
    works.match()
    assert works.match()["rows_scored"] == 0
    monkeypatch.setattr("reelhouse.matching.storing.code_sha256", lambda folder: "other")
    assert works.match()["rows_scored"] == 1
    works.day = Day(works.day.batch_date, works.day.settings, force=True)
    assert works.match()["rows_scored"] == 1


telling = st.sampled_from(["The", "Part", "II", "Alpha", "one", "Cut", "extended", "V", "aka", "Season", "Two"])


@given(st.text(st.sampled_from("aAbZéßÄ你 I’ivx"), max_size=12) | st.lists(telling, max_size=4).map(" ".join))
def test_plain_titles_and_names_fold_as_all_others_do(text: str) -> None:
    forms = title_forms(text)
    assert plain_title(text) in (None, (forms.folded, title_key(forms.base)))
    assert plain_title(text) is None or (forms.folded, forms.part_folds) == (forms.base, ())
    folded = fold_name(text)
    assert plain_name(text) in (None, (folded, person_key(folded)))
    (lines,) = FOLDED_PEOPLE.lines([(1, text)])
    assert b"".join(lines) == copy_line((1, folded, person_key(folded)))
