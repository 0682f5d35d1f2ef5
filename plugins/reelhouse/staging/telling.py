"""How far staging a file has come, told from time to time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

from reelhouse.copying import CopyText
from reelhouse.day import Day
from reelhouse.staging.landed import Landed

SECONDS_BETWEEN_TELLS = 0.2


def told_texts(day: Day, landed: Landed, texts: Iterable[CopyText], position: Callable[[], int]) -> Iterator[CopyText]:
    """The portions as they are, with progress told from time to time."""
    size = max(landed.path.stat().st_size, 1)
    day.tell(f"staging {landed.file.name}", 0.0)
    told = time.monotonic()
    for portion in texts:
        yield portion
        if time.monotonic() - told > SECONDS_BETWEEN_TELLS:
            day.tell(f"staging {landed.file.name}", min(position() / size, 1.0))
            told = time.monotonic()
    day.tell(f"staging {landed.file.name}", 1.0)


class ToldStream:
    """A stream that tells of the progress while it is read."""

    def __init__(self, day: Day, landed: Landed, stream: BinaryIO, position: Callable[[], int]) -> None:
        self.day, self.name, self.stream, self.position = day, landed.file.name, stream, position
        self.size = max(landed.path.stat().st_size, 1)
        self.told = time.monotonic()

    def readinto(self, target: memoryview) -> int:
        if time.monotonic() - self.told > SECONDS_BETWEEN_TELLS:
            self.day.tell(f"comparing {self.name}", min(self.position() / self.size, 1.0))
            self.told = time.monotonic()
        return self.stream.readinto(target)
