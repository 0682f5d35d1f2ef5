"""`reelhouse bench`: measure.

A benchmark is `benchmarks/<name>.py` with `rows(arguments) -> list[dict]`. It may also have `add_arguments(parser)`,
when it takes options, and `table(rows) -> list[str]`, when one plain table is not what a person should see.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

from reelhouse.operating.showing import format_table
from reelhouse.settings import PACKAGE

FOLDER = PACKAGE.parent.parent / "benchmarks"


class _OfBenchmark(argparse.ArgumentParser):
    """A parser that learns its options when they are asked for: what benchmarks import takes seconds.

    Takes   benchmark  its name
    """

    def __init__(self, *, benchmark: str, **more) -> None:
        super().__init__(**more)
        self._benchmark, self._is_loaded = benchmark, False

    def parse_known_args(self, args=None, namespace=None):
        self._load()
        return super().parse_known_args(args, namespace)

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        module = load_benchmark(self._benchmark)
        self.set_defaults(benchmark=module)
        if hasattr(module, "add_arguments"):
            module.add_arguments(self)
        self.add_argument("--json", type=Path, metavar="FILE", help="write the rows there, too")
        self.add_argument(
            "--verbose", action="store_true", default=argparse.SUPPRESS, help="show where an error comes from"
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benchmarks = parser.add_subparsers(dest="name", metavar="NAME", required=True, parser_class=_OfBenchmark)
    for name in names():
        text = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text()))
        subparser = benchmarks.add_parser(
            name, benchmark=name, help=text.splitlines()[0].rstrip("."), description=text, allow_abbrev=False
        )
        subparser.formatter_class = argparse.RawDescriptionHelpFormatter


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
