"""Decisions: one for each row of a source file, with the evidence it rests on.

Rows that are one work (duplicates, language versions) share a title; otherwise a title goes to one work of a
source. People's decisions in manual_matches.csv come first and are keyed by title, kind and year, because
Netflix renumbers its ids in every edition.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from psycopg import sql
from psycopg.types.json import Json

from reelhouse import staging
from reelhouse.database import identifiers, lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.matching.assigning import Assignment, assign
from reelhouse.matching.evidence import Terms, Titles, compare_names, read_weights, weigh
from reelhouse.matching.gathering import Gathered, SourceRow, gather
from reelhouse.matching.keys import title_forms
from reelhouse.warehousing import loads

# Cross-validated on the labels, links of at least this probability were right in 99.9 %, of .80 to .90 in 79 %
# (docs/matching.md); the labels leave out the hardest rows, so the bound is not drawn lower.
MATCH_FROM = 0.90
# Below, one in thirteen was right on the labels: not worth a reviewer's time.
REVIEW_FROM = 0.20
# A reviewer looks at three: of 6,438 labelled titles all but one ranked among them.
EVIDENCE_KEPT = 3
# Rows with one base title are one work when this share of the smaller cast and crew is the same.
SAME_PEOPLE = 0.5
MANUAL_COLUMNS = ("source", "kind", "title", "release_year", "imdb_id", "decided_by", "why")


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided for one source row; the fields are those of matching.title_decision."""

    row: SourceRow
    imdb_title_number: int | None
    band: str
    probability: float | None
    score: float | None
    decided_by: str
    runner_up_number: int | None
    gap: float | None
    candidate_count: int


@dataclass(frozen=True, slots=True)
class ManualMatch:
    """A person's decision. `imdb_title_number` None says that IMDb has no such title (NIL)."""

    source: str
    kind: str
    folded_title: str
    release_year: int | None
    imdb_title_number: int | None

    def is_about(self, row: SourceRow) -> bool:
        return (
            (self.source, self.kind, self.folded_title) == (row.source, row.kind, row.folded_title)
            and self.release_year in (None, row.release_year)
        )  # fmt: skip


def decide_matches(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Decide every row of the catalogues and of Rotten Tomatoes.

    Gives   rows by source and band, manual matches whose target is not there
    Raises  OutOfStep when the candidates are of another load, Locked when another run is here
    Reruns  same candidates: same rows; all or nothing
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    manual = read_manual_matches(day.settings.manual_matches)
    with conn.transaction():
        staging.share_staging(conn, load.load_id)
        lock_layer(conn, writes="matching", reads=("candidates",))
        loads.require_layer(conn, "candidates", load.load_id)
        day.tell("weighing the evidence", 0.1)
        gathered = gather(conn, day.settings.sql / "2_matching")
        weights, version = read_weights()
        titles = compare_names(gathered.names, len(gathered.row))
        terms, score = weigh(gathered.pairs, titles, weights)
        day.tell("deciding", 0.5)
        known, absent = _split_by_target(conn, manual)
        decisions = decide(gathered, score, known)
        day.tell("keeping the evidence", 0.7)
        conn.execute("truncate matching.title_decision, matching.match_evidence")
        _copy_decisions(conn, decisions, version, load.load_id)
        _copy_evidence(conn, gathered, titles, terms, score, decisions, load.load_id)
        # Before the join: a planner that takes the new table for empty loops over it.
        conn.execute("analyze matching.title_decision, matching.match_evidence")
        run_file(conn, day.settings.sql / "2_matching" / "source_person.sql")
        conn.execute("analyze matching.source_person")
        set_layer(conn, "matching", load.load_id)
        figures = _figures(decisions, absent)
        loads.add_figures(conn, load.load_id, figures)
    return {"load_id": load.load_id, **figures}


def decide(gathered: Gathered, score: np.ndarray, manual: Sequence[ManualMatch] = ()) -> list[Decision]:
    """A decision for every source row, in the rows' order. Pure."""
    rows = gathered.rows
    bounds = np.searchsorted(gathered.row, np.arange(len(rows) + 1)).tolist()
    by_hand = _by_hand(rows, manual)
    assigned: dict[int, Assignment] = {}
    for source in sorted({row.source for row in rows}):
        members = [position for position, row in enumerate(rows) if row.source == source and position not in by_hand]
        reserved = {by_hand[position] for position in by_hand if rows[position].source == source}
        works = group_works([rows[position] for position in members])
        assigned |= _assign_works(gathered, score, bounds, members, works, reserved)
    return [
        _decision(gathered, score, bounds, position, assigned.get(position), by_hand) for position in range(len(rows))
    ]


def _assign_works(
    gathered: Gathered,
    score: np.ndarray,
    bounds: list[int],
    members: list[int],
    works: list[int],
    reserved: set[int | None],
) -> dict[int, Assignment]:
    """Assignments by row; a work's score for a title is the best of its rows'."""
    scores: dict[int, dict[int, float]] = defaultdict(dict)
    for position, work in zip(members, works, strict=True):
        span = slice(bounds[position], bounds[position + 1])
        for title, value in zip(gathered.title_number[span].tolist(), score[span].tolist(), strict=True):
            if title not in reserved:
                scores[work][title] = max(value, scores[work].get(title, value))
    assignments = assign(scores)
    return {position: assignments[work] for position, work in zip(members, works, strict=True) if work in assignments}


def group_works(rows: Sequence[SourceRow]) -> list[int]:
    """For each row the index of the first row that is the same work.

    Equal base title and kind make it possible; then the same description, or the same people in the same or the
    next year, make it so. Without either the rows stay apart: homonyms are more common than bare duplicates.
    """
    first = list(range(len(rows)))
    by_base: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        by_base[row.kind, row.base_title].append(position)
    for positions in by_base.values():
        for place, later in enumerate(positions):
            for earlier in positions[:place]:
                if _is_same_work(rows[earlier], rows[later]):
                    _join(first, positions, first[earlier], first[later])
    return first


def _join(first: list[int], positions: list[int], one: int, other: int) -> None:
    for position in positions:
        if first[position] in (one, other):
            first[position] = min(one, other)


def _is_same_work(one: SourceRow, other: SourceRow) -> bool:
    if one.description_sha256 and one.description_sha256 == other.description_sha256:
        return True
    if one.release_year is None or other.release_year is None or abs(one.release_year - other.release_year) > 1:
        return False
    ours, theirs = _people(one), _people(other)
    smaller = min(len(ours), len(theirs))
    return smaller > 0 and len(ours & theirs) >= SAME_PEOPLE * smaller


def _people(row: SourceRow) -> set[str]:
    return {name for name in f"{row.director_names}|{row.cast_names}".split("|") if name}


def _by_hand(rows: Sequence[SourceRow], manual: Sequence[ManualMatch]) -> dict[int, int | None]:
    """Title of each row that a person has decided; the last line of the file about a row holds."""
    about: dict[tuple[str, str], list[ManualMatch]] = defaultdict(list)
    for match in manual:
        about[match.source, match.folded_title].append(match)
    return {
        position: match.imdb_title_number
        for position, row in enumerate(rows)
        for match in about.get((row.source, row.folded_title), ())
        if match.is_about(row)
    }


def _decision(
    gathered: Gathered,
    score: np.ndarray,
    bounds: list[int],
    position: int,
    assignment: Assignment | None,
    by_hand: dict[int, int | None],
) -> Decision:
    row, span = gathered.rows[position], slice(bounds[position], bounds[position + 1])
    found = dict(zip(gathered.title_number[span].tolist(), score[span].tolist(), strict=True))
    ranked = sorted(found, key=lambda title: (-found[title], title))
    is_manual = position in by_hand
    number = by_hand[position] if is_manual else assignment.title if assignment else None
    rest = [title for title in ranked if title != number]
    own = found.get(number)
    gap = own - found[rest[0]] if own is not None and rest else None
    if is_manual:
        band, probability = ("no match", 0.0) if number is None else ("match", 1.0)
    else:
        probability = assignment.probability if assignment else None
        band = band_of(probability, own)
    decided_by = "manual" if is_manual else "model"
    return Decision(row, number, band, probability, own, decided_by, rest[0] if rest else None, gap, len(found))


def band_of(probability: float | None, score: float | None) -> str:
    """The band of an assignment.

    A positive score says "likelier than no title": where many titles tie, each is improbable, and yet it is for a
    person to decide.

    >>> band_of(0.95, 4.0), band_of(0.5, 0.0), band_of(0.1, 3.0), band_of(0.1, -2.0), band_of(None, None)
    ('match', 'review', 'review', 'no match', 'no match')
    """
    if probability is not None and probability >= MATCH_FROM:
        return "match"
    if probability is None or (probability < REVIEW_FROM and (score or 0.0) <= 0):
        return "no match"
    return "review"


def read_manual_matches(path: Path) -> list[ManualMatch]:
    """People's decisions.

    Raises  SettingsWrong when a column is missing or a value is not usable; nothing was decided then
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != MANUAL_COLUMNS:
            raise SettingsWrong(f"{path}: expected columns {', '.join(MANUAL_COLUMNS)}, found {reader.fieldnames}.")
        return [_manual_match(path, reader.line_num, line) for line in reader]


def _manual_match(path: Path, line_number: int, line: dict[str, str]) -> ManualMatch:
    imdb_id, year = (line["imdb_id"] or "").strip(), (line["release_year"] or "").strip()
    is_id = imdb_id == "NIL" or (imdb_id.startswith("tt") and imdb_id[2:].isdecimal())
    if not is_id or line["kind"] not in ("movie", "series") or (year and not year.isdecimal()):
        raise SettingsWrong(
            f"{path}:{line_number}: expected kind movie or series, a year or nothing, and an imdb_id like tt0133093"
            f" or NIL, found {line['kind']!r}, {year!r}, {imdb_id!r}. Correct the line."
        )
    number = None if imdb_id == "NIL" else int(imdb_id[2:])
    folded = title_forms(line["title"]).folded
    return ManualMatch(line["source"], line["kind"], folded, int(year) if year else None, number)


def _split_by_target(conn: psycopg.Connection, manual: list[ManualMatch]) -> tuple[list[ManualMatch], list[str]]:
    """Manual matches that can be kept, and the IMDb ids of those whose target is gone, for a loud figure."""
    wanted = [match.imdb_title_number for match in manual if match.imdb_title_number is not None]
    rows = conn.execute(
        "select imdb_title_number from staging.imdb_titles where imdb_title_number = any(%s)", (wanted,)
    ).fetchall()
    there = {None, *(row[0] for row in rows)}
    absent = sorted({f"tt{number:07d}" for number in wanted if number not in there})
    return [match for match in manual if match.imdb_title_number in there], absent


def _copy_decisions(conn: psycopg.Connection, decisions: Sequence[Decision], version: str, load_id: int) -> None:
    columns = (
        "source", "source_id", "imdb_title_number", "band", "probability", "score", "decided_by", "runner_up_number",
        "gap", "candidate_count", "model_version", "load_id",
    )  # fmt: skip
    _copy(conn, "title_decision", columns, (
        (one.row.source, one.row.source_id, one.imdb_title_number, one.band, one.probability, one.score, one.decided_by,
         one.runner_up_number, one.gap, one.candidate_count, version, load_id)
        for one in decisions
    ))  # fmt: skip


def _copy_evidence(
    conn: psycopg.Connection,
    gathered: Gathered,
    titles: Titles,
    terms: Terms,
    score: np.ndarray,
    decisions: Sequence[Decision],
    load_id: int,
) -> None:
    columns = (
        "source", "source_id", "imdb_title_number", "candidate_rank", "found_by", "score", "probability", "terms",
        "details", "load_id",
    )  # fmt: skip
    alone = probabilities(gathered.row, score, len(gathered.rows))
    _copy(conn, "match_evidence", columns, (
        (row.source, row.source_id, int(gathered.title_number[pair]), rank, gathered.pairs.found_by[pair],
         float(score[pair]), float(alone[pair]), Json({name: float(term[pair]) for name, term in terms.items()}),
         Json(_details(gathered, titles, pair)), load_id)
        for row, pair, rank in _kept_pairs(gathered, score, decisions)
    ))  # fmt: skip


def probabilities(row: np.ndarray, score: np.ndarray, row_count: int) -> np.ndarray:
    """Probability of each pair among the candidates of its own row and "none of them"."""
    highest = np.zeros(row_count)
    np.maximum.at(highest, row, score)
    weight = np.exp(score - highest[row])
    total = np.exp(-highest)
    np.add.at(total, row, weight)
    return weight / total[row]


def _kept_pairs(
    gathered: Gathered, score: np.ndarray, decisions: Sequence[Decision]
) -> Iterator[tuple[SourceRow, int, int]]:
    bounds = np.searchsorted(gathered.row, np.arange(len(gathered.rows) + 1)).tolist()
    order = np.lexsort((gathered.title_number, -score, gathered.row)).tolist()
    for position, decision in enumerate(decisions):
        for rank, pair in enumerate(order[bounds[position] : bounds[position + 1]], start=1):
            if rank <= EVIDENCE_KEPT or gathered.title_number[pair] == decision.imdb_title_number:
                yield decision.row, pair, rank


def _details(gathered: Gathered, titles: Titles, pair: int) -> dict[str, object]:
    """What the terms were seen in. Unknown values are left out."""
    pairs, name = gathered.pairs, int(titles.best[pair])
    seen = {
        "name": gathered.names.source[name],
        "imdb_name": gathered.names.imdb[name],
        "is_aka": bool(titles.is_aka[pair]),
        "similarity": round(float(titles.similarity[pair]), 3),
        "titles_of_this_name": int(titles.title_count[pair]),
        "year": pairs.year[pair],
        "start_year": pairs.start_year[pair],
        "end_year": pairs.end_year[pair],
        "imdb_type": pairs.imdb_type[pair],
        "runtime_min": pairs.runtime_min[pair],
        "imdb_runtime_min": pairs.imdb_runtime_min[pair],
        "shared_people": gathered.shared_names[pair] or None,
        "directors": pairs.directors[pair] or None,
        "imdb_directors": pairs.imdb_directors[pair] or None,
    }
    return {key: _plain(value) for key, value in seen.items() if value is not None and value == value}


def _plain(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _copy(conn: psycopg.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple]) -> None:
    statement = sql.SQL("copy matching.{} ({}) from stdin").format(sql.Identifier(table), identifiers(columns))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _figures(decisions: Sequence[Decision], absent: list[str]) -> dict[str, object]:
    counts: dict[str, dict[str, int]] = {}
    for one in decisions:
        bands = counts.setdefault(one.row.source, {"match": 0, "review": 0, "no match": 0})
        bands[one.band] += 1
    rates = {source: round(bands["match"] / sum(bands.values()), 4) for source, bands in counts.items()}
    manual = sum(one.decided_by == "manual" for one in decisions)
    return {"bands": counts, "match_rate": rates, "manual": manual, "manual_targets_absent": absent}
