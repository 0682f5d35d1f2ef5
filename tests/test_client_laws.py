"""Whatever two scientists write, in whatever order, while days are loaded: the tables hold what a model of them
holds, and an undone batch leaves the very content of before.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from people import login
from small_star import Imdb, Netflix, run_day

from reelhouse import Warehouse
from reelhouse.auditing import verify
from reelhouse.client import Written
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import Conflict, QueryWrong
from reelhouse.settings import read_settings

NOTES = "curated.title_note"
COLUMNS = ("title_key", "topic", "note", "number", "written_by", "written_at")
KEY = ["title_key", "topic", "written_by"]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
FEWEST_STEPS = 2000

Row = tuple
keys = st.integers(0, 5)
# What some format takes for none, for the end, or for two values.
odd = ["", "\\N", "\\.", "NULL", "nan", 'a,"b"', "\t\r\n", "None"]
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.none() | st.text(letters, max_size=6) | st.sampled_from(odd)
numbers = st.none() | st.integers(-50, 50).map(lambda number: number / 2)
notes = st.lists(st.tuples(keys, st.sampled_from(["mood", "fest"]), texts, numbers), max_size=4)
people = st.sampled_from([0, 1])


@dataclass
class Batch:
    """What a write did: of each statement the table, the rows that went and those that came; the newest last."""

    number: int
    person: int
    done: list[tuple[str, Counter, Counter]]
    is_undone: bool = False


@dataclass
class Setting:
    """The database of a run of the machine, shared by its examples."""

    people: list[Warehouse]
    dsns: list[str]
    sandbox: str
    steps: int = 0
    undone: int = 0
    refused: int = 0
    retried: int = 0
    errors: list[BaseException] = field(default_factory=list)


class TwoScientists(RuleBasedStateMachine):
    setting: Setting

    @initialize()
    def begin(self) -> None:
        self.things = f"{self.setting.sandbox}.things"
        self.tables: dict[str, Counter] = {NOTES: Counter(), self.things: Counter()}
        self.batches: list[Batch] = []
        for table in self.tables:
            self.setting.people[0].write(f"delete from {table}")

    # --- writes --------------------------------------------------------------------------------------------

    @rule(person=people, rows=notes, mode=st.sampled_from(["append", "replace", "upsert"]))
    def send_notes(self, person: int, rows: list, mode: str) -> None:
        login = self.setting.people[person].login
        sent = [(*row, login, MOMENT) for row in rows]
        former = self.tables[NOTES]
        known = {_key(row): row for row in former}
        gone = former if mode == "replace" else Counter(known[_key(row)] for row in sent if _key(row) in known)
        is_twice = len({_key(row) for row in sent}) < len(sent)
        is_bad = is_twice or (mode == "append" and bool(gone))
        came = Counter(sent)
        frame = pd.DataFrame(sent, columns=list(COLUMNS))
        self.write(
            person, lambda who: who.send(frame, NOTES, mode, KEY if mode == "upsert" else ()), is_bad,
            self.inserted_or_updated(gone, came) if mode == "upsert" else [(NOTES, gone, came)],
        )  # fmt: skip

    def inserted_or_updated(self, gone: Counter, came: Counter) -> list:
        replaced = {_key(row) for row in gone}
        updated = Counter(row for row in came if _key(row) in replaced)
        return [(NOTES, gone, updated), (NOTES, Counter(), came - updated)]

    @rule(person=people, below=keys, note=texts)
    def update(self, person: int, below: int, note: str | None) -> None:
        gone = Counter(row for row in self.tables[NOTES] if row[0] < below)
        came = Counter((*row[:2], note, None if row[3] is None else row[3] + 1, *row[4:]) for row in gone)
        sql = f"update {NOTES} set note = %(note)s, number = number + 1 where title_key < %(below)s"
        self.write(person, lambda who: who.write(sql, {"note": note, "below": below}), False, [(NOTES, gone, came)])

    @rule(person=people, key=keys)
    def delete(self, person: int, key: int) -> None:
        gone = Counter(row for row in self.tables[NOTES] if row[0] == key)
        sql = f"delete from {NOTES} where title_key = %s"
        self.write(person, lambda who: who.write(sql, [key]), False, [(NOTES, gone, Counter())])

    @rule(person=people, key=keys)
    def fail_on_the_way(self, person: int, key: int) -> None:
        """All rows but the one by which it is divided would be written before it fails."""
        gone = Counter(row for row in self.tables[NOTES])
        is_bad = any(row[0] == key and row[3] is not None for row in gone)
        came = Counter(
            (*row[:3], None if row[3] is None else row[3] / (row[0] - key), *row[4:]) for row in gone if not is_bad
        )
        sql = f"update {NOTES} set number = number / (title_key - %s)"
        self.write(person, lambda who: who.write(sql, [key]), is_bad, [(NOTES, gone, came)])

    @rule(count=st.integers(0, 3), words=texts)
    def send_things(self, count: int, words: str | None) -> None:
        """A table without a key: equal rows are counted."""
        came = Counter([(1, words)] * count)
        frame = pd.DataFrame({"n": [1] * count, "words": [words] * count})
        self.write(0, lambda who: who.send(frame, self.things), False, [(self.things, Counter(), came)])

    @rule(words=texts)
    def delete_things(self, words: str | None) -> None:
        gone = Counter({row: count for row, count in self.tables[self.things].items() if row[1] == words})
        sql = f"delete from {self.things} where words is not distinct from %s"
        self.write(0, lambda who: who.write(sql, [words]), False, [(self.things, gone, Counter())])

    @rule(person=people)
    def dry_run(self, person: int) -> None:
        done = self.setting.people[person].write(f"delete from {NOTES}", dry_run=True)
        assert done.batch is None
        assert sum(done.table_counts.values()) == self.tables[NOTES].total()

    @rule(person=people)
    def write_behind_another(self, person: int) -> None:
        """Another one holds the rows, and goes on a moment later."""
        other = 1 - person
        holder = psycopg.connect(self.setting.dsns[other])
        gone = Counter(self.tables[NOTES])
        between = Counter((*row[:3], None if row[3] is None else row[3] + 7, *row[4:]) for row in gone)
        came = Counter((*row[:3], None if row[3] is None else row[3] * 2, *row[4:]) for row in between)
        xid = holder.execute("select pg_current_xact_id()::text").fetchone()[0]
        holder.execute(f"update {NOTES} set number = number + 7")
        found = holder.execute("select batch from audit.written_now(%s)", [xid]).fetchone()
        ending = threading.Timer(0.03, holder.commit)
        ending.start()
        try:
            if gone:
                self.note(Batch(found[0], other, [(NOTES, gone, between)]))
            doubled = f"update {NOTES} set number = number * 2"
            self.write(person, lambda who: who.write(doubled), False, [(NOTES, between, came)])
        finally:
            ending.join()
            holder.close()
        self.setting.retried += bool(gone)

    # --- taking back ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.batches)
    @rule(person=people, place=st.integers(0, 30))
    def undo(self, person: int, place: int) -> None:
        batch = self.batches[-1 - place % len(self.batches)]
        after = None if batch.is_undone or batch.person != person else self.without(batch)
        before = self.contents()
        try:
            self.setting.people[person].undo(batch.number)
        except QueryWrong as error:
            if after is not None or not (isinstance(error, Conflict) or batch.person != person):
                raise
            assert self.contents() == before
            self.setting.refused += 1
            return
        assert after is not None, "undone although a row was changed since"
        self.tables, batch.is_undone = after, True
        self.setting.undone += 1

    def without(self, batch: Batch) -> dict[str, Counter] | None:
        tables = {table: Counter(rows) for table, rows in self.tables.items()}
        for table, gone, came in reversed(batch.done):
            if not came <= tables[table]:
                return None
            tables[table] = tables[table] - came + gone
            if table == NOTES and len({_key(row) for row in tables[table]}) < tables[table].total():
                return None
        return tables

    @rule(person=people, rows=notes.filter(bool))
    def undo_at_once(self, person: int, rows: list) -> None:
        before = self.contents()
        who = self.setting.people[person]
        sent = pd.DataFrame([(*row, who.login, MOMENT) for row in rows], columns=list(COLUMNS))
        sent = sent.drop_duplicates(KEY)
        who.undo(who.send(sent, NOTES, "replace").batch)
        assert self.contents() == before

    # --- what has to hold ----------------------------------------------------------------------------------

    @invariant()
    def tables_hold_what_the_model_holds(self) -> None:
        self.setting.steps += 1
        if not hasattr(self, "tables"):
            return
        reader = self.setting.people[self.setting.steps % 2]
        found = reader.read(f"select {', '.join(COLUMNS)} from {NOTES}", chunks=3)
        assert Counter(_rows(found)) == self.tables[NOTES]
        things = self.setting.people[0].read(f"select n, words from {self.things}")
        assert Counter(_rows([things])) == self.tables[self.things]
        # A load is published whole or not yet, for whoever reads.
        scores = reader.read("select distinct imdb_rating_of_10 from mart.titles")
        assert len(scores) <= 1
        assert not self.setting.errors

    def write(self, person: int, act: Callable[[Warehouse], Written], is_bad: bool, done: list) -> None:
        who = self.setting.people[person]
        try:
            written = act(who)
        except QueryWrong:
            if not is_bad:
                raise
            assert who.history(1)["operation"][0] == "REFUSED"
            return
        assert not is_bad, "written although it should have failed"
        kept = [each for each in done if each[1] or each[2]]
        assert sum(written.table_counts.values()) == sum((came or gone).total() for _, gone, came in _statements(kept))
        if kept:
            assert written.batch is not None
            self.note(Batch(written.batch, person, kept))

    def note(self, batch: Batch) -> None:
        for table, gone, came in batch.done:
            self.tables[table] = self.tables[table] - gone + came
        self.batches.append(batch)

    def contents(self) -> list[tuple]:
        """Digest of each table, made by the server."""
        question = "select count(*) as n, coalesce(sum(hashtextextended(t::text, 0)), 0) as content from {} as t"
        return [tuple(self.setting.people[0].read(question.format(table)).iloc[0]) for table in self.tables]


def _key(row: Row) -> tuple:
    return row[0], row[1], row[4]


def _rows(frames: Iterable[pd.DataFrame]) -> list[Row]:
    return [
        tuple(None if value is None or value != value else value for value in row)
        for frame in frames
        for row in frame.astype(object).itertuples(index=False, name=None)
    ]


def _statements(done: list) -> list:
    """A replace deletes and inserts: two statements with a count each."""
    return [
        part
        for table, gone, came in done
        for part in (
            [(table, gone, Counter()), (table, Counter(), came)]
            if gone and came and {_key(row) for row in gone} != {_key(row) for row in came}
            else [(table, gone, came)]
        )
    ]


def load_days(dsn: str, home: str, is_over: threading.Event, errors: list[BaseException], loaded: list[date]) -> None:
    """Load day after day, each with another score for all films."""
    day = Day(date(2026, 1, 1), read_settings({"REELHOUSE_HOME": home, "REELHOUSE_WAREHOUSE_DSN": dsn}))
    try:
        with connect(dsn, "reelhouse test", autocommit=True) as conn:
            while not is_over.is_set():
                score = (len(loaded) % 90 + 10) / 10
                films = [Imdb(n, f"Film {n}", rating=(score, 5000)) for n in range(1, 6)]
                day = Day(day.batch_date + timedelta(days=1), day.settings)
                run_day(conn, day, [*films, *(Netflix(f"s{n}", f"Film {n}", imdb=n) for n in range(1, 6))])
                loaded.append(day.batch_date)
    except BaseException as error:
        errors.append(error)


def run_machine(dsn: str, home: str, examples: int, steps: int) -> tuple[Setting, list[date]]:
    loaded: list[date] = []
    is_over = threading.Event()
    with login(dsn, "scientist") as first, login(dsn, "scientist") as second:
        with Warehouse(first) as ada, Warehouse(second) as bob:
            setting = Setting([ada, bob], [first, second], f"sandbox_{ada.login}")
            ada.write(f"create table {setting.sandbox}.things (n integer, words text)")
            pipeline = threading.Thread(target=load_days, args=(dsn, home, is_over, setting.errors, loaded))
            pipeline.start()
            try:
                machine = type("Machine", (TwoScientists,), {"setting": setting})
                run_state_machine_as_test(
                    machine,
                    settings=settings(
                        max_examples=examples, stateful_step_count=steps, database=None,
                        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
                    ),
                )  # fmt: skip
            finally:
                is_over.set()
                pipeline.join()
        with connect(dsn, "reelhouse test", autocommit=True) as owner:
            assert verify(owner) == []
    assert not setting.errors
    return setting, loaded


def test_what_scientists_write_is_what_a_model_says(module_dsn, tmp_path) -> None:
    setting, loaded = run_machine(module_dsn, str(tmp_path), 6, 20)
    assert loaded
    assert setting.steps >= 60


@pytest.mark.full
def test_what_scientists_write_in_two_thousand_steps_is_what_a_model_says(module_dsn, tmp_path) -> None:
    setting, loaded = run_machine(module_dsn, str(tmp_path), 60, 50)
    assert setting.steps >= FEWEST_STEPS
    assert min(len(loaded), setting.undone, setting.refused, setting.retried) >= 10
    print(setting.steps, setting.undone, setting.refused, setting.retried, len(loaded))
