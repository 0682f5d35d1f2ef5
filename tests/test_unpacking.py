"""A packed file unpacked by a process of its own: the same bytes, the same complaints, and nothing that outlives it."""

from __future__ import annotations

import gc
import gzip
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reelhouse.sources.reading import UNPACKED_BESIDE_BYTES, open_landed
from reelhouse.unpacking import PIECE_BYTES, PIECES, unpacked

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"


def packed(folder: Path, *members: bytes) -> Path:
    path = folder / "file.gz"
    path.write_bytes(b"".join(gzip.compress(member, 1) for member in members))
    return path


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@pytest.mark.parametrize(
    "size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, PIECES * PIECE_BYTES, 9 * PIECE_BYTES + 17]
)
def test_the_bytes_are_those_of_the_file(tmp_path: Path, size: int) -> None:
    path = packed(tmp_path, noise(size))
    with unpacked(path) as (stream, unpacking):
        line = stream.readline(100)
        assert line + stream.read() == noise(size)
        assert stream.read(10) == b""
        assert unpacking.packed_bytes == path.stat().st_size


def test_members_follow_one_another(tmp_path: Path) -> None:
    with unpacked(packed(tmp_path, b"one", noise(PIECE_BYTES), b"two")) as (stream, _):
        assert stream.read() == b"one" + noise(PIECE_BYTES) + b"two"


def test_a_cut_off_file_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = packed(tmp_path, noise(3 * PIECE_BYTES))
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    with pytest.raises(EOFError), unpacked(path) as (stream, _):
        stream.read()
    path.write_bytes(whole[:-8] + bytes(4) + whole[-4:])
    with pytest.raises(gzip.BadGzipFile, match="CRC check failed"), unpacked(path) as (stream, _):
        stream.read()
    path.write_bytes(b"no such thing")
    with pytest.raises(gzip.BadGzipFile, match="Not a gzipped file"), unpacked(path) as (stream, _):
        stream.read()


def test_a_file_that_cannot_be_read_is_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Is a directory") as raised, unpacked(tmp_path) as (stream, _):
        stream.read()
    assert raised.type is OSError


def test_an_end_from_outside_is_no_end_of_the_file(tmp_path: Path) -> None:
    with unpacked(packed(tmp_path, noise(9 * PIECE_BYTES))) as (stream, unpacking):
        stream.read(1)
        unpacking._process.kill()
        with pytest.raises(OSError, match="ended by itself"):
            stream.read()


def test_a_process_that_does_not_begin_leaves_the_descriptors_of_others_open(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no such program"))
    with pytest.raises(FileNotFoundError) as raised, unpacked(packed(tmp_path, b"one")):
        pass
    # The lowest numbers that are free: among them those that were closed again.
    others = [os.open(os.devnull, os.O_RDONLY) for _ in range(8)]
    del raised
    gc.collect()
    for number in others:
        os.close(number)


def test_the_process_ends_with_its_reader(tmp_path: Path) -> None:
    path = packed(tmp_path, noise(9 * PIECE_BYTES))
    with unpacked(path) as (stream, unpacking):
        stream.read(1)
        number = unpacking._process.pid
        assert is_there(number)
    assert not is_there(number)


def test_the_process_does_not_outlive_a_reader_that_was_killed(tmp_path: Path) -> None:
    path = packed(tmp_path, noise(9 * PIECE_BYTES))
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom reelhouse.unpacking import unpacked\n"
        "with unpacked(Path(sys.argv[1])) as (stream, unpacking):\n"
        "    stream.read(1)\n    print(unpacking._process.pid, flush=True)\n    time.sleep(60)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", program, path],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(PLUGINS)},
    )
    number = int(reader.stdout.readline())
    assert is_there(number)
    reader.send_signal(signal.SIGKILL)
    reader.communicate()
    until = time.monotonic() + 20
    while is_there(number) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_there(number)


def is_there(number: int) -> bool:
    """Whether a process runs; one that has ended and nobody asked for does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_large_files_are_unpacked_beside_and_small_ones_here(tmp_path: Path) -> None:
    for size in (1000, UNPACKED_BESIDE_BYTES + 1000):
        path = packed(tmp_path, noise(size))
        with open_landed(path) as (stream, position):
            assert (type(stream).__name__ == "BufferedReader") is (size > UNPACKED_BESIDE_BYTES)
            assert stream.read() == noise(size)
            assert position() == path.stat().st_size
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(EOFError), open_landed(path) as (stream, _):
            stream.read()
