"""People: by name, one with their titles, those of a title, and the way from one to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reelhouse.matching.keys import fold_name
from reelhouse.serving.asking.titles import LAST_LETTER, card_rows, title_key
from reelhouse.serving.models import Credit, Path, PersonCard, PersonPage, PersonTitle, Step
from reelhouse.serving.reading import Snapshot, require

# People further apart than this are not told of: nearly everybody is within it of everybody else.
MOST_TITLES = 6
# People looked at from one side before the search is given up.
MOST_PEOPLE = 60_000
SHOWN_TITLES = 50

PERSON_COLUMNS = (
    "coalesce(dim_person.imdb_person_id, dim_person.person_key::text) as id, dim_person.person_key,"
    " dim_person.person_name as name, dim_person.birth_year, dim_person.death_year, dim_person.professions,"
    " dim_person.is_name_only"
)


def search(seen: Snapshot, query: str, limit: int = 10, offset: int = 0) -> list[PersonCard]:
    """People by name: this very name first, then those that begin so, the best known of each first. Names that
    resemble it are looked for when nobody has this very one."""
    name = fold_name(query)
    if not name:
        return []
    values = {"name": name, "after": name + LAST_LETTER, "limit": limit, "offset": offset}
    is_named_so = seen.value(
        'select exists(select from warehouse.dim_person where folded_name collate "C" = %(name)s)', values
    )
    rows = seen.rows(_ranked(BEGINNING if is_named_so else f"{BEGINNING} union all {RESEMBLING}"), values)
    return [PersonCard(**row) for row in rows]


# A first name alone begins thousands of names, and whoever is best known of them may be the last in the alphabet.
LOOKED_AT = 4000
# Not `like`: a prepared plan does not know that its pattern has a beginning.
BEGINNING = f"""(
    select person_key, case when folded_name collate "C" = %(name)s then 3.0 else 2.0 end as closeness
    from warehouse.dim_person
    where folded_name collate "C" >= %(name)s and folded_name collate "C" < %(after)s
    order by folded_name collate "C"
    limit {LOOKED_AT}
)"""
RESEMBLING = """(
    select person_key, similarity(folded_name, %(name)s)::numeric
    from warehouse.dim_person
    where folded_name %% %(name)s
    order by similarity(folded_name, %(name)s) desc, person_key
    limit 200
)"""


def _ranked(found: str) -> str:
    return f"""
        with closest as (
            select person_key, trunc(max(closeness), 1) as closeness
            from ({found}) as found
            group by person_key
        ),

        known as (
            select
                closest.person_key,
                closest.closeness,
                (
                    select coalesce(sum(title_search.vote_count), 0)
                    from warehouse.bridge_title_person_role
                    inner join warehouse.title_search using (title_key)
                    where bridge_title_person_role.person_key = closest.person_key
                ) as fame
            from closest
        )

        select {PERSON_COLUMNS}
        from known
        inner join warehouse.dim_person using (person_key)
        order by known.closeness desc, known.fame desc, person_key
        limit %(limit)s offset %(offset)s
    """


def person_key(seen: Snapshot, person_id: str) -> int:
    """The key of a person who is named by nconst or key.

    Raises  NotThere
    """
    key = int(person_id.removeprefix("nm"))
    row = seen.row("select person_key from warehouse.dim_person where person_key = %(key)s", {"key": min(key, 2**62)})
    return require(row, f"There is no person {person_id}. /api/v1/people/search finds people by name.")["person_key"]


def one(seen: Snapshot, person_id: str, limit: int = SHOWN_TITLES, offset: int = 0) -> PersonPage:
    """A person and a page of their titles, the best known first."""
    key = person_key(seen, person_id)
    person = seen.row(f"select {PERSON_COLUMNS} from warehouse.dim_person where person_key = %(key)s", {"key": key})
    rows = seen.rows(
        "select title_key, array_agg(distinct role order by role) as roles,"
        " array_agg(distinct part) filter (where part is not null) as characters"
        " from warehouse.bridge_title_person_role inner join warehouse.dim_role using (role_key)"
        " inner join warehouse.title_search using (title_key) left join lateral unnest(characters) as part on true"
        " where person_key = %(key)s group by title_key, vote_count order by vote_count desc, title_key limit %(limit)s"
        " offset %(offset)s",
        {"key": key, "limit": limit, "offset": offset},
    )
    count = seen.value(
        "select count(distinct title_key) from warehouse.bridge_title_person_role"
        " inner join warehouse.title_search using (title_key) where person_key = %(key)s",
        {"key": key},
    )
    by_key = {row["title_key"]: row for row in rows}
    titles = [
        PersonTitle(**card, roles=each["roles"], characters=each["characters"] or [])
        for card in card_rows(seen, list(by_key))
        for each in [by_key[card["title_key"]]]
    ]
    return PersonPage(**person, load_id=seen.load_id, title_count=count, titles=titles)


def of_title(seen: Snapshot, title_id: str) -> list[Credit]:
    """The people of a title: directors, writers, then the cast as billed."""
    rows = seen.rows(
        "select person_key, coalesce(imdb_person_id, person_key::text) as id, person_name as name, role,"
        " billing_order, characters, is_name_only, sources from mart.title_people where title_key = %(key)s"
        " order by array_position(array['director', 'writer'], role), billing_order nulls last, person_name,"
        " person_key",
        {"key": title_key(seen, title_id)},
    )
    return [Credit(**row) for row in rows]


def path(seen: Snapshot, first_id: str, second_id: str) -> Path:
    """The shortest way between two people through titles they share: from both sides at once, the smaller one first."""
    first, second = person_key(seen, first_id), person_key(seen, second_id)
    # person -> (person before, title between), from each end
    sides: tuple[dict, dict] = ({first: None}, {second: None})
    edges: list[set[int]] = [{first}, {second}]
    meeting = first if first == second else None
    for _ in range(MOST_TITLES):
        if meeting is not None or not all(edges):
            break
        side = 0 if len(edges[0]) <= len(edges[1]) else 1
        edges[side] = _widen(seen, sides[side], edges[side])
        meeting = min(edges[side] & sides[1 - side].keys(), default=None)
        if max(map(len, sides)) > MOST_PEOPLE:
            break
    if meeting is None:
        return Path(load_id=seen.load_id, steps=[], length=None)
    way = _way(sides, meeting)
    return Path(load_id=seen.load_id, steps=_steps(seen, way), length=len(way) - 1)


def _widen(seen: Snapshot, known: dict, edge: Iterable[int]) -> set[int]:
    """Everybody who shares a title with somebody of the edge and is not known yet; of several ways the best known."""
    rows = seen.rows(
        "select distinct on (other.person_key) other.person_key, one.person_key as before, one.title_key"
        " from warehouse.bridge_title_person_role as one"
        " inner join warehouse.title_search using (title_key)"
        " inner join warehouse.bridge_title_person_role as other using (title_key)"
        " where one.person_key = any(%(edge)s)"
        " order by other.person_key, title_search.vote_count desc, one.title_key, one.person_key",
        {"edge": list(edge)},
    )
    new = {row["person_key"]: (row["before"], row["title_key"]) for row in rows if row["person_key"] not in known}
    known.update(new)
    return set(new)


def _way(sides: tuple[dict, dict], meeting: int) -> list[tuple[int, int | None]]:
    """(person, title shared with the one before) from the first to the second."""
    way = []
    person, through = meeting, sides[0][meeting]
    while through is not None:
        way.append((person, through[1]))
        person = through[0]
        through = sides[0][person]
    way = [(person, None), *reversed(way)]
    person, through = meeting, sides[1][meeting]
    while through is not None:
        way.append((through[0], through[1]))
        person = through[0]
        through = sides[1][person]
    return way


def _steps(seen: Snapshot, way: Sequence[tuple[int, int | None]]) -> list[Step]:
    people = {
        row["person_key"]: row
        for row in seen.rows(
            f"select {PERSON_COLUMNS} from warehouse.dim_person where person_key = any(%(keys)s)",
            {"keys": [person for person, _ in way]},
        )
    }
    titles = {row["title_key"]: row for row in card_rows(seen, [title for _, title in way if title is not None])}
    return [
        Step(
            person_id=people[person]["id"],
            name=people[person]["name"],
            through_id=titles[title]["id"] if title is not None else None,
            through_title=titles[title]["title"] if title is not None else None,
        )
        for person, title in way
    ]


def colleagues(seen: Snapshot, person_id: str, country: str | None, decade: int | None, limit: int) -> list[dict]:
    """Who was in titles with a person, the most frequent first.

    Takes   country  of production, in any of the ways that mart.country_words has
            decade   1990: titles of 1990 to 1999
    """
    return seen.rows(
        "select coalesce(dim_person.imdb_person_id, dim_person.person_key::text) as id,"
        " dim_person.person_name as name, count(distinct other.title_key) as title_count"
        " from warehouse.bridge_title_person_role as own"
        " inner join warehouse.title_search using (title_key)"
        " inner join warehouse.bridge_title_person_role as other using (title_key)"
        " inner join warehouse.dim_person on other.person_key = dim_person.person_key"
        " where own.person_key = %(key)s and other.person_key <> %(key)s"
        " and (%(decade)s::integer is null or title_search.release_year between %(decade)s and %(decade)s + 9)"
        " and (%(country)s::text is null or exists (select from warehouse.bridge_title_country"
        " inner join warehouse.dim_country using (country_key) where bridge_title_country.title_key = own.title_key"
        " and (lower(dim_country.country) = lower(%(country)s) or dim_country.country in"
        " (select words.country from mart.country_words as words where lower(words.word) = lower(%(country)s)))))"
        " group by dim_person.person_key, dim_person.imdb_person_id, dim_person.person_name"
        " order by title_count desc, dim_person.person_name, dim_person.person_key limit %(limit)s",
        {"key": person_key(seen, person_id), "country": country, "decade": decade, "limit": limit},
    )
