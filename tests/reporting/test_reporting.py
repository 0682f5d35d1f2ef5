"""The data dictionary is up to date, and the summary tells what was published."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.reporting.data_dictionary import read_relations, render_dictionary, write_dictionary
from reelhouse.reporting.summary import summarize

DICTIONARY = Path(__file__).parents[2] / "docs" / "data_dictionary.md"


def test_the_dictionary_is_up_to_date(conn):
    assert DICTIONARY.read_text() == render_dictionary(conn), (
        "docs/data_dictionary.md is old: python -m reelhouse.reporting.data_dictionary writes it from a migrated one"
    )


def test_the_dictionary_names_every_table_and_column_of_the_star(conn):
    text = render_dictionary(conn)
    for relation in read_relations(conn):
        assert f"### {relation.schema}.{relation.name}\n" in text
        if relation.schema in ("mart", "warehouse"):
            assert all(f"| `{column.name}` |" in text for column in relation.columns)


def test_the_diagram_has_a_line_for_each_foreign_key_within_the_star(conn):
    (count,) = conn.execute(
        "select count(*) from pg_constraint where contype = 'f' and connamespace = 'warehouse'::regnamespace"
        " and confrelid in (select oid from pg_class where relnamespace = 'warehouse'::regnamespace)"
    ).fetchone()
    lines = re.findall(r"^    \w+ (?:\|\||\|o)--o\{ \w+ : \w+$", render_dictionary(conn), re.MULTILINE)
    assert len(lines) == count


def test_the_dictionary_is_written_only_when_it_changed(conn, tmp_path):
    path = tmp_path / "docs" / "dictionary.md"
    assert write_dictionary(conn, path) is True
    assert write_dictionary(conn, path) is False


def test_the_summary_tells_what_readers_see(conn, make_day):
    day = make_day(date(2021, 9, 25))
    rows = [
        Imdb(1, "Alpha", 2018, rating=(7.0, 100), genres=("Horror", "Odd Word")),
        Netflix("s1", "Alpha", 2018, imdb=1),
        Netflix("s2", "Gamma"),
        RottenTomatoes("alpha", "Alpha", 2018, imdb=1, critics=(90, 40)),
    ]
    run_day(conn, day, rows)
    found = summarize(conn, day)
    assert found["published_day"] == "2021-09-25"
    assert found["tables"]["dim_title"] == 2
    assert found["recommendations"] == 0
    assert [(row["source"], row["rows_staged"]) for row in found["files"]] == [
        ("imdb", 1), ("netflix", 2), ("rotten_tomatoes", 1),
    ]  # fmt: skip
    assert [(row["source"], row["linked"], row["source_rows"]) for row in found["match_rates"]] == [
        ("netflix", 1, 2), ("rotten_tomatoes", 1, 1),
    ]  # fmt: skip
    assert [row["check_name"] for row in found["checks"]] == ["genre word that the reference file does not know"]
    assert [answer[0]["title"] for answer in found["answers"].values() if answer] == ["Alpha", "Alpha"]


def test_the_summary_of_an_empty_warehouse_says_so(conn, make_day):
    found = summarize(conn, make_day())
    assert (found["load_id"], found["tables"]["dim_title"], found["files"]) == (None, 0, [])
