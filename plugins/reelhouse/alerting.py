"""Alerts: a failure, a hold, a late source or a deadline is told by e-mail or webhook, once for each day and cause.

REELHOUSE_ALERT_SMTP     smtp://[user:password@]host[:port], or smtps://
REELHOUSE_ALERT_TO       addresses, with commas between
REELHOUSE_ALERT_FROM     sender; reelhouse@localhost by default
REELHOUSE_ALERT_WEBHOOK  http:// or https:// address that takes JSON: {"text": …, "kind": …, "day": …, …}

Without any of them nothing is sent.
"""

from __future__ import annotations

import json
import logging
import os
import smtplib
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import psycopg

from reelhouse.errors import SettingsWrong

log = logging.getLogger(__name__)

SECONDS = 15
SAMPLE_ROWS = 3
# Said once, although their words change with every look.
SAID_ONCE = ("late", "deadline")
ADVICE = {
    "failure": "What the cause says; the task's log says more, and `./reelhouse doctor` looks for what is wrong here. "
    "Then clear the task, or run the day again: what was done is not done twice.",
    "hold": "Readers have what they had. Approve or reject, in Airflow (Required Actions) or by `./reelhouse approve`.",
    "deadline": "`./reelhouse status` and the trust page say what is still to be done, Airflow's grid what waits or is "
    "tried again. If days take longer for good, set a later REELHOUSE_READY_BY.",
    "late": "The day waits until its deadline. Deliver the file, or allow an older one (docs: a source is late).",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """What people are told.

    kind   failure, hold, late, deadline
    place  task, or part of the warehouse
    rows   some rows that show it
    """

    kind: str
    day: date
    place: str
    cause: str
    rows: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        first = self.cause.strip().splitlines()[0] if self.cause.strip() else "no reason given"
        return f"Reelhouse {self.day}: {self.kind} at {self.place}: {first}"[:200]

    @property
    def text(self) -> str:
        rows = ["Such rows:", *(f"  {row}" for row in self.rows), ""] if self.rows else []
        return "\n".join([self.cause, "", *rows, f"What to do: {ADVICE[self.kind]}", ""])


def tell(conn: psycopg.Connection | None, alert: Alert, env: Mapping[str, str] | None = None) -> list[str]:
    """Send an alert wherever it goes, unless it went there already.

    Takes   conn  where it is kept what was sent; None: the warehouse is away, so it is sent each time
    Gives   where it went: email, webhook
    Raises  what the mail server or the webhook does; it is then sent the next time
    Reruns  of the same kind, day and place: nothing is sent, the repeat is counted; but a failure or a hold for another
            cause is news
    """
    env = os.environ if env is None else env
    ways = {"email": _mail, "webhook": _post}
    wanted = [name for name, variable in (("email", "REELHOUSE_ALERT_SMTP"), ("webhook", "REELHOUSE_ALERT_WEBHOOK"))
              if env.get(variable)]  # fmt: skip
    if not wanted:
        return []
    if conn is None:
        for name in wanted:
            ways[name](alert, env)
        return wanted
    with conn.transaction():
        is_new = _is_news(conn, alert)
        if not is_new:
            return []
        # In the transaction: what was not sent is not kept as sent.
        for name in wanted:
            ways[name](alert, env)
    return wanted


def _is_news(conn: psycopg.Connection, alert: Alert) -> bool:
    """Keep that an alert is sent, or count that it came again."""
    row = {"kind": alert.kind, "day": alert.day, "place": alert.place, "cause": alert.cause[:2000]}
    row["said_once"] = alert.kind in SAID_ONCE
    is_first = conn.execute(
        "insert into ops.alert (kind, batch_date, place, cause) values (%(kind)s, %(day)s, %(place)s, %(cause)s)"
        " on conflict do nothing returning true",
        row,
    ).fetchone()
    if is_first:
        return True
    (repeats,) = conn.execute(
        "update ops.alert as kept set repeats = case when is_same then kept.repeats + 1 else 0 end,"
        " cause = case when is_same then kept.cause else %(cause)s end,"
        " told_at = case when is_same then kept.told_at else now() end"
        " from (select %(said_once)s or cause = %(cause)s as is_same from ops.alert"
        " where kind = %(kind)s and batch_date = %(day)s and place = %(place)s for update) as former"
        " where kept.kind = %(kind)s and kept.batch_date = %(day)s and kept.place = %(place)s returning kept.repeats",
        row,
    ).fetchone()
    return repeats == 0


def sample_rows(conn: psycopg.Connection, day: date) -> tuple[str, ...]:
    """Three rows that show what is wrong with a day: of failed checks, else rejected ones."""
    rows = conn.execute(
        "with newest as (select load_id from ops.load where batch_date = %(day)s order by load_id desc limit 1)"
        " select said from (select 1 as place, check_name || ': ' || coalesce(sample ->> 0, '') as said"
        " from ops.check_result inner join newest using (load_id) where rows_found > 0 and severity = 'fail'"
        " union all"
        " select 2, array_to_string(reasons, '; ') || ' in ' || coalesce(raw_text, encode(raw_bytes, 'escape'))"
        " from quarantine.rejected_row inner join ops.file_load using (file_id) inner join newest using (load_id)"
        ") as found order by place limit %(most)s",
        {"day": day, "most": SAMPLE_ROWS},
    ).fetchall()
    return tuple(" ".join(said.split())[:300] for (said,) in rows)


def _mail(alert: Alert, env: Mapping[str, str]) -> None:
    server = urlsplit(env["REELHOUSE_ALERT_SMTP"])
    to = [address.strip() for address in env.get("REELHOUSE_ALERT_TO", "").split(",") if address.strip()]
    if server.scheme not in ("smtp", "smtps") or not server.hostname or not to:
        raise SettingsWrong(
            "REELHOUSE_ALERT_SMTP and REELHOUSE_ALERT_TO: expected smtp://host:port and addresses, found "
            f"{server.scheme}://{server.hostname} and {len(to)} addresses."
        )
    message = EmailMessage()
    # One line: a cause with a line break must not become a header.
    message["Subject"] = " ".join(alert.subject.split())
    message["From"] = env.get("REELHOUSE_ALERT_FROM") or "reelhouse@localhost"
    message["To"] = ", ".join(to)
    message.set_content(alert.text)
    kind = smtplib.SMTP_SSL if server.scheme == "smtps" else smtplib.SMTP
    with kind(server.hostname, server.port or 0, timeout=SECONDS) as connection:
        if server.username:
            if server.scheme == "smtp":
                # A password is never sent in clear.
                connection.starttls()
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)


def _post(alert: Alert, env: Mapping[str, str]) -> None:
    address = env["REELHOUSE_ALERT_WEBHOOK"]
    if urlsplit(address).scheme not in ("http", "https"):
        raise SettingsWrong("REELHOUSE_ALERT_WEBHOOK: expected an http:// or https:// address, found another one.")
    body = asdict(alert) | {"day": alert.day.isoformat(), "text": f"{alert.subject}\n{alert.text}"}
    request = urllib.request.Request(
        address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=SECONDS):
        log.info("told the webhook of %s", alert.place)
