"""`reelhouse bench`: measure.

A benchmark is `benchmarks/<name>.py` with `rows(arguments) -> list[dict]`. It may also have `add_arguments(parser)`,
when it takes options, and `table(rows) -> list[str]`, when one plain table is not what a person should see.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from reelhouse.operating.showing import format_table
from reelhouse.settings import PACKAGE

FOLDER = PACKAGE.parent.parent / "benchmarks"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benchmarks = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name in names():
        module = load_benchmark(name)
        first_line = module.__doc__.splitlines()[0].rstrip(".")
        subparser = benchmarks.add_parser(name, help=first_line, description=module.__doc__, allow_abbrev=False)
        subparser.formatter_class = argparse.RawDescriptionHelpFormatter
        subparser.set_defaults(benchmark=module)
        if hasattr(module, "add_arguments"):
            module.add_arguments(subparser)
        subparser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
        subparser.add_argument(
            "--verbose", action="store_true", default=argparse.SUPPRESS, help="show where an error comes from"
        )


def run(arguments: argparse.Namespace) -> int:
    rows = arguments.benchmark.rows(arguments)
    print("\n".join(getattr(arguments.benchmark, "table", format_table)(rows)))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    return 0


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def load_benchmark(name: str) -> ModuleType:
    """The module of a benchmark."""
    spec = importlib.util.spec_from_file_location(f"reelhouse_benchmark_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for the module they stand in.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
