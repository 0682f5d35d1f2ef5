"""One Spark application: what it must find on this machine, and the code that its workers get."""

from __future__ import annotations

import importlib.util
import logging
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reelhouse.errors import EngineAway, SettingsWrong
from reelhouse.settings import PACKAGE, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

LEAST_JAVA = 17
# Rows that a worker holds at once; with them the memory of a task stays the same, however many rows there are.
BATCH_ROWS = 2_000
# A task costs a tenth of a second before its first row, and may hold no more than it has memory for.
ROWS_A_TASK = 500_000
LEAST_TASKS, MOST_TASKS = 2, 2_000
_LOOPBACK = re.compile(r"local\[|spark://(127\.|localhost:)")
_JAVA_VERSION = re.compile(r'version "(\d+)')


@contextmanager
def session(settings: Settings, name: str, rows: int) -> Iterator[SparkSession]:
    """A Spark application of the engine that the settings name; it ends with the block.

    Takes   rows  how many it will have to go through, about
    Raises  SettingsWrong when pyspark or Java is not here; EngineAway when Spark does not answer or gives a job up
    """
    check_ready(settings.engine)
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    _stay_on_loopback(settings.engine)
    with tempfile.TemporaryDirectory(prefix="reelhouse-engine-") as folder:
        try:
            spark = _start(settings.engine, name, rows)
            try:
                spark.sparkContext.addPyFile(str(pack(Path(folder))))
                log.info("Spark's UI: %s", spark.sparkContext.uiWebUrl)
                yield spark
            finally:
                spark.stop()
        except (Py4JError, PySparkException) as error:
            raise EngineAway(
                f"{settings.engine}: expected Spark to finish, found: {_first_line(error)}. Nothing of the step stays. "
                "Look at Spark's log, then run the step again, or set REELHOUSE_ENGINE=local."
            ) from error


def check_ready(engine: str) -> None:
    """Whether this machine can start an application of the engine.

    Raises  SettingsWrong, saying what is missing
    """
    missing = [name for name in ("pyspark", "sqlglot") if importlib.util.find_spec(name) is None]
    if missing:
        raise SettingsWrong(
            f"REELHOUSE_ENGINE={engine}: expected {' and '.join(missing)} beside {sys.executable}, found none. "
            f"Install them: {sys.executable} -m pip install --require-hashes -r spark-requirements.lock"
        )
    java, version = find_java()
    if version < LEAST_JAVA:
        found = f"version {version} ({java})" if java else "none"
        raise SettingsWrong(
            f"REELHOUSE_ENGINE={engine}: expected Java {LEAST_JAVA} or newer, found {found}. "
            "Install one (Debian: openjdk-17-jre-headless), or let JAVA_HOME name it."
        )


def find_java() -> tuple[str | None, int]:
    """The Java that Spark will take, and its version; 0 without one."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    if java is None or not os.access(java, os.X_OK):
        return None, 0
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = _JAVA_VERSION.search(said)
    return java, int(version[1]) if version else 0


def _stay_on_loopback(engine: str) -> None:
    # Spark's UI asks nobody for a password, and without this it listens on every address of the machine.
    if _LOOPBACK.match(engine):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")


def _start(engine: str, name: str, rows: int) -> SparkSession:
    from pyspark.sql import SparkSession

    # It speaks of pyspark's own pandas functions, of which none is used here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    tasks = min(MOST_TASKS, max(LEAST_TASKS, math.ceil(rows / ROWS_A_TASK)))

    # Workers must run the Python that has our packages, on machines like this one at the same place.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master(engine)
        .appName(name)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", BATCH_ROWS)
        .config("spark.sql.shuffle.partitions", tasks)
        .config("spark.log.level", "ERROR")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )


def pack(folder: Path) -> Path:
    """This package as an archive that workers import: they need no copy of the project, only what it stands on."""
    archive = folder / "reelhouse.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(PACKAGE.rglob("*.py")):
            packed.write(path, path.relative_to(PACKAGE.parent))
    return archive


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "Error" in line or "Exception" in line]
    return (told or lines or [type(error).__name__])[-1][:300]
