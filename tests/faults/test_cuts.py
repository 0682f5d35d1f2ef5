"""The connection is cut at every statement of a publish in turn: nothing, or all, and the next try completes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cutting_proxy import CuttingProxy
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from two_generations import Star

from reelhouse.errors import DatabaseAway
from reelhouse.steps import run_step


@pytest.fixture
def proxy(star: Star) -> Iterator[CuttingProxy]:
    words = conninfo_to_dict(star.dsn)
    with CuttingProxy((words["host"], int(words["port"]))) as found:
        yield found


@pytest.mark.parametrize(
    "is_asked",
    [pytest.param(True, id="asked, not answered"), pytest.param(False, id="not asked", marks=pytest.mark.full)],
)
def test_a_cut_at_any_statement_leaves_all_or_nothing_and_the_next_try_completes_it(star, proxy, record, is_asked):
    # The proxy reads what passes: no encryption in between.
    proxied = make_conninfo(star.dsn, host="127.0.0.1", port=proxy.port, sslmode="disable", gssencmode="disable")
    before = star.seen()
    load_id = star.prepare(1 - before)
    told = {"cuts": 0, "rolled_back": 0, "committed_without_ack": 0, "torn": 0}
    proxy.is_asked = is_asked
    while True:
        proxy.cut_at += 1
        try:
            run_step("publish_warehouse", proxied, star.day)
            break
        except DatabaseAway:
            told["cuts"] += 1
        is_committed = star.stamped_load() == load_id
        assert star.seen() == (1 - before if is_committed else before)
        told["committed_without_ack" if is_committed else "rolled_back"] += 1
        if is_committed:
            assert run_step("publish_warehouse", star.dsn, star.day)["unchanged"] is True
            before = 1 - before
            load_id = star.prepare(1 - before)
    assert star.seen() == 1 - before
    record(f"cuts_{'after' if is_asked else 'before'}_every_statement", **told, statements=proxy.requests)
    assert told["cuts"] == proxy.requests
