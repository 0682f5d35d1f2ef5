"""Chance in bulk: for each number a draw that hangs on the seed, the purpose and the number, and on nothing else.

So a title is the same whatever was made before it, however many are made at a time, and on whichever day. The
draws are integers mixed by integer arithmetic: they do not change with the version of a library or the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

# A 16-bit draw picks from a table of this many places.
PLACES = 1 << 16


@dataclass(frozen=True, slots=True)
class Draws:
    """Draws of one seed."""

    seed: int

    def words(self, purpose: str, numbers: np.ndarray) -> np.ndarray:
        """64 random bits for each number: four columns of 16 bits are seen by `parts`."""
        key = blake2b(f"{self.seed}|{purpose}".encode(), digest_size=8).digest()
        mixed = numbers.astype("<u8") * np.uint64(0x9E3779B97F4A7C15) + np.frombuffer(key, "<u8")[0]
        # The finish of splitmix64: every bit of the number moves every bit of the draw.
        mixed ^= mixed >> np.uint64(30)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(27)
        mixed *= np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        return mixed

    def parts(self, purpose: str, numbers: np.ndarray) -> np.ndarray:
        """Four independent 16-bit draws for each number, as columns."""
        return self.words(purpose, numbers).view("<u2").reshape(-1, 4)

    def happens(self, purpose: str, numbers: np.ndarray, share: float) -> np.ndarray:
        """For which of the numbers something happens that happens to a share of them."""
        return (self.words(purpose, numbers) >> np.uint64(32)) < np.uint64(round(share * (1 << 32)))


def table(weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """A table that turns a 16-bit draw into a place of `weights`, each as often as it weighs."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    edges = np.rint(edges / edges[-1] * PLACES).astype(np.int64)
    return np.repeat(np.arange(len(edges), dtype=np.int32), np.diff(edges, prepend=0))


def power_table(count: int, power: float) -> np.ndarray:
    """A table whose place n is drawn in proportion to 1 / (n + 1) ** power."""
    return table(np.arange(1, count + 1) ** -power)


def poisson_table(mean: float, least: int = 0, most: int = 200) -> np.ndarray:
    """A table of Poisson numbers, those below `least` and above `most` brought to them."""
    counts = np.arange(1, most + 1)
    logs = np.concatenate(([0.0], np.cumsum(np.log(mean / counts))))
    return np.maximum(table(np.exp(logs - mean)), least)


def below(draws: np.ndarray, share: float) -> np.ndarray:
    """Which of some 16-bit draws lie in the first `share` of their range."""
    return draws < round(share * PLACES)


def scaled(draws: np.ndarray, most: int | np.ndarray) -> np.ndarray:
    """16-bit draws as even whole numbers from 0 up to and without `most`."""
    return (draws.astype(np.int64) * most) >> 16
