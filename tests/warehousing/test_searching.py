"""The search tables follow what is published: looking only at what changed gives what looking at everything gives."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from small_star import Imdb, Netflix, run_day, stage_rows

from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse
from reelhouse.warehousing.searching import SEARCH_TABLES, refresh_search

DAY = date(2021, 9, 25)
GENRES = ("Drama", "Crime", "Comedy", "Horror")


class Titles:
    """Twelve titles of which each day some change in one thing: name, votes, genres, catalogue, or being there."""

    def __init__(self, generator: random.Random) -> None:
        self.generator = generator
        self.known = {
            number: {"name": 1, "votes": 100 * number, "genres": 2, "netflix": number % 2, "there": True}
            for number in range(1, 13)
        }

    def change(self) -> None:
        for number in self.generator.sample(sorted(self.known), 5):
            what = self.generator.choice(list(self.known[number]))
            last = self.known[number][what]
            self.known[number][what] = {
                "name": self.generator.randrange(9), "votes": self.generator.randrange(5, 10**5),
                "genres": self.generator.randrange(1, 5), "netflix": not last, "there": not last,
            }[what]  # fmt: skip

    def rows(self) -> list:
        rows: list = []
        for number, now in self.known.items():
            if now["there"]:
                name = f"The {number} of {now['name']}"
                rows.append(Imdb(number, name, rating=(6.5, now["votes"]), genres=GENRES[: now["genres"]]))
                if now["netflix"]:
                    rows.append(Netflix(f"s{number}", name, imdb=number))
        return rows


def held(conn) -> list:
    query = "select ctid, xmin, search.* from warehouse.{} as search order by ctid"
    return [conn.execute(query.format(table)).fetchall() for table in SEARCH_TABLES]


@pytest.mark.parametrize("days", [6, pytest.param(40, marks=pytest.mark.full)])
def test_looking_at_what_changed_gives_what_looking_at_everything_gives(conn, make_day, settings, days) -> None:
    titles = Titles(random.Random(days))
    for number in range(days):
        day = make_day(DAY + timedelta(days=number))
        stage_rows(conn, day, titles.rows())
        # Staging here is emptied each time, which is no change of names.
        conn.execute("delete from matching.renamed_title")
        build_warehouse(conn, day)
        check_warehouse(conn, day)
        publish_warehouse(conn, day)
        before = held(conn)
        refresh_search(conn, settings.sql)
        assert held(conn) == before, number
        titles.change()
    assert all(before)


def test_a_name_of_another_country_is_found_though_the_title_did_not_change(conn, make_day, settings) -> None:
    rows = [Imdb(1, "Alpha", rating=(7.0, 100)), Imdb(2, "Beta"), Netflix("s1", "Alpha", imdb=1)]
    run_day(conn, make_day(DAY), rows)
    run_day(conn, make_day(DAY + timedelta(days=1)), [*rows, Imdb(3, "Gamma")])
    names = "select search_name from warehouse.title_name where title_key = 1 order by 1"
    assert conn.execute(names).fetchall() == [("alpha",)]
    assert conn.execute("select count(*) from matching.renamed_title").fetchone() == (0,)
    # As matching stores changed names: those of the title go, and come anew.
    conn.execute("delete from matching.imdb_title_name where imdb_title_number = 1")
    conn.execute("insert into matching.imdb_title_name values (1, 'primary', 'Alpha', 'alpha', 'alpha'),"
                 " (1, 'aka', 'Alfa', 'alfa', 'alfa')")  # fmt: skip
    assert conn.execute("select * from matching.renamed_title").fetchall() == [(1,)]
    unchanged = refresh_of_nothing(conn, settings)
    assert conn.execute(names).fetchall() == [("alfa",), ("alpha",)]
    assert unchanged


def test_a_title_is_found_by_the_name_that_a_catalogue_gives_it(conn, make_day) -> None:
    rows = [Imdb(1, "The Grasshopper and the Ants"), Netflix("s1", "Ants and a Grasshopper", imdb=1, source="disney")]
    run_day(conn, make_day(DAY), rows)
    names = "select search_name, is_main from warehouse.title_name order by 1"
    assert conn.execute(names).fetchall() == [("ants and a grasshopper", False), ("grasshopper and the ants", True)]
    renamed = [rows[0], Netflix("s1", "Ants, and One Grasshopper", imdb=1, source="disney")]
    run_day(conn, make_day(DAY + timedelta(days=1)), renamed)
    assert conn.execute(names).fetchall() == [("ants and one grasshopper", False), ("grasshopper and the ants", True)]


def refresh_of_nothing(conn, settings) -> bool:
    """As a publish that changes no title itself does it; tells whether it looked at less than everything."""
    from reelhouse.warehousing.differences import Difference

    (number,) = conn.execute("select max(publishing_id) + 1 from ops.publishing").fetchone()
    conn.execute("update warehouse.title_name set vote_count = 7 where title_key = 2")
    refresh_search(conn, settings.sql, Difference(number, None, {}, [], ""))
    return conn.execute("select vote_count from warehouse.title_name where title_key = 2").fetchone() == (7,)
