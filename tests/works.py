"""Small catalogues for the tests of matching: a few rows a side, put straight into staging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.day import Day
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import decide_matches


@dataclass
class Works:
    """Puts works into staging and has them matched.

    people  number of each person by name, given out as names are met
    """

    conn: psycopg.Connection
    day: Day
    people: dict[str, int] = field(default_factory=dict)

    def netflix(
        self,
        source_id: str,
        title: str,
        year: int | None,
        kind: str = "movie",
        directors: Sequence[str] = (),
        actors: Sequence[str] = (),
        runtime: int | None = None,
        seasons: int | None = None,
        categories: Sequence[str] = (),
        description: str | None = None,
    ) -> None:
        values = (source_id, kind, title, [*directors], [*actors], year, runtime, seasons, [*categories], description)
        self.conn.execute(
            "insert into staging.netflix_titles (source_id, line_number, kind, title, directors, actors, countries,"
            " release_year, runtime_min, season_count, categories, description, repairs)"
            " values (%s, 1, %s, %s, %s, %s, '{}', %s, %s, %s, %s, %s, '{}')",
            values,
        )

    def catalogue(
        self,
        source: str,
        source_id: str,
        title: str,
        year: int,
        actors: Sequence[str] = (),
        kind: str = "movie",
        categories: Sequence[str] = (),
    ) -> None:
        """A title of Amazon, Disney+ or Hulu."""
        self.conn.execute(
            sql.SQL(
                "insert into staging.{} (source_id, line_number, kind, title, directors, actors, countries,"
                " release_year, categories, repairs)"
                " values (%s, 1, %s, %s, '{{}}', %s, '{{}}', %s, %s, '{{}}')"
            ).format(sql.Identifier(f"{source}_titles")),
            (source_id, kind, title, [*actors], year, [*categories]),
        )

    def justwatch(
        self, source_id: str, title: str, year: int, actors: Sequence[str] = (), imdb_id: str | None = None
    ) -> None:
        self.conn.execute(
            "insert into staging.justwatch_titles (source_id, line_number, kind, title, release_year, genres,"
            " countries, imdb_id) values (%s, 1, 'movie', %s, %s, '{}', '{}', %s)",
            (source_id, title, year, imdb_id),
        )
        for number, name in enumerate(actors, start=1):
            self.conn.execute(
                "insert into staging.justwatch_credits values (%s, %s, 'actor', %s, %s, '{}')",
                (source_id, number, number, name),
            )

    def rotten_tomatoes(self, source_id: str, title: str, year: int | None, directors: Sequence[str] = ()) -> None:
        self.conn.execute(
            "insert into staging.rotten_tomatoes_movies (source_id, line_number, title, genres, directors, writers,"
            " actors, release_date, repairs) values (%s, 1, %s, '{}', %s, '{}', '{}', make_date(%s, 1, 1), '{}')",
            (source_id, title, list(directors), year),
        )

    def imdb(
        self,
        number: int,
        title: str,
        year: int | None,
        title_type: str = "movie",
        original: str | None = None,
        end_year: int | None = None,
        runtime: int | None = None,
        genres: Sequence[str] = (),
        directors: Sequence[str] = (),
        actors: Sequence[str] = (),
        akas: Sequence[str] = (),
        is_adult: bool = False,
        votes: int | None = None,
    ) -> None:
        self.conn.execute(
            "insert into staging.imdb_titles values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (number, title_type, title, original or title, is_adult, year, end_year, runtime, list(genres)),
        )
        credits = [*((name, "director") for name in directors), *((name, "actor") for name in actors)]
        for order, (name, category) in enumerate(credits, start=1):
            self.conn.execute(
                "insert into staging.imdb_principals values (%s, %s, %s, %s, '{}')",
                (number, order, self._person(name), category),
            )
        if votes is not None:
            self.conn.execute("insert into staging.imdb_ratings values (%s, 7.0, %s)", (number, votes))
        for order, aka in enumerate(akas, start=1):
            self.conn.execute("insert into staging.imdb_akas values (%s, %s, %s)", (number, order, aka))

    def _person(self, name: str) -> int:
        if name not in self.people:
            self.people[name] = len(self.people) + 1
            self.conn.execute(
                "insert into staging.imdb_people values (%s, %s, null, null, '{}', '{}')", (self.people[name], name)
            )
        return self.people[name]

    def find(self) -> dict[str, object]:
        loads.open_load(self.conn, "warehouse", self.day.batch_date, "0" * 64)
        return find_candidates(self.conn, self.day)

    def match(self) -> dict[str, object]:
        """Find and decide; the figures of deciding."""
        self.find()
        return decide_matches(self.conn, self.day)

    def decided(self) -> dict[str, tuple[int | None, str]]:
        """IMDb number and band of each source row, by its id."""
        rows = self.conn.execute("select source_id, imdb_title_number, band from matching.title_decision").fetchall()
        return {source_id: (number, band) for source_id, number, band in rows}

    def linked(self, source_id: str) -> int | None:
        """The IMDb title that a row is linked to, which only the band match is."""
        number, band = self.decided()[source_id]
        return number if band == "match" else None


MakeDay = Callable[..., Day]
