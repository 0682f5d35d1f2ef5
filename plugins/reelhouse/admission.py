"""What every file goes through before anything of it is parsed, wherever it comes from: written under a temporary name
while it is hashed, unpacked to its last byte and held against the caps; then made durable and given its name.
"""

from __future__ import annotations

import csv
import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from isal import isal_zlib

from reelhouse.errors import NotAdmitted
from reelhouse.sources import SourceFile
from reelhouse.sources.reading import LINE_BYTES, ZIP_MAGIC

CHUNK_BYTES = 1 << 20
GREATEST_RATIO = 200
# Below this many unpacked bytes no ratio is dangerous.
RATIO_FLOOR_BYTES = 16 << 20
GZIP_MAGIC = b"\x1f\x8b"
# What says how a text is written, if anything does. That of UTF-32 begins as that of UTF-16 does.
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
LONGEST_MARK = 4


class Receiver:
    """Takes the bytes of one file, from wherever they come, checks and keeps them.

    received  bytes taken so far
    """

    def __init__(self, file: SourceFile, place: str, stream: BinaryIO) -> None:
        self.file = file
        self.place = place
        self.stream = stream
        self._begin()

    @property
    def received(self) -> int:
        return self.checked.packed

    @property
    def sha256(self) -> str:
        return self.digest.hexdigest()

    def _begin(self) -> None:
        self.checked = Checked(self.file, self.place)
        self.digest = hashlib.sha256()

    def restart(self) -> None:
        """Forget everything: another version is coming, from its first byte."""
        self.stream.seek(0)
        self.stream.truncate()
        self._begin()

    def resume(self) -> None:
        """Look again at the bytes that an earlier transfer left; damaged ones are forgotten."""
        self.stream.seek(0)
        try:
            while chunk := self.stream.read(CHUNK_BYTES):
                self.digest.update(chunk)
                self.checked.take(chunk)
        except NotAdmitted:
            self.restart()

    def take(self, chunk: bytes) -> None:
        """The next bytes.

        Raises  NotAdmitted
        """
        self.checked.take(chunk)
        self.stream.write(chunk)
        self.digest.update(chunk)

    def finish(self) -> None:
        """The file ended here: all of it is looked at, and on the disk.

        Raises  NotAdmitted
        """
        self.checked.finish()
        self.stream.flush()
        os.fsync(self.stream.fileno())


class Checked:
    """What admission has seen of a file so far: bytes packed and unpacked, the line it is in, the gzip member.

    Of a file whose provider does not always end the last line it keeps the first line and the one it is in.
    """

    def __init__(self, file: SourceFile, place: str) -> None:
        self.place = place
        self.file = file
        self.is_gzip = place.endswith(".gz")
        self.member = isal_zlib.decompressobj(wbits=31) if self.is_gzip else None
        self.packed = 0
        self.unpacked = 0
        self.line = 0
        self.start = b""
        self.last_byte = b""
        self.first_line: list[bytes] = []
        self.last_line: list[bytes] = []

    def take(self, chunk: bytes) -> None:
        """The next bytes of the file as it lies there."""
        if self.packed == 0 and chunk.startswith(GZIP_MAGIC) is not self.is_gzip:
            found = "something else" if self.is_gzip else "gzip"
            self._refuse(f"{'gzip' if self.is_gzip else 'plain text'}, as its name says", found)
        self.packed += len(chunk)
        if self.packed > self.file.max_bytes:
            self._refuse(f"at most {self.file.max_bytes} bytes", "more")
        if not self.is_gzip:
            self._take_unpacked(chunk)
            return
        try:
            self._unpack(chunk)
        except isal_zlib.error as error:
            self._refuse("whole gzip data", f"damage at byte {self.packed}: {error}")

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            if self.member.eof:
                # A file may consist of several members; anything else after one is garbage.
                if not GZIP_MAGIC.startswith(chunk[:2]):
                    self._refuse("nothing after the end of the gzip data", f"{len(chunk)} more bytes or more")
                self.member = isal_zlib.decompressobj(wbits=31)
            self._take_unpacked(self.member.decompress(chunk, CHUNK_BYTES))
            chunk = self.member.unused_data if self.member.eof else self.member.unconsumed_tail

    def _take_unpacked(self, data: bytes) -> None:
        if not data:
            return
        if len(self.start) < LONGEST_MARK:
            self.start += data[: LONGEST_MARK - len(self.start)]
            if len(self.start) == LONGEST_MARK and (encoding := wide_encoding(self.start)):
                # Excel saves "Unicode text" so; fetched again it would be the same.
                in_excel = ' (in Excel: "CSV UTF-8")' if self.file.delimiter == "," else ""
                self._refuse("UTF-8", encoding, f"Save it as UTF-8{in_excel}")
        self.unpacked += len(data)
        self.last_byte = data[-1:]
        if self.unpacked > self.file.max_bytes:
            self._refuse(f"at most {self.file.max_bytes} bytes unpacked", "more")
        if self.is_gzip and self.unpacked > max(RATIO_FLOOR_BYTES, GREATEST_RATIO * self.packed):
            self._refuse(f"at most {GREATEST_RATIO} bytes for each packed one", f"{self.unpacked} from {self.packed}")
        first, last = data.find(b"\n"), data.rfind(b"\n")
        if self.line + (first if first >= 0 else len(data)) > LINE_BYTES:
            self._refuse(f"lines of at most {LINE_BYTES} bytes", "a longer one")
        self.line = len(data) - last - 1 if last >= 0 else self.line + len(data)
        if not self.file.ends_with_newline:
            if last >= 0:
                self.first_line = self.first_line or [*self.last_line, data[: first + 1]]
                self.last_line = []
            self.last_line.append(data[last + 1 :])

    def finish(self) -> None:
        """The file ended here."""
        if self.packed == 0 or (self.unpacked == 0 and (self.member is None or self.member.eof)):
            self._refuse("a header and rows", "an empty file")
        if self.member is not None and not self.member.eof:
            self._refuse("the end of the gzip data", f"a file cut off after {self.packed} bytes")
        if self.file.ends_with_newline and self.last_byte != b"\n":
            self._refuse("a last line that ends", "a file cut off in mid-line")
        # An archive is unpacked by whoever asked for it, and what is in it is checked then.
        is_text = bool(self.first_line) and not self.first_line[0].startswith(ZIP_MAGIC)
        if is_text and self.line and self._columns(self.last_line) != self._columns(self.first_line):
            self._refuse("a last row as wide as the header, or a last line that ends", "a file cut off in mid-row")

    def _columns(self, line: list[bytes]) -> int:
        """How many columns a line has; 0 when it is no row, as with a quote that is never closed."""
        text = b"".join(line).decode(errors="replace")
        try:
            return len(next(csv.reader([text], delimiter=self.file.delimiter, strict=True), []))
        except csv.Error:
            return 0

    def _refuse(self, expected: str, found: str, advice: str = "Fetch it again") -> None:
        raise NotAdmitted(f"{self.place}: expected {expected}, found {found}. {advice}; nothing of it was loaded.")


def wide_encoding(start: bytes) -> str | None:
    """Which encoding of two or four bytes a letter the first bytes of a text are in, if any; without a mark it is told
    by the zeros of plain letters.

    >>> [wide_encoding("show".encode(name)[:4]) for name in ("utf-16", "utf-16-be", "utf-32", "utf-32-le", "utf-8")]
    ['UTF-16', 'UTF-16', 'UTF-32', 'UTF-32', None]
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    zeros = [byte == 0 for byte in start[:LONGEST_MARK]]
    if zeros in ([True, False] * 2, [False, True] * 2):
        return "UTF-16"
    return "UTF-32" if zeros in ([False, True, True, True], [True, True, True, False]) else None


def move(part: Path, landed: Path) -> None:
    """Give the part its name, so that it is there whole or not at all, even after a power cut."""
    landed.parent.mkdir(parents=True, exist_ok=True)
    part.replace(landed)
    folder = os.open(landed.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
