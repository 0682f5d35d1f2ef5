"""What a person sees while steps run: one line a step, and on a terminal the running one in place."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

TICK_SECONDS = 0.5


class Screen:
    """Lines that stay, and on a terminal one that changes. `tell` fits `Day.tell`."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty()
        self._lock = threading.Lock()
        self._message = ""

    def say(self, line: str) -> None:
        with self._lock:
            self._clear()
            print(line, file=self.out, flush=True)

    def tell(self, message: str, share: float | None = None) -> None:
        self._message = message if share is None else f"{message} {share:.0%}"

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Show the seconds of one step, and what it tells, until it ends."""
        self._message = ""
        done = threading.Event()
        ticker = threading.Thread(target=self._tick, args=(name, done), daemon=True)
        if self.is_terminal:
            ticker.start()
        try:
            yield
        finally:
            done.set()
            if self.is_terminal:
                ticker.join()

    def _tick(self, name: str, done: threading.Event) -> None:
        began = time.monotonic()
        while not done.wait(TICK_SECONDS):
            width = shutil.get_terminal_size().columns - 1
            line = f"  {name:<25} {time.monotonic() - began:7.1f} s  {self._message}"[:width]
            with self._lock:
                self._clear()
                print(line, end="", file=self.out, flush=True)

    def _clear(self) -> None:
        if self.is_terminal:
            print("\r\033[K", end="", file=self.out)


def format_figures(figures: Mapping[str, object]) -> str:
    """Figures of a step on one line; tables in them are shown by the summary.

    >>> format_figures({"load_id": 3, "rows_in": 8807, "match_rate": 0.98541, "unchanged": True, "files": [{"a": 1}]})
    'load_id 3, rows_in 8,807, match_rate 0.9854, unchanged'
    """
    parts = [
        name if value is True else f"{name} {format_value(value, name)}"
        for name, value in figures.items()
        if value is not None and value is not False and not isinstance(value, Mapping | list | tuple)
    ]
    return ", ".join(parts)


def format_value(value: object, name: str = "") -> str:
    """A value for people. Years and numbers that name something are no amounts, and get no comma.

    >>> format_value(8807), format_value(0.98541), format_value(None), format_value(2021, "release_year")
    ('8,807', '0.9854', '-', '2021')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if name.endswith(("year", "_id", "_key", "_number")) else f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def format_table(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Rows under their column names, numbers to the right; what is nested in them is left out.

    >>> format_table([{"name": "a", "rows": 1200}, {"name": "bcd", "rows": 3}])
    ['name   rows', 'a     1,200', 'bcd       3']
    """
    rows = list(rows)
    nested = {name for row in rows for name, value in row.items() if isinstance(value, Mapping | list | tuple)}
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in nested]
    cells = [names, *([format_value(row.get(name), name) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(names))]
    is_number = [all(isinstance(row.get(name), int | float | None) for row in rows) for name in names]
    return [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in cells
    ]


def format_report(figures: Mapping[str, object]) -> list[str]:
    """Nested figures as text: tables as tables, names with their values in a column.

    >>> format_report({"load_id": 3, "counts": {"titles": 300}, "files": [{"file": "a", "rows": 2}]})
    ['load_id  3', 'counts', '  titles  300', 'files', '  file  rows', '  a        2']
    """
    plain = {name: value for name, value in figures.items() if not isinstance(value, Mapping | list | tuple)}
    width = max((len(name) for name in plain), default=0)
    lines: list[str] = []
    for name, value in figures.items():
        if name in plain:
            lines.append(f"{name:<{width}}  {format_value(value, name)}")
        elif isinstance(value, Mapping):
            lines += [name, *(f"  {line}" for line in format_report(value))]
        elif value and all(isinstance(row, Mapping) for row in value):
            lines += [name, *(f"  {line}" for line in format_table(value))]
        else:
            lines.append(f"{name}  {', '.join(format_value(each) for each in value)}")
    return lines
