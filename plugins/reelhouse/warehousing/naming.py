"""Names that people type, and the title they mean."""

from __future__ import annotations

import re

import psycopg
from psycopg.rows import scalar_row

from reelhouse.matching.keys import fold_title

LONGEST_QUERY = 200
_ARTICLE = re.compile(r"^(the|an|a) (?=.)")


def search_name(text: str) -> str:
    """What is typed, as warehouse.title_name has it.

    >>> search_name("The Matrix"), search_name("the"), search_name("  Amélie!")
    ('matrix', 'the', 'amelie')
    """
    return _ARTICLE.sub("", fold_title(text[:LONGEST_QUERY]))


# First those that a catalogue writes so, then those that are called so themselves and not only elsewhere, then those of
# a catalogue, then the best known.
TITLE_OF_NAME = """
select title_name.title_key
from warehouse.title_name
inner join warehouse.title_search using (title_key)
inner join warehouse.dim_title using (title_key)
where title_name.search_name = %(searched)s
order by
    exists (
        select
        from warehouse.bridge_title_source as entry
        where
            entry.title_key = title_name.title_key
            and entry.platform_key is not null
            and lower(entry.source_title) = lower(%(written)s)
    ) desc,
    (dim_title.folded_title = %(folded)s) desc,
    (title_search.platforms <> '{}') desc,
    title_name.vote_count desc,
    title_name.title_key
limit 1
"""


def spelled(name: str) -> dict[str, str | None]:
    """A name as TITLE_OF_NAME asks for it; of nothing but marks and blanks it finds no title.

    >>> spelled(" The  Matrix!")
    {'searched': 'matrix', 'folded': 'the matrix', 'written': 'The  Matrix!'}
    """
    return {"searched": search_name(name) or None, "folded": fold_title(name), "written": name.strip()}


def title_of_name(conn: psycopg.Connection, name: str) -> int | None:
    """Key of the title that a name means most likely, however it is written; None when no title has it."""
    return conn.cursor(row_factory=scalar_row).execute(TITLE_OF_NAME, spelled(name)).fetchone()
