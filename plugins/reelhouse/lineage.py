"""Which tables and columns each step reads and writes: `include/lineage.json`, and what OpenLineage is told of it.

The file is made from the SQL files and the sources' declarations by `reporting.column_origins`; a test holds it. So a
task only reads it, and needs no parser of SQL.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset

FILE = "lineage.json"
# Where a landed file is, and not a table.
LANDING = "landing"


@cache
def read_lineage(include: Path) -> dict[str, dict]:
    """step -> reads, writes: tables as schema.table, files as landing/source/file; columns: table, column, origins."""
    return json.loads((include / FILE).read_text())


def datasets(step: str, include: Path, dsn: str) -> tuple[list[Dataset], list[Dataset]]:
    """What a step reads and writes, for OpenLineage, named as its naming rules say.

    Gives   inputs, and outputs with the origins of their columns
    """
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset

    known = read_lineage(include).get(step, {"reads": [], "writes": [], "columns": {}})
    server = conninfo_to_dict(dsn)
    namespace = f"postgres://{server.get('host') or 'localhost'}:{server.get('port') or 5432}"

    def place(name: str) -> tuple[str, str]:
        return ("file", name) if name.startswith(f"{LANDING}/") else (namespace, f"{server.get('dbname')}.{name}")

    def facets(columns: dict[str, list[str]]) -> dict:
        fields = {
            column: column_lineage_dataset.Fields(
                [
                    column_lineage_dataset.InputField(*place(table), origin)
                    for table, _, origin in (each.rpartition(".") for each in origins)
                ]
            )
            for column, origins in columns.items()
        }
        return {
            "schema": schema_dataset.SchemaDatasetFacet([schema_dataset.SchemaDatasetFacetFields(c) for c in columns]),
            "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields),
        }

    inputs = [Dataset(*place(name)) for name in known["reads"]]
    outputs = [
        Dataset(*place(name), facets=facets(known["columns"][name]) if name in known["columns"] else {})
        for name in known["writes"]
    ]
    return inputs, outputs
