"""`reelhouse sample`: make the invented sample files anew. The same seed makes the same bytes."""

from __future__ import annotations

import argparse
from pathlib import Path

from reelhouse.operating.showing import format_report
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (include/data/sample)")


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.sampling import write_sample

    folder = arguments.out or read_settings().include / "data" / "sample"
    figures = write_sample(folder)
    print(folder)
    print("\n".join(format_report(figures)))
    return 0
