"""The sample's two days, and the second one again, in a throwaway database: seconds and peak memory of each step.

The second run of a day has nothing to do; what it costs is the price of looking.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from reelhouse.database import migrate
from reelhouse.day import Day
from reelhouse.operating import embedded, postgres
from reelhouse.settings import read_settings


def rows(arguments: argparse.Namespace | None = None) -> list[dict[str, object]]:
    """Seconds and peak megabytes of each step and of the whole."""
    settings = read_settings()
    days = sample_days(settings.include / "data" / "sample")
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        own = replace(settings, home=Path(folder), data=settings.include / "data" / "sample", warehouse_dsn=None)
        try:
            with embedded.warehouse_dsn(own) as dsn:
                migrate(dsn, own.sql)
                named = [*((f"day {number}", day) for number, day in enumerate(days, 1)), ("same day again", days[-1])]
                return [row for name, day in named for row in _measure_day(name, dsn, Day(day, own))]
        finally:
            postgres.remove(postgres.server_folder(own.home))


def sample_days(folder: Path) -> list[date]:
    """The days for which the sample has files."""
    return sorted({date.fromisoformat(path.name) for path in folder.glob("*/????-??-??") if path.is_dir()})


def _measure_day(name: str, dsn: str, day: Day) -> list[dict[str, object]]:
    # Late: who asks for --help need not wait for all that the steps load.
    from reelhouse import steps

    measured: list[dict[str, object]] = []
    began, highest = time.perf_counter(), 0.0
    for step in steps.STEPS:
        _forget_peak()
        step_began = time.perf_counter()
        steps.run_step(step.name, dsn, day)
        seconds, peak = time.perf_counter() - step_began, _peak_mb()
        highest = max(highest, peak)
        measured.append({"name": f"{name}: {step.name}", "metric": "seconds", "value": round(seconds, 3)})
        measured.append({"name": f"{name}: {step.name}", "metric": "peak_mb", "value": round(peak, 1)})
    whole = round(time.perf_counter() - began, 3)
    return [
        *measured,
        {"name": f"{name}: whole", "metric": "seconds", "value": whole},
        {"name": f"{name}: whole", "metric": "peak_mb", "value": round(highest, 1)},
    ]


def _forget_peak() -> None:
    # 5 resets VmHWM, the highest resident size of this process (proc(5)).
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    from reelhouse.operating.showing import format_table

    print("\n".join(format_table(rows())))
