"""The soak's journal: one JSON line a day, from which an interrupted soak goes on, and the sum of all lines."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reelhouse.errors import SettingsWrong

Line = dict[str, object]


@dataclass(frozen=True, slots=True)
class Journal:
    """Lines of a file; the first one tells the seed."""

    path: Path

    def begin(self, seed: int | None) -> int:
        """Make the file, or go on with the one there; gives the seed."""
        if self.path.exists():
            kept = json.loads(self.path.read_text().splitlines()[0])["seed"]
            if seed not in (None, kept):
                raise SettingsWrong(
                    f"{self.path}: expected a soak with seed {seed}, found one with {kept}. Leave --seed out to go on "
                    "with it, or remove its folder."
                )
            return kept
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.write_text(json.dumps({"seed": seed or 1, "began": datetime.now(UTC).isoformat()}) + "\n")
        return seed or 1

    def add(self, lines: list[Line]) -> None:
        # In one go: a day that was loaded after the next has its line with it, or not at all.
        with self.path.open("a") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))

    def lines(self) -> list[Line]:
        """Of the days that have ended well, in the order in which they were loaded. A line that was cut off is none."""
        found: list[Line] = []
        for text in self.path.read_text().splitlines()[1:]:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if not line["problems"]:
                found.append(line)
        return found


def summary(lines: list[Line]) -> Line:
    """Figures of all days, for docs/reliability.md."""
    faults = Counter(fault for line in lines for fault in line["faults"])
    recoveries = [seconds for line in lines for seconds in line["recovery_s"]]
    newest = max(lines, key=lambda line: line["number"]) if lines else {"held": {}}
    told: Line = {
        "days": len(lines),
        "faults": sum(faults.values()),
        "kinds_of_fault": len(faults),
        "kills_of_postgres": faults["PostgreSQL killed"] + faults["backend killed"],
        "kills_of_the_process": faults["process killed"],
        "equal_to_the_twin": sum(line["is_equal"] for line in lines),
        "problems": 0,
        "tries_at_most": max((line["tries"] for line in lines), default=0),
    }
    if recoveries:
        told |= {"median_recovery_s": round(statistics.median(recoveries), 1), "worst_recovery_s": max(recoveries)}
    held = newest["held"]
    return told | {name: held[name] for name in ("database_mb", "twin_database_mb", "worker_mb") if name in held}
