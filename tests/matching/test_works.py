"""Works in the database: every row of every source has one, and an analyst can see which and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from works import Works

from reelhouse.database import run_file
from reelhouse.errors import OutOfStep
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.works import link_sources, write_works
from reelhouse.settings import read_settings

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance")
OTHERS = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole")


@pytest.fixture
def catalogue(works: Works) -> Works:
    """Harbour is in three sources and not in IMDb; Alpha is in two and in IMDb; Night is two films."""
    works.netflix("s1", "Harbour of Letters", 2018, directors=["Ann Ash"], actors=CAST)
    works.catalogue("amazon", "s1", "Harbour of Letters [4K UHD]", 2018, CAST[:3])
    works.justwatch("tm1", "Harbour of Letters", 2019, CAST)
    works.netflix("s2", "Alpha", 2020, actors=CAST)
    works.justwatch("tm2", "Alpha", 2020, CAST, imdb_id="tt0000099")
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.netflix("s3", "Night", 2021, actors=OTHERS)
    works.catalogue("hulu", "s1", "Night", 2021)
    works.catalogue("amazon", "s2", "Night", 2021, CAST)
    return works


def link(works: Works) -> dict[str, object]:
    works.match()
    return link_sources(works.conn, works.day)


def keys(works: Works) -> dict[tuple[str, str], str]:
    rows = works.conn.execute("select source, source_id, work_key from matching.work_member")
    return {(source, source_id): key for source, source_id, key in rows}


def test_every_row_has_one_work_and_rows_of_one_work_the_same(catalogue: Works) -> None:
    figures = link(catalogue)
    harbour = "netflix|movie|harbour of letters|2018"
    assert keys(catalogue) == {
        ("netflix", "s1"): harbour, ("amazon", "s1"): harbour, ("justwatch", "tm1"): harbour,
        ("netflix", "s2"): "tt0000001", ("justwatch", "tm2"): "tt0000001",
        ("netflix", "s3"): "netflix|movie|night|2021", ("hulu", "s1"): "hulu|movie|night|2021",
        ("amazon", "s2"): "amazon|movie|night|2021",
    }  # fmt: skip
    assert figures["works"] == {
        "rows_without_link": 6, "works_without_link": 4, "of_several_sources": 1,
        "joins": {"amazon, justwatch": 1, "amazon, netflix": 1, "justwatch, netflix": 1},
        "proposed": 0, "contradicted": 0,
    }  # fmt: skip


def test_a_second_run_gives_the_same_rows(catalogue: Works) -> None:
    link(catalogue)
    read = "select * from matching.{} order by 1, 2, 3, 4"
    before = [catalogue.conn.execute(read.format(name)).fetchall() for name in ("work_member", "work_join")]
    link_sources(catalogue.conn, catalogue.day)
    assert [catalogue.conn.execute(read.format(name)).fetchall() for name in ("work_member", "work_join")] == before
    assert all(before)


def test_the_partner_of_a_linked_row_gets_a_proposal_and_no_link(works: Works) -> None:
    # Hulu names nobody, and IMDb has another Alpha of the year, so Hulu's row alone cannot be told.
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], actors=CAST, description="A keeper answers letters.")
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], actors=CAST)
    works.imdb(2, "Alpha", 2020, actors=OTHERS)
    works.catalogue("hulu", "s9", "Alpha", 2020)
    works.conn.execute("update staging.hulu_titles set description = 'A keeper answers letters.'")
    link(works)
    assert works.decided()["s9"][1] != "match"
    assert works.conn.execute(
        "select work_key, imdb_title_number, proposed_imdb_title_number, through_source, through_source_id"
        " from matching.work_member where source = 'hulu'"
    ).fetchone() == ("hulu|movie|alpha|2020", None, 1, "netflix", "s1")
    outcome, evidence = works.conn.execute("select outcome, evidence from matching.work_join").fetchone()
    assert outcome == "proposed"
    assert "description: the same" in evidence


def test_rows_that_wait_for_a_person_with_one_title_are_one_work_already(works: Works) -> None:
    # IMDb has a series of the name, and neither its year nor anybody in it: likely, and no more.
    works.imdb(1, "Harbour", None, "tvSeries", genres=("Drama",))
    works.catalogue("disney", "s1", "Harbour", 2011, CAST, "series", ("Drama",))
    works.catalogue("hulu", "s1", "Harbour", 2015, kind="series", categories=("Drama",))
    link(works)
    assert {band for _, band in works.decided().values()} == {"review"}
    assert set(keys(works).values()) == {"disney|series|harbour|"}


def test_a_persons_no_keeps_a_title_from_being_proposed(with_manual) -> None:
    works = with_manual("hulu,movie,Alpha,2020,not tt0000001,Mia,another film")
    works.netflix("s1", "Alpha", 2020, actors=CAST, description="A keeper answers letters.")
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.catalogue("hulu", "s9", "Alpha", 2020)
    works.conn.execute("update staging.hulu_titles set description = 'A keeper answers letters.'")
    link(works)
    assert works.conn.execute("select count(proposed_imdb_title_number) from matching.work_member").fetchone() == (0,)


def test_the_imdb_id_that_justwatch_states_joins_nothing(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, actors=CAST)
    works.imdb(1, "Alpha", 2020, actors=CAST)
    works.justwatch("tm1", "Omega", 2020, OTHERS, imdb_id="tt0000001")
    link(works)
    assert keys(works)["justwatch", "tm1"] == "justwatch|tm1"


def test_works_of_other_decisions_are_not_told(catalogue: Works) -> None:
    catalogue.match()
    find_candidates(catalogue.conn, catalogue.day)
    with pytest.raises(OutOfStep):
        link_sources(catalogue.conn, catalogue.day)


def test_an_analyst_sees_works_across_sources_and_why(catalogue: Works) -> None:
    link(catalogue)
    rows = catalogue.conn.execute(
        "select title, sources, entries, entry_count, first_year, last_year, imdb_title_id, evidence"
        " from mart.works_across_sources where entry_count > 1 order by title"
    ).fetchall()
    assert rows[0] == (
        "Alpha",
        ["justwatch", "netflix"],
        ["justwatch tm2", "netflix s2"],
        2,
        2020,
        2020,
        "tt0000001",
        [],
    )
    assert rows[1][:7] == (
        "Harbour of Letters", ["amazon", "justwatch", "netflix"], ["amazon s1", "justwatch tm1", "netflix s1"], 3,
        2018, 2019, None,
    )  # fmt: skip
    assert rows[1][7][1].startswith("amazon s1, netflix s1: title: Harbour of Letters [4K UHD] → Harbour of Letters")


def test_the_works_of_a_source_are_written_row_by_row(catalogue: Works, tmp_path: Path) -> None:
    link(catalogue)
    assert write_works(catalogue.conn, "netflix", tmp_path / "works.csv") == 3
    assert (tmp_path / "works.csv").read_text().splitlines() == [
        "source_id,work_key,imdb_id,proposed_imdb_id,others",
        "s1,netflix|movie|harbour of letters|2018,,,amazon s1|justwatch tm1",
        "s2,tt0000001,tt0000001,,justwatch tm2",
        "s3,netflix|movie|night|2021,,,",
    ]


def test_which_sources_have_what_imdb_has_not(catalogue: Works) -> None:
    link(catalogue)
    question = Path(read_settings({}).sql) / "8_questions" / "works_without_imdb.sql"
    assert run_file(catalogue.conn, question).fetchall() == [
        (["amazon", "justwatch", "netflix"], 1, 3, 0),
        (["amazon"], 1, 1, 0),
        (["hulu"], 1, 1, 0),
        (["netflix"], 1, 1, 0),
    ]
