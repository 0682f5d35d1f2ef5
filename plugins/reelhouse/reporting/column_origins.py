"""Where each column of each table comes from, step by step, found in the SQL that makes it: `include/lineage.json`.

Tables stand in the headers of the SQL files, columns in their statements, which sqlglot resolves through every common
table expression; what staging makes of a file stands in the sources' declarations; a publish changes the tables of
its list, column by column. Only what Python does between two queries is written down here.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import psycopg
from sqlglot import exp, lineage, parse_one
from sqlglot.optimizer.qualify import qualify

from reelhouse.day import OPTIONAL_SOURCES
from reelhouse.lineage import LANDING
from reelhouse.sources import files_of
from reelhouse.steps import STEPS, Step
from reelhouse.warehousing.publishing import TABLE_ORDER

SCHEMAS = ("staging", "matching", "build", "warehouse", "mart")
# step -> SQL files that it runs
FILES = {
    "find_candidates": ("2_matching/*.sql",),
    "build_warehouse": ("3_warehouse/*.sql",),
    "check_warehouse": ("9_checks/*.sql",),
    "build_recommendations": ("4_recommendation/catalogue_*.sql", "4_recommendation/viewer_events.sql"),
    "publish_recommendations": ("4_recommendation/*_changed_lists.sql", "4_recommendation/publish_*.sql"),
    "write_report": ("7_report/*.sql",),
    "summarize": ("8_questions/*.sql",),
}
# step -> tables that it reads and writes without a file
BY_HAND = {
    "compare_editions": (
        ("matching.source_title", "matching.source_person"),
        ("matching.edition", "matching.edition_row", "matching.edition_match"),
    ),
    "decide_matches": (
        ("matching.candidate_pair", "matching.source_title", "matching.override", "matching.title_decision"),
        ("matching.title_decision", "matching.match_evidence", "matching.decision_change", "matching.ruling"),
    ),
    "link_sources": (
        ("matching.title_decision", "matching.source_title", "matching.source_person"),
        ("matching.work_member", "matching.work_join"),
    ),
    # Of editions that another day has come before.
    "publish_warehouse": (
        ("matching.edition", "matching.edition_row"),
        ("matching.edition", "matching.edition_match"),
    ),
    "build_recommendations": (
        (),
        ("build.fact_recommendation", "build.fact_recommendation_quality", "build.recommendation_model"),
    ),
}
RECOMMENDATIONS = ("fact_recommendation", "fact_recommendation_quality", "recommendation_model")
# step -> tables that it brings from schema build to schema warehouse
PUBLISHED = {"publish_warehouse": TABLE_ORDER, "publish_recommendations": RECOMMENDATIONS}
DIALECT = "postgres"
_TABLE = re.compile(rf"\b(?:{'|'.join(SCHEMAS)})\.[a-z_0-9]+")
_HEADER = re.compile(r"^-- (Reads|Writes):((?:.*\n)(?:--  .*\n)*)", re.MULTILINE)
_NO_CODE = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
_PARAMETER = re.compile(r"%\((\w+)\)s")

Origins = dict[str, dict[str, set[str]]]
Columns = dict[str, dict[str, dict[str, str]]]


class Found:
    """What one step reads and writes, and where the columns it writes come from."""

    def __init__(self) -> None:
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.columns: Origins = defaultdict(lambda: defaultdict(set))

    def as_lists(self) -> dict[str, object]:
        columns = {
            table: {column: sorted(origins) for column, origins in sorted(of_table.items())}
            for table, of_table in sorted(self.columns.items())
        }
        return {"reads": sorted(self.reads), "writes": sorted(self.writes), "columns": columns}


def render_lineage(conn: psycopg.Connection, sql_folder: Path) -> str:
    """The file as JSON; a migrated database tells what columns the tables have."""
    known = _columns(conn)
    steps = {step.name: _of_step(step, sql_folder, known).as_lists() for step in STEPS}
    moved = {name: lists for name, lists in steps.items() if lists["reads"] or lists["writes"]}
    return json.dumps(moved, indent=1, ensure_ascii=False) + "\n"


def _columns(conn: psycopg.Connection) -> Columns:
    found: Columns = defaultdict(lambda: defaultdict(dict))
    rows = conn.execute(
        "select nspname, relname, attname, format_type(atttypid, atttypmod) from pg_attribute"
        " inner join pg_class on attrelid = pg_class.oid inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = any(%s) and attnum > 0 and not attisdropped and relkind in ('r', 'p', 'v', 'm')"
        " order by nspname, relname, attnum",
        (list(SCHEMAS),),
    )
    for schema, table, column, type_name in rows:
        found[schema][table][column] = type_name
    return found


def _of_step(step: Step, sql_folder: Path, known: Columns) -> Found:
    found = Found()
    if step.does.startswith("staging.filling."):
        _add_staging(found, (step.source,) if step.source else OPTIONAL_SOURCES)
    for table in PUBLISHED.get(step.name, ()):
        found.reads.add(f"build.{table}")
        found.writes.add(f"warehouse.{table}")
        for column in known["warehouse"][table]:
            found.columns[f"warehouse.{table}"][column].add(f"build.{table}.{column}")
    reads, writes = BY_HAND.get(step.name, ((), ()))
    found.reads.update(reads)
    found.writes.update(writes)
    for path in sorted(path for pattern in FILES.get(step.name, ()) for path in sql_folder.glob(pattern)):
        _add_file(found, path.read_text(), known)
    return found


def _add_staging(found: Found, sources: Iterable[str]) -> None:
    for file in (file for source in sources for file in files_of(source)):
        landed, table = f"{LANDING}/{file.source}/{file.name}", f"staging.{file.table}"
        found.reads.add(landed)
        found.writes.add(table)
        written = {column.name for layout in file.layouts for column in layout.columns}
        for name in file.fields:
            # A field of another name is made of several; of which, only the reader of the file knows.
            found.columns[table][name].add(f"{landed}.{name if name in written else '*'}")


def _add_file(found: Found, text: str, known: Columns) -> None:
    for key, names in _HEADER.findall(text):
        (found.reads if key == "Reads" else found.writes).update(_TABLE.findall(names))
    insert = _single_insert(text)
    if insert is None:
        return
    target = insert.this.this if isinstance(insert.this, exp.Schema) else insert.this
    table = f"{target.db}.{target.name}"
    if target.db not in SCHEMAS:
        return
    query = insert.expression.copy()
    if insert.args.get("with_"):
        query.set("with_", insert.args["with_"].copy())
    query = qualify(query, schema=known, dialect=DIALECT, validate_qualify_columns=False)
    named = [column.name for column in insert.this.expressions] if isinstance(insert.this, exp.Schema) else []
    for name, selected in zip(named or known[target.db][target.name], query.selects, strict=False):
        node = lineage.lineage(selected.alias_or_name, query, schema=known, dialect=DIALECT)
        found.columns[table][name].update(_leaves(node))


def _single_insert(text: str) -> exp.Insert | None:
    """The statement, when it is one INSERT; of several statements and mere questions the header tells the tables."""
    if _NO_CODE.sub("", text).count(";") > 1:
        return None
    statement = parse_one(_PARAMETER.sub("null", text).replace("%%", "%"), dialect=DIALECT)
    return statement if isinstance(statement, exp.Insert) else None


def _leaves(node: lineage.Node) -> Iterable[str]:
    for each in node.walk():
        if not each.downstream and isinstance(each.source, exp.Table) and each.source.db in SCHEMAS:
            yield f"{each.source.db}.{each.source.name}.{exp.to_column(each.name).name}"
