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

SCHEMAS = r"(?:staging|quarantine|matching|build|warehouse|mart|ops|audit|curated|as_of)"
NAME = rf"\b{SCHEMAS}\.\w+"
WRITTEN = re.compile(
    rf"\b(?:insert into|update|delete from|truncate|create (?:or replace )?(?:view|function))\s+({NAME})", re.IGNORECASE
)
READ = re.compile(rf"(?:\bfrom|\bjoin|\busing|,)\s+({NAME})\b(?!\()", re.IGNORECASE)
# Numbered migrations say in words what they make.
QUERIES = [path for path in FILES if path.parent.name != "0_schema"]

PACKAGE = Path(read_settings.__code__.co_filename).parent
# What came with PostgreSQL 16, 17 and 18: functions, and words that only its newer statements have.
NEWER = re.compile(
    r"\b(any_value|array_sample|array_shuffle|array_sort|array_reverse|casefold|crc32c?|date_add|date_subtract|erfc?|gamma"
    r"|json_array|json_arrayagg|json_exists|json_object|json_objectagg|json_query|json_scalar|json_serialize|json_table"
    r"|json_value|merge_action|pg_input_is_valid|pg_input_error_info|random_normal|to_bin|to_oct|unicode_assigned|uuidv4"
    r"|uuidv7|uuid_extract_\w+|xmltext)\s*\("
    r"|\bnot matched by (source|target)\b|\bon_error\b|\breturning (old|new)\b|\bwithout overlaps\b|\bnot enforced\b"
    r"|\bis (not )?json\b|\bgenerated always as \([^;]*\) virtual\b|\bgrant maintain\b|\bsystem_user\b"
    r"|\btransaction_timeout\b",
    re.IGNORECASE,
)


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


def code_of(path: Path) -> str:
    """The text of a file without comments, those on tables too, and without texts."""
    code = re.sub(r"--[^\n]*", "", path.read_text())
    code = re.sub(r"^comment on .*?;\s*$", "", code, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"'(?:[^']|'')*'", "''", code)


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.relative_to(SQL).as_posix())
def test_what_a_file_says_it_reads_and_writes_is_what_it_does(path: Path):
    keys, code = header(path), code_of(path)
    written, said_written = set(WRITTEN.findall(code)), set(re.findall(NAME, keys["Writes"]))
    assert written == said_written
    # A schema by itself stands for whatever is read of it; what a file makes itself it need not say that it reads.
    said, schemas = (
        set(re.findall(NAME, keys["Reads"])),
        set(re.findall(rf"(?<![\w.]){SCHEMAS}\b(?!\.)", keys["Reads"])),
    )
    read = set(READ.findall(WRITTEN.sub("", code))) - written
    assert {name for name in read if name.split(".")[0] not in schemas} <= said
    mentioned = set(re.findall(NAME, code))
    assert said <= mentioned
    assert schemas <= {name.split(".")[0] for name in mentioned}


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


def test_nothing_is_used_that_postgresql_15_does_not_have():
    texts = {path: re.sub(r"--[^\n]*", "", path.read_text()) for path in FILES}
    # Of modules only what stands in quotes can be SQL; of it, what a Python call looks like is none.
    texts |= {path: " ".join(re.findall(r'"([^"\n]*)"', path.read_text())) for path in PACKAGE.rglob("*.py")}
    found = {path.name: NEWER.search(text)[0] for path, text in texts.items() if NEWER.search(text)}
    assert found == {}
    assert NEWER.search("select any_value(title) from mart.titles")
    assert len(texts) > 200


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
