"""The data dictionary: what each table and column is, from the comments in the schema, which are its only source."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reelhouse.database import connect
from reelhouse.errors import SettingsWrong
from reelhouse.settings import read_settings

SCHEMAS = ("mart", "warehouse", "matching", "staging", "quarantine", "ops", "build", "curated", "audit", "as_of")
DIAGRAM_SCHEMA = "warehouse"
_HEAD = """# Data dictionary

Generated from the comments in `include/sql/0_schema` and `include/sql/5_mart`; do not edit. A schema is a layer; a
record goes from `staging` by `matching` and `build` to `warehouse`. Analysts use `mart` and `warehouse`.
"""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    is_required: bool
    is_key: bool
    references: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, as the catalog has it."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]


def write_dictionary(conn: psycopg.Connection, path: Path) -> bool:
    """Write the dictionary of a migrated database as Markdown.

    Gives   whether the file changed
    """
    text = render_dictionary(conn)
    if path.is_file() and path.read_text() == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return True


def render_dictionary(conn: psycopg.Connection) -> str:
    """The dictionary as Markdown, with a diagram of the star from its foreign keys."""
    relations = read_relations(conn)
    schema_comments = dict(
        conn.execute("select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace").fetchall()
    )
    parts = [_HEAD, "## The star\n", _diagram(relations)]
    for schema in SCHEMAS:
        parts.append(f"## {schema}\n\n{schema_comments[schema]}\n")
        parts += [_section(relation) for relation in relations if relation.schema == schema]
    return "\n".join(parts)


def read_relations(conn: psycopg.Connection) -> list[Relation]:
    """Tables and views of the documented schemas with their comments, in alphabetical order."""
    found = conn.execute(
        "select pg_class.oid, nspname, relname, coalesce(obj_description(pg_class.oid, 'pg_class'), '')"
        " from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = any(%s) and relkind in ('r', 'p', 'v', 'm')"
        ' order by nspname collate "C", relname collate "C"',
        (list(SCHEMAS),),
    ).fetchall()
    return [Relation(schema, name, comment, _columns(conn, oid)) for oid, schema, name, comment in found]


def _columns(conn: psycopg.Connection, oid: int) -> tuple[Column, ...]:
    rows = conn.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull,"
        " exists(select from pg_index where indrelid = attrelid and indisprimary and attnum = any(indkey)),"
        " (select min(confrelid::regclass::text) from pg_constraint"
        "  where conrelid = attrelid and contype = 'f' and conkey = array[attnum]),"
        " coalesce(col_description(attrelid, attnum), '')"
        " from pg_attribute where attrelid = %s and attnum > 0 and not attisdropped order by attnum",
        (oid,),
    ).fetchall()
    return tuple(Column(*row) for row in rows)


def _section(relation: Relation) -> str:
    lines = [f"### {relation.schema}.{relation.name}\n", f"{relation.comment}\n"]
    # Build tables are those of the warehouse again: their comment says so.
    if any(column.comment for column in relation.columns):
        lines += ["| column | type | | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.type} | {_marks(column)} | {_cell(column.comment)} |"
            for column in relation.columns
        ]
        lines.append("")
    return "\n".join(lines)


def _marks(column: Column) -> str:
    marks = ["key"] if column.is_key else ["required"] if column.is_required else []
    if column.references:
        marks.append(f"→ `{column.references}`")
    return ", ".join(marks)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _diagram(relations: list[Relation]) -> str:
    star = [relation for relation in relations if relation.schema == DIAGRAM_SCHEMA]
    lines = ["```mermaid", "erDiagram"]
    for relation in star:
        lines.append(f"    {relation.name} {{")
        lines += [
            f"        {column.type.split('(')[0].replace(' ', '_').replace('[]', '_list')} {column.name}"
            f"{_diagram_marks(column)}"
            for column in relation.columns
            if column.is_key or column.references
        ]
        lines.append("    }")
    names = {f"{relation.schema}.{relation.name}": relation.name for relation in star}
    for relation in star:
        lines += [
            f"    {names[column.references]} {_many(column)} {relation.name} : {column.name}"
            for column in relation.columns
            if column.references in names
        ]
    return "\n".join([*lines, "```", ""])


def _many(column: Column) -> str:
    return "||--o{" if column.is_required else "|o--o{"


def _diagram_marks(column: Column) -> str:
    marks = [mark for mark, is_set in (("PK", column.is_key), ("FK", column.references)) if is_set]
    return f" {', '.join(marks)}" if marks else ""


def main() -> None:
    """Write docs/data_dictionary.md, or the file named, from the database that REELHOUSE_WAREHOUSE_DSN names."""
    dsn = read_settings().warehouse_dsn
    if not dsn:
        raise SettingsWrong("REELHOUSE_WAREHOUSE_DSN: expected a migrated database to describe, found none.")
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/data_dictionary.md")
    with connect(dsn, "reelhouse data_dictionary", autocommit=True) as conn:
        print(f"{path}: {'written' if write_dictionary(conn, path) else 'was up to date'}")


if __name__ == "__main__":
    main()
