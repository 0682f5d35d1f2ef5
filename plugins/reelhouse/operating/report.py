"""`reelhouse report`: write the report of the published warehouse as one HTML page that needs no server.

Pictures with their numbers beside them: missing values, distributions, correlations, genres, countries, ages, the
best rated, people, outliers, words, match rates, and what moved since the day before. Reads only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from reelhouse.database import connect, translated_errors
from reelhouse.operating import embedded
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", default=Path("report.html"), help="page to write")


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.reporting.report import save_report

    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        size = save_report(conn, settings.sql, arguments.out)
    print(f"{arguments.out}: {size / 1e6:.1f} MB; open it in a browser")
    return 0
