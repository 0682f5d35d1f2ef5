"""What a publish will change, found before anybody decides on it, and kept afterwards: row by row, before and after.

The build is compared with the warehouse once. What the comparison finds is what a person is shown, what is published,
what `mart.changes_since` tells and what a rollback undoes.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from reelhouse.database import key_columns, set_settings, table_columns
from reelhouse.day import Day
from reelhouse.warehousing.extent import PART_SETTINGS, Extent, read_extent

# A table that was empty and gets more than that is noted as filled: to undo it is to empty it, and to keep every row a
# second time would double the first load of a large source.
MOST_KEPT_OF_FILLED = 100_000
# Back to how many former loads one can go.
KEPT_LOADS = 3
COMPARE_SETTINGS = {
    # Whole tables are compared. Where statistics still say "empty", a nested loop would take minutes, not seconds.
    "enable_nestloop": "off",
}


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table of schema warehouse that a publish brings to the state of its build table.

    keeps_missing  rows that the build table does not have stay as they are
    keeps_sent     so do those that an app sent: they stand in no file
    whole_of       table of schema build with the titles of which the build table has every row: other titles' rows stay
    scope          title or person: when the build is not whole, it has all rows of those in scope and no others
    """

    name: str
    keeps_missing: bool = False
    keeps_sent: bool = False
    whole_of: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A change of what readers see, as it was compared.

    base    number of the change that readers saw then
    tables  rows inserted, updated and deleted, by table
    filled  tables that are filled from the build as a whole
    """

    publishing_id: int
    base: int | None
    tables: dict[str, dict[str, int]]
    filled: list[str]
    digest: str


def compare(conn: psycopg.Connection, load_id: int, tables: tuple[PublishedTable, ...], day: Day) -> Difference:
    """Find every row in which the build differs from what readers see, and keep it with the load.

    Raises  OutOfStep when the build is not whole, and readers see another load than it was built on
    Reruns  what an earlier comparison of the load found, and nobody has published, is replaced
    """
    extent = read_extent(conn, load_id)
    _forget_waiting(conn, load_id)
    publishing_id = open_publishing(conn, "warehouse", load_id)
    settings = COMPARE_SETTINGS if extent.is_whole else PART_SETTINGS
    set_settings(conn, settings)
    filled: dict[str, int] = {}
    compared = [table for table in tables if extent.has(table.name)]
    for number, table in enumerate(compared):
        day.tell(f"comparing {table.name}", number / len(compared))
        rows = _rows_to_fill(conn, table.name)
        if rows is None:
            _compare_table(conn, publishing_id, table, extent)
        elif rows:
            filled[table.name] = rows
    for name in settings:
        conn.execute(sql.SQL("reset {}").format(sql.Identifier(name)))
    return close_publishing(conn, publishing_id, filled)


def open_publishing(
    conn: psycopg.Connection, part: str, load_id: int, kind: str = "publish", reason: str | None = None,
    done_by: str | None = None,
) -> int:  # fmt: skip
    """A new change of what readers see, based on what they see now."""
    (publishing_id,) = conn.execute(
        "insert into ops.publishing (part, load_id, kind, base_publishing_id, reason, done_by)"
        " values (%(part)s, %(load)s, %(kind)s,"
        "  (select publishing_id from warehouse.publication where part = %(part)s), %(reason)s, %(by)s)"
        " returning publishing_id",
        {"part": part, "load": load_id, "kind": kind, "reason": reason, "by": done_by},
    ).fetchone()
    return publishing_id


def close_publishing(conn: psycopg.Connection, publishing_id: int, filled: dict[str, int]) -> Difference:
    """Count the differences of a change and sign them with a digest."""
    conn.execute("analyze ops.row_change")
    tables: dict[str, dict[str, int]] = {}
    counted = conn.execute(
        "select table_name, change, count(*) from ops.row_change where publishing_id = %s group by 1, 2 order by 1",
        (publishing_id,),
    ).fetchall()
    for table, change, rows in [*counted, *((table, "insert", rows) for table, rows in sorted(filled.items()))]:
        tables.setdefault(table, {"inserted": 0, "updated": 0, "deleted": 0})[_DONE[change]] += rows
    conn.execute(
        "update ops.publishing set tables = %s, filled_tables = %s, digest = %s where publishing_id = %s",
        (Jsonb(tables), sorted(filled), digest_of(conn, publishing_id, filled), publishing_id),
    )
    return read_difference(conn, publishing_id)


_DONE = {"insert": "inserted", "update": "updated", "delete": "deleted"}


def digest_of(conn: psycopg.Connection, publishing_id: int, filled: dict[str, int]) -> str:
    """Order-free digest of the differences; of a filled table its name and number of rows."""
    count, total = conn.execute(
        "select count(*), coalesce(sum(hashtextextended("
        " concat_ws(E'\\x01', table_name, row_key, change, before, after), 0)::numeric), 0)"
        " from ops.row_change where publishing_id = %s",
        (publishing_id,),
    ).fetchone()
    return ":".join([str(count), str(total), *(f"{table}={rows}" for table, rows in sorted(filled.items()))])


def read_difference(conn: psycopg.Connection, publishing_id: int) -> Difference:
    return Difference(
        *conn.execute(
            "select publishing_id, base_publishing_id, tables, filled_tables, digest from ops.publishing"
            " where publishing_id = %s",
            (publishing_id,),
        ).fetchone()
    )


def waiting_difference(conn: psycopg.Connection, load_id: int) -> Difference | None:
    """What was compared for a load and not yet published, if anything was."""
    row = conn.execute(
        "select publishing_id from ops.publishing where load_id = %s and published_at is null"
        " order by publishing_id desc limit 1",
        (load_id,),
    ).fetchone()
    return read_difference(conn, row[0]) if row else None


def is_based_on_what_is_seen(conn: psycopg.Connection, difference: Difference) -> bool:
    """Whether readers still see what the difference was compared with."""
    row = conn.execute("select publishing_id from warehouse.publication where part = 'warehouse'").fetchone()
    return (row[0] if row else None) == difference.base


def drop_old_differences(conn: psycopg.Connection) -> None:
    """Forget the differences that no rollback can need: those before the last loads, and those nobody will publish."""
    with conn.transaction():
        conn.execute(
            "with seen as (select load_id, max(publishing_id) as newest from ops.publishing"
            "  where part = 'warehouse' and published_at is not null group by load_id),"
            " floor as (select newest from seen order by newest desc offset %s limit 1),"
            " dropped as (update ops.publishing set is_kept = false from floor"
            "  where is_kept and published_at is not null and publishing_id <= floor.newest returning publishing_id)"
            " delete from ops.row_change using dropped where row_change.publishing_id = dropped.publishing_id",
            (KEPT_LOADS,),
        )


def _forget_waiting(conn: psycopg.Connection, load_id: int) -> None:
    """Comparisons of this load, and of loads that wait for nobody, that were never published."""
    numbers = [
        row[0]
        for row in conn.execute(
            "select publishing_id from ops.publishing inner join ops.load using (load_id)"
            " where publishing.published_at is null and publishing.part = 'warehouse'"
            " and (load_id = %s or state not in ('held', 'checked'))",
            (load_id,),
        )
    ]
    conn.execute("delete from ops.row_change where publishing_id = any(%s)", (numbers,))
    conn.execute("delete from ops.publishing where publishing_id = any(%s)", (numbers,))


def _rows_to_fill(conn: psycopg.Connection, table: str) -> int | None:
    """How many rows an empty table is to be filled with as a whole; None when rows are compared one by one."""
    name = sql.Identifier("warehouse", table)
    if conn.execute(sql.SQL("select exists (select from {})").format(name)).fetchone()[0]:
        return None
    (rows,) = conn.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("build", table))).fetchone()
    (is_first,) = conn.execute(
        "select not exists (select from warehouse.publication where part = 'warehouse')"
    ).fetchone()
    # Before the first publish there is nothing to go back to.
    return rows if is_first or rows > MOST_KEPT_OF_FILLED else None


def _compare_table(conn: psycopg.Connection, publishing_id: int, table: PublishedTable, extent: Extent) -> None:
    key, columns = key_columns(conn, "warehouse", table.name), table_columns(conn, "warehouse", table.name)
    values = [column for column in columns if column not in key]
    first = sql.Identifier(key[0])
    gone = [sql.SQL("built.{} is null").format(first)]
    if table.keeps_sent:
        gone.append(sql.SQL("kept.source <> 'app'"))
    if table.whole_of:
        whole = sql.Identifier("build", table.whole_of)
        gone.append(sql.SQL("kept.title_key in (select title_key from {})").format(whole))
    differs = [sql.SQL("kept.{0} is null").format(first), sql.SQL(" and ").join(gone)]
    if values:
        differs.append(
            sql.SQL("built.{} is not null and ({}) is distinct from ({})").format(
                first, _of("kept", values), _of("built", values)
            )
        )
    query = sql.SQL(
        "insert into ops.row_change (publishing_id, table_name, row_key, change, title_key, before, after)"
        " select {publishing}, {table}, row({key})::text,"
        " case when kept.{first} is null then 'insert' when built.{first} is null then 'delete' else 'update' end,"
        " {title_key}, case when kept.{first} is not null then to_jsonb(kept) end,"
        " case when built.{first} is not null then to_jsonb(built) end"
        " from {kept} as kept {join} join {built} as built on {same_key} where {differs}"
        # They are applied in the order in which they lie: neighbours are in one page of the table and of its keys.
        " order by {key}"
    ).format(
        publishing=sql.Literal(publishing_id),
        table=sql.Literal(table.name),
        key=sql.SQL(", ").join(map(_either, key)),
        first=first,
        title_key=_either("title_key") if "title_key" in columns else sql.SQL("null"),
        kept=_kept(table, extent),
        built=sql.Identifier("build", table.name),
        join=sql.SQL("right" if table.keeps_missing else "full"),
        same_key=sql.SQL(" and ").join(sql.SQL("kept.{0} = built.{0}").format(sql.Identifier(name)) for name in key),
        differs=sql.SQL(" or ").join(differs),
    )
    conn.execute(query)


def _kept(table: PublishedTable, extent: Extent) -> sql.Composable:
    """What readers see of a table, as far as the build has rows to compare with: of the rest nothing is gone."""
    name = sql.Identifier("warehouse", table.name)
    if extent.is_whole or table.scope is None:
        return name
    return sql.SQL("(select seen.* from {name} as seen where seen.{key} in (select {key} from {scope}))").format(
        name=name, key=sql.Identifier(f"{table.scope}_key"), scope=sql.Identifier("build", f"{table.scope}_scope")
    )


def _either(column: str) -> sql.Composed:
    return sql.SQL("coalesce(kept.{0}, built.{0})").format(sql.Identifier(column))


def _of(alias: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)
