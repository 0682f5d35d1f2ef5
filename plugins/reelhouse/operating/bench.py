"""`reelhouse bench`: measure.

A benchmark is `benchmarks/<name>.py` with `rows() -> list[dict(name, metric, value)]`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path
from types import ModuleType

from reelhouse.errors import SettingsWrong
from reelhouse.operating.showing import format_table
from reelhouse.settings import PACKAGE

FOLDER = PACKAGE.parent.parent / "benchmarks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"one of: {', '.join(benchmarks()) or 'none here'}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")


def run(arguments: argparse.Namespace) -> int:
    if arguments.name not in benchmarks():
        raise SettingsWrong(f"bench: expected one of {', '.join(benchmarks())}, found {arguments.name!r}.")
    rows = _load(arguments.name).rows()
    print("\n".join(format_table(rows)))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def benchmarks() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reelhouse_benchmark_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
