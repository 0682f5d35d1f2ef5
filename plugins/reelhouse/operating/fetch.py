"""`reelhouse fetch`: bring the providers' public files into a data folder, for the runs to come.

IMDb's come from its own server, Netflix' and Rotten Tomatoes' from Kaggle with the token of a Kaggle account. What is
not whole is not kept; what broke off goes on with the next call; what did not change is not fetched again.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from reelhouse.day import SOURCES, Day
from reelhouse.errors import FileMissing, SettingsWrong
from reelhouse.fetching.offers import OFFERS, Offer, bring
from reelhouse.operating.arguments import parse_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", choices=SOURCES, help="only this one (all)")
    parser.add_argument("--day", type=parse_day, metavar="YYYY-MM-DD", help="the day they are for (today)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder to bring them to (data/ of the home folder)")
    parser.add_argument("--accept-licence", action="store_true", help="the terms shown are known and accepted")
    parser.add_argument("--force", action="store_true", help="fetch what did not change, too")
    parser.epilog = (
        "The files come into <data>/<source>/<day>/. Without REELHOUSE_DATA and --data, `run` and `up` take them from "
        "there."
    )


def run(arguments: argparse.Namespace) -> int:
    settings, screen = read_settings(), Screen()
    data = _data(settings, arguments.data)
    day = Day(arguments.day or datetime.now(UTC).date(), settings, force=arguments.force, tell=screen.tell)
    missing: list[str] = []
    for offer in OFFERS:
        if arguments.source not in (None, offer.source):
            continue
        try:
            _fetch(offer, day, data, arguments.accept_licence, screen)
        except FileMissing as error:
            missing.append(str(error))
    for each in missing:
        print(f"reelhouse: {each}", file=sys.stderr)
    if not missing:
        screen.say(f"Next: ./reelhouse run --day {day.batch_date} --data {data}")
    return 1 if missing else 0


def _fetch(offer: Offer, day: Day, data: Path, is_accepted: bool, screen: Screen) -> None:
    chosen = day.settings.origin_of(offer.source)
    if chosen is not None:
        screen.say(f"{offer.source}: REELHOUSE_ORIGIN_{offer.source.upper()} is set, so each run fetches it itself.")
        return
    screen.say(f"{offer.source}: {offer.licence}\n  {offer.page}")
    if not is_accepted:
        _ask(offer)
    with screen.running(f"fetch {offer.source}"):
        brought = bring(offer, day, data, os.environ)
    for each in brought:
        screen.say(f"✓ {each.path}  {each.byte_count:,} bytes, {each.outcome}")


def _ask(offer: Offer) -> None:
    """Ask whether the terms are accepted.

    Raises  SettingsWrong when they are not, or nobody is there to ask
    """
    if sys.stdin.isatty() and input("Accept? [y/N] ").strip().lower() in ("y", "yes"):
        return
    raise SettingsWrong(f"{offer.source}: expected its terms to be accepted, found no yes. Call with --accept-licence.")


def _data(settings: Settings, given: Path | None) -> Path:
    """The folder to bring files to: never the one with the sample that ships with the project."""
    data = given or Path(os.environ.get("REELHOUSE_DATA") or settings.home / "data")
    sample = settings.include / "data" / "sample"
    if data.expanduser().resolve() == sample.resolve():
        raise SettingsWrong(f"--data: expected a folder of yours, found the sample's, {sample}. Name another.")
    return data.expanduser().absolute()
