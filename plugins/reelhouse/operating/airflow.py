"""Airflow's processes, as `up` runs them: settings, generated secrets, start, stop. Imports no Airflow itself.

Not `airflow standalone`: stopped by SIGTERM, it leaves its children running. Here each component is a process group of
its own, dies with the supervisor (Linux), and carries a mark in its environment by which leftovers are found.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from reelhouse.errors import ReelhouseError
from reelhouse.settings import PACKAGE, Settings

ADDRESS = "127.0.0.1"
FIRST_PORT = 8080
USER = "admin"
MARK = "REELHOUSE_AIRFLOW_OF"
PARALLELISM = 4
# No log servers: they bind 0.0.0.0, and the API server reads the same files.
COMPONENTS = {
    "api-server": ("api-server", "--workers", "1"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    # Wakes the tasks that wait for a source.
    "triggerer": ("triggerer", "--skip-serve-logs"),
}
# What of our settings says nothing to the components: the warehouse is named by a connection, and the rest is for
# whoever starts them, or serves without them.
NOT_FOR_COMPONENTS = ("WAREHOUSE_DSN", "POSTGRES_BIN", "PYTHON", "AIRFLOW_", "OIDC_")
# Of Airflow's own settings what says nothing of where things are and who may what.
PASSED_ON = ("AIRFLOW__METRICS__",)
# Of Python's, what would end Airflow (a warning of one of its packages as an error) or take their texts from DAGs.
NOT_INHERITED = ("PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONOPTIMIZE", "PYTHONHOME")
PRELOADED = (
    "airflow",
    "airflow.executors.local_executor",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.python",
    "airflow.providers.standard.operators.trigger_dagrun",
    "psycopg",
    "pandas",
    "rapidfuzz",
    "sklearn.feature_extraction.text",
)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def airflow_home(settings: Settings) -> Path:
    return settings.home / "airflow"


def logs_folder(settings: Settings) -> Path:
    return settings.home / "logs"


def log_file(settings: Settings, component: str) -> Path:
    return logs_folder(settings) / f"{component}.log"


def checkout() -> Path:
    """The folder that holds dags/ beside plugins/."""
    return PACKAGE.parent.parent


@contextmanager
def reserved_port(first: int = FIRST_PORT) -> Iterator[int]:
    """The first port from `first` on that nobody listens on, else any free one.

    Held until the end, because Airflow listens on it only half a minute later: who else asks for one meanwhile, on
    this machine, gets another.
    """
    claimed = next((each for port in (*range(first, first + 20), 0) if (each := _claimed(port))), None)
    if claimed is None:
        raise ReelhouseError(f"{ADDRESS}: expected a free port, found none.")
    port, mark = claimed
    with mark:
        yield port


def _claimed(port: int) -> tuple[int, socket.socket] | None:
    """The port, 0 for any, and the mark that it is taken; None when somebody has it."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        with socket.socket() as probe:
            # As the server does: a port whose last connections are only fading away counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((ADDRESS, port))
            port = probe.getsockname()[1]
        # A name without a file, which is gone with the process.
        mark.bind(f"\0reelhouse {ADDRESS}:{port}")
    except OSError:
        mark.close()
        return None
    return port, mark


def make_secrets(settings: Settings) -> dict[str, str]:
    """Airflow's keys, generated at the first start and kept in a file of mode 0600."""
    return _kept(
        airflow_home(settings) / "secrets.json",
        lambda: {
            "fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(48),
            "api_secret": secrets.token_urlsafe(48),
        },
    )


def passwords_file(settings: Settings) -> Path:
    return airflow_home(settings) / "passwords.json"


def password(settings: Settings) -> str:
    """The generated password of `admin`; Airflow's own login reads the same file."""
    return _kept(passwords_file(settings), lambda: {USER: secrets.token_hex(10)})[USER]


def _kept(path: Path, make) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = path.with_suffix(".new")
        with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(make(), file)
        waiting.replace(path)
    return json.loads(path.read_text())


def environment(settings: Settings, warehouse_dsn: str, metadata_dsn: str, port: int) -> dict[str, str]:
    """What the components are told. Secrets go here and never into arguments, which every user of the machine sees."""
    kept, home, logs = make_secrets(settings), airflow_home(settings), logs_folder(settings)
    password(settings)
    url = f"http://{ADDRESS}:{port}"
    inherited = {
        key: value
        for key, value in os.environ.items()
        if key.startswith(PASSED_ON)
        or not (key.startswith(("AIRFLOW_", "REELHOUSE_", *NOT_INHERITED)) or _is_socks_proxy(key, value))
    }
    return {
        **inherited,
        **_reelhouse(settings),
        MARK: str(settings.home),
        # setproctitle would overwrite the mark.
        "SPT_NOENV": "1",
        "PYTHONPATH": str(PACKAGE.parent),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), ADDRESS, "localhost"])),
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy"), ADDRESS, "localhost"])),
        # Fewer malloc arenas: the processes are many and their threads idle.
        "MALLOC_ARENA_MAX": "2",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_WAREHOUSE": _connection(warehouse_dsn),
        "AIRFLOW__CORE__EXECUTOR": "reelhouse.orchestration.RevokingExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(checkout() / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(checkout() / "plugins"),
        "AIRFLOW__CORE__FERNET_KEY": kept["fernet_key"],
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(settings)),
        "AIRFLOW__API__HOST": ADDRESS,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": kept["api_secret"],
        "AIRFLOW__API__INSTANCE_NAME": "Reelhouse",
        # What to do stands at the end of a message, and that beyond the right edge of a log that is not wrapped.
        "AIRFLOW__API__DEFAULT_WRAP": "True",
        "AIRFLOW__API_AUTH__JWT_SECRET": kept["jwt_secret"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _sqlalchemy_url(metadata_dsn),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE": "3",
        # Tasks are forked from a server that has imported what every task needs: 2 s less for each of them. Nothing of
        # ours is among it, so that changed code is what the next task runs.
        "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
        "AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD": ",".join(PRELOADED),
        # The process that waits for a task often misses its end, and then sleeps for this long (5 s by default).
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        # A file that changed is read at once all the same; to read all again every 30 s takes a twentieth of a core.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        # A scheduler that was killed leaves tasks behind; the next one should not wait five minutes to see it.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        # One that is queued has a free place, and begins within seconds. After two minutes whoever took it is gone.
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "20",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(logs / "tasks"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(logs / "dag-files"),
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "DO_NOT_TRACK": "1",
    }


def _is_socks_proxy(key: str, value: str) -> bool:
    # Airflow's client of its own API begins no task with one, although 127.0.0.1 is asked past every proxy.
    return key.lower().endswith("_proxy") and value.strip().lower().startswith("socks")


def _reelhouse(settings: Settings) -> dict[str, str]:
    # The components have another working folder.
    folders = {
        "REELHOUSE_DATA": settings.data,
        "REELHOUSE_INCLUDE": settings.include,
        "REELHOUSE_LANDING": settings.landing_place,
    }
    left_out = tuple(f"REELHOUSE_{name}" for name in NOT_FOR_COMPONENTS)
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if name.startswith("REELHOUSE_") and not name.startswith(left_out)
        },
        **{name: str(path) for name, path in folders.items() if os.environ.get(name)},
        "REELHOUSE_HOME": str(settings.home),
    }


def _connection(dsn: str) -> str:
    """An Airflow connection in JSON, which needs no quoting of passwords and takes any option of libpq."""
    parts = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    named = {"host": "host", "user": "login", "password": "password", "dbname": "schema"}
    fields: dict[str, object] = {named[key]: value for key, value in parts.items() if key in named}
    if "port" in parts:
        fields["port"] = int(parts["port"])
    extra = {key: value for key, value in parts.items() if key not in named and key != "port"}
    return json.dumps({"conn_type": "postgres", **fields, "extra": extra})


def _sqlalchemy_url(dsn: str) -> str:
    from urllib.parse import quote

    parts = {key: quote(str(value), safe="") for key, value in conninfo_to_dict(dsn).items()}
    login = parts["user"] + (f":{parts['password']}" if "password" in parts else "")
    host = parts.get("host", ADDRESS)
    port = parts.get("port", "5432")
    if host.startswith("%2F"):
        return f"postgresql+psycopg2://{login}@/{parts['dbname']}?host={host}&port={port}"
    return f"postgresql+psycopg2://{login}@{host}:{port}/{parts['dbname']}"


def migrate_metadata(settings: Settings, env: dict[str, str], metadata_dsn: str) -> bool:
    """Bring Airflow's own tables up to date; gives False when nothing was to do.

    The note of the last migration saves a start of 5 s: it names Airflow's version and the revision it left.
    """
    note = airflow_home(settings) / "migrated"
    version = importlib.metadata.version("apache-airflow-core")
    if note.exists() and note.read_text() == f"{version} {_revision(metadata_dsn)}":
        return False
    process = start_process(settings, "migrate", ("db", "migrate"), env)
    try:
        code = process.wait(timeout=600)
    finally:
        stop_processes({"migrate": process})
    if code != 0:
        said = tail(settings, "migrate")
        raise ReelhouseError(f"Airflow's `db migrate`: expected exit code 0, found {code}:\n{said}")
    note.write_text(f"{version} {_revision(metadata_dsn)}")
    return True


def _revision(metadata_dsn: str) -> str | None:
    with psycopg.connect(metadata_dsn) as conn:
        if conn.execute("select to_regclass('alembic_version')").fetchone()[0] is None:
            return None
        row = conn.execute("select version_num from alembic_version").fetchone()
    return row and row[0]


def start_components(settings: Settings, env: dict[str, str]) -> dict[str, subprocess.Popen]:
    return {name: start_process(settings, name, words, env) for name, words in COMPONENTS.items()}


def restart_component(settings: Settings, name: str, ended: subprocess.Popen, env: dict[str, str]) -> subprocess.Popen:
    """Start a component again that has ended by itself, when what it left behind is gone.

    A scheduler that was killed leaves the processes of its tasks: they have nobody to report to, and the next scheduler
    has their tasks done again.
    """
    with suppress(ProcessLookupError):
        os.killpg(ended.pid, signal.SIGKILL)
    return start_process(settings, name, COMPONENTS[name], env)


def start_process(settings: Settings, name: str, words: tuple[str, ...], env: dict[str, str]) -> subprocess.Popen:
    """Start `airflow <words>` as a process group of its own, with its output in the log of that name."""
    path = log_file(settings, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_suffix(".previous.log"))
    path.write_bytes(b"")
    # Appended to: `tidy` may cut it meanwhile.
    with path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", *words],
            env=env,
            # Not the checkout: python -m would put it on the path of modules.
            cwd=airflow_home(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop_processes(processes: dict[str, subprocess.Popen], patience: float = 6.0) -> None:
    """Stop all, the API server last: what still runs reports to it.

    The scheduler waits for its tasks, which may take hours. So after `patience` seconds they are killed; it then notes
    its own end, and the next scheduler sets them back at once. A step that is killed leaves nothing half-done.
    The triggerer would take 10 to 15 s, to end triggers that are but times kept in the database: it is killed at once.
    """
    if "triggerer" in processes:
        _kill_children(processes["triggerer"])
        processes["triggerer"].kill()
    first = [process for name, process in processes.items() if name != "api-server"]
    _terminate(first)
    if not _wait(first, patience):
        for process in first:
            _kill_children(process)
        _wait(first, patience)
    last = list(processes.values())
    _terminate(last)
    # It has closed its port at once and then takes 4 s to unload; nothing is lost by not waiting for that.
    _wait(last, min(patience, 1.5))
    for process in last:
        _kill_children(process)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _terminate(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()


def _wait(processes: list[subprocess.Popen], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(process.poll() is None for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _kill_children(process: subprocess.Popen) -> None:
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()


def marked_processes(settings: Settings) -> list[psutil.Process]:
    """Every process of this home's Airflow, whoever its parent is by now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == str(settings.home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def sweep(settings: Settings) -> int:
    """Kill what a killed supervisor left behind; gives how many that were."""
    left = marked_processes(settings)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=10)
    return len(left)


def tail(settings: Settings, component: str, count: int = 20) -> str:
    """The last lines of a component's log."""
    path = log_file(settings, component)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(lines[-count:])
