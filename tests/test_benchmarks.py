"""The benchmarks, on files so small that only what they promise can be tested: no figure of time decides here."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reelhouse.operating import installing, postgres
from reelhouse.operating.bench import load_benchmark
from reelhouse.operating.measuring import Cost, ProgramFailed, measure, postmaster_of, server_cpu_s

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "benchmarks" / "requirements.lock"
LOADING = [sys.executable, "-m", "reelhouse", "bench", "loading"]

Rows = dict[str, dict]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Rows]:
    """One round of the smallest run, where the loaders of others are not to be had: what it prints, and its rows."""
    folder = tmp_path_factory.mktemp("loaded")
    (folder / "made").mkdir()
    # An environment as the benchmark makes it, but for the packages.
    venv = folder / "home" / "benchmarks" / "peers"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (venv / installing.STAMP).write_text(installing.stamp_of(LOCK, venv))
    done = subprocess.run(
        [*LOADING, "--scale", "0.0005", "--rounds", "1", "--akas", "--json", str(folder / "rows.json")],
        env=environment() | {"REELHOUSE_HOME": str(folder / "home"), "TMPDIR": str(folder / "made")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((folder / "made").iterdir()) == []
    return done.stdout, {row["name"]: row for row in json.loads((folder / "rows.json").read_text())}


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "PG"))}
    return kept | {"PYTHONPATH": str(ROOT / "plugins")}


def test_loading_gives_a_row_for_each_contestant(loaded: tuple[str, Rows]) -> None:
    printed, rows = loaded
    assert set(rows) == {
        "ours: landing", "ours", "ours: re-run", "ours: unchanged day", "ours: 1% changed day", "ours + akas",
        "floor: decompress", "floor: decompress + akas", "floor: decompress + copy", "floor: decompress + copy + akas",
        "pandas filter + to_sql", "pandas all rows + to_sql", "imdb-sqlite", "imdb-sqlite with its indexes",
        "cinemagoer",
    }  # fmt: skip
    assert [name for name in rows if f"\n{name} " not in printed] == []
    for row in rows.values():
        if row["rounds"]:
            assert row["cpu_s"] == pytest.approx(row["client_s"] + row["server_s"], abs=0.002)
            assert min(row["wall_s"], row["cpu_s"], row["peak_mb"], row["times_cpu"], row["times_wall"]) > 0


@pytest.mark.parametrize("suffix", ["", " + akas"])
def test_ours_and_the_floor_keep_the_same_rows_of_the_same_files(loaded: tuple[str, Rows], suffix: str) -> None:
    rows = loaded[1]
    ours, floor = rows[f"ours{suffix}"], rows[f"floor: decompress + copy{suffix}"]
    assert (ours["rows"], ours["kept"]) == (floor["rows"], floor["kept"])
    assert 0 < ours["kept"] < ours["rows"]
    account = ours["account"]
    assert (account["rows_in"], account["rows_staged"], account["rows_quarantined"]) == (ours["rows"], ours["kept"], 0)
    assert (ours["compared_with"], floor["compared_with"]) == (floor["name"], ours["name"])
    assert ours["times_cpu"] * floor["times_cpu"] == pytest.approx(1, rel=0.01)
    assert rows["ours: landing"]["kept"] is rows[f"floor: decompress{suffix}"]["kept"] is None
    assert rows["ours"]["rows"] < rows["ours + akas"]["rows"]


def test_days_after_the_first_hold_what_they_should(loaded: tuple[str, Rows]) -> None:
    rows = loaded[1]
    assert rows["ours: re-run"]["kept"] == rows["ours: unchanged day"]["kept"] == rows["ours"]["kept"]
    assert rows["ours: 1% changed day"]["kept"] != rows["ours"]["kept"]


def test_a_contestant_that_fails_gives_its_reason_and_the_others_figures_stand(loaded: tuple[str, Rows]) -> None:
    rows = loaded[1]
    failed = {name: row["note"] for name, row in rows.items() if not row["rounds"]}
    assert all(reason.startswith("failed in round 1 of 1: ") for reason in failed.values())
    assert failed["imdb-sqlite"].endswith("No module named imdb_sqlite")
    assert failed["pandas all rows + to_sql"].endswith("ModuleNotFoundError: No module named 'pandas'")
    assert "s32cinemagoer.py" in failed["cinemagoer"]
    assert rows["cinemagoer"]["wall_s"] is rows["cinemagoer"]["times_cpu"] is None
    assert len(failed) == 5
    assert rows["floor: decompress"]["times_cpu"] is not None


def test_who_cannot_take_part_says_why(tmp_path: Path) -> None:
    loading = load_benchmark("loading")
    slow = loading.Contestant("slow", (), largest_scale=0.01, is_peer=True)
    reason = "not run above scale 0.01 without --no-limits"
    (tmp_path / "benchmarks").write_text("in the way")
    python = tmp_path / "benchmarks" / "peers" / "bin" / "python"
    assert loading.why_not(slow, 0.011, False, python) == reason
    assert loading.why_not(slow, 0.011, True, python) == f"not installed: File exists ({tmp_path / 'benchmarks'})"
    assert loading.why_not(loading.Contestant("quick", ()), 1, False, python) == ""


def test_loading_refuses_contestants_that_it_does_not_know() -> None:
    done = subprocess.run([*LOADING, "--only", "ours,theirs"], env=environment(), capture_output=True, check=False)
    assert done.returncode == 1
    assert b"expected some of ours, floor" in done.stderr


def test_an_interrupted_benchmark_leaves_nothing_behind(tmp_path: Path) -> None:
    place = tmp_path / "made"
    place.mkdir()
    with subprocess.Popen(
        [*LOADING, "--scale", "0.0005", "--rounds", "99", "--only", "ours"],
        env=environment() | {"TMPDIR": str(place)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        said = next(line for line in process.stderr if not line.startswith("IMDb's files"))
        (folder,) = place.iterdir()
        server = postgres.server_folder(folder)
        was_running = postgres.is_running(server)
        while not (started := psutil.Process(process.pid).children(recursive=True)) and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert said.startswith("round 1 of 99: ours: landing ")
    assert was_running
    assert started
    assert process.returncode == 130
    assert [each for each in started if each.is_running()] == []
    assert not postgres.is_running(server)
    assert not server.exists()
    assert list(place.iterdir()) == []


# --- measuring ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    folder = postgres.server_folder(tmp_path_factory.mktemp("measured"))
    yield postgres.start(folder)
    postgres.remove(folder)


def run_python(program: str, folder: Path, **more: object) -> tuple[Cost, str]:
    return measure([sys.executable, "-c", program], folder=folder, env=os.environ, **more)


def test_what_the_server_does_for_a_program_counts_after_its_backend_has_gone(
    server: postgres.Server, tmp_path: Path
) -> None:
    postmaster = postmaster_of(server.folder)
    program = (
        f"import psycopg\nwith psycopg.connect({server.dsn('postgres')!r}) as conn:\n"
        "    conn.execute('select count(md5(n::text)) from generate_series(1, 1500000) as n')"
    )
    before = server_cpu_s(postmaster)
    cost, _ = run_python(program, tmp_path, postmaster=postmaster)
    assert cost.server_cpu_s == pytest.approx(server_cpu_s(postmaster) - before, abs=0.05)
    assert cost.server_cpu_s > 0.1 > run_python("pass", tmp_path, postmaster=postmaster)[0].server_cpu_s
    assert cost.cpu_s == cost.client_cpu_s + cost.server_cpu_s


def test_a_program_answers_for_its_children_and_not_for_who_measures_it(tmp_path: Path) -> None:
    held = bytearray(120 << 20)
    held[::4096] = b"x" * len(held[::4096])
    cost, said = run_python("print('done')", tmp_path)
    assert cost.peak_mb < 60
    assert said == "done\n"
    work = "held = bytearray(80 << 20); held[::4096] = b'x' * len(held[::4096])\nfor n in range(3_000_000): n * n"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    other, _ = run_python(child, tmp_path)
    assert other.peak_mb > 80
    assert other.client_cpu_s > cost.client_cpu_s


def test_a_program_that_fails_is_known_by_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match=r"^ValueError: no such thing$"):
        run_python("raise ValueError('no such thing')", tmp_path)
    with pytest.raises(ProgramFailed, match="ended with code 137 and said nothing"):
        run_python("import os; os.kill(os.getpid(), 9)", tmp_path)
