"""Where a cell of mart.titles comes from: random ones are followed to the bytes of their file, read here anew."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.matching.keys import fold_name, person_key
from reelhouse.settings import Settings, read_settings
from reelhouse.steps import STEPS, run_step
from reelhouse.warehousing.identity import key_of

REFERENCE = read_settings({}).reference
KINDS = {
    "movie": "movie", "tvMovie": "movie", "short": "short", "tvShort": "short", "tvSeries": "series",
    "tvMiniSeries": "series", "tvSpecial": "special", "Movie": "movie", "TV Show": "series",
}  # fmt: skip
IDS = {"netflix": "show_id", "amazon": "show_id", "rotten_tomatoes": "rotten_tomatoes_link", "justwatch": "id"}
CATALOGUES = {"netflix", "amazon", "disney", "hulu"}
# Cells that are not null where no source says anything.
DEFAULTS = {"is_on_netflix": False, "is_catalogue_title": False, "is_adult": False}


# --- the files, read with nothing of ours ----------------------------------------------------------------


@dataclass
class File:
    """A landed file; records by id, and by the line on which they begin."""

    path: Path
    sha256: str
    wanted: set[str] = field(default_factory=set)

    @cached_property
    def content(self) -> bytes:
        packed = self.path.read_bytes()
        assert hashlib.sha256(packed).hexdigest() == self.sha256
        return gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed

    @cached_property
    def by_line(self) -> dict[int, dict[str, str]]:
        reader = csv.reader(io.StringIO(self.content.decode("utf-8-sig", "replace"), newline=""))
        header, first, found = next(reader), reader.line_num + 1, {}
        for row in reader:
            # The sample has rows with fields too many: those were set aside.
            found[first] = dict(zip(header, row, strict=False))
            first = reader.line_num + 1
        return found

    @cached_property
    def by_id(self) -> dict[str, dict[str, str]]:
        """Lines of a file of IMDb; of principals by title and person."""
        lines = self.content.decode("utf-8", "replace").split("\n")
        header, found = lines[0].split("\t"), {}
        keys = [0, header.index("nconst")] if "ordering" in header and "nconst" in header else [0]
        for line in lines[1:]:
            fields = line.split("\t")
            if (
                len(fields) != len(header)
                or (key := bare(" ".join(fields[place] for place in keys))) not in self.wanted
            ):
                continue
            record = dict(zip(header, fields, strict=True))
            if key not in found:
                found[key] = record
            elif "category" in record:
                # Two credits of a person at one title are one record here.
                found[key]["category"] += "|" + record["category"]
        return found


def plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).strip("\u200b\ufeff")


def number(text: str) -> int:
    return int(re.match(r"\d+", text)[0])


def bare(record_id: str) -> str:
    """Ids without the zeros that pad them: files differ in how many."""
    return re.sub(r"(?<=[a-z])0+", "", record_id)


def listed(text: str) -> list[str]:
    return [plain(part) for part in text.split(",")]


# --- what each column must be, by what its records say ---------------------------------------------------

Row = dict[str, object]


@dataclass(frozen=True)
class Cell:
    """A value and the records that provenance names for it, each with its raw fields."""

    column: str
    value: object
    rows: list[Row]
    title: Row

    def raw(self, row: Row | None = None) -> str:
        row = row or self.rows[0]
        return row["record"][row["file_column"]]


def check_duration(cell: Cell) -> bool:
    (row,) = cell.rows
    if row["source"] in CATALOGUES and not re.search(r"\d", cell.raw()):
        return number(row["record"]["rating"]) == cell.value
    return number(cell.raw()) == cell.value


def check_words(cell: Cell) -> bool:
    """A word may stand for several genres."""
    genres: dict[tuple[str, str], set[str]] = {}
    with (REFERENCE / "genres.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            genres.setdefault((line["source"], line["source_genre"]), set()).add(line["genre"])
    return _members(cell) == set(cell.value) and all(
        any(row["member"] in genres.get((row["source"], word), {word}) for word in listed(cell.raw(row)))
        for row in cell.rows
    )


def check_countries(cell: Cell) -> bool:
    with (REFERENCE / "countries.csv").open(encoding="utf-8", newline="") as lines:
        spellings = {
            line["country"]: {line["country"], line["iso_code"], *(line["also_written"] or "").split("|")}
            for line in csv.DictReader(lines)
        }
    return _members(cell) == set(cell.value) and all(
        spellings.get(row["member"], {row["member"]}) & set(listed(cell.raw(row))) for row in cell.rows
    )


def check_people(cell: Cell) -> bool:
    """Every name has a record that credits it: by number at IMDb, by name in a catalogue."""
    credited = set()
    for row in cell.rows:
        record, name = row["record"], row["member"]
        if row["file_name"] == "name.basics.tsv.gz":
            if plain(record["primaryName"]) != plain(name):
                return False
        elif row["file_name"] == "title.crew.tsv.gz" and record:
            numbers = {bare(number) for number in record["directors"].split(",")}
            credited |= {name} if numbers & _numbers_of(cell, name) else set()
        elif row["file_name"] == "title.principals.tsv.gz" and record:
            wanted = {"director"} if cell.column == "directors" else {"actor", "actress"}
            credited |= {name} if wanted & set(record["category"].split("|")) else set()
        elif row["source"] != "imdb":
            keys = {person_key(fold_name(other)) for other in listed(cell.raw(row))}
            if person_key(fold_name(name)) in keys:
                credited.add(name)
    return credited == _members(cell) == set(cell.value)


def _numbers_of(cell: Cell, name: str) -> set[str]:
    names = [row for row in cell.rows if row["file_name"] == "name.basics.tsv.gz" and row["member"] == name]
    return {bare(row["record_id"]) for row in names}


def _members(cell: Cell) -> set[str]:
    return {row["member"] for row in cell.rows}


def check_score(cell: Cell) -> bool:
    """A score, a count, or what follows from both."""
    (row,) = cell.rows
    record, is_imdb = row["record"], row["source"] == "imdb"
    worst, best = (1, 10) if is_imdb else (0, 100)
    which = "audience" if cell.column.startswith("audience") else "tomatometer"
    # Zero critics may stand there without a share.
    score = float(record["averageRating" if is_imdb else f"{which}_rating"] or 0)
    answers = number(record["numVotes" if is_imdb else f"{which}_count"])
    prior, weight = (6.5, 1000) if is_imdb else (60, 3) if which == "tomatometer" else (65, 6)
    share = (score - worst) / (best - worst)
    middle, width = 2 * answers * share + 1.96**2, 1.96 * (1.96**2 + 4 * answers * share * (1 - share)) ** 0.5
    bounds = [worst + (best - worst) * (middle + way * width) / (2 * (answers + 1.96**2)) for way in (-1, 1)]
    kind = cell.column.split("_")[1]
    expected = {
        "weighted": (answers * score + weight * prior) / (answers + weight), "count": answers, "vote": answers,
        "low": bounds[0], "high": bounds[1],
    }.get(kind, score)  # fmt: skip
    return abs(float(cell.value) - expected) <= 0.011


def check_rating_date(cell: Cell) -> bool:
    return all(date.fromisoformat(cell.value) <= row["batch_date"] for row in cell.rows)


def check_age(cell: Cell) -> bool:
    with (REFERENCE / "certifications.csv").open(encoding="utf-8", newline="") as lines:
        ages = {line["certification"]: line["least_age"] for line in csv.DictReader(lines)}
    return ages[plain(cell.raw())] == str(cell.value)


def check_year(cell: Cell) -> bool:
    return re.search(r"\d{4}", cell.raw())[0] == str(cell.value)


def check_key(cell: Cell) -> bool:
    if cell.value < 10**12:
        return [int(row["record_id"][2:]) for row in cell.rows if row["source"] == "imdb"] == [cell.value]
    parts = cell.title["natural_key"].split("|")
    return key_of(cell.title["natural_key"]) == cell.value and parts[0] in {row["source"] for row in cell.rows}


def check_ids(cell: Cell) -> bool:
    ids = [row["record_id"] for row in cell.rows]
    return ids == cell.value if isinstance(cell.value, list) else ids == [cell.value]


def check_language(cell: Cell) -> bool:
    with (REFERENCE / "genres.csv").open(encoding="utf-8", newline="") as lines:
        languages = {(line["source"], line["source_genre"]): line["language_code"] for line in csv.DictReader(lines)}
    (row,) = cell.rows
    return row["source"] == "imdb" or cell.value in {
        languages.get((row["source"], word)) for word in listed(cell.raw())
    }


def check_lists(cell: Cell) -> bool:
    return _members(cell) == set(cell.value) and all(
        row["record"]["TITLE"] and int(row["record"]["index"]) + 1 == int(row["record_id"]) for row in cell.rows
    )


CHECKS: dict[str, Callable[[Cell], bool]] = {
    **dict.fromkeys(
        ("title", "original_title", "description", "synopsis", "critics_consensus", "studio", "certification"),
        lambda cell: plain(cell.raw()) == plain(cell.value),
    ),
    **dict.fromkeys(("release_year", "end_year"), check_year),
    **dict.fromkeys(("runtime_min", "season_count"), check_duration),
    **dict.fromkeys(("genres", "labels"), check_words),
    **dict.fromkeys(("directors", "cast_names"), check_people),
    **dict.fromkeys(("netflix_title_id", "netflix_title_ids", "imdb_title_id", "rotten_tomatoes_id"), check_ids),
    **{
        f"{judge}_{what}": check_score
        for judge, whats in (
            ("imdb", ("rating_of_10", "vote_count", "weighted_of_10", "low_of_10", "high_of_10")),
            ("critics", ("pct", "count", "weighted_pct", "low_pct", "high_pct")),
            ("audience", ("pct", "count", "weighted_pct", "low_pct", "high_pct")),
        )
        for what in whats
    },
    "is_on_netflix": lambda cell: {row["source"] for row in cell.rows} == {"netflix"},
    "is_catalogue_title": lambda cell: {row["source"] for row in cell.rows} <= CATALOGUES,
    "platforms": lambda cell: sorted({row["source"] for row in cell.rows}) == cell.value,
    "is_current": lambda cell: bool(cell.rows) == cell.value,
    "is_adult": lambda cell: (cell.raw() == "1") == cell.value,
    "kind": lambda cell: KINDS.get(cell.raw(), "movie") == cell.value,
    "title_key": check_key,
    "least_age": check_age,
    "countries": check_countries,
    "rating_date": check_rating_date,
    "original_language": check_language,
    "lists": check_lists,
    "sources": lambda cell: sorted({row["source"] for row in cell.rows}) == cell.value,
    "field_sources": lambda cell: set(cell.value.values()) <= {row["source"] for row in cell.rows},
}  # fmt: skip


# --- cells ----------------------------------------------------------------------------------------------


def random_cells(conn: psycopg.Connection, count: int, seed: int, without: Sequence[str] = ()) -> list[tuple[int, str]]:
    """Cells that are not empty: of every column as often, of titles of one source and of several."""
    chance = random.Random(seed)
    several = conn.execute("select title_key from mart.titles where is_current and cardinality(sources) > 1 order by 1")
    keys = [[row[0] for row in several.fetchall()]]
    for source in ("imdb", *IDS):
        found = conn.execute(
            "select title_key from mart.titles where is_current and sources = array[%s] order by 1", (source,)
        )
        keys.append([row[0] for row in found.fetchall()])
    columns = sorted(CHECKS.keys() - without)
    cells: list[tuple[int, str]] = []
    while len(cells) < count:
        column = chance.choice(columns)
        some = [chance.choice(of_kind) for of_kind in keys if of_kind]
        chance.shuffle(some)
        # Most titles know nothing of most columns: the first that does.
        filled = conn.execute(
            "select title_key from mart.titles where title_key = any(%(keys)s)"
            " and to_jsonb(titles) -> %(column)s not in ('null', '[]')"
            " order by array_position(%(keys)s, title_key) limit 1",
            {"keys": some, "column": column},
        ).fetchone()
        if filled:
            cells.append((filled[0], column))
    return cells


def record_of(file: File, row: Row) -> dict[str, str]:
    if row["source"] == "imdb":
        return file.by_id.get(bare(row["record_id"]), {})
    if row["source"] == "justwatch" and row["line_number"] is None:
        return next(record for record in file.by_line.values() if int(record["index"]) + 1 == int(row["record_id"]))
    return file.by_line[row["line_number"]]


def trace(conn: psycopg.Connection, landing: Path, cells: list[tuple[int, str]]) -> tuple[list[str], int]:
    """Follow cells to the bytes of their files.

    Gives   what was wrong, in words; how many records were read
    """
    files = {
        sha256: File(landing / path, sha256)
        for sha256, path in conn.execute("select sha256, landed_path from mart.source_files").fetchall()
    }
    told: list[tuple[int, str, list[Row]]] = []
    with conn.cursor(row_factory=dict_row) as cursor:
        for title_key, column in cells:
            rows = cursor.execute("select * from mart.provenance(%s, %s)", (title_key, column)).fetchall()
            told.append((title_key, column, rows))
            for row in rows:
                if row["source"] == "imdb":
                    files[row["file_sha256"]].wanted.add(bare(row["record_id"]))
    wrong, records = [], 0
    for title_key, column, rows in told:
        for row in rows:
            row["record"] = record_of(files[row["file_sha256"]], row)
            records += 1
            if row["source"] in IDS:
                own = row["record"].get(IDS[row["source"]], row["record_id"]).removeprefix("m/")
                if own != row["record_id"]:
                    wrong.append(f"{title_key} {column}: line {row['line_number']} is of {own}")
        title = conn.execute(
            "select to_jsonb(titles) -> %s, (select natural_key from warehouse.title_identity where title_key = %s)"
            " from mart.titles where title_key = %s",
            (column, title_key, title_key),
        ).fetchone()
        cell = Cell(column, title[0], rows, {"natural_key": title[1]})
        if problem := _problem(cell):
            wrong.append(f"{title_key} {column} = {json.dumps(cell.value)}: {problem}; {rows}")
    return wrong, records


def _problem(cell: Cell) -> str | None:
    if cell.value is None or cell.value == []:
        return None if not cell.rows else "a record of nothing"
    if not cell.rows:
        return None if DEFAULTS.get(cell.column) == cell.value else "no record"
    return None if CHECKS[cell.column](cell) else "another value"


def load(settings: Settings, dsn: str, *days: date) -> None:
    for day in days:
        for step in STEPS:
            if step.dag in ("extract_sources", "match_titles", "populate_warehouse"):
                run_step(step.name, dsn, Day(day, settings, accept="a test"))


@pytest.fixture(scope="module")
def sample(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[psycopg.Connection, Path]]:
    """The second day of the sample, published; nobody writes here.

    Amazon has what Netflix had the day before; JustWatch has what Netflix has, but for the words of its certifications.
    """
    home = tmp_path_factory.mktemp("home")
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    data = shutil.copytree(settings.data, home / "data")
    (data / "amazon").mkdir()
    shutil.copy(data / "netflix" / "2026-01-05" / "netflix_titles.csv", data / "amazon" / "amazon_prime_titles.csv")
    _write_justwatch(data / "netflix" / "2026-01-06" / "netflix_titles.csv", data / "justwatch")
    settings = replace(settings, data=data)
    load(settings, module_dsn, date(2026, 1, 6))
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        yield conn, settings.landing


def _write_justwatch(netflix: Path, folder: Path) -> None:
    folder.mkdir()
    with (
        netflix.open(encoding="utf-8", errors="replace", newline="") as given,
        (folder / "titles.csv").open("w") as made,
    ):
        made.write(
            "id,title,type,description,release_year,age_certification,runtime,genres,production_countries,seasons,"
            "imdb_id,imdb_score,imdb_votes\n"
        )
        table = csv.writer(made, lineterminator="\n")
        for place, row in enumerate(csv.DictReader(given), start=1):
            kind = {"Movie": ("tm", "MOVIE", "PG", ""), "TV Show": ("ts", "SHOW", "TV-PG", "3.0")}.get(row["type"])
            if kind and row["title"]:
                known = row["title"], kind[1], row["description"], row["release_year"], kind[2], 60 + place % 50
                table.writerow([f"{kind[0]}{place}", *known, "[]", "[]", kind[3], "", "", ""])


def test_every_column_of_the_titles_says_where_it_comes_from(sample):
    conn, _ = sample
    columns = conn.execute(
        "select attname from pg_attribute where attrelid = 'mart.titles'::regclass and attnum > 0"
    ).fetchall()
    known = conn.execute("select distinct column_name from mart.title_column_sources").fetchall()
    assert {name for (name,) in columns} == {name for (name,) in known} == CHECKS.keys()


def test_random_cells_are_traced_to_the_bytes_of_their_file(sample):
    conn, landing = sample
    wrong, records = trace(conn, landing, random_cells(conn, 200, seed=5, without=("lists",)))
    assert wrong == []
    assert records > 200


def test_a_cell_of_a_linked_title_tells_by_whose_decision_it_is_its(sample):
    conn, _ = sample
    key, probability = conn.execute(
        "select title_key, match_probability from warehouse.bridge_title_source"
        " where source = 'netflix' and match_band = 'match' order by title_key limit 1"
    ).fetchone()
    found = conn.execute(
        "select source, file_name, file_column, link_band, link_probability, link_decided_by, load_id, batch_date"
        " from mart.provenance(%s, 'description')",
        (key,),
    ).fetchall()
    assert found == [
        ("netflix", "netflix_titles.csv", "description", "match", probability, "model", 1, date(2026, 1, 6))
    ]


def test_what_only_a_later_line_of_a_repeated_link_lists_is_traced_to_that_line(sample):
    conn, landing = sample
    repeated = conn.execute(
        "select title_key, jsonb_array_length(said_by_line) from warehouse.bridge_title_source"
        " where said_by_line is not null and title_key is not null order by 1"
    ).fetchall()
    assert repeated
    columns = ("genres", "labels", "directors", "cast_names")
    cells = [(title_key, column) for title_key, _ in repeated for column in columns]
    assert trace(conn, landing, cells)[0] == []
    lines = conn.execute(
        "select count(distinct line_number) from unnest(%s::bigint[]) as repeated (title_key),"
        " mart.provenance(repeated.title_key, 'genres') as told where told.source = 'rotten_tomatoes'",
        ([title_key for title_key, _ in repeated],),
    ).fetchone()
    assert lines[0] > len(repeated)


def test_a_field_that_justwatch_says_is_followed_to_its_file(sample):
    conn, landing = sample
    found = conn.execute(
        "select title_key, told.key from mart.titles, jsonb_each_text(field_sources) as told"
        " where told.value = 'justwatch' order by 1, 2"
    ).fetchall()
    assert {column for _, column in found} == {"certification", "runtime_min"}
    assert trace(conn, landing, [*found[:40], *((key, "sources") for key, _ in found[:10])])[0] == []


def test_a_column_that_is_none_is_refused_with_what_to_do(sample):
    conn, _ = sample
    with pytest.raises(
        psycopg.errors.UndefinedColumn, match=r"expected a column of mart\.titles, found tilte"
    ) as error:
        conn.execute("select * from mart.provenance(1, 'tilte')")
    assert "mart.title_column_sources" in str(error.value)


@pytest.mark.full
@pytest.mark.real_data
def test_a_thousand_cells_of_real_titles_are_traced_to_the_bytes_of_their_file(dsn, settings, real_data, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    for source in ("netflix", "imdb", "rotten_tomatoes", "justwatch"):
        (data / source).symlink_to(real_data / source)
    settings = replace(settings, data=data)
    load(settings, dsn, date(2022, 6, 1))
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        places = conn.execute("select list, count(*), count(title_key) from mart.list_rows group by 1 order by 1")
        found = places.fetchall()
        assert [row[:2] for row in found] == [
            ("Best Movie by Year Netflix", 49), ("Best Movies Netflix", 387),
            ("Best Show by Year Netflix", 31), ("Best Shows Netflix", 246),
        ]  # fmt: skip
        assert sum(row[2] for row in found) > 600
        wrong, records = trace(conn, settings.landing, random_cells(conn, 1000, seed=9))
    assert wrong == []
    assert records > 1000
