"""A packed file unpacked by a process of its own, ahead of whoever reads it.

In a thread beside other work it costs half again its CPU and saves no time: the interpreter's lock goes to and fro with
every block. So what is unpacked lies in memory that both processes see, and pipes say which pieces of it are full and
which are free again. This file is also the program of that process.
"""

from __future__ import annotations

import io
import mmap
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from gzip import BadGzipFile
from itertools import count
from pathlib import Path
from typing import BinaryIO

from isal import igzip, isal_zlib

PIECES, PIECE_BYTES = 4, 1 << 19
# Of what is read at once most goes past this buffer, straight to where it is wanted.
BUFFER_BYTES = 1 << 16
# How much is in a piece and how far the packed file is read; or, below zero, how long the word is on what is wrong, and
# which of these it is.
_TOLD = struct.Struct("<qq")
_WRONG = (EOFError, BadGzipFile, OSError)


class Unpacking(io.RawIOBase):
    """The bytes of a packed file. To be closed by whoever opened it; the process ends with it.

    Raises  EOFError where the file is cut off, BadGzipFile where it is damaged, OSError when it cannot be read or
            unpacking was ended from outside
    """

    # Who is not there yet is not to be ended: also what was begun in vain is closed, when it is collected.
    _process: subprocess.Popen | None = None

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.packed_bytes = 0
        self._piece, self._is_over = -1, False
        self._left = memoryview(b"")
        memory = os.memfd_create("reelhouse")
        full, tell = os.pipe()
        freed, free = os.pipe()
        try:
            os.truncate(memory, PIECES * PIECE_BYTES)
            room = memoryview(mmap.mmap(memory, PIECES * PIECE_BYTES))
            # In a group of its own: Ctrl-C is for who reads, and ends this one, too.
            process = subprocess.Popen(
                [sys.executable, "-P", __file__, path, *map(str, (memory, tell, freed))],
                stdin=subprocess.DEVNULL, pass_fds=(memory, tell, freed), process_group=0,
            )  # fmt: skip
        except BaseException:
            os.close(full)
            os.close(free)
            raise
        finally:
            for number in (memory, tell, freed):
                os.close(number)
        self._room, self._full, self._free, self._process = room, os.fdopen(full, "rb"), free, process

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:
        if not self._left and not self._is_over:
            self._take_piece()
        size = min(len(target), len(self._left))
        target[:size], self._left = self._left[:size], self._left[size:]
        return size

    def close(self) -> None:
        if self._process is not None and not self.closed:
            os.close(self._free)
            self._full.close()
            self._process.kill()
            self._process.wait()
        super().close()

    def _take_piece(self) -> None:
        """The next piece; at the end of the file it is empty."""
        if self._piece >= 0:
            # With the last piece filled the process has ended.
            with suppress(BrokenPipeError):
                os.write(self._free, b".")
        told = self._full.read(_TOLD.size)
        if len(told) < _TOLD.size:
            raise OSError(f"unpacking ended by itself, with exit code {self._process.wait()}")
        size, self.packed_bytes = _TOLD.unpack(told)
        if size < 0:
            raise _WRONG[self.packed_bytes](self._full.read(-size).decode())
        self._piece = (self._piece + 1) % PIECES
        start = self._piece * PIECE_BYTES
        self._left, self._is_over = self._room[start : start + size], size == 0


@contextmanager
def unpacked(path: Path) -> Iterator[tuple[BinaryIO, Unpacking]]:
    """A packed file for reading, and who unpacks it."""
    with Unpacking(path) as unpacking:
        yield io.BufferedReader(unpacking, BUFFER_BYTES), unpacking


# --- the process ----------------------------------------------------------------------------------------


def _unpack(path: str, memory: int, tell: int, freed: int) -> None:
    """Fill piece after piece until the file is at its end, or nobody reads it any more."""
    room = memoryview(mmap.mmap(memory, PIECES * PIECE_BYTES))
    try:
        with Path(path).open("rb") as file, igzip.IGzipFile(fileobj=file, mode="rb") as stream:
            for number in count():
                if number >= PIECES and not os.read(freed, 1):
                    return
                start = number % PIECES * PIECE_BYTES
                text = stream.read(PIECE_BYTES)
                room[start : start + len(text)] = text
                os.write(tell, _TOLD.pack(len(text), file.tell()))
                if not text:
                    return
    except BrokenPipeError:
        return
    except isal_zlib.error as error:
        _tell_wrong(tell, BadGzipFile(error))
    except _WRONG as error:
        _tell_wrong(tell, error)


def _tell_wrong(tell: int, error: Exception) -> None:
    word = str(error).encode()
    which = next(place for place, kind in enumerate(_WRONG) if isinstance(error, kind))
    os.write(tell, _TOLD.pack(-len(word), which) + word)


if __name__ == "__main__":
    _unpack(sys.argv[1], *map(int, sys.argv[2:]))
