"""`reelhouse run`: one day in this process, without Airflow: for development, CI and cron."""

from __future__ import annotations

import argparse
import logging
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from reelhouse.day import EVERY_SOURCE, Day
from reelhouse.errors import ReelhouseError, SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.arguments import parse_day, words_if_ahead, words_if_no_source
from reelhouse.operating.showing import Screen, format_figures, format_report
from reelhouse.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", type=parse_day, metavar="YYYY-MM-DD", help="the day to load (today, in UTC)")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with <source>/[<day>/]<file> (REELHOUSE_DATA, else what `fetch` brought, else the sample)",
    )
    parser.add_argument(
        "--sources",
        type=_sources,
        default=EVERY_SOURCE,
        metavar="A,B",
        help=f"take new files of these only, of {','.join(EVERY_SOURCE)} (all)",
    )
    parser.add_argument("--force", action="store_true", help="do every step again, even where nothing changed")
    parser.add_argument(
        "--accept",
        "--accept-volume",
        dest="accept",
        metavar="REASON",
        type=_reason,
        help="go on although files have far more, far fewer or too many bad rows, or far more or fewer of them were "
        "matched; the reason is recorded",
    )
    parser.add_argument(
        "--wait",
        type=_minutes,
        default=0.0,
        metavar="MINUTES",
        help="how long to wait for a source that is late (0: fail at once)",
    )
    parser.epilog = (
        "A second run of the same day changes no row. The steps are logged in logs/run.log of the home folder."
    )


def run(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments.data)
    screen = Screen()
    batch_date = arguments.day or datetime.now(UTC).date()
    day = Day(batch_date, settings, arguments.sources, arguments.force, arguments.accept, screen.tell)
    began = time.monotonic()
    with _logged_to(settings.home / "logs" / "run.log"), embedded.warehouse_dsn(settings) as dsn:
        screen.say(f"{batch_date}, files from {settings.data}")
        for line in (*words_if_ahead(batch_date), *words_if_no_source(settings)):
            screen.say(line)
        figures = run_day(dsn, day, screen, arguments.wait)
    changed = {name: each["rows_changed"] for name, each in figures.items() if "rows_changed" in each}
    for line in format_report(figures["summarize"] | {"rows_changed": changed or "none"}):
        screen.say(line)
    # Linux gives kilobytes.
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    screen.say(f"Done in {time.monotonic() - began:.1f} s; peak memory of this process {peak_mb:,.0f} MB.")
    return 0


def run_day(
    dsn: str, day: Day, screen: Screen, wait_minutes: float = 0.0, first: str | None = None
) -> dict[str, dict[str, object]]:
    """Every step in order; gives the figures of each.

    Takes   wait_minutes  how long to wait, all in all, for sources that are late
            first         the step to begin with, when those before it are done
    """
    from reelhouse import steps  # brings scikit-learn with it, which `--help` need not wait for

    figures: dict[str, dict[str, object]] = {}
    until = time.monotonic() + 60 * wait_minutes
    names = [step.name for step in steps.STEPS]
    for step in steps.STEPS[names.index(first) if first else 0 :]:
        began = time.monotonic()
        try:
            with screen.running(step.name):
                run_step = partial(steps.run_step, step.name, dsn, day)
                figures[step.name] = _when_there(run_step, day, screen, until)
        except BaseException as error:
            screen.say(f"✗ {step.name:<25} {time.monotonic() - began:7.1f} s  {type(error).__name__}")
            raise
        screen.say(
            f"✓ {step.name:<25} {time.monotonic() - began:7.1f} s  {format_figures(figures[step.name])}".rstrip()
        )
    return figures


def _when_there(run_step: Callable[[], dict[str, object]], day: Day, screen: Screen, until: float) -> dict[str, object]:
    """Run a step; while its source is late, look again now and then until `until` of the monotonic clock."""
    is_said = False
    while True:
        try:
            return run_step()
        except ReelhouseError as error:
            left = until - time.monotonic()
            if not error.is_late or left <= 0:
                raise
            if not is_said:
                screen.say(f"… {error}")
                is_said = True
            pause = min(day.settings.poll_seconds, left)
            screen.tell(f"waits {left / 60:.0f} minutes at most, looks again in {pause:.0f} s")
            time.sleep(pause)


def _settings(data: Path | None) -> Settings:
    settings = read_settings()
    if data is None:
        return settings
    if not data.is_dir():
        raise SettingsWrong(f"--data: expected a folder, found {data.absolute()}. Correct it.")
    return replace(settings, data=data.resolve())


def _sources(text: str) -> tuple[str, ...]:
    """
    >>> _sources("imdb, netflix")
    ('netflix', 'imdb')
    """
    wanted = {word.strip() for word in text.split(",")} - {""}
    if not wanted or wanted - set(EVERY_SOURCE):
        raise argparse.ArgumentTypeError(f"expected some of {','.join(EVERY_SOURCE)}, found {text!r}")
    return tuple(source for source in EVERY_SOURCE if source in wanted)


def _minutes(text: str) -> float:
    """
    >>> _minutes("90")
    90.0
    """
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < 10**6:
        raise argparse.ArgumentTypeError(f"expected a number of minutes, 0 or more, found {text!r}")
    return minutes


def _reason(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a reason, found nothing")
    return text.strip()


class _RunLog(logging.FileHandler):
    """A log that may fail to be written, as on a full disk, without a word: the run itself says what stops it."""

    def handleError(self, record: logging.LogRecord) -> None:
        pass

    def close(self) -> None:
        with suppress(OSError):
            super().close()


@contextmanager
def _logged_to(path: Path) -> Iterator[None]:
    """Keep the log of this run, one JSON line a step, in a file that only we may read."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    handler = _RunLog(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("reelhouse")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
