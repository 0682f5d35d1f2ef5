"""Make the venv from requirements.lock. Runs before there is one: standard library only, no import of ours.

    python3 installing.py LOCK VENV

Every package is checked against its hash in the lock. uv does it in a tenth of pip's time, so pip installs only
uv, from uv's own hash-locked lines; where uv fails (it does not know every way of setting pip up), pip does it all.
That pip is this Python's, where it has one: to put another into the venv first takes five seconds of CPU.
A stamp, written last, says what the venv holds: without it an interrupted install is done again.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

STAMP = "reelhouse.stamp"
LAST_LINES = 15
INSTALL = ("install", "--no-input", "--require-hashes")
# What would have another Python's packages found, or ours put elsewhere than into the venv.
ELSEWHERE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")


def stamp_of(lock: Path, venv: Path) -> str:
    """What the stamp of an up-to-date venv says. The place is part of it: a venv does not survive being moved."""
    return f"{hashlib.sha256(lock.read_bytes()).hexdigest()}  {venv}\n"


def is_current(lock: Path, venv: Path) -> bool:
    """Whether the venv is whole and made from this lock."""
    stamp = venv / STAMP
    return stamp.is_file() and stamp.read_text() == stamp_of(lock, venv) and os.access(venv / "bin" / "python", os.X_OK)


def install(lock: Path, venv: Path) -> None:
    """Make the venv anew unless it is current; two at once: the second waits and finds it made."""
    venv.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    guard = venv.with_name(venv.name + ".lock")
    with guard.open("a") as held:
        with _telling("waiting for another install"):
            fcntl.flock(held, fcntl.LOCK_EX)
        if is_current(lock, venv):
            return
        began = time.monotonic()
        with _telling(f"Making {venv} from {lock.name}, once"):
            way = _make(lock, venv)
        print(f"Made {venv} in {time.monotonic() - began:.0f} s ({way}).", file=sys.stderr, flush=True)


def _make(lock: Path, venv: Path) -> str:
    (venv / STAMP).unlink(missing_ok=True)
    log = venv.with_name(venv.name + ".log")
    log.unlink(missing_ok=True)
    _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)], log)
    python = str(venv / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python]
    try:
        settings = _uv_settings(pip, log)
    except subprocess.CalledProcessError:
        # This Python has no pip (Debian's comes apart), or one before 22.3, which installs nowhere else.
        pip = _own_pip(python, log)
        settings = _uv_settings(pip, log)
    way = "uv"
    try:
        command = [_uv(lock, venv, pip, log), "pip", "install", "--python", python, "--require-hashes", "--quiet"]
        # As pip does. Else each of Airflow's processes compiles it all again where nothing may be written beside the
        # packages: the venv is another user's, or PYTHONDONTWRITEBYTECODE is set.
        command.append("--compile-bytecode")
        _run([*command, "-r", str(lock)], log, settings)
    except (subprocess.CalledProcessError, FileNotFoundError):
        _run([*_own_pip(python, log), *INSTALL, "-r", str(lock)], log)
        way = "pip"
    (venv / STAMP).write_text(stamp_of(lock, venv))
    log.unlink(missing_ok=True)
    return way


def _own_pip(python: str, log: Path) -> list[str]:
    """A pip in the venv itself."""
    _run([python, "-m", "ensurepip"], log)
    return [python, "-m", "pip"]


def _uv(lock: Path, venv: Path, pip: list[str], log: Path) -> str:
    """The uv of the lock. The locks of the bill and the benchmarks have none: that of our venv, beside its Python."""
    lines = locked_lines(lock.read_text(), "uv")
    if not lines:
        return str(Path(sys.executable).with_name("uv"))
    only_uv = venv / "uv.txt"
    only_uv.write_text(lines)
    _run([*pip, *INSTALL, "--no-deps", "-r", str(only_uv)], log)
    return str(venv / "bin" / "uv")


def locked_lines(text: str, package: str) -> str:
    """The lines of one package in a lock; nothing if it is not there.

    >>> locked_lines("ab==1\\nuv==2 \\\\\\n  --hash=y\\nuvx==3\\n", "uv").split()
    ['uv==2', '\\\\', '--hash=y']
    """
    lines = iter(text.splitlines(keepends=True))
    wanted: list[str] = []
    for line in lines:
        if line.startswith(f"{package}=="):
            wanted.append(line)
            while wanted[-1].rstrip().endswith("\\"):
                wanted.append(next(lines))
            return "".join(wanted)
    return ""


def _uv_settings(pip: list[str], log: Path) -> dict[str, str]:
    """pip's settings as uv's, because uv reads no pip.conf: mirrors, folders of wheels, certificates."""
    found: dict[str, str] = {}
    # Not into the log: a mirror's address may hold a password.
    for line in _run([*pip, "config", "list"], log, is_read=True).splitlines():
        name, _, value = line.partition("=")
        with contextlib.suppress(ValueError, SyntaxError):
            found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    # Which mirror a file comes from does not matter: its hash is in the lock.
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
    settings |= {names[name]: " ".join(value.split()) for name, value in found.items() if name in names}
    if "find-links" in found:
        settings["UV_FIND_LINKS"] = ",".join(found["find-links"].split())
    if "no-index" in found:
        settings["UV_NO_INDEX"] = "1"
    return {name: value for name, value in settings.items() if name not in os.environ}


def _run(command: list[str], log: Path, settings: dict[str, str] | None = None, *, is_read: bool = False) -> str:
    """What it says goes to the log, or is given back when that is to be read."""
    env = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    # Said, not only left out: a pip.conf may say otherwise.
    env["PIP_USER"] = "0"
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        done = subprocess.run(
            command, check=True, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if is_read else output, stderr=output, env=env | (settings or {}),
        )  # fmt: skip
    return done.stdout or ""


@contextlib.contextmanager
def _telling(message: str) -> Iterator[None]:
    """One line with the seconds going up, on a terminal; elsewhere one line, if it takes longer than a moment."""
    done = threading.Event()

    def tell() -> None:
        began, is_terminal = time.monotonic(), sys.stderr.isatty()
        while not done.wait(0.5):
            if is_terminal:
                print(f"\r{message} … {time.monotonic() - began:.0f} s ", end="", file=sys.stderr, flush=True)
            else:
                print(f"{message} …", file=sys.stderr, flush=True)
                done.wait()
        if is_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def main(lock: Path, venv: Path) -> int:
    try:
        if shutil.disk_usage(_existing(venv)).free < 2 * 2**30:
            print(f"{venv}: expected 2 GB of free disk, found less. Make room, or set REELHOUSE_HOME.", file=sys.stderr)
            return 1
        install(lock, venv)
    except subprocess.CalledProcessError as error:
        log = venv.with_name(venv.name + ".log")
        last = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-LAST_LINES:])
        print(f"reelhouse: could not install {lock}:\n{last}\nAll of it: {log}", file=sys.stderr)
        return 1 if error.returncode >= 0 else 130
    except OSError as error:
        print(f"reelhouse: could not make {venv}: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
