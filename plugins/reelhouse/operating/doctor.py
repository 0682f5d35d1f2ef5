"""`reelhouse doctor`: what is wrong here, and how to mend it. Starts the server if it is down; loads nothing.

--security looks at what would let somebody in: roles, passwords, addresses, files, settings. --dependencies compares
the installed packages with known vulnerabilities, of osv.dev or of a file.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reelhouse.errors import ReelhouseError, SettingsWrong
from reelhouse.operating import embedded, installing, obstacles, postgres, supervising, test
from reelhouse.operating.obstacles import existing
from reelhouse.settings import PACKAGE, Settings, read_settings

GIB = 2**30
LEAST_DISK, GOOD_DISK = 1 * GIB, 10 * GIB
GOOD_MEMORY = 2 * GIB
AIRFLOW_PORT = 8080


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at.

    state  ok, warn (it works, but) or bad (it does not)
    found  what is the case
    mend   what to do about it
    """

    state: str
    subject: str
    found: str
    mend: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of source files to look at (the sample)")
    parser.add_argument("--security", action="store_true", help="look at what would let somebody in")
    parser.add_argument("--dependencies", action="store_true", help="look for packages with known vulnerabilities")
    parser.add_argument("--advisories", type=Path, metavar="FILE", help="OSV's file of them, in place of its server")
    parser.add_argument(
        "--dsn",
        metavar="DSN",
        help="look at this PostgreSQL alone, and whether it will do; its password from PGPASSWORD or ~/.pgpass",
    )
    parser.epilog = "The exit code is 1 when something is bad."


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    if arguments.data:
        settings = replace(settings, data=arguments.data.absolute())
    is_bad = False
    for finding in _asked_for(arguments, settings):
        is_bad |= finding.state == "bad"
        print(f"{finding.state:<4}  {finding.subject:<10}  {finding.found}", flush=True)
        if finding.mend:
            print(f"{'':<18}→ {finding.mend}", flush=True)
    return 1 if is_bad else 0


def _asked_for(arguments: argparse.Namespace, settings: Settings) -> Iterator[Finding]:
    if arguments.advisories and not arguments.dependencies:
        raise SettingsWrong("--advisories: expected --dependencies beside it, found none.")
    if arguments.security:
        from reelhouse.operating import securing

        yield from securing.examine(settings)
    if arguments.dependencies:
        yield from check_dependencies(arguments.advisories)
    if arguments.dsn:
        yield from _examine_server(arguments.dsn, settings)
    if not (arguments.security or arguments.dependencies or arguments.dsn):
        yield from examine(settings)


def check_dependencies(advisories: Path | None) -> Iterator[Finding]:
    """The packages of this environment against what is known of them.

    Raises  NobodyAnswered when no server can be asked: not knowing is not being well
    """
    from reelhouse.operating import advisories as known

    packages = known.installed()
    if advisories:
        found, count = known.look_up(packages, advisories)
        source = f"{count:,} advisories of {advisories}"
    else:
        found, source = known.ask_server(packages), "osv.dev"
    for each in found:
        mend = f"Update it to {each.fixed_in}" if each.fixed_in else "No version mends it yet: see osv.dev"
        yield Finding("bad", each.package[:10], f"{each.package} {each.version}: {each.advisory} {each.summary}", mend)
    if not found:
        yield Finding("ok", "packages", f"{len(packages)} installed, none is known to be vulnerable by {source}")


def _examine_server(dsn: str, settings: Settings) -> Iterator[Finding]:
    from reelhouse.operating import foreign_server

    try:
        yield from foreign_server.examine(dsn, settings.sql)
    except ReelhouseError as error:
        yield Finding("bad", "server", str(error))


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything, cheap things first; what breaks while it is looked at is bad."""
    for subject, check in CHECKS.items():
        try:
            yield from check(settings)
        except ReelhouseError as error:
            yield Finding("bad", subject, str(error))
        except OSError as error:
            words = obstacles.words_of(error, settings) or f"{error.filename or ''}: {error.strerror or error}"
            yield Finding("bad", subject, words)


def check_python(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    state = "ok" if (3, 11) <= sys.version_info[:2] < (3, 15) else "bad"
    mend = "" if state == "ok" else "Install a Python 3.11 to 3.14, or set REELHOUSE_PYTHON to one."
    yield Finding(state, "python", f"{version}, {sys.executable}", mend)


def check_venv(settings: Settings) -> Iterator[Finding]:
    lock, venv = PACKAGE.parent.parent / "requirements.lock", Path(sys.prefix)
    if not lock.is_file():
        yield Finding("ok", "venv", f"{venv}; installed without a lock")
    elif installing.is_current(lock, venv):
        yield Finding("ok", "venv", f"{venv} is what {lock.name} says")
    else:
        yield Finding(
            "warn",
            "venv",
            f"{venv} was not made from the present {lock.name}",
            "Run ./reelhouse: it installs the lock.",
        )


def check_home(settings: Settings) -> Iterator[Finding]:
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.home):
        pass
    if settings.home.stat().st_mode & 0o022:
        yield Finding("warn", "home", f"{settings.home}: others may write to it", f"chmod go-w {settings.home}")
    else:
        yield Finding("ok", "home", f"{settings.home} is writable")


def check_disk(settings: Settings) -> Iterator[Finding]:
    for place in sorted({existing(settings.home), existing(postgres.server_folder(settings.home))}):
        free = shutil.disk_usage(place).free
        state = "ok" if free >= GOOD_DISK else "warn" if free >= LEAST_DISK else "bad"
        mend = (
            "" if state == "ok" else "All of IMDb needs about 10 GB. Make room, or set REELHOUSE_HOME to another disk."
        )
        yield Finding(state, "disk", f"{free / GIB:,.1f} GB free in {place}", mend)


def check_memory(settings: Settings) -> Iterator[Finding]:
    lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(lines["MemAvailable"].split()[0]) * 1024
    state = "ok" if available >= GOOD_MEMORY else "warn"
    mend = "" if state == "ok" else "`up` needs about 2 GB. End other programs, or use `run`, which needs less."
    yield Finding(state, "memory", f"{available / GIB:,.1f} GB available", mend)


def check_port(settings: Settings) -> Iterator[Finding]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", AIRFLOW_PORT))
        except OSError:
            running = supervising.read_running(settings)
            if running and running.url and running.url.endswith(f":{AIRFLOW_PORT}"):
                yield Finding("ok", "port", f"{AIRFLOW_PORT} is that of this Airflow, {running.url}")
                return
            yield Finding(
                "warn", "port", f"{AIRFLOW_PORT} is taken", "Nothing to do: `up` takes another and says which."
            )
        else:
            yield Finding("ok", "port", f"{AIRFLOW_PORT} is free")


def check_data(settings: Settings) -> Iterator[Finding]:
    from reelhouse import lateness
    from reelhouse.day import SOURCES, Day
    from reelhouse.fetching import remotes
    from reelhouse.landing.origins import find_origins

    day = Day(datetime.now(UTC).date(), settings)
    for source in SOURCES:
        template = settings.origin_of(source)
        if template is not None and not remotes.is_local(template):
            yield Finding("ok", "data", f"{source}: from {remotes.shown_template(template)}, not asked")
            continue
        try:
            origins = find_origins(day, source)
        except ReelhouseError as error:
            yield Finding("bad", "data", f"{source}: {error}")
        else:
            days = sorted({origin.file_date.isoformat() for origin in origins if origin.is_dated}) or ["no day"]
            files = "1 file" if len(origins) == 1 else f"{len(origins)} files"
            found = f"{source}: {files} of {days[-1]} in {template or settings.data}"
            try:
                lateness.expect_young(day, source, [origin.file_date for origin in origins])
            except ReelhouseError:
                allowed = lateness.allowed_stale_days(settings, source)
                yield Finding("warn", "data", found, f"Today needs one at most {allowed} days old. Deliver it.")
            else:
                yield Finding("ok", "data", found)


def check_server(settings: Settings) -> Iterator[Finding]:
    from reelhouse.database import connect

    with embedded.warehouse_dsn(settings) as dsn, connect(dsn, "reelhouse doctor") as conn:
        place = "REELHOUSE_WAREHOUSE_DSN" if settings.warehouse_dsn else "embedded"
        version = conn.execute("show server_version").fetchone()[0].split()[0]
        yield Finding("ok", "server", f"PostgreSQL {version} on {conn.info.host}:{conn.info.port} ({place})")
        count = conn.execute("select count(*) from ops.migration").fetchone()[0]
        yield Finding("ok", "schema", f"{count} files of {settings.sql} applied, none left")
        states = conn.execute("select state, count(*) from ops.load group by state order by state").fetchall()
        text = ", ".join(f"{count} {state}" for state, count in states) or "none yet"
        is_held = any(state == "held" for state, _ in states)
        mend = "./reelhouse approve says which, why, and what they would publish." if is_held else ""
        yield Finding("warn" if is_held else "ok", "loads", text, mend)


def check_airflow(settings: Settings) -> Iterator[Finding]:
    # In a process and a folder of its own: importing Airflow writes a configuration file where it finds none.
    with tempfile.TemporaryDirectory(prefix="reelhouse-") as folder:
        done = subprocess.run(
            [sys.executable, "-c", "import airflow.sdk; print(airflow.__version__)"],
            env=os.environ | {"AIRFLOW_HOME": folder}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode == 0:
        yield Finding("ok", "airflow", f"{done.stdout.split()[-1]} can be imported")
    else:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        yield Finding("bad", "airflow", f"cannot be imported: {last}", "Remove the venv; ./reelhouse makes it anew.")


def check_browser(settings: Settings) -> Iterator[Finding]:
    browser = test.find_browser()
    if browser:
        yield Finding("ok", "chromium", browser)
    else:
        yield Finding("warn", "chromium", "none; only tests need it", "Debian, Ubuntu: apt-get install chromium")


CHECKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "python": check_python,
    "venv": check_venv,
    "home": check_home,
    "disk": check_disk,
    "memory": check_memory,
    "port": check_port,
    "data": check_data,
    "server": check_server,
    "airflow": check_airflow,
    "chromium": check_browser,
}
