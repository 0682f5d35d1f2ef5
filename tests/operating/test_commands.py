"""The commands as a shell sees them: help, exit codes, words for people, signals."""

from __future__ import annotations

import csv
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from works import Works

from reelhouse.__main__ import COMMANDS
from reelhouse.operating import embedded, postgres, status
from reelhouse.operating.arguments import words_if_no_source
from reelhouse.operating.evaluate import guess_source
from reelhouse.settings import PACKAGE, Settings
from reelhouse.steps import STEPS

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(command: Run, name: str) -> None:
    done = command(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "examples:\n  ./reelhouse" in done.stdout
    assert COMMANDS[name].summary in command("--help", COLUMNS="200").stdout


@pytest.mark.parametrize("health", [{}, {"api_server": "healthy", "metadatabase": "unhealthy"}])
def test_status_asks_nothing_of_an_airflow_whose_database_is_away(settings: Settings, health: dict[str, str]) -> None:
    """Each question would be asked again for a minute."""
    said = status._runs(settings, "http://127.0.0.1:1", health)
    assert said == "unknown while Airflow, or its database, does not answer"


def test_every_module_of_a_command_is_listed() -> None:
    files = (PACKAGE / "operating").glob("*.py")
    assert {path.stem for path in files if "\ndef add_arguments(" in path.read_text()} == set(COMMANDS)


def test_help_comes_at_once(command: Run) -> None:
    began = time.monotonic()
    command("--help")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "words", [(), ("fly",), ("run", "--fly"), ("run", "--day", "today"), ("run", "--sources", "tv")]
)
def test_what_is_not_understood_gives_2(command: Run, words: tuple[str, ...]) -> None:
    done = command(*words)
    assert done.returncode == 2
    assert "usage: reelhouse" in done.stderr


def test_an_error_gives_1_and_words_without_a_traceback(command: Run) -> None:
    done = command("run", "--data", "/nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "reelhouse: --data: expected a folder, found /nowhere. Correct it.\n"
    assert "Traceback" in command("run", "--data", "/nowhere", "--verbose").stderr


def test_a_folder_without_any_source_is_told_of(settings: Settings, tmp_path: Path) -> None:
    settings = replace(settings, data=tmp_path, origins=())
    (tmp_path / "netflix_titles.csv").touch()
    (said,) = words_if_no_source(settings)
    assert f"warning: {tmp_path} has no folder of a source (netflix, imdb, rotten_tomatoes" in said
    assert not words_if_no_source(replace(settings, origins=(("imdb", "https://files.example.org/{day}/"),)))
    (tmp_path / "hulu").mkdir()
    assert not words_if_no_source(settings)


def test_a_day_that_is_none_is_told_apart(command: Run) -> None:
    done = command("run", "--day", "2026-13-01")
    assert done.returncode == 2
    assert "--day: expected a day like 2026-01-05, found '2026-13-01'" in done.stderr
    assert "expected a day of 1990 to 2060, found '2206-01-05'" in command("run", "--day", "2206-01-05").stderr


def test_a_place_of_the_wrong_kind_is_named_and_left_alone(command: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for words, said in (
        (("export", "--out", str(file)), f"--out: expected a folder, found the file {file}."),
        (("report", "--out", str(tmp_path)), f"--out: expected a file, found the folder {tmp_path}."),
    ):
        done = command(*words)
        assert (done.returncode, done.stderr) == (1, f"reelhouse: {said}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "mine"


def test_serve_where_somebody_listens_already_gives_1(command: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = command("serve", "--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port}: expected an address to listen on that is free" in done.stderr
    assert command("serve", "--port", "99999").stderr == "reelhouse: --port: expected 1 to 65535, found 99999.\n"
    assert command("serve", "--workers", "0").stderr == "reelhouse: --workers: expected 1 or more, found 0.\n"


def test_a_rating_needs_its_title(command: Run) -> None:
    done = command("recommend", "--user", "7", "--rated", "4")
    assert done.returncode == 1
    assert "--rated: expected --watched" in done.stderr
    assert "--watched: expected the name of a title" in command("recommend", "--user", "7", "--watched", "Zzz").stderr


def test_a_named_method_takes_no_filter_that_it_would_not_follow(command: Run) -> None:
    done = command("recommend", "--title", "Zzz", "--method", "content_fields", "--age", "12")
    assert done.returncode == 1
    assert "--method: expected no filter beside it, found --age" in done.stderr


def test_nobody_is_said(command: Run) -> None:
    assert command("people", "list").stdout.startswith("Nobody. ./reelhouse people add NAME")


def test_a_person_s_login_is_told_what_it_is_for(command: Run, own_settings: Settings) -> None:
    with embedded.warehouse_dsn(own_settings) as dsn:
        shown = command("people", "add", "gus", "--role", "analyst").stdout
        done = command("recommend", REELHOUSE_WAREHOUSE_DSN=shown.split("'")[1])
        with psycopg.connect(dsn) as conn:
            conn.execute("drop owned by gus")
            conn.execute("drop role gus")
    assert done.returncode == 1
    assert done.stderr.startswith("reelhouse: REELHOUSE_WAREHOUSE_DSN: expected a login that may migrate the schema")
    assert "is for psql, SQL tools and the Python client" in done.stderr


def test_a_database_that_does_not_answer_gives_1(command: Run) -> None:
    done = command("psql", REELHOUSE_WAREHOUSE_DSN="host=127.0.0.1 port=1 dbname=x")
    assert done.returncode == 1
    assert "expected an answer, found" in done.stderr
    assert "Traceback" not in done.stderr


def test_psql_asks_the_warehouse_and_stops_the_server(command: Run, folder: Path) -> None:
    done = command("psql", "--", "-Atc", "select current_database(), count(*) > 0 from ops.layer")
    assert (done.returncode, done.stdout) == (0, "warehouse|t\n")
    assert command("psql", "-Atc", "select 1").stdout == "1\n"
    assert not postgres.is_running(folder)


def test_psql_gives_its_exit_code(command: Run) -> None:
    done = command("psql", "--", "-Xc", "select 1 / 0")
    assert done.returncode == 1
    assert "division by zero" in done.stderr


def test_psql_keeps_the_password_off_the_command_line(command: Run, folder: Path) -> None:
    # \! runs a shell, whose parent is psql.
    done = command("psql", "--", "-Xc", r"\! tr '\\0' ' ' </proc/$PPID/cmdline")
    assert "psql" in done.stdout
    assert (folder / "password").read_text() not in done.stdout


@contextmanager
def waiting_command(environment: dict[str, str], settings: Settings) -> Iterator[subprocess.Popen]:
    """A command that waits at the door of the server, because a last user is stopping it."""
    with embedded.using_server(settings) as server:
        pass
    with (server.folder / "use.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-m", "reelhouse", "psql", "--", "-c", "select 1"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        wait_for_lock(process.pid)
        yield process


def wait_for_lock(pid: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        # "1: -> FLOCK  ADVISORY  READ 4711 …": the arrow is who waits.
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        if any(words[1] == "->" and str(pid) in words for words in lines):
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_a_command_without_a_traceback(
    environment: dict[str, str], own_settings: Settings, number: signal.Signals, code: int
) -> None:
    with waiting_command(environment, own_settings) as process:
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (code, b"", b"")


def test_a_terminated_psql_leaves_no_server_behind(environment: dict[str, str], folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reelhouse", "psql", "--", "-Xc", "select 'in'", "-c", "select pg_sleep(600)"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    while b"in" not in process.stdout.readline():
        assert process.poll() is None
    process.terminate()
    assert process.wait(60) == 143
    assert not postgres.is_running(folder)


def test_a_reader_who_leaves_is_no_error(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "reelhouse", "doctor"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    errors = process.stderr.read()
    assert (process.wait(60), errors) == (141, b"")


def test_doctor_names_what_is_missing_and_how_to_mend_it(command: Run, tmp_path: Path) -> None:
    done = command("doctor", "--data", str(tmp_path))
    assert done.returncode == 1
    bad = [line for line in done.stdout.splitlines() if line.startswith("bad")]
    assert len(bad) == 3
    assert "netflix_titles.csv" in bad[0]
    assert "title.basics.tsv.gz" in bad[1]
    assert "rotten_tomatoes_movies.csv" in bad[2]
    assert all("Put it there" in line for line in bad)


def test_doctor_goes_on_after_what_breaks(command: Run) -> None:
    done = command("doctor", REELHOUSE_WAREHOUSE_DSN="host=127.0.0.1 port=1 dbname=x")
    assert done.returncode == 1
    assert "\nbad   server " in done.stdout
    assert "\nok    airflow " in done.stdout


def test_bench_lists_what_there_is(command: Run) -> None:
    done = command("bench", "nothing")
    assert done.returncode == 2
    assert "'nothing'" in done.stderr
    assert all(f"'{name}'" in done.stderr for name in ("day", "loading"))


def test_bench_tells_the_options_of_a_benchmark(command: Run) -> None:
    done = command("bench", "loading", "--help")
    assert done.returncode == 0
    assert all(word in done.stdout for word in ("--scale S", "--only A,B", "--json FILE", "--verbose", "compared_with"))


@pytest.mark.parametrize(
    ("name", "ids", "source"),
    [
        ("netflix_labels.csv", ["a-movie"], "netflix"),
        ("labels.csv", ["s1", "s8807"], "netflix"),
        ("labels.csv", ["s1", "m/shrek"], "rotten_tomatoes"),
        ("rotten_tomatoes_dev.csv", ["s1"], "rotten_tomatoes"),
    ],
)
def test_labels_tell_whose_they_are(tmp_path: Path, name: str, ids: list[str], source: str) -> None:
    with (tmp_path / name).open("w", newline="") as file:
        csv.writer(file).writerows([["source_id", "imdb_id"], *([each, "tt1"] for each in ids)])
    assert guess_source(tmp_path / name) == source


def test_evaluate_scores_a_file_of_links(command: Run, tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text(
        "source_id,imdb_id,probability,band\ns1,tt0000001,.99,match\ns2,tt0000002,.9,match\ns3,tt0000009,.8,review\n"
    )
    (tmp_path / "labels.csv").write_text("source_id,imdb_id\ns1,tt0000001\ns2,NIL\ns3,tt0000003\ns4,tt0000004\n")
    done = command(
        "evaluate", "matches", "--labels", str(tmp_path / "labels.csv"), "--links", str(tmp_path / "links.csv")
    )
    assert done.returncode == 0, done.stderr
    figures = dict(line.split() for line in done.stdout.splitlines()[1:])
    assert float(figures["precision"]) == pytest.approx(1 / 3, abs=1e-3)
    assert float(figures["recall"]) == pytest.approx(1 / 3, abs=1e-3)


def test_evaluate_of_a_source_without_rows_says_so(
    conn: psycopg.Connection, make_day, command: Run, dsn: str, tmp_path: Path
) -> None:
    works = Works(conn, make_day())
    works.netflix("s1", "The Long Night", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(1, "The Long Night", 2020, directors=["Ann Ash"], runtime=90)
    works.match()
    labels = tmp_path / "labels.csv"
    labels.write_text("source_id,imdb_id\ns1,tt0000001\n")

    def evaluate(*words: str) -> subprocess.CompletedProcess[str]:
        return command("evaluate", "matches", *words, REELHOUSE_WAREHOUSE_DSN=dsn)

    for words in (("--source", "hulu", "--labels", str(labels)), ("--source", "justwatch")):
        done = evaluate(*words)
        assert (done.returncode, done.stdout) == (1, "")
        assert f"{words[1]}: expected rows in the day matched last, found none." in done.stderr
        assert "./reelhouse run" in done.stderr
    done = evaluate("--labels", str(labels))
    assert done.returncode == 0, done.stderr
    assert "precision" in done.stdout
    assert "title key" in done.stdout


def test_evaluate_names_a_missing_file(command: Run) -> None:
    done = command("evaluate", "matches", "--labels", "/nowhere.csv")
    assert (done.returncode, done.stderr) == (1, "reelhouse: /nowhere.csv: expected a file, found none.\n")


def test_a_skip_fails_the_tests_in_ci_only(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\ndef test_one(): pass\ndef test_two(): pytest.skip('not here')\n"
    )
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "conftest",
        "--rootdir",
        str(tmp_path),
    ]
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    env["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent.parent), str(PACKAGE.parent)])
    codes = [
        subprocess.run([*words, "test_two.py"], cwd=tmp_path, env=env | ci, capture_output=True, check=False).returncode
        for ci in ({}, {"CI": "true"})
    ]
    assert codes == [0, 1]


SAMPLE_DAY = "2026-01-05"


def test_run_loads_a_day_and_changes_nothing_the_second_time(command: Run, home: Path) -> None:
    first = command("run", "--day", SAMPLE_DAY)
    assert first.returncode == 0, first.stdout + first.stderr
    lines = first.stdout.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("✓ ")] == [step.name for step in STEPS]
    assert any(line.split()[:2] == ["netflix", "netflix_titles.csv"] for line in lines)
    assert lines[-1].startswith("Done in ")
    second = command("run", "--day", SAMPLE_DAY)
    assert second.returncode == 0, second.stderr
    figures = second.stdout[second.stdout.index("\nrows_changed") :]
    assert not any(digit in figures.split("\nDone in")[0] for digit in "123456789")
    log = home / "logs" / "run.log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert sum('"step": "publish_warehouse"' in line for line in log.read_text().splitlines()) == 2


def test_a_locked_step_gives_4(command: Run, own_settings: Settings) -> None:
    with embedded.warehouse_dsn(own_settings) as dsn, psycopg.connect(dsn) as other:
        other.execute("select load_id from ops.layer where layer = 'matching' for update")
        done = command("run", "--day", SAMPLE_DAY, "--force")
    assert done.returncode == 4
    assert "Another run is at this step now" in done.stderr
    assert "✗ find_candidates" in done.stdout


def test_a_held_load_gives_3_and_names_the_file(command: Run, own_settings: Settings, tmp_path: Path) -> None:
    data = shutil.copytree(own_settings.data, tmp_path / "data")
    with (data / "netflix" / SAMPLE_DAY / "netflix_titles.csv").open("a") as file:
        file.writelines(f"s{number},Movie\n" for number in range(900_000, 900_060))
    done = command("run", "--day", SAMPLE_DAY, "--data", str(data))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "netflix_titles.csv" in done.stderr


def test_links_are_written_and_scored_against_the_truth(command: Run, own_settings: Settings, tmp_path: Path) -> None:
    assert command("run", "--day", SAMPLE_DAY).returncode == 0
    out = tmp_path / "links.csv"
    done = command("links", "--source", "netflix", "--out", str(out))
    assert done.returncode == 0, done.stderr
    header, *rows = out.read_text().splitlines()
    assert header == "source_id,imdb_id,probability,band"
    assert done.stdout == f"{out}: {len(rows):,} links of netflix\n"


def test_sample_makes_the_files_that_ship(command: Run, own_settings: Settings, tmp_path: Path) -> None:
    done = command("sample", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    assert made
    assert made == {path: (own_settings.data / path).read_bytes() for path in made}


def test_a_word_after_test_is_pytests(command: Run) -> None:
    done = command("test", "--collect-only", "-q", "tests/sources", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "tests/sources/test_headers.py::" in done.stdout


def test_sample_full_makes_a_day_of_files(command: Run, own_settings: Settings, tmp_path: Path) -> None:
    done = command("sample", "full", "--out", str(tmp_path), "--scale", "0.0001", "--day", "2", "--files", "title.crew")
    assert done.returncode == 0, done.stderr
    assert "imdb/2026-01-06/title.crew.tsv.gz" in done.stdout
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["imdb", "truth"]


def test_sample_says_which_words_it_misses(command: Run, tmp_path: Path) -> None:
    for words, message in (
        (("sample", "--scale", "1"), "--scale: expected only with `reelhouse sample full`"),
        (("sample", "full"), "expected --out DIR"),
        (("sample", "full", "--out", str(tmp_path), "--files", "x"), "files: expected some of title.basics,"),
    ):
        done = command(*words)
        assert done.returncode == 1
        assert message in done.stderr
