"""Trust: what was loaded last, from what, how well; and whether all is well now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from reelhouse import readiness
from reelhouse.serving.models import (
    CheckOf,
    FileAccount,
    Health,
    LoadOf,
    MatchQuality,
    QualityOfMethod,
    ReadyOf,
    SourceTrust,
    Trust,
)
from reelhouse.serving.reading import Snapshot
from reelhouse.settings import Settings

SHOWN_LOADS = 20
STALE_HOURS = 48
LOAD_COLUMNS = "load_id, part, batch_date as day, state, state_reason as reason, opened_at, published_at"


@dataclass(frozen=True, slots=True)
class MethodOf:
    """A way of recommending; `description` says what it does, in a sentence."""

    method: str
    description: str


def trust(seen: Snapshot, settings: Settings) -> Trust:
    """Sources, last loads, their checks that found something, match rates, and when the day will be ready."""
    published = _published(seen)
    sources = seen.rows(
        "select part, source, file_date, stale_days, carried_because, rows_in, rows_staged, rows_filtered,"
        " rows_quarantined, rows_duplicate, match_rate from mart.trust where part = 'warehouse' order by source"
    )
    loads = seen.rows(
        f"select {LOAD_COLUMNS} from ops.load order by opened_at desc, load_id desc limit %(most)s",
        {"most": SHOWN_LOADS},
    )
    checks = seen.rows(
        "select load_id, check_name, severity, rows_found from ops.check_result where rows_found > 0"
        " and load_id = any(%(loads)s) order by load_id desc, severity, check_name",
        {"loads": [row["load_id"] for row in loads]},
    )
    quality = seen.rows(
        "select load_id, batch_date as day, source, kind, row_count, match_rate, review_share, former_match_rate"
        " from mart.match_quality where load_id = any(%(loads)s) order by load_id desc, source, kind",
        {"loads": [row["load_id"] for row in loads]},
    )
    return Trust(
        load_id=seen.load_id,
        published_day=published["batch_date"] if published else None,
        published_at=published["published_at"] if published else None,
        sources=[SourceTrust(**row) for row in sources],
        loads=[LoadOf(**row) for row in loads],
        checks=[CheckOf(**row) for row in checks],
        match_quality=[MatchQuality(**row) for row in quality],
        ready=ready(seen, settings),
    )


def ready(seen: Snapshot, settings: Settings) -> list[ReadyOf]:
    """When each source and DAG will be done with the newest day."""
    now = datetime.now(UTC)
    found = readiness.look(seen.conn, settings, readiness.newest_day(seen.conn, now), now)
    return [
        ReadyOf(
            kind=each.kind, name=each.name, day=each.day, state=each.state(now), expected_at=each.expected_at,
            finished_at=each.finished_at, ready_by=each.ready_by and each.ready_by.astimezone(UTC),
        )
        for each in found
    ]  # fmt: skip


def file_accounts(seen: Snapshot, source: str, limit: int) -> list[FileAccount]:
    """What became of the rows of a source's files, the newest load first."""
    rows = seen.rows(
        "select load_id, batch_date as day, state, file_name, rows_in, rows_staged, rows_filtered, rows_quarantined,"
        " rows_duplicate, rows_repaired from ops.file_load inner join ops.load using (load_id)"
        " where source = %(source)s order by opened_at desc, load_id desc, file_name limit %(limit)s",
        {"source": source, "limit": limit},
    )
    return [FileAccount(**row) for row in rows]


def health(seen: Snapshot) -> Health:
    """Whether readers see what they should."""
    published = _published(seen)
    newest = seen.row(f"select {LOAD_COLUMNS} from ops.load order by opened_at desc, load_id desc limit 1")
    hours = (datetime.now(UTC) - published["published_at"]).total_seconds() / 3600 if published else None
    if newest is not None and newest["state"] == "held":
        status = "held"
    elif hours is None:
        status = "empty"
    else:
        status = "stale" if hours > STALE_HOURS else "ok"
    return Health(
        status=status,
        load_id=seen.load_id,
        published_day=published["batch_date"] if published else None,
        hours_since_publish=round(hours, 2) if hours is not None else None,
        newest_load=LoadOf(**newest) if newest else None,
    )


def quality(seen: Snapshot) -> list[QualityOfMethod]:
    """How good the recommendations of each load were, the newest first."""
    rows = seen.rows(
        "select load_id, batch_date as day, method, metric, value, limit_value, is_ok, subject_count, low, high,"
        " versus_popular, versus_popular_low, versus_popular_high, versus_former, versus_former_low, versus_former_high"
        " from warehouse.fact_recommendation_quality inner join ops.load using (load_id)"
        " inner join warehouse.dim_rec_method using (method_key)"
        " order by batch_date desc, load_id desc, method, metric limit 2000"
    )
    return [QualityOfMethod(**row) for row in rows]


def methods(seen: Snapshot) -> list[MethodOf]:
    """The ways of recommending, those that are served unasked first."""
    rows = seen.rows("select method, description from warehouse.dim_rec_method order by is_default desc, method_key")
    return [MethodOf(**row) for row in rows]


def _published(seen: Snapshot) -> dict | None:
    return seen.row("select batch_date, published_at from warehouse.publication where part = 'warehouse'")
