"""The editions of each catalogue in the database: kept, compared with the one readers had before, and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import identifiers, lock_layer, set_layer
from reelhouse.day import CATALOGUES, Day
from reelhouse.errors import FileMissing
from reelhouse.matching.edition_evidence import EditionRow
from reelhouse.matching.edition_matching import VERDICTS, EditionMatch, match_editions
from reelhouse.sources import files_of
from reelhouse.staging.opening import share_staging

# Rows of that many editions of each are kept (4 MB each, for Netflix), so that any two of them can be compared.
EDITIONS_KEPT = 7
# Below, a person should look.
SURE_FROM = 0.9

_ROW_COLUMNS = tuple(field.name for field in fields(EditionRow))
_MATCH_COLUMNS = (
    "verdict", "former_source_id", "source_id", "former_title", "title", "former_kind", "kind", "former_year",
    "release_year", "probability", "rival_source_id", "rival_title", "rival_kind", "rival_year", "evidence",
)  # fmt: skip

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Edition:
    """The edition of a catalogue that a load was made of.

    day  the load's
    """

    source: str
    load_id: int
    day: date
    file_id: int


def compare_editions(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Find out, for each catalogue of the load, which of its rows are which of the edition published last.

    Gives   by catalogue the number of each verdict; or `first`, `repeated` (the same bytes) or `not kept` (a day
            loaded so late that the rows of the edition before it are gone) where there was nothing to compare
    Raises  OutOfStep when staging holds other files than the load, Locked when another run is here
    Reruns  same editions: same rows; all or nothing
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    with conn.transaction():
        share_staging(conn, load.load_id)
        lock_layer(conn, writes="editions")
        conn.execute("delete from matching.edition where load_id = %s", (load.load_id,))
        files = conn.execute(
            "select source, file_id from ops.file_load where load_id = %s and source = any(%s)",
            (load.load_id, list(CATALOGUES)),
        ).fetchall()
        figures: dict[str, object] = {}
        for source, file_id in sorted(files):
            day.tell(f"comparing the editions of {source}", len(figures) / len(files))
            figures[source] = _compare(conn, day, Edition(source, load.load_id, day.batch_date, file_id))
        set_layer(conn, "editions", load.load_id)
        loads.add_figures(conn, load.load_id, {"editions": figures})
    return {"load_id": load.load_id, "editions": figures}


def compare_published_again(conn: psycopg.Connection, day: Day) -> int:
    """Compare anew the published editions that have another one before them than when they came: a day between was
    filled in, or corrected.

    Takes   day  for its settings and its way to tell
    Gives   number of editions compared anew
    Raises  Locked when another run compares editions
    Reruns  finds nothing more to do; all or nothing
    """
    query = (day.settings.sql / "2_matching" / "editions_to_compare_again.sql").read_text()
    # Nearly always there is none: then nobody's lock is asked for.
    if not conn.execute(query).fetchone():
        return 0
    with conn.transaction():
        lock_layer(conn, writes="editions")
        found = conn.execute(query).fetchall()
        for source, load_id, batch_date, file_id, *former in found:
            day.tell(f"comparing the edition of {batch_date} of {source} anew", None)
            conn.execute("delete from matching.edition where (load_id, source) = (%s, %s)", (load_id, source))
            _compare_with(conn, Edition(source, load_id, batch_date, file_id), tuple(former))
    return len(found)


def _compare(conn: psycopg.Connection, day: Day, present: Edition) -> dict[str, int] | str:
    query = (day.settings.sql / "2_matching" / "former_edition.sql").read_text()
    params = {"source": present.source, "batch_date": present.day, "load_id": present.load_id}
    former = conn.execute(query, params).fetchone() or (None, None, None)
    return _compare_with(conn, present, former, is_staged=True)


def _compare_with(
    conn: psycopg.Connection, present: Edition, former: tuple, is_staged: bool = False
) -> dict[str, int] | str:
    """Note which edition is before the present one, and what became of each row since.

    Takes   former     load, file and digest of the edition before; each None when it is the first
            is_staged  the present edition's rows are taken from staging, and kept
    """
    former_load_id, former_file_id, former_sha256 = former
    (sha256,) = conn.execute("select sha256 from ops.file where file_id = %s", (present.file_id,)).fetchone()
    rows = [] if former_sha256 in (None, sha256) else read_rows(conn, former_file_id)
    # After those of the former are read: they may be the oldest, which go.
    if is_staged:
        _keep_rows(conn, present)
    conn.execute(
        "insert into matching.edition (load_id, source, file_id, former_load_id, former_file_id, is_compared)"
        " values (%s, %s, %s, %s, %s, %s)",
        (present.load_id, present.source, present.file_id, former_load_id, former_file_id, bool(rows)),
    )
    if not rows:
        return "first" if former_sha256 is None else "repeated" if former_sha256 == sha256 else "not kept"
    matches = match_editions(rows, read_rows(conn, present.file_id))
    _copy_matches(conn, present, matches)
    return count_verdicts(match.verdict for match in matches)


def _keep_rows(conn: psycopg.Connection, edition: Edition) -> None:
    """Keep the staged rows as those of their file, and let those of the oldest file go when there are too many."""
    table = sql.Identifier("staging", files_of(edition.source)[0].table)
    conn.execute("delete from matching.edition_row where file_id = %s", (edition.file_id,))
    columns = identifiers(_ROW_COLUMNS)
    conn.execute(
        sql.SQL("insert into matching.edition_row (file_id, {columns}) select %s, {columns} from {table}").format(
            columns=columns, table=table
        ),
        (edition.file_id,),
    )
    conn.execute(
        "delete from matching.edition_row using ("
        " select file_id, row_number() over (order by max(batch_date) desc, file_id desc) as place"
        " from matching.edition inner join ops.load using (load_id) where source = %s and file_id <> %s"
        " group by file_id) as older"
        " where edition_row.file_id = older.file_id and older.place >= %s",
        (edition.source, edition.file_id, EDITIONS_KEPT),
    )


def read_rows(conn: psycopg.Connection, file_id: int) -> list[EditionRow]:
    """The kept rows of an edition; none when they are not kept any more."""
    query = sql.SQL("select {} from matching.edition_row where file_id = %s").format(identifiers(_ROW_COLUMNS))
    rows = conn.execute(query, (file_id,)).fetchall()
    return [EditionRow(*(tuple(value) if isinstance(value, list) else value for value in row)) for row in rows]


def _copy_matches(conn: psycopg.Connection, edition: Edition, matches: Sequence[EditionMatch]) -> None:
    columns = identifiers(("load_id", "source", "match_number", *_MATCH_COLUMNS))
    statement = sql.SQL("copy matching.edition_match ({}) from stdin").format(columns)
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for number, match in enumerate(matches, start=1):
            copy.write_row((edition.load_id, edition.source, number, *record_of(match).values()))


def record_of(match: EditionMatch) -> Record:
    """A match as matching.edition_match has it, by column."""
    former, present, rival = match.former, match.present, match.rival
    values = (
        match.verdict, former and former.source_id, present and present.source_id, former and former.title,
        present and present.title, former and former.kind, present and present.kind, former and former.release_year,
        present and present.release_year, match.probability, rival and rival.source_id, rival and rival.title,
        rival and rival.kind, rival and rival.release_year, list(match.evidence),
    )  # fmt: skip
    return dict(zip(_MATCH_COLUMNS, values, strict=True))


def count_verdicts(verdicts: Iterable[str]) -> dict[str, int]:
    counts = Counter(verdicts)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def newest_edition(conn: psycopg.Connection, source: str, until: date | None = None) -> Edition:
    """The edition of a catalogue that readers had on a day, or have now.

    Raises  FileMissing when none was published by then
    """
    row = conn.execute(
        "select load_id, batch_date, file_id from matching.edition inner join ops.load using (load_id)"
        " where source = %s and published_at is not null and batch_date <= %s"
        " order by batch_date desc, published_at desc limit 1",
        (source, until or date.max),
    ).fetchone()
    if row is None:
        when = f" by {until}" if until else ""
        raise FileMissing(f"{source}: expected an edition published{when}, found none. Run a day that has its file.")
    return Edition(source, *row)


def former_edition(conn: psycopg.Connection, present: Edition) -> Edition:
    """The last edition before one that has other bytes.

    Raises  FileMissing when it was the first
    """
    # By their bytes, and not as they were compared when they came: an older day may have been filled in since.
    row = conn.execute(
        "select load_id, batch_date, file_id from matching.edition inner join ops.load using (load_id)"
        " inner join ops.file using (file_id)"
        " where edition.source = %s and published_at is not null and batch_date <= %s"
        " and sha256 <> (select sha256 from ops.file where file_id = %s)"
        " order by batch_date desc, published_at desc limit 1",
        (present.source, present.day, present.file_id),
    ).fetchone()
    if row is None:
        raise FileMissing(
            f"{present.source}: expected an edition before that of {present.day}, found none: it was the first."
        )
    return Edition(present.source, *row)


def compare_kept(conn: psycopg.Connection, former: Edition, present: Edition) -> list[Record]:
    """What became of each row between two editions that are kept.

    Raises  FileMissing when the rows of one are not kept any more
    """
    rows: list[list[EditionRow]] = []
    for edition in (former, present):
        rows.append(read_rows(conn, edition.file_id))
        if not rows[-1]:
            raise FileMissing(
                f"{edition.source}: expected the rows of the edition of {edition.day}, found none: the last"
                f" {EDITIONS_KEPT} are kept. Run that day again."
            )
    return [record_of(match) for match in match_editions(*rows)]


def is_odd(record: Record) -> bool:
    """Whether a match is one that title and kind alone would get wrong, or that is not sure."""
    if record["verdict"] in ("removed", "added"):
        return record["rival_title"] is not None
    is_sure = record["probability"] >= SURE_FROM and record["kind"] == record["former_kind"]
    return record["verdict"] != "same" or not is_sure
