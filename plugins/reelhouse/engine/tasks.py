"""What workers run. Pure Python on Arrow batches: keys and scores come from the same functions as on one machine.

Arrow's batches and not pandas' frames, because a frame makes floats of whole numbers of which one is unknown.
"""

from __future__ import annotations

import itertools
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter

import pyarrow
from psycopg import sql

from reelhouse.copying import CopyText, copy_line, copy_texts
from reelhouse.database import connect
from reelhouse.matching.alike import are_alike
from reelhouse.matching.evidence import compare_names, weigh
from reelhouse.matching.gathering import SourceRow, assemble

Batches = Iterator[pyarrow.RecordBatch]
READ_ROWS = 10_000
TITLE_FIELDS = (
    "imdb_title_number", "title_type", "start_year", "end_year", "imdb_runtime_min", "imdb_genres",
    "imdb_director_names", "cast_count", "imdb_vote_count",
)  # fmt: skip
NAME_FIELDS = ("name_kind", "folded_title", "title_key", "title_count")
SHARED_FIELDS = ("shared_directors", "shared_cast", "shared_otherwise", "rarest")


def read_ranges(
    dsn: str, query: str, key: str, schema: pyarrow.Schema, ranges: Sequence[tuple[int, int]], batches: Batches
) -> Batches:
    """The rows of a query of staging, of the ranges that a batch of numbers stands for."""
    asked = sql.SQL("select * from ({}) as asked where {key} >= %s and {key} < %s").format(
        sql.SQL(query), key=sql.Identifier(key)
    )
    for batch in batches:
        for number in batch.column(0).to_pylist():
            with connect(dsn, "reelhouse engine: parts") as conn, conn.cursor("part", binary=True) as cursor:
                cursor.itersize = READ_ROWS
                cursor.execute(asked, ranges[number])
                while rows := cursor.fetchmany(READ_ROWS):
                    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
                    yield pyarrow.RecordBatch.from_pydict(columns, schema=schema)


def fold(fields: Sequence[str], lines: Callable[[list[tuple]], Sequence], batches: Batches) -> Batches:
    """Fold rows into lines of COPY text, each with the place of its table among those that the fold is for."""
    for batch in batches:
        rows = list(zip(*(batch.column(name).to_pylist() for name in fields), strict=True))
        if not rows:
            continue
        for place, texts in enumerate(lines(rows)):
            made = b"".join(texts).decode().split("\n")[:-1]
            yield pyarrow.RecordBatch.from_pydict({
                "place": pyarrow.repeat(pyarrow.scalar(place, pyarrow.int32()), len(made)),
                "line": pyarrow.array(made, pyarrow.string()),
            })  # fmt: skip


def keep_alike(batches: Batches) -> Batches:
    """Of pairs whose keys begin alike, those whose keys are similar."""
    for batch in batches:
        if batch.num_rows:
            alike = are_alike(batch.column("source_title_key").to_pylist(), batch.column("imdb_title_key").to_pylist())
            kept = batch.select(["source", "source_id", "imdb_title_number"])
            yield kept.filter(pyarrow.array(alike))


def score(weights: Mapping[str, float], batches: Batches) -> Batches:
    """Scores of pairs, each of which comes with all that both of its sides say."""
    for batch in batches:
        pairs = batch.to_pylist()
        if not pairs:
            continue
        rows = {(pair["source"], pair["source_id"]): _source_row(pair) for pair in pairs}
        titles = {pair["imdb_title_number"]: pair for pair in pairs}
        ordered = [titles[number] for number in sorted(titles)]
        gathered = assemble(
            [rows[key] for key in sorted(rows)],
            [itemgetter(*TITLE_FIELDS)(title) for title in ordered],
            [(pair["source"], pair["source_id"], pair["imdb_title_number"], pair["found_by"]) for pair in pairs],
            [_shared(pair) for pair in pairs if pair["rarest"] is not None],
            [name for title in ordered for name in _names(title)],
        )
        _, scores = weigh(gathered.pairs, compare_names(gathered.names, len(gathered.row)), weights)
        owners = [gathered.rows[position] for position in gathered.row.tolist()]
        yield pyarrow.RecordBatch.from_pydict({
            "source": [row.source for row in owners],
            "source_id": [row.source_id for row in owners],
            "imdb_title_number": pyarrow.array(gathered.title_number, pyarrow.int32()),
            "score": pyarrow.array(scores, pyarrow.float64()),
        })  # fmt: skip


def _source_row(pair: Mapping[str, object]) -> SourceRow:
    return SourceRow(**{name: pair[name] for name in SourceRow.__dataclass_fields__})


def _shared(pair: Mapping[str, object]) -> tuple:
    # Whose names they are is shown to people, and no score rests on it.
    return (pair["source"], pair["source_id"], pair["imdb_title_number"], *itemgetter(*SHARED_FIELDS)(pair), "")


def _names(title: Mapping[str, object]) -> Iterator[tuple]:
    names = sorted(title["names"], key=itemgetter("folded_title"))
    for name in names:
        yield (title["imdb_title_number"], *itemgetter(*NAME_FIELDS)(name))


def copy_part(dsn: str, table: str, columns: str, fields: Sequence[str], batches: Batches) -> Batches:
    """Copy one partition into a table of its own, all or nothing; done again it gives the same table.

    Takes   table    name of the part tables in the schema build, to which the number of the partition is added
            columns  how they are defined
            fields   columns of COPY text; of batches with the single column `line` that text itself
    Gives   one row: the partition, its rows, and the peak memory of the process so far
    """
    from pyspark import TaskContext

    number = TaskContext.get().partitionId()
    name = f"{table}_{number:05d}"
    first = next(batches, None)
    rows = 0
    if first is not None:
        with connect(dsn, "reelhouse engine: copy", autocommit=True) as conn, conn.transaction():
            place = sql.Identifier("build", name)
            # An attempt before this one may have come to its end, or be there still; then this waits for it.
            conn.execute(sql.SQL("drop table if exists {}").format(place))
            conn.execute(sql.SQL("create unlogged table {} ({})").format(place, sql.SQL(columns)))
            rows = copy_texts(conn, ("build", name), tuple(fields), map(_text, itertools.chain([first], batches)))
    yield pyarrow.RecordBatch.from_pydict({
        "part": pyarrow.array([number], pyarrow.int32()),
        "rows": pyarrow.array([rows], pyarrow.int64()),
        "peak_mb": [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024],
    })  # fmt: skip


def _text(batch: pyarrow.RecordBatch) -> CopyText:
    if batch.schema.names == ["line"]:
        lines = batch.column(0).to_pylist()
        return CopyText(len(lines), "".join(f"{line}\n" for line in lines).encode())
    columns = [column.to_pylist() for column in batch.columns]
    return CopyText(batch.num_rows, b"".join(map(copy_line, zip(*columns, strict=True))))
