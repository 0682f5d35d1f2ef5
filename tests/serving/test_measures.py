"""What recommendations are measured by, as people and apps see it."""

from __future__ import annotations

from reelhouse.database import connect


def test_quality_is_told_beside_popularity_and_the_lists_before_with_what_broke_a_limit(served) -> None:
    figures = (
        "insert into warehouse.fact_recommendation_quality (load_id, method_key, metric, value, limit_value, is_ok,"
        " subject_count, low, high, versus_popular, versus_popular_low, versus_popular_high)"
        " select max(load_id), 7, given.metric, given.value, bound, given.value < 1, 371, .19, .23, 1.5, 1.4, 1.625"
        " from warehouse.fact_recommendation_quality,"
        " (values ('ndcg_at_10', .2126, null), ('seen_targets', 3, 0)) as given (metric, value, bound)"
        " group by given.metric, given.value, bound on conflict (load_id, method_key, metric) do update set"
        " value = excluded.value, is_ok = excluded.is_ok, limit_value = excluded.limit_value"
    )
    with connect(served.dsn, "reelhouse test", autocommit=True) as conn:
        conn.execute(figures)
    shown = served.client().get("/quality").text
    blend = shown[shown.index("<h2>blend</h2>") :]
    blend = blend[: blend.index("<h2>", 4)]
    for words in ("nDCG@10", "0.2126", "of 371", "0.19 to 0.23", "× 1.50", "1.40 to 1.62"):
        assert words in blend
    assert '<span class="bad">seen targets: 3</span>' in blend
    assert shown.index("<h2>similar_hybrid</h2>") < shown.index("<h2>content_fields</h2>")
    told = [each for each in served.client().get("/api/v1/quality").json() if each["metric"] == "ndcg_at_10"]
    assert [each["versus_popular_low"] for each in told if each["method"] == "blend"] == [1.4]
