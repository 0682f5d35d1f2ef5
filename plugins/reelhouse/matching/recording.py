"""Recording: the evidence of each row's best candidates, kept in matching.match_evidence for people to read.

That of a row whose scores hold is there already; only what the decision brought in or let go changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import psycopg

from reelhouse.copying import copy_line, copy_rows
from reelhouse.matching.evidence import least_votes
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.scoring import Anew, Evidence, Scored, weigh_pairs

# A reviewer looks at three: of 6,438 labelled titles all but one ranked among them.
EVIDENCE_KEPT = 3
_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair to be kept: its row and pair by index among all scored ones, and its rank in the row."""

    position: int
    pair: int
    rank: int


def keep_evidence(
    conn: psycopg.Connection,
    folder: Path,
    scored: Scored,
    anew: Anew,
    chosen: Sequence[int | None],
    load_id: int,
) -> None:
    """Make matching.match_evidence hold the best candidates of each row, and the one decided on.

    Takes   folder    include/sql/2_matching
            anew      rows that were scored anew
            chosen    title decided on of each row
    """
    bounds = np.searchsorted(scored.row, np.arange(len(scored.rows) + 1)).tolist()
    order = np.lexsort((scored.title_number, -scored.score, scored.row)).tolist()
    alone = probabilities(scored.row, scored.score, len(scored.rows))
    entries = [
        Entry(position, pair, rank)
        for position, title in enumerate(chosen)
        for rank, pair in enumerate(order[bounds[position] : bounds[position + 1]], start=1)
        if rank <= EVIDENCE_KEPT or scored.title_number[pair] == title
    ]
    _forget(conn, anew.count == len(scored.rows))
    starts = np.searchsorted(anew.evidence.gathered.row, np.arange(len(anew.here))).tolist()
    first = dict(zip(anew.here, starts, strict=True))
    of_anew = [
        (entry, first[entry.position] + entry.pair - bounds[entry.position])
        for entry in entries
        if entry.position in first
    ]
    _copy(conn, anew.evidence, scored, alone, load_id, of_anew)
    elsewhere = set(anew.elsewhere)
    beyond = [
        entry
        for entry in entries
        if entry.position not in first and (entry.rank > EVIDENCE_KEPT or entry.position in elsewhere)
    ]
    _keep_beyond(conn, folder, scored, alone, load_id, beyond)
    # What terms and details hold nobody asks by, and to unpack them takes four fifths of it.
    conn.execute("analyze matching.match_evidence (source, source_id, imdb_title_number, candidate_rank)")


def _forget(conn: psycopg.Connection, is_all: bool) -> None:
    """Drop the evidence of rows that are gone or were scored anew."""
    if is_all:
        conn.execute("truncate matching.match_evidence")
        return
    conn.execute(
        "delete from matching.match_evidence as kept"
        " where not exists (select from matching.source_title as title"
        "  where title.source = kept.source and title.source_id = kept.source_id)"
        " or (kept.source, kept.source_id) in (select source, source_id from row_to_score)"
    )


def _keep_beyond(
    conn: psycopg.Connection,
    folder: Path,
    scored: Scored,
    alone: np.ndarray,
    load_id: int,
    beyond: Sequence[Entry],
) -> None:
    """Of rows whose scores hold, titles decided on that are not among the best: some are new, some are so no more.

    Of rows that the engine has weighed all entries are new.
    """
    wanted = {(*_key(scored.rows[entry.position]), int(scored.title_number[entry.pair])): entry for entry in beyond}
    kept = set(
        conn.execute(
            "select source, source_id, imdb_title_number from matching.match_evidence"
            " where candidate_rank > %s and (source, source_id) not in (select source, source_id from row_to_score)",
            (EVIDENCE_KEPT,),
        ).fetchall()
    )
    conn.cursor().executemany(
        "delete from matching.match_evidence where (source, source_id, imdb_title_number) = (%s, %s, %s)",
        sorted(kept - wanted.keys()),
    )
    missing = sorted(wanted.keys() - kept)
    if missing:
        conn.execute(
            "create temporary table pair_beyond (source text, source_id text, imdb_title_number integer, found_by text)"
            " on commit drop"
        )
        conn.execute("create temporary table key_beyond on commit drop as select * from pair_beyond")
        copy_rows(conn, ("key_beyond",), ("source", "source_id", "imdb_title_number"), map(copy_line, missing))
        conn.execute("analyze key_beyond")
        conn.execute(
            "insert into pair_beyond select source, source_id, imdb_title_number, pair.found_by from key_beyond"
            " inner join matching.candidate_pair as pair using (source, source_id, imdb_title_number)"
        )
        conn.execute("analyze pair_beyond")
        # The order of the pairs of `evidence`: by row, then by title.
        entries = sorted((wanted[key] for key in missing), key=lambda entry: entry.pair)
        rows = [scored.rows[position] for position in dict.fromkeys(entry.position for entry in entries)]
        evidence = weigh_pairs(conn, folder, "pg_temp.pair_beyond", rows)
        _copy(conn, evidence, scored, alone, load_id, [(entry, pair) for pair, entry in enumerate(entries)])


def _copy(
    conn: psycopg.Connection,
    evidence: Evidence,
    scored: Scored,
    alone: np.ndarray,
    load_id: int,
    entries: Sequence[tuple[Entry, int]],
) -> None:
    """Copy entries, each with the index of its pair in `evidence`, to matching.match_evidence."""
    columns = (
        "source", "source_id", "imdb_title_number", "candidate_rank", "found_by", "score", "probability", "terms",
        "details", "load_id",
    )  # fmt: skip
    pairs = [pair for _, pair in entries]
    told = zip(entries, terms_of(evidence, pairs), details_of(evidence, pairs), strict=True)
    copy_rows(conn, ("matching", "match_evidence"), columns, (
        copy_line((
            *_key(scored.rows[entry.position]), int(scored.title_number[entry.pair]), entry.rank,
            evidence.gathered.pairs.found_by[pair], float(scored.score[entry.pair]), float(alone[entry.pair]),
            _json(terms).decode(), _json(details).decode(), load_id,
        ))
        for (entry, pair), terms, details in told
    ))  # fmt: skip


def _key(row: SourceRow) -> tuple[str, str]:
    return row.source, row.source_id


def probabilities(row: np.ndarray, score: np.ndarray, row_count: int) -> np.ndarray:
    """Probability of each pair among the candidates of its own row and "none of them"."""
    highest = np.zeros(row_count)
    np.maximum.at(highest, row, score)
    weight = np.exp(score - highest[row])
    total = np.exp(-highest)
    np.add.at(total, row, weight)
    return weight / total[row]


def terms_of(evidence: Evidence, pairs: Sequence[int]) -> Iterator[dict[str, float]]:
    """The terms of some pairs, by family."""
    columns = [term[pairs].tolist() for term in evidence.terms.values()]
    return (dict(zip(evidence.terms, terms, strict=True)) for terms in zip(*columns, strict=True))


def details_of(evidence: Evidence, pairs: Sequence[int]) -> Iterator[dict[str, object]]:
    """What the terms of some pairs were seen in. Unknown values are left out."""
    names, titles, columns = evidence.gathered.names, evidence.titles, evidence.gathered.pairs
    best = titles.best[pairs].tolist()

    def texts(column: Sequence[str]) -> list[str | None]:
        return [column[pair] or None for pair in pairs]

    def counts(column: np.ndarray) -> list[float | None]:
        return [count or None for count in _numbers(column[pairs])]

    seen = {
        "name": [names.source[name] for name in best],
        "imdb_name": [names.imdb[name] for name in best],
        "is_aka": titles.is_aka[pairs].tolist(),
        "similarity": _numbers(np.round(titles.similarity[pairs].astype(float), 3)),
        "titles_of_this_name": _numbers(titles.title_count[pairs]),
        "kind": ["series" if is_series else "movie" for is_series in columns.is_series[pairs].tolist()],
        "year": _numbers(columns.year[pairs]),
        "start_year": _numbers(columns.start_year[pairs]),
        "end_year": _numbers(columns.end_year[pairs]),
        "imdb_type": columns.imdb_type[pairs].tolist(),
        "runtime_min": _numbers(columns.runtime_min[pairs]),
        "imdb_runtime_min": _numbers(columns.imdb_runtime_min[pairs]),
        "shared_people": texts(evidence.gathered.shared_names),
        "directors": texts(columns.directors),
        "imdb_directors": texts(columns.imdb_directors),
        "cast_count": counts(columns.cast_count),
        "imdb_cast_count": counts(columns.imdb_cast_count),
        "shared_cast": _numbers(columns.shared_cast[pairs]),
        "rarest": _numbers(columns.rarest[pairs]),
        "genres": texts(columns.genres),
        "imdb_genres": texts(columns.imdb_genres),
        # Not the votes themselves: this evidence is kept while they grow.
        "imdb_least_votes": [least_votes(votes) for votes in columns.votes[pairs].tolist()],
    }
    return (
        {key: value for key, value in zip(seen, values, strict=True) if value is not None}
        for values in zip(*seen.values(), strict=True)
    )


def _numbers(column: np.ndarray) -> list[float | None]:
    """Whole numbers as such; None for what is unknown."""
    values = column.astype(float).tolist()
    return [None if value != value else int(value) if value.is_integer() else value for value in values]
