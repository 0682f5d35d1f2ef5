"""The model that lists for viewers are made from: put together at a refresh, kept in the database, read in a moment."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import fields
from typing import NamedTuple

import numpy as np
import psycopg
from isal import isal_zlib
from scipy import sparse

from reelhouse.errors import OutOfStep
from reelhouse.recommending import reasons
from reelhouse.recommending.content import Features
from reelhouse.recommending.linear import Ties
from reelhouse.recommending.selecting import GROWN_UP_AGE, LIST_LENGTH, Choices
from reelhouse.recommending.viewers.model import Model

VIEWERS = "viewers"
POPULAR_LENGTH = 200
POPULAR_GENRE_SHARE = 0.25
# The same bytes for the same content, so that an unchanged model is seen to be one.
_MOMENT = (1980, 1, 1, 0, 0, 0)


class Tuned(NamedTuple):
    """What was measured on viewers: how much newer likes count more, and what a raw score means."""

    recency: float | None = None
    score_knots: tuple[np.ndarray, np.ndarray] = (np.empty(0), np.empty(0))


def make_model(
    features: Features, franchise: np.ndarray, similar: Choices, ties: Ties, names: dict[int, str], tuned: Tuned
) -> Model:
    """A model of a catalogue and of the ties between titles.

    Takes   similar  the lists of similar titles
            names    of the liked titles, in the catalogue or not
    """
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    lists = np.full((len(keys), LIST_LENGTH), -1, dtype=np.int32)
    lists[similar.source, similar.rank - 1] = similar.target
    may_be_shown = np.array(
        [not title.is_adult and (title.least_age or 0) <= GROWN_UP_AGE for title in features.titles], dtype=bool
    )
    popular, score, why = popular_titles(features, may_be_shown)
    return Model(
        titles=keys,
        names=[title.title for title in features.titles],
        may_be_shown=may_be_shown,
        content=_of_length_one(features.matrix),
        labels=features.columns,
        popularity=features.popularity,
        franchise=franchise,
        tie_rank=features.tie_rank,
        similar=lists,
        popular=popular,
        popular_score=score,
        popular_why=why,
        liked=ties.titles,
        liked_names=[names.get(key, "") for key in ties.titles.tolist()],
        ties=to_catalogue(ties, keys),
        recency=tuned.recency,
        score_knots=tuned.score_knots,
    )


def _of_length_one(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of length one; empty ones stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    found = matrix.copy()
    found.data /= np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(matrix.indptr))
    return found


def to_catalogue(ties: Ties, keys: np.ndarray) -> sparse.csr_matrix:
    """Ties with catalogue rows for columns. Titles in no catalogue are nobody's targets."""
    is_shown = np.isin(ties.titles, keys)
    columns = np.flatnonzero(is_shown)
    places = sparse.csr_matrix(
        (np.ones(len(columns)), (columns, np.searchsorted(keys, ties.titles[is_shown]))),
        shape=(len(ties.titles), len(keys)),
    )
    found = sparse.csr_matrix(ties.matrix @ places)
    found.sort_indices()
    return found


def popular_titles(features: Features, may_be_shown: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Best known and best rated titles, none of the first genres with more than a quarter of the places so far."""
    score = np.round(features.popularity * features.quality, 8)
    order = [row for row in np.lexsort((features.tie_rank, -score)).tolist() if may_be_shown[row] and score[row] > 0]
    picks: list[int] = []
    counts: dict[str, int] = {}
    waiting = order[: 4 * POPULAR_LENGTH]
    while waiting and len(picks) < POPULAR_LENGTH:
        limit = max(2.0, POPULAR_GENRE_SHARE * (len(picks) + 1))
        row = next((row for row in waiting if counts.get(_first_genre(features, row), 0) < limit), waiting[0])
        waiting.remove(row)
        picks.append(row)
        counts[_first_genre(features, row)] = counts.get(_first_genre(features, row), 0) + 1
    why = [
        f"{reasons.votes_in_words(features.titles[row].vote_count)},"
        f" {reasons.rating_in_words(features.titles[row].weighted_of_10)}"
        for row in picks
    ]
    return np.array(picks, dtype=np.int64), score[np.array(picks, dtype=np.int64)], why


def _first_genre(features: Features, row: int) -> str:
    genres = features.titles[row].fields.get("genre", ())
    return genres[0][1] if genres else ""


# --- kept -----------------------------------------------------------------------------------------------


def to_bytes(model: Model) -> bytes:
    """A model as an archive of arrays, the same bytes for the same model."""
    arrays: dict[str, np.ndarray] = {}
    for field in fields(model):
        value = getattr(model, field.name)
        if sparse.issparse(value):
            for part in ("data", "indices", "indptr", "shape"):
                arrays[f"{field.name}.{part}"] = np.asarray(getattr(value, part))
        elif isinstance(value, np.ndarray):
            arrays[field.name] = value
        elif field.name == "score_knots":
            arrays["knots"], arrays["shares"] = value
        else:
            arrays[f"{field.name}.json"] = np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), dtype=np.uint8)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in sorted(arrays):
            content = io.BytesIO()
            np.save(content, arrays[name], allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy", _MOMENT), content.getvalue())
    # As a whole and by isal, a fifth of what zlib takes for it inside the archive.
    return isal_zlib.compress(archive.getvalue(), 1)


def from_bytes(contents: bytes) -> Model:
    """The model that `to_bytes` wrote."""
    # Models kept before 2026-11-22 are archives themselves.
    archive = contents if contents.startswith(b"PK") else isal_zlib.decompress(contents)
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        values: dict[str, object] = {}
        for field in fields(Model):
            if f"{field.name}.data" in arrays:
                parts = tuple(arrays[f"{field.name}.{part}"] for part in ("data", "indices", "indptr"))
                values[field.name] = sparse.csr_matrix(parts, shape=tuple(arrays[f"{field.name}.shape"]))
            elif field.name == "score_knots":
                values[field.name] = (arrays["knots"], arrays["shares"])
            elif field.name in arrays:
                values[field.name] = arrays[field.name]
            else:
                values[field.name] = json.loads(arrays[f"{field.name}.json"].tobytes())
    return Model(**values)


def write_model(conn: psycopg.Connection, model: Model, figures: dict[str, object], load_id: int) -> None:
    """Keep a model aside, for the publish to bring to readers."""
    contents = to_bytes(model)
    conn.execute("truncate build.recommendation_model")
    conn.execute(
        "insert into build.recommendation_model values (%s, %b, %s, %s, %s)",
        (VIEWERS, contents, hashlib.sha256(contents).hexdigest(), json.dumps(figures), load_id),
    )


def read_model(conn: psycopg.Connection) -> tuple[Model, int]:
    """The model that readers' lists were made from, and the load it is of.

    Raises  OutOfStep when recommendations were never published
    """
    with conn.cursor(binary=True) as cursor:
        row = cursor.execute(
            "select contents, load_id from warehouse.recommendation_model where model = %s", (VIEWERS,)
        ).fetchone()
    if row is None:
        raise OutOfStep("Recommendations: expected a published refresh, found none. Run a day first: reelhouse run.")
    return from_bytes(row[0]), row[1]
