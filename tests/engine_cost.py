"""What an engine costs: CPU of its parts, ended ones included as far as they were seen, and the largest of each."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

# What a command line says of a process, the first that fits; the rest belong to the program that submits.
PARTS = {
    "keys_and_scores": ("pyspark.daemon", "pyspark/daemon"),
    "executors": ("CoarseGrainedExecutorBackend",),
    "master_and_workers": ("deploy.master.Master", "deploy.worker.Worker"),
    "driver_java": ("SparkSubmit",),
    "server": ("postgres: ", "bin/postgres"),
}


@dataclass
class EngineCost:
    """Looks at processes and all below them, four times a second, while it is entered once.

    A process that began and ended between two looks is missed, and of each the last quarter of a second.
    """

    roots: Iterable[int]
    _cpu: dict[tuple[int, float], tuple[str, float]] = field(default_factory=dict)
    _peak: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _before: dict[tuple[int, float], float] = field(default_factory=dict)
    _began: float = 0.0
    _seconds: float = 0.0

    def __enter__(self) -> EngineCost:
        self._began = time.time()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._seconds = time.time() - self._began
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.25):
            for root in self.roots:
                with suppress(psutil.Error):
                    process = psutil.Process(root)
                    for each in (process, *process.children(recursive=True)):
                        with suppress(psutil.Error):
                            self._look_at(each)

    def _look_at(self, process: psutil.Process) -> None:
        key = (process.pid, process.create_time())
        words = " ".join(process.cmdline())
        part = next((part for part, marks in PARTS.items() if any(mark in words for mark in marks)), "driver_python")
        times = process.cpu_times()
        cpu = times.user + times.system
        # The server was there before, at other work.
        self._before.setdefault(key, cpu if part == "server" and key[1] < self._began else 0.0)
        self._cpu[key] = (part, cpu - self._before[key])
        self._peak[part] = max(self._peak[part], process.memory_info().rss / 1e6)

    def figures(self) -> dict[str, object]:
        """Seconds, CPU seconds of each part, and the megabytes of its largest process."""
        cpu: dict[str, float] = defaultdict(float)
        for part, seconds in self._cpu.values():
            cpu[part] += seconds
        return {
            "wall_s": round(self._seconds),
            "cpu_s": {part: round(seconds) for part, seconds in sorted(cpu.items())},
            "largest_mb": {part: round(size) for part, size in sorted(self._peak.items())},
        }
