"""Contestant `ours`: IMDb's files of one day landed or staged by the functions that the day's steps call.

    python ours.py DATA DAY land|stage...

Not through `reelhouse.steps`, which loads matching and recommending as well.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_source

STEPS = {"land": land_source, "stage": stage_source}


def main(data: str, day: str, *steps: str) -> None:
    settings = replace(read_settings(), data=Path(data))
    with connect(settings.warehouse_dsn, "reelhouse bench", autocommit=True) as conn:
        for step in steps:
            print(json.dumps(STEPS[step](conn, Day(date.fromisoformat(day), settings), "imdb")))


if __name__ == "__main__":
    main(*sys.argv[1:])
