"""Text in bulk: lines are put together from numbered pieces, all lines of a block in one gather of bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from isal import isal_zlib

# Neither time nor name, and the operating system "unknown": the same text is the same file.
GZIP_HEADER = b"\x1f\x8b\x08\x00\0\0\0\0\x02\xff"
GZIP_LEVEL = 3
NOTHING = 0


class Pieces:
    """Numbered pieces of text. Number 0 is the empty one."""

    def __init__(self) -> None:
        self._texts: list[bytes] = [b""]
        self._blob = np.zeros(0, np.uint8)
        self._starts = self._sizes = np.zeros(1, np.int32)

    def add(self, texts: Iterable[str]) -> int:
        """Add pieces; gives the number of the first, the others follow it."""
        first = len(self._texts)
        self._texts.extend(text.encode() for text in texts)
        return first

    def close(self) -> Self:
        """Lay all pieces in one row of bytes; after that none may be added."""
        self._blob = np.frombuffer(b"".join(self._texts), np.uint8)
        self._sizes = np.array([len(text) for text in self._texts], np.int32)
        self._starts = np.cumsum(self._sizes, dtype=np.int32) - self._sizes
        return self

    def joined(self, columns: Sequence[np.ndarray | int], rows: int) -> np.ndarray:
        """The bytes of all rows: of each row the pieces of the columns, in their order."""
        numbers = np.empty((rows, len(columns)), np.int32)
        for place, column in enumerate(columns):
            numbers[:, place] = column
        numbers = numbers.ravel()
        sizes = self._sizes[numbers]
        ends = np.cumsum(sizes, dtype=np.int32)
        total = int(ends[-1]) if rows else 0
        # Byte k of the result lies at k + (start of its piece in the blob - start of its piece in the result).
        places = np.repeat(self._starts[numbers] - ends + sizes, sizes)
        places += np.arange(total, dtype=np.int32)
        return self._blob[places]

    def texts(self, columns: Sequence[np.ndarray | int], rows: int) -> list[str]:
        """The same as a list of texts; for the few that are needed as such."""
        newline = self._texts.index(b"\n")
        return self.joined([*columns, newline], rows).tobytes().decode().split("\n")[:-1]


class Archive:
    """A gzip file whose bytes hang on its text alone (and on the pinned version of the compressor).

    Written under a temporary name, and there under its own once it is whole.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.bytes = path, 0
        self._part = path.with_name(path.name + ".part")
        self._packer = isal_zlib.compressobj(GZIP_LEVEL, isal_zlib.DEFLATED, -15)
        self._checksum = 0

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb")
        self._file.write(GZIP_HEADER)
        return self

    def write(self, text: bytes | np.ndarray) -> None:
        data = memoryview(text)
        self.bytes += len(data)
        self._checksum = isal_zlib.crc32(data, self._checksum)
        self._file.write(self._packer.compress(data))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._file.write(self._packer.flush())
            self._file.write(self._checksum.to_bytes(4, "little") + (self.bytes % (1 << 32)).to_bytes(4, "little"))
        self._file.close()
        if kind is None:
            self._part.replace(self.path)
        else:
            self._part.unlink()
