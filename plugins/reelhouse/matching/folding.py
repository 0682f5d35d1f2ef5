"""Folding: what staging says of titles, people and catalogue rows, as the rows of the key tables.

The queries name what is read, the functions are pure: rows in, rows of each table out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reelhouse.copying import copy_line, escaped
from reelhouse.day import CATALOGUES
from reelhouse.matching.evidence import SERIES_TYPES
from reelhouse.matching.keys import (
    TitleForms,
    fold_name,
    fold_title,
    link_title,
    link_year,
    person_key,
    plain_name,
    plain_title,
    stated_year,
    title_forms,
    title_key,
    undated,
)

# Staging keeps no others; said again here because a candidate of another type would be a wrong link.
CANDIDATE_TYPES = frozenset({"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"})
SOURCE_COLUMNS = (
    "source, source_id, kind, title, release_year, runtime_min, season_count, description, directors, writers, actors,"
    " genres"
)


@dataclass(frozen=True, slots=True)
class Fold:
    """How the rows of one query become rows of key tables.

    tables  table of the schema matching -> its columns
    lines   for each table its rows as lines of COPY text
    """

    query: str
    tables: dict[str, tuple[str, ...]]
    lines: Callable[[Sequence[tuple]], Sequence[Iterable[bytes]]]


_TITLES = """
    select
        title.imdb_title_number, title.is_adult, title.title_type, title.start_year, title.primary_title,
        title.original_title, {akas} as akas
    from staging.imdb_titles as title
"""
_OTHER_NAME = "aka.title <> title.primary_title and aka.title is distinct from title.original_title"
# For a few titles their other names are looked up. For all, that took more than half as long as folding them.
IMDB_TITLES = _TITLES.format(
    akas="(select array_agg(aka.title order by aka.aka_order) from staging.imdb_akas as aka"
    f" where aka.imdb_title_number = title.imdb_title_number and {_OTHER_NAME})"
)
_ALL_IMDB_TITLES = f"""
    {_TITLES.format(akas="named.akas")}
    left join (
        select aka.imdb_title_number, array_agg(aka.title order by aka.aka_order) as akas
        from staging.imdb_akas as aka
        inner join staging.imdb_titles as title on aka.imdb_title_number = title.imdb_title_number
        where {_OTHER_NAME}
        group by aka.imdb_title_number
    ) as named on title.imdb_title_number = named.imdb_title_number
"""
IMDB_PEOPLE = "select imdb_person_number, person_name from staging.imdb_people"
_CATALOGUE = """
    select
        '{source}', source_id, kind, title, release_year, runtime_min, season_count, description, directors,
        '{{}}'::text[], actors, categories
    from staging.{source}_titles
"""
_ROTTEN_TOMATOES = """
    select
        'rotten_tomatoes', source_id, 'movie', title,
        extract(year from coalesce(release_date, streaming_date))::smallint, runtime_min, null::smallint, synopsis,
        directors, writers, actors, genres
    from staging.rotten_tomatoes_movies
"""
# Not its imdb_id, which is sometimes wrong and may be looked at only to see how often ours agree with it.
_JUSTWATCH = """
    select
        'justwatch', title.source_id, title.kind, title.title, title.release_year, title.runtime_min,
        title.season_count, title.description, coalesce(credit.directors, '{}'), '{}'::text[],
        coalesce(credit.actors, '{}'), title.genres
    from staging.justwatch_titles as title
    left join (
        select
            source_id,
            array_agg(person_name order by line_number) filter (where role = 'director') as directors,
            array_agg(person_name order by line_number) filter (where role = 'actor') as actors
        from staging.justwatch_credits
        group by source_id
    ) as credit on title.source_id = credit.source_id
"""
_SOURCES = (
    *(_CATALOGUE.format(source=source) for source in CATALOGUES),
    _ROTTEN_TOMATOES,
    _JUSTWATCH,
)


def _title_lines(rows: Sequence[tuple]) -> tuple[list[bytes], list[bytes]]:
    """Rows of imdb_title_name and imdb_title_key."""
    names: list[str] = []
    keys: list[str] = []
    for number, is_adult, title_type, start_year, primary, original, akas in rows:
        # Most titles have one name of nothing but letters.
        plain = plain_title(primary) if not akas and (original is None or original == primary) else None
        if plain:
            folded, key = plain
            names.append(f"{number}\tprimary\t{primary}\t{folded}\t{key}\n")
            title_keys = {key: False}
        else:
            title_keys = _add_names(names, number, _spellings(primary, original, akas))
        if not is_adult and title_type in CANDIDATE_TYPES:
            year = "\\N" if start_year is None else start_year
            rest = f"\t{year}\t{'t' if title_type in SERIES_TYPES else 'f'}\n"
            for key, is_part in title_keys.items():
                keys.append(f"{escaped(key)}\t{number}\t{'t' if is_part else 'f'}{rest}")
    return ["".join(names).encode()], ["".join(keys).encode()]


def _add_names(names: list[str], number: int, spellings: Iterable[tuple[str, str]]) -> dict[str, bool]:
    """Add a title's rows of imdb_title_name; gives its keys and whether they are only a part's."""
    title_keys: dict[str, bool] = {}
    folds: set[str] = set()
    for kind, name in spellings:
        plain = plain_title(name)
        if plain:
            folded, key = plain
        else:
            forms = title_forms(name)
            folded, key = forms.folded, title_key(forms.base)
        if folded not in folds:
            folds.add(folded)
            names.append(f"{number}\t{kind}\t{escaped(name)}\t{escaped(folded)}\t{escaped(key)}\n")
            title_keys[key] = False
            if not plain:
                _collect_keys(title_keys, forms)
    return title_keys


def _spellings(primary: str, original: str | None, akas: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Each way a title is written, once, with the strictest kind of name; most akas are the title itself."""
    seen = {primary}
    if primary:
        yield "primary", primary
    if original and original not in seen:
        seen.add(original)
        yield "original", original
    for aka in akas or ():
        if aka and aka not in seen:
            seen.add(aka)
            yield "aka", aka


def _person_lines(rows: Sequence[tuple]) -> tuple[list[bytes]]:
    """Rows of imdb_person_name."""
    lines: list[str] = []
    for number, name in rows:
        if name.isascii():
            # Two words of letters, which four names in five are, without taking the name apart any further.
            folded = name.lower()
            first, _, second = folded.partition(" ")
            if len(first) > 1 and len(second) > 1 and first.isalpha() and second.isalpha():
                key = first + second if first <= second else second + first
                lines.append(f"{number}\t{folded}\t{key}\n")
                continue
        folded, key = plain_name(name) or _name_and_key(name)
        lines.append(f"{number}\t{escaped(folded)}\t{escaped(key)}\n")
    return (["".join(lines).encode()],)


def _name_and_key(name: str) -> tuple[str, str]:
    folded = fold_name(name)
    return folded, person_key(folded)


def _source_lines(rows: Sequence[tuple]) -> tuple[Iterable[bytes], ...]:
    """Rows of source_title, source_title_key and source_person."""
    titles: list[tuple] = []
    keys: list[tuple] = []
    people: list[tuple] = []
    for source, source_id, kind, title, year, runtime, seasons, description, *lists, genres in rows:
        forms = title_forms(title)
        base_key = title_key(forms.base)
        title_keys: dict[str, bool] = {base_key: False}
        _collect_keys(title_keys, forms)
        is_linked = source == "rotten_tomatoes"
        plain = undated(forms.base, year)
        if plain != forms.base:
            title_keys[title_key(plain)] = False
        link = link_title(source_id) if is_linked else ""
        if link:
            title_keys[title_key(link)] = False
        digest = hashlib.sha256(fold_title(description).encode()).hexdigest() if description else None
        titles.append((
            source, source_id, kind, title, forms.folded, forms.base, base_key, link or None, year,
            (link_year(source_id) if is_linked else None) or stated_year(title), runtime, seasons, digest,
            _joined_folds(lists[0]), _joined_folds(lists[2]), "|".join(genre for genre in genres if genre is not None),
        ))  # fmt: skip
        keys += [(source, source_id, key, is_part) for key, is_part in title_keys.items()]
        for role, names in zip(("director", "writer", "cast"), lists, strict=True):
            people += _people(source, source_id, role, names)
    return tuple(map(copy_line, rows_of_table) for rows_of_table in (titles, keys, people))


def _joined_folds(names: Sequence[str]) -> str:
    return "|".join(sorted({fold_name(name) for name in names}))


def _people(source: str, source_id: str, role: str, names: Sequence[str]) -> Iterator[tuple]:
    seen: set[str] = set()
    for order, name in enumerate(names, start=1):
        folded = fold_name(name)
        if folded not in seen:
            seen.add(folded)
            yield source, source_id, role, order, name, folded, person_key(folded)


def _collect_keys(title_keys: dict[str, bool], forms: TitleForms) -> None:
    """Add to the key of a base title the others, with whether they are only a part's; a whole name's is never so."""
    if forms.folded != forms.base:
        title_keys[title_key(forms.folded)] = False
    for part in forms.part_folds:
        title_keys.setdefault(title_key(part), True)


FOLDED_TITLES = Fold(
    _ALL_IMDB_TITLES,
    {
        "imdb_title_name": ("imdb_title_number", "name_kind", "name", "folded_title", "title_key"),
        "imdb_title_key": ("title_key", "imdb_title_number", "is_part", "start_year", "is_series"),
    },
    _title_lines,
)
FOLDED_PEOPLE = Fold(
    IMDB_PEOPLE, {"imdb_person_name": ("imdb_person_number", "folded_name", "person_key")}, _person_lines
)
_SOURCE_TABLES = {
    "source_title": (
        "source", "source_id", "kind", "title", "folded_title", "base_title", "title_key", "link_title",
        "release_year", "link_year", "runtime_min", "season_count", "description_sha256", "director_names",
        "cast_names", "genres",
    ),
    "source_title_key": ("source", "source_id", "title_key", "is_part"),
    "source_person": ("source", "source_id", "role", "billing_order", "person_name", "folded_name", "person_key"),
}  # fmt: skip
FOLDED_SOURCES = tuple(Fold(query, _SOURCE_TABLES, _source_lines) for query in _SOURCES)
