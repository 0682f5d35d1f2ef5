"""`reelhouse status`: five lines about what runs and is kept, what was loaded, what waits, when a day is ready."""

from __future__ import annotations

import argparse
import shutil
import time
from datetime import UTC, datetime

import psycopg

from reelhouse.operating import airflow, airflow_api, embedded, following, postgres, supervising
from reelhouse.operating.airflow_api import AirflowAway
from reelhouse.operating.arguments import is_ahead
from reelhouse.settings import Settings, read_settings

# Until then an API server that does not answer is taken to be on its way.
STARTING_SECONDS = 180
FAILED_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Starts nothing. The exit code is 0 when Airflow is up and healthy, else 1."


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    running = supervising.read_running(settings)
    url = running.url if running else None
    health = airflow_api.health(url) if url else {}
    dsn = _warehouse(settings)
    print(f"server    {_server(settings, dsn)}; {kept(settings)}")
    is_young = running is not None and time.time() - running.started_at < STARTING_SECONDS
    is_starting = is_young and health.get("api_server") != "healthy"
    if is_starting:
        said = "starting; `reelhouse logs` tells more"
    elif running and not url:
        said = "runs, and it is not known where; `reelhouse down`, then `reelhouse up`"
    else:
        said = _airflow(settings, url, health)
    print(f"airflow   {said}")
    print(f"loads     {loads(dsn)}")
    print(f"ready     {_ready(settings, dsn)}")
    print(f"runs      {_runs(settings, url, health)}")
    return 0 if health and set(health.values()) == {"healthy"} else 1


def _warehouse(settings: Settings) -> str | None:
    if settings.warehouse_dsn:
        return settings.warehouse_dsn
    embedded.forget_settings_of_others(settings)
    server = postgres.attach(postgres.server_folder(settings.home), settings.postgres_bin)
    return server.dsn("warehouse") if server else None


def _server(settings: Settings, dsn: str | None) -> str:
    if dsn is None:
        return "stopped; any command that needs it starts it"
    try:
        with psycopg.connect(dsn, connect_timeout=5) as conn:
            info = conn.info
            return f"PostgreSQL {info.server_version // 10000} on {info.host}:{info.port}, database {info.dbname}"
    except psycopg.OperationalError as error:
        return f"no answer: {str(error).strip().splitlines()[0]}"


def kept(settings: Settings) -> str:
    """How much room there is, and how old the newest backup is."""
    place = settings.home
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 2**30
    made = [path.stat().st_mtime for path in (settings.home / "backups").glob("*/manifest.json")]
    if not made:
        return f"{free:,.0f} GB free, no backup in {settings.home / 'backups'}"
    hours = max(time.time() - max(made), 0) / 3600
    age = f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.0f} days"
    return f"{free:,.0f} GB free, newest backup {age} old"


def _airflow(settings: Settings, url: str | None, health: dict[str, str]) -> str:
    if not url or not health:
        return "stopped; start it with `reelhouse up`"
    processes = airflow.marked_processes(settings)
    states = ", ".join(f"{name.replace('_', ' ')} {state}" for name, state in health.items())
    login = f"user {airflow.USER}, password {airflow.password(settings)}"
    return f"{url}  {login}; {states}; {len(processes)} processes"


def loads(dsn: str | None) -> str:
    """The load of each part that was worked on last, what readers see when it is another, what waits, what is stale."""
    if dsn is None:
        return "unknown while the server is stopped"
    try:
        with psycopg.connect(dsn, connect_timeout=5) as conn:
            rows = conn.execute(
                "select distinct on (part) part, load_id, batch_date, state from ops.load"
                " order by part desc, opened_at desc"
            ).fetchall()
            held = [
                f"{part} {load_id} of {day}"
                for part, load_id, day in conn.execute(
                    "select part, load_id, batch_date from ops.load where state = 'held' order by load_id"
                )
            ]
            seen = conn.execute(
                "select part, load_id, batch_date from warehouse.publication order by part desc"
            ).fetchall()
            stale = conn.execute(
                "select source, stale_days from mart.trust where part = 'warehouse' and stale_days > 0 order by source"
            ).fetchall()
    except psycopg.errors.UndefinedTable:
        return "none yet"
    except psycopg.Error as error:
        return f"unknown: {str(error).strip().splitlines()[0]}"
    parts = [f"{part} {load_id} of {day} {state}" for part, load_id, day, state in rows] or ["none yet"]
    others = [each for each in seen if each not in [row[:3] for row in rows]]
    if others:
        parts.append("readers see " + ", ".join(f"{part} {load_id} of {day}" for part, load_id, day in others))
    if any(is_ahead(day) for _, _, day in seen):
        parts.append("readers see a day that has not begun; those before it add to history only (reelhouse rollback)")
    if held:
        parts.append(f"waiting for an answer: {', '.join(held)} (reelhouse approve)")
    if stale:
        parts.append("stale: " + ", ".join(f"{source} {days} days" for source, days in stale))
    return "; ".join(parts)


def _ready(settings: Settings, dsn: str | None) -> str:
    """Of the day that was begun last: when readers will have it, and what has a time of its own to be ready by."""
    from reelhouse import readiness

    if dsn is None:
        return "unknown while the server is stopped"
    now = datetime.now(UTC)
    try:
        with psycopg.connect(dsn, connect_timeout=5) as conn:
            found = readiness.look(conn, settings, readiness.newest_day(conn, now), now)
    except psycopg.errors.UndefinedTable:
        return "unknown until a day was run"
    except psycopg.Error as error:
        return f"unknown: {str(error).strip().splitlines()[0]}"
    shown = [each for each in found if each.name == readiness.READERS_DAG or each.ready_by is not None]
    return "; ".join(each.words(now) for each in shown)


def _runs(settings: Settings, url: str | None, health: dict[str, str]) -> str:
    if url is None:
        return "unknown while Airflow is stopped"
    # Who asks why nothing goes on is not to wait a minute for what cannot answer.
    if health.get("metadatabase") != "healthy":
        return "unknown while Airflow, or its database, does not answer"
    try:
        api = airflow_api.log_in(url, airflow.USER, airflow.password(settings))
        runs = {dag_id: airflow_api.latest_run(api, dag_id) for dag_id in following.DAGS}
        failed = airflow_api.failed_days(api)
    except AirflowAway as error:
        return f"unknown: {error}"
    newest = ", ".join(
        f"{dag_id} {run['state']} of {airflow_api.day_of(run)}" if run else f"{dag_id} never"
        for dag_id, run in runs.items()
    )
    return "; ".join([newest, *(["failed: " + _few(failed)] if failed else [])])


def _few(failed: list[tuple[str, str]]) -> str:
    """The newest of them in words."""
    more = [f"and {len(failed) - FAILED_SHOWN} more"] if len(failed) > FAILED_SHOWN else []
    return ", ".join([*(f"{dag_id} of {day}" for dag_id, day in reversed(failed[-FAILED_SHOWN:])), *more])
