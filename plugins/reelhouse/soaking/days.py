"""One day of the soak after the other: delivered, struck, run again until it is done, compared with its twin's."""

from __future__ import annotations

import random
import shutil
import statistics
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from reelhouse.database import connect, migrate
from reelhouse.errors import DatabaseAway, ReelhouseError
from reelhouse.operating import embedded, postgres
from reelhouse.settings import Settings
from reelhouse.soaking import checking
from reelhouse.soaking.editions import FILE_FAULTS, LATE, Account, Editions, date_of
from reelhouse.soaking.faults import SERVER_SETTINGS, Plan, Strike, Victim, draw_order, draw_plan
from reelhouse.soaking.journal import Journal, Line
from reelhouse.soaking.workers import DONE, Answer, Worker, faketime_library
from reelhouse.steps import NIGHTLY_STEPS, STEPS

# Lists of what to watch are made anew each tenth day, the page of the day each fiftieth: they cost most of a day, and
# nothing of the other days hangs on them. The nightly steps come once a week.
DAYS_A_REFRESH, DAYS_A_PAGE, DAYS_A_NIGHT = 10, 50, 7
RECOMMENDING = {step.name for step in STEPS if step.dag == "refresh_recommendations"}
MOST_TRIES = 8
RECOVERY_SECONDS = 180
USUAL_SECONDS = 5.0


class SoakFailed(ReelhouseError):
    """A promise was broken, or a day could not be completed. The journal's last line says which."""


@dataclass
class Side:
    """A warehouse on a server of its own, and the process that loads it.

    home  its state folder
    data  where its files come
    """

    home: Path
    server: postgres.Server
    worker: Worker
    dsn: str
    data: Path

    def order(self, number: int) -> dict[str, object]:
        return {
            "dsn": self.dsn, "home": str(self.home), "data": str(self.data), "day": date_of(number).isoformat(),
            "steps": steps_of(number),
        }  # fmt: skip


def steps_of(number: int) -> list[str]:
    left_out = set() if number % DAYS_A_REFRESH == 0 else RECOMMENDING
    if number % DAYS_A_PAGE:
        left_out |= {"write_report"}
    if number % DAYS_A_REFRESH:
        # It asks for what was recommended, too.
        left_out |= {"summarize"}
    nightly = [step.name for step in NIGHTLY_STEPS] if number % DAYS_A_NIGHT == 0 else []
    return [step.name for step in STEPS if step.name not in left_out] + nightly


@contextmanager
def a_side(folder: Path, settings: Settings, is_new: bool) -> Iterator[Side]:
    """Its server, up for as long as this holds.

    Takes   is_new  no day is done: what an interrupted first day, or another soak, has left there goes
    """
    home = folder / "home"
    place = postgres.server_folder(home)
    if is_new:
        postgres.remove(place)
        shutil.rmtree(folder, ignore_errors=True)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    postgres.make_folder(place)
    server = postgres.start(place, settings.postgres_bin, settings=SERVER_SETTINGS)
    dsn = embedded.make_database(server, "warehouse")
    migrate(dsn, settings.sql)
    worker = Worker(folder / "worker.log")
    try:
        yield Side(home, server, worker, dsn, folder / "data")
    finally:
        worker.leave()
        postgres.stop(server)


@dataclass
class Soak:
    """Two warehouses that get the same days: the one under fire, and its twin to which nothing is done."""

    seed: int
    editions: Editions
    journal: Journal
    struck: Side
    twin: Side
    second: Worker
    usual: deque[float] = field(default_factory=lambda: deque(maxlen=20))
    settled: Line | None = None

    def run(self, days: int, until: float) -> Iterator[Line]:
        """Run days until there are so many, or the monotonic clock says `until`; gives the journal's line of each.

        Raises  SoakFailed at the first promise that is broken; the line that says so is in the journal
        """
        done = {line["number"]: line for line in self.journal.lines()}
        if line := done.get(checking.SETTLED_AFTER):
            self.settled = line["held"]
        number = 1
        while number <= days:
            order = [each for each in draw_order(self.seed, number) if each <= days]
            if not set(order) <= done.keys():
                if time.monotonic() > until:
                    return
                lines = self._load(order)
                self.journal.add(lines)
                yield from lines
                if problems := [problem for line in lines for problem in line["problems"]]:
                    raise SoakFailed(f"Day {order[-1]} (seed {self.seed}):\n" + "\n".join(problems))
            number += len(order)

    def _load(self, order: list[int]) -> list[Line]:
        """Load one day, or two of which the later one comes first; they are compared when both are there.

        The twin gets them in the same order: a published link has a head start over other titles of the same day, so
        that what is nearly as likely may be linked otherwise in another order. That order matters to nothing else is
        what tests/warehousing/test_history.py holds.
        """
        lines: list[Line] = []
        accounts: dict[int, Account] = {}
        for number in order:
            accounts[number] = self.editions.deliver(number, self.struck.data)
            self.editions.deliver(number, self.twin.data)
        for number in order:
            plan = draw_plan(self.seed, number)
            if plan.file_fault == LATE:
                self._load_late(number)
            self.twin.worker.begin(self.twin.order(number))
            line = self._load_struck(number, plan, accounts[number])
            answer = self.twin.worker.end()
            if answer.end != DONE:
                raise SoakFailed(f"The twin, day {number}: expected it done, found {answer.end}: {answer.said}")
            if number != max(order):
                line["faults"].append("day after the next")
            lines.append(line | {"problems": [], "is_equal": False, "held": {}})
        self._check(lines[-1], [(number, accounts[number]) for number in order], answer)
        for line in lines[:-1]:
            line |= {"is_equal": lines[-1]["is_equal"], "held": lines[-1]["held"]}
        return lines

    def _load_late(self, number: int) -> None:
        """The twin publishes what the other does while a source is late: a title that was published stays known.

        Without this, day 68 of seed 1 left one more title of the past in the struck warehouse (docs/decisions.md).
        """
        FILE_FAULTS[LATE](self.twin.data, number, random.Random(f"{self.seed} moments {number}"))
        self.twin.worker.begin(self.twin.order(number))
        self.twin.worker.end()
        self.editions.deliver(number, self.twin.data)

    def _load_struck(self, number: int, plan: Plan, account: Account) -> Line:
        chance = random.Random(f"{self.seed} moments {number}")
        line: Line = {"number": number, "day": date_of(number).isoformat(), "faults": [], "answers": []}
        began = time.monotonic()
        self._set_clock(plan, line)
        with self._reader(plan, line):
            if plan.file_fault:
                FILE_FAULTS[plan.file_fault](self.struck.data, number, chance)
                line["faults"].append(plan.file_fault)
                self._try(number, line)
                self.editions.deliver(number, self.struck.data)
            recoveries: list[float] = []
            struck_at: float | None = None
            for attempt in range(MOST_TRIES):
                strikes = self._strikes(number, plan.run_faults if attempt == 0 else (), chance)
                answer = self._try(number, line, strikes)
                if answer.end == DONE:
                    break
                struck_at = struck_at or time.monotonic()
            else:
                raise SoakFailed(f"Day {number}: expected it done within {MOST_TRIES} tries, found {line['answers']}")
            if struck_at:
                recoveries.append(round(time.monotonic() - struck_at, 1))
            if plan.again:
                self._try(number, line)
                line["faults"].append("run again")
        return line | {
            "tries": attempt + 1, "recovery_s": recoveries, "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip

    def _set_clock(self, plan: Plan, line: Line) -> None:
        if plan.clock_days == self.struck.worker.clock_days or (plan.clock_days and not faketime_library()):
            return
        self.struck.worker.leave()
        self.struck.worker.clock_days = plan.clock_days
        if plan.clock_days:
            line["faults"].append("clock jumps")

    @contextmanager
    def _reader(self, plan: Plan, line: Line) -> Iterator[None]:
        """Somebody with one snapshot, idle in a transaction meanwhile: it sees the same at the end, if it lives."""
        if not plan.reader:
            yield
            return
        count = "select count(*), max(title), sum(imdb_vote_count) from mart.titles"
        with suppress(psycopg.OperationalError), connect(self.struck.dsn, "reader") as conn:
            conn.execute("set transaction isolation level repeatable read, read only")
            before = conn.execute(count).fetchone()
            line["faults"].append("idle reader")
            yield
            try:
                after = conn.execute(count).fetchone()
            except psycopg.Error:
                # It died with the server.
                return
            if after != before:
                raise SoakFailed(f"Day {line['number']}: a reader saw {before}, then {after} in the same snapshot")

    def _strikes(self, number: int, names: tuple[str, ...], chance: random.Random) -> list[Strike]:
        seconds = statistics.median(self.usual) if self.usual else USUAL_SECONDS
        victim = Victim(self.struck.worker, self.second, self.struck.server, self.struck.order(number), chance)
        return [Strike(name, victim, chance.uniform(0, 0.9 * seconds)) for name in names]

    def _try(self, number: int, line: Line, strikes: list[Strike] | None = None) -> Answer:
        """Run the day once, struck or not; afterwards the server answers again."""
        self._recover()
        began = time.monotonic()
        self.struck.worker.begin(self.struck.order(number))
        for strike in strikes or []:
            strike.start()
        answer = self.struck.worker.end()
        hits = [strike.name for strike in strikes or [] if strike.call_off()]
        line["faults"].extend(hits)
        line["answers"].append(answer.end)
        if answer.end.startswith("unexpected"):
            raise SoakFailed(f"Day {number}, struck by {hits}: {answer.end}: {answer.said}")
        # Struck twice by it, the second process has the day to do twice.
        for _ in range(hits.count("second run beside")):
            beside = self.second.end()
            line["answers"].append(f"beside: {beside.end}")
            if beside.end.startswith("unexpected"):
                raise SoakFailed(f"Day {number}, run beside: {beside.end}: {beside.said}")
        if answer.end == DONE and not strikes:
            self.usual.append(time.monotonic() - began)
        self._recover()
        return answer

    def _recover(self) -> None:
        """As the launcher does: start the server where it does not run, wait for it where it recovers by itself."""
        deadline = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                postgres.start(self.struck.server.folder, self.struck.server.bin, settings=SERVER_SETTINGS)
                connect(self.struck.dsn, "soak").close()
                return
            except DatabaseAway:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _check(self, line: Line, accounts: list[tuple[int, Account]], answer: Answer) -> None:
        with (
            connect(self.struck.dsn, "soak", autocommit=True) as conn,
            connect(self.twin.dsn, "soak", autocommit=True) as twin,
        ):
            problems = [
                problem
                for number, account in accounts
                for problem in checking.problems_of_account(conn, date_of(number), account)
            ]
            problems += checking.problems_of_history(conn)
            content = checking.problems_of_content(conn, twin)
            held = checking.held_on_to(conn, self.struck.home)
            beside = checking.held_on_to(twin, self.twin.home)
        held |= {
            "twin_database_mb": beside["database_mb"], "worker_mb": answer.mb, "worker_files": answer.files,
            "worker_pid": self.twin.worker.pid,
        }  # fmt: skip
        if line["number"] >= checking.SETTLED_AFTER and self.settled is None:
            self.settled = held
        days = line["number"] - checking.SETTLED_AFTER
        problems += content + checking.problems_of_growth(held, self.settled, days)
        line |= {"problems": problems, "is_equal": not content, "held": held}
