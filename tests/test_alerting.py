"""Alerts reach a mail server and a webhook once, with cause, rows and what to do; what was not sent is sent again."""

from __future__ import annotations

import re
import socket
from datetime import date
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from taking_alerts import taking_alerts

from reelhouse.alerting import ADVICE, Alert, sample_rows, tell
from reelhouse.errors import SettingsWrong

DAY = date(2026, 1, 5)
HELD = Alert("hold", DAY, "warehouse", "netflix_titles: expected 8,000 rows or more, found 12\nBcc: x@y", ("row one",))


class Mailbox:
    """Keeps what a mail server is given."""

    def __init__(self) -> None:
        self.mails: list = []

    async def handle_DATA(self, server, session, envelope) -> str:
        self.mails.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.address = f"smtp://127.0.0.1:{port}"
    yield box
    controller.stop()


@pytest.fixture
def webhook():
    with taking_alerts() as (address, posted):
        yield address, posted


def test_an_alert_goes_to_both_once_a_day(conn, mailbox, webhook) -> None:
    address, posted = webhook
    env = {"REELHOUSE_ALERT_SMTP": mailbox.address, "REELHOUSE_ALERT_TO": "ops@example.org, two@example.org",
           "REELHOUSE_ALERT_WEBHOOK": address}  # fmt: skip
    assert tell(conn, HELD, env) == ["email", "webhook"]
    assert tell(conn, HELD, env) == []
    ((to, mail),) = mailbox.mails
    assert to == ["ops@example.org", "two@example.org"]
    assert mail["Subject"].startswith("Reelhouse 2026-01-05: hold at warehouse: netflix_titles: expected 8,000 rows")
    assert mail["Bcc"] is None
    text = mail.get_content()
    assert "found 12" in text
    assert "row one" in text
    assert "What to do: Readers have what they had." in text
    assert [(each["kind"], each["day"], each["rows"]) for each in posted] == [("hold", "2026-01-05", ["row one"])]
    assert conn.execute("select place, repeats from ops.alert").fetchall() == [("warehouse", 1)]
    # Another day is another alert; without the warehouse each is sent.
    assert tell(conn, Alert("hold", date(2026, 1, 6), "warehouse", "again"), env) == ["email", "webhook"]
    assert tell(None, HELD, env) == ["email", "webhook"]


def test_a_failure_or_a_hold_for_another_cause_is_told_again_that_day(conn, webhook) -> None:
    """The right file was delivered, and is held for something else: nobody else knows that somebody has to look."""
    address, posted = webhook
    env = {"REELHOUSE_ALERT_WEBHOOK": address}
    for kind, words in (("hold", "few rows"), ("failure", "file is damaged"), ("late", "until 09:00")):
        for cause in (words, words, "something else", "something else"):
            tell(conn, Alert(kind, DAY, "warehouse", cause), env)
    told = [(each["kind"], each["cause"]) for each in posted]
    assert told == [
        ("hold", "few rows"), ("hold", "something else"), ("failure", "file is damaged"), ("failure", "something else"),
        ("late", "until 09:00"),
    ]  # fmt: skip
    kept = conn.execute("select kind, cause, repeats from ops.alert order by kind").fetchall()
    assert kept == [("failure", "something else", 1), ("hold", "something else", 1), ("late", "until 09:00", 3)]


def test_each_kind_of_alert_has_its_run_book() -> None:
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
    for kind in ADVICE:
        (book,) = re.findall(rf"^### Alert: {kind}\n(.*?)^##", page, re.MULTILINE | re.DOTALL)
        assert re.search(r"^1\. .*^2\. .*^3\. ", book, re.MULTILINE | re.DOTALL), kind
        assert "./reelhouse" in book or "REELHOUSE_" in book


def test_what_could_not_be_sent_is_sent_the_next_time(conn, mailbox) -> None:
    gone = {"REELHOUSE_ALERT_SMTP": "smtp://127.0.0.1:1", "REELHOUSE_ALERT_TO": "ops@example.org"}
    with pytest.raises(OSError, match=r"refused"):
        tell(conn, HELD, gone)
    assert tell(conn, HELD, gone | {"REELHOUSE_ALERT_SMTP": mailbox.address}) == ["email"]


def test_without_a_place_nothing_is_sent_and_a_wrong_one_is_told(conn) -> None:
    assert tell(conn, HELD, {}) == []
    for wrong in (
        {"REELHOUSE_ALERT_SMTP": "smtp://127.0.0.1:1"},
        {"REELHOUSE_ALERT_SMTP": "imap://host", "REELHOUSE_ALERT_TO": "a@example.org"},
        {"REELHOUSE_ALERT_WEBHOOK": "file:///etc/passwd"},
    ):
        with pytest.raises(SettingsWrong):
            tell(conn, HELD, wrong)


def test_the_rows_are_those_of_failed_checks(conn) -> None:
    assert sample_rows(conn, DAY) == ()
    conn.execute(
        "with opened as (insert into ops.load (part, batch_date, input_sha256, state) values"
        " ('warehouse', %s, 'x', 'building') returning load_id) insert into ops.check_result"
        " select load_id, name, 'fail', 1, '[{\"title\": \"Twice\"}]' from opened, unnest(array['two of one']) as name",
        (DAY,),
    )
    assert sample_rows(conn, DAY) == ('two of one: {"title": "Twice"}',)
