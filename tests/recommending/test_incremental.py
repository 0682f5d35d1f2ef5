"""After any changes, what was rewritten list by list is what a refresh from nothing would have made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from twelve_titles import DAY, publish_warehouse_load, refresh

from reelhouse.database import run_file
from reelhouse.day import Day
from reelhouse.recommending import catalogue, methods
from reelhouse.recommending import events as events_module
from reelhouse.recommending.events import read_events
from reelhouse.recommending.serving import record_viewing
from reelhouse.settings import read_settings

SQL = read_settings({}).sql
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def remove(conn: psycopg.Connection, chance: random.Random) -> None:
    conn.execute("update warehouse.dim_title set is_current = false where title_key = %s", (chance.randint(1, 12),))


def bring_back(conn: psycopg.Connection, chance: random.Random) -> None:
    conn.execute("update warehouse.dim_title set is_current = true where title_key = %s", (chance.randint(1, 12),))


def lose_fame(conn: psycopg.Connection, chance: random.Random) -> None:
    conn.execute(
        "update warehouse.fact_title_rating set imdb_vote_count = 1 + imdb_vote_count / 50,"
        " imdb_weighted_of_10 = greatest(1, imdb_weighted_of_10 - 2) where title_key = %s",
        (chance.randint(1, 12),),
    )


def lose_likeness(conn: psycopg.Connection, chance: random.Random) -> None:
    table = chance.choice(("bridge_title_genre", "bridge_title_person_role", "bridge_title_source"))
    conn.execute(f"delete from warehouse.{table} where title_key = %s", (chance.randint(1, 12),))


def become_adult(conn: psycopg.Connection, chance: random.Random) -> None:
    conn.execute(
        "update warehouse.dim_title set is_adult = not is_adult where title_key = %s", (chance.randint(1, 12),)
    )


def rate(conn: psycopg.Connection, chance: random.Random) -> None:
    for user in chance.sample(range(1, 7), 4):
        conn.execute("insert into warehouse.dim_user values (%s, 'viewers', false) on conflict do nothing", (user,))
        for title in chance.sample(range(1, 13), 3):
            conn.execute(
                "insert into warehouse.fact_user_rating values (%s, %s, %s, %s, 'viewers')"
                " on conflict (user_key, title_key) do update set rating_of_5 = excluded.rating_of_5",
                (user, title, chance.choice((2, 4, 5)), MOMENT + timedelta(minutes=chance.randint(0, 9999))),
            )


CHANGES = (remove, bring_back, lose_fame, lose_likeness, become_adult, rate)


def from_nothing(conn: psycopg.Connection) -> list[tuple]:
    """All lists by a full computation that knows of nothing before."""
    computed = methods.compute(
        catalogue.read_catalogue(conn, SQL), read_events(conn, SQL),
        dict(run_file(conn, SQL / "4_recommendation" / "names_of_liked.sql").fetchall()),
        catalogue.child_limit(conn), {},
    )  # fmt: skip
    return sorted(
        (row.method_key, row.source_title_key or 0, row.user_key or 0, row.rank, row.recommended_title_key,
         row.score_raw, json.dumps(json.loads(row.reasons), sort_keys=True))
        for row in computed.rows()
    )  # fmt: skip


def as_readers_have_it(conn: psycopg.Connection) -> list[tuple]:
    rows = conn.execute(
        "select method_key, coalesce(source_title_key, 0), coalesce(user_key, 0), rank, recommended_title_key,"
        " score_raw, reasons from warehouse.fact_recommendation"
    ).fetchall()
    return sorted((*row[:6], json.dumps(row[6], sort_keys=True)) for row in rows)


@pytest.mark.usefixtures("catalogue")
def test_events_are_read_as_the_query_gives_them(conn: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    rate(conn, random.Random(1))
    conn.execute("insert into warehouse.fact_viewing values (1, 12, %s, 3, 'app')", (MOMENT,))
    for user, batch in ((None, 5), (None, 100_000), (1, 1), (12345, 1)):
        monkeypatch.setattr(events_module, "_BATCH", batch)
        found = read_events(conn, SQL, user)
        given = run_file(conn, SQL / "4_recommendation" / "viewer_events.sql", user_key=user).fetchall()
        assert list(zip(found.user, found.title, found.is_like, found.moment, strict=True)) == given
        assert bool(given) == (user != 12345)


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("seed", [1, 2])
def test_lists_are_those_of_a_full_computation_after_any_changes(
    conn: psycopg.Connection, make_day: Callable[..., Day], seed: int
) -> None:
    chance = random.Random(seed)
    rate(conn, chance)
    refresh(conn, make_day(DAY))
    for step in range(4):
        for change in chance.choices(CHANGES, k=3):
            change(conn, chance)
        publish_warehouse_load(conn, DAY)
        refresh(conn, make_day(DAY))
        assert as_readers_have_it(conn) == from_nothing(conn), f"seed {seed}, step {step}"


@pytest.mark.usefixtures("catalogue")
def test_a_viewers_list_after_viewings_is_the_one_of_the_next_full_refresh(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    chance = random.Random(3)
    rate(conn, chance)
    refresh(conn, make_day(DAY))
    for title in (5, 6):
        # Broken off: seen, but no like, so that what the others' likes say stays the same.
        conn.execute("update warehouse.dim_title set runtime_min = 100 where title_key = %s", (title,))
        record_viewing(conn, SQL, 1, title, MOMENT, viewed_min=5)
    alone = as_readers_have_it(conn)
    publish_warehouse_load(conn, DAY)
    assert refresh(conn, make_day(DAY))["rows_changed"] == 0
    assert as_readers_have_it(conn) == alone
