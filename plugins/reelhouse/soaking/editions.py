"""The files of each day: worlds that change from day to day, come back, and may arrive late, damaged or twice.

There are as many worlds as a title needs to come, change, go and come back. The days go through them forth and back, so
that every day differs from the one before, and the warehouse of day 300 has no reason to be larger than that of day 30
but for its history.
"""

from __future__ import annotations

import csv
import io
import random
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from reelhouse.sampling.full_size import Wanted, write_full_size
from reelhouse.sampling.population import Extent

# Later than any clock, so that what is old by its day may be removed although it was landed just now.
FIRST_DAY = date(2030, 1, 1)
WORLDS = 12
SCALE, NETFLIX, ROTTEN_TOMATOES, CHANGE = 0.0003, 200, 150, 0.02
KEPT_DAYS = 40
SOURCES = ("imdb", "netflix", "rotten_tomatoes")
CATALOGUE = "netflix_titles.csv"
# No film and no series: such a row is quarantined. Fewer than the gate minds.
BAD_ROW = "x{number},Neither film nor series,and no more\n"
MOST_ODD_ROWS = 3

# (source, file name) -> rows in, staged, filtered, quarantined, duplicate
Account = dict[tuple[str, str], tuple[int, ...]]


def date_of(number: int) -> date:
    return FIRST_DAY + timedelta(number - 1)


def world_of(number: int) -> int:
    """Which world a day shows: forth and back.

    >>> [world_of(number) for number in (1, 2, 12, 13, 22, 23, 24)]
    [1, 2, 12, 11, 2, 1, 2]
    """
    place = (number - 1) % (2 * WORLDS - 2)
    return min(place, 2 * WORLDS - 2 - place) + 1


@dataclass(frozen=True, slots=True)
class Editions:
    """Makes the files of days.

    folder  where the worlds are kept
    seed    another seed makes other worlds, and other odd rows
    """

    folder: Path
    seed: int

    def deliver(self, number: int, data: Path) -> Account:
        """Put the files of a day into a data folder, whatever lies there; gives what must become of their rows."""
        made = self.folder / str(world_of(number))
        if not (made / "truth" / "accounts.csv").exists():
            extent = Extent(scale=SCALE, seed=self.seed, day=world_of(number), change=CHANGE, stray=0.0002)
            wanted = Wanted(extent, netflix=NETFLIX, rotten_tomatoes=ROTTEN_TOMATOES)
            write_full_size(made, wanted, lambda message, share: None)
        account = _read_account(made / "truth" / "accounts.csv")
        for source in SOURCES:
            (folder,) = (made / source).iterdir()
            target = folder_of(data, source, number)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target)
        odd = random.Random(f"{self.seed} odd rows {number}")
        bad, twice = odd.randrange(MOST_ODD_ROWS + 1), odd.randrange(MOST_ODD_ROWS + 1)
        _add_odd_rows(folder_of(data, "netflix", number) / CATALOGUE, bad, twice)
        rows_in, staged, filtered, _, _ = account["netflix", CATALOGUE]
        account["netflix", CATALOGUE] = (rows_in + bad + twice, staged, filtered, bad, twice)
        _forget_old_days(data, number)
        return account


def folder_of(data: Path, source: str, number: int) -> Path:
    return data / source / date_of(number).isoformat()


def _read_account(path: Path) -> Account:
    with path.open(newline="") as file:
        return {
            (row["source"], row["file_name"]): tuple(
                int(row[f"rows_{fate}"]) for fate in ("in", "staged", "filtered", "quarantined", "duplicate")
            )
            for row in csv.DictReader(file)
        }


def _add_odd_rows(path: Path, bad: int, twice: int) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        *_, last = csv.reader(file)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([last] * twice)
    with path.open("a", newline="", encoding="utf-8") as file:
        file.write(text.getvalue() + "".join(BAD_ROW.format(number=number) for number in range(bad)))


def _forget_old_days(data: Path, number: int) -> None:
    before = date_of(max(number - KEPT_DAYS, 1)).isoformat()
    for source in SOURCES:
        for folder in (data / source).iterdir():
            if folder.name < before:
                shutil.rmtree(folder)


# What is wrong with files when they first come --------------------------------------------------------------------


def take_away(data: Path, number: int, chance: random.Random) -> None:
    """A source is late: its files are not there yet, and the day begins with those of the day before."""
    shutil.rmtree(folder_of(data, chance.choice(SOURCES), number))


def cut_off(data: Path, number: int, chance: random.Random) -> None:
    """A transfer broke off in the midst of an archive."""
    path = _an_archive(data, number, chance)
    packed = path.read_bytes()
    path.write_bytes(packed[: chance.randrange(1, len(packed))])


def damage(data: Path, number: int, chance: random.Random) -> None:
    """A byte in the midst of an archive is another one."""
    path = _an_archive(data, number, chance)
    packed = bytearray(path.read_bytes())
    packed[chance.randrange(20, len(packed))] ^= 0xFF
    path.write_bytes(packed)


def shorten(data: Path, number: int, chance: random.Random) -> None:
    """Half of the catalogue: a whole file, and not what it should be."""
    path = folder_of(data, "netflix", number) / CATALOGUE
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows[: len(rows) // 2])


def _an_archive(data: Path, number: int, chance: random.Random) -> Path:
    return chance.choice(sorted(folder_of(data, "imdb", number).glob("*.gz")))


LATE = "late"
FILE_FAULTS = {LATE: take_away, "cut file": cut_off, "damaged file": damage, "half a file": shorten}
