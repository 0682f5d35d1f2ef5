"""`reelhouse soak`: load hundreds of generated days into a warehouse of its own, with faults at random moments.

Beside it a twin gets the same days and no fault. After each day the account of every row is what the generator knows,
history has neither gaps nor overlaps, each table has the content of the twin's, and neither memory, connections, files
nor the database are beyond their bounds. A line a day goes into the journal; the same command goes on where one was
interrupted. Faults: files that are late, cut off, damaged or half; processes killed, frozen or misdated; PostgreSQL
killed whole or by backend; connections cut, statements cancelled; second runs, re-runs, days after the next; readers
that stay idle in a transaction.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from datetime import UTC, datetime
from pathlib import Path

from reelhouse.errors import SettingsWrong
from reelhouse.operating.showing import Screen
from reelhouse.settings import read_settings
from reelhouse.soaking.workers import faketime_library

DAYS, LAST_DAY = 300, 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, metavar="N", help=f"days in all, those of former calls included ({DAYS})")
    parser.add_argument("--hours", type=float, metavar="N", help="stop after so long; the next call goes on")
    parser.add_argument("--seed", type=int, metavar="N", help="another seed makes other days and other faults (1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of warehouses and journal (soak/ of the home)")
    parser.epilog = (
        "Exit code 1 at the first promise that is broken: the journal's last line and the message say which."
    )


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.soaking.days import Soak, a_side
    from reelhouse.soaking.editions import Editions
    from reelhouse.soaking.journal import Journal, summary
    from reelhouse.soaking.workers import Worker

    days = DAYS if arguments.days is None else arguments.days
    if not 1 <= days <= LAST_DAY:
        raise SettingsWrong(f"--days: expected 1 to {LAST_DAY}, found {days}.")
    if arguments.hours is not None and not arguments.hours > 0:
        raise SettingsWrong(f"--hours: expected more than 0, found {arguments.hours}.")
    settings = read_settings()
    folder = (arguments.out or settings.home / "soak").absolute()
    journal = Journal(folder / "journal.jsonl")
    seed = journal.begin(arguments.seed)
    until = time.monotonic() + (math.inf if arguments.hours is None else 3600 * arguments.hours)
    done = len(journal.lines())
    screen = Screen()
    screen.say(f"{journal.path}: seed {seed}, {done} of {days} days are done")
    if not faketime_library():
        screen.say("faketime is not installed: no clock jumps")
    screen.tell("starting two servers")
    with (
        screen.running("soak"),
        a_side(folder / "struck", settings, not done) as struck,
        a_side(folder / "twin", settings, not done) as twin,
    ):
        second = Worker(folder / "second.log")
        try:
            soak = Soak(seed, Editions(folder / "worlds", seed), journal, struck, twin, second)
            for line in soak.run(days, until):
                screen.say(_told(line))
                screen.tell(f"day {line['number']}", line["number"] / days)
        finally:
            second.leave()
    told = summary(journal.lines())
    screen.say(json.dumps({"suite": "soak", "measured": datetime.now(UTC).date().isoformat(), **told}))
    return 0


def _told(line: dict) -> str:
    sign = "✗" if line["problems"] else "✓"
    faults = ", ".join(line["faults"]) or "nothing was done to it"
    return f"{sign} {line['number']:>4}  {line['day']}  {line['seconds']:6.1f} s  tries {line['tries']}  {faults}"
