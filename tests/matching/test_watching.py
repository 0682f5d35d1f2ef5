"""How well a load was matched is kept, and a load of which far more or fewer rows were matched waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from works import Works

from reelhouse import loads
from reelhouse.matching.watching import Decided, Quality, hold_reasons, measure

USUAL = Quality("netflix", "movie", 1000, 900, 20, 80, 0, 0)


def _moved(match: int = 900, review: int = 20, rows: int = 1000, kind: str = "movie") -> Quality:
    return Quality("netflix", kind, rows, match, review, rows - match - review, 0, 0)


def test_rows_are_counted_by_source_kind_and_band() -> None:
    decided = [
        Decided("netflix", "movie", "match", True, False),
        Decided("netflix", "movie", "review", False, False),
        Decided("netflix", "series", "match", False, True),
        Decided("netflix", "series", "no match", False, False),
    ]
    assert measure(decided) == [
        Quality("netflix", "movie", 2, 1, 1, 0, 1, 0),
        Quality("netflix", "series", 2, 1, 0, 1, 0, 1),
    ]


@pytest.mark.parametrize("match", [811, 900, 980])
def test_a_rate_that_moves_less_than_a_tenth_goes_on(match: int) -> None:
    assert hold_reasons([_moved(match)], [USUAL]) == []


def test_a_match_rate_that_falls_by_more_than_a_tenth_holds_in_words() -> None:
    assert hold_reasons([_moved(700)], [USUAL]) == [
        "netflix, every kind: expected a match rate of 81.0% to 99.0% (10% around the published 90.0%),"
        " found 70.0% of 1,000 rows"
    ]


@pytest.mark.parametrize(("review", "reasons"), [(23, 0), (45, 0), (51, 1)])
def test_a_review_share_also_has_to_move_by_enough_rows(review: int, reasons: int) -> None:
    assert len(hold_reasons([_moved(review=review)], [USUAL])) == reasons


def test_of_a_large_source_a_tenth_must_also_be_one_row_in_a_hundred() -> None:
    former = _moved(90_000, 1000, 100_000)
    assert hold_reasons([_moved(90_000, 1900, 100_000)], [former]) == []
    assert len(hold_reasons([_moved(90_000, 2100, 100_000)], [former])) == 1


def test_a_source_of_few_rows_is_never_held() -> None:
    assert hold_reasons([_moved(0, 0, 29)], [_moved(29, 0, 29)]) == []


def test_a_kind_that_breaks_holds_although_the_whole_source_hardly_moves() -> None:
    former = [_moved(8100, 0, 9000), _moved(900, 0, 1000, "series")]
    now = [_moved(8100, 0, 9000), _moved(600, 0, 1000, "series")]
    (reason,) = hold_reasons(now, former)
    assert reason.startswith("netflix, series: expected a match rate of 81.0% to 99.0%")


def test_a_source_that_is_new_or_gone_has_nothing_to_be_compared_with() -> None:
    assert hold_reasons([_moved(0)], []) == []
    assert hold_reasons([], [USUAL]) == []


# --- in the database ------------------------------------------------------------------------------------


@pytest.fixture
def published(works: Works) -> Works:
    """Fifty films, all linked and published; it is the next day now."""
    for number in range(1, 51):
        name = f"Film {chr(96 + number % 26 + 1)}{'xyz'[number // 26]}q"
        works.netflix(f"s{number}", name, 2020, directors=[f"Director {name}"], runtime=90)
        works.imdb(number, name, 2020, directors=[f"Director {name}"], runtime=90)
    figures = works.match()
    assert figures["match_rate"] == {"netflix": 1.0}
    publish(works.conn, figures, works)
    works.day = replace(works.day, batch_date=works.day.batch_date + timedelta(1))
    return works


def publish(conn: psycopg.Connection, figures: dict[str, object], works: Works) -> int:
    """Stamp the load of the day as the publisher would."""
    load_id = loads.current_load(conn, "warehouse", works.day.batch_date).load_id
    conn.execute(
        "insert into warehouse.publication values ('warehouse', %s, %s, clock_timestamp()) on conflict (part)"
        " do update set load_id = excluded.load_id, batch_date = excluded.batch_date",
        (load_id, works.day.batch_date),
    )
    conn.execute("update ops.load set state = 'published', published_at = clock_timestamp() where load_id = %s",
                 (load_id,))  # fmt: skip
    return load_id


def _lose(works: Works, count: int) -> None:
    works.conn.execute("delete from staging.imdb_titles where imdb_title_number <= %s", (count,))
    works.conn.execute("delete from staging.imdb_principals where imdb_title_number <= %s", (count,))


def test_a_day_like_the_one_before_goes_on_and_both_are_shown(published: Works) -> None:
    published.match()
    rows = published.conn.execute(
        "select batch_date, source, kind, row_count, match_rate, former_match_rate from mart.match_quality order by 1"
    ).fetchall()
    day = published.day.batch_date
    assert [(row[0], *row[1:4], float(row[4]), row[5] and float(row[5])) for row in rows] == [
        (day - timedelta(1), "netflix", "movie", 50, 1.0, None), (day, "netflix", "movie", 50, 1.0, 1.0),
    ]  # fmt: skip


def test_a_day_with_far_fewer_links_is_objected_to_until_a_person_accepts_it(published: Works) -> None:
    _lose(published, 31)
    (reason,) = published.match()["objections"]
    assert reason.startswith("netflix, every kind: expected a match rate of 90.0% to 100.0%")
    load_id = loads.current_load(published.conn, "warehouse", published.day.batch_date).load_id
    assert loads.objections(published.conn, load_id) == [("match rate", reason)]
    usual = published.day
    published.day = replace(usual, accept="IMDb took its Indian titles away")
    assert published.match()["match_rate"] == {"netflix": 0.38}
    published.day = usual
    assert "objections" not in published.match()
    recorded = published.conn.execute("select reason, cardinality(overridden) from ops.override").fetchall()
    assert recorded == [("IMDb took its Indian titles away", 1)]


def test_a_load_is_not_compared_with_one_that_nobody_saw(published: Works) -> None:
    _lose(published, 31)
    assert published.match()["objections"]
    published.day = replace(published.day, batch_date=published.day.batch_date + timedelta(1))
    assert published.match()["objections"]


def test_a_day_that_is_filled_in_is_measured_by_the_day_before_it(published: Works) -> None:
    first = published.day.batch_date - timedelta(1)
    _lose(published, 31)
    published.day = replace(published.day, batch_date=first - timedelta(9))
    assert "objections" not in published.match()
    published.day = replace(published.day, batch_date=first + timedelta(9), accept="IMDb took its Indian titles away")
    publish(published.conn, published.match(), published)
    # As many as readers see now, and far fewer than the day before it had.
    published.day = replace(published.day, batch_date=first + timedelta(5), accept=None)
    (reason,) = published.match()["objections"]
    assert "around the published 100.0%" in reason
