"""The three steps on a real database: a catalogue of twelve titles that a person can check."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from twelve_titles import DAY, physical_rows, publish_warehouse_load, refresh, shown_for

from reelhouse.day import Day
from reelhouse.errors import Held, OutOfStep
from reelhouse.recommending import catalogue as catalogue_module
from reelhouse.recommending import refreshing


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
def test_the_first_publish_leaves_all_keys_and_indexes_in_place(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    """It makes them after the rows, each tested as a whole."""
    table = "'warehouse.fact_recommendation'::regclass"
    rules = (
        f"select conname, pg_get_constraintdef(oid), convalidated from pg_constraint where conrelid = {table}"
        f" union all select '', pg_get_indexdef(indexrelid), indisvalid from pg_index where indrelid = {table}"
        " order by 1, 2"
    )
    before = conn.execute(rules).fetchall()
    refresh(conn, make_day(DAY))
    assert conn.execute(rules).fetchall() == before
    assert len(before) > 20


@pytest.mark.usefixtures("catalogue")
def test_a_second_refresh_writes_no_row(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    day = make_day(DAY)
    first = refresh(conn, day)
    assert first["lists_changed"] == 25
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
    assert kept["publish_recommendations"] == {"lists_changed": 25, "rows_changed": figures["rows_changed"]}
    assert conn.execute("select distinct load_id from warehouse.fact_recommendation").fetchall() == [
        (figures["load_id"],)
    ]


@pytest.mark.usefixtures("catalogue")
def test_quality_is_published_with_its_limits(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    figures = refresh(conn, make_day(DAY))
    rows = conn.execute(
        "select metric, value, limit_value, is_ok from warehouse.fact_recommendation_quality"
        " where load_id = %s and method_key = 1",
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


@pytest.mark.usefixtures("catalogue")
def test_intervals_and_ratios_are_published_too(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    day = make_day(DAY)
    refreshing.build_recommendations(conn, day)
    names = (
        "subject_count", "low", "high", "versus_popular", "versus_popular_low", "versus_popular_high",
        "versus_former", "versus_former_low", "versus_former_high",
    )  # fmt: skip
    given = ", ".join(f"{name} = {place}" for place, name in enumerate(names, start=1))
    conn.execute(f"update build.fact_recommendation_quality set {given} where metric = 'coverage'")
    refreshing.check_recommendations(conn, day)
    refreshing.publish_recommendations(conn, day)
    assert conn.execute(
        f"select distinct {', '.join(names)} from warehouse.fact_recommendation_quality where metric = 'coverage'"
    ).fetchall() == [tuple(range(1, 10))]


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
    assert refresh(conn, day)["lists_changed"] == 25


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
