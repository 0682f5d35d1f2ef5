"""docs/coverage.md names only what there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "coverage.md").read_text()
SECTIONS = re.split(r"^## ", PAGE, flags=re.M)[1:]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize("path", sorted({path for path, _ in NAMED}))
def test_every_test_that_the_page_names_is_there(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {name for file, name in NAMED if file == path} - there == set()


def test_every_file_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:include|docs|plugins)/[\w./]+\.\w+)`", PAGE)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_row_has_a_test_or_a_reason() -> None:
    assert [section[:3] for section in SECTIONS] == ["000", "001", "002", "003", "004"]
    for section in SECTIONS:
        rows = [line.strip("|").split("|") for line in section.split("\n### ")[0].splitlines() if line.startswith("| ")]
        assert len(rows) > 15
        for what, where, shown in rows[1:]:
            assert re.match(r" (feature|wish|defect|requirement|rule|check|question|scenario|transform): ", what), what
            assert "::test_" in shown or "refused" in where or "no test" in shown, what
