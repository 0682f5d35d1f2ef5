"""The shipped sample: it can be made anew, reads like the upstream files, and its truth is true of it."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest

from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.sampling import write_sample
from reelhouse.settings import Settings, read_settings
from reelhouse.staging.filling import stage_source

SAMPLE = read_settings().include / "data" / "sample"
DAYS = ("2026-01-05", "2026-01-06")
NETFLIX = "show_id,type,title,director,cast,country,date_added,release_year,rating,duration,listed_in,description"
ROTTEN_TOMATOES = (
    "rotten_tomatoes_link,movie_title,movie_info,critics_consensus,content_rating,genres,directors,authors,actors,"
    "original_release_date,streaming_release_date,runtime,production_company,tomatometer_status,tomatometer_rating,"
    "tomatometer_count,audience_status,audience_rating,audience_count,tomatometer_top_critics_count,"
    "tomatometer_fresh_critics_count,tomatometer_rotten_critics_count"
)
ROTTEN_TOMATOES_2019 = (
    "movie_title,rating,genre,in_theaters_date,on_streaming_date,runtime_in_minutes,tomatometer_status,"
    "tomatometer_rating,tomatometer_count,audience_status,audience_rating,audience_count,audience_top_critics_count,"
    "audience_fresh_critics_count,audience_rotten_critics_count"
)
IMDB = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
    "title.ratings": "tconst averageRating numVotes",
    "title.principals": "tconst ordering nconst category job characters",
    "title.crew": "tconst directors writers",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
KEPT_TYPES = {"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"}
# Of files and of matching; what concerns volume, licences, overrides, serving and operating has no place in files.
TRAPS = {*range(1, 30), 31, *range(33, 42), 43, 44, 48, 58}


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _csv(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _tsv(day: str, name: str) -> list[list[str]]:
    text = _unpacked(SAMPLE / "imdb" / day / f"{name}.tsv.gz").decode(errors="replace")
    return [line.split("\t") for line in text.rstrip("\n").split("\n")]


def _truth(name: str) -> list[dict[str, str]]:
    return _csv(SAMPLE / "truth" / f"{name}.csv")


def _rows(source: str, day: str) -> dict[str, dict[str, str]]:
    """Rows of a CSV file by id; the first of an id."""
    file, key = {
        "netflix": ("netflix_titles.csv", "show_id"),
        "rotten_tomatoes": ("rotten_tomatoes_movies.csv", "rotten_tomatoes_link"),
    }[source]
    rows: dict[str, dict[str, str]] = {}
    for row in _csv(SAMPLE / source / day / file):
        rows.setdefault(row[key].removeprefix("m/"), row)
    return rows


@pytest.fixture(scope="module")
def made_anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def test_made_anew_it_is_the_same_to_the_byte(made_anew: Path) -> None:
    shipped = {path.relative_to(SAMPLE) for path in SAMPLE.rglob("*") if path.is_file() and path.name != "README.md"}
    assert shipped == {path.relative_to(made_anew) for path in made_anew.rglob("*") if path.is_file()}
    # Archives are compared by what is in them: builds of zlib pack the same text into different bytes.
    assert [path for path in sorted(shipped) if _unpacked(SAMPLE / path) != _unpacked(made_anew / path)] == []


def test_archives_carry_neither_time_nor_name(made_anew: Path) -> None:
    for path in (*SAMPLE.rglob("*.gz"), *made_anew.rglob("*.gz")):
        assert path.read_bytes()[:10] == b"\x1f\x8b\x08\x00\0\0\0\0\x02\xff", path


def test_a_second_writing_leaves_every_byte_alone(made_anew: Path) -> None:
    before = {path: path.read_bytes() for path in made_anew.rglob("*") if path.is_file()}
    sizes = write_sample(made_anew)
    assert {path: path.read_bytes() for path in before} == before
    assert sum(sizes.values()) == sum(map(len, before.values()))


def test_another_seed_makes_other_titles(tmp_path: Path) -> None:
    write_sample(tmp_path, seed=7)
    other = {row["title"] for row in _csv(tmp_path / "netflix" / DAYS[0] / "netflix_titles.csv")}
    shipped = {row["title"] for row in _rows("netflix", DAYS[0]).values()}
    assert len(shipped & other) < len(shipped) / 2
    assert "Marigold Crossing" in shipped & other, "traps are there with any seed"


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 1_500_000


@pytest.mark.parametrize("day", DAYS)
def test_headers_are_those_of_the_sources(day: str) -> None:
    assert (SAMPLE / "netflix" / day / "netflix_titles.csv").read_text(errors="replace").split("\n")[0] == NETFLIX
    films = SAMPLE / "rotten_tomatoes" / day / "rotten_tomatoes_movies.csv"
    assert films.read_text(errors="replace").split("\n")[0] == ROTTEN_TOMATOES
    for name, header in IMDB.items():
        assert _tsv(day, name)[0] == header.split()


def test_the_layout_of_2019_starts_with_a_byte_order_mark() -> None:
    text = (SAMPLE / "other_layouts" / "rotten_tomatoes" / DAYS[0] / "rotten_tomatoes_movies.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf" + ROTTEN_TOMATOES_2019.encode())


@pytest.mark.parametrize("day", DAYS)
def test_files_parse_into_as_many_rows_as_the_accounts_say(day: str) -> None:
    for account in _truth("accounts"):
        if account["day"] != day:
            continue
        path = SAMPLE / account["source"] / day / account["file_name"]
        rows = len(_csv(path)) if path.suffix == ".csv" else _unpacked(path).count(b"\n") - 1
        parts = [int(account[f"rows_{part}"]) for part in ("staged", "filtered", "quarantined", "duplicate")]
        assert int(account["rows_in"]) == rows == sum(parts), account
        assert int(account["rows_quarantined"]) < 10, "so few that they hold no load"


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("source", ["netflix", "rotten_tomatoes"])
def test_every_row_to_stage_has_one_truth_and_its_title_is_there(source: str, day: str) -> None:
    truth = [row for row in _truth(f"{source}_imdb") if row["day"] == day]
    ids = [row["source_id"] for row in truth]
    account = next(row for row in _truth("accounts") if (row["day"], row["source"]) == (day, source))
    assert len(ids) == len(set(ids)) == int(account["rows_staged"])
    assert set(ids) <= set(_rows(source, day))
    kept = {row[0] for row in _tsv(day, "title.basics")[1:] if row[1] in KEPT_TYPES and row[4] == "0" and len(row) == 9}
    assert {row["imdb_id"] for row in truth} - {"NIL", "REVIEW"} <= kept
    linked = Counter("linked" if row["imdb_id"].startswith("tt") else row["imdb_id"] for row in truth)
    assert linked["NIL"] >= 5
    assert linked["REVIEW"] == 2
    assert linked["linked"] > 0.9 * len(truth)


def test_every_trap_is_there() -> None:
    traps = _truth("traps")
    assert {int(row["trap"]) for row in traps} == TRAPS
    for row in traps:
        if row["source"] in ("netflix", "rotten_tomatoes") and row["source_ids"] != "*":
            assert set(row["source_ids"].split()) <= set(_rows(row["source"], row["day"])), row
        elif row["source"] == "imdb":
            assert set(row["source_ids"].split()) <= {title[0] for title in _tsv(row["day"], "title.basics")}, row


def test_no_show_id_is_the_same_title_on_both_days() -> None:
    changes = _truth("netflix_changes")
    assert not [row for row in changes if row["source_id_day_1"] == row["source_id_day_2"]]
    words = Counter(row["change"] for row in changes)
    assert words["left"] >= 5
    assert words["arrived"] >= 5
    assert {"duration,release_year", "rating", "description", "title", "release_year"} <= set(words)


def test_horror_films_that_critics_liked_are_on_netflix() -> None:
    films = {row["imdb_id"]: row for row in _truth("rotten_tomatoes_imdb") if row["day"] == DAYS[0]}
    scores = _rows("rotten_tomatoes", DAYS[0])
    titles = _rows("netflix", DAYS[0])
    found = 0
    for row in _truth("netflix_imdb"):
        title = titles[row["source_id"]] if row["day"] == DAYS[0] else None
        if title and row["imdb_id"] in films and "Horror" in title["listed_in"] and int(title["release_year"]) > 2016:
            critics = scores[films[row["imdb_id"]]["source_id"]]["tomatometer_rating"]
            found += bool(critics) and int(critics) > 70
    assert found >= 3


@pytest.mark.parametrize("day", DAYS)
def test_staging_comes_to_the_accounts(conn: psycopg.Connection, make_day: Callable[..., Day], day: str) -> None:
    _stage(conn, make_day(date.fromisoformat(day)))
    assert _accounts(conn) == _expected(day, ("netflix", "imdb", "rotten_tomatoes"))


def test_staging_reads_the_layout_of_2019(
    conn: psycopg.Connection, make_day: Callable[..., Day], settings: Settings
) -> None:
    env = {
        "REELHOUSE_HOME": str(settings.home),
        "REELHOUSE_WAREHOUSE_DSN": str(settings.warehouse_dsn),
        "REELHOUSE_DATA": str(SAMPLE / "other_layouts"),
    }
    day = make_day(date.fromisoformat(DAYS[0]), settings=read_settings(env), sources=("rotten_tomatoes",))
    _stage(conn, day)
    assert _accounts(conn) == _expected(DAYS[0], ("other_layouts/rotten_tomatoes",))


def _stage(conn: psycopg.Connection, day: Day) -> None:
    for source in day.sources:
        land_source(conn, day, source)
    for source in day.sources:
        stage_source(conn, day, source)


def _accounts(conn: psycopg.Connection) -> set[tuple[object, ...]]:
    query = (
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate from ops.staged_file"
    )
    return set(conn.execute(query).fetchall())


def _expected(day: str, sources: tuple[str, ...]) -> set[tuple[object, ...]]:
    columns = ("rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate")
    return {
        (row["file_name"], *(int(row[column]) for column in columns))
        for row in _truth("accounts")
        if row["day"] == day and row["source"] in sources
    }
