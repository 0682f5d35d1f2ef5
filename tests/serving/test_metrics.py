"""What a monitoring server is told: figures of the warehouse and of the app, by the names the dashboard uses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from reelhouse.serving.measuring import FOLDER

ROOT = Path(__file__).parents[2]


def families(client, accept: str = "application/openmetrics-text; version=1.0.0") -> dict:
    answered = client.get("/metrics", headers={"Accept": accept})
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    return {family.name: family for family in text_string_to_metric_families(answered.text)}


def value(family, **labels: str) -> float:
    (sample,) = [each for each in family.samples if each.labels == labels]
    return sample.value


def test_the_warehouse_is_told_as_it_is(served) -> None:
    client = served.client()
    found = families(client)
    load = int(client.get("/api/v1/movies").headers["load-id"])
    assert value(found["reelhouse_published_load"], part="warehouse") == load
    accounts = {row["source"]: row for row in client.get("/api/v1/trust").json()["sources"]}
    for source, row in accounts.items():
        for fate in ("in", "staged", "filtered", "quarantined", "duplicate"):
            assert value(found["reelhouse_source_rows"], source=source, fate=fate) == row[f"rows_{fate}"]
    assert value(found["reelhouse_review_waiting"]) == 1
    assert value(found["reelhouse_alerts"], kind="deadline") == 0
    assert value(found["reelhouse_deadline_missed"], kind="dag", name="refresh_recommendations") == 0


def test_answers_are_counted_by_route_and_status_and_never_by_what_was_asked(served) -> None:
    client = served.client()

    def count(**labels: str) -> float:
        samples = families(client)["reelhouse_answer_seconds"].samples
        return sum(
            each.value for each in samples if each.name.endswith("_count") and labels.items() <= each.labels.items()
        )

    asked = {"route": "/api/v1/movies/{movie_id}", "status": "404", "method": "GET"}
    before = count(**asked), count(route="none")
    client.get("/api/v1/movies/tt0009999")
    client.get("/nowhere/whatever")
    assert (count(**asked), count(route="none")) == (before[0] + 1, before[1] + 1)
    assert "whatever" not in client.get("/metrics").text


def test_a_prometheus_that_knows_no_openmetrics_is_told_in_its_words(served) -> None:
    answered = served.client().get("/metrics", headers={"Accept": "text/plain;version=0.0.4"})
    assert answered.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "# EOF" not in answered.text


@pytest.mark.parametrize("page", ["docs/grafana_dashboard.json", "docs/operations.md"])
def test_dashboard_and_docs_name_the_measures_there_are(served, page: str) -> None:
    told = families(served.client())
    ours = {name for name in told if name.startswith("reelhouse_")}
    text = (ROOT / page).read_text()
    named = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in re.findall(r"\breelhouse_[a-z_]+\b", text)}
    assert named - {"reelhouse_app", "reelhouse_analyst", "reelhouse_scientist"} <= ours
    assert ours <= named
    if page.endswith(".json"):
        panels = json.loads(text)["panels"]
        assert all(panel["targets"] for panel in panels if panel["type"] != "row")


def test_every_worker_tells_of_all(served, tmp_path) -> None:
    """Two processes that answered, and a third that is asked: what `serve` starts."""
    env = os.environ | {FOLDER: str(tmp_path), "PYTHONPATH": str(ROOT / "plugins")}
    code = "from reelhouse.serving.measuring import ANSWERS; ANSWERS.labels('GET', '/x', 200).observe(0.01)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], env=env, check=True)
    code = (
        "from reelhouse.serving.measuring import OfWorkers\n"
        "samples = [each for family in OfWorkers().collect() for each in family.samples]\n"
        "print([each.value for each in samples if each.name.endswith('_count')])"
    )
    told = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "[2.0]"
