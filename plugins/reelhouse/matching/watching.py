"""Watching: how well each load was matched, and whether that moved so far that a person has to look.

Sources and IMDb change by a few rows a day. A match rate that moves by a tenth says that a file, a key or a
weight is broken, long before a reader notices missing scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

import psycopg

from reelhouse.loads import Load

# A rate may move by a tenth of what it was. A small rate moves by a tenth with a handful of rows, so the move must
# also be of one row in a hundred, and of thirty rows: a source of fewer is never held.
MOST_MOVED = 0.10
LEAST_SHARE_MOVED = 0.01
LEAST_ROWS_MOVED = 30
EVERY_KIND = "every kind"


@dataclass(frozen=True, slots=True)
class Quality:
    """How many rows of one source and kind came into which band; the fields of ops.match_quality."""

    source: str
    kind: str
    row_count: int
    match_count: int
    review_count: int
    no_match_count: int
    manual_count: int
    kept_count: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What is watched of one decision."""

    source: str
    kind: str
    band: str
    is_manual: bool
    is_kept: bool


def measure(decisions: Iterable[Decided]) -> list[Quality]:
    """The quality of each source and kind, in their order. Pure."""
    counts = Counter(decisions)
    totals: dict[tuple[str, str], Counter[str]] = {}
    for one, count in counts.items():
        total = totals.setdefault((one.source, one.kind), Counter())
        total[one.band] += count
        total["manual"] += count * one.is_manual
        total["kept"] += count * one.is_kept
    return [
        Quality(
            source, kind, total["match"] + total["review"] + total["no match"], total["match"], total["review"],
            total["no match"], total["manual"], total["kept"],
        )
        for (source, kind), total in sorted(totals.items())
    ]  # fmt: skip


def hold_reasons(now: Iterable[Quality], former: Iterable[Quality]) -> list[str]:
    """What speaks against a load beside the one that was published before, in words. Pure.

    Compared are each source and each kind of it, as far as both loads have rows of it.
    """
    ours, theirs = _rates(now), _rates(former)
    reasons = []
    for (source, kind, what), (rate, row_count) in ours.items():
        before, _ = theirs.get((source, kind, what), (None, 0))
        if before is not None and _has_moved(rate, before, row_count):
            low, high = (1 - MOST_MOVED) * before, min((1 + MOST_MOVED) * before, 1.0)
            reasons.append(
                f"{source}, {kind}: expected a {what} of {low:.1%} to {high:.1%} ({MOST_MOVED:.0%} around the "
                f"published {before:.1%}), found {rate:.1%} of {row_count:,} rows"
            )
    return reasons


def _has_moved(rate: float, before: float, row_count: int) -> bool:
    moved = abs(rate - before)
    return moved > MOST_MOVED * before and moved >= LEAST_SHARE_MOVED and moved * row_count >= LEAST_ROWS_MOVED


def _rates(qualities: Iterable[Quality]) -> Mapping[tuple[str, str, str], tuple[float, int]]:
    """Rate and number of rows by source, kind and what is measured; a source of one kind only in all."""
    parts: dict[tuple[str, str], list[Quality]] = {}
    for one in qualities:
        parts.setdefault((one.source, EVERY_KIND), []).append(one)
        parts.setdefault((one.source, one.kind), []).append(one)
    rates: dict[tuple[str, str, str], tuple[float, int]] = {}
    for (source, kind), part in sorted(parts.items()):
        row_count = sum(one.row_count for one in part)
        is_double = kind != EVERY_KIND and len(parts[source, EVERY_KIND]) == 1
        if row_count and not is_double:
            rates[source, kind, "match rate"] = (sum(one.match_count for one in part) / row_count, row_count)
            rates[source, kind, "review share"] = (sum(one.review_count for one in part) / row_count, row_count)
    return rates


def watch(conn: psycopg.Connection, load: Load, decisions: Iterable[Decided]) -> list[str]:
    """Keep the quality of a load in ops.match_quality.

    Gives   what speaks against it beside the load that readers have now, or, of a day older than theirs, beside the
            last one of a day before it: an edition of last year is not measured by this year's. Nothing for a load
            that was checked before
    """
    now = measure(decisions)
    conn.execute("delete from ops.match_quality where load_id = %s", (load.load_id,))
    conn.cursor().executemany(
        "insert into ops.match_quality values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [(load.load_id, *astuple(one)) for one in now],
    )
    if load.state != "building":
        return []
    rows = conn.execute(
        "select source, kind, row_count, match_count, review_count, no_match_count, manual_count, kept_count"
        " from ops.match_quality"
        " where load_id <> %(load_id)s and load_id = ("
        "  select case when publication.batch_date <= %(day)s then publication.load_id else ("
        "   select load.load_id from ops.load"
        "   where load.part = 'warehouse' and load.published_at is not null and load.batch_date < %(day)s"
        "   order by load.batch_date desc, load.published_at desc limit 1"
        "  ) end from warehouse.publication where publication.part = 'warehouse'"
        " )",
        {"load_id": load.load_id, "day": load.batch_date},
    ).fetchall()
    return hold_reasons(now, [Quality(*row) for row in rows])
