"""Steps of a day, each in a process forked from this one, which has little in memory: as Airflow's tasks are.

    python steps_apart.py < STEP DAY ... > {"cpu_s": …, "peak_mb": …, "rows_changed": …} ...

A line in, a line out. Where the warehouse and the files are is told by REELHOUSE_WAREHOUSE_DSN, _HOME and _DATA.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date

from reelhouse import steps
from reelhouse.day import Day
from reelhouse.settings import read_settings


def main() -> None:
    settings = read_settings()
    for line in sys.stdin:
        step, day = line.split()
        reading, writing = os.pipe()
        number = os.fork()
        if number == 0:
            code = 1
            try:
                # What a step says is no answer.
                os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
                figures = steps.run_step(step, settings.warehouse_dsn, Day(date.fromisoformat(day), settings))
                os.write(writing, str(figures.get("rows_changed") or 0).encode())
                code = 0
            finally:
                os._exit(code)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read()
        _, status, usage = os.wait4(number, 0)
        if status:
            raise SystemExit(f"{step}: expected to end well, ended with {os.waitstatus_to_exitcode(status)}.")
        cpu_s = usage.ru_utime + usage.ru_stime
        found = {"cpu_s": cpu_s, "peak_mb": usage.ru_maxrss / 1024, "rows_changed": int(said)}
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
