"""How good matching is on real files, against the labels beside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest

from reelhouse import landing
from reelhouse.day import SOURCES, Day
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import decide_matches
from reelhouse.matching.evaluation import score_links, write_links
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load


@pytest.fixture
def matched(conn: psycopg.Connection, dsn: str, real_data: Path, tmp_path: Path) -> psycopg.Connection:
    """The real files of one day, staged and matched."""
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_DATA": str(real_data), "REELHOUSE_WAREHOUSE_DSN": dsn}
    )
    day = Day(date(2021, 9, 25), settings)
    for action in (landing.land_source, stage_source):
        for source in SOURCES:
            action(conn, day, source)
    open_load(conn, day)
    find_candidates(conn, day)
    decide_matches(conn, day)
    return conn


@pytest.mark.real_data
def test_real_files_are_matched_as_well_as_promised(
    matched: psycopg.Connection, real_data: Path, tmp_path: Path
) -> None:
    figures = {}
    for source in ("netflix", "rotten_tomatoes"):
        links = tmp_path / f"{source}.csv"
        write_links(matched, source, links)
        labels = real_data.parent / "gold" / f"{source}_imdb_dev.csv"
        if not labels.is_file():
            pytest.skip("no labels stand beside the real files")
        figures[source] = score_links(links, labels)
    netflix, tomatoes = figures["netflix"]["all"], figures["rotten_tomatoes"]["all"]
    assert netflix["precision"] >= 0.98, netflix
    assert netflix["recall"] >= 0.95, netflix
    assert netflix["f1"] >= 0.99, netflix
    assert figures["netflix"]["TV Show"]["f1"] >= 0.985, figures["netflix"]
    assert netflix["nil_linked_share"] <= 0.04, netflix
    assert tomatoes["f1"] >= 0.985, tomatoes
    assert min(netflix["match_band_right"], tomatoes["match_band_right"]) >= 0.995
    _expect_one_decision_a_row(matched)
    _expect_little_for_people_to_do(matched)


def _expect_one_decision_a_row(conn: psycopg.Connection) -> None:
    counts = dict(conn.execute("select source, count(*) from matching.title_decision group by source").fetchall())
    (netflix,) = conn.execute("select count(*) from staging.netflix_titles").fetchone()
    (tomatoes,) = conn.execute("select count(*) from staging.rotten_tomatoes_movies").fetchone()
    assert counts == {"netflix": netflix, "rotten_tomatoes": tomatoes}
    series = conn.execute(
        "select count(*) from matching.title_decision inner join staging.imdb_titles using (imdb_title_number)"
        " where source = 'rotten_tomatoes' and title_type in ('tvSeries', 'tvMiniSeries')"
    ).fetchone()
    assert series == (0,)


def _expect_little_for_people_to_do(matched: psycopg.Connection) -> None:
    query = "select source, avg((band = 'review')::integer) from matching.title_decision group by source"
    assert all(share <= 0.05 for _, share in matched.execute(query))
