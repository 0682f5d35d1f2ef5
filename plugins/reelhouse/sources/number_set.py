"""Sets of the numbers in IMDb's ids: one bit a number, so that a set is 12.5 MB whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LARGEST_NUMBER = 99_999_999
_STEP = 1 << 16
_BITS = np.array([1 << place for place in range(8)], np.uint8)


class NumberSet:
    """Numbers from 0 to LARGEST_NUMBER."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.bits = np.zeros(LARGEST_NUMBER // 8 + 1, np.uint8)
        self.add(np.fromiter(numbers, np.int64))

    def used(self) -> np.ndarray:
        """The bits up to the highest number, or a little further: memory behind it is not even touched."""
        end = len(self.bits)
        while end > 0 and not self.bits[max(end - _STEP, 0) : end].any():
            end -= _STEP
        return self.bits[: max(end, 0)]

    def copy(self) -> NumberSet:
        return NumberSet().unite(self.used())

    def unite(self, bits: np.ndarray) -> NumberSet:
        """Take in what other bits stand for; gives itself."""
        self.bits[: len(bits)] |= bits
        return self

    def take_out(self, other: NumberSet) -> None:
        bits = other.used()
        self.bits[: len(bits)] &= ~bits

    def apart(self, other: NumberSet) -> NumberSet:
        """The numbers that are in one of both only."""
        made, bits = self.copy(), other.used()
        made.bits[: len(bits)] ^= bits
        return made

    def __contains__(self, number: int) -> bool:
        return bool(self.bits[number >> 3] >> (number & 7) & 1)

    def add(self, numbers: np.ndarray) -> None:
        np.bitwise_or.at(self.bits, numbers >> 3, _BITS[numbers & 7])

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """Of each number whether it is in the set."""
        return (self.bits[numbers >> 3] & _BITS[numbers & 7]) != 0

    def numbers(self) -> np.ndarray:
        """All of them, in order."""
        bits = self.used()
        # Of truth values those that are true are found four times as fast.
        filled = np.flatnonzero(bits != 0)
        places = np.unpackbits(bits[filled, None], axis=1, bitorder="little")
        return (filled[:, None] * 8 + np.arange(8))[places == 1]
