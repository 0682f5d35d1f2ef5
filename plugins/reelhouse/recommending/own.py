"""A method of one's own: scores that a data scientist sends, or a Python function, made into lists like ours.

Two ways in. `send_scores` keeps a table of scores under a name; the next refresh makes lists of it. A package with an
entry point in group `reelhouse.methods` is called at each refresh with the catalogue and the events, and gives such
scores. Either way the same filters, caps and checks apply, quality is measured beside ours, and a method that falls
below its gate keeps its former lists, without holding back anybody else's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from typing import NamedTuple

import numpy as np
import psycopg

from reelhouse.errors import QueryWrong
from reelhouse.recommending import selecting
from reelhouse.recommending.content import Features, Title
from reelhouse.recommending.events import Events

GROUP = "reelhouse.methods"
FIRST_KEY = 100
_NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")

Score = tuple[int, int, float]  # (title_key, title_key recommended beside it, score above 0)
Function = Callable[[Sequence[Title], Events], Iterable[Score]]


class Own(NamedTuple):
    """A method of one's own and its scores, as rows of the catalogue."""

    method_key: int
    method: str
    source: np.ndarray
    target: np.ndarray
    score: np.ndarray


def send_scores(conn: psycopg.Connection, method: str, scores: Iterable[Score]) -> dict[str, int]:
    """Keep scores as a method, in place of what was sent under that name before, in one transaction.

    Takes   scores  (title_key, recommended title_key, score above 0); the larger the better, on any scale
    Gives   method_key, rows
    Raises  QueryWrong when the name is ours, a title is not there, or a score cannot be, and when the login may not:
            what everybody is recommended is up to who runs the days (role etl)
    Reruns  the same scores leave the same rows
    """
    (may_send,) = conn.execute("select has_table_privilege('warehouse.sent_score', 'insert')").fetchone()
    if not may_send:
        raise QueryWrong(
            f"Method {method}: expected a login that publishes (role etl or owner), found {conn.info.user}: scientists "
            "write into curated and their sandbox. Hand the scores to whoever runs the days."
        )
    with conn.transaction():
        method_key = _register(conn, method, f"Scores sent under the name {method}.", is_sent=True)
        conn.execute("delete from warehouse.sent_score where method_key = %s", (method_key,))
        try:
            with conn.cursor() as cursor:
                with cursor.copy(
                    "copy warehouse.sent_score (method_key, source_title_key, recommended_title_key, score) from stdin"
                ) as copy:
                    for source, target, score in scores:
                        copy.write_row((method_key, source, target, score))
                rows = cursor.rowcount
        except psycopg.IntegrityError as error:
            raise QueryWrong(
                f"Method {method}: expected pairs of two titles of the warehouse, each once, with a score above 0,"
                f" found: {error.diag.message_detail or error.diag.message_primary}"
            ) from error
        if not rows:
            raise QueryWrong(f"Method {method}: expected scores, found none.")
    return {"method_key": method_key, "rows": rows}


def _register(conn: psycopg.Connection, method: str, description: str, is_sent: bool) -> int:
    """Key of a method of one's own; a new one the first time."""
    if not _NAME.fullmatch(method):
        raise QueryWrong(f"Method: expected a name of 3 to 40 small letters, digits and _, found {method!r}.")
    conn.execute("lock table warehouse.dim_rec_method in share row exclusive mode")
    row = conn.execute(
        "select method_key, is_own from warehouse.dim_rec_method where method = %s", (method,)
    ).fetchone()
    if row and not row[1]:
        raise QueryWrong(f"Method {method}: expected a name of your own, found one of ours.")
    if row is None:
        row = conn.execute(
            "insert into warehouse.dim_rec_method (method_key, method, subject_kind, is_default, is_own, description)"
            " select greatest(%s, max(method_key) + 1), %s, 'title', false, true, %s from warehouse.dim_rec_method"
            " returning method_key",
            (FIRST_KEY, method, description),
        ).fetchone()
    if is_sent:
        conn.execute(
            "update warehouse.dim_rec_method set sent_by = session_user, sent_at = now(), description = %s"
            " where method_key = %s",
            (description, row[0]),
        )
    return row[0]


def read_own(conn: psycopg.Connection, titles: Sequence[Title], events: Events) -> list[Own]:
    """All methods of one's own with their scores; pairs with a title in no catalogue are left out.

    Raises  QueryWrong when a function fails or gives what is no score
    """
    keys = np.sort(np.array([title.title_key for title in titles], dtype=np.int64))
    found = [
        _own(key, name, keys, conn.execute(
            "select source_title_key, recommended_title_key, score from warehouse.sent_score where method_key = %s",
            (key,),
        ).fetchall())
        for key, name in conn.execute(
            "select method_key, method from warehouse.dim_rec_method where is_own and sent_at is not null order by 1"
        ).fetchall()
    ]  # fmt: skip
    for name, function in _declared().items():
        try:
            rows = [(int(source), int(target), float(score)) for source, target, score in function(titles, events)]
        except Exception as error:
            raise QueryWrong(f"Method {name}: expected (title_key, title_key, score) rows, found: {error!r}") from error
        key = _register(conn, name, (function.__doc__ or f"Python function {name}.").strip().splitlines()[0], False)
        found.append(_own(key, name, keys, rows))
    return found


def _declared() -> dict[str, Function]:
    return {point.name: point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def versions(conn: psycopg.Connection) -> str:
    """What a refresh depends on beside the warehouse: which scores were sent when, which packages are installed."""
    sent = conn.execute(
        "select method || ' ' || sent_at from warehouse.dim_rec_method where sent_at is not null order by method_key"
    ).fetchall()
    declared = [f"{point.name} {point.dist.version if point.dist else ''}" for point in entry_points(group=GROUP)]
    return " ".join([*(said for (said,) in sent), *sorted(declared)])


def _own(method_key: int, method: str, keys: np.ndarray, rows: Sequence[Score]) -> Own:
    source, target, score = (np.array(column) for column in zip(*rows, strict=True)) if rows else (np.empty(0),) * 3
    is_there = np.isin(source, keys) & np.isin(target, keys) & (source != target) & np.isfinite(score) & (score > 0)
    return Own(
        method_key, method, np.searchsorted(keys, source[is_there]), np.searchsorted(keys, target[is_there]),
        score[is_there].astype(np.float64),
    )  # fmt: skip


def ranked(features: Features, own: Own, child_limit: int) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """For each source, the targets that its viewers may be shown, best first, equals in the fixed order."""
    allowed: dict[selecting.Audience, np.ndarray] = {}
    order = np.lexsort((features.tie_rank[own.target], -own.score, own.source))
    sources, starts = np.unique(own.source[order], return_index=True)
    for row, places in zip(sources.tolist(), np.split(order, starts[1:]), strict=True):
        audience = selecting.audience_of(features.titles[row], child_limit, bool(features.is_bare[row]))
        if audience not in allowed:
            allowed[audience] = selecting.allowed_targets(features, audience)
        yield (
            row,
            [
                (int(own.target[place]), float(own.score[place]))
                for place in places
                if allowed[audience][own.target[place]]
            ],
        )
