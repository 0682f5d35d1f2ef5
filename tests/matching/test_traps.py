"""The adversarial pack: every case of trap_cases.py through the real pipeline, all in one database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from trap_cases import CASES, MATCH, STOCK, Case, Row
from works import Works

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.settings import read_settings

# IMDb numbers given to each case.
SPAN = 100


@dataclass(frozen=True)
class Matched:
    """What the pipeline decided on all cases, and the candidates it looked at.

    decided     number and band of each row, by source id
    candidates  numbers weighed for each row
    """

    decided: dict[str, tuple[int | None, str]]
    candidates: dict[str, set[int]]


@pytest.fixture(scope="module")
def matched(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Matched:
    """All cases staged, matched once."""
    home = tmp_path_factory.mktemp("traps") / "home"
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        works = Works(conn, Day(date(2026, 1, 31), settings))
        for number, case in enumerate(CASES, start=1):
            stage_case(works, number, case)
        works.match()
        pairs = conn.execute("select source_id, imdb_title_number from matching.candidate_pair").fetchall()
        candidates: dict[str, set[int]] = {}
        for source_id, title in pairs:
            candidates.setdefault(source_id, set()).add(title)
        return Matched(works.decided(), candidates)


def stage_case(works: Works, number: int, case: Case) -> None:
    named = people_of(number)
    for place, title in enumerate(case.titles, start=1):
        works.imdb(
            number * SPAN + place,
            title.title,
            title.year,
            title.type,
            original=title.original,
            end_year=title.end,
            runtime=title.minutes,
            genres=title.genres,
            directors=named(title.by),
            actors=named(title.cast),
            akas=title.akas,
            is_adult=title.adult,
            votes=title.votes,
        )
    for place, row in enumerate(case.rows, start=1):
        if row.tomato:
            works.rotten_tomatoes(row.tomato, row.title, row.year, named(row.by))
        else:
            works.netflix(
                source_id_of(number, place, row),
                row.title,
                row.year,
                "series" if row.series else "movie",
                directors=named(row.by),
                actors=named(row.cast),
                runtime=row.minutes,
                seasons=row.seasons,
                categories=row.genres,
                description=row.about,
            )


def people_of(number: int) -> Callable[[tuple[str, ...]], list[str]]:
    """People of the stock lists are others in every case, so that no case finds another one's titles."""
    mark = chr(ord("a") + number // 26) + chr(ord("a") + number % 26)
    return lambda names: [name + mark if name in STOCK else name for name in names]


def source_id_of(number: int, place: int, row: Row) -> str:
    return row.tomato or f"s{number * SPAN + place}"


@pytest.mark.parametrize(("number", "case"), [*enumerate(CASES, start=1)], ids=[case.name for case in CASES])
def test_trap(matched: Matched, number: int, case: Case) -> None:
    for place, row in enumerate(case.rows, start=1):
        decided, band = matched.decided[source_id_of(number, place, row)]
        said = f"{row.title}: {case.why}"
        if row.to is None and row.bands == MATCH:
            assert band != "match", said
        else:
            assert band in row.bands, said
            assert row.to is None or decided == number * SPAN + row.to, said


def test_no_case_meets_another_ones_titles(matched: Matched) -> None:
    own = {
        source_id_of(number, place, row): number
        for number, case in enumerate(CASES, start=1)
        for place, row in enumerate(case.rows, start=1)
    }
    assert own.keys() == matched.decided.keys()
    strange = {
        source_id: titles
        for source_id, titles in matched.candidates.items()
        if any(title // SPAN != own[source_id] for title in titles)
    }
    assert strange == {}


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
