"""Starting a day's run after a file came, over Airflow's REST API. Within Airflow it is asked itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from reelhouse.errors import ReelhouseError
from reelhouse.serving.settings import ServingSettings
from reelhouse.settings import Settings

FIRST_DAG = "extract_sources"
# Takes the day and who asks; gives the id of the run, or None when there is no Airflow to start one.
Start = Callable[[date, str], str | None]


def starter(settings: Settings, serving: ServingSettings) -> Start:
    """How a run is started alone: by the Airflow that the settings name, else the one that `up` started here."""

    def start(day: date, person: str) -> str | None:
        from reelhouse.operating import airflow, airflow_api, supervising

        if serving.airflow_url:
            url, password = serving.airflow_url, _password(serving.airflow_passwords, airflow.USER)
        else:
            running = supervising.read_running(settings)
            if running is None:
                return None
            url, password = running.url, airflow.password(settings)
        api = airflow_api.log_in(url, airflow.USER, password)
        return airflow_api.trigger(api, FIRST_DAG, day)["dag_run_id"]

    return start


def _password(path: Path | None, user: str) -> str:
    try:
        return json.loads(path.read_text())[user]
    except (AttributeError, OSError, ValueError, KeyError) as error:
        raise ReelhouseError(
            f"REELHOUSE_AIRFLOW_PASSWORDS_FILE: expected a JSON file with the password of {user}, found {path}."
        ) from error
