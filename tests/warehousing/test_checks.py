"""Each check of the warehouse finds what it is for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, stage_rows

from reelhouse.errors import SettingsWrong
from reelhouse.settings import read_settings
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import read_checks, run_check

FILES = ("warehouse.sql", "history.sql")
CHECKS = {check.name: check for file in FILES for check in read_checks(read_settings({}).sql / "9_checks" / file)}
DAY = date(2021, 9, 25)
ROWS = [
    Imdb(1, "Alpha", rating=(7.0, 100), genres=("Drama",), credits=((10, "Ann Lee", "actress"),)),
    Imdb(2, "Serial", title_type="tvSeries"),
    Netflix("s1", "Alpha", imdb=1, certification="R", countries=("India",), categories=("Dramas",)),
    Netflix("s2", "Gamma", actors=("Bo Ray",)),
    RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40)),
]
# What is broken in a good build <- the check that must find it
BREAKAGES = {
    "row of a catalogue lost or doubled": "delete from build.bridge_title_source where source_id = 's2'",
    "row of a catalogue without a decision": "delete from matching.title_decision where source_id = 's2'",
    "row of a catalogue without its title": "update build.bridge_title_source set title_key = 99",
    "kept IMDb title without a row": "delete from build.dim_title where title_key = 2",
    "title of the warehouse forgotten": "insert into warehouse.dim_title (title_key, title, folded_title, kind,"
    " is_adult, is_catalogue_title, is_current, sources)"
    " values (9, 'Old', 'old', 'movie', false, false, true, '{imdb}')",
    "catalogue title that no catalogue has": "update build.dim_title set is_catalogue_title = true",
    "two titles with one IMDb id": "update build.dim_title set imdb_title_id = 'tt0000001'",
    "key of a title that is not its IMDb number nor its identity": "delete from build.title_identity",
    "two natural keys with one digest": "insert into build.work_of_row select source, 'other', title_key, 'other',"
    " platform_key, source_rank from build.work_of_row where source_id = 's2'",
    "certification unknown to its dimension": "update build.dim_title set certification_key = 77",
    "credit without its title or person": "delete from build.dim_person",
    "genre of a title without its title or genre": "delete from build.dim_genre",
    "country of a title without its title or country": "delete from build.dim_country",
    "weights of a title and role do not sum to 1": "update build.bridge_title_person_role set weight = 0.9",
    "member that is no name": "update build.dim_person set person_name = 'NaN'",
    "title that is empty": "update build.dim_title set title = ' '",
    "score or count out of its range": "update build.fact_title_rating set critics_pct = 101",
    "rating of a title that is not there": "update build.fact_title_rating set title_key = 99",
    "Rotten Tomatoes score on a series": "update build.dim_title set kind = 'series'",
    "Rotten Tomatoes film linked to a series": "update build.dim_title set kind = 'series'",
    "stays on a platform that overlap": "insert into build.fact_availability select title_key, platform_key,"
    " entered_date - 5, null, false from build.fact_availability",
    "stay that ends before it begins, or without its title": "update build.fact_availability"
    " set left_date = '2001-01-01'",
    "catalogue title that never entered its platform": "delete from build.fact_availability",
    "periods of a title that overlap": "insert into build.dim_title_history select title_key, valid_from - 5, null,"
    " platform_key, title, kind, null, null, null, null, null, '{}' from build.dim_title_history",
    "day on which a catalogue had a title that has no history then": "update build.dim_title_history"
    " set valid_from = '2031-01-01'",
    "history of a title that is not there": "delete from build.dim_title where title_key = 1",
    "row of a list that is neither of a title nor listed without one": "insert into build.hist_source_row (source,"
    " row_sha256, from_date, until_date, plain_key, fingerprint, is_base, place, folded_names, title, categories, list)"
    " values ('justwatch', '', '2021-09-25', 'infinity', 'best|1', '', true, 1, '{}', 'Alpha', '{}', 'best')",
    "rating that says the same as the one before": "insert into build.fact_title_rating select title_key,"
    " rating_date + 1, imdb_rating_of_10, imdb_vote_count, imdb_weighted_of_10, critics_pct, critics_count,"
    " audience_pct, audience_count from build.fact_title_rating",
    "title that is adult in a catalogue": "update build.dim_title set is_adult = true",
    "certification of no known system that is said to be for an age": "insert into build.dim_certification"
    " values (1000001, 'NOT RATED', 'unknown', 0, null)",
    "source of which nothing was linked to IMDb": "update build.bridge_title_source set match_band = 'review'",
    "link to an IMDb title that is not there": "update matching.title_decision set imdb_title_number = 99",
    "two rows of Rotten Tomatoes linked to one title": "insert into build.bridge_title_source select source, 'other',"
    " title_key, platform_key, source_title, source_kind, source_year, source_certification, runtime_min,"
    " season_count, added_date, source_genres, match_band, match_probability, decided_by from build.bridge_title_source"
    " where source = 'rotten_tomatoes'",
    "genre word that the reference file does not know": "update staging.netflix_titles"
    " set categories = '{Gothic Noise}'",
    "country that the reference file does not know": "update staging.netflix_titles set countries = '{Oz}'",
    "certification that the reference file does not know": "update staging.netflix_titles set certification = 'XYZ'",
    "IMDb credit of a person that the file of names does not have": "insert into build.unnamed_person"
    " select distinct imdb_person_number from staging.imdb_principals",
    "catalogue title that says it comes from the future": "update build.dim_title set release_year = 2031",
    "decision of a person about an IMDb title that is not there": "insert into matching.ruling select 1, 'file', null,"
    " 'netflix', 'movie', 'alpha', null, 'this pair', 9, 'ann', 'why', 1, false, max(load_id) from ops.load",
}  # fmt: skip


@pytest.fixture
def built(conn: psycopg.Connection, make_day) -> psycopg.Connection:
    stage_rows(conn, make_day(DAY), ROWS)
    build_warehouse(conn, make_day(DAY))
    return conn


def test_every_check_has_a_breakage():
    assert set(BREAKAGES) == set(CHECKS)


def test_a_good_build_passes_every_check(built):
    assert [check.name for check in CHECKS.values() if run_check(built, check).rows_found] == []


def test_each_check_finds_what_it_is_for(built):
    missed = []
    for name, statement in BREAKAGES.items():
        with built.transaction(force_rollback=True):
            built.execute(statement)
            result = run_check(built, CHECKS[name])
            if not 1 <= len(result.sample) <= min(3, result.rows_found) or result.sample[0]["problem"] != name:
                missed.append(name)
    assert missed == []


def test_a_person_of_imdb_may_have_any_name(built):
    check = CHECKS["member that is no name"]
    built.execute("update build.dim_person set person_name = 'Null' where not is_name_only")
    assert run_check(built, check).rows_found == 0
    built.execute("update build.dim_person set person_name = 'Null', is_name_only = true")
    assert run_check(built, check).rows_found > 0


def test_a_check_that_does_not_name_its_problem_is_refused(tmp_path: Path):
    (tmp_path / "bad.sql").write_text("-- bad\n\n-- fail\nselect 1 as one;\n")
    with pytest.raises(SettingsWrong, match="as problem"):
        read_checks(tmp_path / "bad.sql")
