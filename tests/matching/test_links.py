"""Evaluation: the links file and its figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from works import Works

from reelhouse.errors import ContractBroken
from reelhouse.matching.candidates import HOT_KEY
from reelhouse.matching.evaluation import score_candidates, score_links, write_links
from reelhouse.operating.links import tell_if_readers_have_another_day


def test_links_are_scored_by_hand_counted_figures(tmp_path: Path) -> None:
    links, labels = tmp_path / "links.csv", tmp_path / "labels.csv"
    links.write_text(
        "source_id,imdb_id,probability,band\na,tt0000001,0.99,match\nb,tt0000009,0.95,match\n"
        "d,tt0000004,0.6,review\nunlabelled,tt0000005,0.9,match\n"
    )
    labels.write_text("source_id,imdb_id,type\nm/a,tt1,Movie\nb,tt0000002,Movie\nc,tt0000003,TV Show\nd,NIL,Movie\n")
    figures = score_links(links, labels)
    assert (figures["all"]["linked"], figures["all"]["right"], figures["all"]["labelled"]) == (3, 1, 4)
    assert figures["all"]["precision"] == pytest.approx(1 / 3, abs=1e-4)
    assert figures["all"]["recall"] == pytest.approx(1 / 3, abs=1e-4)
    assert (figures["all"]["nil"], figures["all"]["nil_linked"]) == (1, 1)
    assert figures["all"]["match_band_right"] == 0.5
    assert figures["TV Show"]["recall"] == 0
    assert figures["all"]["f1_low"] <= figures["all"]["f1"] <= figures["all"]["f1_high"]


def test_a_links_file_without_its_columns_is_refused(tmp_path: Path) -> None:
    links, labels = tmp_path / "links.csv", tmp_path / "labels.csv"
    links.write_text("id,imdb\n")
    labels.write_text("source_id,imdb_id\n")
    with pytest.raises(ContractBroken, match="source_id"):
        score_links(links, labels)


def test_who_asks_for_links_is_told_that_readers_have_another_day(conn, capsys) -> None:
    first, second = (
        conn.execute(
            "insert into ops.load (part, batch_date, input_sha256, state) values ('warehouse', %s, %s, 'published')"
            " returning load_id",
            (day, "0" * 64),
        ).fetchone()[0]
        for day in ("2026-01-05", "2026-01-04")
    )
    conn.execute("insert into warehouse.publication values ('warehouse', %s, '2026-01-05', now())", (first,))
    for matched, said in ((first, ""), (second, "This is of 2026-01-04, matched last; readers have 2026-01-05.")):
        conn.execute("update ops.layer set load_id = %s where layer = 'matching'", (matched,))
        tell_if_readers_have_another_day(conn)
        told = capsys.readouterr()
        assert (told.out, told.err.startswith(said), bool(told.err)) == ("", True, bool(said))
    # Without force a day that readers have is left as it is.
    assert told.err.endswith("reelhouse run --day 2026-01-05 --force\n")


def test_links_hold_what_is_likelier_than_not(works: Works, tmp_path: Path) -> None:
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.netflix("s2", "Nothing Like It", 2020)
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.match()
    out = tmp_path / "links.csv"
    assert write_links(works.conn, "netflix", out) == 1
    header, line = out.read_text().splitlines()
    assert header == "source_id,imdb_id,probability,band"
    assert line.startswith("s1,tt0000001,0.9")
    assert line.endswith(",match")


def test_right_titles_are_counted_by_the_rule_that_finds_them(works: Works, tmp_path: Path) -> None:
    works.netflix("s1", "Alpha", 2020)
    works.netflix("s2", "Ready to Mingle", 2019, directors=["Ann Ash"])
    works.netflix("s3", "Gamma", 2020)
    works.netflix("s4", "Delta", 2020)
    works.imdb(1, "Alpha", 2020)
    works.imdb(2, "Solteras", 2019, directors=["Ann Ash"])
    works.imdb(3, "Quite Another Name", 1950)
    works.find()
    labels = tmp_path / "labels.csv"
    labels.write_text("source_id,imdb_id\ns1,tt1\ns2,tt0000002\ns3,tt0000003\ns4,tt9\ns4,NIL\n")
    assert {row["found by"]: row["labelled"] for row in score_candidates(works.conn, "netflix", labels)} == {
        "title key": 1,
        "shared people": 1,
        "not found": 1,
        "not in IMDb's files": 1,
    }


def test_keys_too_common_to_say_anything_are_capped_and_counted(works: Works) -> None:
    works.netflix("s1", "Love", 2020)
    works.netflix("s2", "Rare", 2020)
    for number in range(1, HOT_KEY + 2):
        works.imdb(number, "Love", 1950 if number > 1 else 2020)
    works.imdb(500, "Rare", 1950)
    figures = works.find()
    assert (figures["hot_title_keys"], figures["common_person_keys"]) == (1, 0)
    found = works.conn.execute("select source_id, imdb_title_number from matching.candidate_pair order by 1").fetchall()
    assert found == [("s1", 1), ("s2", 500)]
