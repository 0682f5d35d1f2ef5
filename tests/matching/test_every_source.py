"""Every source is matched by the same engine, each for itself, and by what its rows say of the work only."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from works import Works

from reelhouse.day import LINKED_SOURCES
from reelhouse.matching.evaluation import write_justwatch_labels, write_links

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance")


def decided(works: Works) -> dict[tuple[str, str], tuple[int | None, str]]:
    rows = works.conn.execute("select source, source_id, imdb_title_number, band from matching.title_decision")
    return {(source, source_id): (number, band) for source, source_id, number, band in rows}


def test_one_film_on_every_platform_is_one_imdb_title(works: Works) -> None:
    works.netflix("s1", "Alpha Centre", 2020, directors=["Ann Ash"], actors=CAST, runtime=90)
    works.rotten_tomatoes("alpha_centre", "Alpha Centre", 2020, ["Ann Ash"])
    for source in ("amazon", "disney", "hulu"):
        # Platforms number their rows alike; s1 is another row on each.
        works.catalogue(source, "s1", "Alpha Centre (4K UHD)", 2020, CAST)
    works.justwatch("tm1", "Alpha Centre", 2020, CAST)
    works.imdb(1, "Alpha Centre", 2020, directors=["Ann Ash"], actors=CAST, runtime=90)
    figures = works.match()
    found = decided(works)
    assert {source for source, _ in found} == set(LINKED_SOURCES) == set(figures["bands"])
    assert set(found.values()) == {(1, "match")}


def test_a_platforms_row_does_not_keep_a_title_from_another_platforms(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, actors=CAST)
    works.catalogue("amazon", "s1", "Beta", 2019, CAST[:2])
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.imdb(2, "Beta", 2019, actors=CAST[:2])
    works.match()
    assert decided(works) == {("netflix", "s1"): (1, "match"), ("amazon", "s1"): (2, "match")}


@pytest.mark.parametrize("stated", [None, "tt0000002", "tt0000009"])
def test_the_imdb_id_that_justwatch_states_changes_nothing(works: Works, stated: str | None) -> None:
    works.justwatch("tm1", "Alpha", 2020, CAST, stated)
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.imdb(2, "Beta", 2020)
    works.match()
    assert decided(works) == {("justwatch", "tm1"): (1, "match")}


def test_justwatchs_own_ids_are_a_check_on_the_links(works: Works, tmp_path: Path) -> None:
    works.justwatch("tm1", "Alpha", 2020, CAST, "tt0000001")
    works.justwatch("tm2", "Beta", 2020, (), "tt0000077")
    works.justwatch("tm3", "Gamma", 2020)
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.match()
    labels, links = tmp_path / "labels.csv", tmp_path / "links.csv"
    assert write_justwatch_labels(works.conn, labels) == 1
    with labels.open() as file:
        assert list(csv.reader(file)) == [["source_id", "imdb_id", "type"], ["tm1", "tt0000001", "movie"]]
    assert write_links(works.conn, "justwatch", links) == 1
