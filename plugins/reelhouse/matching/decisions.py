"""Decisions: one for each row of a source file, with the evidence it rests on.

Rows that are one work (duplicates, language versions) share a title; otherwise a title goes to one work of a
source. People's own decisions win (overriding.py); what is published changes only by a margin (keeping.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import psycopg

from reelhouse import loads
from reelhouse.copying import copy_line, copy_rows
from reelhouse.database import lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.matching.alike import PREFIX_SIMILARITY
from reelhouse.matching.candidates import RULES, plan_by_keys
from reelhouse.matching.evidence import read_weights
from reelhouse.matching.gathering import Gathered, SourceRow, read_rows
from reelhouse.matching.keeping import (
    Outcome,
    PublishedLink,
    Settled,
    log_changes,
    published_by_work,
    published_titles,
    read_published,
    settle,
)
from reelhouse.matching.overriding import ManualMatch, Rulings, keep_rulings, read_decisions_of_people, rule
from reelhouse.matching.recording import keep_evidence
from reelhouse.matching.same_work import group_works
from reelhouse.matching.scoring import Scored, read_scored, score_rows
from reelhouse.matching.storing import require_stored
from reelhouse.matching.watching import Decided, watch
from reelhouse.staging.opening import share_staging

# Cross-validated on the labels, links of at least this probability were right in 99.9 %, of .80 to .90 in 86 %
# (docs/matching.md); the labels leave out the hardest rows, so the bound is not drawn lower.
MATCH_FROM = 0.90
# Below, one in twelve was right on the labels: not worth a reviewer's time.
REVIEW_FROM = 0.20
# The bounds of the joins, kept with the load so that matching.why_not speaks of those that it was matched with.
CANDIDATE_RULES = RULES | {"prefix_similarity": PREFIX_SIMILARITY}


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
    is_kept: bool = False
    kept_over_number: int | None = None


def decide_matches(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Decide every row of the catalogues and of Rotten Tomatoes.

    Gives   rows by source and band, links that changed, manual matches whose target is not there, and `objections` when
            far more or fewer rows were matched than in the load that readers have: check_warehouse then holds the load
    Raises  OutOfStep when the candidates are of another load, Locked when another run is here
    Reruns  same candidates: same rows; all or nothing
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    manual = read_decisions_of_people(conn, day.settings.manual_matches)
    with conn.transaction():
        plan_by_keys(conn)
        share_staging(conn, load.load_id)
        lock_layer(conn, writes="matching", reads=("candidates",))
        loads.require_layer(conn, "candidates", load.load_id)
        require_stored(conn)
        day.tell("weighing the evidence", 0.1)
        folder = day.settings.sql / "2_matching"
        rows = read_rows(conn, folder)
        if day.force:
            # What the engine has weighed since is new.
            conn.execute("delete from matching.scored_row where has_evidence")
        anew = score_rows(conn, folder, rows)
        day.tell("deciding", 0.5)
        scored = read_scored(conn, rows)
        known, ruled = keep_rulings(conn, rows, manual, load.load_id)
        # A link is kept because readers have it. An older day has its own rows, which nobody has seen linked.
        links = [] if loads.is_older(conn, day.batch_date) else read_published(conn, folder)
        decisions = decide(scored, scored.score, known, published_titles(rows, links))
        day.tell("keeping the evidence", 0.7)
        chosen = [one.imdb_title_number for one in decisions]
        keep_evidence(conn, folder, scored, anew, chosen, load.load_id)
        _keep_decisions(conn, folder, decisions, load.load_id)
        set_layer(conn, "matching", load.load_id)
        changed = _log_changes(conn, load.load_id, scored, decisions, links)
        scoring = {"rows_scored": anew.count, "rows_reused": len(rows) - anew.count}
        figures = _figures(decisions) | ruled | scoring | {"changed": changed, "candidate_rules": CANDIDATE_RULES}
        loads.add_figures(conn, load.load_id, figures)
        objections = _objections(conn, day, load, decisions)
    return {"load_id": load.load_id, **figures, **({"objections": objections} if objections else {})}


def decide(
    gathered: Gathered | Scored,
    score: np.ndarray,
    manual: Sequence[ManualMatch] = (),
    published: Mapping[int, int] = MappingProxyType({}),
) -> list[Decision]:
    """A decision for every source row, in the rows' order. Pure.

    Takes   published  the title that readers have of a row, by its index; kept unless another is better by a margin
    """
    rows = gathered.rows
    bounds = np.searchsorted(gathered.row, np.arange(len(rows) + 1)).tolist()
    rulings = rule(rows, manual)
    assigned: dict[int, Settled] = {}
    for source in sorted({row.source for row in rows}):
        members = [
            position for position, row in enumerate(rows) if row.source == source and position not in rulings.title
        ]
        reserved = {title for position, title in rulings.title.items() if rows[position].source == source}
        works = group_works([rows[position] for position in members])
        assigned |= _assign_works(gathered, score, bounds, members, works, reserved, rulings, published)
    return [
        _decision(gathered, score, bounds, position, assigned.get(position), rulings) for position in range(len(rows))
    ]


def _assign_works(
    gathered: Gathered | Scored,
    score: np.ndarray,
    bounds: list[int],
    members: list[int],
    works: list[int],
    reserved: set[int | None],
    rulings: Rulings,
    published: Mapping[int, int],
) -> dict[int, Settled]:
    """Assignments by row; a work's score for a title is the best of its rows'. What one of them is not, none is."""
    barred: dict[int, set[int | None]] = defaultdict(lambda: set(reserved))
    for position, work in zip(members, works, strict=True):
        if position in rulings.barred:
            barred[work] |= rulings.barred[position]
    scores: dict[int, dict[int, float]] = defaultdict(dict)
    for position, work in zip(members, works, strict=True):
        span = slice(bounds[position], bounds[position + 1])
        for title, value in zip(gathered.title_number[span].tolist(), score[span].tolist(), strict=True):
            if title not in barred.get(work, reserved):
                scores[work][title] = max(value, scores[work].get(title, value))
    assignments = settle(scores, published_by_work(published, members, works))
    return {position: assignments[work] for position, work in zip(members, works, strict=True) if work in assignments}


def _decision(
    gathered: Gathered | Scored,
    score: np.ndarray,
    bounds: list[int],
    position: int,
    assignment: Settled | None,
    rulings: Rulings,
) -> Decision:
    row, span = gathered.rows[position], slice(bounds[position], bounds[position + 1])
    found = dict(zip(gathered.title_number[span].tolist(), score[span].tolist(), strict=True))
    barred = rulings.barred.get(position, frozenset())
    ranked = sorted(found.keys() - barred, key=lambda title: (-found[title], title))
    is_manual = position in rulings.title
    is_kept = not is_manual and assignment is not None and assignment.is_kept
    number = rulings.title[position] if is_manual else assignment.title if assignment else None
    rest = [title for title in ranked if title != number]
    own = found.get(number)
    gap = own - found[rest[0]] if own is not None and rest else None
    if is_manual:
        band, probability = ("no match", 0.0) if number is None else ("match", 1.0)
    else:
        probability = assignment.probability if assignment else None
        band = "match" if is_kept else band_of(probability, own)
    decided_by = "manual" if is_manual else "model"
    kept_over = assignment.kept_over if is_kept else None
    runner_up = rest[0] if rest else None
    return Decision(row, number, band, probability, own, decided_by, runner_up, gap, len(found), is_kept, kept_over)


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


def _objections(conn: psycopg.Connection, day: Day, load: loads.Load, decisions: Sequence[Decision]) -> list[str]:
    """What speaks against the load and nobody has accepted, kept with it."""
    reasons = watch(conn, load, map(_watched, decisions))
    if reasons and loads.is_accepted(conn, load.load_id, reasons, day.accept):
        reasons = []
    loads.object_to(conn, load.load_id, "match rate", reasons)
    return reasons


def _watched(one: Decision) -> Decided:
    return Decided(
        one.row.source,
        one.row.kind,
        one.band,
        one.decided_by == "manual",
        one.is_kept and (one.kept_over_number is not None or one.probability < MATCH_FROM),
    )


def _log_changes(
    conn: psycopg.Connection,
    load_id: int,
    scored: Scored,
    decisions: Sequence[Decision],
    links: Sequence[PublishedLink],
) -> int:
    bounds = np.searchsorted(scored.row, np.arange(len(scored.rows) + 1)).tolist()
    outcomes = [
        Outcome(
            one.imdb_title_number if one.band == "match" else None,
            one.decided_by,
            dict(zip(scored.title_number[first:last].tolist(), scored.score[first:last].tolist(), strict=True)),
        )
        for one, first, last in zip(decisions, bounds, bounds[1:], strict=False)
    ]
    return log_changes(conn, load_id, scored.rows, links, outcomes)


def _keep_decisions(conn: psycopg.Connection, folder: Path, decisions: Sequence[Decision], load_id: int) -> None:
    """Replace matching.title_decision, and say anew who the people of those rows are that may be linked otherwise."""
    conn.execute(
        "create temporary table former_link on commit drop as"
        " select source, source_id, imdb_title_number from matching.title_decision where band = 'match'"
    )
    conn.execute("truncate matching.title_decision")
    columns = (
        "source", "source_id", "imdb_title_number", "band", "probability", "score", "decided_by", "runner_up_number",
        "gap", "candidate_count", "is_kept", "kept_over_number", "model_version", "load_id",
    )  # fmt: skip
    _, version = read_weights()
    copy_rows(conn, ("matching", "title_decision"), columns, (
        copy_line((
            one.row.source, one.row.source_id, one.imdb_title_number, one.band, one.probability, one.score,
            one.decided_by, one.runner_up_number, one.gap, one.candidate_count, one.is_kept, one.kept_over_number,
            version, load_id,
        ))
        for one in decisions
    ))  # fmt: skip
    conn.execute("analyze matching.title_decision")
    run_file(conn, folder / "row_to_resolve.sql")
    run_file(conn, folder / "source_person.sql")


def _figures(decisions: Sequence[Decision]) -> dict[str, object]:
    counts: dict[str, dict[str, int]] = {}
    for one in decisions:
        bands = counts.setdefault(one.row.source, {"match": 0, "review": 0, "no match": 0})
        bands[one.band] += 1
    rates = {source: round(bands["match"] / sum(bands.values()), 4) for source, bands in counts.items()}
    manual = sum(one.decided_by == "manual" for one in decisions)
    return {"bands": counts, "match_rate": rates, "manual": manual}
