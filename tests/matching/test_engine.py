"""What of the engine needs no Spark: its SQL, its tasks on Arrow batches, what it says where something is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pyarrow
import pytest
import sqlglot
from works import Works

from reelhouse.engine import carrying, session, tasks
from reelhouse.errors import SettingsWrong
from reelhouse.matching.candidates import RULES
from reelhouse.matching.decisions import decide_matches
from reelhouse.matching.folding import FOLDED_PEOPLE
from reelhouse.settings import LOCAL, read_settings

QUERIES = (
    "imdb_title_person", "candidates_by_title", "candidates_by_people", "prefix_pairs", "candidate_titles",
    "candidate_names", "pair_people",
)  # fmt: skip
EVIDENCE = (
    "select source, source_id, imdb_title_number, candidate_rank, found_by, score, probability, terms::text,"
    " details::text from matching.match_evidence order by 1, 2, 3"
)


@pytest.mark.parametrize("name", QUERIES)
def test_the_queries_of_matching_are_spark_sql_without_schemas_and_parameters(name: str) -> None:
    path = read_settings({}).sql / "2_matching" / f"{name}.sql"
    query = sqlglot.parse_one(carrying.to_spark(path.read_text(), RULES), read="spark")
    tables = list(query.find_all(sqlglot.exp.Table))
    assert query.find(sqlglot.exp.Insert) is None
    assert [table.sql() for table in tables if table.db] == []
    assert any(table.name.startswith(("matching_", "staging_")) for table in tables)
    assert query.find(sqlglot.exp.Collate) is None


@pytest.mark.parametrize("engine", ["local[2]", "local[*]", "spark://master:7077", "spark://a:7077,b:7077", "yarn"])
def test_a_spark_can_be_named_as_the_engine(engine: str) -> None:
    assert read_settings({"REELHOUSE_ENGINE": engine}).engine == engine


@pytest.mark.parametrize("engine", ["spark", "local[0]", "local[]", "spark://master", "http://master:7077"])
def test_what_is_no_engine_is_refused_by_name(engine: str) -> None:
    with pytest.raises(SettingsWrong, match=r"REELHOUSE_ENGINE: expected local, local\[N\]"):
        read_settings({"REELHOUSE_ENGINE": engine})


def test_without_a_setting_this_process_is_the_engine() -> None:
    assert read_settings({}).engine == LOCAL


def test_a_missing_pyspark_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda name: None if name == "pyspark" else name)
    with pytest.raises(SettingsWrong, match=r"expected pyspark beside .*spark-requirements\.lock"):
        session.check_ready("local[2]")


@pytest.mark.parametrize(("says", "found"), [('openjdk version "11.0.2"', "version 11"), ("", "none")])
def test_a_missing_or_old_java_is_named(says: str, found: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if says:
        (tmp_path / "bin").mkdir()
        java = tmp_path / "bin" / "java"
        java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
        java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setattr(session.importlib.util, "find_spec", lambda name: name)
    with pytest.raises(SettingsWrong, match=f"expected Java 17 or newer, found {found}"):
        session.check_ready("local[2]")


def test_a_folded_batch_has_the_lines_of_the_fold_that_one_machine_uses() -> None:
    rows = [(1, "Bong Joon-ho"), (2, "Tab\tber"), (3, "Émilie Dequenne")]
    numbers, names = zip(*rows, strict=True)
    batch = pyarrow.RecordBatch.from_pydict({"imdb_person_number": list(numbers), "person_name": list(names)})
    folded = list(tasks.fold(("imdb_person_number", "person_name"), FOLDED_PEOPLE.lines, iter([batch])))
    (texts,) = FOLDED_PEOPLE.lines(rows)
    assert [line for part in folded for line in part.column("line").to_pylist()] == [
        line.decode() for line in b"".join(texts).splitlines()
    ]
    assert {place for part in folded for place in part.column("place").to_pylist()} == {0}


def test_only_keys_that_are_similar_are_kept() -> None:
    pairs = {
        "source": ["netflix"] * 2,
        "source_id": ["s1", "s2"],
        "imdb_title_number": [1, 2],
        "source_title_key": ["rattlesnake", "jaws"],
        "imdb_title_key": ["rattlesnakes", "javelin"],
    }
    kept = list(tasks.keep_alike(iter([pyarrow.RecordBatch.from_pydict(pairs)])))
    assert [row for part in kept for row in part.to_pylist()] == [
        {"source": "netflix", "source_id": "s1", "imdb_title_number": 1}
    ]


@pytest.fixture
def matched(works: Works, conn: psycopg.Connection) -> Callable[[], list[tuple]]:
    """A small catalogue of which the candidates are found; deciding it gives its evidence."""
    works.imdb(1, "Sahara", 2017, directors=["Pierre Coré"], actors=["Omar Sy", "Louane Emera"])
    works.imdb(2, "Sahara", 2015, actors=["Ann Lee"])
    works.imdb(3, "Sahara II", 2018, actors=["Omar Sy"])
    works.imdb(4, "Saharas", 2017)
    works.netflix("s1", "Sahara", 2017, directors=["Pierre Coré"], actors=["Omar Sy"])
    works.netflix("s2", "Sahara II", 2018, actors=["Omar Sy"])
    works.netflix("s3", "Nothing Like It", 1990)
    works.find()

    def decide() -> list[tuple]:
        decide_matches(conn, works.day)
        return conn.execute(EVIDENCE).fetchall()

    return decide


def test_scores_of_the_engine_are_decided_on_with_the_evidence_of_one_machine(
    matched: Callable[[], list[tuple]], conn: psycopg.Connection
) -> None:
    alone = matched()
    assert len(alone) >= 4
    conn.execute("truncate matching.match_evidence")
    conn.execute("update matching.scored_row set has_evidence = false")
    assert matched() == alone
    assert conn.execute("select count(*) from matching.scored_row where not has_evidence").fetchone() == (0,)
