"""`reelhouse audit`: verify the chain of what people wrote, or show it.

verify computes every hash again and compares the ends of the chain that were exported, so that an edit by whoever
owns the server is found too. Exit code 1 when something is not as it was written.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from reelhouse.auditing import HEADS, entries, verify
from reelhouse.database import connect, translated_errors
from reelhouse.operating import embedded
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="compute the chain again")
    verify.add_argument("--heads", type=Path, metavar="FILE", help="exported ends of the chain, to compare with")
    show = actions.add_parser("show", help="who wrote what, the newest first")
    show.add_argument("--most", type=int, default=20, metavar="N", help="entries to show (20)")
    show.add_argument("--person", help="of this login only")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        if arguments.action == "show":
            shown = entries(conn, arguments.most, arguments.person)
            for row in shown:
                print("  ".join(str(each) for each in row if each is not None))
            if not shown:
                print("Nobody has written anything." if arguments.person is None else f"{arguments.person}: no entry.")
            return 0
        problems = verify(conn, arguments.heads or settings.home / HEADS)
        for entry, problem in problems:
            print(f"entry {entry}: {problem}")
        (count,) = conn.execute("select count(*) from audit.entry").fetchone()
        print(f"{count:,} entries, {len(problems)} not as they were written")
    return 1 if problems else 0
