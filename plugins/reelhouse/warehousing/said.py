"""Who is who in what the sources said: identity.py between the tables that it reads and those that it fills."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import psycopg
from psycopg import sql

from reelhouse.matching.keys import stated_year
from reelhouse.warehousing.identity import FIRST_KEY, Node, Run, Work, plain_part, works_of

_NODES = """
select source, plain_key, fingerprint, is_base, min(folded_names), min(description_sha256),
    array_agg(from_date), array_agg(least(until_date, newest_date)), array_agg(imdb_title_number),
    array_agg(through_plain_key), array_agg(through_fingerprint),
    array_agg(distinct title) filter (where kind = 'series')
from {schema}.hist_source_row inner join (
    select source, max(loaded_date) as newest_date from {schema}.loaded_day group by source
) as newest using (source)
where source <> 'justwatch'
group by source, plain_key, fingerprint, is_base
"""


def tell_identities(conn: psycopg.Connection) -> int:
    """Fill build.said_node, build.title_identity and build.shifted_key from build.hist_source_row.

    Gives  nodes
    Reruns the same days give the same keys; a key that was ever published stays, and says what it is now
    """
    works = works_of(_read_nodes(conn, "build"))
    _copy(
        conn,
        "said_node (source, plain_key, fingerprint, is_base, natural_key, identity_key, title_key)",
        (
            (
                node.source, node.plain_key, node.fingerprint, node.is_base, work.natural_key, work.identity_key,
                work.title_key(node),
            )
            for work in works for node in work.nodes
        ),
    )  # fmt: skip
    _copy(
        conn,
        "title_identity (title_key, natural_key, first_seen_date, last_seen_date, merged_into, split_from)",
        list(_identities(conn, works)),
    )
    _copy(conn, "shifted_key (old_key, new_key)", list(_shifted(conn, works)))
    return sum(len(work.nodes) for work in works)


def _read_nodes(conn: psycopg.Connection, schema: str) -> list[Node]:
    rows = conn.execute(sql.SQL(_NODES).format(schema=sql.Identifier(schema))).fetchall()
    return [
        Node(*key, frozenset(names), description, tuple(sorted(map(_run, *columns), key=_run_order)), _year_of(titles))
        for (*key, names, description), columns, titles in ((row[:6], row[6:-1], row[-1]) for row in rows)
    ]


def _year_of(titles: list[str] | None) -> int | None:
    """The year that all titles of a series state which state one."""
    years = {stated_year(title) for title in titles or ()} - {None}
    return years.pop() if len(years) == 1 else None


def _run(first: date, last: date, link: int | None, plain_key: str | None, fingerprint: str | None) -> Run:
    return Run(first, last, link, None if plain_key is None else (plain_key, fingerprint or ""))


def _run_order(run: Run) -> tuple:
    return run.first, run.last, run.link is not None, run.link or 0, run.through or ()


def _copy(conn: psycopg.Connection, target: str, rows: Iterable[tuple]) -> None:
    # Not from a generator that asks the database: while the copy runs, the connection has no ear for it.
    with conn.cursor() as cursor, cursor.copy(f"copy build.{target} from stdin") as copy:
        for row in rows:
            copy.write_row(row)


def _identities(conn: psycopg.Connection, works: list[Work]) -> Iterator[tuple]:
    """A row for each work that was without a link on some day, and for each key that was ever published."""
    newest = dict(conn.execute("select source, max(loaded_date) from build.loaded_day group by source").fetchall())
    known = conn.execute(
        "select title_key, natural_key, first_seen_date, last_seen_date, merged_into, split_from"
        " from warehouse.title_identity"
    ).fetchall()
    published = {row[1] for row in known}
    named = {work.natural_key: work for work in works}
    for work in works:
        if work.was_unlinked or work.natural_key in published:
            last = max(node.last for node in work.nodes)
            yield (
                work.identity_key, work.natural_key, min(node.first for node in work.nodes),
                None if last == newest[work.nodes[0].source] else last, work.merged_into, work.split_from,
            )  # fmt: skip
    by_plain: dict[str, list[tuple[Work, Node]]] = defaultdict(list)
    for work in works:
        for node in work.nodes:
            by_plain[node.plain_key].append((work, node))
    for title_key, natural_key, first, last, merged_into, split_from in known:
        if natural_key not in named:
            plain_key, mark = plain_part(natural_key)
            own = [work.title_key(node) for work, node in by_plain[plain_key] if node.fingerprint.startswith(mark)]
            if not own:
                # A corrected file of the only day that had it has taken it back.
                last = last or first
            yield title_key, natural_key, first, last, min(own) if own else merged_into, split_from


def _shifted(conn: psycopg.Connection, works: list[Work]) -> Iterator[tuple[int, int]]:
    """Keys of works that are others than before: another namesake was there first, or two works are one."""
    now = {_name(node): work.title_key(node) for work in works for node in work.nodes}
    moved: dict[int, int] = {}
    for work in works_of(_read_nodes(conn, "warehouse")):
        for node in sorted(work.nodes, key=lambda node: (node.last, node.order)):
            # The newest node of those without a link is the one that readers have under the key of the work.
            if work.title_key(node) == work.identity_key:
                key = now.get(_name(node), work.identity_key)
                moved[work.identity_key] = key if key >= FIRST_KEY else work.identity_key
    yield from ((old, new) for old, new in sorted(moved.items()) if old != new)


def _name(node: Node) -> tuple[str, str, str, bool]:
    return node.source, node.plain_key, node.fingerprint, node.is_base
