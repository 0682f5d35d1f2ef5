"""Evaluation: the links file and its figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from works import Works

from reelhouse.errors import ContractBroken
from reelhouse.matching.evaluation import score_links, write_links


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
