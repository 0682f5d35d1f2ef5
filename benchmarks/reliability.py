"""What is promised when something goes wrong, and what was seen: runs the suites of faults, writes docs/reliability.md.

The suites are those of tests/faults/ in their long form (about 20 minutes of an idle machine); each prints a line of
figures, kept in benchmarks/reliability.jsonl. With --kept the page is written from the lines that are there.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from reelhouse.errors import ReelhouseError

ROOT = Path(__file__).parent.parent
FAULTS = ROOT / "benchmarks" / "faults.toml"
FIGURES = ROOT / "benchmarks" / "reliability.jsonl"
PAGE = ROOT / "docs" / "reliability.md"

Figures = dict[str, dict[str, object]]

_HEAD = """\
# Reliability

What may go wrong, what is promised then, and what was seen. Written by `./reelhouse bench reliability` from
`benchmarks/faults.toml` and the figures that the suites of `tests/faults/` print in their long form; do not edit. A
short form of each suite runs with every `./reelhouse test`. *Torn* is a reader, or a warehouse after a fault, with
something of two loads; *committed without ack* is a publish that had committed although its process could not be told.

| # | what goes wrong | what is promised | held by | seen |
|---|---|---|---|---|
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kept", action="store_true", help="run nothing: write the page from the lines that are there")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Figures of each suite."""
    if not arguments.kept:
        _run_suites()
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
    name, _, unit = name.rpartition("_") if name.endswith(("_s", "_ms")) else (name, "", "")
    return " ".join(word for word in (name.replace("_", " "), str(value), unit) if word)


def _run_suites() -> None:
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        lines = Path(folder) / "figures.jsonl"
        words = ["-m", "pytest", "tests/faults", "-q", "--override-ini", "addopts=--import-mode=importlib"]
        env = os.environ | {"REELHOUSE_FAULT_FIGURES": str(lines), "PYTHONPATH": str(ROOT / "plugins")}
        done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, check=False)
        if done.returncode:
            raise ReelhouseError("tests/faults: expected every promise to hold, found some broken (see above).")
        # Of a suite that has a long form its line comes last.
        FIGURES.write_text(lines.read_text())
