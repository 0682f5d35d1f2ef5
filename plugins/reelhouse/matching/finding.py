"""Finding: the rows of the sources that a person means by a title, typed as people type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from reelhouse.matching.keys import title_forms, title_key

# Share of common letters from which a title may be meant; a letter or two in ten are a slip of the fingers.
LEAST_ALIKE = 0.75
# Titles that come this near to the most similar one may be meant as well.
AS_ALIKE = 0.05
# Titles of which all words were typed are shown, but come after those that are nearly equal.
CONTAINED_ALIKE = 0.76
MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of a source with what was decided of it; `band` is None when nothing was yet."""

    source: str
    source_id: str
    kind: str
    title: str
    release_year: int | None
    folded_title: str
    base_title: str
    title_key: str
    band: str | None
    imdb_title_number: int | None


def find_rows(
    conn: psycopg.Connection,
    title: str,
    source: str | None = None,
    year: int | None = None,
    kind: str | None = None,
    source_id: str | None = None,
) -> list[FoundRow]:
    """Rows whose title is the one typed; without any, those that are most like it, best first.

    Takes   source, year, kind, source_id  what else is known of the row
    """
    asked = {"source": source, "year": year, "kind": kind, "source_id": source_id}
    query = (
        "select title.source, title.source_id, title.kind, title.title, title.release_year, title.folded_title,"
        " title.base_title, title.title_key, decision.band, decision.imdb_title_number"
        " from matching.source_title as title left join matching.title_decision as decision using (source, source_id)"
        " where (%(source)s::text is null or title.source = %(source)s)"
        " and (%(year)s::integer is null or title.release_year = %(year)s)"
        " and (%(kind)s::text is null or title.kind = %(kind)s)"
        " and (%(source_id)s::text is null or title.source_id = %(source_id)s)"
        ' order by title.source, title.release_year, title.source_id collate "C"'
    )
    rows = [FoundRow(*row) for row in conn.execute(query, asked)]
    return _equal(rows, title) or _alike(rows, title)


def _equal(rows: Sequence[FoundRow], title: str) -> list[FoundRow]:
    """Rows of this very title; without any, of this title but for version, article and numerals."""
    forms = title_forms(title)
    key = title_key(forms.base)
    return [row for row in rows if row.folded_title == forms.folded] or [
        row for row in rows if row.base_title == forms.base or row.title_key == key
    ]


def _alike(rows: Sequence[FoundRow], title: str) -> list[FoundRow]:
    if not rows:
        return []
    forms = title_forms(title)
    by_letter = process.cdist(
        [title_key(forms.base)], [row.title_key for row in rows], scorer=Indel.normalized_similarity
    )[0]
    by_word = process.cdist([forms.folded], [row.folded_title for row in rows], scorer=fuzz.token_set_ratio)[0]
    alike = np.maximum(by_letter, CONTAINED_ALIKE * (by_word >= 100))
    order = np.lexsort((np.arange(len(rows)), -alike))[:MOST_FOUND]
    least = max(LEAST_ALIKE, float(alike.max()) - AS_ALIKE)
    return [rows[place] for place in order.tolist() if alike[place] >= least]
