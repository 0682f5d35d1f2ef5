"""The notebook for analysts runs to its end with what `pip install .` gives, and logins as people get them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from packaging.requirements import Requirement
from people import login
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse import Warehouse
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.recommending.refreshing import build_recommendations, check_recommendations, publish_recommendations
from reelhouse.settings import read_settings

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "docs" / "analyst.ipynb"
# What the notebook says to install beside.
BESIDE = ["matplotlib", "ipykernel"]


@pytest.fixture(scope="module")
def logins(module_dsn, tmp_path_factory):
    """An analyst and a scientist of a warehouse with some films and their recommendations."""
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path_factory.mktemp("home")), "REELHOUSE_WAREHOUSE_DSN": module_dsn}
    )
    numbers = range(1, 31)
    genres = (("Drama",), ("Drama", "Comedy"), ("Comedy",))
    rows = [
        *(Imdb(n, f"Film {n}", 1990 + n, rating=(5 + n / 10, 100 * n), genres=genres[n % 3]) for n in numbers),
        *(Netflix(f"s{n}", f"Film {n}", 1990 + n, imdb=n, description="A lonely lighthouse.") for n in numbers),
        *(RottenTomatoes(f"film_{n}", f"Film {n}", 1990 + n, imdb=n, critics=(3 * n, 50)) for n in numbers),
    ]
    day = Day(date(2026, 1, 5), settings)
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, day, rows)
        for step in (build_recommendations, check_recommendations, publish_recommendations):
            step(conn, day)
    with login(module_dsn, "analyst") as analyst, login(module_dsn, "scientist") as scientist:
        yield {"REELHOUSE_WAREHOUSE_DSN": analyst, "REELHOUSE_SCIENTIST_DSN": scientist}


def run_notebook(python: Path, folder: Path, logins: dict[str, str], monkeypatch) -> nbformat.NotebookNode:
    """Run it in a kernel of that Python, which gets an environment with nothing of ours but the logins."""
    kernel = folder / "kernels" / "fresh"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(
        json.dumps(
            {
                "argv": [str(python), "-I", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": "fresh",
                "language": "python",
                "env": logins | {"HOME": str(folder), "MPLBACKEND": "module://matplotlib_inline.backend_inline"},
            }
        )
    )
    monkeypatch.setenv("JUPYTER_PATH", str(folder))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="fresh", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def check_outputs(notebook: nbformat.NotebookNode, logins: dict[str, str]) -> None:
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    printed = "".join(output.get("text", "") for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    assert "expected what this login may do" in printed
    assert int(re.search(r"(\d+) rows sent", printed)[1]) >= 3
    assert "0 rows after undo" in printed
    with Warehouse(logins["REELHOUSE_SCIENTIST_DSN"]) as scientist:
        # Taking back is written down like all else.
        assert scientist.history(3)["operation"].tolist() == ["UNDO", "DELETE", "INSERT"]


def packages_of(names: list[str]) -> set[str]:
    """Names of packages with all that they need."""
    found: set[str] = set()
    waiting = [Requirement(name) for name in names]
    done: set[tuple[str, str]] = set()
    while waiting:
        asked = waiting.pop()
        for extra in ("", *asked.extras):
            if (asked.name, extra) in done:
                continue
            done.add((asked.name, extra))
            try:
                requires = distribution(asked.name).requires or []
            except PackageNotFoundError as error:
                raise AssertionError(f"{asked.name} is not installed") from error
            found.add(asked.name)
            needed = [Requirement(line) for line in requires]
            waiting += [each for each in needed if not each.marker or each.marker.evaluate({"extra": extra})]
    return found


def fresh_environment(folder: Path, wheel: Path) -> Path:
    """A Python with the wheel, what the wheel needs and what the notebook says; nothing else that is here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(wheel), str(packages)], check=True)
    metadata = next(packages.glob("reelhouse-*.dist-info/METADATA")).read_text()
    needs = [line for line in re.findall(r"^Requires-Dist: (.+)$", metadata, re.M) if "extra ==" not in line]
    for name in packages_of([*needs, *BESIDE]):
        for file in distribution(name).files or []:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (packages / top).exists():
                (packages / top).symlink_to(distribution(name).locate_file(top))
    return folder / "bin" / "python"


def test_the_notebook_runs_with_nothing_but_what_the_client_needs(wheel, logins, tmp_path, monkeypatch) -> None:
    python = fresh_environment(tmp_path / "venv", wheel)
    check = "import importlib.util as u; print([n for n in ('airflow', 'sklearn', 'fastapi') if u.find_spec(n)])"
    done = subprocess.run([python, "-I", "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    check_outputs(run_notebook(python, tmp_path, logins, monkeypatch), logins)


@pytest.mark.full
def test_the_notebook_runs_after_pip_install(wheel, logins, tmp_path, monkeypatch) -> None:
    """From the package index, as people install it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    pip = [sys.executable, "-m", "pip", "--python", python]
    subprocess.run([*pip, "install", "-q", wheel, *BESIDE], check=True, env=env)
    check_outputs(run_notebook(python, tmp_path, logins, monkeypatch), logins)


def test_the_notebook_is_kept_without_outputs() -> None:
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert cells
    assert not any(cell.outputs or cell.execution_count for cell in cells)
