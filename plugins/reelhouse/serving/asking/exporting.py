"""A filtered list of titles as a file: CSV that no spreadsheet takes for formulas, or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from reelhouse.serving.models import TitleCard

COLUMNS = tuple(TitleCard.model_fields)
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """
    >>> safe_cell("=1+1"), safe_cell("-7"), safe_cell("Alien"), safe_cell(-7)
    ("'=1+1", "'-7", 'Alien', -7)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_csv(cards: Sequence[TitleCard]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for card in cards:
        values = [getattr(card, name) for name in COLUMNS]
        writer.writerow([safe_cell("; ".join(value) if isinstance(value, list) else value) for value in values])
    return text.getvalue().encode()


def as_parquet(cards: Sequence[TitleCard]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    texts = pa.list_(pa.string())
    types = {"genres": texts, "platforms": texts, "avg_rating": pa.float64()}
    whole = {"title_key", "start_year", "end_year", "runtime", "least_age", "num_votes", "critics_pct",
             "critics_count", "audience_pct", "audience_count"}  # fmt: skip
    schema = pa.schema([(name, types.get(name, pa.int64() if name in whole else pa.string())) for name in COLUMNS])
    rows = [card.model_dump(mode="python") for card in cards]
    for row in rows:
        row["avg_rating"] = None if row["avg_rating"] is None else float(row["avg_rating"])
    out = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), out)
    return out.getvalue()
