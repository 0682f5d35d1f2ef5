"""The three steps on a real database: a catalogue of twelve titles that a person can check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import psycopg
import pytest

from reelhouse.day import Day
from reelhouse.errors import Held, OutOfStep
from reelhouse.matching.keys import fold_title
from reelhouse.recommending import catalogue as catalogue_module
from reelhouse.recommending import refreshing

DAY = date(2026, 1, 31)
CERTIFICATIONS = {"TV-Y": 0, "G": 0, "PG": 8, "PG-13": 13, "R": 17, "TV-MA": 17, "NR": None}
GENRES = ("Comedy", "Crime", "Drama", "Family", "Adult")
# Key: title, kind, year, certification, genres (word of the catalogue in brackets), cast, director, votes, rating.
TITLES = {
    1: ("Harbour Heist", "movie", 2010, "R", ["Crime"], ["Ada Stone", "Bo Reed"], "Cy Long", 900_000, 8.1),
    2: ("Harbour Heist II", "movie", 2012, "R", ["Crime"], ["Ada Stone", "Bo Reed"], "Cy Long", 400_000, 7.2),
    3: ("The Long Con", "movie", 2011, "R", ["Crime", "Comedy"], ["Bo Reed"], "Di Moss", 80_000, 6.9),
    4: ("Quiet Street", "movie", 2011, "PG-13", ["Drama"], ["Eve Park"], "Di Moss", 12_000, 6.5),
    5: ("Laugh Lines", "movie", 2016, "PG-13", ["Comedy"], ["Flo West"], "Gil Ames", 45_000, 5.8),
    6: ("Rain on Tin", "movie", 1994, "NR", ["Drama"], ["Hal Voss"], "Ida Quinn", None, None),
    7: ("Owl and Otter", "movie", 2014, "G", ["Family", "Comedy"], ["Jo Lark"], "Kit Snow", 3_000, 6.1),
    8: ("Otter at Sea", "movie", 2017, "PG", ["Family", "Comedy"], ["Jo Lark"], "Kit Snow", 2_500, 6.0),
    9: ("Otter Tales", "series", 2015, "TV-Y", ["Family"], ["Jo Lark"], None, 900, 7.0),
    10: ("Harbour Police", "series", 2013, "TV-MA", ["Crime", "Drama"], ["Ada Stone"], None, 150_000, 8.4),
    11: ("Bare Harbour", "movie", 2010, "R", ["Crime", "Adult"], ["Ada Stone", "Bo Reed"], "Cy Long", 700, 4.0),
    12: ("Family Court", "series", 2012, "TV-MA", ["Drama"], ["Eve Park"], None, 60_000, 7.9),
}


@pytest.fixture
def catalogue(conn: psycopg.Connection) -> None:
    """The twelve titles as a published warehouse load of DAY."""
    certification_keys = {name: key for key, name in enumerate(CERTIFICATIONS, start=1)}
    genre_keys = {name: key for key, name in enumerate(GENRES, start=1)}
    for name, age in CERTIFICATIONS.items():
        conn.execute(
            "insert into warehouse.dim_certification values (%s, %s, 'US', %s, null)",
            (certification_keys[name], name, age),
        )
    for name, key in genre_keys.items():
        conn.execute("insert into warehouse.dim_genre values (%s, %s)", (key, name))
    names = sorted({name for row in TITLES.values() for name in [*row[5], row[6]] if name})
    people = {name: key for key, name in enumerate(names, start=1)}
    for name, key in people.items():
        conn.execute(
            "insert into warehouse.dim_person (person_key, person_name, folded_name, professions, is_name_only)"
            " values (%s, %s, lower(%s), '{}', false)",
            (key, name, name),
        )
    for key, (title, kind, year, certification, genres, cast, director, votes, rating) in TITLES.items():
        conn.execute(
            "insert into warehouse.dim_title (title_key, title, folded_title, kind, release_year, certification_key,"
            " is_adult, is_catalogue_title, is_current, sources)"
            " values (%s, %s, %s, %s, %s, %s, false, true, true, '{netflix}')",
            (key, title, fold_title(title), kind, year, certification_keys[certification]),
        )
        for genre in genres:
            conn.execute(
                "insert into warehouse.bridge_title_genre values (%s, %s, '{imdb,netflix}', %s)",
                (key, genre_keys[genre], [genre]),
            )
        words = [f"TV {genre}s" if kind == "series" else f"{genre} Movies" for genre in genres]
        conn.execute(
            "insert into warehouse.bridge_title_source (source, source_id, title_key, platform_key, source_title,"
            " source_kind, source_genres, match_band, decided_by) values ('netflix', %s, %s, 1, %s, %s, %s, 'match',"
            " 'model')",
            (f"s{key}", key, title, kind, words),
        )
        roles = [(5, name, place) for place, name in enumerate(cast, start=1)]
        roles += [(1, director, 1)] if director else []
        for role_key, name, place in roles:
            conn.execute(
                "insert into warehouse.bridge_title_person_role values (%s, %s, %s, %s, '{}', '{netflix}', 1)",
                (key, role_key, people[name], place),
            )
        if votes:
            conn.execute(
                "insert into warehouse.fact_title_rating (title_key, rating_date, imdb_rating_of_10, imdb_vote_count,"
                " imdb_weighted_of_10) values (%s, %s, 9.9, 1, 9.9), (%s, %s, %s, %s, %s)",
                (key, date(2026, 1, 1), key, date(2026, 1, 20), rating, votes, rating),
            )
    publish_warehouse_load(conn, DAY)


def publish_warehouse_load(conn: psycopg.Connection, batch_date: date) -> int:
    """Stamp what the warehouse holds now as a new published load of the day."""
    (load_id,) = conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, state)"
        " values ('warehouse', %s, gen_random_uuid()::text, 'published') returning load_id",
        (batch_date,),
    ).fetchone()
    conn.execute(
        "insert into warehouse.publication values ('warehouse', %s, %s, now()) on conflict (part) do update"
        " set load_id = excluded.load_id, batch_date = excluded.batch_date",
        (load_id, batch_date),
    )
    conn.execute("update ops.layer set load_id = %s where layer = 'warehouse'", (load_id,))
    return load_id


def refresh(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    refreshing.build_recommendations(conn, day)
    refreshing.check_recommendations(conn, day)
    return refreshing.publish_recommendations(conn, day)


def shown_for(conn: psycopg.Connection, title_key: int) -> list[int]:
    return [
        row[0]
        for row in conn.execute(
            "select recommended_title_key from warehouse.fact_recommendation where source_title_key = %s order by rank",
            (title_key,),
        )
    ]


def physical_rows(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select source_title_key, rank, ctid::text, xmin::text from warehouse.fact_recommendation order by 1, 2"
    ).fetchall()


@pytest.mark.usefixtures("catalogue")
def test_the_lists_are_those_a_person_would_expect(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    refresh(conn, make_day(DAY))
    heist = shown_for(conn, 1)
    assert heist[0] == 2, "the sequel with the same people comes first"
    assert heist[1] in (3, 10), "then what shares people and genre"
    assert 11 not in heist, "an adult title with the same people never"
    assert set(shown_for(conn, 7)) == {8, 9}, "beside a children's film only what is safe: PG, TV-Y"
    assert shown_for(conn, 9) == [7, 8], "two of the other kind at most, none above PG"
    assert conn.execute("select count(*) from warehouse.fact_recommendation where is_cold").fetchone() == (0,)


@pytest.mark.usefixtures("catalogue")
def test_reasons_name_what_both_titles_have_and_add_up(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    refresh(conn, make_day(DAY))
    (reasons, score_raw) = conn.execute(
        "select reasons, score_raw from warehouse.fact_recommendation"
        " where source_title_key = 1 and recommended_title_key = 2"
    ).fetchone()
    named = {(part["kind"], part["value"]) for part in reasons}
    assert {("cast", "Ada Stone"), ("cast", "Bo Reed"), ("director", "Cy Long"), ("year", "2010 and 2012")} <= named
    wrong = conn.execute(
        "select source_title_key from warehouse.fact_recommendation, lateral (select sum((part ->> 'share')::float8)"
        " as total from jsonb_array_elements(reasons) as part) as shares where abs(total - score_raw) > 1e-6"
    ).fetchall()
    assert wrong == []
    assert score_raw == pytest.approx(sum(part["share"] for part in reasons), abs=1e-6)


@pytest.mark.usefixtures("catalogue")
def test_the_newest_votes_and_the_first_billed_are_read(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    titles = {title.title_key: title for title in catalogue_module.read_catalogue(conn, make_day(DAY).settings.sql)}
    assert (titles[1].vote_count, titles[1].weighted_of_10) == (900_000, 8.1)
    assert [label for _, label in titles[1].fields["cast"]] == ["Ada Stone", "Bo Reed"]
    assert titles[12].fields["category"] == (("TV Dramas", "TV Dramas"),)
    assert (titles[11].is_adult, titles[1].is_adult) == (True, False)
    assert titles[6].least_age is None


@pytest.mark.usefixtures("catalogue")
def test_a_second_refresh_writes_no_row(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    day = make_day(DAY)
    first = refresh(conn, day)
    assert first["lists_changed"] == 12
    before = physical_rows(conn)
    assert refresh(conn, day)["unchanged"] is True
    forced = refresh(conn, replace(day, force=True))
    assert (forced["lists_changed"], forced["rows_changed"]) == (0, 0)
    publish_warehouse_load(conn, DAY)
    next_load = refresh(conn, day)
    assert next_load["load_id"] > first["load_id"]
    assert next_load["rows_changed"] == 0
    assert physical_rows(conn) == before


@pytest.mark.usefixtures("catalogue")
def test_ordinary_new_votes_rewrite_no_list(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    refresh(conn, make_day(DAY))
    before = physical_rows(conn)
    conn.execute(
        "insert into warehouse.fact_title_rating (title_key, rating_date, imdb_rating_of_10, imdb_vote_count,"
        " imdb_weighted_of_10) values (1, %s, 8.1, 900900, 8.11)",
        (DAY,),
    )
    publish_warehouse_load(conn, DAY)
    assert refresh(conn, make_day(DAY))["rows_changed"] == 0
    assert physical_rows(conn) == before


@pytest.mark.usefixtures("catalogue")
def test_a_title_that_left_the_catalogue_leaves_all_lists(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    refresh(conn, make_day(DAY))
    assert 2 in shown_for(conn, 1)
    conn.execute("update warehouse.dim_title set is_catalogue_title = false where title_key = 2")
    publish_warehouse_load(conn, DAY)
    figures = refresh(conn, make_day(DAY))
    assert figures["lists_changed"] > 0
    assert shown_for(conn, 2) == []
    assert conn.execute(
        "select count(*) from warehouse.fact_recommendation where recommended_title_key = 2"
    ).fetchone() == (0,)


@pytest.mark.usefixtures("catalogue")
def test_the_publication_and_the_ledger_say_what_readers_see(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    figures = refresh(conn, make_day(DAY))
    assert conn.execute(
        "select load_id, batch_date from warehouse.publication where part = 'recommendations'"
    ).fetchone() == (figures["load_id"], DAY)
    state, kept = conn.execute(
        "select state, figures from ops.load where load_id = %s", (figures["load_id"],)
    ).fetchone()
    assert state == "published"
    assert kept["publish_recommendations"] == {"lists_changed": 12, "rows_changed": figures["rows_changed"]}
    assert conn.execute("select distinct load_id from warehouse.fact_recommendation").fetchall() == [
        (figures["load_id"],)
    ]


@pytest.mark.usefixtures("catalogue")
def test_quality_is_published_with_its_limits(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    figures = refresh(conn, make_day(DAY))
    rows = conn.execute(
        "select metric, value, limit_value, is_ok from warehouse.fact_recommendation_quality where load_id = %s",
        (figures["load_id"],),
    ).fetchall()
    metrics = {metric: (value, limit) for metric, value, limit, _ in rows}
    assert all(is_ok for *_, is_ok in rows)
    assert metrics["subjects"] == (12, None)
    assert metrics["subjects_without_list"] == (0, None)
    for metric in ("self_targets", "duplicate_targets", "adult_targets", "unavailable_targets", "reasonless_rows"):
        assert metrics[metric] == (0, 0)
    assert metrics["coverage"] == (1, None)
    assert metrics["short_lists"][0] > 0
    assert {"top_target_share", "franchise_repeats", "across_kinds_share", "seconds", "peak_mb"} <= metrics.keys()


SPOILED = {
    "reasons": ("update build.fact_recommendation set score_raw = score_raw + 0.001", "do not add up"),
    "adult": (
        "update build.fact_recommendation set recommended_title_key = 11 where source_title_key = 1 and rank = 1",
        "an adult title is recommended",
    ),
    "child": (
        "update build.fact_recommendation set recommended_title_key = 6 where source_title_key = 7 and rank = 1",
        "unknown certification is recommended beside a children's title",
    ),
    "gap": ("delete from build.fact_recommendation where rank = 1 and source_title_key = 1", "have a gap"),
    "empty": ("delete from build.fact_recommendation", "no list although there is a catalogue"),
    "twice": (
        "update build.fact_recommendation set recommended_title_key = 2 where source_title_key = 1",
        "stands twice",
    ),
    "across": (
        "update build.fact_recommendation set recommended_title_key = 3 + rank where source_title_key = 10",
        "more than two of the other kind",
    ),
    "limit": (
        "update build.fact_recommendation_quality set value = 1, is_ok = false where metric = 'self_targets'",
        "self_targets is 1",
    ),
}


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("fault", SPOILED)
def test_a_faulty_refresh_is_held_and_readers_keep_the_former_lists(
    conn: psycopg.Connection, make_day: Callable[..., Day], fault: str
) -> None:
    day = make_day(DAY)
    refresh(conn, day)
    before = physical_rows(conn)
    publish_warehouse_load(conn, DAY)
    load_id = refreshing.build_recommendations(conn, day)["load_id"]
    if fault == "adult":
        conn.execute("update warehouse.dim_title set is_adult = true where title_key = 11")
    statement, message = SPOILED[fault]
    conn.execute(statement)
    with pytest.raises(Held, match=message):
        refreshing.check_recommendations(conn, day)
    assert conn.execute("select state from ops.load where load_id = %s", (load_id,)).fetchone() == ("held",)
    with pytest.raises(Held):
        refreshing.publish_recommendations(conn, day)
    assert physical_rows(conn) == before


@pytest.mark.usefixtures("catalogue")
def test_a_held_refresh_may_be_tried_again(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    day = make_day(DAY)
    refreshing.build_recommendations(conn, day)
    conn.execute("delete from build.fact_recommendation")
    with pytest.raises(Held):
        refreshing.check_recommendations(conn, day)
    assert refresh(conn, day)["lists_changed"] == 12


@pytest.mark.usefixtures("catalogue")
def test_nothing_is_published_unchecked_or_from_another_warehouse(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    day = make_day(DAY)
    refreshing.build_recommendations(conn, day)
    with pytest.raises(OutOfStep, match="check_recommendations"):
        refreshing.publish_recommendations(conn, day)
    refreshing.check_recommendations(conn, day)
    publish_warehouse_load(conn, DAY)
    with pytest.raises(OutOfStep, match="warehouse"):
        refreshing.publish_recommendations(conn, day)
    assert physical_rows(conn) == []


def test_an_unpublished_warehouse_is_not_recommended_from(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    with pytest.raises(OutOfStep):
        refreshing.build_recommendations(conn, make_day(DAY))
    conn.execute("insert into ops.load (part, batch_date, input_sha256) values ('warehouse', %s, 'x')", (DAY,))
    with pytest.raises(OutOfStep, match="publish_warehouse"):
        refreshing.build_recommendations(conn, make_day(DAY))


@pytest.mark.usefixtures("catalogue")
def test_the_sum_of_checks_is_kept_with_the_load(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    figures = refresh(conn, make_day(DAY))
    results = conn.execute(
        "select check_name, rows_found, sample from ops.check_result where load_id = %s", (figures["load_id"],)
    ).fetchall()
    assert len(results) == 11
    assert all(rows_found == 0 and sample == [] for _, rows_found, sample in results)
    assert json.dumps(sorted(name for name, *_ in results)).count("children's") == 1
