"""An app tells of a viewing while a refresh is on its way: nothing is held, and nobody is shown what they have seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from twelve_titles import DAY, publish_warehouse_load, refresh

from reelhouse.day import Day
from reelhouse.errors import Held
from reelhouse.recommending import refreshing

MOMENT = datetime(2021, 9, 1, tzinfo=UTC)
STANDING = "select user_key, recommended_title_key from {}.fact_recommendation where user_key > 0 order by 1, 2 limit 1"


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("source", ["app", "viewers"])
@pytest.mark.parametrize("table", ["fact_viewing", "fact_user_rating"])
def test_what_an_app_tells_while_lists_are_computed_holds_nothing(
    conn: psycopg.Connection, make_day: Callable[..., Day], source: str, table: str
) -> None:
    for user, titles in ((1, (1, 2, 3)), (2, (1, 4, 5)), (3, (2, 4, 6))):
        conn.execute("insert into warehouse.dim_user values (%s, 'viewers', false)", (user,))
        for liked in titles:
            conn.execute(
                "insert into warehouse.fact_user_rating values (%s, %s, 5, %s, 'viewers')", (user, liked, MOMENT)
            )
    refresh(conn, make_day(DAY))
    publish_warehouse_load(conn, DAY)
    refreshing.build_recommendations(conn, make_day(DAY))
    user, title = conn.execute(STANDING.format("build")).fetchone()
    columns, values = {
        "fact_viewing": ("viewed_at, viewed_min", (MOMENT, 90)),
        "fact_user_rating": ("rating_of_5, rated_at", (5, MOMENT)),
    }[table]
    conn.execute(
        f"insert into warehouse.{table} (user_key, title_key, {columns}, source) values (%s, %s, %s, %s, %s)",
        (user, title, *values, source),
    )
    if source == "viewers":
        with pytest.raises(Held, match="is recommended to that viewer"):
            refreshing.check_recommendations(conn, make_day(DAY))
        return
    refreshing.check_recommendations(conn, make_day(DAY))
    refreshing.publish_recommendations(conn, make_day(DAY))
    shown = "select from warehouse.fact_recommendation where user_key = %s and recommended_title_key = %s"
    assert conn.execute(shown, (user, title)).fetchone() is None
