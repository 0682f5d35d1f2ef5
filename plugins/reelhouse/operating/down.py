"""`reelhouse down`: stop what `up --detach` left running."""

from __future__ import annotations

import argparse

from reelhouse.operating import embedded, postgres, supervising
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--patience", type=float, default=60.0, help="seconds before everything is killed (60)")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    was_running = supervising.stop(settings, arguments.patience)
    if postgres.is_running(postgres.server_folder(settings.home)):
        # A killed supervisor could not stop it. The last user to leave does, and that may be somebody's psql.
        with embedded.using_server(settings):
            was_running = True
    print("stopped" if was_running else f"nothing was running in {settings.home}")
    return 0
