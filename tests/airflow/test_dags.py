"""The DAG files: they load, they are short and documented, and together they are one chain."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from reelhouse.day import EVERY_SOURCE, SOURCES

DAGS = Path(__file__).parent.parent.parent / "dags"
FLOW = ["extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse"]
ALL = [*FLOW, "tidy_warehouse"]

pytestmark = pytest.mark.airflow


def test_all_dags_load_and_there_is_no_other(dags) -> None:
    assert sorted(dags) == ALL
    assert sorted(path.stem for path in DAGS.glob("*.py")) == ALL


@pytest.mark.parametrize("name", ALL)
def test_a_dag_file_is_a_table_of_contents(name: str) -> None:
    assert len((DAGS / f"{name}.py").read_text().splitlines()) <= 45


@pytest.mark.parametrize("name", ALL)
def test_a_dag_says_when_it_starts_what_it_reads_and_writes_and_what_a_rerun_does(dags, name: str) -> None:
    for word in ("**Starts**", "**Reads**", "**Writes**", "**Rerun**"):
        assert word in dags[name].doc_md


@pytest.mark.parametrize("name", ALL)
def test_a_dag_runs_one_day_at_a_time_and_tries_again(dags, name: str) -> None:
    dag = dags[name]
    assert dag.max_active_runs == 1
    assert dag.catchup is False
    for task in dag.tasks:
        assert task.retries == 3
        assert task.retry_exponential_backoff > 1
        assert timedelta(0) < task.execution_timeout <= timedelta(hours=2)


def test_the_first_dag_starts_daily_and_each_starts_the_next_for_the_same_day(dags) -> None:
    assert str(dags[FLOW[0]].timetable.expression) == "0 0 * * *"
    for name, following in zip(FLOW, [*FLOW[1:], None], strict=True):
        started = [task for task in dags[name].tasks if task.task_type == "TriggerDagRunOperator"]
        assert [task.trigger_dag_id for task in started] == ([following] if following else [])
        for task in started:
            assert task.downstream_task_ids == set()
            assert task.reset_dag_run
            assert "midnight_of_day" in task.logical_date
    assert all(dags[name].timetable.can_be_scheduled is False for name in FLOW[1:])
    assert str(dags["tidy_warehouse"].timetable.expression) == "0 0 * * *"


def test_the_started_dags_are_never_paused_so_one_switch_is_enough(dags) -> None:
    assert [dags[name].is_paused_upon_creation for name in FLOW] == [None, False, False, False, False]


def test_the_tasks_are_the_steps_in_their_order(dags) -> None:
    from reelhouse.steps import NIGHTLY_STEPS, STEPS

    for name in ALL:
        steps = [step.name for step in STEPS + NIGHTLY_STEPS if step.dag == name]
        tasks = [task.task_id for task in dags[name].topological_sort()]
        assert sorted(steps) == sorted(
            set(tasks)
            - {"migrate_warehouse", "watch_ready"}
            - {t for t in tasks if t.startswith(("then_", "approve_"))}
        )
        in_a_row = [step for step in steps if not step.startswith(("land_", "stage_"))]
        assert [task for task in tasks if task in in_a_row] == in_a_row


def test_each_source_has_a_group_of_its_own(dags) -> None:
    groups = dags["extract_sources"].task_group.children
    assert set(SOURCES) <= set(groups)
    for source in SOURCES:
        assert set(groups[source].children) == {f"land_{source}", f"stage_{source}"}
    assert set(groups["optional"].children) == {"land_optional_sources", "stage_optional_sources"}


def test_the_schema_is_migrated_before_anything_else(dags) -> None:
    assert [task.task_id for task in dags["extract_sources"].roots] == ["migrate_warehouse"]


def test_the_last_step_of_each_dag_emits_its_asset(dags) -> None:
    last = ["open_load", "link_sources", "publish_warehouse", "publish_recommendations", "summarize"]
    for name, step in zip(FLOW, last, strict=True):
        emitting = {task.task_id: [asset.name for asset in task.outlets] for task in dags[name].tasks if task.outlets}
        assert list(emitting) == [step]
        assert len(emitting[step]) == 1


def test_the_form_asks_for_day_sources_force_what_is_accepted_and_how_long_to_wait(dags) -> None:
    for dag in dags.values():
        chosen = {"sources": list(EVERY_SOURCE), "force": False}
        assert dag.params.dump() == {"day": None, "accept_volume": None, "wait_minutes": None} | chosen
        assert dag.params.get_param("sources").schema["examples"] == list(EVERY_SOURCE)


def test_reading_the_dags_imports_no_step() -> None:
    code = "import sys, reelhouse.orchestration; print({'pandas', 'reelhouse.steps', 'psycopg'} & set(sys.modules))"
    env = os.environ | {"PYTHONPATH": str(DAGS.parent / "plugins")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
