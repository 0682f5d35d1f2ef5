"""What holds for the repository as a whole: its style, its README, its wheel."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "plugins" / "reelhouse"
README = (ROOT / "README.md").read_text()


def run(*command: str | Path, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)


def test_python_is_in_house_style() -> None:
    for words in (["check", "."], ["format", "--check", "."]):
        done = run(sys.executable, "-m", "ruff", *words, "--no-cache", cwd=ROOT)
        assert done.returncode == 0, done.stdout + done.stderr


def test_sql_is_in_house_style() -> None:
    done = run(sys.executable, "-m", "sqlfluff", "lint", "--processes", "2", "include/sql", cwd=ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def imported(path: Path) -> set[str]:
    """The parts of the package that a module imports, wherever in its text."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return {name.split(".")[1] for name in names if name.startswith("reelhouse.")}


def test_no_part_on_the_way_of_a_record_imports_a_later_one() -> None:
    way, around = (PACKAGE / "__init__.py").read_text().split('"""')[1].split("Around it:")
    order, others = (re.findall(r"^(\w+) {2,}", text, re.MULTILINE) for text in (way, around))
    assert len(order) == 12
    for place, part in enumerate(order):
        later = {*order[place + 1 :], *others}
        for path in sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]:
            assert imported(path) & later == set(), path
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= {*order, *others}


def test_the_readme_tells_of_every_command() -> None:
    usage = run(sys.executable, "-m", "reelhouse", "--help", env={**os.environ, "PYTHONPATH": str(ROOT / "plugins")})
    # A long name stands on a line of its own.
    commands = re.findall(r"^    (\w+)\b", usage.stdout, re.MULTILINE)
    assert len(commands) >= 30
    assert [name for name in commands if not re.search(rf"`(\./reelhouse )?{name}\b", README)] == []


def test_files_that_the_readme_names_exist() -> None:
    named = re.findall(r"\]\(([\w./-]+)\)|\b((?:include|docs|plugins|docker|dags|tests)/[\w./-]+\.\w+)", README)
    paths = {first or second for first, second in named}
    assert len(paths) >= 5
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_wheel_reads_the_warehouse_without_airflow(wheel: Path, dsn: str, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "import sys; sys.modules['airflow'] = None\n"  # importing it now fails
        "from reelhouse import Warehouse\n"
        "from reelhouse.settings import read_settings\n"
        "assert (read_settings().sql / '0_schema').is_dir()\n"
        "with Warehouse() as warehouse:\n"
        "    print(warehouse.read('select count(*) as days from warehouse.dim_date').days[0])\n"
    )
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "REELHOUSE_WAREHOUSE_DSN": dsn,
    }
    done = run(sys.executable, "-c", program, env=env, cwd=tmp_path)
    assert (done.stdout.strip(), done.returncode) == ("25933", 0), done.stderr


def test_a_command_that_needs_more_than_the_client_does_says_what_to_install(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "import sys; sys.modules['psutil'] = None; from reelhouse.__main__ import main; sys.exit(main(['status']))"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    done = run(sys.executable, "-c", program, env=env, cwd=tmp_path)
    assert "expected the package psutil, found none" in done.stderr
    assert "pip install 'reelhouse[pipeline]'" in done.stderr
    assert (done.returncode, "unexpected" in done.stderr) == (1, False)


def test_the_wheel_carries_every_part_and_every_sql_file(wheel: Path) -> None:
    packed = {name.removeprefix("reelhouse/") for name in zipfile.ZipFile(wheel).namelist()}
    package = ROOT / "plugins" / "reelhouse"
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    parts = {path.relative_to(package).as_posix() for path in files}
    queries = {path.relative_to(ROOT).as_posix() for path in (ROOT / "include").rglob("*.sql")}
    assert min(len(parts), len(queries)) > 100
    assert (parts | queries) - packed == set()
