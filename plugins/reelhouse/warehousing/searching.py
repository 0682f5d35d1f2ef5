"""What titles are searched by, brought up to date in the transaction that publishes them.

So that a reader who finds a title finds it as it is, and nobody finds one that is not there yet.
"""

from __future__ import annotations

from pathlib import Path

import psycopg

from reelhouse.database import run_file, set_settings
from reelhouse.matching.storing import require_stored
from reelhouse.warehousing.differences import Difference
from reelhouse.warehousing.extent import PART_SETTINGS
from reelhouse.warehousing.filling import keys_made_afterwards

# In the order in which they read each other.
SEARCH_TABLES = ("title_search", "title_name")
# Above this many titles, comparing all of them costs less than looking each up.
MOST_TITLES = 200_000
# A row of these is about many titles.
SHARED_TABLES = ("dim_genre", "dim_certification")


def refresh_search(conn: psycopg.Connection, sql_folder: Path, difference: Difference | None = None) -> None:
    """Change the rows of the search tables that differ from what the warehouse now says.

    Takes   difference  what the transaction has just changed; None: compare all titles
    Raises  Emptied when a crash of the server has emptied what is known of names
    Reruns  changes nothing
    """
    keys = None if difference is None else _changed_titles(conn, difference)
    # Taken before the names are read: what is noted meanwhile stays for the next publish.
    renamed = [row[0] for row in conn.execute("delete from matching.renamed_title returning title_key")]
    keys = None if keys is None or None in renamed else sorted(keys.union(renamed))
    if keys is not None and len(keys) > MOST_TITLES:
        keys = None
    if keys is None or keys:
        # Names of other countries are read from there: without them titles would not be found by these any more.
        require_stored(conn)
    if keys is not None:
        set_settings(conn, PART_SETTINGS)
    with keys_made_afterwards(conn, list(SEARCH_TABLES)):
        for table in SEARCH_TABLES:
            run_file(conn, sql_folder / "3_warehouse" / f"{table}.sql", keys=keys)


def _changed_titles(conn: psycopg.Connection, difference: Difference) -> set[int] | None:
    """The titles that a difference is about; None when it is about all, or does not say about which."""
    if difference.filled or set(difference.tables) & set(SHARED_TABLES):
        return None
    if conn.execute("select 1 from warehouse.title_search limit 1").fetchone() is None:
        return None
    rows = conn.execute(
        "select distinct title_key from ops.row_change where publishing_id = %s and title_key is not null"
        " and table_name in ('dim_title', 'title_identity', 'fact_title_rating', 'bridge_title_genre',"
        " 'bridge_title_source') limit %s",
        (difference.publishing_id, MOST_TITLES + 1),
    )
    return {row[0] for row in rows}
