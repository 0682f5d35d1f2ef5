"""docs/operations.md says what becomes of the public files one may bring; here each of them is staged and it is so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from source_files import write_sources

from reelhouse.day import Day
from reelhouse.errors import ContractBroken, NotAdmitted
from reelhouse.landing import land_source
from reelhouse.staging.filling import stage_source

PAGE = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})*")


@dataclass(frozen=True, slots=True)
class Brought:
    """Public files that are put into a source's folder together.

    source  whose folder
    files   name there -> place among the real files
    """

    source: str
    files: dict[str, str]


def _all(source: str, folder: str, *names: str) -> Brought:
    return Brought(source, {name: f"{folder}/{name}" for name in names})


ACCEPTED = {
    **{
        f"Netflix, {day}": _all("netflix", f"netflix/{day}", "netflix_titles.csv")
        for day in ("2020-01-18", "2021-01-16", "2021-09-25")
    },
    "IMDb, pooled": _all(
        "imdb", "imdb", "title.basics.tsv.gz", "title.ratings.tsv.gz", "title.principals.tsv.gz", "title.crew.tsv.gz",
        "title.akas.tsv.gz", "name.basics.tsv.gz",
    ),
    "IMDb, ratings of 2017": Brought(
        "imdb",
        {
            "title.basics.tsv.gz": "imdb/title.basics.tsv.gz",
            "title.ratings.tsv.gz": "imdb_official_2017/title.ratings.tsv.gz",
        },
    ),
    "IMDb, head of 2022": _all(
        "imdb", "imdb_official_2022_head", "title.basics.tsv", "title.principals.tsv", "name.basics.tsv"
    ),
    "Rotten Tomatoes, 22 columns": _all("rotten_tomatoes", "rotten_tomatoes", "rotten_tomatoes_movies.csv"),
    "Rotten Tomatoes, layout of 2019": Brought(
        "rotten_tomatoes",
        {"rotten_tomatoes_movies.csv": "rotten_tomatoes_other_layouts/rotten_tomatoes_movies.2019_layout.csv"},
    ),
    "JustWatch, May 2022": _all(
        "justwatch", "justwatch/2022-05-31", "raw_titles.csv", "raw_credits.csv", "Best Movies Netflix.csv",
        "Best Shows Netflix.csv", "Best Movie by Year Netflix.csv", "Best Show by Year Netflix.csv",
    ),
    "Amazon Prime": _all("amazon", "streaming_catalogues", "amazon_prime_titles.csv"),
    "Disney+": _all("disney", "streaming_catalogues", "disney_plus_titles.csv"),
    "Hulu": _all("hulu", "streaming_catalogues", "hulu_titles.csv"),
    "MovieLens, small": _all("viewers", "movielens", "movies.csv", "links.csv"),
}  # fmt: skip

REFUSED = {
    "Rotten Tomatoes, cut to 5 columns": Brought(
        "rotten_tomatoes",
        {"rotten_tomatoes_movies.csv": "rotten_tomatoes_other_layouts/rotten_tomatoes_movies.5_columns.csv"},
    ),
    **{
        f"IMDb, {name} cut off": Brought("imdb", {f"{name}.tsv": f"damaged/imdb_{name}.truncated.tsv"})
        for name in ("title.basics", "title.ratings")
    },
}
LEFT = {"movielens/tags.csv"}


def _table(heading: str) -> Iterator[list[str]]:
    """Cells of the table under a heading, row by row."""
    section = PAGE.partition(f"### {heading}\n")[2].partition("\n#")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def _accounts() -> dict[str, dict[str, tuple[int, ...]]]:
    """Label -> file -> rows in, staged, filtered, quarantined, duplicate, repaired."""
    accounts: dict[str, dict[str, tuple[int, ...]]] = {}
    for label, name, *figures in _table("Accounts"):
        assert all(NUMBER.fullmatch(figure) for figure in figures), (label, name)
        accounts.setdefault(label, {})[name] = tuple(int(figure.replace(",", "")) for figure in figures)
    return accounts


@pytest.fixture
def bring(make_day: Callable[..., Day], real_data: Path, tmp_path: Path) -> Callable[[Brought], Day]:
    """Put public files into a data folder that has small ones of all required sources; gives a day that takes them."""
    data = write_sources(tmp_path / "data")

    def put(brought: Brought) -> Day:
        folder = data / brought.source
        folder.mkdir(exist_ok=True)
        for name, place in brought.files.items():
            for own in (name, f"{name}.gz"):
                (folder / own).unlink(missing_ok=True)
            (folder / name).symlink_to(real_data / place)
        day = make_day()
        return replace(day, settings=replace(day.settings, data=data))

    return put


def _staged(conn: psycopg.Connection, day: Day, source: str) -> dict[str, tuple[int, ...]]:
    land_source(conn, day, source)
    stage_source(conn, day, source)
    rows = conn.execute(
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate, rows_repaired"
        " from ops.staged_file where source = %s",
        (source,),
    )
    return {row[0]: row[1:] for row in rows}


def test_rows_of_every_account_add_up() -> None:
    for label, files in _accounts().items():
        for name, (rows_in, staged, filtered, quarantined, duplicate, repaired) in files.items():
            assert rows_in == staged + filtered + quarantined + duplicate, (label, name)
            assert repaired <= staged, (label, name)


def test_the_page_tells_of_every_file_that_is_tried_and_of_no_other() -> None:
    assert {label: len(files) for label, files in _accounts().items()} == {
        label: len(brought.files) for label, brought in ACCEPTED.items()
    }
    assert [label for label, *_ in _table("Refused")] == list(REFUSED)


@pytest.mark.real_data
@pytest.mark.parametrize("label", ACCEPTED)
def test_a_public_file_comes_to_the_account_of_the_page(conn, bring, label: str) -> None:
    brought = ACCEPTED[label]
    staged = _staged(conn, bring(brought), brought.source)
    expected = _accounts().get(label, {})
    assert {name: staged.get(name) for name in expected} == expected, staged


@pytest.mark.real_data
@pytest.mark.parametrize("label", REFUSED)
def test_a_public_file_is_refused_with_the_words_of_the_page(conn, bring, label: str) -> None:
    words = {row[0]: row[2] for row in _table("Refused")}
    day, source = bring(REFUSED[label]), REFUSED[label].source
    with pytest.raises((NotAdmitted, ContractBroken)) as caught:
        _staged(conn, day, source)
    assert words[label] in str(caught.value)
    assert conn.execute("select count(*) from ops.staged_file where rows_in > 0").fetchone() == (0,)


@pytest.mark.real_data
def test_every_file_at_hand_is_tried(real_data) -> None:
    lying = {str(path.relative_to(real_data)) for path in real_data.rglob("*") if path.is_file()}
    tried = {place for brought in (*ACCEPTED.values(), *REFUSED.values()) for place in brought.files.values()}
    assert {place for place in lying if not place.endswith((".txt", ".md"))} == tried | LEFT
