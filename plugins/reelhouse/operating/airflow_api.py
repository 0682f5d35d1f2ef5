"""Asking Airflow over its REST API, as any client would."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reelhouse.errors import ReelhouseError

# 127.0.0.1 is never asked for through a proxy.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_COMPONENTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")

# An API server takes 5 to 30 s to start.
PATIENCE = 60.0
# State of a task that waits for a person.
AWAITS_INPUT = "awaiting_input"

Answer = dict[str, object]


class AirflowAway(ReelhouseError):
    """Airflow did not answer, or not as expected."""

    is_passing = True


@dataclass(frozen=True, slots=True)
class Api:
    """Airflow's API and the right to use it.

    url      where Airflow answers
    token    from its login, valid for a day
    is_held  whether somebody still holds it up, so that asking again makes sense
    """

    url: str
    token: str | None = None
    is_held: Callable[[], bool] = lambda: True


def log_in(url: str, user: str, password: str) -> Api:
    answer = ask(Api(url), "POST", "/auth/token", {"username": user, "password": password})
    return Api(url, answer["access_token"])


def ask(
    api: Api, method: str, path: str, body: Answer | None = None, patience: float = PATIENCE, **query: object
) -> Answer:
    """One request. A question that gets no answer is asked again: a busy machine is slow at times, and an API server
    that died is started again.

    Takes   patience  seconds in which it is asked again
    Raises  AirflowAway when the answer is not one of success; its message has status and text
    """
    asked_at = time.monotonic()
    address = f"{api.url}{path}" + (f"?{urllib.parse.urlencode(query, doseq=True)}" if query else "")
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if api.token:
        headers["Authorization"] = f"Bearer {api.token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, headers, method=method)

    def may_ask_again() -> bool:
        return method == "GET" and time.monotonic() - asked_at <= patience and api.is_held()

    try:
        with _opener.open(request, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        said = error.read()[:300].decode(errors="replace")
        # Its database may be away for a moment.
        if error.code < 500 or not may_ask_again():
            raise AirflowAway(f"{method} {path}: found {error.code} {said}") from error
    except (OSError, ValueError) as error:
        if not may_ask_again():
            raise AirflowAway(f"{method} {path}: no answer ({error})") from error
    time.sleep(1)
    return ask(api, method, path, patience=patience - (time.monotonic() - asked_at), **query)


def health(url: str) -> dict[str, str]:
    """Status of each component that there is: healthy, unhealthy, or away."""
    try:
        answer = ask(Api(url), "GET", "/api/v2/monitor/health", patience=0)
    except AirflowAway:
        return dict.fromkeys(("api_server", *_COMPONENTS), "away")
    return {"api_server": "healthy"} | {name: answer[name]["status"] or "away" for name in _COMPONENTS}


def is_known(api: Api, dag_id: str) -> bool:
    """Whether Airflow has read the DAG."""
    return any(dag["dag_id"] == dag_id for dag in ask(api, "GET", "/api/v2/dags", limit=100)["dags"])


def unpause(api: Api, dag_id: str) -> None:
    ask(api, "PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})


def newest_run(api: Api, dag_id: str, day: date | None = None) -> Answer | None:
    """The newest run of a DAG; with `day`, the one whose logical date is that midnight."""
    query: dict[str, object] = {"limit": 1, "order_by": "-id"}
    if day is not None:
        midnight = f"{day.isoformat()}T00:00:00Z"
        query |= {"logical_date_gte": midnight, "logical_date_lte": midnight}
    runs = ask(api, "GET", f"/api/v2/dags/{dag_id}/dagRuns", **query)["dag_runs"]
    return runs[0] if runs else None


def latest_run(api: Api, dag_id: str) -> Answer | None:
    """The run of a DAG that waits to begin or has begun last, which need not be the newest: a run is done again under
    its former name.
    """
    runs = ask(api, "GET", f"/api/v2/dags/{dag_id}/dagRuns", limit=1, order_by="-start_date")["dag_runs"]
    return runs[0] if runs else None


def failed_days(api: Api) -> list[tuple[str, str]]:
    """DAG and day of those, among the last hundred runs, that failed and have not been done since; oldest first."""
    runs = ask(api, "GET", "/api/v2/dags/~/dagRuns", limit=100, order_by="-start_date")["dag_runs"]
    states: dict[tuple[str, str], str] = {}
    for run in runs:
        states.setdefault((run["dag_id"], day_of(run)), run["state"])
    return sorted((each for each, state in states.items() if state == "failed"), key=lambda each: each[::-1])


def day_of(run: Answer) -> str:
    """The day that a run loads: the form's, else that of its logical date, else the one it was asked for on."""
    return (run["conf"] or {}).get("day") or str(run["logical_date"] or run["run_after"])[:10]


def run(api: Api, dag_id: str, run_id: str) -> Answer:
    return ask(api, "GET", f"/api/v2/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}")


def trigger(api: Api, dag_id: str, day: date) -> Answer:
    """Start a run for a day. It has no logical date, so a second one for the same day is not refused.

    It is dated that day's midnight, so that it goes before a scheduled run of a later day.
    """
    body: Answer = {
        "dag_run_id": f"manual__{datetime.now(UTC).isoformat()}",
        "logical_date": None,
        "run_after": f"{day.isoformat()}T00:00:00Z",
        "conf": {"day": day.isoformat()},
    }
    return ask(api, "POST", f"/api/v2/dags/{dag_id}/dagRuns", body)


def tasks(api: Api, dag_id: str, run_id: str) -> list[Answer]:
    """The task instances of a run, in no order."""
    path = f"/api/v2/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}/taskInstances"
    return ask(api, "GET", path, limit=100)["task_instances"]


def respond(api: Api, dag_id: str, run_id: str, task_id: str, option: str, fields: Answer) -> Answer:
    """Answer a task that waits for a person."""
    run_path = f"/api/v2/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}"
    body: Answer = {"chosen_options": [option], "params_input": fields}
    return ask(api, "PATCH", f"{run_path}/taskInstances/{task_id}/-1/hitlDetails", body)


def wait_until(found, seconds: float, what: str, pause: float = 0.5):
    """Ask `found` again until it gives something.

    Raises  AirflowAway after `seconds`
    """
    deadline = time.monotonic() + seconds
    while True:
        result = found()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AirflowAway(f"Airflow: expected {what} within {seconds:.0f} s. Look with `reelhouse logs`.")
        time.sleep(pause)
