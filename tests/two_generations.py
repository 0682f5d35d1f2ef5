"""One day whose files come in two generations, by turns: every part of the star tells which of them it is of.

The same generation on the same day is the same content, however often the other one came between. So a fault has
done no harm when, afterwards, the warehouse holds wholly the one or wholly the other, and a retry the wanted one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from small_star import Imdb, Netflix, Row, run_day, stage_rows

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.settings import read_settings
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.contents import content_hashes

DAY = date(2021, 9, 25)
TITLES = 8
VOTES = 1000
COUNTRIES = ("India", "Peru")

Hashes = dict[str, str]

# Generations as four tables of the star tell it, and as the publication does, of one title.
STAMP = "select load_id from warehouse.publication where part = 'warehouse'"
TOLD = (
    "select (select (imdb_vote_count - 1000)::text from warehouse.fact_title_rating where title_key = %(title)s),"
    " (select right(description, 1) from warehouse.dim_title where title_key = %(title)s),"
    " (select right(person_name, 1) from warehouse.bridge_title_person_role"
    "  inner join warehouse.dim_person using (person_key) where title_key = %(title)s and person_name like 'Bo%%'),"
    " (select case country when 'India' then '0' else '1' end from warehouse.bridge_title_country"
    "  inner join warehouse.dim_country using (country_key) where title_key = %(title)s)"
)
TOLD_BY_MART = (
    "select (imdb_vote_count - 1000)::text, right(description, 1), right(cast_names[2], 1),"
    " case countries[1] when 'India' then '0' else '1' end from mart.titles where title_key = %(title)s"
)


def rows_of(generation: int) -> list[Row]:
    """The day's files: each title has another score, cast, country, genre and description in each generation."""
    found: list[Row] = []
    for number in range(1, TITLES + 1):
        genre = ("Drama", "Crime")[generation]
        name = f"Ann{number} Lee"
        found.append(
            Imdb(
                number, f"Title {number}", rating=(7.0, VOTES + generation), genres=(genre,),
                credits=((1000 + number, name, "actress"),),
            )
        )  # fmt: skip
        found.append(
            Netflix(
                f"s{number}", f"Title {number}", imdb=number, actors=(name, f"Bo{number} Ray{generation}"),
                countries=(COUNTRIES[generation],), description=f"generation {generation}",
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Star:
    """A warehouse in which both generations have been published without a fault.

    hashes  content after each of them
    """

    dsn: str
    conn: psycopg.Connection
    day: Day
    hashes: tuple[Hashes, Hashes]

    def seen(self, conn: psycopg.Connection | None = None) -> int:
        """Which generation the warehouse holds, wholly."""
        found = content_hashes(conn or self.conn)
        torn = [{name: kept for name, kept in found.items() if whole.get(name) != kept} for whole in self.hashes]
        assert found in self.hashes, f"torn: neither generation; what differs from the one and from the other: {torn}"
        return self.hashes.index(found)

    def prepare(self, generation: int) -> int:
        """All that comes before the publish. Gives load_id."""
        load_id = stage_rows(self.conn, self.day, rows_of(generation))
        build_warehouse(self.conn, self.day)
        check_warehouse(self.conn, self.day)
        return load_id

    def stamped_load(self) -> int:
        return self.conn.execute(STAMP).fetchone()[0]


@contextmanager
def a_star(dsn: str, home: Path) -> Iterator[Star]:
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": dsn})
    day = Day(DAY, settings)
    with connect(dsn, "faults", autocommit=True) as conn:
        run_day(conn, day, rows_of(1))
        found: list[Hashes] = []
        for generation in (0, 1):
            run_day(conn, day, rows_of(generation))
            found.append(content_hashes(conn))
        assert found[0] != found[1]
        yield Star(dsn, conn, day, (found[0], found[1]))
