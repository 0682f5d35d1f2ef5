"""What serves a day for which a source has no file of its own: a former one, as long as that is not too old.

One measure everywhere: a source is as old as its newest file, in days from that file's day to the day of the run.
That is `stale_days` of `mart.trust`; a source's limit says how many it may have. It makes no difference whether the
former file lies in a dated folder, is what an undated place still has, or was admitted before the source went away.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import psycopg

from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.errors import FileMissing, ReelhouseError, SourceAway
from reelhouse.fetching import remotes
from reelhouse.settings import STALE_DAYS, Settings

# A server that gives a new file every day is broken when it has given none for a week. The other sources come in
# editions, years apart; and what lies in a folder somebody put there.
DAYS_OF_SERVED = {"imdb": 7}

Figures = dict[str, object]


class TooOld(FileMissing):
    """There is a file, but the source's limit does not let it serve the day."""

    def __init__(self, file_date: date) -> None:
        super().__init__(f"nothing newer than {file_date} there")
        self.file_date = file_date


def allowed_stale_days(settings: Settings, source: str) -> int | None:
    """Most days that a source's newest file may be older than the day it serves; None for any number."""
    stated = dict(settings.stale_days)
    if source in stated:
        return stated[source]
    template = settings.origin_of(source)
    is_served = template is not None and not remotes.is_local(template)
    return DAYS_OF_SERVED.get(source) if is_served else None


def limited_sources(settings: Settings) -> list[str]:
    """Optional sources of which it is said how long they may be away: who is away longer is gone."""
    return [source for source in OPTIONAL_SOURCES if allowed_stale_days(settings, source) is not None]


def expect_young(day: Day, source: str, file_dates: Collection[date]) -> None:
    """See that the newest of a source's files may serve the day.

    Raises  TooOld when it may not
    """
    allowed = allowed_stale_days(day.settings, source)
    if allowed is None or not file_dates:
        return
    newest = max(file_dates)
    if (day.batch_date - newest).days > allowed:
        raise TooOld(newest)


def carry_over(conn: psycopg.Connection, day: Day, source: str, reason: ReelhouseError) -> Figures:
    """Let the files that served the newest day before serve this one too, because the source gives none that may.

    Gives   file_date, stale_days, carried_over
    Raises  what was the reason, with all that one needs to know, when there are none or they are too old
    """
    served_day, file_date = _last_served(conn, day, source)
    if not _may_serve(day, source, file_date):
        # Its words hold those of the reason, which, as a cause, would be what is shown last.
        raise _late(day, source, reason, allowed_stale_days(day.settings, source), file_date) from None
    return _carry(conn, day, source, served_day, file_date, str(reason))


def carry_over_optional(conn: psycopg.Connection, day: Day, source: str) -> Figures | None:
    """The same for a source that may be absent, by a day before: whoever takes away this day's own file means it.

    Gives   None when the source never was there, or its limit says that it is gone
    """
    served_day, file_date = _last_served(conn, day, source, before=True)
    if not _may_serve(day, source, file_date):
        return None
    with conn.transaction():
        conn.execute("delete from ops.day_file where batch_date = %s and source = %s", (day.batch_date, source))
        return _carry(conn, day, source, served_day, file_date, "There is no file of it.")


def _may_serve(day: Day, source: str, file_date: date | None) -> bool:
    allowed = allowed_stale_days(day.settings, source)
    return file_date is not None and (allowed is None or (day.batch_date - file_date).days <= allowed)


def _carry(conn: psycopg.Connection, day: Day, source: str, served_day: date, file_date: date, because: str) -> Figures:
    age = (day.batch_date - file_date).days
    day.tell(f"{source}: goes on with the file of {file_date}, {_days(age)} old. {because}", None)
    _serve_again(conn, day, source, served_day, because)
    return _figures(source) | {"file_date": file_date.isoformat(), "stale_days": age or None, "carried_over": True}


def keep_former_files(conn: psycopg.Connection, day: Day, source: str) -> Figures:
    """The same for a source that was left out of the run, however old: whoever left it out knows."""
    served_day, _ = _last_served(conn, day, source)
    if served_day is None and source in OPTIONAL_SOURCES:
        return _figures(source) | {"served_by": None}
    if served_day is None:
        raise FileMissing(
            f"{source}: expected files landed for {day.batch_date} or before, found none. Include it in the sources."
        )
    _serve_again(conn, day, source, served_day, "left out of the run")
    return _figures(source) | {"served_by": served_day.isoformat()}


def _last_served(
    conn: psycopg.Connection, day: Day, source: str, *, before: bool = False
) -> tuple[date | None, date | None]:
    """The newest day not after this one, or before it, that has files of the source; and the day of the newest file."""
    row = conn.execute(
        "select day_file.batch_date, max(file.file_date) from ops.day_file inner join ops.file using (file_id)"
        " where day_file.source = %s and day_file.batch_date <= %s::date - %s"
        " group by day_file.batch_date order by day_file.batch_date desc limit 1",
        (source, day.batch_date, int(before)),
    ).fetchone()
    return row or (None, None)


def _serve_again(conn: psycopg.Connection, day: Day, source: str, served_day: date, because: str) -> None:
    # When the day has been served already, by its own files or by former ones, that stays as it is.
    conn.execute(
        "insert into ops.day_file (batch_date, source, file_name, file_id, carried_because, allowed_stale_days)"
        " select %s, source, file_name, file_id, %s, %s from ops.day_file where source = %s and batch_date = %s"
        " on conflict (batch_date, source, file_name) do nothing",
        (day.batch_date, because, allowed_stale_days(day.settings, source), source, served_day),
    )


def _figures(source: str) -> Figures:
    return {"source": source, "files": 0, "bytes": 0, "new_files": 0}


def _late(day: Day, source: str, reason: ReelhouseError, allowed: int | None, file_date: date | None) -> ReelhouseError:
    """The reason again, with what was expected, how old the newest file is, and what to do."""
    there = reason.file_date if isinstance(reason, TooOld) else None
    newest = max((each for each in (there, file_date) if each), default=None)
    older = f" or one at most {_days(allowed)} older" if allowed else ""
    found, remedy = "none, and none was admitted before", "Deliver it."
    if newest is not None:
        age = (day.batch_date - newest).days
        found = f"none; the newest {'there' if newest == there else 'admitted'} is of {newest}, {_days(age)} old"
        remedy = f"Deliver it, or let older ones serve: {STALE_DAYS}{source.upper()}={age}, or any."
    words = "" if there else f" {reason}"
    kind = SourceAway if isinstance(reason, SourceAway) else FileMissing
    error = kind(f"{source}: expected a file of {day.batch_date}{older}, found {found}.{words} {remedy}")
    error.is_late = allowed is not None
    return error


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
