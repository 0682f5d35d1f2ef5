"""Read the warehouse from Python.

from reelhouse import Warehouse

with Warehouse() as warehouse:
    films = warehouse.read("select title from mart.titles where release_year = %(year)s", {"year": 2019})
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType

import pandas as pd
import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.errors import QueryWrong, SettingsWrong

VARIABLE = "REELHOUSE_WAREHOUSE_DSN"


class Warehouse:
    """A connection to the warehouse for reading.

    Takes   dsn  libpq connection string; by default what REELHOUSE_WAREHOUSE_DSN holds
    Raises  SettingsWrong without one, DatabaseAway when nobody answers there

    Every read is a transaction that the server holds read-only, whatever the SQL says. Not for several threads at
    once: open one each.
    """

    def __init__(self, dsn: str | None = None) -> None:
        dsn = dsn or os.environ.get(VARIABLE)
        if not dsn:
            raise SettingsWrong(
                f"{VARIABLE}: expected a connection string such as 'host=127.0.0.1 dbname=warehouse user=me', found "
                "none. Set it, or pass it: Warehouse(dsn)."
            )
        self._conn = connect(dsn, "reelhouse client", autocommit=True)

    def read(self, sql: str, params: Mapping[str, object] | Sequence[object] | None = None) -> pd.DataFrame:
        """Ask one SQL query and give back its rows.

        Takes   sql     one statement; values as %(name)s or %s
                params  the values, never pasted into the SQL
        Raises  QueryWrong when the server refuses it, DatabaseAway when it went away
        """
        try:
            with translated_errors(), self._conn.transaction():
                self._conn.execute("set transaction isolation level repeatable read, read only")
                # The extended protocol takes one statement only, so nothing can end this transaction and write after.
                with psycopg.RawCursor(self._conn) if params is None else self._conn.cursor() as cursor:
                    cursor.execute(sql, params, prepare=True)
                    if cursor.description is None:
                        raise QueryWrong("SQL: expected a query that gives rows, found a statement without any.")
                    columns = [column.name for column in cursor.description]
                    return pd.DataFrame(cursor.fetchall(), columns=columns)
        except psycopg.Error as error:
            raise QueryWrong(_in_words(error)) from error

    def close(self) -> None:
        """Give the connection back. A closed warehouse reads no more."""
        self._conn.close()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _in_words(error: psycopg.Error) -> str:
    message = error.diag.message_primary or str(error)
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return f"SQL: expected a query that only reads, found: {message}."
    hint = f" {error.diag.message_hint}" if error.diag.message_hint else ""
    place = f" (at character {error.diag.statement_position})" if error.diag.statement_position else ""
    return f"SQL: expected a query the server understands, found: {message}{place}.{hint}"
