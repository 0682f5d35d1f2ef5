"""Within Airflow: its login and its permissions. The only module of serving that imports Airflow.

Airflow leaves apps that plugins mount open to anybody, so who asks is found out here as its own endpoints do it. Who
may see DAGs may read; who may trigger them may review and write too.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from urllib.parse import quote

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user
from airflow.models.connection import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.types import DagRunTriggeredByType
from fastapi import FastAPI, Request
from fastapi.exceptions import HTTPException
from fastapi.security import HTTPAuthorizationCredentials
from starlette.concurrency import run_in_threadpool

from reelhouse.errors import SettingsWrong
from reelhouse.orchestration import WAREHOUSE, dsn_of
from reelhouse.serving.access import Person
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import read_serving_settings
from reelhouse.settings import read_settings

COOKIE = "_token"
# Whose runs a reviewer's decisions and an uploaded file begin.
FIRST_DAG, MATCHING_DAG = "extract_sources", "match_titles"


class AirflowAccess:
    """By Airflow's token, in a header or in the cookie its login leaves."""

    def __init__(self, pool: object) -> None:
        """Keys and sessions are of no use here."""

    async def person(self, request: Request) -> Person | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        given = HTTPAuthorizationCredentials(scheme=kind, credentials=token) if token else None
        try:
            user = await get_user(request, None, given)
        except HTTPException as error:
            if error.status_code in (401, 403):
                return None
            raise
        scopes = await run_in_threadpool(scopes_of, user)
        is_header = given is not None and kind.lower() == "bearer"
        cookie = None if is_header else request.cookies.get(COOKIE, "")
        return Person(user.get_name(), scopes, cookie)

    def login_address(self, request: Request) -> str:
        # In the frame of Airflow's own page only the page around it can log in; alone in a window, this address leads
        # there and back.
        return f"{get_auth_manager().get_url_login()}?next={quote(str(request.url), safe='')}"


def scopes_of(user: object) -> frozenset[str]:
    """What Airflow's permissions on our DAGs come to."""
    manager = get_auth_manager()

    def may(method: str, dag_id: str, entity: DagAccessEntity | None = None) -> bool:
        return manager.is_authorized_dag(method=method, access_entity=entity, details=DagDetails(id=dag_id), user=user)

    scopes = set()
    if may("GET", MATCHING_DAG):
        scopes.add("read")
    if may("POST", MATCHING_DAG, DagAccessEntity.RUN):
        scopes.add("review")
    if may("POST", FIRST_DAG, DagAccessEntity.RUN):
        scopes.add("write")
    return frozenset(scopes)


def warehouse_dsn() -> str:
    """The warehouse as this Airflow's API server knows it: by the same variable or connection as its tasks.

    Raises  SettingsWrong when there is neither
    """
    given = os.environ.get("REELHOUSE_WAREHOUSE_DSN")
    if given:
        return given
    try:
        return dsn_of(Connection.get_connection_from_secrets(WAREHOUSE))
    except AirflowNotFoundException as error:
        raise SettingsWrong(
            f"Airflow connection `{WAREHOUSE}`: expected one of type Postgres, found none. Add it under Admin, "
            "Connections, or set REELHOUSE_WAREHOUSE_DSN."
        ) from error


def make_app_within() -> FastAPI:
    """The app as the plugin mounts it."""
    return make_app(
        warehouse_dsn(), read_settings(), read_serving_settings(), AirflowAccess, is_framed=True, start=start_run
    )


def start_run(day: date, person: str) -> str:
    """Begin a run of the first DAG for a day, as somebody who asks for one in Airflow's own page does; gives its id."""
    run_id = f"manual__{datetime.now(UTC).isoformat()}"
    trigger_dag(
        FIRST_DAG,
        triggered_by=DagRunTriggeredByType.UI,
        triggering_user_name=person,
        run_id=run_id,
        # Dated that day's midnight, so that it goes before a scheduled run of a later day.
        run_after=datetime(day.year, day.month, day.day, tzinfo=UTC),
        conf={"day": day.isoformat()},
    )
    return run_id
