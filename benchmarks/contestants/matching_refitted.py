"""Contestant `ours, refitted`: rows of the labels decided under weights that were fitted without them.

    python matching_refitted.py DAY GOLD LINKS

In five parts: each part is decided under weights fitted on the other four. No figure of time is taken of it.
"""

from __future__ import annotations

import csv
import sys
from datetime import date
from pathlib import Path

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.evaluation import LINK_COLUMNS
from reelhouse.matching.evidence import compare_names, features
from reelhouse.matching.fitting import conditional_logit, cross_validate, linked_title, read_right
from reelhouse.matching.gathering import gather
from reelhouse.settings import read_settings


def main(day: str, gold: str, links: str) -> None:
    settings = read_settings()
    with connect(settings.warehouse_dsn, "reelhouse bench", autocommit=True) as conn:
        find_candidates(conn, Day(date.fromisoformat(day), settings))
        gathered = gather(conn, settings.sql / "2_matching")
    columns = features(gathered.pairs, compare_names(gathered.names, len(gathered.row)))
    right = read_right(gathered, "netflix", Path(gold))
    decided = cross_validate(gathered, right, conditional_logit(gathered, columns, right))
    with Path(links).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINK_COLUMNS)
        for row, decision in decided.items():
            if (title := linked_title(decision)) is not None:
                writer.writerow(
                    (gathered.rows[row].source_id, f"tt{title:07d}", f"{decision.probability:.4f}", decision.band)
                )


if __name__ == "__main__":
    main(*sys.argv[1:])
