"""When a day will be ready: told from how long the same steps took on the days before, beside when it is to be.

REELHOUSE_READY_BY         07:00, 07:00 Europe/Berlin, 07:00+02:00; of the day itself, in UTC without a zone. By when
                           readers are to have the day: its titles and its recommendations
REELHOUSE_READY_BY_<NAME>  the same for one source (IMDB) or one DAG (POPULATE_WAREHOUSE)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

import psycopg

from reelhouse.settings import Settings
from reelhouse.steps import STEPS

# Days of history that count, the newest first, and how far back they are looked for.
DAYS, DAYS_BACK = 7, 60
# What readers wait for. The report that follows is of no consequence to them.
READERS_DAG = "refresh_recommendations"

# step -> when it was done
Done = dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Readiness:
    """A source or a DAG on one day.

    kind         source, or dag
    expected_at  when it will be done, by the days before; None without any, or when it is done
    finished_at  when it was done
    ready_by     by when it is to be; None when nobody said
    """

    kind: str
    name: str
    day: date
    expected_at: datetime | None
    finished_at: datetime | None
    ready_by: datetime | None

    def state(self, now: datetime) -> str:
        """done, missed, will be missed, in time; unknown without history, and open where nobody said by when."""
        if self.finished_at is not None:
            return "missed" if self.ready_by and self.finished_at > self.ready_by else "done"
        if self.ready_by is None:
            return "open"
        if now > self.ready_by:
            return "missed"
        if self.expected_at is None:
            return "unknown"
        return "will be missed" if self.expected_at > self.ready_by else "in time"

    def words(self, now: datetime) -> str:
        """What is expected, by when it is to be, and what that comes to."""
        state = self.state(now)
        moments = {"done": self.finished_at, "expected": self.expected_at, "to be ready by": self.ready_by}
        said = [f"{words} {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" for words, moment in moments.items() if moment]
        return f"{self.name} of {self.day}: {', '.join(said if state == 'done' else [state, *said])}"


def goals() -> dict[str, tuple[str, tuple[str, ...]]]:
    """name -> kind and steps, of each source and then each DAG of the day, in the order of the day."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for kind in ("source", "dag"):
        for step in STEPS:
            name = getattr(step, kind)
            if name is not None:
                found[name] = (kind, (*found.get(name, (kind, ()))[1], step.name))
    return found


def look(conn: psycopg.Connection, settings: Settings, day: date, now: datetime | None = None) -> list[Readiness]:
    """Each source and each DAG on a day: when it was done, or will be.

    Takes   now  the moment by which it is told; that of the look by default
    """
    # By place: the app's connections give rows as dictionaries, others as tuples.
    with conn.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        rows = cursor.execute(
            "select batch_date, step, ended_at from ops.step_time"
            " where ended_at is not null and batch_date between %s and %s",
            (day - timedelta(days=DAYS_BACK), day),
        ).fetchall()
    by_day: dict[date, Done] = {}
    for batch_date, step, ended_at in rows:
        by_day.setdefault(batch_date, {})[step] = ended_at
    today = by_day.pop(day, {})
    history = _usual_days(by_day)
    now = now or datetime.now(UTC)
    found = []
    for name, (kind, steps) in goals().items():
        finished = max(today[step] for step in steps) if set(steps) <= set(today) else None
        expected = None if finished else _expected(kind, steps, day, today, history, now)
        found.append(Readiness(kind, name, day, expected, finished, ready_by(settings, kind, name, day)))
    return found


def newest_day(conn: psycopg.Connection, now: datetime) -> date:
    """The day that people ask about: today, when it is to be loaded by itself, else the newest that was begun."""
    with conn.cursor(row_factory=psycopg.rows.tuple_row) as cursor:
        (newest,) = cursor.execute(
            "select max(batch_date) from ops.step_time where step = any(%s)", ([step.name for step in STEPS],)
        ).fetchone()
    today = now.astimezone(UTC).date()
    # A warehouse that was loaded yesterday is loaded daily; one that was not is of a day that somebody chose.
    return today if newest is None or newest >= today - timedelta(days=1) else newest


def ready_by(settings: Settings, kind: str, name: str, day: date) -> datetime | None:
    """By when a source or a DAG is to be done with a day."""
    said: Mapping[str, time] = dict(settings.ready_by)
    moment = said.get(name) or (said.get("") if name == READERS_DAG and kind == "dag" else None)
    return datetime.combine(day, moment) if moment else None


def _usual_days(by_day: Mapping[date, Done]) -> list[tuple[datetime, Done]]:
    """Midnight and times of the newest days that came out in time to tell something: those that were loaded
    afterwards say nothing of when a day is ready."""
    wanted = {step.name for step in STEPS if step.dag == READERS_DAG}
    usual = []
    for day in sorted(by_day, reverse=True):
        midnight = datetime.combine(day, time(), UTC)
        if wanted <= set(by_day[day]) and max(by_day[day].values()) < midnight + timedelta(days=2):
            usual.append((midnight, by_day[day]))
    return usual[:DAYS]


def _expected(
    kind: str, steps: Iterable[str], day: date, today: Done, history: list[tuple[datetime, Done]], now: datetime
) -> datetime | None:
    """When the last of the steps will be done: as long after what is done as it usually is, and not sooner than what
    is still to be done leaves, which is how a day that begins late, or waits, is told of."""
    ends = [(midnight, done, max(map(done.get, steps))) for midnight, done in history if set(steps) <= set(done)]
    if not ends:
        return None
    last = max(today, key=today.__getitem__, default=None)
    after_last = [end - done[last] for _, done, end in ends if last in done]
    if after_last:
        told = today[last] + median(after_last)
    else:
        told = datetime.combine(day, time(), UTC) + median(end - midnight for midnight, _, end in ends)
    # A source does not wait for another one; a DAG waits for all that comes before it.
    before = set(steps) if kind == "source" else {name for _, done, _ in ends for name in done}
    for step in before - set(today):
        after = [end - done[step] for _, done, end in ends if step in done]
        if after:
            told = max(told, now + max(median(after), timedelta()))
    return told
