"""How a step becomes a task, and how one DAG starts the next. Beside `serving.airflow_access` the only module that
knows Airflow.

Parsing a DAG imports this module and no step: those come with pandas and scikit-learn, and a parse is repeated
every half minute.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.executors.local_executor import LocalExecutor
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Asset, BaseNotifier, Connection, Param
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException, TaskDeferred
from airflow.sdk.log import mask_secret

from reelhouse.day import EVERY_SOURCE, Day
from reelhouse.errors import DatabaseAway, Held, ReelhouseError, SettingsWrong
from reelhouse.settings import S3Keys, Settings, read_settings

if TYPE_CHECKING:
    import psycopg
    from airflow.sdk.definitions.context import Context

log = logging.getLogger(__name__)

WAREHOUSE = "warehouse"
STORAGE = "storage"
# They take gigabytes or minutes with files of today's size; the others seconds.
HEAVY = ("stage_imdb", "find_candidates", "decide_matches", "build_warehouse", "publish_warehouse",
         "build_recommendations")  # fmt: skip
# Airflow leaves out tasks of runs dated before it. Netflix streamed nothing before 2007.
FIRST_DAY = datetime(2007, 1, 1, tzinfo=UTC)

# Between two looks whether a day will be ready in time.
WATCHED_EVERY = timedelta(minutes=10)
# What reads what a day's files left in staging, matching and build.
AFTER_STAGING = ("match_titles", "populate_warehouse", "refresh_recommendations")
# Between two looks whether it is through; longer, the longer it has taken: a twentieth of that.
OTHER_DAY_EVERY, OTHER_DAY_SELDOM = timedelta(seconds=10), timedelta(minutes=5)
# A run of a DAG that somebody has paused ends never.
OTHER_DAY_LONGEST = timedelta(hours=6)


class RevokingExecutor(LocalExecutor):
    """Airflow's LocalExecutor, and it gives up a task that never began.

    A task whose supervisor is killed between taking it and saying so stays queued: Airflow gives queued tasks up after
    `task_queued_timeout`, but leaves those of an executor alone that cannot revoke them, as LocalExecutor cannot
    (3.3.2). The run then waits for ever.
    """

    def revoke_task(self, *, ti) -> None:
        """Forget the task, so that the scheduler queues it again. Should it begin all the same, the API refuses it."""
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)


AFTER_REJECTION = (
    "Deliver the right file and run the day again. If it should not have been rejected, clear `check_…` with what "
    "follows it: you are asked again."
)

ASSETS = {
    name: Asset(name=f"reelhouse.{name}", uri=f"x-reelhouse://warehouse/{name}", group="reelhouse")
    for name in ("staging", "matching", "warehouse", "recommendations", "summary")
}


def dag_defaults(doc: str) -> dict[str, object]:
    """What all DAGs have in common: one run at a time, no past days by itself, the trigger form, retries."""
    return {
        "doc_md": doc,
        "start_date": FIRST_DAY,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["reelhouse"],
        "params": _form(),
        "user_defined_macros": {"midnight_of_day": midnight_of_day},
        "default_args": {
            "owner": "reelhouse",
            "retries": 3,
            "retry_delay": timedelta(seconds=read_settings().retry_seconds),
            "retry_exponential_backoff": 3.0,
            "max_retry_delay": timedelta(minutes=10),
            "on_failure_callback": AlertNotifier(),
        },
    }


def _form() -> dict[str, Param]:
    return {
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="The day to load. Empty: the day of the run.",
        ),
        "sources": Param(
            list(EVERY_SOURCE),
            type="array",
            items={"type": "string", "enum": list(EVERY_SOURCE)},
            examples=list(EVERY_SOURCE),
            uniqueItems=True,
            minItems=1,
            title="Sources",
            description="Those left out keep the files that were landed last.",
        ),
        "force": Param(
            False,
            type="boolean",
            title="Force",
            description="Do every step again, even where nothing changed.",
        ),
        "accept_volume": Param(
            None,
            type=["null", "string"],
            title="Accept what is unusual",
            description="Why the day is to go on although files have unusually many, few or bad rows, or far more or "
            "fewer of them were matched than before. Recorded.",
        ),
        "wait_minutes": Param(
            None,
            type=["null", "number"],
            minimum=0,
            title="Wait",
            description="Minutes to wait for a source that is late. Empty: a scheduled run waits until its deadline, "
            "one by hand fails at once.",
        ),
    }


class AlertNotifier(BaseNotifier):
    """Tells people of a task that failed for good; where to is set by REELHOUSE_ALERT_… (`reelhouse.alerting`)."""

    def notify(self, context: Context) -> None:
        """Called by Airflow in the process of the task."""
        cause = str(context.get("exception") or "no reason given")
        send_alert("failure", context, f"{context['dag'].dag_id}.{context['ti'].task_id}", cause)


def send_alert(kind: str, context: Context, place: str, cause: str) -> None:
    """Send an alert about the run's day. That it cannot be sent is logged, and never fails the task."""
    from reelhouse.alerting import Alert, sample_rows, tell

    day = batch_date(context["params"], context["dag_run"])
    try:
        try:
            with _connected() as conn:
                rows = () if kind in ("late", "deadline") else sample_rows(conn, day)
                sent = tell(conn, Alert(kind, day, place, cause, rows))
        except (DatabaseAway, SettingsWrong):
            sent = tell(None, Alert(kind, day, place, cause))
        if sent:
            log.info("alert of %s at %s: %s", kind, place, ", ".join(sent))
    except Exception:
        log.exception("The alert of %s at %s could not be sent.", kind, place)


def step(name: str, minutes: int = 60, emits: str | None = None, asks: bool = False) -> StepOperator:
    """A task that runs one step of `reelhouse.steps` for the day.

    Takes   minutes  after which the task counts as stuck and is tried again
            emits    asset that is new after this step; for the last step of a DAG, so after its checks
            asks     a load that it holds is no failure: the approval that follows asks a person
    """
    return StepOperator(
        task_id=name,
        python_callable=_run,
        op_args=[name, emits, asks],
        execution_timeout=timedelta(minutes=minutes),
        outlets=[ASSETS[emits]] if emits else [],
        show_return_value_in_logs=False,
        **(room_for_heavy(read_settings()) if name in HEAVY else {}),
    )


def room_for_heavy(settings: Settings) -> dict[str, str]:
    """The pool and the queue of heavy tasks, as far as the settings name any: one that does not exist runs nothing."""
    named = {"pool": settings.heavy_pool, "queue": settings.heavy_queue}
    return {key: value for key, value in named.items() if value}


class PatientOperator(PythonOperator):
    """A task that can go on after a wait. A class, because Airflow calls a deferred task again by a method's name."""

    def look_again(self, context: Context, event: object = None) -> object:
        """Do all of it anew: what was waited for may have come, or the deadline."""
        return self.execute(context)


class StepOperator(PatientOperator):
    """A task that runs a step, and tells what that reads and writes."""

    def get_openlineage_facets_on_complete(self, task_instance: object) -> object:
        """What the step has read and written, table by table and column by column. Asked only where a transport is
        configured for OpenLineage.
        """
        from airflow.providers.openlineage.extractors import OperatorLineage

        from reelhouse.lineage import datasets

        inputs, outputs = datasets(self.op_args[0], read_settings().include, warehouse_dsn())
        return OperatorLineage(inputs=inputs, outputs=outputs)


def watch_ready() -> PatientOperator:
    """A task that looks, until the day is ready or too late, whether what REELHOUSE_READY_BY says will be kept, and
    tells of what will not before it is missed. It waits without a worker slot, or not at all where nobody said when.
    """
    return PatientOperator(task_id="watch_ready", python_callable=_watch_ready, execution_timeout=timedelta(minutes=5))


def _watch_ready(**context) -> list[str]:
    from reelhouse import readiness

    now, settings = datetime.now(UTC), read_settings()
    day = batch_date(context["params"], context["dag_run"])
    with retried_only_if_passing(), _connected() as conn:
        found = readiness.look(conn, settings, day, now)
    # Whoever tidies on behalf of a day long gone has not missed it.
    watched = [each for each in found if each.ready_by is not None and now < each.ready_by + timedelta(days=1)]
    for each in watched:
        log.info("%s", each.words(now))
        if each.state(now) in ("will be missed", "missed"):
            send_alert("deadline", context, each.name, each.words(now))
    waits = [each.ready_by for each in watched if each.finished_at is None and each.ready_by > now]
    if waits:
        raise _deferred(min(now + WATCHED_EVERY, min(waits) + timedelta(seconds=1)))
    return [each.words(now) for each in watched]


def approval(part: str) -> ApprovalOperator:
    """A task that asks a person about a held load, and passes at once when none is held."""
    return ApproveOperator(
        part=part,
        task_id=f"approve_{part}",
        subject=f"Publish the held load of the {part}?",
        body="",
        params={"reason": Param("", type="string", title="Reason", description="Why. Recorded.")},
        execution_timeout=timedelta(minutes=10),
        response_timeout=timedelta(hours=20),
    )


class ApproveOperator(ApprovalOperator):
    """Shows what speaks against the load of the day and what it would publish; records the answer and who gave it.

    Approve lets the run go on. Reject, or no answer in time, ends it, so that the next day can run. An answer without
    a reason is asked for again. Who has answered in the shell meanwhile is not overruled.
    """

    def __init__(self, *, part: str, **fields: object) -> None:
        super().__init__(defaults=self.REJECT, **fields)
        self.part = part

    def execute(self, context: Context) -> object:
        from reelhouse.warehousing import holds

        with retried_only_if_passing(), _connected() as conn:
            load_id = _load_of_day(conn, self.part, context)
            hold = holds.read_hold(conn, read_settings().sql, load_id)
            if hold is None:
                _refuse_rejected(conn, load_id)
                return "No load is held."
        self.subject = f"Publish load {hold.load_id} ({self.part}, {hold.batch_date})? {hold.reasons[0]}"[:250]
        self.body = holds.describe(hold)
        self.response_timeout = timedelta(hours=read_settings().approval_hours)
        log.warning("Load %s waits for a person: %s", hold.load_id, "; ".join(hold.reasons))
        send_alert("hold", context, self.part, "\n".join(hold.reasons))
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, object]) -> object:
        from reelhouse.warehousing import holds

        chosen, reason, who, where = self._answer(event)
        if not reason:
            log.warning("An answer without a reason is none; asked again.")
            return self.execute(context)
        with retried_only_if_passing(), _connected() as conn:
            load_id = _load_of_day(conn, self.part, context)
            hold = holds.read_hold(conn, read_settings().sql, load_id)
            if hold is None or not holds.answer(conn, hold, chosen, reason, who, where):
                chosen, reason, who = self._answered_before(conn, load_id, chosen, reason, who)
            _refuse_rejected(conn, load_id)
        return {"load_id": load_id, "answer": chosen, "reason": reason, "by": who}

    def _answered_before(self, conn: psycopg.Connection, load_id: int, *came_late: str) -> tuple[str, str, str]:
        """The answer that holds, in words beside the one that came after it."""
        from reelhouse.warehousing import holds

        first = holds.last_answer(conn, load_id)
        if first is None:
            return came_late
        if first != came_late:
            log.warning(
                "Load %s was answered before: %s, by %s: %s. This answer does not count: %s, by %s: %s.",
                load_id, first[0], first[2], first[1], came_late[0], came_late[2], came_late[1],
            )  # fmt: skip
        return first

    def _answer(self, event: dict[str, object]) -> tuple[str, str, str, str]:
        """Verdict, reason, who, and where."""
        from reelhouse.warehousing import holds

        if event.get("timedout"):
            return holds.REJECT, "nobody answered in time", "nobody", holds.BY_TIMEOUT
        user = event["responded_by_user"] or {}
        verdict = holds.APPROVE if event["chosen_options"] == [self.APPROVE] else holds.REJECT
        reason = str((event["params_input"] or {}).get("reason") or "").strip()
        return verdict, reason, str(user.get("name") or user.get("id") or "unknown"), holds.IN_AIRFLOW


def _refuse_rejected(conn: psycopg.Connection, load_id: int | None) -> None:
    """End the run where its load was rejected, now or before: to clear this task alone asks nobody again."""
    row = conn.execute("select state, state_reason from ops.load where load_id = %s", (load_id,)).fetchone()
    state, why = row or ("none was opened", None)
    if state not in ("checked", "published"):
        said = f"Load {load_id} is not published: {why or state}. {AFTER_REJECTION}"
        log.error("%s", said)
        raise AirflowFailException(said)


@contextmanager
def _connected() -> Iterator[psycopg.Connection]:
    from reelhouse.database import connect

    with connect(warehouse_dsn(), "reelhouse orchestration", autocommit=True) as conn:
        yield conn


def _load_of_day(conn: psycopg.Connection, part: str, context: Context) -> int | None:
    from reelhouse.loads import newest_load_id

    return newest_load_id(conn, part, batch_date(context["params"], context["dag_run"]))


def prepare() -> PatientOperator:
    """A task that refuses what nobody can have meant, brings the warehouse's schema up to date before anything else
    touches it, and waits for another run that has begun before.
    """
    return PatientOperator(
        task_id="migrate_warehouse", python_callable=_migrate, execution_timeout=timedelta(minutes=10)
    )


def then(dag_id: str) -> TriggerDagRunOperator:
    """A task that starts `dag_id` for the same day, replacing a former run of it.

    Not an asset: a run started by an asset has no logical date, and one such run swallows every event
    that is waiting, so days would be skipped.
    """
    return TriggerDagRunOperator(
        task_id=f"then_{dag_id}",
        trigger_dag_id=dag_id,
        logical_date="{{ midnight_of_day(params, dag_run) }}",
        conf="{{ dict(sources=params.sources, force=params.force) | tojson }}",
        reset_dag_run=True,
        execution_timeout=timedelta(minutes=5),
    )


def batch_date(params: Mapping, dag_run) -> date:
    """The day of a run: the form's, else its logical date, else (started by hand without one) when it was asked for."""
    if params.get("day"):
        return date.fromisoformat(params["day"])
    return (dag_run.logical_date or dag_run.run_after).astimezone(UTC).date()


def midnight_of_day(params: Mapping, dag_run) -> str:
    """00:00 UTC of the run's day: the logical date by which the DAGs of one day find each other."""
    return f"{batch_date(params, dag_run).isoformat()}T00:00:00+00:00"


def warehouse_dsn() -> str:
    """libpq connection string of the warehouse: `REELHOUSE_WAREHOUSE_DSN`, else the Airflow connection `warehouse`.

    Raises  SettingsWrong when there is neither
    """
    from psycopg.conninfo import conninfo_to_dict

    dsn = os.environ.get("REELHOUSE_WAREHOUSE_DSN") or _connection_dsn()
    password = conninfo_to_dict(dsn).get("password")
    if password:
        mask_secret(password)
    return dsn


def _connection_dsn() -> str:
    try:
        return dsn_of(Connection.get(WAREHOUSE))
    except AirflowNotFoundException as error:
        raise SettingsWrong(
            f"Airflow connection `{WAREHOUSE}`: expected one of type Postgres, found none. Add it under Admin, "
            "Connections, or set REELHOUSE_WAREHOUSE_DSN."
        ) from error


def dsn_of(connection: Connection) -> str:
    """libpq connection string of an Airflow connection."""
    from psycopg.conninfo import make_conninfo
    from psycopg.pq import Conninfo

    # The extra field also holds settings of Airflow's own hook; libpq would refuse those.
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    extra = {key: value for key, value in connection.extra_dejson.items() if key in known}
    fields = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
    }
    return make_conninfo(**extra, **{key: value for key, value in fields.items() if value})


def _migrate(**context) -> list[str]:
    from reelhouse.database import migrate

    with retried_only_if_passing():
        _require_known(context["dag_run"].conf or {})
        require_day(batch_date(context["params"], context["dag_run"]))
        applied = migrate(warehouse_dsn(), read_settings().sql)
        with _connected() as conn:
            _wait_for_turn(conn, context)
    return applied


def _require_known(conf: Mapping) -> None:
    """Airflow takes any name and passes by what is none of ours: a run that was asked for another `date` would be
    today's.
    """
    known = _form()
    if unknown := sorted(set(conf) - set(known)):
        raise SettingsWrong(
            f"Configuration of the run: expected {', '.join(known)}, found {', '.join(unknown)}. Trigger it anew."
        )


def require_day(day: date) -> None:
    """Make sure that Airflow runs tasks of this day.

    Raises  SettingsWrong when it would leave them out
    """
    if day < FIRST_DAY.date():
        raise SettingsWrong(f"Day: expected {FIRST_DAY.date()} or later, found {day}. Trigger it anew.")


def _run(name: str, emits: str | None, asks: bool, **context) -> dict[str, object]:
    with retried_only_if_passing():
        from reelhouse.steps import run_step

        dsn = warehouse_dsn()
        day = _make_day(dsn, context)
        if name.startswith("stage_"):
            wait_for_other_days(context)
        with waiting_while_late(day, context):
            try:
                figures = json.loads(json.dumps(run_step(name, dsn, day), default=str))
            except Held as held:
                if not asks:
                    raise
                log.warning("%s", held)
                figures = {"held": str(held)}
        if emits:
            event = {"day": day.batch_date.isoformat(), **_hand_on(dsn, day), **figures}
            context["outlet_events"][ASSETS[emits]].extra = event
    return figures


def _make_day(dsn: str, context: Context) -> Day:
    params, dag_run = context["params"], context["dag_run"]
    day = batch_date(params, dag_run)
    require_day(day)
    force, accept = params["force"], params.get("accept_volume")
    if dag_run.run_type == "operator_triggered":
        # A run that is replaced keeps its former conf; what was asked for this time stands in the ledger.
        force, accept = _handed_on(dsn, day)
    return Day(day, with_storage_keys(read_settings()), tuple(params["sources"]), force, accept, _tell)


def with_storage_keys(settings: Settings) -> Settings:
    """The settings with the keys of the Airflow connection `storage` (type aws), where anything is in a bucket.

    Without such a connection the machine's own role is left, as every AWS tool finds it.
    """
    if not settings.needs_s3:
        return settings
    try:
        connection = Connection.get(STORAGE)
    except AirflowNotFoundException:
        return settings
    extra, network = connection.extra_dejson, settings.network
    keys = None
    if connection.login and connection.password:
        mask_secret(connection.password)
        keys = S3Keys(connection.login, connection.password, extra.get("aws_session_token"), extra.get("region_name"))
        if keys.token:
            mask_secret(keys.token)
    endpoint = extra.get("endpoint_url") or network.s3_endpoint
    return replace(settings, network=replace(network, s3_keys=keys, s3_endpoint=endpoint))


def _tell(message: str, share: float | None = None) -> None:
    log.info("%s%s", message, "" if share is None else f" ({share:.0%})")


def _hand_on(dsn: str, day: Day) -> dict[str, object]:
    """Note in the ledger whether the day was forced and why it was accepted, for the DAGs that follow.

    Gives   load and match rate, for the asset's event
    """
    from reelhouse.database import connect
    from reelhouse.loads import add_figures, newest_load_id

    with connect(dsn, "reelhouse orchestration", autocommit=True) as conn:
        load_id = newest_load_id(conn, "warehouse", day.batch_date)
        (rate,) = conn.execute("select figures -> 'match_rate' from ops.load where load_id = %s", (load_id,)).fetchone()
        add_figures(conn, load_id, {"is_forced": day.force, "accepted_because": day.accept})
    return {"load_id": load_id, "match_rate": rate}


def _handed_on(dsn: str, day: date) -> tuple[bool, str | None]:
    from reelhouse.database import connect
    from reelhouse.loads import newest_load_id

    with connect(dsn, "reelhouse orchestration", autocommit=True) as conn:
        row = conn.execute(
            "select coalesce((figures ->> 'is_forced')::boolean, false), figures ->> 'accepted_because' from ops.load"
            " where load_id = %s",
            (newest_load_id(conn, "warehouse", day),),
        ).fetchone()
    return row or (False, None)


def wait_for_other_days(context: Context) -> None:
    """Wait, without a worker slot, until it is this run's turn to stage, and no other day is on its way through the
    DAGs that follow: their steps read what their own files left in staging. Whose load waits for a person is not waited
    for: the next day may be what mends it.
    """
    with _connected() as conn:
        _wait_for_turn(conn, context)
        under_way = _days_after_staging(conn, context)
    if under_way:
        _wait_behind(under_way, context)


def _wait_for_turn(conn: psycopg.Connection, context: Context) -> None:
    """Wait for the run that stages now to end. Runs of a backfill go beside the scheduled one, and beside each other,
    whatever `max_active_runs` of the DAG says.
    """
    from reelhouse.staging.turns import take_turn

    dag_run, ti = context["dag_run"], context["ti"]

    def is_at_work(run_id: str) -> bool:
        # One that is queued may be waiting for this very run to end.
        return ti.get_dr_count(dag_run.dag_id, run_ids=[run_id], states=["running"]) > 0

    holder = take_turn(conn, dag_run.run_id, is_at_work)
    if holder:
        _wait_behind(f"{dag_run.dag_id} ({holder})", context)
        take_turn(conn, dag_run.run_id, lambda run_id: False)


def _days_after_staging(conn: psycopg.Connection, context: Context) -> str | None:
    under_way = {dag_id: context["ti"].get_dr_count(dag_id, states=["queued", "running"]) for dag_id in AFTER_STAGING}
    if under_way["populate_warehouse"]:
        (held,) = conn.execute("select count(*) from ops.load where part = 'warehouse' and state = 'held'").fetchone()
        under_way["populate_warehouse"] = max(0, under_way["populate_warehouse"] - held)
    return ", ".join(dag_id for dag_id, count in under_way.items() if count) or None


def _wait_behind(in_the_way: str, context: Context) -> None:
    """Look again after a while; who has waited for long enough goes on."""
    now, begun = datetime.now(UTC), context["ti"].start_date
    until = begun + OTHER_DAY_LONGEST
    if now > until:
        log.warning("Another day is still in %s, or that DAG is paused. Goes on.", in_the_way)
        return
    log.info(
        "Another day is in %s: waits until it is through, until %s UTC at most. If that DAG is paused, turn it on.",
        in_the_way, f"{until:%Y-%m-%d %H:%M}",
    )  # fmt: skip
    raise _deferred(now + min(max(OTHER_DAY_EVERY, (now - begun) / 20), OTHER_DAY_SELDOM))


@contextmanager
def waiting_while_late(day: Day, context: Context) -> Iterator[None]:
    """Turn the error of a source that is late into a wait, until the deadline; then the error stands.

    The triggerer holds nothing but a time: what is to be looked at, the step knows. Between two looks no worker slot
    is taken.
    """
    try:
        yield
    except ReelhouseError as error:
        now, until = datetime.now(UTC), deadline(day, context["params"], context["dag_run"])
        if not error.is_late or until is None:
            raise
        if now >= until:
            log.error("The deadline, %s UTC, has passed.", f"{until:%Y-%m-%d %H:%M}")
            raise
        again = min(now + timedelta(seconds=day.settings.poll_seconds), until)
        send_alert("late", context, context["ti"].task_id, f"{error} Waits until {until:%Y-%m-%d %H:%M} UTC.")
        log.warning("%s Waits until %s UTC, looks again at %s.", error, f"{until:%Y-%m-%d %H:%M}", f"{again:%H:%M:%S}")
        raise _deferred(again) from error


def _deferred(moment: datetime) -> TaskDeferred:
    from airflow.providers.standard.triggers.temporal import DateTimeTrigger

    return TaskDeferred(trigger=DateTimeTrigger(moment=moment), method_name=PatientOperator.look_again.__name__)


def deadline(day: Day, params: Mapping, dag_run) -> datetime | None:
    """Until when a run waits for a source that is late; None when it does not wait.

    What the form says counts from the start of the run. A scheduled run without that waits for hours of its day; other
    runs were started by somebody who wants to know now.
    """
    if params.get("wait_minutes") is not None:
        return (dag_run.start_date or dag_run.run_after) + timedelta(minutes=params["wait_minutes"])
    if dag_run.run_type != "scheduled" or day.settings.deadline_hours == 0:
        return None
    midnight = datetime.combine(day.batch_date, datetime.min.time(), UTC)
    return midnight + timedelta(hours=day.settings.deadline_hours)


@contextmanager
def retried_only_if_passing() -> Iterator[None]:
    """Let only errors through that may be gone in a minute: those Airflow tries again. Others fail the task at once."""
    try:
        yield
    except Exception as error:
        # First and on a line of its own: what Airflow shows of it begins with where it was raised.
        log.error("%s", error if isinstance(error, ReelhouseError) else f"{type(error).__name__}: {error}")
        if error.is_passing if isinstance(error, ReelhouseError) else isinstance(error, OSError):
            raise
        # What a person can act on needs no second list of places: Airflow shows a log from its end.
        cause = None if isinstance(error, ReelhouseError) else error
        raise AirflowFailException(f"{type(error).__name__}: {error}") from cause
