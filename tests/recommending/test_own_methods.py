"""A data scientist's own method: the same filters, caps and gate as ours, served by its name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import psycopg
import pytest
from catalogues import random_catalogue, random_events
from twelve_titles import DAY, publish_warehouse_load, refresh

from reelhouse.day import Day
from reelhouse.errors import QueryWrong
from reelhouse.recommending import evaluation, methods, own, refreshing
from reelhouse.settings import read_settings

SQL = read_settings({}).sql


def lists(conn: psycopg.Connection, method: str) -> dict[int, list[int]]:
    rows = conn.execute(
        "select source_title_key, array_agg(recommended_title_key order by rank) from mart.recommendations_by_method"
        " where method = %s group by 1",
        (method,),
    ).fetchall()
    return dict(rows)


@pytest.mark.usefixtures("catalogue")
def test_sent_scores_become_lists_that_keep_every_promise(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    sent = [(1, target, float(target)) for target in range(2, 13)] + [(7, 1, 9.0), (7, 8, 0.5)]
    assert own.send_scores(conn, "by_number", sent)["rows"] == 13
    refresh(conn, make_day(DAY))
    assert lists(conn, "by_number") == {1: [12, 10, 8, 7, 6, 5, 4, 3, 2], 7: [8]}, (
        "best first; no adult title, two series at most beside a film, beside a children's film nothing for adults"
    )
    rows = conn.execute(
        "select score_raw, reasons, why from mart.recommendations_by_method where method = 'by_number'"
    ).fetchall()
    assert all(reasons[0]["share"] == score and why == "scored by by_number" for score, reasons, why in rows)
    before = lists(conn, "similar_hybrid")
    own.send_scores(conn, "by_number", [(1, 3, 1.0)])
    assert refresh(conn, make_day(DAY))["lists_changed"] == 2, "new scores are a reason to refresh, of these lists only"
    assert (lists(conn, "by_number"), lists(conn, "similar_hybrid")) == ({1: [3]}, before)


@pytest.mark.usefixtures("catalogue")
def test_what_is_no_score_is_refused_and_leaves_the_former_ones(conn: psycopg.Connection) -> None:
    own.send_scores(conn, "mine", [(1, 2, 0.5)])
    for method, scores, words in (
        ("mine", [(1, 3, 0.0)], "above 0"),
        ("mine", [(1, 1, 1.0)], "two titles"),
        ("mine", [(1, 999_999, 1.0)], "of the warehouse"),
        ("mine", [(1, 3, 1.0), (1, 3, 2.0)], "each once"),
        ("mine", [], "found none"),
        ("ease", [(1, 2, 1.0)], "one of ours"),
        ("Mine!", [(1, 2, 1.0)], "small letters"),
    ):
        with pytest.raises(QueryWrong, match=words):
            own.send_scores(conn, method, scores)
    assert conn.execute(
        "select source_title_key, recommended_title_key, score from warehouse.sent_score"
    ).fetchall() == [(1, 2, 0.5)]


@pytest.mark.usefixtures("catalogue")
def test_a_python_function_of_an_installed_package_is_a_method(
    conn: psycopg.Connection, make_day: Callable[..., Day], monkeypatch: pytest.MonkeyPatch
) -> None:
    def same_year(titles, events):
        """Titles of the same year."""
        for one in titles:
            yield from (
                (one.title_key, other.title_key, 1.0)
                for other in titles
                if one is not other and one.release_year == other.release_year
            )

    monkeypatch.setattr(own, "_declared", lambda: {"same_year": same_year})
    refresh(conn, make_day(DAY))
    assert lists(conn, "same_year")[2] == [12]
    monkeypatch.setattr(own, "_declared", lambda: {"same_year": lambda titles, events: 1 / 0})
    publish_warehouse_load(conn, DAY)
    with pytest.raises(QueryWrong, match="Method same_year"):
        refreshing.build_recommendations(conn, make_day(DAY))


@pytest.mark.usefixtures("catalogue")
def test_a_method_below_its_gate_keeps_its_former_lists_and_holds_nobody_else(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    own.send_scores(conn, "mine", [(1, 2, 0.5), (3, 2, 0.5)])
    refresh(conn, make_day(DAY))
    own.send_scores(conn, "mine", [(1, 5, 0.5), (3, 5, 0.5)])
    conn.execute("update warehouse.dim_title set is_catalogue_title = false where title_key = 3")
    publish_warehouse_load(conn, DAY)
    refreshing.build_recommendations(conn, make_day(DAY))
    conn.execute("update build.fact_recommendation_quality set is_ok = false where method_key >= 100")
    assert evaluation.hold_own(conn, SQL) == ["mine"]
    refreshing.check_recommendations(conn, make_day(DAY))
    refreshing.publish_recommendations(conn, make_day(DAY))
    assert lists(conn, "mine") == {1: [2]}, "but not beside what left the catalogue"


def test_scores_that_viewers_contradict_are_below_the_gate(conn: psycopg.Connection) -> None:
    catalogue = sorted(random_catalogue(5, 150), key=lambda title: title.title_key)
    keys = np.array([title.title_key for title in catalogue])
    events = random_events(1, keys.tolist(), 300)
    source, target = (part.ravel() for part in np.meshgrid(range(150), range(150), indexing="ij"))
    source, target = source[source != target], target[source != target]
    alike = keys[source] % 3 == keys[target] % 3
    sent = [
        own.Own(number, name, source, target, score)
        for number, name, score in ((100, "of_taste", 1.0 + alike), (101, "against_taste", 2.0 - alike))
    ]
    for each in sent:
        conn.execute(
            "insert into warehouse.dim_rec_method (method_key, method, subject_kind, is_default, is_own, description)"
            " values (%s, %s, 'title', false, true, 'x')",
            (each.method_key, each.method),
        )
    computed = methods.compute(catalogue, events, dict.fromkeys(keys.tolist(), "x"), 8, {}, sent=sent)
    found = {metric.method: metric for metric in evaluation._agreement_metrics(conn, computed)}
    assert found["of_taste"].is_ok
    assert found["of_taste"].versus_popular[1] > 1
    assert not found["against_taste"].is_ok
