"""Every SQL file can be read by a stranger and run as it stands; every table, view and column says what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reelhouse.reporting.schema import read_relations
from reelhouse.settings import read_settings

SQL = read_settings({}).sql
FILES = sorted(SQL.rglob("*.sql"))
PARAMETER = re.compile(r"%\((\w+)\)s")


def header(path: Path) -> dict[str, str]:
    """Keys of the comment that a file begins with; the first line is its name."""
    lines = path.read_text().splitlines()
    keys = {"name": lines[0].removeprefix("-- ")}
    key = ""
    for line in lines[1:]:
        if not line.startswith("-- "):
            break
        found = re.match(r"-- (\w+):\s+(.*)", line)
        if found:
            key = found[1]
            keys[key] = found[2]
        else:
            keys[key] += " " + line.removeprefix("--").strip()
    return keys


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SQL).as_posix())
def test_a_file_says_its_grain_what_it_reads_and_writes_and_how_it_reruns(path: Path):
    keys = header(path)
    assert {"Grain", "Reads", "Writes", "Rerun"} <= set(keys)
    assert set(keys) <= {"name", "Grain", "Reads", "Writes", "Rerun", "Params", "Notes"}
    assert keys["name"]
    assert all(keys.values())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SQL).as_posix())
def test_a_file_with_parameters_is_one_statement_and_names_them(path: Path):
    text = path.read_text()
    names = set(PARAMETER.findall(text))
    if not names:
        return
    assert names <= set(re.findall(r"\w+", header(path).get("Params", "")))
    # Nothing but the end of the file follows the one semicolon outside comments and texts.
    code = re.sub(r"--[^\n]*|'(?:[^']|'')*'", "", text)
    assert code.count(";") <= 1
    assert code.rstrip().endswith(";") or ";" not in code
    assert "%" not in PARAMETER.sub("", text).replace("%%", "")


def test_every_table_view_and_column_of_the_star_and_the_mart_is_commented(conn):
    bare = [
        f"{relation.schema}.{relation.name}.{column.name}"
        for relation in read_relations(conn)
        if relation.schema != "build"
        for column in relation.columns
        if not column.comment
    ]
    assert bare == []


def test_every_table_says_its_grain(conn):
    assert [relation.name for relation in read_relations(conn) if not relation.comment.startswith("Grain: ")] == []
