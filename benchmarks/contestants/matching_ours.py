"""Contestant `ours`: candidates and decisions on a staged database, by the functions that the day's steps call.

    python matching_ours.py DAY POSTMASTER LINKS

LINKS gets what `reelhouse links` writes. The last line said is the CPU (of this process and of the server) and wall
time of each phase, by the names under which the steps tell of their work.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import date
from pathlib import Path

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import decide_matches
from reelhouse.matching.evaluation import write_links
from reelhouse.operating.measuring import server_cpu_s
from reelhouse.settings import read_settings


class Phases:
    """What each phase took, from one word of the steps to the next. `tell` fits `Day.tell`."""

    def __init__(self, postmaster: int) -> None:
        self.postmaster = postmaster
        self.taken: list[dict[str, object]] = []
        self.began = self._now()
        self.name = "beginning"

    def tell(self, message: str, share: float | None = None) -> None:
        if message != self.name:
            self._end()
            self.name = message

    def all(self) -> list[dict[str, object]]:
        self._end()
        return self.taken

    def _end(self) -> None:
        now = self._now()
        wall_s, client_s, server_s = (after - before for after, before in zip(now, self.began, strict=True))
        figures = {"wall_s": wall_s, "cpu_s": client_s + server_s, "client_s": client_s, "server_s": server_s}
        self.taken.append({"phase": self.name} | {name: round(value, 3) for name, value in figures.items()})
        self.began = now

    def _now(self) -> tuple[float, float, float]:
        own = os.times()
        return time.perf_counter(), own.user + own.system, server_cpu_s(self.postmaster)


def main(day: str, postmaster: str, links: str) -> None:
    settings = read_settings()
    phases = Phases(int(postmaster))
    the_day = Day(date.fromisoformat(day), settings, tell=phases.tell)
    with connect(settings.warehouse_dsn, "reelhouse bench", autocommit=True) as conn:
        found = find_candidates(conn, the_day)
        phases.tell("between the steps")
        decide_matches(conn, the_day)
        phases.tell("writing the links")
        count = write_links(conn, "netflix", Path(links))
    print(json.dumps({"phases": phases.all(), "links": count, "candidates": found["candidate_count"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
