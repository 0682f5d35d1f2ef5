"""/api/v1/sources: sending a source's file, and the accounts of those that were loaded."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic_core import to_json
from starlette.concurrency import run_in_threadpool

from reelhouse.day import EVERY_SOURCE
from reelhouse.errors import ReelhouseError
from reelhouse.serving.access import Person, needs
from reelhouse.serving.asking import trust
from reelhouse.serving.models import FileAccount, Received
from reelhouse.serving.problems import NotUnderstood
from reelhouse.serving.reading import JSON, answer
from reelhouse.serving.routes.parameters import Lowered, Printable
from reelhouse.serving.uploading import Sent, expected, receive

router = APIRouter(prefix="/sources", tags=["sources"])
log = logging.getLogger("reelhouse.serving.sources")

Source = StrEnum("Source", {name: name for name in EVERY_SOURCE})
PathSource = Annotated[Source, Lowered, Path(examples=["netflix"])]
Writer = Annotated[Person, needs("write")]
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {
    "type": "string", "format": "binary"}}}}}  # fmt: skip


@router.post("/{source}/files", response_model=Received, status_code=201, openapi_extra=BODY)
async def send_file(
    request: Request,
    source: PathSource,
    person: Writer,
    name: Annotated[str, Query(max_length=100, description="as the provider calls it"), Printable],
    day: Annotated[date | None, Query(description="the day it is of; today")] = None,
    replace: Annotated[bool, Query(description="put it in place of another one of that day")] = False,
) -> Response:
    """Send a source's file, its bytes as the body. It is admitted or refused whole; the answer is its account; the
    day's run is started where there is an Airflow to start it."""
    state = request.app.state
    today = datetime.now(UTC).date()
    day = day or today
    if not date(2000, 1, 1) <= day <= today + timedelta(days=1):
        raise NotUnderstood(f"day: expected one from 2000-01-01 to tomorrow, found {day}.")
    sent = Sent(expected(source.value, name), name, day, replace)
    account = await receive(state.settings, sent, request.stream(), state.serving.upload_bytes)
    log.info("%s sent %s of %s: %s", person.name, name, day, account.sha256)
    run_id, words = await run_in_threadpool(_start, request, day, person)
    return Response(to_json(Received(account=account, run_id=run_id, words=words)), 201, media_type=JSON)


def _start(request: Request, day: date, person: Person) -> tuple[str | None, str]:
    try:
        run_id = request.app.state.start(day, person.name)
    except ReelhouseError as error:
        log.warning("no run of %s: %s", day, error)
        return None, f"The file is there; Airflow did not start a run of {day}. Start extract_sources yourself."
    if run_id is None:
        return None, f"The file is there; no Airflow is known here. The next run of {day} takes it."
    return run_id, f"extract_sources has begun for {day}."


@router.get("/{source}/files", response_model=list[FileAccount])
def accounts(request: Request, source: PathSource, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Response:
    """The accounts of the source's files in the last loads: rows in = staged + filtered + quarantined + duplicate."""
    return answer(request, lambda seen: trust.file_accounts(seen, source.value, limit), is_public=False)
