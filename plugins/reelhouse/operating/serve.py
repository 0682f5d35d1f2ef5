"""`reelhouse serve`: the API and its pages on an address of their own, so that their load stays off Airflow.

Asked to stop (Ctrl-C, SIGTERM), it answers what it has begun and then ends. Behind a proxy that speaks HTTPS, name
the proxy with --proxy: what it says about the address and the protocol of the caller is then believed.
"""

from __future__ import annotations

import argparse
import os
import socket
from contextlib import ExitStack
from tempfile import TemporaryDirectory

from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded
from reelhouse.settings import read_settings

ADDRESS = "127.0.0.1"
PORT = 8000
# How the workers, which are processes of their own, are told of the warehouse.
WAREHOUSE_OF_WORKERS = "REELHOUSE_WAREHOUSE_DSN"
SLOWEST_SIGN_SECONDS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=ADDRESS, help=f"address to listen on ({ADDRESS})")
    parser.add_argument("--port", type=int, default=PORT, help=f"port to listen on ({PORT})")
    cores = len(os.sched_getaffinity(0))
    parser.add_argument(
        "--workers", type=int, default=cores, metavar="N", help=f"processes that answer (one for each core: {cores})"
    )
    parser.add_argument("--root-path", default="", metavar="/PATH", help="where a proxy shows it, when not at its root")
    parser.add_argument("--proxy", default=ADDRESS, metavar="A,B", help=f"addresses of trusted proxies ({ADDRESS})")
    parser.add_argument("--no-access-log", action="store_true", help="no line a request")


def run(arguments: argparse.Namespace) -> int:
    import uvicorn

    # Said before the server is started for nothing.
    from reelhouse.serving.settings import read_serving_settings

    read_serving_settings()
    _expect_free(arguments.host, arguments.port)
    if arguments.workers < 1:
        raise SettingsWrong(f"--workers: expected 1 or more, found {arguments.workers}.")
    with embedded.warehouse_dsn(read_settings()) as dsn, ExitStack() as left:
        os.environ[WAREHOUSE_OF_WORKERS] = dsn
        if arguments.workers > 1:
            # Where the workers' measures meet; known before any of them, and this process, imports what writes them.
            # A single one is ended by the signal itself and could not clear the folder away.
            folder = left.enter_context(TemporaryDirectory(prefix="reelhouse-measures-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        print(f"Reelhouse on http://{arguments.host}:{arguments.port}{arguments.root_path}/", flush=True)
        uvicorn.run(
            "reelhouse.serving.alone:make_app_alone",
            factory=True,
            host=arguments.host,
            port=arguments.port,
            workers=arguments.workers,
            root_path=arguments.root_path,
            proxy_headers=True,
            forwarded_allow_ips=arguments.proxy,
            server_header=False,
            timeout_graceful_shutdown=20,
            # A worker that does not answer for so long is ended, with all it was asked. On a machine that is busy
            # with a day five seconds, the default, are soon over, and its successor is ended while it starts.
            timeout_worker_healthcheck=SLOWEST_SIGN_SECONDS,
            access_log=not arguments.no_access_log,
            log_config=_logging(),
        )
    return 0


def _expect_free(host: str, port: int) -> None:
    """See that the server will be able to listen there.

    Raises  SettingsWrong when not, as when somebody else does
    """
    if not 0 < port < 65536:
        raise SettingsWrong(f"--port: expected 1 to 65535, found {port}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise SettingsWrong(
            f"{host}:{port}: expected an address to listen on that is free, found: {error.strerror}. Choose another "
            "with --host or --port."
        ) from error


def _logging() -> dict[str, object]:
    """Logging with times, in UTC, and without what was asked behind the `?`: names may be in it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "reelhouse.serving.logging.Line", "format": "%(asctime)sZ %(levelname)s %(message)s"}
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stdout"}},
        "loggers": {
            "uvicorn": {"handlers": ["out"], "level": "INFO", "propagate": False},
            "reelhouse": {"handlers": ["out"], "level": "INFO", "propagate": False},
        },
    }
