"""Catalogue rows linked to IMDb titles: ours, Splink on DuckDB under several settings, and the plain rule.

All see the same files and are scored by the same function against the same answers, each in a process of its own, in
rounds. `task_cpu_s` is what a day costs once keys are stored and models are trained: ours all but folding, Splink its
predict step, the plain rule all. Splink gets ours' folds, keys and people ready made, and for each setting the
threshold and the assignment (the best of each row, or one to one) that score best on these very answers. Ours does not:
*ours* has the weights that it ships with, *ours refitted* such as were fitted without the row that is decided.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from reelhouse import landing
from reelhouse.database import connect, migrate
from reelhouse.day import SOURCES, Day
from reelhouse.errors import FileMissing, SettingsWrong
from reelhouse.matching.evaluation import LINK_COLUMNS, NIL, compare_links, score_links
from reelhouse.operating import postgres
from reelhouse.operating.arena import Arena, arena, install_peers, own_server
from reelhouse.operating.arguments import parse_day
from reelhouse.operating.embedded import make_database
from reelhouse.operating.measuring import Cost, ProgramFailed
from reelhouse.operating.showing import Screen, format_table
from reelhouse.sampling.full_size import FIRST_DAY, Wanted, write_full_size
from reelhouse.sampling.population import Extent
from reelhouse.settings import Settings, read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load

HERE = Path(__file__).resolve().parent
CONTESTANTS_FOLDER = HERE / "contestants"
LOCK = HERE / "requirements.lock"
STAGED = "staged"
NETFLIX = "netflix"
OURS, REFITTED, PLAIN = "ours", "ours refitted", "plain rule"
SPLINK_SETTINGS = (
    "usual", "names", "names+frequency", "names+votes", "names+frequency+votes", "names+votes+labels",
    "names+frequency+votes+labels",
)  # fmt: skip
SCORED = (
    "name", "precision", "recall", "f1", "f1_low", "f1_high", "films_f1", "series_f1", "nil_linked_share", "threshold",
    "assigned",
)  # fmt: skip
MEASURED = ("name", "task_cpu_s", "task_wall_s", "cpu_s", "wall_s", "peak_mb", "times_task_cpu", "note")


@dataclass(frozen=True, slots=True)
class Contestant:
    """One program to run.

    name      of its row
    words     program and arguments; the file for its links, or its pairs, comes last
    template  what its database is made from; None when it needs none
    is_task   whether a phase of it counts to the daily task
    is_timed  whether its time means anything
    """

    name: str
    words: tuple[str | Path, ...]
    template: str | None = STAGED
    is_task: Callable[[str], bool] = lambda phase: True
    is_timed: bool = True

    @property
    def is_peer(self) -> bool:
        return self.name.startswith("Splink")


@dataclass(frozen=True, slots=True)
class Course:
    """What all runs share: the answers, a server that holds the staged files, and a folder for all that is made."""

    folder: Path
    server: postgres.Server
    day: date
    gold: Path
    python: Path
    screen: Screen = field(repr=False)

    @property
    def exchange(self) -> Path:
        return self.folder / "exchange"


@dataclass(slots=True)
class Figures:
    """What was measured of one contestant by round, what it answered in its first, or why it did not."""

    contestant: Contestant
    costs: dict[int, Cost] = field(default_factory=dict)
    phases: dict[int, list[dict[str, object]]] = field(default_factory=dict)
    scored: dict[str, object] = field(default_factory=dict)
    links: Path | None = None
    reason: str = ""


# --- the command ----------------------------------------------------------------------------------------


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with netflix/, imdb/ and rotten_tomatoes/ (REELHOUSE_REAL_DATA)",
    )
    parser.add_argument(
        "--gold", type=Path, metavar="FILE", help="right answers, source_id,imdb_id (netflix_imdb_dev.csv of"
        " REELHOUSE_LABELS, or of gold/ beside the data)",
    )  # fmt: skip
    parser.add_argument("--day", type=parse_day, metavar="D", help="edition to link (the newest of the data)")
    parser.add_argument(
        "--scale", type=float, metavar="S", help="on generated files of this size; 1 is IMDb's real one"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="how often each one runs (3)")
    parser.add_argument(
        "--only", metavar="A,B", help="those of these names, or whose names begin so: ours,plain,splink"
    )


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """One row for each contestant: how right its links are, what they cost, and how far ours is ahead."""
    if arguments.rounds < 1:
        raise SettingsWrong(f"--rounds: expected 1 or more, found {arguments.rounds}.")
    screen = Screen(sys.stderr)
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        data, gold, day = _files(arguments, Path(folder), screen)
        with _course(Path(folder), data, gold, day, screen) as course:
            wanted = _wanted(_contestants(course), arguments.only)
            measured = {each.name: Figures(each) for each in wanted}
            _make_ready(course, measured)
            for number in range(arguments.rounds):
                # Who comes first meets a colder machine; so each round another one does.
                place = number * len(wanted) // arguments.rounds
                for contestant in wanted[place:] + wanted[:place]:
                    if contestant.is_timed or number == 0:
                        said = f"round {number + 1} of {arguments.rounds}: {contestant.name}"
                        _run(course, measured[contestant.name], number, said)
            return [_row(course, figures, measured) for figures in measured.values()]


def _wanted(contestants: list[Contestant], only: str | None) -> list[Contestant]:
    """Those whose names are given, or begin so where nobody has that very name."""
    names = {each.name.casefold() for each in contestants}
    given = [text.strip().casefold() for text in only.split(",")] if only else [""]
    wanted = [
        each
        for each in contestants
        if any(
            each.name.casefold() == text or (text not in names and each.name.casefold().startswith(text))
            for text in given
        )
    ]
    if not wanted:
        raise SettingsWrong(f"--only: expected some of {', '.join(each.name for each in contestants)}, found {only}.")
    return wanted


# --- what all share -------------------------------------------------------------------------------------


def _files(arguments: argparse.Namespace, folder: Path, screen: Screen) -> tuple[Path, Path, date]:
    """The data, the right answers, and the day."""
    data, gold = arguments.data, arguments.gold
    if arguments.scale is not None:
        data = folder / "made"
        with screen.running("files"):
            write_full_size(data, Wanted(Extent(arguments.scale, seed=1)), screen.tell)
        return data, data / "truth" / "netflix_imdb.csv", FIRST_DAY
    if data is None:
        if not (named := os.environ.get("REELHOUSE_REAL_DATA")):
            raise SettingsWrong("bench matching: expected --data, --scale or REELHOUSE_REAL_DATA, found none of them.")
        data = Path(named)
    if gold is None:
        gold = Path(os.environ.get("REELHOUSE_LABELS", data.parent / "gold")) / "netflix_imdb_dev.csv"
    if not gold.is_file():
        raise FileMissing(
            f"{gold}: expected right answers (source_id,imdb_id), found no such file. Without them nothing can be"
            " scored: name one with --gold, or use --scale, which knows its own."
        )
    days = sorted(path.name for path in (data / NETFLIX).glob("????-??-??") if path.is_dir())
    return data, gold, arguments.day or (date.fromisoformat(days[-1]) if days else date.today())


@contextmanager
def _course(folder: Path, data: Path, gold: Path, day: date, screen: Screen) -> Iterator[Course]:
    """The files staged, on a server that serves nothing else; all is gone afterwards."""
    settings = read_settings()
    with own_server(folder) as server:
        course = Course(
            folder, server, day, folder / "gold.csv", settings.home / "benchmarks" / "peers" / "bin" / "python", screen
        )
        with screen.running("staging"):
            _stage(course, replace(settings, home=folder / "home", data=data))
        screen.say(f"{_write_gold(course, gold):,} answers known of the edition of {day}")
        yield course


def _stage(course: Course, settings: Settings) -> None:
    dsn = make_database(course.server, STAGED)
    migrate(dsn, settings.sql)
    day = Day(course.day, settings, tell=course.screen.tell)
    with connect(dsn, "reelhouse bench", autocommit=True) as conn:
        for source in SOURCES:
            landing.land_source(conn, day, source)
            stage_source(conn, day, source)
        open_load(conn, day)
        # Others link Netflix alone; ours would do Rotten Tomatoes beside it. Staging that lost all rows is refused.
        conn.execute(
            "delete from staging.rotten_tomatoes_movies"
            " where source_id <> (select min(source_id) from staging.rotten_tomatoes_movies)"
        )
        conn.execute("vacuum analyze")
        counts = conn.execute(
            "select (select count(*) from staging.netflix_titles), (select count(*) from staging.imdb_titles)"
        ).fetchone()
    course.screen.say("{:,} rows of Netflix, {:,} titles of IMDb".format(*counts))


def _write_gold(course: Course, gold: Path) -> int:
    """The answers of this day in the form that all get them; gives their number."""
    with connect(course.server.dsn(STAGED), "reelhouse bench") as conn:
        kinds = dict(conn.execute("select source_id, kind from staging.netflix_titles").fetchall())
    with gold.open(newline="", encoding="utf-8-sig") as file:
        known = [row for row in csv.DictReader(file) if row.get("day", str(course.day)) == str(course.day)]
    # Of some generated rows the truth is that only a person can tell: those are no answers.
    rows = [
        (row["source_id"], row["imdb_id"], kinds[row["source_id"]])
        for row in known
        if row["source_id"] in kinds and (row["imdb_id"] == NIL or row["imdb_id"].startswith("tt"))
    ]
    if not rows:
        raise SettingsWrong(f"{gold}: expected answers for rows of {course.day}, found none.")
    with course.gold.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("source_id", "imdb_id", "type"), *rows])
    return len(rows)


def _contestants(course: Course) -> list[Contestant]:
    def ours(program: str, *arguments: object) -> tuple[str | Path, ...]:
        return (sys.executable, "-P", CONTESTANTS_FOLDER / program, *map(str, arguments))

    def splink(setting: str) -> Contestant:
        words = (course.python, "-P", CONTESTANTS_FOLDER / "splink_links.py", setting, course.exchange)
        return Contestant(f"Splink {setting}", words, None, lambda phase: phase == "predict")

    return [
        Contestant(OURS, ours("matching_ours.py", course.day), is_task=lambda phase: not phase.startswith("folding")),
        Contestant(REFITTED, ours("matching_refitted.py", course.day, course.gold), is_timed=False),
        Contestant(PLAIN, ours("matching_plain.py")),
        *map(splink, SPLINK_SETTINGS),
    ]


def _make_ready(course: Course, measured: Mapping[str, Figures]) -> None:
    """What other matchers need: their packages, and what ours knows of both sides. Nobody's time."""
    peers = [figures for figures in measured.values() if figures.contestant.is_peer]
    for figures in peers:
        figures.reason = install_peers(LOCK, course.python.parent.parent)
    if not any(not figures.reason for figures in peers):
        return
    course.exchange.mkdir()
    program = CONTESTANTS_FOLDER / "matching_exchange.py"
    with arena(course.server, course.folder, STAGED) as place, course.screen.running("rows for Splink"):
        place.run(sys.executable, "-P", program, str(course.day), course.gold, course.exchange)


# --- running --------------------------------------------------------------------------------------------


def _run(course: Course, figures: Figures, number: int, said: str) -> None:
    """One contestant once. One that has failed is not tried again."""
    if figures.reason:
        return
    contestant = figures.contestant
    with arena(course.server, course.folder, contestant.template) as place:
        try:
            with course.screen.running(said):
                cost, printed = place.run(*contestant.words, *_last_words(contestant, place), place.home / "links.csv")
        except ProgramFailed as error:
            figures.reason = f"failed: {error}"
            course.screen.say(f"{said} failed: {error}")
            return
        figures.costs[number] = cost
        figures.phases[number] = _phases(printed)
        if figures.links is None:
            _take_links(course, figures, place.home / "links.csv")
    course.screen.say(f"{said} {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU, F1 {figures.scored['f1']}")


def _last_words(contestant: Contestant, place: Arena) -> tuple[str, ...]:
    # Only ours measures its phases on both sides, and has to know the server for it.
    return (str(place.postmaster),) if contestant.name == OURS else ()


def _phases(printed: str) -> list[dict[str, object]]:
    last = printed.rstrip().rpartition("\n")[2]
    return json.loads(last)["phases"] if last.startswith("{") else []


def _take_links(course: Course, figures: Figures, made: Path) -> None:
    """Keep what a contestant answered, and score it."""
    figures.links = course.folder / f"{figures.contestant.name}.csv"
    chosen: dict[str, object] = {}
    if figures.contestant.is_peer:
        links, chosen = best_links(read_pairs(made), course.gold)
        write_links(figures.links, links)
    else:
        figures.links.write_bytes(made.read_bytes())
    scores = score_links(figures.links, course.gold)
    figures.scored = scores["all"] | chosen
    for kind, name in (("movie", "films_f1"), ("series", "series_f1")):
        figures.scored[name] = scores[kind]["f1"] if kind in scores else None


# --- from pairs to links --------------------------------------------------------------------------------

Pair = tuple[float, str, str]


def read_pairs(path: Path) -> list[Pair]:
    """Weight, row and title of each pair, the weightiest first."""
    with path.open(newline="") as file:
        pairs = [
            (float(row["match_weight"]), row["source_id"], f"tt{int(row['imdb_id']):07d}")
            for row in csv.DictReader(file)
        ]
    return sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2]))


def best_links(pairs: list[Pair], gold: Path) -> tuple[list[Pair], dict[str, object]]:
    """The links of the threshold and the assignment that score best on the answers, and which these are."""
    best: tuple[float, list[Pair], dict[str, object]] = (-1.0, [], {})
    for assigned in ("best of each row", "one to one"):
        links = assign(pairs, one_to_one=assigned == "one to one")
        f1, threshold = best_threshold(links, gold)
        if f1 > best[0]:
            kept = [link for link in links if link[0] >= threshold]
            best = (f1, kept, {"threshold": round(threshold, 2), "assigned": assigned})
    return best[1], best[2]


def assign(pairs: list[Pair], *, one_to_one: bool) -> list[Pair]:
    """Each row's weightiest title; one to one: of those that no row with a weightier pair has."""
    links: dict[str, Pair] = {}
    taken: set[str] = set()
    for pair in pairs:
        if pair[1] not in links and not (one_to_one and pair[2] in taken):
            links[pair[1]] = pair
            taken.add(pair[2])
    return list(links.values())


def best_threshold(links: list[Pair], gold: Path) -> tuple[float, float]:
    """The highest F1 that cutting the links somewhere gives, and the least weight that is kept for it."""
    with gold.open(newline="") as file:
        known = {row["source_id"]: row["imdb_id"] for row in csv.DictReader(file)}
    having = sum(imdb_id != NIL for imdb_id in known.values())
    linked = right = 0
    best = (0.0, 0.0)
    for weight, source_id, imdb_id in links:
        if source_id in known:
            linked += 1
            right += known[source_id] == imdb_id
            best = max(best, (2 * right / (linked + having), weight))
    return best


def write_links(path: Path, links: list[Pair]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(LINK_COLUMNS)
        writer.writerows((source_id, imdb_id, "", "") for _, source_id, imdb_id in links)


# --- the table ------------------------------------------------------------------------------------------


def table(rows: list[dict[str, object]]) -> list[str]:
    """How right, what it costs, and how far ours is ahead of each."""
    leads = [{"ours": ahead["of"], "against": row["name"], **ahead} for row in rows for ahead in row["leads"]]
    shown = ("ours", "against", "f1_lead", "lead_low", "lead_high")
    return [
        *format_table({name: row[name] for name in SCORED} for row in rows),
        "",
        *format_table({name: row[name] for name in MEASURED} for row in rows),
        *(["", *format_table({name: lead[name] for name in shown} for lead in leads)] if leads else []),
    ]


def _row(course: Course, figures: Figures, measured: Mapping[str, Figures]) -> dict[str, object]:
    contestant = figures.contestant
    tasks = {number: _task(figures, number) for number in figures.costs}
    ours = measured.get(OURS)
    times = [
        tasks[number][0] / _task(ours, number)[0] for number in sorted(tasks) if ours and number in ours.costs
    ] if contestant.is_timed else []  # fmt: skip
    costs = list(figures.costs.values()) if contestant.is_timed else []
    return {
        "name": contestant.name,
        **{name: figures.scored.get(name) for name in SCORED[1:]},
        "task_cpu_s": _median([cpu_s for cpu_s, _ in tasks.values()] if contestant.is_timed else []),
        "task_wall_s": _median([wall_s for _, wall_s in tasks.values()] if contestant.is_timed else []),
        "cpu_s": _median([cost.cpu_s for cost in costs]),
        "wall_s": _median([cost.wall_s for cost in costs]),
        "peak_mb": round(max(cost.peak_mb for cost in costs)) if costs else None,
        "times_task_cpu": _median(times),
        "note": figures.reason or None,
        "scores": figures.scored,
        "phases": [each for number in sorted(figures.phases) for each in figures.phases[number]],
        "leads": _leads(course, figures, measured),
    }


def _task(figures: Figures, number: int) -> tuple[float, float]:
    """CPU and wall time of what has to be done each day; of a program without phases all of it."""
    cost, phases = figures.costs[number], figures.phases[number]
    counted = [phase for phase in phases if figures.contestant.is_task(phase["phase"])]
    if not counted:
        return cost.cpu_s, cost.wall_s
    return sum(phase["cpu_s"] for phase in counted), sum(phase["wall_s"] for phase in counted)


def _leads(course: Course, figures: Figures, measured: Mapping[str, Figures]) -> list[dict[str, object]]:
    if figures.contestant.name in (OURS, REFITTED) or figures.links is None:
        return []
    present = [(name, measured[name].links) for name in (OURS, REFITTED) if name in measured]
    return [{"of": name} | compare_links(links, figures.links, course.gold) for name, links in present if links]


def _median(values: list[float]) -> float | None:
    return round(statistics.median(values), 3) if values else None
