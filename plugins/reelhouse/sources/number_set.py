"""Sets of the numbers in IMDb's ids: one bit a number, so that a set is 12.5 MB whatever is in it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

LARGEST_NUMBER = 99_999_999
_BITS = np.array([1 << place for place in range(8)], np.uint8)


class NumberSet:
    """Numbers from 0 to LARGEST_NUMBER."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.bits = np.zeros(LARGEST_NUMBER // 8 + 1, np.uint8)
        self.add(np.fromiter(numbers, np.int64))

    @classmethod
    def of_bits(cls, bits: np.ndarray) -> NumberSet:
        made = cls()
        made.bits = bits
        return made

    def copy(self) -> NumberSet:
        return self.of_bits(self.bits.copy())

    def __contains__(self, number: int) -> bool:
        return bool(self.bits[number >> 3] >> (number & 7) & 1)

    def add(self, numbers: np.ndarray) -> None:
        np.bitwise_or.at(self.bits, numbers >> 3, _BITS[numbers & 7])

    def holds(self, numbers: np.ndarray) -> np.ndarray:
        """Of each number whether it is in the set."""
        return (self.bits[numbers >> 3] & _BITS[numbers & 7]) != 0

    def numbers(self) -> np.ndarray:
        """All of them, in order."""
        filled = np.flatnonzero(self.bits)
        places = np.unpackbits(self.bits[filled, None], axis=1, bitorder="little")
        return (filled[:, None] * 8 + np.arange(8))[places == 1]
