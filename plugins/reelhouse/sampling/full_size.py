"""Source files of any size up to today's real one, and the truth about them: for speed, memory and matching at scale.

draws            chance by number: a title is the same whatever else is made
pieces           text put together from numbered pieces, packed into archives that are the same to the byte
vocabulary       the pieces: made-up words and names, ids, IMDb's fixed words
population       titles and people of a day
imdb_scale       IMDb's six files of them
catalogue_scale  Netflix' and Rotten Tomatoes' files about a part of them

The ids lie where IMDb's lie, so that they are as long, as many and as dense. Nothing else is theirs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from reelhouse.errors import SettingsWrong
from reelhouse.sampling.catalogue_scale import Edition, netflix_edition, rotten_tomatoes_edition
from reelhouse.sampling.imdb_scale import HEADERS, Made, Tell, write_imdb
from reelhouse.sampling.population import Extent, Population

FIRST_DAY = date(2026, 1, 5)
NETFLIX_ROWS, ROTTEN_ROWS, FEWEST_ROWS = 8_807, 17_712, 20
CATALOGUES: dict[str, tuple[str, Callable[[Population, int, bool], Edition]]] = {
    "netflix": ("netflix_titles.csv", netflix_edition),
    "rotten_tomatoes": ("rotten_tomatoes_movies.csv", rotten_tomatoes_edition),
}
FILES = (*HEADERS, *CATALOGUES)
# All but the largest, which matching can do without.
USUAL_FILES = tuple(name for name in FILES if name != "title.akas")
LINK_COLUMNS = ("day", "source_id", "imdb_id", "trap")
ACCOUNT_COLUMNS = (
    "day", "source", "file_name", "rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate"
)  # fmt: skip
# Beyond it the ids would run into each other; in a day not everything can change.
LARGEST_SCALE, MOST_CHANGE, LAST_DAY = 1.2, 0.5, 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make.

    extent           size, seed, day, and the shares of change and of strays
    files            which of `FILES`
    netflix          rows of Netflix; by default as many as the scale says
    rotten_tomatoes  rows of Rotten Tomatoes
    """

    extent: Extent
    files: tuple[str, ...] = USUAL_FILES
    netflix: int | None = None
    rotten_tomatoes: int | None = None

    def __post_init__(self) -> None:
        extent = self.extent
        _expect(0 < extent.scale <= LARGEST_SCALE, "scale", f"more than 0, at most {LARGEST_SCALE}", extent.scale)
        _expect(1 <= extent.day <= LAST_DAY, "day", f"1 to {LAST_DAY}", extent.day)
        _expect(0 <= extent.change <= MOST_CHANGE, "change", f"a share up to {MOST_CHANGE}", extent.change)
        _expect(0 <= extent.stray <= 1, "stray", "a share from 0 to 1", extent.stray)
        unknown = set(self.files) - set(FILES)
        _expect(bool(self.files) and not unknown, "files", f"some of {','.join(FILES)}", ",".join(self.files))
        for rows in (self.netflix, self.rotten_tomatoes):
            _expect(rows is None or rows >= FEWEST_ROWS, "rows", f"{FEWEST_ROWS} or more", rows)

    @property
    def date(self) -> date:
        return FIRST_DAY + timedelta(self.extent.day - 1)

    def rows_of(self, source: str) -> int:
        given, whole = {
            "netflix": (self.netflix, NETFLIX_ROWS),
            "rotten_tomatoes": (self.rotten_tomatoes, ROTTEN_ROWS),
        }[source]
        return max(round(whole * self.extent.scale), FEWEST_ROWS) if given is None else given


def _expect(is_right: bool, name: str, expected: str, found: object) -> None:
    if not is_right:
        raise SettingsWrong(f"{name}: expected {expected}, found {found}.")


def write_full_size(folder: Path, wanted: Wanted, tell: Tell) -> list[dict[str, object]]:
    """Write one day's files below `folder`, and the truth about them into its folder `truth`.

    Gives   for each file its path below the folder, rows and bytes
    Reruns  same seed, scale and day: same bytes
    """
    tell("titles and people", 0.0)
    population = Population(wanted.extent)
    day = wanted.date.isoformat()
    names = tuple(name for name in HEADERS if name in wanted.files)
    accounts, figures = [], []
    if names:
        made = write_imdb(population, folder / "imdb" / day, names, tell)
        accounts += [("imdb", f"{name}.tsv.gz", *counts) for name, counts in _counts(made)]
    for source, (file_name, make) in CATALOGUES.items():
        if source in wanted.files:
            tell(f"titles of {source}", None)
            edition = make(population, wanted.rows_of(source), "title.akas" in wanted.files)
            path = folder / source / day / file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(edition.file)
            accounts.append((source, file_name, len(edition.truth), len(edition.truth)))
            links = ((day, source_id, imdb_id, "") for source_id, imdb_id in edition.truth.items())
            _put_day(folder / "truth" / f"{source}_imdb.csv", LINK_COLUMNS, day, links)
    rows = [(day, *names, rows_in, kept, rows_in - kept, 0, 0) for *names, rows_in, kept in accounts]
    _put_day(folder / "truth" / "accounts.csv", ACCOUNT_COLUMNS, day, rows)
    for source, name, rows_in, rows_staged in accounts:
        path = f"{source}/{day}/{name}"
        size = (folder / path).stat().st_size
        figures.append({"file": path, "rows": rows_in, "kept_by_staging": rows_staged, "bytes": size})
    return figures


def _counts(made: Made) -> list[tuple[str, tuple[int, int]]]:
    return [(name, (account.rows_in, account.rows_staged)) for name, account in made.accounts.items()]


def _put_day(path: Path, columns: tuple[str, ...], day: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows of one day into a file of the truth; those of other days stay."""
    kept: list[tuple[object, ...]] = []
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            kept = [tuple(row) for row in csv.reader(file) if row][1:]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    # Stable: of each day in the order in which its file was made.
    writer.writerows(sorted([*(row for row in kept if row[0] != day), *rows], key=lambda row: str(row[0])))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")
