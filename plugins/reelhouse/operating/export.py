"""`reelhouse export`: write the tables of the star as Parquet, into a folder or a bucket, for other engines.

With --target redshift also what Redshift loads them with: a manifest for each table, and load.sql.
"""

from __future__ import annotations

import argparse

from reelhouse.database import connect, translated_errors
from reelhouse.operating import embedded
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="PLACE", help="folder, or s3://bucket/folder")
    parser.add_argument("--target", choices=("redshift",), help="also write what this engine loads the files with")


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.exporting import export

    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        done = export(conn, settings, arguments.out, arguments.target)
    for each in done:
        size = sum(size for _, size in each.files)
        print(f"{each.table:<32} {each.rows:>12,} rows {size / 1e6:>10,.1f} MB in {len(each.files)} files")
    print(f"{len(done)} tables in {arguments.out}")
    return 0
