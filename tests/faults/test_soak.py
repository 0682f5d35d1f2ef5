"""`reelhouse soak` in short: days under faults equal their twin's, and an interrupted soak goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from homes import Home, make_home

from reelhouse.operating import postgres
from reelhouse.soaking.faults import RUN_FAULTS
from reelhouse.soaking.journal import Journal

# Of the first days of this seed PostgreSQL is killed on the first, and a file of the second one is cut off.
SEED = 550


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    made = make_home(tmp_path_factory.mktemp("soak"))
    yield made
    for side in ("struck", "twin"):
        postgres.remove(postgres.server_folder(made.settings.home / "soak" / side / "home"))


def lines_of(home: Home) -> list[dict]:
    return Journal(home.settings.home / "soak" / "journal.jsonl").lines()


def test_days_under_faults_equal_those_of_the_twin_and_a_soak_goes_on_where_it_ended(home: Home) -> None:
    done = home.call("soak", "--days", "1", "--seed", str(SEED))
    assert done.returncode == 0, done.stdout + done.stderr
    first = lines_of(home)
    done = home.call("soak", "--days", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 2 days are done" in done.stdout
    lines = lines_of(home)
    assert lines[:1] == first
    assert [line["number"] for line in lines] == [1, 2]
    assert all(line["is_equal"] and line["held"]["other_connections"] == 0 for line in lines)
    assert {fault for line in lines for fault in line["faults"]} & set(RUN_FAULTS)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["suite"], told["days"], told["equal_to_the_twin"]) == ("soak", 2, 2)


def test_another_seed_is_no_continuation(home: Home) -> None:
    done = home.call("soak", "--days", "2", "--seed", str(SEED + 1))
    assert done.returncode == 1
    assert f"expected a soak with seed {SEED + 1}, found one with {SEED}" in done.stderr
