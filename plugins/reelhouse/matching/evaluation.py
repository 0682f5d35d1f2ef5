"""Evaluation: the links of a source as a file, and how right they are against labels."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg

from reelhouse.errors import ContractBroken, FileMissing
from reelhouse.matching.keys import imdb_id
from reelhouse.matching.overriding import NIL

# A link is stated when it is likelier than not.
LINK_FROM = 0.5
BOOTSTRAP_ROUNDS = 2000
# Strictest first.
RULES = ("title key", "title part", "shared people", "title prefix")
LINK_COLUMNS = ("source_id", "imdb_id", "probability", "band")


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one source row. `imdb_id` NIL says that IMDb has no such title."""

    source_id: str
    imdb_id: str
    kind: str


def write_links(conn: psycopg.Connection, source: str, out: Path) -> int:
    """Write the best assignments of a source's current edition as CSV, by id.

    Gives   number of links
    """
    rows = conn.execute(
        "select source_id, imdb_title_number, probability, band from matching.title_decision"
        " where source = %s and imdb_title_number is not null and probability >= %s"
        ' order by source_id collate "C"',
        (source, LINK_FROM),
    ).fetchall()
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINK_COLUMNS)
        for source_id, number, probability, band in rows:
            writer.writerow((source_id, imdb_id(number), f"{probability:.4f}", band))
    return len(rows)


def expect_rows(conn: psycopg.Connection, source: str) -> None:
    """See that there is something to score: of no row all figures are zero, as of a source with nothing right.

    Raises  FileMissing when the day matched last has no row of the source
    """
    if not conn.execute("select 1 from matching.source_title where source = %s limit 1", (source,)).fetchone():
        raise FileMissing(
            f"{source}: expected rows in the day matched last, found none."
            " Bring its files into the data folder and run a day that has them: ./reelhouse run."
        )


def score_links(links: Path, labels: Path) -> dict[str, object]:
    """Precision, recall and F1 of a links file against labels, in all and by type.

    Takes   labels  CSV with source_id and imdb_id (NIL: none); a column `type` splits the figures
    Gives   `all`, and one entry a type; each with counts, precision, recall, f1, f1_low and f1_high (95 %), the
            share of NIL rows that are linked, and of rows in the band match those that are right
    """
    linked = {_plain_id(row["source_id"]): (row["imdb_id"], row["band"]) for row in _read(links, LINK_COLUMNS)}
    known = [
        Label(_plain_id(row["source_id"]), row["imdb_id"], row.get("type") or "")
        for row in _read(labels, ("source_id", "imdb_id"))
    ]
    figures: dict[str, object] = {"all": _score(known, linked)}
    for kind in sorted({label.kind for label in known} - {""}):
        figures[kind] = _score([label for label in known if label.kind == kind], linked)
    return figures


def compare_links(links: Path, others: Path, labels: Path) -> dict[str, float]:
    """By how much the F1 of one links file is above that of another, on the same labels.

    Gives   f1_lead and its 95 % interval, lead_low to lead_high, over resampled rows, each with both its answers
    """
    known = {_plain_id(row["source_id"]): row["imdb_id"] for row in _read(labels, ("source_id", "imdb_id"))}
    # Right and linked by the one, right and linked by the other, has a title: 32 kinds of row.
    kinds = np.zeros(len(known), dtype=np.int64)
    for path in (links, others):
        linked = {_plain_id(row["source_id"]): row["imdb_id"] for row in _read(path, LINK_COLUMNS)}
        for place, (source_id, right) in enumerate(known.items()):
            answer = linked.get(source_id, "")
            kinds[place] = kinds[place] * 4 + 2 * same_id(answer, right) + bool(answer)
    kinds = kinds * 2 + np.array([imdb_id != NIL for imdb_id in known.values()], dtype=np.int64)
    counts = np.bincount(kinds, minlength=32)
    drawn = np.random.default_rng(0).multinomial(len(kinds), counts / max(len(kinds), 1), size=BOOTSTRAP_ROUNDS)
    leads = _lead(np.vstack([counts, drawn]))
    low, high = np.quantile(leads[1:], (0.025, 0.975))
    return {"f1_lead": round(leads[0], 4), "lead_low": round(low, 4), "lead_high": round(high, 4)}


def _lead(counts: np.ndarray) -> np.ndarray:
    """F1 of the one less that of the other, for each row of counts of the 32 kinds."""
    bits = np.arange(32)[:, None] >> np.arange(5) & 1 == 1
    having, other_linked, other_right, linked, right = (counts[:, bits[:, bit]].sum(1) for bit in range(5))
    return _rates(right, linked, having)[2] - _rates(other_right, other_linked, having)[2]


def _score(labels: list[Label], linked: dict[str, tuple[str, str]]) -> dict[str, object]:
    answers = [linked.get(label.source_id, ("", "")) for label in labels]
    has_id = np.array([label.imdb_id != NIL for label in labels], dtype=bool)
    is_linked = np.array([bool(imdb_id) for imdb_id, _ in answers], dtype=bool)
    is_right = np.array(
        [same_id(imdb_id, label.imdb_id) for (imdb_id, _), label in zip(answers, labels, strict=True)], dtype=bool
    )
    in_match = np.array([band == "match" for _, band in answers], dtype=bool)
    precision, recall, f1 = _rates(is_right.sum(), is_linked.sum(), has_id.sum())
    low, high = _bootstrap(is_right, is_linked, has_id)
    nil_count = int((~has_id).sum())
    return {
        "labelled": len(labels),
        "linked": int(is_linked.sum()),
        "right": int(is_right.sum()),
        "precision": round(float(precision), 4),
        "recall": round(float(recall), 4),
        "f1": round(float(f1), 4),
        "f1_low": round(low, 4),
        "f1_high": round(high, 4),
        "nil": nil_count,
        "nil_linked": int((is_linked & ~has_id).sum()),
        "nil_linked_share": round(int((is_linked & ~has_id).sum()) / nil_count, 4) if nil_count else None,
        "match_band": int(in_match.sum()),
        "match_band_right": round(float(is_right[in_match].mean()), 4) if in_match.any() else None,
    }


def score_candidates(conn: psycopg.Connection, source: str, labels: Path) -> list[dict[str, object]]:
    """How many right titles are among the candidates, by the rule that found them: no model links what is not.

    Gives   one row a rule, strictest first; then those that no rule found, and those that IMDb's files do not have
    """
    known = [
        (_plain_id(row["source_id"]), int(row["imdb_id"].removeprefix("tt")))
        for row in _read(labels, ("source_id", "imdb_id"))
        if row["imdb_id"] != NIL
    ]
    rows = conn.execute(
        "select case when title.imdb_title_number is null then 'not in IMDb''s files'"
        " else coalesce(pair.found_by, 'not found') end, count(*)"
        " from unnest(%s::text[], %s::integer[]) as label (source_id, imdb_title_number)"
        " inner join matching.source_title as source_title"
        " on source_title.source = %s and source_title.source_id = label.source_id"
        " left join staging.imdb_titles as title on label.imdb_title_number = title.imdb_title_number"
        " left join matching.candidate_pair as pair on pair.source = source_title.source"
        " and pair.source_id = label.source_id and pair.imdb_title_number = label.imdb_title_number group by 1",
        ([each[0] for each in known], [each[1] for each in known], source),
    ).fetchall()
    counts = dict(rows)
    total = max(sum(counts.values()), 1)
    return [
        {"found by": rule, "labelled": counts[rule], "share": round(counts[rule] / total, 4)}
        for rule in (*RULES, "not found", "not in IMDb's files")
        if rule in counts
    ]


def write_justwatch_labels(conn: psycopg.Connection, out: Path) -> int:
    """Write JustWatch's own IMDb ids as labels, of titles that IMDb's files have. A check: nothing is linked by them.

    Gives   number of labels
    """
    rows = conn.execute(
        "select source_id, imdb_id, kind from staging.justwatch_titles"
        " where substr(imdb_id, 3)::integer in (select imdb_title_number from staging.imdb_titles)"
        ' order by source_id collate "C"'
    ).fetchall()
    with out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("source_id", "imdb_id", "type"), *rows])
    return len(rows)


def same_id(one: str, other: str) -> bool:
    """Whether two tconsts are the same title, however many zeros pad them. NIL is no title.

    >>> same_id("tt0133093", "tt133093"), same_id("NIL", "NIL"), same_id("", "tt1")
    (True, False, False)
    """
    numbers = [text.removeprefix("tt") for text in (one, other)]
    return all(number.isdecimal() for number in numbers) and int(numbers[0]) == int(numbers[1])


def _rates(right, linked, has_id) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    precision = np.divide(right, linked, out=np.zeros(np.shape(right)), where=np.asarray(linked) > 0)
    recall = np.divide(right, has_id, out=np.zeros(np.shape(right)), where=np.asarray(has_id) > 0)
    total = precision + recall
    return precision, recall, np.divide(2 * precision * recall, total, out=np.zeros(np.shape(right)), where=total > 0)


def _bootstrap(is_right: np.ndarray, is_linked: np.ndarray, has_id: np.ndarray) -> tuple[float, float]:
    """95 % interval of F1 over resampled rows; the same for the same rows."""
    if not len(is_right):
        return 0.0, 0.0
    # Rows are of eight kinds only, so resampling them is drawing how many there are of each.
    kinds = is_right * 4 + is_linked * 2 + has_id
    counts = np.bincount(kinds, minlength=8)
    drawn = np.random.default_rng(0).multinomial(len(kinds), counts / len(kinds), size=BOOTSTRAP_ROUNDS)
    right, linked, having = drawn[:, 4:].sum(1), drawn[:, [2, 3, 6, 7]].sum(1), drawn[:, [1, 3, 5, 7]].sum(1)
    low, high = np.quantile(_rates(right, linked, having)[2], (0.025, 0.975))
    return float(low), float(high)


def _plain_id(source_id: str) -> str:
    return source_id.removeprefix("m/")


def _read(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        raise FileMissing(f"{path}: expected a CSV file with {', '.join(columns)}, found none.")
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ContractBroken(f"{path}: expected columns {', '.join(columns)}, found {reader.fieldnames}.")
        return list(reader)
