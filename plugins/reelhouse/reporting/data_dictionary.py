"""The data dictionary: what each table and column is, from the comments in the schema, which are its only source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psycopg

from reelhouse.database import connect
from reelhouse.errors import SettingsWrong
from reelhouse.lineage import FILE
from reelhouse.reporting.column_origins import render_lineage
from reelhouse.reporting.schema import SCHEMAS, Column, Relation, read_relations
from reelhouse.reporting.star_picture import render_star
from reelhouse.settings import read_settings

DICTIONARY, PICTURE = "data_dictionary.md", "star.svg"
_HEAD = """# Data dictionary

Generated from the comments in `include/sql/0_schema` and `include/sql/5_mart`; do not edit. A schema is a layer; a
record goes from `staging` by `matching` and `build` to `warehouse`. Analysts use `mart` and `warehouse`.

## The star

![Tables of schema warehouse, and which refer to which](star.svg)
"""


def documents(conn: psycopg.Connection, folder: Path, include: Path) -> dict[Path, str]:
    """What is generated from a migrated database: the dictionary and the picture in it, and the lineage.

    Takes   folder   for the first two
            include  folder with `sql/`, for the third
    """
    return {
        folder / DICTIONARY: render_dictionary(conn),
        folder / PICTURE: render_star(read_relations(conn)),
        include / FILE: render_lineage(conn, include / "sql"),
    }


def write_changed(texts: Mapping[Path, str]) -> list[Path]:
    """Write each text to its file, where that says something else; gives those files."""
    old = [path for path, text in texts.items() if not path.is_file() or path.read_text() != text]
    for path in old:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path])
    return old


def render_dictionary(conn: psycopg.Connection) -> str:
    """The dictionary as Markdown; the picture in it is drawn by `star_picture`."""
    relations = read_relations(conn)
    schema_comments = dict(
        conn.execute("select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace").fetchall()
    )
    parts = [_HEAD]
    for schema in SCHEMAS:
        parts.append(f"## {schema}\n\n{schema_comments[schema]}\n")
        parts += [_section(relation) for relation in relations if relation.schema == schema]
    return "\n".join(parts)


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


def main() -> None:
    """Write docs/data_dictionary.md, docs/star.svg and include/lineage.json from the database that
    REELHOUSE_WAREHOUSE_DSN names.
    """
    settings = read_settings()
    dsn = settings.warehouse_dsn
    if not dsn:
        raise SettingsWrong("REELHOUSE_WAREHOUSE_DSN: expected a migrated database to describe, found none.")
    with connect(dsn, "reelhouse data_dictionary", autocommit=True) as conn:
        written = write_changed(documents(conn, Path("docs"), settings.include))
    print("\n".join(f"{path}: written" for path in written) or "All were up to date.")


if __name__ == "__main__":
    main()
