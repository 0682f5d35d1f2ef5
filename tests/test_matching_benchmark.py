"""`reelhouse bench matching` on the shipped sample: what it promises of answers and rules, never of time."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reelhouse.matching.evaluation import compare_links, score_links
from reelhouse.operating import installing
from reelhouse.operating.bench import load_benchmark

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "include" / "data" / "sample"
LOCK = ROOT / "benchmarks" / "requirements.lock"

Rows = dict[str, dict]


def bench(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "PG"))}
    (folder / "made").mkdir(exist_ok=True)
    own = {
        "PYTHONPATH": str(ROOT / "plugins"), "REELHOUSE_HOME": str(folder / "home"), "TMPDIR": str(folder / "made"),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "reelhouse", "bench", "matching", *map(str, arguments)],
        env=kept | own, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Rows]:
    """One round on the sample, where Splink is not to be had: what it prints, and its rows."""
    folder = tmp_path_factory.mktemp("linked")
    # An environment as the benchmark makes it, but for the packages.
    venv = folder / "home" / "benchmarks" / "peers"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / installing.STAMP).write_text(installing.stamp_of(LOCK, venv))
    done = bench(
        folder, "--data", SAMPLE, "--gold", SAMPLE / "truth" / "netflix_imdb.csv", "--rounds", 1,
        "--json", folder / "rows.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list((folder / "made").iterdir()) == []
    return done.stdout, {row["name"]: row for row in json.loads((folder / "rows.json").read_text())}


def test_all_are_scored_on_the_answers_of_the_newest_edition(linked: tuple[str, Rows]) -> None:
    printed, rows = linked
    with (SAMPLE / "truth" / "netflix_imdb.csv").open(newline="") as file:
        rows_of_day = [row for row in csv.DictReader(file) if row["day"] == "2026-01-06"]
    known = [row for row in rows_of_day if row["imdb_id"] != "REVIEW"]
    assert 0 < len(known) < len(rows_of_day)
    for name in ("ours", "ours refitted", "plain rule"):
        assert rows[name]["scores"]["labelled"] == len(known)
        assert rows[name]["scores"]["nil"] == sum(row["imdb_id"] == "NIL" for row in known)
        assert f"\n{name} " in printed
    assert rows["ours"]["f1"] > rows["plain rule"]["f1"] > 0.5
    assert rows["plain rule"]["films_f1"] != rows["plain rule"]["series_f1"]


def test_the_lead_is_the_distance_between_both_and_within_its_interval(linked: tuple[str, Rows]) -> None:
    rows = linked[1]
    assert rows["ours"]["leads"] == rows["ours refitted"]["leads"] == []
    for lead in rows["plain rule"]["leads"]:
        assert lead["f1_lead"] == pytest.approx(rows[lead["of"]]["f1"] - rows["plain rule"]["f1"], abs=0.0002)
        assert lead["lead_low"] <= lead["f1_lead"] <= lead["lead_high"]
    assert [lead["of"] for lead in rows["plain rule"]["leads"]] == ["ours", "ours refitted"]


def test_the_daily_task_of_ours_is_all_but_folding(linked: tuple[str, Rows]) -> None:
    ours = linked[1]["ours"]
    folding = [phase for phase in ours["phases"] if phase["phase"].startswith("folding")]
    assert len(folding) == 3
    rest = sum(phase["cpu_s"] for phase in ours["phases"]) - sum(phase["cpu_s"] for phase in folding)
    assert ours["task_cpu_s"] == pytest.approx(rest, abs=0.01)
    assert ours["task_cpu_s"] < ours["cpu_s"]
    assert linked[1]["ours refitted"]["cpu_s"] is None


def test_a_matcher_that_cannot_run_says_why_and_the_others_stand(linked: tuple[str, Rows]) -> None:
    peers = {name: row for name, row in linked[1].items() if name.startswith("Splink")}
    assert len(peers) == len(load_benchmark("matching").SPLINK_SETTINGS) >= 4
    for row in peers.values():
        assert row["note"] == "failed: ModuleNotFoundError: No module named 'duckdb'"
        assert row["f1"] is row["task_cpu_s"] is None
        assert row["leads"] == []


def test_without_answers_it_says_what_it_needs(tmp_path: Path) -> None:
    done = bench(tmp_path, "--data", SAMPLE)
    assert done.returncode == 1
    assert "expected right answers (source_id,imdb_id), found no such file" in done.stderr
    assert "expected --data, --scale or REELHOUSE_REAL_DATA" in bench(tmp_path).stderr


# --- from pairs to links --------------------------------------------------------------------------------


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.csv"
    path.write_text("source_id,imdb_id,type\na,tt0000001,movie\nb,tt0000002,movie\nc,NIL,series\nd,tt0000004,series\n")
    return path


def test_one_to_one_gives_a_title_to_the_weightiest_of_its_rows() -> None:
    matching = load_benchmark("matching")
    pairs = [(9.0, "a", "tt0000001"), (8.0, "b", "tt0000001"), (7.0, "b", "tt0000002"), (1.0, "a", "tt0000003")]
    assert [link[1:] for link in matching.assign(pairs, one_to_one=True)] == [("a", "tt0000001"), ("b", "tt0000002")]
    assert [link[1:] for link in matching.assign(pairs, one_to_one=False)] == [("a", "tt0000001"), ("b", "tt0000001")]


def test_a_peer_gets_the_threshold_and_the_assignment_that_suit_it_best(gold: Path, tmp_path: Path) -> None:
    matching = load_benchmark("matching")
    pairs = [
        (9.0, "a", "tt0000001"), (8.0, "b", "tt0000001"), (7.0, "b", "tt0000002"), (5.0, "d", "tt0000004"),
        (2.0, "c", "tt0000009"),
    ]  # fmt: skip
    links, chosen = matching.best_links(pairs, gold)
    assert chosen == {"threshold": 5.0, "assigned": "one to one"}
    matching.write_links(tmp_path / "links.csv", links)
    scores = score_links(tmp_path / "links.csv", gold)
    assert (scores["all"]["f1"], scores["all"]["nil_linked"]) == (1.0, 0)
    assert (scores["movie"]["f1"], scores["series"]["f1"]) == (1.0, 1.0)


def test_who_answers_the_same_has_no_lead(gold: Path, tmp_path: Path) -> None:
    matching = load_benchmark("matching")
    better, worse = tmp_path / "better.csv", tmp_path / "worse.csv"
    matching.write_links(better, [(1.0, "a", "tt0000001"), (1.0, "b", "tt0000002")])
    matching.write_links(worse, [(1.0, "a", "tt0000001"), (1.0, "b", "tt0000009")])
    assert compare_links(better, better, gold) == {"f1_lead": 0.0, "lead_low": 0.0, "lead_high": 0.0}
    ahead, behind = compare_links(better, worse, gold), compare_links(worse, better, gold)
    assert ahead["f1_lead"] == pytest.approx(0.4)
    assert (behind["f1_lead"], behind["lead_high"]) == (-ahead["f1_lead"], -ahead["lead_low"])
