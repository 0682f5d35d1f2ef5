"""The warehouse as figures for a monitoring server: what readers see, how fresh and how sure it is, what waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from reelhouse import readiness
from reelhouse.serving.reading import Snapshot
from reelhouse.settings import Settings

FATES = ("in", "staged", "filtered", "quarantined", "duplicate")


def figures(seen: Snapshot, settings: Settings) -> Iterator[Metric]:
    """Every measure is there from the start, so that a rule about one never waits for its first value."""
    yield from _published(seen)
    yield from _sources(seen)
    yield from _ledger(seen)
    yield from _ready(seen, settings)


def _gauge(name: str, says: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"reelhouse_{name}", says, labels=labels)


def _published(seen: Snapshot) -> Iterator[Metric]:
    load = _gauge("published_load", "Number of the load that readers see.", ("part",))
    day = _gauge("published_day_timestamp_seconds", "00:00 UTC of the day that readers see.", ("part",))
    when = _gauge("published_timestamp_seconds", "When readers first saw it.", ("part",))
    for row in seen.rows(
        "select part, load_id, published_at, batch_date::timestamp at time zone 'UTC' as midnight"
        " from warehouse.publication"
    ):
        load.add_metric([row["part"]], row["load_id"])
        day.add_metric([row["part"]], row["midnight"].timestamp())
        when.add_metric([row["part"]], row["published_at"].timestamp())
    titles = _gauge("searched_titles", "Works that searches look through, as the server estimates them.")
    titles.add_metric(
        [], max(0, seen.value("select reltuples from pg_class where oid = 'warehouse.title_search'::regclass"))
    )
    yield from (load, day, when, titles)


def _sources(seen: Snapshot) -> Iterator[Metric]:
    stale = _gauge("source_stale_days", "Days from a source's newest file to the day that readers see.", ("source",))
    rows = _gauge("source_rows", "Rows of a source's files by what became of them.", ("source", "fate"))
    linked = _gauge("source_match_ratio", "Share of a source's rows that are linked to IMDb.", ("source",))
    for row in seen.rows("select * from mart.trust where part = 'warehouse'"):
        stale.add_metric([row["source"]], row["stale_days"])
        for fate in FATES:
            rows.add_metric([row["source"], fate], row[f"rows_{fate}"])
        if row["match_rate"] is not None:
            linked.add_metric([row["source"]], float(row["match_rate"]))
    yield from (stale, rows, linked)


def _ledger(seen: Snapshot) -> Iterator[Metric]:
    loads = _gauge("loads", "Loads by part and state, as the ledger has them.", ("part", "state"))
    for row in seen.rows("select part, state, count(*) as count from ops.load group by part, state"):
        loads.add_metric([row["part"], row["state"]], row["count"])
    checks = _gauge("checks_failing", "Checks of a part's newest load that found rows.", ("part", "severity"))
    for row in seen.rows(
        "with newest as (select distinct on (part) part, load_id from ops.load order by part, opened_at desc)"
        " select part, severity, count(rows_found) filter (where rows_found > 0) as count from newest"
        " cross join (values ('fail'), ('warn')) as kinds (severity)"
        " left join ops.check_result using (load_id, severity) group by part, severity"
    ):
        checks.add_metric([row["part"], row["severity"]], row["count"])
    alerts = _gauge("alerts", "Alerts of the last seven days by kind.", ("kind",))
    for row in seen.rows(
        "select kind, count(told_at) as count from unnest(array['failure', 'hold', 'late', 'deadline']) as kind"
        " left join (select * from ops.alert where told_at > now() - interval '7 days') as told using (kind)"
        " group by kind"
    ):
        alerts.add_metric([row["kind"]], row["count"])
    review = _gauge("review_waiting", "Rows that wait for a reviewer.")
    review.add_metric([], seen.value("select count(*) from matching.title_decision where band = 'review'"))
    steps = _gauge("step_seconds", "How long a step took when it was done last.", ("step",))
    for row in seen.rows(
        "select distinct on (step) step, extract(epoch from ended_at - begun_at)::float as seconds from ops.step_time"
        " where ended_at is not null order by step, ended_at desc"
    ):
        steps.add_metric([row["step"]], row["seconds"])
    yield from (loads, checks, alerts, review, steps)


def _ready(seen: Snapshot, settings: Settings) -> Iterator[Metric]:
    now = datetime.now(UTC)
    labels = ("kind", "name")
    expected = _gauge("expected_timestamp_seconds", "When a source or DAG will be done with the newest day.", labels)
    finished = _gauge("finished_timestamp_seconds", "When it was done.", labels)
    by = _gauge("ready_by_timestamp_seconds", "By when it is to be done (REELHOUSE_READY_BY).", labels)
    missed = _gauge("deadline_missed", "1: its time was missed, or will be.", labels)
    for each in readiness.look(seen.conn, settings, readiness.newest_day(seen.conn, now), now):
        place = [each.kind, each.name]
        for family, moment in ((expected, each.expected_at), (finished, each.finished_at), (by, each.ready_by)):
            if moment is not None:
                family.add_metric(place, moment.timestamp())
        missed.add_metric(place, each.state(now) in ("missed", "will be missed"))
    yield from (expected, finished, by, missed)
