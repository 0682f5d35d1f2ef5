"""`reelhouse report`: write the report of the published warehouse as one HTML page that needs no server.

Pictures with their numbers beside them: missing values, distributions, correlations, genres, countries, ages, the
best rated, people, outliers, words, match rates, and what moved since the day before. Reads only.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from reelhouse.database import connect, translated_errors
from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FILE", default=Path("report.html"), help="page to write (report.html)"
    )


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.reporting.report import save_report

    if arguments.out.is_dir():
        raise SettingsWrong(f"--out: expected a file, found the folder {arguments.out}.")
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        size = save_report(conn, settings.sql, arguments.out)
    print(f"{arguments.out}: {size / 1e6:.1f} MB; open it in a browser")
    return 0
