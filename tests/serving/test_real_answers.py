"""The streaming project's questions on the real catalogues: the answers that were measured on its own files."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.landing import land_optional_sources, land_source
from reelhouse.serving.app import make_app
from reelhouse.serving.keys import create_key
from reelhouse.serving.settings import ServingSettings
from reelhouse.staging.filling import stage_optional_sources, stage_source

pytestmark = pytest.mark.real_data

FOLDERS = {"amazon": "amazon_prime_titles.csv", "disney": "disney_plus_titles.csv", "hulu": "hulu_titles.csv"}


def test_the_golden_answers_hold_on_the_real_catalogues(conn, dsn, settings, real_data, tmp_path) -> None:
    from dataclasses import replace
    from datetime import date

    data = tmp_path / "data"
    for platform, name in FOLDERS.items():
        (data / platform).mkdir(parents=True)
        (data / platform / name).symlink_to(real_data / "streaming_catalogues" / name)
    (data / "netflix").symlink_to(real_data / "netflix")
    day = Day(date(2021, 9, 25), replace(settings, data=data))
    land_source(conn, day, "netflix")
    stage_source(conn, day, "netflix")
    land_optional_sources(conn, day)
    stage_optional_sources(conn, day)
    # As a publish puts them there, without the minutes that matching all of them takes.
    conn.execute(
        "insert into warehouse.dim_title (title_key, title, folded_title, kind, is_adult, is_catalogue_title,"
        " is_current, sources) values (1, 'Any', 'any', 'movie', false, true, true, '{netflix}')"
    )
    conn.execute(
        "insert into warehouse.bridge_title_source (source, source_id, title_key, platform_key, source_title,"
        " source_kind, source_year, source_certification, runtime_min, season_count, source_genres, match_band,"
        " decided_by, source_directors, source_actors, source_countries) select source, source_id, 1, platform_key,"
        " title, kind, release_year, certification, runtime_min, season_count, categories, 'no match', 'model',"
        " directors, actors, countries from staging.catalogue_row inner join warehouse.dim_platform"
        " on platform = source"
    )
    with connect(dsn, autocommit=True) as other:
        key = create_key(other, "test", ["read"], "test")[1]
    app = make_app(dsn, settings, ServingSettings())
    with TestClient(app, headers={"X-API-Key": key}) as client:
        told = {path: client.get(path).json() for path in GOLDEN}
    assert told == GOLDEN


GOLDEN = {
    "/get_count_platform/amazon": 7814,
    "/get_count_platform/disney": 1052,
    "/get_count_platform/hulu": 1484,
    "/get_count_platform/netflix": 6131,
    "/get_max_duration/2000/amazon/min": "dil hai tumhara",
    "/get_max_duration/2018/disney/min": "marvel studios' avengers: infinity war",
    "/get_max_duration/2010/hulu/min": "how do you know",
    "/get_max_duration/2016/netflix/min": "sairat",
    "/get_actor/netflix/2018": "andrea libman",
    "/get_actor/amazon/2016": "anne-marie newland",
    "/get_actor/disney/2015": "carlos alazraqui",
    "/get_actor/hulu/2018": None,
    # 35 rows of that year name somebody called "1".
    "/get_actor/amazon/2021": "om nom",
    "/get_contents/tv-g": 767,
    # Durations in the rating column are no ratings.
    "/get_contents/74 min": 0,
    "/prod_per_county/movie/argentina/2020": {"pais": "argentina", "anio": 2020, "pelicula": 8},
}
