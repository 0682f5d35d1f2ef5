"""What is promised when something goes wrong, and what was seen: runs the suites of faults, writes docs/reliability.md.

The suites are those of tests/faults/ and tests/airflow/test_faults.py in their long form (about 20 minutes of an idle
machine, and an hour); each prints a line of figures, kept in benchmarks/reliability.jsonl, in place of its last one.
With --kept the page is written from the lines that are there; --soak takes in the journal of a `reelhouse soak`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from reelhouse.errors import ReelhouseError
from reelhouse.soaking.journal import Journal, summary

ROOT = Path(__file__).parent.parent
FAULTS = ROOT / "benchmarks" / "faults.toml"
FIGURES = ROOT / "benchmarks" / "reliability.jsonl"
PAGE = ROOT / "docs" / "reliability.md"
SUITES = ("tests/faults", "tests/airflow/test_faults.py")

Figures = dict[str, dict[str, object]]

_HEAD = """\
# Reliability

What may go wrong, what is promised then, and what was seen. Written by `./reelhouse bench reliability` from
`benchmarks/faults.toml` and the figures that the suites of `tests/faults/` and `tests/airflow/test_faults.py` print in
their long form; do not edit. A short form of most suites runs with every `./reelhouse test`. *Torn* is a reader, or a
warehouse after a fault, with something of two loads; *committed without ack* is a publish that had committed although
its process could not be told.

| # | what goes wrong | what is promised | held by | seen |
|---|---|---|---|---|
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kept", action="store_true", help="run nothing: write the page from the lines that are there")
    parser.add_argument("--soak", type=Path, metavar="JOURNAL", help="run nothing: take in the figures of this soak")
    parser.add_argument("--only", metavar="WORDS", help="suites to run, as pytest's -k takes them")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Figures of each suite."""
    if arguments.soak:
        _keep([_soaked(arguments.soak)])
    elif not arguments.kept:
        _run_suites(arguments.only)
    figures = read_figures()
    PAGE.write_text(page(read_faults(), figures))
    return [
        {"name": suite, "metric": metric, "value": value}
        for suite, values in figures.items()
        for metric, value in values.items()
    ]


def read_faults() -> list[dict]:
    return tomllib.loads(FAULTS.read_text())["fault"]


def read_figures() -> Figures:
    """The newest line of each suite."""
    lines = [json.loads(line) for line in FIGURES.read_text().splitlines() if line.strip()]
    return {line.pop("suite"): line for line in lines}


def page(faults: list[dict], figures: Figures) -> str:
    return _HEAD + "".join(_line(fault, figures) for fault in faults)


def _line(fault: dict, figures: Figures) -> str:
    suites = fault.get("suites", [])
    held_by = [*(f"`{suite}`" for suite in suites), *(_link(test) for test in fault.get("tests", []))]
    seen = [_told(figures[suite]) for suite in suites if suite in figures]
    cells = (
        str(fault["number"]), fault["fault"], fault["promise"],
        "<br>".join(held_by) or f"nothing: {fault['reason']}", "<br>".join(seen) or "–",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _link(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{path})"


def _told(figures: dict[str, object]) -> str:
    """
    >>> _told({"measured": "2026-11-21", "kills": 100, "worst_recovery_s": 2.5})
    'kills 100, worst recovery 2.5 s (2026-11-21)'
    """
    told = [_figure(name, value) for name, value in figures.items() if name != "measured"]
    return f"{', '.join(told)} ({figures['measured']})"


def _figure(name: str, value: object) -> str:
    name, _, unit = name.rpartition("_") if name.endswith(("_s", "_ms", "_min", "_mb")) else (name, "", "")
    return " ".join(word for word in (name.replace("_", " "), str(value), unit) if word)


def _soaked(journal: Path) -> dict[str, object]:
    lines = Journal(journal).lines()
    if not lines:
        raise ReelhouseError(f"{journal}: expected the days of a soak, found none. Name its journal.jsonl.")
    day = datetime.fromtimestamp(journal.stat().st_mtime, UTC).date()
    return {"suite": "soak", "measured": day.isoformat(), **summary(lines)}


def _keep(lines: list[dict[str, object]]) -> None:
    """Put lines in place of those of the same suites. Of a suite that has a long form its line comes last."""
    kept = {line["suite"]: line for line in (*map(json.loads, FIGURES.read_text().splitlines()), *lines)}
    FIGURES.write_text("".join(f"{json.dumps(kept[suite])}\n" for suite in sorted(kept)))


def _run_suites(only: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        lines = Path(folder) / "figures.jsonl"
        words = ["-m", "pytest", *SUITES, "-q", "--override-ini", "addopts=--import-mode=importlib"]
        words += ["-k", only] if only else []
        env = os.environ | {"REELHOUSE_FAULT_FIGURES": str(lines), "PYTHONPATH": str(ROOT / "plugins")}
        done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, check=False)
        if done.returncode:
            raise ReelhouseError("The suites: expected every promise to hold, found some broken (see above).")
        _keep([json.loads(line) for line in lines.read_text().splitlines()])
