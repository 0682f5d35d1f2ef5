"""The full-size files, made very small: the same again, shaped like IMDb's, and their truth is true of them."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest

from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.landing import land_source
from reelhouse.sampling.full_size import FILES, Wanted, write_full_size
from reelhouse.sampling.imdb_scale import HEADERS
from reelhouse.sampling.population import Extent
from reelhouse.settings import Settings
from reelhouse.staging.filling import stage_source

DAYS = ("2026-01-05", "2026-01-06")
CHANGE = 0.1
SMALL = Wanted(Extent(1 / 5000, seed=1, change=CHANGE, stray=0.01), FILES, netflix=120, rotten_tomatoes=150)
KEPT_TYPES = {"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"}
KEYS = {"title.principals": 2, "title.akas": 2}

Lines = list[list[str]]


def write(folder: Path, wanted: Wanted = SMALL) -> Path:
    write_full_size(folder, wanted, lambda message, share: None)
    return folder


def on_day(day: int) -> Wanted:
    return replace(SMALL, extent=replace(SMALL.extent, day=day))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of one world."""
    folder = tmp_path_factory.mktemp("full")
    write(folder)
    return write(folder, on_day(2))


def tsv(folder: Path, name: str, day: str = DAYS[0]) -> Lines:
    text = gzip.decompress((folder / "imdb" / day / f"{name}.tsv.gz").read_bytes()).decode()
    assert text.endswith("\n")
    return [line.split("\t") for line in text.split("\n")[:-1]]


def csv_rows(path: Path, day: str | None = None) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if day is None or row["day"] == day]


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_makes_the_same_bytes_and_another_one_others(made: Path, tmp_path: Path) -> None:
    again = all_bytes(write(tmp_path / "again", on_day(2)))
    assert len(again) == len(FILES) + 3
    first = all_bytes(made)
    assert [name for name, data in again.items() if "truth" not in name and data != first[name]] == []
    other = all_bytes(write(tmp_path / "other", replace(SMALL, extent=replace(SMALL.extent, seed=2))))
    assert [name for name, data in other.items() if data == first[name]] == []


def test_a_file_made_alone_is_the_same_file(made: Path, tmp_path: Path) -> None:
    write(tmp_path, replace(SMALL, files=("title.akas",)))
    name = f"imdb/{DAYS[0]}/title.akas.tsv.gz"
    assert set(all_bytes(tmp_path)) == {name, "truth/accounts.csv"}
    assert all_bytes(tmp_path)[name] == all_bytes(made)[name]


def test_archives_carry_neither_time_nor_name(made: Path) -> None:
    for path in made.rglob("*.gz"):
        assert path.read_bytes()[:10] == b"\x1f\x8b\x08\x00\0\0\0\0\x02\xff", path


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("day", DAYS)
def test_rows_have_the_columns_and_the_order_of_imdb(made: Path, day: str, name: str) -> None:
    header, *lines = tsv(made, name, day)
    assert header == HEADERS[name].split()
    assert {len(line) for line in lines} == {len(header)}
    assert "" not in {field for line in lines for field in line}
    keys = [(line[0], int(line[1]) if name in KEYS else 0) for line in lines]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_sizes_and_types_are_those_of_imdb(made: Path) -> None:
    titles = tsv(made, "title.basics")[1:]
    types = Counter(line[1] for line in titles)
    assert len(titles) == 2300
    assert types["tvEpisode"] / len(titles) == pytest.approx(0.76, abs=0.03)
    assert sum(types[name] for name in KEPT_TYPES) / len(titles) == pytest.approx(0.204, abs=0.03)
    assert len(tsv(made, "title.principals")) / len(titles) == pytest.approx(8, abs=0.5)
    assert len(tsv(made, "title.ratings")) / len(titles) == pytest.approx(0.139, abs=0.03)
    assert len(tsv(made, "title.akas")) / len(titles) == pytest.approx(4.35, abs=0.5)
    assert len(tsv(made, "title.crew")) - 1 == len(titles)
    assert len(tsv(made, "name.basics")) - 1 == 2800


def test_lone_quotes_backslashes_and_other_scripts_are_there(made: Path) -> None:
    titles = {title for line in tsv(made, "title.basics") for title in line[2:4]}
    assert [title for title in titles if title.count('"') % 2]
    assert [title for title in titles if "\\" in title]
    assert [title for title in titles if not title.isascii()]
    assert [line for line in tsv(made, "title.principals") if line[5].startswith('["\\"Doc\\" ')]


@pytest.mark.parametrize("day", DAYS)
def test_every_mention_is_of_a_title_or_person_that_is_there(made: Path, day: str) -> None:
    titles = {line[0] for line in tsv(made, "title.basics", day)[1:]}
    people = {line[0] for line in tsv(made, "name.basics", day)[1:]}
    for name in ("title.ratings", "title.principals", "title.crew", "title.akas"):
        assert {line[0] for line in tsv(made, name, day)[1:]} <= titles, name
    assert {line[2] for line in tsv(made, "title.principals", day)[1:]} <= people
    in_lists = {each for line in tsv(made, "title.crew", day)[1:] for column in line[1:] for each in column.split(",")}
    assert in_lists - {"\\N"} <= people
    # IMDb, too, goes on naming titles that have vanished.
    known_for = {each for line in tsv(made, "name.basics", day)[1:] for each in line[5].split(",")}
    assert known_for - {"\\N"} <= titles | {line[0] for line in tsv(made, "title.basics")[1:]}


def test_crew_is_who_directs_and_writes_in_principals(made: Path) -> None:
    credited: dict[tuple[str, str], list[str]] = {}
    for tconst, _, nconst, category, *_ in tsv(made, "title.principals")[1:]:
        people = credited.setdefault((tconst, category), [])
        if nconst not in people:
            people.append(nconst)
    for tconst, directors, writers in tsv(made, "title.crew")[1:]:
        assert directors == (",".join(credited.get((tconst, "director"), [])[:3]) or "\\N")
        assert writers == (",".join(credited.get((tconst, "writer"), [])[:5]) or "\\N")


@pytest.mark.parametrize("name", ["title.basics", "title.ratings", "title.principals", "name.basics"])
def test_the_second_day_differs_by_about_the_share_asked_for(made: Path, name: str) -> None:
    place = KEYS.get(name, 1)
    before, after = ({tuple(line[:place]): line for line in tsv(made, name, day)[1:]} for day in DAYS)
    edited = sum(after[key] != line for key, line in before.items() if key in after) / len(before)
    gone, new = (len(one.keys() - other.keys()) / len(before) for one, other in ((before, after), (after, before)))
    spread = 4 * (0.1 / len(before)) ** 0.5
    assert edited == pytest.approx(0.8 * CHANGE, abs=spread)
    assert new == pytest.approx(0.1 * CHANGE, abs=spread)
    # People stay: a principal must find its person.
    assert gone == pytest.approx(0 if name == "name.basics" else 0.1 * CHANGE, abs=spread)


@pytest.mark.parametrize("source", ["netflix", "rotten_tomatoes"])
@pytest.mark.parametrize("day", DAYS)
def test_every_row_has_one_truth_and_its_title_is_there(made: Path, source: str, day: str) -> None:
    file, column = {
        "netflix": ("netflix_titles.csv", "show_id"),
        "rotten_tomatoes": ("rotten_tomatoes_movies.csv", "rotten_tomatoes_link"),
    }[source]
    ids = [row[column].removeprefix("m/") for row in csv_rows(made / source / day / file)]
    truth = csv_rows(made / "truth" / f"{source}_imdb.csv", day)
    assert sorted(row["source_id"] for row in truth) == sorted(set(ids)) == sorted(ids)
    linked = [row["imdb_id"] for row in truth if row["imdb_id"] != "NIL"]
    kept = {line[0] for line in tsv(made, "title.basics", day)[1:] if line[1] in KEPT_TYPES and line[4] == "0"}
    assert set(linked) <= kept
    assert len(linked) == len(set(linked))
    assert 0.03 * len(truth) <= len(truth) - len(linked) <= 0.15 * len(truth)


def test_netflix_is_numbered_anew_and_some_titles_leave_and_come(made: Path) -> None:
    first, second = (
        {row["imdb_id"]: row["source_id"] for row in csv_rows(made / "truth" / "netflix_imdb.csv", day)} for day in DAYS
    )
    both = (first.keys() & second.keys()) - {"NIL"}
    assert len(both) > 100
    assert sum(first[each] != second[each] for each in both) > 0.9 * len(both)
    assert first.keys() - second.keys()
    assert second.keys() - first.keys()


def test_most_rows_bear_the_name_and_people_of_their_title(made: Path) -> None:
    titles = {line[0]: line for line in tsv(made, "title.basics")[1:]}
    names = {line[0]: line[1] for line in tsv(made, "name.basics")[1:]}
    credited: dict[str, set[str]] = {}
    for line in tsv(made, "title.principals")[1:]:
        credited.setdefault(line[0], set()).add(names[line[2]])
    rows = {row["show_id"]: row for row in csv_rows(made / "netflix" / DAYS[0] / "netflix_titles.csv")}
    linked = [row for row in csv_rows(made / "truth" / "netflix_imdb.csv", DAYS[0]) if row["imdb_id"].startswith("tt")]
    same_title = [row for row in linked if rows[row["source_id"]]["title"] == titles[row["imdb_id"]][2]]
    has_people = [row for row in linked if credited.get(row["imdb_id"], set()) & _people(rows[row["source_id"]])]
    assert 0.7 * len(linked) < len(same_title) < len(linked)
    assert len(has_people) > 0.6 * len(linked)


def _people(row: dict[str, str]) -> set[str]:
    return {name for column in ("director", "cast") for name in row[column].split(", ")} - {""}


@pytest.mark.parametrize("day", DAYS)
def test_staging_comes_to_the_account(
    made: Path, conn: psycopg.Connection, make_day: Callable[..., Day], settings: Settings, day: str
) -> None:
    run = make_day(date.fromisoformat(day), settings=replace(settings, data=made))
    for step in (land_source, stage_source):
        for source in run.sources:
            step(conn, run, source)
    columns = ("source", "file_name", "rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate")
    found = conn.execute(f"select {', '.join(columns)} from ops.staged_file").fetchall()
    expected = csv_rows(made / "truth" / "accounts.csv", day)
    assert {tuple(map(str, row)) for row in found} == {tuple(row[name] for name in columns) for row in expected}


@pytest.mark.parametrize(
    "words", [{"scale": 0}, {"scale": 3}, {"day": 0}, {"change": 0.9}, {"stray": -1}], ids=lambda words: str(words)
)
def test_what_cannot_be_made_is_refused_with_a_reason(words: dict[str, float]) -> None:
    with pytest.raises(SettingsWrong, match=f"{next(iter(words))}: expected"):
        Wanted(replace(SMALL.extent, **words))
