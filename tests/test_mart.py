"""The functions and views of the mart: what fits, what moved, who worked with whom; on a few titles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.settings import read_settings

DAY = date(2021, 9, 25)
NEXT = DAY + timedelta(7)
PEOPLE = {number: f"Person {number}" for number in range(10, 20)}


def cast(*numbers: int) -> tuple[tuple[int, str, str], ...]:
    return tuple((number, PEOPLE[number], "actor") for number in numbers)


# A chain of people 10 - 11 - 12 - 13 - 14, with a detour 10 - 15 - 16 - 12, and 18 - 19 apart from all.
CHAIN = [
    Imdb(101, "Ten Eleven", 2001, credits=cast(10, 11)),
    Imdb(102, "Eleven Twelve", 2002, credits=cast(11, 12)),
    Imdb(103, "Twelve Thirteen", 2003, credits=cast(12, 13)),
    Imdb(104, "Thirteen Fourteen", 2004, credits=cast(13, 14)),
    Imdb(105, "Ten Fifteen", 2005, credits=cast(10, 15)),
    Imdb(106, "Fifteen Sixteen", 2006, credits=cast(15, 16)),
    Imdb(107, "Sixteen Twelve", 2007, credits=cast(16, 12)),
    Imdb(108, "Apart", 2008, credits=cast(18, 19)),
    Imdb(109, "Ten Eleven Again", 2019, credits=cast(11, 10)),
]
ROWS = [
    *CHAIN,
    Imdb(1, "Short And Sweet", 2018, rating=(8.0, 5000), genres=("Comedy",)),
    Imdb(2, "For Grown-ups", 2019, rating=(9.0, 5000), genres=("Comedy", "Horror")),
    Imdb(3, "Age Unknown", 2020, rating=(9.5, 5000), genres=("Comedy",)),
    Imdb(4, "Nine Votes", 2020, rating=(9.9, 9), genres=("Comedy",)),
    Imdb(5, "Will Leave", 2015, rating=(6.0, 100), genres=("Drama",)),
    Netflix("s1", "Short And Sweet", 2018, imdb=1, certification="PG"),
    Netflix("s2", "For Grown-ups", 2019, imdb=2, certification="R"),
    Netflix("s3", "Age Unknown", 2020, imdb=3, certification="NR"),
    Netflix("s4", "Nine Votes", 2020, imdb=4, certification="TV-G"),
    Netflix("s5", "Will Leave", 2015, imdb=5, certification="TV-G", added=date(2019, 5, 1)),
    RottenTomatoes("sweet", "Short And Sweet", 2018, imdb=1, critics=(80, 100), audience=(20, 100)),
    RottenTomatoes("grown", "For Grown-ups", 2019, imdb=2, critics=(90, 2), audience=(10, 2)),
]
# A week later: a title has left, one came, scores have moved.
ROWS_NEXT = [
    *(row for row in ROWS if not (isinstance(row, Netflix) and row.source_id == "s5") and row is not ROWS[9]),
    Imdb(1, "Short And Sweet", 2018, rating=(8.2, 5600), genres=("Comedy",)),
    Netflix("s6", "Brand New", 2021, kind="series", certification="TV-G"),
]  # fmt: skip


@pytest.fixture(scope="module")
def star(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    """Two editions a week apart, published; nobody writes here."""
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path_factory.mktemp("home")), "REELHOUSE_WAREHOUSE_DSN": module_dsn}
    )
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, Day(DAY, settings), ROWS)
        run_day(conn, Day(NEXT, settings), ROWS_NEXT)
        yield conn


def titles(star: psycopg.Connection, call: str) -> list[str]:
    return [row[0] for row in star.execute(f"select title from {call}").fetchall()]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("", ["Age Unknown", "For Grown-ups", "Short And Sweet", "Nine Votes", "Brand New"]),
        ("max_age => 13", ["Short And Sweet", "Nine Votes", "Brand New"]),
        ("max_age => 13, max_minutes => 100", ["Short And Sweet", "Nine Votes"]),
        ("genres => '{Horror,Western}'", ["For Grown-ups"]),
        ("without_genres => '{Horror}', min_imdb_of_10 => 9", ["Age Unknown", "Nine Votes"]),
        ("min_critics_pct => 80, max_year => 2018", ["Short And Sweet"]),
        ("kinds => '{series}'", ["Brand New"]),
        ("genres => '{horror, WESTERN}', platforms => '{Netflix}', kinds => '{Movie}'", ["For Grown-ups"]),
        ("without_genres => '{horror}', min_imdb_of_10 => 9", ["Age Unknown", "Nine Votes"]),
        ("platforms => '{hulu}'", []),
        ("min_minutes => 101", []),
        ("max_rows => 1", ["Age Unknown"]),
    ],
)
def test_what_to_watch_fits_what_is_asked_and_nothing_unknown_fits(star, filters, expected):
    assert titles(star, f"mart.what_to_watch({filters})") == expected


def test_what_to_watch_tells_every_platform_that_has_the_title(star):
    with star.transaction(force_rollback=True):
        star.execute(
            "insert into warehouse.bridge_title_source select (jsonb_populate_record(bridge, jsonb_build_object("
            " 'source', 'hulu', 'source_id', 'h1', 'platform_key',"
            "  (select platform_key from warehouse.dim_platform where platform = 'hulu')))).*"
            " from warehouse.bridge_title_source as bridge inner join warehouse.dim_title using (title_key)"
            " where source = 'netflix' and title = 'Short And Sweet'"
        )
        call = "select title, on_platforms from mart.what_to_watch(platforms => '{hulu}')"
        assert star.execute(call).fetchall() == [("Short And Sweet", ["hulu", "netflix"])]


def test_rating_history_has_the_day_and_what_moved(star):
    found = star.execute(
        "select rating_date, until_date, imdb_rating_of_10, imdb_change, imdb_votes_gained, critics_change, is_newest"
        " from mart.rating_history where title_key = 1 order by 1"
    ).fetchall()
    assert found == [
        (DAY, NEXT, Decimal("8.0"), None, None, None, False),
        (NEXT, None, Decimal("8.2"), Decimal("0.2"), 600, 0, True),
    ]


def test_two_reviews_disagree_with_nobody_for_sure(star):
    found = star.execute(
        "select title_key, gap, sure_gap > 0 from mart.score_disagreement"
        " where higher_judge = 'critics' and lower_judge = 'audience' order by 1"
    ).fetchall()
    assert found == [(1, Decimal(60), True), (2, Decimal(80), False)]


def test_arrived_and_left_within_a_period(star):
    call = "select event_date, event, title, stayed_days from mart.arrived_and_left('netflix', %s, %s)"
    assert star.execute(call, (NEXT, NEXT)).fetchall() == [
        (NEXT, "arrived", "Brand New", None), (NEXT, "left", "Will Leave", (NEXT - date(2019, 5, 1)).days),
    ]  # fmt: skip
    assert star.execute(call, (date(2019, 1, 1), date(2019, 12, 31))).fetchall() == [
        (date(2019, 5, 1), "arrived", "Will Leave", None)
    ]
    shouted = call.replace("'netflix'", "' NETFLIX '")
    assert star.execute(shouted, (NEXT, NEXT)).rowcount == 2


def test_collaborations_of_a_person_are_those_on_all_titles(star):
    found = star.execute(
        "select other_person_name, titles_together, first_year, last_year from mart.collaborations(10, min_titles => 1)"
    ).fetchall()
    assert found == [("Person 11", 2, 2001, 2019), ("Person 15", 1, 2005, 2005)]
    # None of these titles is on a platform.
    assert star.execute("select * from mart.collaborations(min_titles => 1)").fetchall() == []


def test_a_work_that_turned_out_to_be_another_one_is_no_second_title_of_its_people(star):
    together = "select titles_together from mart.collaborations(10, min_titles => 1) where other_person_key = 11"
    credits = "select count(*) from mart.title_people where person_key = 10"
    # Nobody but the other one's credits has both.
    way = "select step from mart.people_path(10, 18)"
    before = [star.execute(asked).fetchall() for asked in (together, credits, way)]
    with star.transaction(force_rollback=True):
        star.execute(
            "insert into warehouse.dim_title select (jsonb_populate_record(dim_title,"
            ' \'{"title_key": 1000000000777, "imdb_title_id": null, "is_current": false}\')).*'
            " from warehouse.dim_title where title_key = (select min(title_key)"
            "  from warehouse.bridge_title_person_role where person_key = 10)"
        )
        star.execute(
            "insert into warehouse.bridge_title_person_role select (jsonb_populate_record(credit,"
            " '{\"title_key\": 1000000000777}')).* from warehouse.bridge_title_person_role as credit"
            " where title_key = (select min(title_key) from warehouse.bridge_title_person_role where person_key = 10)"
        )
        star.execute(
            "insert into warehouse.bridge_title_person_role select (jsonb_populate_record(credit,"
            ' \'{"person_key": 18, "role_key": 1, "weight": 1}\')).*'
            " from warehouse.bridge_title_person_role as credit where title_key = 1000000000777"
            " order by role_key, person_key limit 1 on conflict do nothing"
        )
        assert star.execute(way).fetchall() == [(0,), (1,)]
        star.execute(
            "insert into warehouse.title_identity (title_key, natural_key, first_seen_date, merged_into)"
            " select 1000000000777, 'netflix|movie|was another|2001', %s, min(title_key)"
            " from warehouse.bridge_title_person_role where person_key = 10",
            (DAY,),
        )
        assert [star.execute(asked).fetchall() for asked in (together, credits, way)] == before


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((10, 14), [(10, None), (11, "Ten Eleven"), (12, "Eleven Twelve"), (13, "Twelve Thirteen"),
                    (14, "Thirteen Fourteen")]),
        ((14, 10), [(14, None), (13, "Thirteen Fourteen"), (12, "Twelve Thirteen"), (11, "Eleven Twelve"),
                    (10, "Ten Eleven")]),
        ((15, 12), [(15, None), (16, "Fifteen Sixteen"), (12, "Sixteen Twelve")]),
        ((18, 18), [(18, None)]),
        ((10, 18), []),
        ((10, 999), []),
    ],
)  # fmt: skip
def test_people_path_is_a_shortest_way(star, ends, expected):
    found = star.execute("select person_key, by_title from mart.people_path(%s, %s)", ends).fetchall()
    assert found == expected


def test_people_path_ends_at_its_bound(star):
    assert star.execute("select * from mart.people_path(10, 14, max_titles => 3)").fetchall() == []
