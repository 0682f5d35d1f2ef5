"""What a task makes of its run: the day, the warehouse's address, and which errors are worth another try."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace

import psycopg
import pytest
from airflow.sdk.exceptions import AirflowFailException
from psycopg.conninfo import conninfo_to_dict

from reelhouse import orchestration
from reelhouse.errors import ContractBroken, DatabaseAway, FileMissing, Held, Locked, SettingsWrong
from reelhouse.settings import S3Keys, read_settings
from reelhouse.warehousing import holds

pytestmark = pytest.mark.airflow

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)


def a_run(logical_date: datetime | None = None, run_after: datetime = MIDNIGHT) -> SimpleNamespace:
    return SimpleNamespace(logical_date=logical_date, run_after=run_after)


def test_the_day_of_the_form_wins() -> None:
    assert orchestration.batch_date({"day": "2021-09-25"}, a_run(MIDNIGHT)) == date(2021, 9, 25)


def test_without_a_form_the_logical_date_is_the_day() -> None:
    assert orchestration.batch_date({"day": None}, a_run(MIDNIGHT, MIDNIGHT + timedelta(days=9))) == date(2026, 1, 5)


def test_a_run_by_hand_without_logical_date_is_of_the_day_it_was_asked_for_in_utc() -> None:
    late_in_tokyo = datetime(2026, 1, 6, 8, 59, tzinfo=timezone(timedelta(hours=9)))
    assert orchestration.batch_date({"day": None}, a_run(run_after=late_in_tokyo)) == date(2026, 1, 5)


def test_the_next_dag_is_dated_at_midnight_so_that_runs_of_one_day_meet() -> None:
    at_noon = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)
    assert orchestration.midnight_of_day({"day": None}, a_run(at_noon)) == "2026-01-05T00:00:00+00:00"


def test_the_airflow_connection_becomes_a_libpq_string(monkeypatch: pytest.MonkeyPatch, metadata: None) -> None:
    monkeypatch.delenv("REELHOUSE_WAREHOUSE_DSN", raising=False)
    monkeypatch.setenv(
        "AIRFLOW_CONN_WAREHOUSE",
        '{"conn_type": "postgres", "host": "db.example", "port": 5433, "login": "ana", "password": "a b\'c@/%",'
        ' "schema": "films", "extra": {"sslmode": "require", "cursor": "dictcursor"}}',
    )
    assert conninfo_to_dict(orchestration.warehouse_dsn()) == {
        "host": "db.example",
        "port": "5433",
        "user": "ana",
        "password": "a b'c@/%",
        "dbname": "films",
        "sslmode": "require",
    }


def test_keys_to_buckets_are_those_of_the_connection(monkeypatch: pytest.MonkeyPatch, metadata: None, tmp_path) -> None:
    env = {"REELHOUSE_HOME": str(tmp_path), "REELHOUSE_LANDING": "s3://films/landing"}
    monkeypatch.delenv("AIRFLOW_CONN_STORAGE", raising=False)
    settings = read_settings(env)
    assert orchestration.with_storage_keys(settings) == settings
    monkeypatch.setenv(
        "AIRFLOW_CONN_STORAGE",
        '{"conn_type": "aws", "login": "AKIA", "password": "CANARY", "extra": {"region_name": "eu-west-1",'
        ' "endpoint_url": "https://minio.example:9000"}}',
    )
    network = orchestration.with_storage_keys(settings).network
    assert network.s3_keys == S3Keys("AKIA", "CANARY", None, "eu-west-1")
    assert network.s3_endpoint == "https://minio.example:9000"
    assert "CANARY" not in repr(network)
    # Who has nothing in a bucket is not asked for keys to one.
    here = read_settings({"REELHOUSE_HOME": str(tmp_path)})
    assert orchestration.with_storage_keys(here) == here


def test_the_environment_wins_over_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgres://ana@one/films")
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", "host=two dbname=films")
    assert orchestration.warehouse_dsn() == "host=two dbname=films"


def test_without_connection_the_message_says_what_to_add(monkeypatch: pytest.MonkeyPatch, metadata: None) -> None:
    monkeypatch.delenv("REELHOUSE_WAREHOUSE_DSN", raising=False)
    monkeypatch.delenv("AIRFLOW_CONN_WAREHOUSE", raising=False)
    with pytest.raises(SettingsWrong, match="connection `warehouse`"):
        orchestration.warehouse_dsn()


@pytest.mark.parametrize("error", [Locked("x"), DatabaseAway("x"), ConnectionResetError("x"), OSError("disk full")])
def test_what_may_be_gone_in_a_minute_is_left_to_airflow_to_try_again(error: Exception) -> None:
    with pytest.raises(type(error)), orchestration.retried_only_if_passing():
        raise error


@pytest.mark.parametrize(
    "error",
    [Held("x"), ContractBroken("x"), FileMissing("x"), KeyError("x"), psycopg.errors.UndefinedTable("x")],
)
def test_what_no_retry_mends_fails_the_task_at_once(error: Exception) -> None:
    with pytest.raises(AirflowFailException, match=type(error).__name__), orchestration.retried_only_if_passing():
        raise error


def test_the_log_says_what_to_do_before_airflow_says_where_it_was_raised(caplog) -> None:
    with pytest.raises(AirflowFailException) as failed, orchestration.retried_only_if_passing():
        raise ContractBroken("found 5 columns. Deliver the right file.")
    assert failed.value.__suppress_context__
    assert [(each.levelname, each.message) for each in caplog.records] == [
        ("ERROR", "found 5 columns. Deliver the right file.")
    ]


def run_by_hand(conf: dict) -> dict:
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    run = SimpleNamespace(conf=conf, logical_date=None, run_after=moment)
    return {"params": {"day": None} | conf, "dag_run": run}


@pytest.mark.parametrize(
    ("conf", "found"),
    [({"date": "2026-11-18"}, "found date"), ({"day": "2026-11-18", "forse": True}, "found forse"),
     ({"day": "2001-01-01"}, "found 2001-01-01")],
)  # fmt: skip
def test_a_run_that_nobody_can_have_meant_ends_with_its_first_task(monkeypatch, conf: dict, found: str) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", "host=127.0.0.1 port=1 dbname=not_asked user=nobody")
    with pytest.raises(AirflowFailException, match=found):
        orchestration._migrate(**run_by_hand(conf))


def held_load(conn) -> int:
    (load_id,) = conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, state) values ('warehouse', %s, 'x', 'held')"
        " returning load_id",
        (MIDNIGHT.date(),),
    ).fetchone()
    return load_id


def test_of_two_answers_to_a_held_load_the_task_tells_the_one_that_holds(conn, dsn, monkeypatch, caplog) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    load_id = held_load(conn)
    hold = holds.read_hold(conn, read_settings().sql, load_id)
    assert holds.answer(conn, hold, holds.APPROVE, "licence ended", "ann", holds.IN_SHELL)
    operator = orchestration.approval("warehouse")
    event = {"chosen_options": ["Reject"], "params_input": {"reason": "too few"}, "responded_by_user": {"name": "bob"}}
    given = operator.execute_complete({"params": {"day": None}, "dag_run": a_run(MIDNIGHT)}, event)
    assert given == {"load_id": load_id, "answer": "approve", "reason": "licence ended", "by": "ann"}
    assert "approve, by ann: licence ended. This answer does not count: reject, by bob: too few" in caplog.text


def test_a_load_that_nobody_answered_is_rejected_and_the_task_says_what_to_do(conn, dsn, monkeypatch, caplog) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    held_load(conn)
    context = {"params": {"day": None}, "dag_run": a_run(MIDNIGHT)}
    with pytest.raises(AirflowFailException, match=r"rejected: nobody answered in time\. Deliver the right file"):
        orchestration.approval("warehouse").execute_complete(context, {"timedout": True})
    assert "nobody answered in time. Deliver the right file" in caplog.text


def test_a_rejected_load_is_not_let_through_when_only_the_question_is_cleared(conn, dsn, monkeypatch) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    load_id = held_load(conn)
    hold = holds.read_hold(conn, read_settings().sql, load_id)
    assert holds.answer(conn, hold, holds.REJECT, "half of the file", "ann", holds.IN_SHELL)
    context = {"params": {"day": None}, "dag_run": a_run(MIDNIGHT)}
    with pytest.raises(AirflowFailException, match=r"half of the file.*clear `check_…` with what follows"):
        orchestration.approval("warehouse").execute(context)
    conn.execute("update ops.load set state = 'checked' where load_id = %s", (load_id,))
    assert orchestration.approval("warehouse").execute(context) == "No load is held."


def test_a_task_whose_supervisor_died_before_it_began_can_be_queued_again() -> None:
    """The scheduler asks the executor to revoke it, and queues again only what is neither queued nor running there."""
    executor = orchestration.RevokingExecutor(parallelism=1)
    lost, other = SimpleNamespace(key="lost"), SimpleNamespace(key="at work")
    executor.running |= {lost.key, other.key}
    executor.revoke_task(ti=lost)
    assert executor.running == {other.key}
