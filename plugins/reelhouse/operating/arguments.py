"""Words that several commands take, and what is said of them."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime

from reelhouse.day import EVERY_SOURCE
from reelhouse.settings import Settings

YEARS = range(1990, 2061)  # those of warehouse.dim_date


def parse_day(text: str) -> date:
    """
    >>> parse_day("2026-01-05")
    datetime.date(2026, 1, 5)
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day like 2026-01-05, found {text!r}") from None
    if day.year not in YEARS:
        raise argparse.ArgumentTypeError(f"expected a day of {YEARS[0]} to {YEARS[-1]}, found {text!r}")
    return day


def is_ahead(day: date) -> bool:
    """Whether the day has not begun yet, in UTC."""
    return day > datetime.now(UTC).date()


def words_if_ahead(day: date) -> list[str]:
    """What a day that has not begun does to those before it; nothing of any other day."""
    if not is_ahead(day):
        return []
    return [
        f"warning: {day} has not begun yet. Once readers see it, each day before it adds to history only. "
        "A slip? `reelhouse rollback` leads back."
    ]


def words_if_no_source(settings: Settings) -> list[str]:
    """That a data folder has none of what is looked for, which is rather a slip than a day without news."""
    if settings.origins or any((settings.data / source).is_dir() for source in EVERY_SOURCE):
        return []
    return [
        f"warning: {settings.data} has no folder of a source ({', '.join(EVERY_SOURCE)}): expected files as "
        "<source>/<file> or <source>/<day>/<file>. What was admitted before, if anything, serves the day."
    ]
