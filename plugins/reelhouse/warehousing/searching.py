"""What titles are searched by, brought up to date in the transaction that publishes them.

So that a reader who finds a title finds it as it is, and nobody finds one that is not there yet.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from reelhouse.database import run_file

# In the order in which they read each other.
SEARCH_TABLES = ("title_search", "title_name")


def refresh_search(conn: psycopg.Connection, sql_folder: Path) -> None:
    """Change the rows of the search tables that differ from what the warehouse now says.

    Reruns  changes nothing
    """
    for table in SEARCH_TABLES:
        run_file(conn, sql_folder / "3_warehouse" / f"{table}.sql")
