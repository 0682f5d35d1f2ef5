"""What every step of one day is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from reelhouse.settings import Settings

SOURCES = ("netflix", "imdb", "rotten_tomatoes")
# Taken when their files are there; nothing depends on them.
OPTIONAL_SOURCES = ("amazon", "disney", "hulu", "justwatch", "viewers")
EVERY_SOURCE = SOURCES + OPTIONAL_SOURCES
# Platforms whose files have twelve columns, and ids that are renumbered in every edition.
CATALOGUES = ("netflix", "amazon", "disney", "hulu")
# Whose rows are linked with IMDb's titles and with one another. A work that several of them have, and IMDb has not, is
# called in the words of the first.
LINKED_SOURCES = ("netflix", "rotten_tomatoes", "amazon", "disney", "hulu", "justwatch")


def _say_nothing(message: str, share: float | None = None) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Day:
    """One day's run.

    batch_date  the day; history is dated by it, never by the clock
    settings    where things are
    sources     providers to fetch and stage; those left out keep what staging holds
    force       do every step again, even where nothing changed
    accept      why the load is to go on although the volume gate or the match gate speaks against it; recorded
    tell        called with a message and, when known, the share done (0 to 1) during long work
    """

    batch_date: date
    settings: Settings
    sources: tuple[str, ...] = EVERY_SOURCE
    force: bool = False
    accept: str | None = None
    tell: Callable[[str, float | None], None] = field(default=_say_nothing, compare=False)
