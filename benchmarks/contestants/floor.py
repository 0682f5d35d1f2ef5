"""Contestant `floor`: what nobody who unpacks these files and stores these rows can do without.

    python floor.py FOLDER [READY]

unpacks all that lies packed in FOLDER and throws it away; then copies the text files in READY, named after the
staging tables, into tables of the same columns without keys. Nothing is read, tested, filtered or counted.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from isal import igzip

BLOCK_BYTES = 1 << 20


def unpack(folder: Path) -> None:
    for path in sorted(folder.glob("*.gz")):
        with igzip.open(path, "rb") as stream:
            while stream.read(BLOCK_BYTES):
                pass


def copy(ready: Path) -> None:
    # Here, so that unpacking alone does not pay for it.
    import psycopg
    from psycopg import sql

    with psycopg.connect(os.environ["REELHOUSE_WAREHOUSE_DSN"], autocommit=True) as conn, conn.cursor() as cursor:
        for path in sorted(ready.iterdir()):
            table, bare = sql.Identifier("staging", path.name), sql.Identifier("staging", "bare")
            # The same columns, and nothing else: no key, no index, no trigger. The database is thrown away afterwards.
            cursor.execute(sql.SQL("create unlogged table {} (like {})").format(bare, table))
            cursor.execute(sql.SQL("drop table {} cascade").format(table))
            cursor.execute(sql.SQL("alter table {} rename to {}").format(bare, sql.Identifier(path.name)))
            with path.open("rb") as file, cursor.copy(sql.SQL("copy {} from stdin").format(table)) as into:
                while block := file.read(BLOCK_BYTES):
                    into.write(block)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]))
    for name in sys.argv[2:]:
        copy(Path(name))
