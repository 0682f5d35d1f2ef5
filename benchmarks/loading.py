"""IMDb's files into a database: ours, what nobody can do without (the floor), and other people's loaders.

All read the same generated files, in rounds, each in a process of its own. CPU is user and system time of the process
and of the database server together; on a machine that does other things, too, it and the ratios tell more than the
seconds. `times_cpu` and `times_wall` are the median, over the rounds, of a contestant's figure divided by that of the
one named in `compared_with` in the same round. Other loaders keep all rows (`rows_kept`), ours those of wanted titles.
"""

from __future__ import annotations

import argparse
import csv
import json
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse.database import migrate
from reelhouse.errors import SettingsWrong
from reelhouse.operating import postgres
from reelhouse.operating.arena import ARENA, Arena, arena, install_peers, own_server, tell_server
from reelhouse.operating.embedded import make_database
from reelhouse.operating.measuring import Cost, ProgramFailed, measure, postmaster_of
from reelhouse.operating.showing import Screen, format_table
from reelhouse.sampling.full_size import FIRST_DAY, Wanted, write_full_size
from reelhouse.sampling.population import Extent
from reelhouse.settings import read_settings
from reelhouse.sources.imdb import CATEGORIES, FILES, TITLE_TYPES

HERE = Path(__file__).resolve().parent
CONTESTANTS_FOLDER = HERE / "contestants"
LOCK = HERE / "requirements.lock"
AKAS = "title.akas.tsv.gz"
# All but the largest, which matching can do without; it is measured on request.
USUAL = tuple(file.name for file in FILES if file.name != AKAS)
ALL = (*USUAL, AKAS)
CHANGE = 0.01
DAY, NEXT_DAY, CHANGED_DAY = (FIRST_DAY + timedelta(days) for days in range(3))
MIGRATED = "migrated"
WITH_AKAS = " + akas"
SQLITE = "imdb.db"
GROUPS = ("ours", "floor", "pandas", "imdb-sqlite", "cinemagoer")
MEASURED = ("name", "rows", "kept", "wall_s", "cpu_s", "client_s", "server_s", "peak_mb", "rows_per_s", "note")
COMPARED = ("name", "compared_with", "times_cpu", "cpu_range", "times_wall", "wall_range")


@dataclass(frozen=True, slots=True)
class Run:
    """One process to measure.

    name           of its row
    words          the program and its arguments
    files          files of IMDb that it reads
    before         a program to run first, unmeasured
    compared_with  the run of the same round that its figures are divided by
    note           what a reader has to know
    """

    name: str
    words: tuple[str | Path, ...]
    files: tuple[str, ...]
    compared_with: str = "ours"
    before: tuple[str | Path, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Contestant:
    """Runs that follow each other in one database and one folder, both new in each round.

    group          what --only knows it by
    largest_scale  beyond it a run would take hours; it is left out there unless asked for
    template       what the database is made from; None when it needs none
    is_peer        whether it needs the environment of other people's loaders
    """

    group: str
    runs: tuple[Run, ...]
    largest_scale: float = float("inf")
    template: str | None = MIGRATED
    is_peer: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """What all runs share.

    folder      for all that is made
    server      the database server that serves nothing else
    postmaster  its process
    scale       of the files
    row_counts  rows of each file
    python      of the environment of other people's loaders
    """

    folder: Path
    server: postgres.Server
    postmaster: int
    scale: float
    row_counts: Mapping[str, int]
    python: Path
    screen: Screen = field(repr=False)

    def source(self, name: str) -> Path:
        """A data folder: `five` or `six` files of the first day, `changed` with the five of the next."""
        return self.folder / "data" / name

    def packed(self, name: str) -> Path:
        return self.source(name) / "imdb" / DAY.isoformat()


@dataclass(slots=True)
class Figures:
    """What was measured of one run, by round, or why it was not.

    kept     rows in its tables afterwards
    account  what it told of itself, as ours does
    reason   why it was not run, or not to the end
    """

    run: Run
    costs: dict[int, Cost] = field(default_factory=dict)
    kept: int | None = None
    account: dict[str, object] | None = None
    reason: str = ""


# --- the command ----------------------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scale", type=float, default=0.01, metavar="S", help="size of the files; 1 is IMDb's real one (0.01)"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each one runs (3)")
    parser.add_argument("--akas", action="store_true", help="ours and the floor with title.akas, too")
    parser.add_argument("--only", metavar="A,B", help=f"some of {', '.join(GROUPS)}; by default all")
    parser.add_argument("--no-limits", action="store_true", help="slow loaders at any scale")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """One row for each run: medians over the rounds, and how it compares."""
    wanted = _wanted_groups(arguments)
    screen = Screen(sys.stderr)
    with _course(arguments, screen) as course:
        if "floor" in wanted:
            with screen.running("rows for the floor"):
                _make_ready_rows(course, arguments.akas)
        contestants = [each for each in _contestants(course, arguments.akas) if each.group in wanted]
        measured = {run.name: Figures(run) for contestant in contestants for run in contestant.runs}
        for contestant in contestants:
            for run in contestant.runs:
                measured[run.name].reason = why_not(contestant, arguments.scale, arguments.no_limits, course.python)
        able = [each for each in contestants if not measured[each.runs[0].name].reason]
        for number in range(arguments.rounds):
            # Who comes first meets a colder machine; so each round another one does.
            place = number * len(able) // arguments.rounds
            for contestant in able[place:] + able[:place]:
                _run_round(course, contestant, measured, number, f"round {number + 1} of {arguments.rounds}")
        return [_row(course, figures, measured) for figures in measured.values()]


def _wanted_groups(arguments: argparse.Namespace) -> set[str]:
    wanted = set(arguments.only.split(",") if arguments.only else GROUPS)
    if not wanted.issubset(GROUPS):
        raise SettingsWrong(f"--only: expected some of {', '.join(GROUPS)}, found {arguments.only}.")
    if arguments.rounds < 1:
        raise SettingsWrong(f"--rounds: expected 1 or more, found {arguments.rounds}.")
    return wanted


# --- what all share -------------------------------------------------------------------------------------


@contextmanager
def _course(arguments: argparse.Namespace, screen: Screen) -> Iterator[Course]:
    """Files, and a server that serves nothing else; both are gone afterwards."""
    settings = read_settings()
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as name:
        folder = Path(name)
        row_counts = _make_files(folder, arguments.scale, arguments.akas, screen)
        with own_server(folder) as server:
            migrate(make_database(server, MIGRATED), settings.sql)
            yield Course(
                folder, server, postmaster_of(server.folder), arguments.scale, row_counts,
                settings.home / "benchmarks" / "peers" / "bin" / "python", screen,
            )  # fmt: skip


def _make_files(folder: Path, scale: float, with_akas: bool, screen: Screen) -> dict[str, int]:
    """Two days of IMDb's files, as data folders of links: the same files are read by all."""
    names = tuple(name.removesuffix(".tsv.gz") for name in (ALL if with_akas else USUAL))
    made = folder / "made"
    with screen.running("files"):
        write_full_size(made, Wanted(Extent(scale, seed=1), names), screen.tell)
        write_full_size(made, Wanted(Extent(scale, seed=1, day=2, change=CHANGE), names), screen.tell)
    for name, days, files in (
        ("five", (DAY,), USUAL),
        ("six", (DAY,), ALL if with_akas else ()),
        ("changed", (DAY, NEXT_DAY), USUAL),
    ):
        for day in days:
            linked = folder / "data" / name / "imdb" / day.isoformat()
            linked.mkdir(parents=True)
            for file in files:
                (linked / file).hardlink_to(made / "imdb" / day.isoformat() / file)
    with (made / "truth" / "accounts.csv").open(newline="") as file:
        counts = {row["file_name"]: int(row["rows_in"]) for row in csv.DictReader(file) if row["day"] == str(DAY)}
    screen.say(f"IMDb's files at scale {scale:g}: {sum(counts.values()):,} rows")
    return counts


def _make_ready_rows(course: Course, with_akas: bool) -> None:
    """The rows that ours keeps, as text files that COPY takes as they are."""
    with arena(course.server, course.folder, MIGRATED) as place:
        data = course.source("six" if with_akas else "five")
        try:
            measure(_ours(data, DAY, "land", "stage"), folder=place.home, env=place.env)
        except ProgramFailed as error:
            course.screen.say(f"no rows for the floor: {error}")
            return
        with psycopg.connect(course.server.dsn(ARENA)) as conn:
            for file in FILES:
                if file.name in USUAL:
                    _save_table(conn, file.table, course.folder / "ready" / "five" / file.table)
                if with_akas:
                    _save_table(conn, file.table, course.folder / "ready" / "six" / file.table)


def _save_table(conn: psycopg.Connection, table: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    statement = sql.SQL("copy {} to stdout").format(sql.Identifier("staging", table))
    with conn.cursor() as cursor, cursor.copy(statement) as copy, path.open("wb") as file:
        for block in copy:
            file.write(block)


# --- who takes part -------------------------------------------------------------------------------------


def _ours(data: Path, day: date, *steps: str) -> tuple[str | Path, ...]:
    return (sys.executable, "-P", CONTESTANTS_FOLDER / "ours.py", data, day.isoformat(), *steps)


def _contestants(course: Course, with_akas: bool) -> list[Contestant]:
    ours, floor = [_ours_of_five(course)], _floor(course, "five", USUAL, "")
    if with_akas:
        ours.append(_ours_of_six(course))
        floor += _floor(course, "six", ALL, WITH_AKAS)
    return [*ours, *floor, *_peers(course)]


def _ours_of_five(course: Course) -> Contestant:
    data, changed = course.source("five"), course.source("changed")
    runs = (
        Run("ours: landing", _ours(data, DAY, "land"), USUAL),
        Run("ours", _ours(data, DAY, "stage"), USUAL, compared_with="floor: decompress + copy"),
        Run("ours: re-run", _ours(data, DAY, "stage"), ()),
        Run("ours: unchanged day", _ours(data, NEXT_DAY, "land", "stage"), (), note="landing included"),
        Run(
            f"ours: {CHANGE:.0%} changed day",
            _ours(changed, CHANGED_DAY, "stage"),
            USUAL,
            before=_ours(changed, CHANGED_DAY, "land"),
        ),
    )
    return Contestant("ours", runs)


def _ours_of_six(course: Course) -> Contestant:
    data = course.source("six")
    run = Run(
        f"ours{WITH_AKAS}",
        _ours(data, DAY, "stage"),
        ALL,
        compared_with=f"floor: decompress + copy{WITH_AKAS}",
        before=_ours(data, DAY, "land"),
    )
    return Contestant("ours", (run,))


def _floor(course: Course, source: str, files: tuple[str, ...], suffix: str) -> list[Contestant]:
    words = (sys.executable, "-P", CONTESTANTS_FOLDER / "floor.py", course.packed(source))
    copying = (*words, course.folder / "ready" / source)
    return [
        Contestant("floor", (Run(f"floor: decompress{suffix}", words, files, f"ours{suffix}"),), template=None),
        Contestant("floor", (Run(f"floor: decompress + copy{suffix}", copying, files, f"ours{suffix}"),)),
    ]


def _peers(course: Course) -> Iterator[Contestant]:
    packed, python = course.packed("five"), course.python
    rules = json.dumps({"title_types": sorted(TITLE_TYPES.values), "categories": sorted(CATEGORIES.values)})
    url = f"postgresql+psycopg2://postgres@127.0.0.1:{course.server.port}/{ARENA}"
    for name, what in (("pandas filter + to_sql", "filter"), ("pandas all rows + to_sql", "all")):
        words = (python, CONTESTANTS_FOLDER / "pandas_to_sql.py", what, packed, url, rules)
        yield Contestant("pandas", (Run(name, words, USUAL),), 0.01, "template0", is_peer=True)
    read = tuple(name for name in USUAL if name != "title.crew.tsv.gz")
    only = ("--cache-dir", packed, "--db", SQLITE, "--only", "people,titles,crew,ratings")
    for name, more in (("imdb-sqlite", ("--no-index",)), ("imdb-sqlite with its indexes", ())):
        words = (python, "-m", "imdb_sqlite", *only, *more)
        run = Run(name, words, read, note="all rows, into SQLite; reads no title.crew")
        yield Contestant("imdb-sqlite", (run,), 0.1, None, is_peer=True)
    words = (python, python.with_name("s32cinemagoer.py"), packed, url)
    run = Run("cinemagoer", words, USUAL, note="all rows, with its indexes")
    yield Contestant("cinemagoer", (run,), 0.01, "template0", is_peer=True)


def why_not(contestant: Contestant, scale: float, no_limits: bool, python: Path) -> str:
    """Why a contestant does not take part at all, or nothing."""
    if scale > contestant.largest_scale and not no_limits:
        return f"not run above scale {contestant.largest_scale:g} without --no-limits"
    return install_peers(LOCK, python.parent.parent) if contestant.is_peer else ""


# --- running --------------------------------------------------------------------------------------------


def _run_round(course: Course, contestant: Contestant, measured: Mapping[str, Figures], number: int, when: str) -> None:
    """All runs of a contestant once. After one that fails neither the next ones are tried nor the next round."""
    if any(measured[run.name].reason for run in contestant.runs):
        return
    with arena(course.server, course.folder, contestant.template) as place:
        for run in contestant.runs:
            figures = measured[run.name]
            try:
                with course.screen.running(f"{when}: {run.name}"):
                    cost, said = _measured(course, run, place)
            except ProgramFailed as error:
                figures.reason = f"failed in {when}: {error}"
                course.screen.say(f"{when}: {run.name} failed: {error}")
                return
            course.screen.say(f"{when}: {run.name} {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU")
            figures.costs[number] = cost
            figures.account = _account(said)
            if figures.kept is None:
                figures.kept = _count_kept(course, contestant, place)


def _measured(course: Course, run: Run, place: Arena) -> tuple[Cost, str]:
    if run.before:
        measure(run.before, folder=place.home, env=place.env)
    # What others have left to be written must not be written in this one's time.
    tell_server(course.server, "checkpoint")
    return measure(run.words, folder=place.home, env=place.env, postmaster=course.postmaster)


def _account(said: str) -> dict[str, object] | None:
    last = said.rstrip().rpartition("\n")[2]
    return json.loads(last) if last.startswith("{") else None


def _count_kept(course: Course, contestant: Contestant, place: Arena) -> int | None:
    """Rows that are in the contestant's tables now."""
    if (place.home / SQLITE).exists():
        with closing(sqlite3.connect(place.home / SQLITE)) as database:
            names = database.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
            return sum(database.execute(f'select count(*) from "{name}"').fetchone()[0] for (name,) in names.fetchall())
    if not contestant.template:
        return None
    with psycopg.connect(course.server.dsn(ARENA)) as conn:
        if contestant.template == MIGRATED:
            tables = [("staging", file.table) for file in FILES]
        else:
            tables = conn.execute("select schemaname, tablename from pg_tables where schemaname = 'public'").fetchall()
        counted = (sql.SQL("select count(*) from {}").format(sql.Identifier(*table)) for table in tables)
        return sum(conn.execute(query).fetchone()[0] for query in counted) or None


# --- the table ------------------------------------------------------------------------------------------


def table(rows: list[dict[str, object]]) -> list[str]:
    """What was measured, and under it how the runs of the same round compare."""
    compared = [row for row in rows if row["compared_with"]]
    return [
        *format_table({name: row[name] for name in MEASURED} for row in rows),
        "",
        *format_table({name: row[name] for name in COMPARED} for row in compared),
    ]


def _row(course: Course, figures: Figures, measured: Mapping[str, Figures]) -> dict[str, object]:
    run, costs = figures.run, list(figures.costs.values())
    rows_in = sum(course.row_counts[name] for name in run.files) or None
    if rows_in and figures.account:
        # The changed day has some more or fewer than the first, whose rows were counted when they were made.
        rows_in = figures.account.get("rows_in", rows_in)
    wall_s = _median([cost.wall_s for cost in costs])
    other = measured.get(run.compared_with)
    rounds = sorted(figures.costs.keys() & other.costs.keys()) if other else []
    pairs = [(figures.costs[number], other.costs[number]) for number in rounds]
    times_cpu = [mine.cpu_s / others.cpu_s for mine, others in pairs]
    times_wall = [mine.wall_s / others.wall_s for mine, others in pairs]
    return {
        "name": run.name,
        "rows": rows_in,
        "kept": figures.kept,
        "wall_s": wall_s,
        "cpu_s": _median([cost.cpu_s for cost in costs]),
        "client_s": _median([cost.client_cpu_s for cost in costs]),
        "server_s": _median([cost.server_cpu_s for cost in costs]),
        "peak_mb": round(max(cost.peak_mb for cost in costs)) if costs else None,
        "rows_per_s": round(rows_in / wall_s) if rows_in and wall_s else None,
        "times_cpu": _median(times_cpu),
        "cpu_range": _range(times_cpu),
        "times_wall": _median(times_wall),
        "wall_range": _range(times_wall),
        "compared_with": run.compared_with if pairs else None,
        "note": figures.reason or run.note or None,
        "account": figures.account,
        "rounds": [{"round": number + 1, **cost._asdict()} for number, cost in sorted(figures.costs.items())],
    }


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None


def _range(values: list[float]) -> str | None:
    return f"{min(values):.3g}–{max(values):.3g}" if values else None
