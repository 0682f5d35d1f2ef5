"""Contestants `pandas + to_sql`: the way most scripts load such files, written with care but without tricks.

    python pandas_to_sql.py filter|all FOLDER URL RULES

`filter` reads in portions and stores what ours keeps; `all` reads each file whole and stores every row. RULES is
JSON: the title types and categories that ours keeps.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import sqlalchemy

ROWS_AT_ONCE = 250_000
# A quote is a letter like any other in these files; with pandas' own settings some titles would silently change.
LAYOUT = {"sep": "\t", "quoting": csv.QUOTE_NONE, "na_values": ["\\N"], "keep_default_na": False}
FILES = ("title.basics", "title.ratings", "title.principals", "title.crew", "title.akas", "name.basics")


def load_all(folder: Path, engine: sqlalchemy.Engine) -> None:
    for name in FILES:
        path = folder / f"{name}.tsv.gz"
        if path.exists():
            frame = pd.read_csv(path, low_memory=False, **LAYOUT)
            frame.to_sql(name.replace(".", "_"), engine, index=False)


def load_wanted(folder: Path, engine: sqlalchemy.Engine, title_types: list[str], categories: list[str]) -> None:
    titles: set[str] = set()
    people: set[str] = set()
    for name in FILES:
        for rows in _portions(folder / f"{name}.tsv.gz"):
            if name == "title.basics":
                wanted = rows[rows["titleType"].isin(title_types)]
                titles.update(wanted["tconst"])
            elif name == "name.basics":
                wanted = rows[rows["nconst"].isin(people)]
            else:
                wanted = rows[rows.iloc[:, 0].isin(titles)]
            if name == "title.principals":
                wanted = wanted[wanted["category"].isin(categories)]
                people.update(wanted["nconst"])
            if name == "title.crew":
                for column in ("directors", "writers"):
                    people.update(wanted[column].dropna().str.split(",").explode())
            wanted.to_sql(name.replace(".", "_"), engine, index=False, if_exists="append")


def _portions(path: Path) -> Iterator[pd.DataFrame]:
    if path.exists():
        yield from pd.read_csv(path, dtype=str, chunksize=ROWS_AT_ONCE, **LAYOUT)


def main(what: str, folder: str, url: str, rules: str) -> None:
    engine = sqlalchemy.create_engine(url)
    if what == "all":
        load_all(Path(folder), engine)
    else:
        load_wanted(Path(folder), engine, **json.loads(rules))
    engine.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
