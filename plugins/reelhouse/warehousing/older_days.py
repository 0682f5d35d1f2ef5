"""A day that is loaded after a newer one: it changes history, and leaves what is current alone.

The build makes the day's own state first, as for any day, and that is checked by itself: what the day says is not
judged by what another day knows. Then the build tables become what readers have, and take in only the titles that no
later day has. From there the history is built as ever, from what was said on all days.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from reelhouse.database import identifiers, table_columns
from reelhouse.day import Day
from reelhouse.warehousing.checks import read_checks, record_checks, run_check

# Parents first. Members of dimensions are kept; a title's rows come from the newest day that has it.
_MEMBERS = ("dim_genre", "dim_country", "dim_certification")
_OF_TITLES = (
    "dim_title", "bridge_title_person_role", "bridge_title_genre", "bridge_title_country", "bridge_title_source",
    "fact_user_rating", "fact_viewing",
)  # fmt: skip
# Rows of a source as it is now, and of nothing else.
_OF_NOW = ("bridge_title_source", "fact_user_rating", "fact_viewing")


def keep_current(conn: psycopg.Connection, day: Day, load_id: int) -> int:
    """Check the day's own build, then make it the current state with the titles that only this day has.

    Gives  titles taken in
    """
    checks = read_checks(day.settings.sql / "9_checks" / "warehouse.sql")
    record_checks(conn, load_id, [run_check(conn, check) for check in checks])
    _note_key_of_titles(conn)
    taken = _note_titles_to_take(conn, day)
    for table in _MEMBERS:
        _keep_members(conn, table)
    # Before people: of those only the ones are taken in who are credited there.
    for table in _OF_TITLES:
        _keep_titles(conn, table)
    _keep_people(conn)
    conn.execute("truncate build.dim_user")
    users = identifiers(table_columns(conn, "warehouse", "dim_user"))
    conn.execute(sql.SQL("insert into build.dim_user ({u}) select {u} from warehouse.dim_user").format(u=users))
    conn.execute(
        "update build.dim_title set is_current = false, is_catalogue_title = false"
        " where title_key in (select title_key from title_to_take)"
    )
    _leave_former_keys(conn)
    conn.execute("drop table title_to_take, key_of_title")
    return taken


def _note_titles_to_take(conn: psycopg.Connection, day: Day) -> int:
    """Titles that the warehouse does not have, and those of the day that it has from no later day."""
    return conn.execute(
        "create temporary table title_to_take on commit drop as"
        " with last_day as ("
        "  select title_key, max(last_date) as last_date from ("
        "   select said_node.title_key, until_date as last_date from warehouse.hist_source_row as hist"
        "   inner join build.said_node using (source, plain_key, fingerprint, is_base)"
        "   union all"
        "   select said_node.identity_key, until_date from warehouse.hist_source_row as hist"
        "   inner join build.said_node using (source, plain_key, fingerprint, is_base)"
        "   where hist.imdb_title_number is null"
        "   union all"
        "   select title_key, (select max(loaded_date) from warehouse.loaded_day"
        "    where source = 'imdb' and loaded_date < absent_from)"
        "   from warehouse.hist_imdb_absence where absent_until = 'infinity'"
        "  ) as told group by title_key)"
        " select own.title_key from build.dim_title as own"
        " left join ("
        "  select now_key as title_key, is_current from key_of_title"
        "  inner join warehouse.dim_title on old_key = dim_title.title_key"
        " ) as kept using (title_key) left join last_day using (title_key)"
        " where kept.title_key is null"
        "  or (own.is_current and not kept.is_current and coalesce(last_day.last_date <= %s, false))",
        (day.batch_date,),
    ).rowcount


def _note_key_of_titles(conn: psycopg.Connection) -> None:
    """The key that each title has now. Where two are one now, the current one's rows are its rows."""
    conn.execute(
        "create temporary table key_of_title on commit drop as"
        " select distinct on (coalesce(new_key, title_key)) title_key as old_key,"
        " coalesce(new_key, title_key) as now_key"
        " from warehouse.dim_title left join build.shifted_key on title_key = old_key"
        " order by coalesce(new_key, title_key), is_current desc, new_key nulls first, title_key"
    )
    conn.execute("create unique index on key_of_title (old_key)")
    conn.execute("analyze key_of_title")


def _own(conn: psycopg.Connection, table: str) -> None:
    conn.execute(
        sql.SQL("create temporary table own on commit drop as select * from {}").format(sql.Identifier("build", table))
    )
    conn.execute(sql.SQL("truncate {}").format(sql.Identifier("build", table)))


def _keep_members(conn: psycopg.Connection, table: str) -> None:
    """What the warehouse has, and what the day alone knows."""
    _own(conn, table)
    columns = identifiers(table_columns(conn, "warehouse", table))
    target, kept = sql.Identifier("build", table), sql.Identifier("warehouse", table)
    conn.execute(sql.SQL("insert into {} ({c}) select {c} from {}").format(target, kept, c=columns))
    if table == "dim_genre":
        conn.execute("update own set genre_kind = 'retired' where genre_kind = 'unmapped'")
    conn.execute(sql.SQL("insert into {} ({c}) select {c} from own on conflict do nothing").format(target, c=columns))
    conn.execute("drop table own")


def _keep_titles(conn: psycopg.Connection, table: str) -> None:
    """The rows that the warehouse has, by the keys they have now, and the day's of the titles that are taken in."""
    _own(conn, table)
    columns = table_columns(conn, "warehouse", table)
    values = sql.SQL(", ").join(
        sql.SQL("now_key") if name == "title_key" else sql.Identifier("kept", name) for name in columns
    )
    # These are rows of the new key, whatever other rows that has.
    keys = (
        "(select title_key as old_key, coalesce(new_key, title_key) as now_key from warehouse.dim_title"
        " left join build.shifted_key on title_key = old_key)"
        if table in _OF_NOW
        else "key_of_title"
    )
    target, kept = sql.Identifier("build", table), sql.Identifier("warehouse", table)
    conn.execute(
        sql.SQL(
            "insert into {} ({}) select {} from {} as kept"
            " inner join {} as known on kept.title_key = old_key"
            " left join title_to_take on now_key = title_to_take.title_key where title_to_take.title_key is null"
        ).format(target, identifiers(columns), values, kept, sql.SQL(keys))
    )
    if table not in _OF_NOW:
        conn.execute(
            sql.SQL(
                "insert into {} ({c}) select {c} from own inner join title_to_take using (title_key)"
                " on conflict do nothing"
            ).format(target, c=identifiers(columns))
        )
    conn.execute("drop table own")
    conn.execute(sql.SQL("analyze {}").format(target))


def _keep_people(conn: psycopg.Connection) -> None:
    _own(conn, "dim_person")
    columns = identifiers(table_columns(conn, "warehouse", "dim_person"))
    conn.execute(
        sql.SQL(
            "insert into build.dim_person ({c}) select {c} from warehouse.dim_person union all"
            " select {c} from own where person_key in (select person_key from build.bridge_title_person_role)"
            " and person_key not in (select person_key from warehouse.dim_person)"
        ).format(c=columns)
    )
    conn.execute("drop table own")


def _leave_former_keys(conn: psycopg.Connection) -> None:
    """A key that another one took the place of keeps its row, as that of a title that is no more."""
    columns = table_columns(conn, "warehouse", "dim_title")
    values = sql.SQL(", ").join(
        sql.SQL("false") if name in ("is_current", "is_catalogue_title") else sql.Identifier(name) for name in columns
    )
    conn.execute(
        sql.SQL(
            "insert into build.dim_title ({}) select {} from warehouse.dim_title"
            " where title_key in (select old_key from build.shifted_key) on conflict do nothing"
        ).format(identifiers(columns), values)
    )
