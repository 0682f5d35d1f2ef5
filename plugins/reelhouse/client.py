"""Read and write the warehouse from Python.

from reelhouse import Warehouse

with Warehouse() as warehouse:
    films = warehouse.read("select title from mart.titles where release_year = %(year)s", {"year": 2019})
    written = warehouse.write("delete from curated.title_note where topic = 'mood'")
    warehouse.undo(written.batch)
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from numbers import Integral
from types import TracebackType
from typing import TYPE_CHECKING, Literal

import pandas as pd
import psycopg
from psycopg import sql as compose
from psycopg.conninfo import conninfo_to_dict

from reelhouse.database import connect, translated_errors
from reelhouse.errors import BadQuery, Conflict, DatabaseAway, NotAllowed, QueryWrong, SettingsWrong, Timeout
from reelhouse.frames import frame_text
from reelhouse.warehousing.naming import TITLE_OF_NAME, spelled

if TYPE_CHECKING:
    import sqlalchemy

VARIABLE = "REELHOUSE_WAREHOUSE_DSN"
# A conflict is over as soon as the other has finished.
TRIES = 8
LONGEST_PAUSE_S = 2.0
CHUNK_ROWS = 50_000
LISTED = 5
LISTS = (
    "select source.title_key as source_title_key, source.title as source_title, beside.rank,"
    " beside.recommended_title_key, target.title as recommended_title, beside.score, beside.reasons, beside.method"
    " from warehouse.dim_title as source cross join lateral mart.beside_title(source.title_key) as beside"
    " inner join warehouse.dim_title as target on beside.recommended_title_key = target.title_key"
    " where source.title_key = any(%s)"
)
_CONFLICTS = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.LockNotAvailable,
)
Values = Mapping[str, object] | Sequence[object] | None


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did.

    batch         its number for `undo` and in `history`; None when nothing audited was written
    table_counts  rows written by table; all of a dry run were taken back
    """

    batch: int | None
    table_counts: dict[str, int]


class Warehouse:
    """A connection to the warehouse.

    Takes   dsn  libpq connection string; by default what REELHOUSE_WAREHOUSE_DSN holds. Of several servers in it
                 (host=a,b) the one that takes writes is asked, also after another has become that one
    Raises  SettingsWrong without one, DatabaseAway when nobody answers there

    Every read is a transaction that the server holds read-only, whatever the SQL says; every write is one transaction,
    kept whole or not at all. Not for several threads at once: open one each.

    recommendations  what recommend_title and recommend_titles found last
    """

    def __init__(self, dsn: str | None = None) -> None:
        dsn = dsn or os.environ.get(VARIABLE)
        if not dsn:
            raise SettingsWrong(
                f"{VARIABLE}: expected a connection string such as 'host=127.0.0.1 dbname=warehouse user=me', found "
                "none. Set it, or pass it: Warehouse(dsn)."
            )
        self._dsn = dsn
        self._conn = connect(dsn, "reelhouse client", autocommit=True)
        self._engine: sqlalchemy.Engine | None = None
        self._tables: dict[str, sqlalchemy.Table] | None = None
        self.recommendations: pd.DataFrame | None = None

    def read(
        self, sql: str, params: Values = None, *, chunks: int | None = None, as_of: date | str | None = None
    ) -> pd.DataFrame | Iterator[pd.DataFrame]:
        """Ask one SQL query and give back its rows.

        Takes   sql     one statement; values as %(name)s or %s
                params  the values, never pasted into the SQL
                chunks  rows at a time: frames come one by one, and no more than one is held in memory
                as_of   a day: titles, descriptions, ratings, availability, viewings, user_ratings and training_set,
                        named without a schema, hold what was known at its end; the server refuses all others
        Raises  QueryWrong when the server refuses it: BadQuery, NotAllowed, Timeout; DatabaseAway when it went away
        """
        if chunks is not None:
            if chunks < 1:
                raise QueryWrong(f"chunks: expected 1 row or more, found {chunks}.")
            return self._read_chunks(sql, params, chunks, as_of)
        self._connect_again()
        try:
            return self._read_once(sql, params, as_of)
        except DatabaseAway:
            if not self._conn.broken:
                raise
            # Asked again it changes nothing, and a standby may have been promoted.
            self._connect_again()
            return self._read_once(sql, params, as_of)

    def _connect_again(self) -> None:
        """Connect anew when the server has gone away since; a connection that was closed on purpose stays closed."""
        if self._conn.broken:
            self._conn = connect(self._dsn, "reelhouse client", autocommit=True)

    def _read_once(self, sql: str, params: Values, as_of: date | str | None) -> pd.DataFrame:
        with _in_words(sql), self._conn.transaction():
            self._only_read(as_of)
            # The extended protocol takes one statement only, so nothing can end this transaction and write after.
            with self._cursor(params) as cursor:
                cursor.execute(sql, params, prepare=True)
                return _frame(cursor, cursor.fetchall() if cursor.description else None)

    def _only_read(self, as_of: date | str | None) -> None:
        self._conn.execute("set transaction isolation level repeatable read, read only")
        if as_of is not None:
            # A role that may see nothing of today: what a query names is not for us to find out.
            self._conn.execute("set local role reelhouse_as_of")
            self._conn.execute("set local search_path = as_of")
            self._conn.execute("select set_config('reelhouse.as_of', %s::date::text, true)", [str(as_of)])

    def training_set(self, until: date | str) -> pd.DataFrame:
        """A row for each title that stood in a catalogue on a day, with what was known of it by then and nothing later.

        Takes   until  the day; ratings, viewings and descriptions of it still count
        """
        return self.read("select * from training_set order by title_key", as_of=until)

    def _read_chunks(self, sql: str, params: Values, rows: int, as_of: date | str | None) -> Iterator[pd.DataFrame]:
        self._connect_again()
        with _in_words(sql), self._conn.transaction():
            self._only_read(as_of)
            with self._cursor(params) as cursor:
                # A cursor of the server's: it is asked for so many rows at a time.
                declared = compose.SQL("declare reelhouse_read no scroll cursor for ") + compose.SQL(sql)
                cursor.execute(declared, params, prepare=True)
                fetch = f"fetch {int(rows)} from reelhouse_read"
                while True:
                    with psycopg.RawCursor(self._conn) as some:
                        some.execute(fetch)
                        found = some.fetchall()
                        if not found:
                            return
                        yield _frame(some, found)

    def write(self, sql: str, params: Values = None, *, dry_run: bool = False) -> Written:
        """Run one statement that writes, in one transaction: kept whole or not at all.

        Takes   sql      INSERT, UPDATE, DELETE, MERGE, or CREATE TABLE in a sandbox of one's own
                dry_run  do it, count, and take all of it back
        Gives   what was written where
        Raises  as read; Conflict when others were in the way eight times
        Reruns  writes once more: keep the batch number and undo it
        """

        def act() -> None:
            with self._cursor(params) as cursor:
                cursor.execute(sql, params, prepare=True)

        return self._write(act, sql, dry_run)

    def send(
        self,
        rows: pd.DataFrame,
        table: str,
        mode: Literal["append", "replace", "upsert"] = "append",
        key: Sequence[str] | str = (),
        *,
        dry_run: bool = False,
    ) -> Written:
        """Write a frame into a table by COPY, in one transaction.

        Takes   table  schema.table; the columns of the frame are matched by name
                mode   append; replace: what the table holds goes; upsert: rows with the same key are replaced
                key    columns of the upsert
        Raises  as write
        """
        keys = [key] if isinstance(key, str) else list(key)
        self._check_sent(rows, table, mode, keys)
        target = compose.Identifier(*table.split("."))
        columns = compose.SQL(", ").join(compose.Identifier(str(name)) for name in rows.columns)

        def act() -> None:
            if mode == "replace":
                self._conn.execute(compose.SQL("delete from {}").format(target))
            if mode != "upsert":
                self._copy(rows, target, columns)
                return
            self._conn.execute(
                compose.SQL("create temporary table reelhouse_sent on commit drop as select {} from {} limit 0").format(
                    columns, target
                )
            )
            self._copy(rows, compose.Identifier("reelhouse_sent"), columns)
            self._conn.execute(_upsert(target, columns, [str(name) for name in rows.columns], keys))

        return self._write(act, f"send to {table} ({mode})", dry_run)

    def _check_sent(self, rows: pd.DataFrame, table: str, mode: str, keys: list[str]) -> None:
        if len(table.split(".")) != 2:
            raise QueryWrong(f"table: expected schema.table, found {table!r}.")
        if mode not in ("append", "replace", "upsert"):
            raise QueryWrong(f"mode: expected append, replace or upsert, found {mode!r}.")
        if rows.columns.empty or not rows.columns.is_unique:
            raise QueryWrong("frame: expected columns with a name each, found none or some twice.")
        missing = [name for name in keys if name not in rows.columns]
        if mode == "upsert" and (not keys or missing):
            raise QueryWrong(f"key: expected columns of the frame for an upsert, found {missing or 'none'}.")

    def _copy(self, rows: pd.DataFrame, target: compose.Composable, columns: compose.Composable) -> None:
        with self._conn.cursor() as cursor:
            with cursor.copy(compose.SQL("copy {} ({}) from stdin").format(target, columns)) as copy:
                for start in range(0, len(rows), CHUNK_ROWS):
                    copy.write(frame_text(rows.iloc[start : start + CHUNK_ROWS]))
            if cursor.rowcount != len(rows):
                raise QueryWrong(f"send: expected {len(rows):,} rows to arrive, found {cursor.rowcount:,}.")

    def undo(self, batch: int) -> Written:
        """Take back all that one of your writes did, or nothing.

        Takes   batch  of Written or of history
        Raises  Conflict, with the reason, when a row was changed since or the batch is undone already
        """
        # Each of its statements has to see what was committed before it got its lock.
        return self._write(
            lambda: self._conn.execute("select audit.undo(%s)", [batch]), f"undo {batch}", False, "read committed"
        )

    def history(self, most: int = 50) -> pd.DataFrame:
        """What this login has written, and what it was refused; the newest first."""
        return self.read("select * from audit.my_history(%s)", [most])

    def _write(
        self, act: Callable[[], object], said: str, dry_run: bool, isolation: str = "repeatable read"
    ) -> Written:
        self._connect_again()
        for attempt in range(1, TRIES + 1):
            try:
                with _in_words(said):
                    return self._write_once(act, dry_run, isolation)
            except Conflict as conflict:
                if not isinstance(conflict.__cause__, _CONFLICTS) or attempt == TRIES:
                    raise
                time.sleep(min(LONGEST_PAUSE_S, random.uniform(0.02, 0.1) * 2**attempt))
            except QueryWrong as error:
                self._note_refusal(said, error)
                raise
        raise AssertionError("unreachable")

    def _write_once(self, act: Callable[[], object], dry_run: bool, isolation: str) -> Written:
        with self._conn.transaction(force_rollback=dry_run):
            self._conn.execute(f"set transaction isolation level {isolation}, read write")
            self._conn.execute("set local lock_timeout = '5s'")
            xid = self._conn.execute("select pg_current_xact_id()::text").fetchone()[0]
            act()
            found = self._conn.execute("select * from audit.written_now(%s)", [xid]).fetchall()
        counts: dict[str, int] = {}
        for _, target, count in found:
            counts[target] = counts.get(target, 0) + count
        return Written(None if dry_run or not found else found[0][0], counts)

    def _note_refusal(self, said: str, error: QueryWrong) -> None:
        state = getattr(error.__cause__, "sqlstate", None)
        try:
            with self._conn.transaction():
                self._conn.execute("set transaction read write")
                self._conn.execute("select audit.note_refusal(%s, %s)", [said, f"{state}: {error}"])
        except psycopg.Error:
            # An analyst may not even tell: the server's own log has it.
            return

    def recommender_retrieve(self) -> pd.DataFrame:
        """The titles of the catalogues with what recommendations are made of."""
        return self.read(
            "select title_key, imdb_title_id, netflix_title_id, title, kind, release_year, genres, imdb_rating_of_10,"
            " imdb_vote_count, description from mart.titles where is_catalogue_title order by title_key"
        )

    def recommend_titles(self, input_id: Sequence[str | int] | str | int) -> pd.DataFrame:
        """The five best titles for each of some titles, with score and reasons.

        Takes   input_id  one or several: tt… of IMDb, tm… or ts… of JustWatch, s… of Netflix, title_key, or a title as
                          it is written
        Raises  QueryWrong for one that no title has
        """
        keys = {asked: self._key_of(asked) for asked in _several(input_id)}
        found = self.read(
            f"select * from ({LISTS}) as listed where rank <= %s"
            " order by array_position(%s::bigint[], source_title_key), rank",
            [list(keys.values()), LISTED, list(keys.values())],
        )
        self.recommendations = found
        return found

    def recommend_title(self, input_id: Sequence[str | int] | str | int) -> pd.DataFrame:
        """The five best titles for some titles taken together, as the API blends them: by the places on their lists.

        Takes   input_id  as recommend_titles
        """
        keys = list(dict.fromkeys(self._key_of(asked) for asked in _several(input_id)))
        found = self.read(
            # One list has one name, whichever of the titles a row is beside.
            "select %s::bigint as source_title_key, beside.recommended_title_key, target.title as recommended_title,"
            " sum(beside.share)::double precision as score,"
            " array_agg(source.title order by beside.rank, source.title_key) as liked_for"
            " from mart.beside_titles(%s::bigint[]) as beside"
            " inner join warehouse.dim_title as source on beside.source_title_key = source.title_key"
            " inner join warehouse.dim_title as target on beside.recommended_title_key = target.title_key"
            " where not beside.recommended_title_key = any(%s)"
            " group by beside.recommended_title_key, target.title"
            " order by score desc, beside.recommended_title_key limit %s",
            [min(keys, default=None), keys, keys, LISTED],
        )
        found.insert(0, "rank", range(1, len(found) + 1))
        self.recommendations = found
        return found

    def recommender_send_data(self, method: str = "mine") -> Written:
        """Write what was recommended last into curated.recommendation, in place of what this login sent before for
        the same titles and method.

        Raises  QueryWrong when nothing was recommended yet
        """
        if self.recommendations is None or self.recommendations.empty:
            raise QueryWrong("recommendations: expected some, found none. Call recommend_title or recommend_titles.")
        rows = self.recommendations[["source_title_key", "rank", "recommended_title_key", "score"]]
        rows = rows.rename(columns={"source_title_key": "title_key"}).assign(method=method, sent_by=self.login)
        columns = compose.SQL(", ").join(map(compose.Identifier, rows.columns))

        def act() -> None:
            # A shorter list leaves nothing of a longer one.
            self._conn.execute(
                "delete from curated.recommendation where sent_by = %s and method = %s and title_key = any(%s)",
                (self.login, method, rows["title_key"].unique().tolist()),
            )
            self._copy(rows, compose.Identifier("curated", "recommendation"), columns)

        return self._write(act, "send to curated.recommendation", dry_run=False)

    def _key_of(self, asked: str | int) -> int:
        # The numbers of a frame's column are numpy's.
        if isinstance(asked, Integral):
            found = self.read("select title_key from mart.titles where title_key = %s", [int(asked)])
        elif not isinstance(asked, str):
            raise QueryWrong(f"{asked!r}: expected an id or a title, found {type(asked).__name__}.")
        else:
            found = self.read(_BY_ID, {"asked": asked})
            if found.empty:
                found = self.read(TITLE_OF_NAME, spelled(asked))
            if found.empty:
                found = self.read(_BY_TITLE, {"asked": asked})
        if found.empty:
            raise QueryWrong(f"{asked!r}: expected an id or a title of the warehouse, found none.")
        return int(found["title_key"].iloc[0])

    @property
    def login(self) -> str:
        """Who the server takes us for."""
        return self._conn.info.user

    @property
    def tables(self) -> Mapping[str, sqlalchemy.Table]:
        """SQLAlchemy's models of the tables and views of mart, warehouse, curated and as_of, by schema.name; made from
        the server's own catalogue, so that they cannot differ from it.
        """
        import sqlalchemy

        if self._tables is None:
            metadata = sqlalchemy.MetaData()
            for schema in ("mart", "warehouse", "curated", "as_of"):
                metadata.reflect(self.engine, schema=schema, views=True, resolve_fks=False)
            self._tables = dict(metadata.tables)
        return self._tables

    @property
    def engine(self) -> sqlalchemy.Engine:
        """For SQLAlchemy and pandas.read_sql: the same login, so the same rights."""
        import sqlalchemy

        if self._engine is None:
            parts = conninfo_to_dict(self._dsn)
            self._engine = sqlalchemy.create_engine(
                "postgresql+psycopg://", connect_args=parts, pool_size=2, pool_pre_ping=True
            )
        return self._engine

    def close(self) -> None:
        """Give the connection back. A closed warehouse reads no more."""
        if self._engine is not None:
            self._engine.dispose()
        self._conn.close()

    def _cursor(self, params: Values) -> psycopg.Cursor:
        return psycopg.RawCursor(self._conn) if params is None else self._conn.cursor()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# Four platforms have an s1; it is that of Netflix.
_BY_ID = """
with named as (
    select title_key, 1 as place from mart.titles where imdb_title_id = %(asked)s
    union all
    select title_key, 2 from mart.title_ids
    where source_id = %(asked)s and source not in ('amazon', 'disney', 'hulu')
)
select title_key from named order by place, title_key limit 1
"""
# Also titles that no search finds: those that nobody has any more.
_BY_TITLE = """
select title_key from mart.titles where title = %(asked)s
order by imdb_vote_count desc nulls last, title_key limit 1
"""


def _several(asked: Sequence[str | int] | str | int) -> Sequence[str | int]:
    """A text is one id, not one for each letter.

    >>> _several("tt0133093"), _several(["tt0133093", 7]), _several(7)
    (['tt0133093'], ['tt0133093', 7], [7])
    """
    return asked if isinstance(asked, Iterable) and not isinstance(asked, str) else [asked]


def _upsert(
    target: compose.Composable, columns: compose.Composable, names: list[str], keys: list[str]
) -> compose.Composed:
    rest = [name for name in names if name not in keys]
    then = (
        compose.SQL("update set {}").format(
            compose.SQL(", ").join(compose.SQL("{0} = excluded.{0}").format(compose.Identifier(name)) for name in rest)
        )
        if rest
        else compose.SQL("nothing")
    )
    return compose.SQL("insert into {} ({}) select {} from reelhouse_sent on conflict ({}) do {}").format(
        target, columns, columns, compose.SQL(", ").join(map(compose.Identifier, keys)), then
    )


def _frame(cursor: psycopg.Cursor, rows: list | None) -> pd.DataFrame:
    if cursor.description is None:
        raise QueryWrong("SQL: expected a query that gives rows, found a statement without any.")
    return pd.DataFrame(rows, columns=[column.name for column in cursor.description])


class _in_words:
    """Turn the server's refusals into ours."""

    def __init__(self, said: str) -> None:
        self._said = said

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, psycopg.Error):
            return
        if isinstance(error, psycopg.errors.AdminShutdown):
            raise DatabaseAway(f"The session was ended: {error.diag.message_primary}. Open another one.") from error
        if error.sqlstate is None and isinstance(error, psycopg.ProgrammingError):
            raise BadQuery(f"SQL: expected a value for each of its places, found: {error}.") from error
        if error.sqlstate is None or isinstance(error, (psycopg.errors.CannotConnectNow, psycopg.InterfaceError)):
            with translated_errors():
                raise error
        raise _refusal(error, self._said) from error


def _refusal(error: psycopg.Error, said: str) -> QueryWrong:
    # Ours end with a point, the server's do not.
    message = (error.diag.message_primary or str(error)).rstrip(".")
    hint = f" {error.diag.message_hint}" if error.diag.message_hint else ""
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return NotAllowed(f"SQL: expected a query that only reads, found: {message}.")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return NotAllowed(f"SQL: expected what this login may do, found: {message}.{hint}")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return Timeout(f"SQL: expected an answer within this login's time, found: {message}. Ask for less at once.")
    if isinstance(error, (*_CONFLICTS, psycopg.errors.ObjectNotInPrerequisiteState)):
        return Conflict(f"SQL: expected nobody in the way, found: {message}.")
    place = error.diag.statement_position
    marked = _marked(said, int(place)) if place else ""
    at = f" (at character {place})" if place else ""
    return BadQuery(f"SQL: expected a query the server understands, found: {message}{at}.{hint}{marked}")


def _marked(said: str, place: int) -> str:
    """The line that is wrong, with a mark below the place."""
    before = said[: place - 1]
    start = before.rfind("\n") + 1
    line = said[start:].split("\n", 1)[0]
    return f"\n    {line}\n    {' ' * (place - 1 - start)}^"
