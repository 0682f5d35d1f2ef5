"""History is a function of what was said on which day: any order of the days gives the same."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, permutations

import psycopg
import pytest
from small_star import Imdb, JustWatch, Netflix, RottenTomatoes, Row, run_day

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.steps import STEPS, run_step
from reelhouse.warehousing.contents import content_hashes
from reelhouse.warehousing.publishing import PUBLISHED_TABLES, publish_warehouse

FIRST = date(2021, 9, 20)
PEOPLE = ("Ann Lee", "Bo Ray", "Cy Dee", "Di Fox", "Ed Gar")
TITLES = ("Ares", "Red Sea", "Slow Match", "Egg Videos", "Egg Videos (Hindi)")
REAL_DAYS = (date(2020, 1, 18), date(2021, 1, 16), date(2021, 9, 25))
# What follows from the days that were loaded, whatever their order.
HISTORY = (
    "loaded_day", "hist_source_row", "hist_imdb_absence", "dim_title_history", "fact_title_rating", "fact_availability",
    "fact_list_membership",
)  # fmt: skip
RED_SEA, EGG_VIDEOS = [Netflix("s1", "Red Sea")], [Netflix("s2", "Egg Videos")]
Edition = tuple[date, list[Row]]


def history_hashes(conn: psycopg.Connection) -> dict[str, str]:
    """The digests of the tables that tell what was when."""
    hashes = content_hashes(conn)
    return {table: hashes[table] for table in HISTORY}


def editions(seed: int, days: int) -> list[Edition]:
    """Days on which rows come, go, come back, are renamed, linked, unlinked, renumbered and rated, by chance."""
    chance = random.Random(seed)
    return [(FIRST + timedelta(2 * number), _edition(chance)) for number in range(days)]


def _edition(chance: random.Random) -> list[Row]:
    # Number 9 is on every day: a day on which IMDb has no title at all would be held.
    numbers = [number for number in range(1, 9) if chance.random() < 0.8] + [9]
    rows: list[Row] = [
        Imdb(
            number,
            TITLES[number % 5],
            rating=(round(chance.choice((6.0, 7.0, 8.0)), 1), 100) if chance.random() < 0.8 else None,
            credits=((number, PEOPLE[number % 5], "actor"),),
        )
        for number in numbers
    ]
    free = numbers.copy()
    # Rows without a link that linking finds to be one work, whatever catalogue they stand in.
    one_work = {title for title in TITLES if chance.random() < 0.5}
    for place in range(chance.randint(1, 10)):
        title, kind = chance.choice(TITLES), chance.choice(("movie", "movie", "series"))
        link = free.pop(chance.randrange(len(free))) if free and chance.random() < 0.4 else None
        rows.append(
            Netflix(
                f"s{place + 1}",
                title,
                imdb=link,
                kind=kind,
                source=chance.choice(("netflix", "netflix", "amazon", "hulu")),
                work=f"{title} {kind}" if link is None and title in one_work else None,
                actors=tuple(chance.sample(PEOPLE, chance.choice((0, 1, 2)))),
                description=chance.choice((None, "A ship.", "A city.", "A god.")),
                certification=chance.choice((None, "R")),
                categories=chance.choice(((), ("Dramas",))),
                added=chance.choice((None, FIRST - timedelta(9), FIRST + timedelta(3))),
            )
        )
    for name in ("ares", "red_sea", "slow_match"):
        if chance.random() < 0.7:
            link = chance.choice(numbers) if chance.random() < 0.5 else None
            scores = {"critics": (chance.choice((40, 80)), 10), "audience": (70, 5)}
            title = name.replace("_", " ").title()
            work = f"{title} movie" if link is None and title in one_work else None
            rows.append(RottenTomatoes(name, name, imdb=link, work=work, **scores))
        if chance.random() < 0.7:
            link = chance.choice(numbers) if chance.random() < 0.5 else None
            title = name.replace("_", " ").title()
            work = f"{title} movie" if link is None and title in one_work else None
            rows.append(JustWatch(f"tm{len(rows)}", title, imdb=link, work=work, certification="PG"))
    return rows


def load(conn: psycopg.Connection, make_day, days: Sequence[Edition]) -> dict[str, str]:
    """Load days into an empty warehouse, in the order given; the history that comes of it."""
    tables = ", ".join(f"warehouse.{table.name}" for table in PUBLISHED_TABLES)
    conn.execute(f"truncate {tables}, warehouse.publication cascade")
    for day, rows in days:
        run_day(conn, make_day(day, force=True), rows)
    return history_hashes(conn)


def orders(days: Sequence[Edition], number: int, seed: int) -> Iterator[list[Edition]]:
    chance = random.Random(seed)
    for _ in range(number):
        yield chance.sample(days, len(days))


@pytest.mark.parametrize("seed", [1, 2])
def test_any_order_of_days_gives_the_same_history(conn, make_day, seed):
    days = editions(seed, 4)
    in_order = load(conn, make_day, days)
    everything = content_hashes(conn)
    for order in orders(days, 2, seed):
        assert load(conn, make_day, order) == in_order, [day for day, _ in order]
        assert content_hashes(conn).keys() == everything.keys()


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (2, 1, 0)])
def test_a_row_is_told_of_the_days_it_was_in_whatever_day_comes_last(conn, make_day, order):
    days = [FIRST + timedelta(2 * number) for number in range(3)]
    # One row for each choice of days it is in, so that the day between two joins, cuts, begins and ends runs.
    choices = [choice for size in (1, 2, 3) for choice in combinations(range(3), size)]
    editions = [
        (
            day,
            [
                Imdb(9, "Ares", rating=(8.0, 100)),
                *(Netflix(f"s{row}", f"Row {row}") for row, choice in enumerate(choices) if number in choice),
            ],
        )
        for number, day in enumerate(days)
    ]
    load(conn, make_day, [editions[number] for number in order])
    told: dict[int, list[tuple[int, int]]] = {}
    query = "select title, from_date, least(until_date, %s) from warehouse.hist_source_row where source = 'netflix'"
    for title, first, last in conn.execute(query + " order by from_date", (days[2],)):
        told.setdefault(int(title.split()[1]), []).append((days.index(first), days.index(last)))
    assert {choices[row]: runs for row, runs in told.items()} == {
        (0,): [(0, 0)],
        (1,): [(1, 1)],
        (2,): [(2, 2)],
        (0, 1): [(0, 1)],
        (0, 2): [(0, 0), (2, 2)],
        (1, 2): [(1, 2)],
        (0, 1, 2): [(0, 2)],
    }


def test_an_older_day_whose_file_came_back_has_the_history_of_that_file(conn, make_day):
    day, later = FIRST, (FIRST + timedelta(2), [Imdb(9, "Ares", rating=(8.0, 100)), *RED_SEA, *EGG_VIDEOS])
    wrong = [Imdb(9, "Ares", rating=(6.0, 100)), *RED_SEA, *EGG_VIDEOS]
    right = [Imdb(9, "Ares", rating=(7.0, 100)), *RED_SEA]
    run_day(conn, make_day(day), right)
    run_day(conn, make_day(later[0]), later[1])
    told = []
    for rows in (wrong, right, wrong):
        load_id = run_day(conn, make_day(day), rows)["load_id"]
        told.append(history_hashes(conn))
        assert publish_warehouse(conn, make_day(day))["unchanged"] is True
        # By this the edition of a day is found.
        assert conn.execute(
            "select load_id from ops.load where batch_date = %s order by published_at desc limit 1", (day,)
        ).fetchone() == (load_id,)
    fresh = [load(conn, make_day, [(day, rows), later]) for rows in (wrong, right)]
    assert told == [*fresh, fresh[0]]
    assert fresh[0] != fresh[1]


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
def test_fifty_random_orders_of_seven_days_give_the_same_history(conn, make_day, seed):
    days = editions(100 + seed, 7)
    in_order = load(conn, make_day, days)
    for order in orders(days, 5, seed):
        assert load(conn, make_day, order) == in_order, [day for day, _ in order]


@pytest.mark.full
@pytest.mark.parametrize("seed", range(3))
def test_all_orders_of_three_days_give_the_same_history(conn, make_day, seed):
    days = editions(200 + seed, 3)
    assert len({str(load(conn, make_day, order)) for order in permutations(days)}) == 1


@pytest.fixture(scope="module")
def history_of_real_days() -> dict[str, str]:
    """What the first order gave, for those after it."""
    return {}


@pytest.mark.full
@pytest.mark.real_data
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_all_orders_of_netflix_editions_give_the_same_history(
    dsn, settings, real_data, tmp_path, history_of_real_days, order
):
    data = tmp_path / "data"
    data.mkdir()
    for source in ("netflix", "imdb", "rotten_tomatoes"):
        (data / source).symlink_to(real_data / source)
    for place in (*order, order[0]):
        # Their match rates differ, and a day that is loaded first has nothing to be compared with.
        day = Day(REAL_DAYS[place], replace(settings, data=data), accept="an older edition")
        steps = [step for step in STEPS if step.dag in ("extract_sources", "match_titles", "populate_warehouse")]
        published = [run_step(step.name, dsn, day) for step in steps][-1]
    assert published["rows_changed"] == 0
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        history = history_hashes(conn)
        assert conn.execute("select count(distinct valid_from) from warehouse.dim_title_history").fetchone() == (3,)
    first = history_of_real_days or history
    history_of_real_days.update(history)
    assert history == first
