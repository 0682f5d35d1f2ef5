"""`reelhouse sample`: make the invented sample files anew. The same seed makes the same bytes.

`reelhouse sample full` makes files of any size up to today's real one (scale 1: 11.5 M titles of IMDb, 92 M
principals, 14 M people), with what is true of them in DIR/truth; `reelhouse run --data DIR` loads them. Each later
day is the day before with a share of changes: eight tenths edited, one added, one dropped.

`reelhouse sample viewers` invents viewers with tastes for the catalogue of the warehouse, into DIR/viewers. They are
known as invented by their numbers, and no quality is measured on them.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from reelhouse.errors import SettingsWrong
from reelhouse.operating.showing import Screen, format_report, format_table
from reelhouse.settings import read_settings

FULL_ONLY = ("scale", "seed", "day", "change", "stray", "files", "netflix", "rotten_tomatoes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("full", "viewers"), help="files of any size, or viewers, instead")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder to write to (include/data/sample; must be given with full and viewers)",
    )
    full = parser.add_argument_group("with full")
    full.add_argument("--scale", type=float, metavar="S", help="size; 1 is today's real one (0.01)")
    full.add_argument("--seed", type=int, metavar="N", help="another seed makes another world (1)")
    full.add_argument("--day", type=int, metavar="N", help="the first day, 2026-01-05, or one after it (1)")
    full.add_argument("--change", type=float, metavar="SHARE", help="share of rows that changes from day to day (0.01)")
    full.add_argument("--stray", type=float, metavar="SHARE", help="share of texts with stray quotes and such (0.0002)")
    full.add_argument("--files", metavar="A,B", help="files to make (all but title.akas)")
    full.add_argument("--netflix", type=int, metavar="ROWS", help="rows of Netflix (8,807 at scale 1)")
    full.add_argument("--rotten-tomatoes", type=int, metavar="ROWS", help="rows of Rotten Tomatoes (17,712 at scale 1)")

    viewers = parser.add_argument_group("with viewers")
    viewers.add_argument("--users", type=int, metavar="N", help="viewers (1,000)")
    viewers.add_argument("--views", type=int, metavar="N", help="viewings in all (ten for each)")


def run(arguments: argparse.Namespace) -> int:
    for_viewers = [name for name in ("users", "views") if getattr(arguments, name) is not None]
    if for_viewers and arguments.what != "viewers":
        options = ", ".join(f"--{name}" for name in for_viewers)
        raise SettingsWrong(f"{options}: expected only with `reelhouse sample viewers`. Add the word, or leave out.")
    given = {name: getattr(arguments, name) for name in FULL_ONLY if getattr(arguments, name) is not None}
    if arguments.what == "full":
        return _run_full(arguments.out, given)
    if arguments.what == "viewers" and not given.keys() - {"seed"}:
        return _run_viewers(arguments, int(given.get("seed", 1)))
    if given:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise SettingsWrong(f"{options}: expected only with `reelhouse sample full`. Add the word full, or leave out.")
    from reelhouse.sampling import write_sample

    folder = arguments.out or read_settings().include / "data" / "sample"
    figures = write_sample(folder)
    print(folder)
    print("\n".join(format_report(figures)))
    return 0


def _run_full(folder: Path | None, given: dict[str, object]) -> int:
    from reelhouse.sampling import full_size

    if folder is None:
        raise SettingsWrong("sample full: expected --out DIR, found none. At scale 1 the files take 2 GB.")
    extent = {name: given.pop(name) for name in ("scale", "seed", "day", "change", "stray") if name in given}
    if "files" in given:
        given["files"] = tuple(str(given["files"]).split(","))
    wanted = full_size.Wanted(full_size.Extent(**({"scale": 0.01, "seed": 1} | extent)), **given)
    screen = Screen()
    began, used = time.monotonic(), os.times()
    with screen.running("sample full"):
        figures = full_size.write_full_size(folder, wanted, screen.tell)
    for line in format_table(figures):
        screen.say(line)
    now = os.times()
    cpu = now.user + now.system - used.user - used.system
    screen.say(f"{folder}, {wanted.date}: made in {time.monotonic() - began:.1f} s, {cpu:.1f} s of CPU")
    return 0


def _run_viewers(arguments: argparse.Namespace, seed: int) -> int:
    from reelhouse.database import connect, translated_errors
    from reelhouse.operating import embedded
    from reelhouse.sampling.viewers import Film, write_viewers

    if arguments.out is None:
        raise SettingsWrong("sample viewers: expected --out DIR, found none. Files go to DIR/viewers.")
    users = 1000 if arguments.users is None else arguments.users
    views = 10 * users if arguments.views is None else arguments.views
    settings = read_settings()
    screen = Screen()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        rows = conn.execute(
            "select title, release_year, genres, case when imdb_title_id is not null then title_key end,"
            " coalesce(imdb_vote_count, 0), runtime_min from mart.titles"
            " where is_catalogue_title and is_current and not is_adult order by title_key"
        ).fetchall()
    films = [Film(title, year, tuple(genres or ()), *more) for title, year, genres, *more in rows]
    with screen.running("sample viewers"):
        figures = write_viewers(arguments.out / "viewers", films, users, views, seed, screen.tell)
    screen.say(f"{arguments.out / 'viewers'}: " + ", ".join(f"{value:,} {name}" for name, value in figures.items()))
    return 0
