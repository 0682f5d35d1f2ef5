"""Reading the catalogue out of the published warehouse."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import psycopg

from reelhouse.database import run_file, stream_file
from reelhouse.recommending.content import Title, Token


def read_catalogue(conn: psycopg.Connection, sql_folder: Path, also: Sequence[int] = ()) -> list[Title]:
    """All titles that stand in some platform's catalogue now.

    Takes   also  keys of other titles that are wanted too
    """
    folder = sql_folder / "4_recommendation"
    fields: dict[int, dict[str, list[Token]]] = defaultdict(lambda: defaultdict(list))
    # One of each: a genre stands in thousands of titles.
    known: dict[Token, Token] = {}
    for title_key, field, *found in stream_file(conn, folder / "catalogue_fields.sql", also=list(also)):
        token = (found[0], found[1])
        fields[title_key][sys.intern(field)].append(known.setdefault(token, token))
    return [
        Title(*row, fields={name: tuple(tokens) for name, tokens in fields[row[0]].items()})
        for row in run_file(conn, folder / "catalogue_titles.sql", also=list(also))
    ]


def child_limit(conn: psycopg.Connection) -> int:
    """Least age of what is shown beside children's titles at most: PG, as the reference file has it.

    Without PG in the reference nothing but what is for small children is safe.
    """
    row = conn.execute(
        "select coalesce(max(least_age), 0) from warehouse.dim_certification where certification in ('PG', 'TV-PG')"
    ).fetchone()
    return row[0]
