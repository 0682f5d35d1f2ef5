"""What must hold after each day of the soak, and what the warehouse holds on to: size, connections, files, memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg

from reelhouse.soaking.editions import Account
from reelhouse.warehousing.contents import content_hashes

# What a warehouse under fire may take more than its twin, and a day more than the day before once history is all that
# grows. Bounds of megabytes, not of percents, where a small number would make percents meaningless.
MOST_TIMES_TWIN, SPARE_MB = 1.3, 32
MOST_MB_A_DAY = 0.5
MOST_MEMORY_TIMES, SPARE_MEMORY_MB = 1.2, 48
# The first page of a report leaves files open that its fonts are in.
MOST_MORE_FILES = 6
# The first days fill caches, import modules (those of the report's pictures on the fiftieth) and grow tables to the
# size that updates need.
SETTLED_AFTER = 51

# A stay may begin, by what the platform states, before the first day on which its catalogue was loaded with the title:
# what the catalogue says is known from then on, without a gap until the title leaves.
_PERIODS = (
    "with told as (select title_key, range_agg(daterange(valid_from, valid_until)) as days,"
    "  sum(coalesce(valid_until, date '9999-01-01') - valid_from) as length"
    "  from warehouse.dim_title_history group by title_key),"
    " stayed as (select title_key, range_agg(daterange(entered_date, left_date)) as days,"
    "  array_agg(left_date order by entered_date) as ends from warehouse.fact_availability group by title_key)"
)
HISTORY_LAWS = {
    "periods of one title overlap": f"{_PERIODS} select count(*) from told where length <>"
    " (select sum(coalesce(upper(part), date '9999-01-01') - lower(part)) from unnest(days) as part)",
    "a title without a history of its own for each of its stays": f"{_PERIODS} select count(*)"
    " from told full join stayed using (title_key) where told.days <@ stayed.days is not true"
    " or array(select upper(part) from unnest(told.days) as part order by lower(part)) <> stayed.ends",
    "a score that repeats the one before": "select count(*) from (select (imdb_rating_of_10, imdb_vote_count,"
    " critics_pct, critics_count, audience_pct, audience_count) is not distinct from lag((imdb_rating_of_10,"
    " imdb_vote_count, critics_pct, critics_count, audience_pct, audience_count)) over days"
    " and lag(rating_date) over days is not null as is_same from warehouse.fact_title_rating"
    " window days as (partition by title_key order by rating_date)) as compared where is_same",
}
_ACCOUNT = (
    "select source, file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate"
    " from ops.file_load where load_id = (select load_id from ops.load where part = 'warehouse' and batch_date = %s"
    " order by published_at desc nulls last, load_id desc limit 1)"
)
_OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
    " and pid <> pg_backend_pid()"
)


def problems_of_account(conn: psycopg.Connection, batch_date: object, expected: Account) -> list[str]:
    """What the published load says became of each row, beside what the generator knows."""
    found = {(source, name): tuple(counts) for source, name, *counts in conn.execute(_ACCOUNT, (batch_date,))}
    return [
        f"account of {name}: expected {expected.get(key)}, found {found.get(key)}"
        for key in sorted(expected.keys() | found.keys())
        for name in [key[1]]
        if expected.get(key) != found.get(key)
    ]


def problems_of_history(conn: psycopg.Connection) -> list[str]:
    counted = {law: conn.execute(query).fetchone()[0] for law, query in HISTORY_LAWS.items()}
    return [f"{law}: expected nowhere, found {count} times" for law, count in counted.items() if count]


def problems_of_content(conn: psycopg.Connection, twin: psycopg.Connection) -> list[str]:
    """Tables whose content differs from that of the warehouse to which nothing was done."""
    found, expected = content_hashes(conn), content_hashes(twin)
    return [
        f"content of {table}: expected {expected[table]} as in the twin, found {found[table]}"
        for table in expected
        if expected[table] != found[table]
    ]


def held_on_to(conn: psycopg.Connection, home: Path) -> dict[str, float]:
    """What would grow if something leaked."""
    (size,) = conn.execute("select pg_database_size(current_database())").fetchone()
    files = [path for path in home.rglob("*") if path.is_file()]
    (dead,) = conn.execute(
        "select coalesce(sum(n_dead_tup) / nullif(sum(n_live_tup + n_dead_tup), 0), 0) from pg_stat_user_tables"
    ).fetchone()
    return {
        "database_mb": round(size / 2**20, 1),
        "dead_row_share": round(float(dead), 3),
        "other_connections": conn.execute(_OTHERS).fetchone()[0],
        "home_files": len(files),
        "home_mb": round(sum(path.stat().st_size for path in files) / 2**20, 1),
    }


def problems_of_growth(now: Mapping[str, float], settled: Mapping[str, float] | None, days: int) -> list[str]:
    """What goes beyond its bound.

    Takes   now      of this day: `held_on_to`, `twin_database_mb`; `worker_mb` and `worker_files` of the twin's
                     process, which lives as long as the soak does
            settled  the same of the day on which all had settled, None before it
            days     since then
    """
    bounds = {"database_mb": MOST_TIMES_TWIN * now["twin_database_mb"] + SPARE_MB, "other_connections": 0}
    if settled is not None:
        bounds |= {
            "twin_database_mb": settled["twin_database_mb"] + SPARE_MB + MOST_MB_A_DAY * days,
            "home_files": 1.5 * settled["home_files"] + 32,
            "home_mb": 1.5 * settled["home_mb"] + SPARE_MB,
        }
        # A soak that went on has another process.
        if now["worker_pid"] == settled["worker_pid"]:
            bounds |= {
                "worker_mb": MOST_MEMORY_TIMES * settled["worker_mb"] + SPARE_MEMORY_MB,
                "worker_files": settled["worker_files"] + MOST_MORE_FILES,
            }
    return [
        f"{name}: expected at most {bound:.1f}, found {now[name]}"
        for name, bound in bounds.items()
        if now[name] > bound
    ]
