"""The page of faults says what the tests hold, and is the one that its figures make."""

from __future__ import annotations

import re
from pathlib import Path

from reelhouse.operating.bench import load_benchmark

ROOT = Path(__file__).parent.parent
reliability = load_benchmark("reliability")


def test_the_page_is_made_from_the_figures():
    assert reliability.page(reliability.read_faults(), reliability.read_figures()) == reliability.PAGE.read_text()


def test_every_fault_is_held_by_a_test_or_says_why_not():
    faults = reliability.read_faults()
    assert [fault["number"] for fault in faults] == list(range(1, 49))
    assert [fault["number"] for fault in faults if not ({"suites", "tests", "reason"} & set(fault))] == []


def test_the_tests_that_the_page_names_exist():
    named = [test.split("::") for fault in reliability.read_faults() for test in fault.get("tests", [])]
    missing = [name for path, name in named if f"def {name}(" not in (ROOT / "tests" / path).read_text()]
    assert missing == []


def test_every_suite_has_its_figures_and_every_figure_its_fault():
    suites = {suite for fault in reliability.read_faults() for suite in fault.get("suites", [])}
    assert suites == set(reliability.read_figures())
    places = [*(ROOT / "tests" / "faults").glob("test_*.py"), ROOT / "tests" / "airflow" / "test_faults.py"]
    recorded = " ".join(path.read_text() for path in places)
    # What `reelhouse soak` tells comes from its journal.
    recorded += 'record("soak")'
    assert [suite for suite in suites if not re.search(rf'record\(\s*f?"{suite.split("_")[0]}', recorded)] == []
