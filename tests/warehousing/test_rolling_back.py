"""What a publish changed is kept, told, and can be undone."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, JustWatch, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.errors import Held, OutOfStep, SettingsWrong
from reelhouse.operating import status
from reelhouse.operating.arguments import words_if_ahead
from reelhouse.recommending import clusters
from reelhouse.recommending.refreshing import build_recommendations, check_recommendations, publish_recommendations
from reelhouse.steps import run_step
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.contents import content_hashes
from reelhouse.warehousing.publishing import publish_warehouse
from reelhouse.warehousing.rolling_back import former_loads, roll_back

DAY = date(2021, 9, 25)
STATES = [
    [
        Imdb(1, "Alpha", rating=(7.0, 100), genres=("Drama",), credits=((10, "Ann Lee", "actress"),)),
        Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee", "Bo Ray"), countries=("India",), categories=("Dramas",)),
        Netflix("s2", "Gamma", categories=("Dramas",), actors=("Cy Dee",), countries=("Peru",)),
        RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40)),
    ],
    [
        Imdb(1, "Alpha", rating=(7.1, 120), genres=("Drama", "Crime"), credits=((10, "Ann Lee", "actress"),)),
        Imdb(3, "Delta"),
        Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee",), countries=("India",), categories=("Dramas",)),
        Netflix("s3", "Delta", imdb=3, categories=("Dramas", "Comedies"), countries=("Peru",)),
        JustWatch("tm1", "Alpha", imdb=1, certification="PG-13"),
        JustWatch("tm3", "Delta", imdb=3, certification="R"),
    ],
    [
        Imdb(3, "Delta", rating=(5.0, 10)),
        Netflix("s2", "Gamma", categories=("Dramas",), actors=("Cy Dee",)),
        Netflix("s3", "Delta", imdb=3, categories=("Comedies",)),
        RottenTomatoes("delta", "Delta", imdb=3, critics=(20, 30), audience=(50, 90)),
        JustWatch("tm3", "Delta", imdb=3, certification="PG"),
    ],
    [Imdb(4, "Epsilon"), Netflix("s9", "Epsilon", imdb=4, categories=("Horror Movies",))],
    [Imdb(1, "Alpha"), Netflix("s1", "Alpha", imdb=1), Netflix("s2", "Beta")],
]


def publish_days(conn: psycopg.Connection, make_day, count: int) -> list[tuple[int, dict[str, str]]]:
    """Publish one state a day, with recommendations; gives load and content after each."""
    seen = []
    for number in range(count):
        day = make_day(DAY + timedelta(number))
        load_id = run_day(conn, day, STATES[number])["load_id"]
        build_recommendations(conn, day)
        check_recommendations(conn, day)
        publish_recommendations(conn, day)
        seen.append((load_id, content_hashes(conn)))
    return seen


def assert_rows_are_told(conn: psycopg.Connection) -> None:
    """mart.table_rows adds up what the publishes noted; that is what a count finds."""
    told = dict(conn.execute("select table_name, table_rows from mart.table_rows").fetchall())
    counted = {table: conn.execute(f"select count(*) from warehouse.{table}").fetchone()[0] for table in told}
    assert told == counted
    assert len(told) == 9


@pytest.mark.parametrize("back", [1, 2, 3])
def test_a_rollback_restores_exactly_what_readers_saw(conn, make_day, back: int):
    seen = publish_days(conn, make_day, 4)
    load_id, content = seen[-1 - back]
    assert_rows_are_told(conn)
    done = roll_back(conn, make_day(), load_id, "wrong region", "ann")
    assert content_hashes(conn) == content
    assert_rows_are_told(conn)
    assert done["rows_changed"] > 0
    recorded = conn.execute(
        "select load_id, kind, reason, done_by from mart.publishings where part = 'warehouse'"
        " order by publishing_id desc limit 1"
    ).fetchone()
    assert recorded == (load_id, "rollback", "wrong region", "ann")
    assert conn.execute("select load_id from warehouse.publication where part = 'warehouse'").fetchone() == (load_id,)


def test_a_rollback_brings_the_clusters_back(conn, make_day, monkeypatch):
    monkeypatch.setattr(clusters, "TITLES_AT_LEAST", 2)
    monkeypatch.setattr(clusters, "COUNTS", range(2, 3))
    (_, first), (load_id, content), (_, last) = publish_days(conn, make_day, 3)
    assert len({each["dim_cluster"] for each in (first, content, last)}) == 3
    roll_back(conn, make_day(), load_id, "wrong region", "ann")
    assert content_hashes(conn) == content


def test_a_rollback_over_clusters_that_were_kept_by_name_alone_leaves_those_there_are(conn, make_day, monkeypatch):
    monkeypatch.setattr(clusters, "TITLES_AT_LEAST", 2)
    monkeypatch.setattr(clusters, "COUNTS", range(2, 3))
    (load_id, content), (_, last) = publish_days(conn, make_day, 2)
    conn.execute(
        "update ops.replaced_model set clusters = jsonb_path_query_array(clusters, '$[*].cluster'),"
        " title_clusters = jsonb_path_query_array(title_clusters, '$[*].title_key')"
    )
    roll_back(conn, make_day(), load_id, "wrong region", "ann")
    content |= {
        "dim_cluster": last["dim_cluster"],
        "bridge_title_cluster": content_hashes(conn)["bridge_title_cluster"],
    }
    assert content_hashes(conn) == content


def test_a_day_that_has_not_begun_is_told_of_until_it_is_rolled_back(conn, make_day):
    ((load_id, _),) = publish_days(conn, make_day, 1)
    slip = make_day(date(2045, 9, 25))
    assert "2045-09-25 has not begun" in words_if_ahead(slip.batch_date)[0]
    assert not words_if_ahead(DAY)
    dsn = slip.settings.warehouse_dsn
    assert "readers see" not in status.loads(dsn)
    run_day(conn, slip, STATES[1])
    older = run_day(conn, make_day(DAY + timedelta(1)), STATES[1])["load_id"]
    said = status.loads(dsn)
    assert f"warehouse {older} of 2021-09-26 published; " in said
    assert f"readers see warehouse {older - 1} of 2045-09-25; readers see a day that has not begun" in said
    roll_back(conn, make_day(), load_id, "a slip", "ann")
    assert "readers see" not in status.loads(dsn)


def test_a_rollback_can_be_rolled_back(conn, make_day):
    seen = publish_days(conn, make_day, 3)
    roll_back(conn, make_day(), seen[0][0], "too early", "ann")
    roll_back(conn, make_day(), seen[2][0], "was right", "bo")
    assert content_hashes(conn) == seen[2][1]


def test_first_lists_are_not_kept_a_second_time_and_a_rollback_behind_them_takes_them_away(conn, make_day):
    run_day(conn, make_day(DAY), STATES[0])
    (load_id,) = conn.execute("select load_id from warehouse.publication where part = 'warehouse'").fetchone()
    before = content_hashes(conn)
    day = make_day(DAY + timedelta(1))
    with_lists = run_day(conn, day, STATES[1])["load_id"]
    build_recommendations(conn, day)
    check_recommendations(conn, day)
    publish_recommendations(conn, day)
    after = content_hashes(conn)
    assert after["fact_recommendation"] != before["fact_recommendation"]
    kept = "select from mart.row_changes where table_name = 'fact_recommendation'"
    assert conn.execute(kept).fetchone() is None
    told = "select filled_tables, tables -> 'fact_recommendation' ->> 'inserted' from mart.publishings where part = %s"
    (lists,) = conn.execute("select count(*)::text from warehouse.fact_recommendation").fetchone()
    assert conn.execute(told, ("recommendations",)).fetchone() == (["fact_recommendation"], lists)
    roll_back(conn, make_day(), load_id, "too early", "ann")
    assert content_hashes(conn) == before
    roll_back(conn, make_day(), with_lists, "was right", "bo")
    assert content_hashes(conn) == after


def test_only_the_last_three_loads_can_be_gone_back_to(conn, make_day):
    seen = publish_days(conn, make_day, 5)
    assert [load.load_id for load in former_loads(conn)] == [load_id for load_id, _ in seen[3:0:-1]]
    with pytest.raises(SettingsWrong, match="expected one of the loads that one can go back to"):
        roll_back(conn, make_day(), seen[0][0], "older", "ann")
    with pytest.raises(SettingsWrong, match="expected one of the loads"):
        roll_back(conn, make_day(), seen[4][0], "the current one", "ann")
    with pytest.raises(SettingsWrong, match="expected a reason"):
        roll_back(conn, make_day(), seen[3][0], " ", "ann")
    assert content_hashes(conn) == seen[4][1]


def test_what_was_rolled_back_is_held_when_it_comes_again(conn, make_day):
    seen = publish_days(conn, make_day, 2)
    roll_back(conn, make_day(), seen[0][0], "wrong region", "ann")
    with pytest.raises(Held, match="rolled back by ann: wrong region"):
        run_day(conn, make_day(DAY + timedelta(1)), STATES[1])
    assert content_hashes(conn) == seen[0][1]


def test_the_days_after_a_rollback_go_on_as_if_what_was_rolled_back_had_never_been(conn, make_day):
    seen = publish_days(conn, make_day, 2)
    roll_back(conn, make_day(), seen[0][0], "wrong region", "ann")
    run_day(conn, make_day(DAY + timedelta(2)), STATES[2])
    titles = conn.execute("select title, is_current from warehouse.dim_title order by title").fetchall()
    assert titles == [("Alpha", False), ("Delta", True), ("Gamma", True)]
    roll_back(conn, make_day(), seen[0][0], "once more", "ann")
    assert content_hashes(conn) == seen[0][1]


def test_changes_since_tells_each_row_once_before_and_after(conn, make_day):
    seen = publish_days(conn, make_day, 3)
    first, last = seen[0][0], seen[2][0]
    found = conn.execute(
        "select change, before ->> 'title', after ->> 'title', after -> 'is_current'"
        " from mart.changes_since(%s) where table_name = 'dim_title' order by title_key",
        (first,),
    ).fetchall()
    assert found == [("update", "Alpha", "Alpha", False), ("insert", None, "Delta", True)]
    assert conn.execute("select count(*) from mart.changes_since(%s)", (last,)).fetchone() == (
        conn.execute("select count(*) from mart.row_changes where publishing_id > (select max(publishing_id)"
                     " from mart.publishings where load_id = %s)", (last,)).fetchone()[0],
    )  # fmt: skip
    roll_back(conn, make_day(), first, "to see that nothing is left", "ann")
    assert conn.execute("select * from mart.changes_since(%s)", (first,)).fetchall() == []


def test_changes_of_a_load_that_nobody_published_or_that_is_too_old_are_refused(conn, make_day):
    seen = publish_days(conn, make_day, 5)
    with pytest.raises(psycopg.errors.NoDataFound, match="expected a load that was published"):
        conn.execute("select * from mart.changes_since(99)")
    with pytest.raises(psycopg.errors.NoDataFound, match="expected one of the last three"):
        conn.execute("select * from mart.changes_since(%s)", (seen[0][0],))


def test_what_lands_is_what_was_compared_or_nothing(conn, make_day):
    run_day(conn, make_day(DAY), STATES[0])
    before = content_hashes(conn)
    day = make_day(DAY + timedelta(1))
    stage_rows(conn, day, STATES[1])
    build_warehouse(conn, day)
    check_warehouse(conn, day)
    with conn.transaction(force_rollback=True):
        conn.execute("update ops.row_change set after = after || '{\"title\": \"Omega\"}' where change = 'insert'")
        with pytest.raises(OutOfStep, match="expected the differences that were compared"):
            publish_warehouse(conn, day)
    with conn.transaction(force_rollback=True):
        conn.execute("delete from warehouse.bridge_title_person_role")
        with pytest.raises(OutOfStep, match="something else has written to the warehouse"), conn.transaction():
            publish_warehouse(conn, day)
    assert content_hashes(conn) == before
    # The build may be gone by now: a crash empties it, and what was compared is logged.
    conn.execute("truncate build.dim_title, build.dim_person, build.built")
    publish_warehouse(conn, day)
    published = content_hashes(conn)
    assert published != before
    run_day(conn, make_day(DAY + timedelta(1), force=True), STATES[1])
    assert content_hashes(conn) == published


def test_a_build_emptied_by_a_crash_is_neither_checked_nor_published(conn, make_day):
    day = make_day(DAY)
    stage_rows(conn, day, STATES[0])
    build_warehouse(conn, day)
    tables = conn.execute(
        "select string_agg(oid::regclass::text, ', ') from pg_class where relnamespace = 'build'::regnamespace"
        " and relkind = 'r'"
    ).fetchone()[0]
    conn.execute(f"truncate {tables}")
    with pytest.raises(OutOfStep, match="the server has crashed since"):
        check_warehouse(conn, day)


def test_a_step_that_finds_a_build_emptied_by_a_crash_has_it_done_again(conn, dsn, make_day, caplog):
    day = make_day(DAY)
    stage_rows(conn, day, STATES[0])
    build_warehouse(conn, day)
    titles = conn.execute("select * from build.dim_title order by title_key").fetchall()
    conn.execute("truncate build.dim_title, build.built")
    run_step("check_warehouse", dsn, day)
    assert conn.execute("select * from build.dim_title order by title_key").fetchall() == titles
    assert "Done by itself" in caplog.text


def test_a_load_compared_with_what_readers_do_not_see_any_more_is_compared_again(conn, make_day):
    run_day(conn, make_day(DAY), STATES[0])
    day = make_day(DAY + timedelta(1))
    stage_rows(conn, day, STATES[1])
    build_warehouse(conn, day)
    check_warehouse(conn, day)
    # Another change of what readers see comes between: that of the former day, forced.
    conn.execute(
        "with new as (insert into ops.publishing (part, load_id, kind, published_at)"
        " select part, load_id, 'publish', now() from warehouse.publication where part = 'warehouse' returning *)"
        " update warehouse.publication set publishing_id = new.publishing_id from new"
        " where publication.part = 'warehouse'"
    )
    conn.execute("delete from warehouse.bridge_title_country")
    publish_warehouse(conn, day)
    assert conn.execute("select count(*) from warehouse.bridge_title_country").fetchone()[0] > 0
