"""The data dictionary is up to date, and the summary tells what was published."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.lineage import read_lineage
from reelhouse.reporting.data_dictionary import documents, render_dictionary, write_changed
from reelhouse.reporting.schema import read_relations
from reelhouse.reporting.star_picture import render_star
from reelhouse.reporting.summary import summarize

ROOT = Path(__file__).parents[2]


def test_the_dictionary_the_picture_and_the_lineage_are_up_to_date(conn):
    texts = documents(conn, ROOT / "docs", ROOT / "include")
    old = [path.name for path, text in texts.items() if path.read_text() != text]
    assert old == [], "python -m reelhouse.reporting.data_dictionary writes them from a migrated database"


def test_a_column_is_traced_to_the_files_it_comes_from_through_every_step():
    found = read_lineage(ROOT / "include")
    origins = {
        f"{table}.{column}": names
        for step in found.values()
        for table, columns in step["columns"].items()
        for column, names in columns.items()
    }
    reached, asked = set(), ["warehouse.dim_title.runtime_min"]
    while asked:
        reached.add(name := asked.pop())
        asked += [origin for origin in origins.get(name, ()) if origin not in reached]
    assert {"staging.imdb_titles.runtime_min", "build.dim_title.runtime_min"} <= reached
    assert any(name.startswith("landing/imdb/title.basics.tsv.gz.") for name in reached)
    assert not any(name.startswith("staging.imdb_people.") for name in reached)


def test_the_dictionary_names_every_table_and_column_of_the_star(conn):
    text = render_dictionary(conn)
    for relation in read_relations(conn):
        assert f"### {relation.schema}.{relation.name}\n" in text
        if relation.schema in ("mart", "warehouse"):
            assert all(f"| `{column.name}` |" in text for column in relation.columns)


def test_the_picture_has_a_box_for_each_table_and_a_line_for_each_foreign_key_within_the_star(conn):
    tables, keys = conn.execute(
        "select (select count(*) from pg_class"
        "  where relnamespace = 'warehouse'::regnamespace and relkind in ('r', 'v')),"
        " (select count(*) from pg_constraint where contype = 'f' and connamespace = 'warehouse'::regnamespace"
        "  and confrelid in (select oid from pg_class where relnamespace = 'warehouse'::regnamespace))"
    ).fetchone()
    picture = ElementTree.fromstring(render_star(read_relations(conn)))
    drawn = [element.get("class") for element in picture.iter()]
    assert (drawn.count("name"), drawn.count("line")) == (tables, keys)


def test_in_the_picture_no_two_boxes_overlap(conn):
    picture = ElementTree.fromstring(render_star(read_relations(conn)))
    boxes = [element for element in picture.iter() if element.get("class") == "box"]
    places = sorted((float(box.get("x")), float(box.get("y")), float(box.get("height"))) for box in boxes)
    for (x, y, height), (next_x, next_y, _) in pairwise(places):
        assert next_x > x or next_y > y + height


def test_documents_are_written_only_when_they_changed(tmp_path):
    texts = {tmp_path / "docs" / "one.md": "1", tmp_path / "two.json": "2"}
    assert write_changed(texts) == list(texts)
    assert write_changed(texts | {tmp_path / "two.json": "3"}) == [tmp_path / "two.json"]
    assert write_changed({}) == []


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
