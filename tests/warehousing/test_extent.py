"""A build of what changed gives the warehouse that a build of everything gives, whatever changed."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, JustWatch, Netflix, RottenTomatoes, run_day

from reelhouse import loads
from reelhouse.database import set_layer
from reelhouse.day import Day
from reelhouse.errors import OutOfStep
from reelhouse.matching.keys import fold_name, person_key
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.contents import content_hashes
from reelhouse.warehousing.publishing import publish_warehouse

DAY = date(2021, 9, 25)
PEOPLE, TITLES = range(10, 22), range(1, 15)
ROLES = ("actor", "actress", "director", "writer")
ROWS = [
    *(
        Imdb(
            number, f"Title {number}", 2000 + number, rating=(5 + number / 10, 100 * number) if number % 3 else None,
            genres=("Drama",) if number % 2 else ("Comedy", "Horror"), directors=(10 + number % 5,),
            credits=tuple((10 + (number + place) % 12, f"Person {10 + (number + place) % 12}", role)
                          for place, role in enumerate(ROLES)),
        )
        for number in TITLES
    ),
    Netflix("s1", "Title 1", 2001, imdb=1, actors=("Person 11", "Nobody Known")),
    Netflix("s2", "Title 2", 2002, imdb=2),
    Netflix("s3", "Only Here", 2003, actors=("Nobody Known",)),
    RottenTomatoes("title_3", "Title 3", 2003, imdb=3, critics=(80, 40)),
    JustWatch("tm1", "Title 1", 2001, imdb=1, certification="R"),
    JustWatch("tm8", "Title 8", 2008, imdb=8, certification="PG", runtime=88),
]  # fmt: skip

# --- what may change from day to day ---------------------------------------------------------------------


def change_rating(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "update staging.imdb_ratings set imdb_vote_count = imdb_vote_count + %s where imdb_title_number = %s",
        (dice.randint(1, 9), dice.choice(TITLES)),
    )


def lose_rating(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute("delete from staging.imdb_ratings where imdb_title_number = %s", (dice.choice(TITLES),))


def rename_title(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "update staging.imdb_titles set primary_title = primary_title || '!', genres = %s where imdb_title_number = %s",
        ([dice.choice(("Drama", "Western", "Word Nobody Knows"))], dice.choice(TITLES)),
    )


def lose_title(conn: psycopg.Connection, dice: random.Random) -> None:
    number = dice.choice(TITLES)
    for table in ("titles", "ratings", "principals", "crew"):
        conn.execute(f"delete from staging.imdb_{table} where imdb_title_number = %s", (number,))


def find_title(conn: psycopg.Connection, dice: random.Random) -> None:
    number = dice.choice(TITLES)
    conn.execute(
        "insert into staging.imdb_titles values (%s, 'movie', %s, %s, false, 2020, null, 90, '{Drama}')"
        " on conflict do nothing",
        (number, f"Again {number}", f"Again {number}"),
    )
    conn.execute("insert into staging.imdb_crew values (%s, '{}', '{}') on conflict do nothing", (number,))


def add_credit(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "insert into staging.imdb_principals select %s, %s, %s, %s, '{Somebody}'"
        " where exists (select from staging.imdb_titles where imdb_title_number = %s) on conflict do nothing",
        (number := dice.choice(TITLES), dice.randint(1, 9), dice.choice(PEOPLE), dice.choice(ROLES), number),
    )


def lose_credit(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "delete from staging.imdb_principals where imdb_title_number = %s and billing_order <= %s",
        (dice.choice(TITLES), dice.randint(1, 3)),
    )


def change_crew(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "update staging.imdb_crew set director_numbers = %s, writer_numbers = %s where imdb_title_number = %s",
        (dice.sample(PEOPLE, 2), dice.sample(PEOPLE, 1), dice.choice(TITLES)),
    )


def rename_person(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "update staging.imdb_people set birth_year = 1950 + %s where imdb_person_number = %s",
        (dice.randint(1, 40), dice.choice(PEOPLE)),
    )


def lose_person(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute("delete from staging.imdb_people where imdb_person_number = %s", (dice.choice(PEOPLE),))


def find_person(conn: psycopg.Connection, dice: random.Random) -> None:
    number = dice.choice(PEOPLE)
    name = f"Person {number}"
    conn.execute(
        "insert into staging.imdb_people values (%s, %s, null, null, '{}', '{}') on conflict do nothing", (number, name)
    )
    conn.execute(
        "insert into matching.imdb_person_name values (%s, %s, %s) on conflict do nothing",
        (number, fold_name(name), person_key(fold_name(name))),
    )


def relink(conn: psycopg.Connection, dice: random.Random) -> None:
    number = dice.choice((None, *TITLES[:4]))
    conn.execute(
        "update matching.title_decision set imdb_title_number = %s, band = %s where source_id = %s",
        (number, "match" if number else "no match", dice.choice(("s1", "s2", "s3", "title_3"))),
    )


def change_justwatch(conn: psycopg.Connection, dice: random.Random) -> None:
    conn.execute(
        "update staging.justwatch_titles set certification = %s where source_id = %s",
        (dice.choice((None, "G", "NR", "Word Nobody Knows")), dice.choice(("tm1", "tm8"))),
    )
    conn.execute("update ops.staged_file set staged_sha256 = %s where source = 'justwatch'", (dice.random(),))
    conn.execute(
        "update matching.title_decision set imdb_title_number = %s where source_id = %s",
        (dice.choice(TITLES), dice.choice(("tm1", "tm8"))),
    )


CHANGES: tuple[Callable[[psycopg.Connection, random.Random], None], ...] = (
    change_rating, lose_rating, rename_title, lose_title, find_title, add_credit, lose_credit, change_crew,
    rename_person, lose_person, find_person, relink, change_justwatch,
)  # fmt: skip

# --- the law ---------------------------------------------------------------------------------------------


def open_day(conn: psycopg.Connection, day: Day, known_as: str) -> None:
    """A load of what staging holds now, as open_load and the matching leave it."""
    with conn.transaction():
        load = loads.open_load(conn, "warehouse", day.batch_date, hashlib.sha256(known_as.encode()).hexdigest())
        conn.execute(
            "insert into ops.file_load (load_id, file_id, source, file_name, rows_in, rows_staged, rows_filtered,"
            " rows_quarantined, rows_duplicate, rows_repaired, seconds) select %s, file_id, source, file_name, rows_in,"
            " rows_staged, rows_filtered, rows_quarantined, rows_duplicate, rows_repaired, seconds"
            " from ops.staged_file",
            (load.load_id,),
        )
        set_layer(conn, "matching", load.load_id)


def take(conn: psycopg.Connection, day: Day) -> tuple[dict[str, object], dict[str, object]]:
    built = build_warehouse(conn, day)
    check_warehouse(conn, day)
    return built, publish_warehouse(conn, day)


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(3, 40))])
def test_a_whole_build_finds_nothing_that_a_build_of_the_changes_has_missed(conn, make_day, seed):
    dice = random.Random(seed)
    run_day(conn, make_day(DAY), ROWS)
    for number in range(1, 5):
        for change in dice.choices(CHANGES, k=dice.randint(0, 3)):
            change(conn, dice)
        day = DAY + timedelta(number)
        open_day(conn, make_day(day), f"{seed} {number}")
        built, _ = take(conn, make_day(day))
        assert built["is_whole"] is False
        hashes = content_hashes(conn)
        built, published = take(conn, make_day(day, force=True))
        assert built["is_whole"] is True
        assert (published["tables"], content_hashes(conn)) == ({}, hashes)


def test_what_did_not_change_is_not_built(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    conn.execute("update staging.imdb_ratings set imdb_vote_count = 7 where imdb_title_number = 7")
    open_day(conn, make_day(DAY + timedelta(1)), "one rating")
    built, published = take(conn, make_day(DAY + timedelta(1)))
    # The title, the four that the catalogues have, and one of JustWatch.
    assert built["rows"]["dim_title"] == 6
    assert published["tables"]["fact_title_rating"]["inserted"] == 1


def test_a_day_on_which_nothing_changed_is_noted_and_not_built(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    checks = "select check_name, rows_found from ops.check_result where load_id = %s order by 1"
    later = make_day(DAY + timedelta(1))
    open_day(conn, later, "the same")
    built, published = take(conn, later)
    assert (built["is_repeated"], list(built["rows"])) == (True, ["loaded_day"])
    assert published["tables"] == {"loaded_day": {"inserted": 4, "updated": 0, "deleted": 0}}
    asked = [conn.execute(checks, (load,)).fetchall() for load in (published["load_id"] - 1, published["load_id"])]
    assert asked[0] == asked[1] != []
    hashes = content_hashes(conn)
    built, published = take(conn, make_day(later.batch_date, force=True))
    assert (built["is_whole"], published["tables"], content_hashes(conn)) == (True, {}, hashes)


def test_a_changed_row_or_link_makes_a_day_that_is_built(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    for number, change in enumerate((rename_person, relink), 1):
        change(conn, random.Random(3))
        day = make_day(DAY + timedelta(number))
        open_day(conn, day, change.__name__)
        built, _ = take(conn, day)
        assert built["is_repeated"] is False, change.__name__


def test_changes_of_a_load_that_is_not_published_are_in_the_next_one(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    conn.execute("update staging.imdb_titles set primary_title = 'Held' where imdb_title_number = 9")
    open_day(conn, make_day(DAY + timedelta(1)), "held")
    build_warehouse(conn, make_day(DAY + timedelta(1)))
    open_day(conn, make_day(DAY + timedelta(2)), "next")
    built, _ = take(conn, make_day(DAY + timedelta(2)))
    assert built["is_whole"] is False
    assert conn.execute("select title from warehouse.dim_title where title_key = 9").fetchone() == ("Held",)


def test_a_build_on_top_of_what_readers_do_not_see_any_more_is_not_published(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    later = make_day(DAY + timedelta(1))
    open_day(conn, later, "later")
    build_warehouse(conn, later)
    check_warehouse(conn, later)
    conn.execute("insert into ops.load (part, batch_date, input_sha256) values ('warehouse', '2021-01-01', 'other')")
    conn.execute("update warehouse.publication set publishing_id = null, load_id = (select max(load_id) from ops.load)")
    with pytest.raises(OutOfStep, match="Run build_warehouse again"):
        publish_warehouse(conn, later)


def test_a_day_before_one_that_was_published_is_built_as_a_whole(conn, make_day):
    run_day(conn, make_day(DAY), ROWS)
    earlier = make_day(DAY - timedelta(1))
    open_day(conn, earlier, "earlier")
    assert build_warehouse(conn, earlier)["is_whole"] is True
