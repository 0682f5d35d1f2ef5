"""How sure a score is: the bounds beside every average."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day

DAY = date(2021, 9, 25)


def bounds(conn: psycopg.Connection, score: float, answers: int, worst: int = 0, best: int = 100) -> tuple:
    return conn.execute(
        "select mart.score_low(%(score)s::numeric, %(answers)s, %(worst)s, %(best)s),"
        " mart.score_high(%(score)s::numeric, %(answers)s, %(worst)s, %(best)s)",
        {"score": score, "answers": answers, "worst": worst, "best": best},
    ).fetchone()


@pytest.mark.parametrize(
    ("score", "answers", "low", "high"),
    # Wilson's interval as statistics books have it: 8 of 10, 50 of 100, none and all of 10.
    [(80, 10, "49.01", "94.34"), (50, 100, "40.38", "59.62"), (0, 10, "0.00", "27.76"), (100, 10, "72.24", "100.00")],
)
def test_bounds_are_those_of_wilson_rounded_outwards(conn, score: int, answers: int, low: str, high: str):
    assert bounds(conn, score, answers) == (Decimal(low), Decimal(high))


def test_bounds_hold_the_average_and_more_votes_make_them_narrower(conn):
    assert conn.execute(
        "with bounds as (select score, votes, best, mart.score_low(score, votes, worst, best) as low,"
        " mart.score_high(score, votes, worst, best) as high"
        " from (values (1, 10, 10.0), (0, 100, 1.0)) as scale (worst, best, parts)"
        " cross join lateral (select worst + step / parts as score"
        "  from generate_series(0, (best - worst) * parts::integer) as steps (step)) as scores"
        " cross join (values (1), (2), (5), (40), (1000), (2500000), (2000000000)) as counts (votes)),"
        " ranked as (select *, lag(high - low) over (partition by best, score order by votes) as wider from bounds)"
        " select count(*), count(*) filter (where score not between low and high),"
        " count(*) filter (where high - low > wider), count(*) filter (where votes = 40 and high - low >= wider),"
        " min(low) filter (where best = 10), max(high) filter (where best = 10) from ranked"
    ).fetchone() == (1344, 0, 0, 0, 1, 10)


def test_nobody_has_no_score_and_no_bounds(conn):
    assert bounds(conn, 100, 0) == (None, None)
    assert conn.execute("select mart.score_shrunk(null, null, 60, 3), mart.score_shrunk(0, 0, 60, 3)").fetchone() == (
        None,
        None,
    )


def test_every_average_of_a_title_has_its_weighted_score_and_bounds(conn, make_day: Callable):
    rows = [
        Imdb(1, "Few", rating=(9.6, 6)),
        Imdb(2, "Many", rating=(8.1, 90_000)),
        Imdb(3, "Unseen"),
        *(Netflix(f"s{number}", title, imdb=number) for number, title in ((1, "Few"), (2, "Many"), (3, "Unseen"))),
        RottenTomatoes("few", "Few", imdb=1, critics=(100, 5), audience=(90, 10)),
        RottenTomatoes("many", "Many", imdb=2, critics=(97, 200), audience=(88, 100_000)),
        RottenTomatoes("unseen", "Unseen", imdb=3, critics=(0, 0)),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute(
        "select title, imdb_low_of_10, imdb_weighted_of_10, imdb_high_of_10, critics_low_pct, critics_weighted_pct,"
        " critics_high_pct, audience_low_pct, audience_weighted_pct, audience_high_pct from mart.titles"
        " order by imdb_low_of_10 desc nulls last"
    ).fetchall()
    assert [tuple(None if value is None else str(value) for value in row) for row in found] == [
        ("Many", "8.07", "8.08", "8.13", "93.61", "96.45", "98.62", "87.79", "88.00", "88.20"),
        ("Few", "6.02", "6.52", "9.98", "56.55", "85.00", "100.00", "59.58", "80.63", "98.22"),
        ("Unseen", *[None] * 9),
    ]
