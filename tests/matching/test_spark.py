"""A real Spark finds the candidates, scores and decisions of one process, also when one of its workers is killed.

On the sample, or on the data folder that REELHOUSE_ENGINE_DATA names, with REELHOUSE_ENGINE_DAY (docs/scaling.md).
Spark is 780 MB and starts a minute on a busy machine, so this is of the long form; `spark_at_hand` installs it, pinned
by spark-requirements.lock, beside the packages of this environment when it is not there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil
import psycopg
import pytest
from engine_cost import EngineCost

from reelhouse import steps
from reelhouse.day import Day
from reelhouse.settings import PACKAGE, read_settings

ROOT = PACKAGE.parent.parent
DAY = date.fromisoformat(os.environ.get("REELHOUSE_ENGINE_DAY", "2026-01-05"))
DATA = os.environ.get("REELHOUSE_ENGINE_DATA", "")
# With files of a tenth of today's size, on a machine with other things to do.
MOST_SECONDS = 7200
NAMED = ("find_candidates", "decide_matches")
BEFORE = [step.name for step in steps.STEPS if step.dag == "extract_sources"] + ["compare_editions"]
# What the engine makes or decides on; loads differ, and nothing else may.
MADE = {
    "names": "select * from matching.imdb_title_name",
    "keys": "select * from matching.imdb_title_key",
    "people": "select * from matching.imdb_person_name",
    "credits": "select * from matching.imdb_title_person",
    "pairs": "select * from matching.candidate_pair",
    "scores": "select * from matching.scored_row",
    "votes": "select * from matching.candidate_votes",
    "decisions": "select source, source_id, imdb_title_number, band, probability, score, decided_by, runner_up_number,"
    " gap, candidate_count from matching.title_decision",
    "evidence": "select source, source_id, imdb_title_number, candidate_rank, found_by, score, probability,"
    " terms::text, details::text from matching.match_evidence",
}

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def spark_at_hand(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables with which a process of this environment finds pyspark, on a Java that compiles only once."""
    env = os.environ | {
        "PYTHONPATH": str(PACKAGE.parent),
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    try:
        import pyspark

        folder = Path(pyspark.__file__).parent.parent
    except ImportError:
        folder = tmp_path_factory.mktemp("pyspark")
        words = ("-m", "pip", "install", "--quiet", "--require-hashes", "--target", folder, "-r")
        subprocess.run([sys.executable, *map(str, words), str(ROOT / "spark-requirements.lock")], check=True)
    env["PYTHONPATH"] += f":{folder}"
    return env


@pytest.fixture(scope="module")
def staged(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """The day, of which nothing is staged yet."""
    home = tmp_path_factory.mktemp("home")
    env = {"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn, "REELHOUSE_DATA": DATA}
    return Day(DAY, read_settings(env))


def made_in(dsn: str) -> dict[str, tuple]:
    """Number of rows and order-free digest of each of MADE."""
    with psycopg.connect(dsn) as conn:
        return {
            name: conn.execute(
                f"select count(*), sum(hashtextextended(made::text, 0)::numeric) from ({query}) as made"
            ).fetchone()
            for name, query in MADE.items()
        }


@dataclass(frozen=True, slots=True)
class Alone:
    """What one process made of the day, and what that cost."""

    made: dict[str, tuple]
    cost: dict[str, object]


def server_of(dsn: str) -> int:
    """The process that all of the server's are children of."""
    with psycopg.connect(dsn) as conn:
        return psutil.Process(conn.execute("select pg_backend_pid()").fetchone()[0]).ppid()


@pytest.fixture(scope="module")
def alone(staged: Day, module_dsn: str, spark_at_hand: dict[str, str]) -> Alone:
    for name in BEFORE:
        steps.run_step(name, module_dsn, staged)
    if not DATA:
        call_somebody_a_backslash(module_dsn)
    with (
        running("local", module_dsn, staged.settings.home, spark_at_hand) as process,
        EngineCost([process.pid, server_of(module_dsn)]) as cost,
    ):
        figures_of(process)
    made = made_in(module_dsn)
    assert all(count for count, _ in made.values())
    if not DATA:
        with psycopg.connect(module_dsn) as conn:
            query = r"select count(*) from matching.imdb_title_person where person_key = '\'"
            assert conn.execute(query).fetchone() != (0,)
    return Alone(made, cost.figures())


def call_somebody_a_backslash(dsn: str) -> None:
    """As generated files of a tenth of today's size do: COPY's text, in which keys come to Spark, doubles it."""
    with psycopg.connect(dsn) as conn:
        conn.execute(
            r"update staging.imdb_people set person_name = '\' where imdb_person_number ="
            " (select min(imdb_person_number) from staging.imdb_principals)"
        )
        conn.execute(
            r"update staging.netflix_titles set directors = array_append(directors, '\') where source_id ="
            " (select min(source_id) from staging.netflix_titles)"
        )


@contextmanager
def running(engine: str, dsn: str, home: Path, env: dict[str, str]) -> Iterator[subprocess.Popen]:
    """A process that does the two steps anew by the engine."""
    program = (
        "import sys, json, datetime\n"
        "from reelhouse import steps\n"
        "from reelhouse.day import Day\n"
        "from reelhouse.settings import read_settings\n"
        "day = Day(datetime.date.fromisoformat(sys.argv[1]), read_settings(), force=True)\n"
        "print(json.dumps({name: steps.run_step(name, sys.argv[2], day) for name in sys.argv[3:]}, default=str))\n"
    )
    own = env | {"REELHOUSE_ENGINE": engine, "REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": dsn}
    words = [sys.executable, "-c", program, DAY.isoformat(), dsn, *NAMED]
    process = subprocess.Popen(words, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def figures_of(process: subprocess.Popen) -> dict[str, dict[str, object]]:
    said, errors = process.communicate(timeout=MOST_SECONDS)
    assert process.returncode == 0, errors[-4000:]
    return json.loads(said.splitlines()[-1])


def test_spark_makes_what_one_process_makes(
    alone: Alone, staged: Day, module_dsn: str, spark_at_hand: dict[str, str]
) -> None:
    with running("local[2]", module_dsn, staged.settings.home, spark_at_hand) as process:
        figures = figures_of(process)
    assert figures["find_candidates"]["engine"] == "local[2]"
    assert figures["decide_matches"]["rows_scored"] > 500
    assert made_in(module_dsn) == alone.made
    with psycopg.connect(module_dsn) as conn:
        assert conn.execute("select count(*) from pg_class where relname like 'engine%'").fetchone() == (0,)


@pytest.mark.parametrize("is_killed", [False, True], ids=["two workers", "one is killed"])
def test_a_cluster_makes_what_one_process_makes_also_when_a_worker_is_killed(
    alone: Alone,
    staged: Day,
    module_dsn: str,
    spark_at_hand: dict[str, str],
    tmp_path: Path,
    record,
    is_killed: bool,
) -> None:
    with cluster(tmp_path, spark_at_hand) as (master, workers):
        with (
            running(master, module_dsn, staged.settings.home, spark_at_hand) as process,
            EngineCost([process.pid, server_of(module_dsn), *(each.pid for each in workers)]) as cost,
        ):
            if is_killed:
                killed = threading.Thread(target=kill_while_copying, args=(workers[0], module_dsn))
                killed.start()
            figures = figures_of(process)
            if is_killed:
                killed.join()
        assert (workers[0].poll() is not None) == is_killed
        assert workers[1].poll() is None
    assert figures["find_candidates"]["engine"] == master
    assert made_in(module_dsn) == alone.made
    rows = {name: count for name, (count, _) in alone.made.items()}
    record(
        "spark_cluster",
        workers_killed=int(is_killed),
        differing=0,
        **cost.figures(),
        local=alone.cost,
        rows=rows,
    )


def kill_while_copying(worker: subprocess.Popen, dsn: str) -> None:
    """End a worker and its executors when the first part has been copied."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        deadline = time.monotonic() + MOST_SECONDS
        while time.monotonic() < deadline:
            query = "select exists (select from pg_class where relname like 'engine%' and relkind = 'r')"
            if conn.execute(query).fetchone()[0]:
                break
            time.sleep(0.1)
    family = [*psutil.Process(worker.pid).children(recursive=True), psutil.Process(worker.pid)]
    for member in family:
        member.kill()
    worker.wait()


@contextmanager
def cluster(folder: Path, env: dict[str, str]) -> Iterator[tuple[str, list[subprocess.Popen]]]:
    """A master and two workers of one core on loopback, started as an administrator would."""
    find = "import pyspark, pathlib; print(pathlib.Path(pyspark.__file__).parent)"
    home = subprocess.run([sys.executable, "-c", find], env=env, check=True, capture_output=True, text=True).stdout
    home = home.strip()
    program = f"{home}/bin/spark-class"
    own = env | {"SPARK_HOME": home, "SPARK_WORKER_DIR": str(folder), "PYSPARK_PYTHON": sys.executable}
    started: list[subprocess.Popen] = []

    def start(name: str, *words: str) -> Path:
        log = folder / f"{name}.log"
        started.append(
            subprocess.Popen([program, *words], env=own, stdout=log.open("w"), stderr=subprocess.STDOUT, cwd=folder)
        )
        return log

    try:
        log = start("master", "org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0")
        master = waited_for(log, r"Starting Spark master at (spark://\S+)")
        for name in ("one", "two"):
            words = ("org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1", "-c", "1", "-m", "1536m", master)
            waited_for(start(name, *words), r"(Successfully registered)")
        yield master, started[1:]
    finally:
        for process in started:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
            process.wait()


def waited_for(log: Path, pattern: str) -> str:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.2)
    raise AssertionError(f"{log.name}: expected {pattern}, found:\n{log.read_text()[-2000:]}")
