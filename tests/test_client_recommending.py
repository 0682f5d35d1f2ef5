"""The recommend calls of the earlier project, on our lists: any id or title goes in, five come out, and can be sent."""

from __future__ import annotations

from datetime import date

import pytest
from people import login
from small_star import Imdb, JustWatch, Netflix, run_day

from reelhouse import Warehouse
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import QueryWrong
from reelhouse.recommending.refreshing import build_recommendations, check_recommendations, publish_recommendations
from reelhouse.settings import read_settings

NAMES = ["Harbour", "Lantern", "Orchard", "Winter", "Compass", "Saffron", "Meadow", "Violin", "Glacier", "Pepper"]


@pytest.fixture(scope="module")
def scientist(module_dsn, tmp_path_factory):
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path_factory.mktemp("home")), "REELHOUSE_WAREHOUSE_DSN": module_dsn}
    )
    rows = [
        *(
            Imdb(n, name, 2000 + n, rating=(6 + n / 10, 9000), genres=(("Drama",), ("Comedy", "Drama"))[n % 2])
            for n, name in enumerate(NAMES, 1)
        ),
        *(Netflix(f"s{n}", name, 2000 + n, imdb=n) for n, name in enumerate(NAMES, 1)),
        Netflix("s1", "Harbour in Colour", 2001, imdb=1, source="disney"),
        *(JustWatch(f"tm{n}", name, 2000 + n, imdb=n) for n, name in enumerate(NAMES, 1)),
    ]
    day = Day(date(2026, 1, 5), settings)
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, day, rows)
        for step in (build_recommendations, check_recommendations, publish_recommendations):
            step(conn, day)
        # Each platform counts its rows from one.
        conn.execute(
            "insert into warehouse.bridge_title_source select (jsonb_populate_record(bridge, jsonb_build_object("
            " 'source', named.source, 'source_id', named.source_id, 'title_key', 1))).*"
            " from warehouse.bridge_title_source as bridge, (values ('amazon', 's2'), ('hulu', 's99')) as"
            " named (source, source_id) where bridge.source = 'netflix' and bridge.source_id = 's2'"
        )
    with login(module_dsn, "scientist") as dsn, Warehouse(dsn) as warehouse:
        yield warehouse


def test_the_calls_of_the_earlier_project_work_on_our_lists(scientist) -> None:
    assert scientist.recommender_retrieve()["title"].tolist() == NAMES
    asked = ["tt0000001", "s2", 3, "Winter", "tm5"]
    found = scientist.recommend_titles(asked)
    assert found["source_title"].drop_duplicates().tolist() == NAMES[:5]
    assert found.groupby("source_title")["rank"].apply(list).tolist() == [[1, 2, 3, 4, 5]] * 5
    assert scientist.recommendations is found
    sent = scientist.recommender_send_data()
    assert sent.table_counts == {"curated.recommendation": 25}
    stored = scientist.read(
        "select title_key, recommended_title_key from curated.recommendation order by title_key, rank"
    )
    expected = found.sort_values(["source_title_key", "rank"])[["source_title_key", "recommended_title_key"]]
    assert stored.to_numpy().tolist() == expected.to_numpy().tolist()
    # The same again replaces, and taking it back leaves what was sent first.
    scientist.undo(scientist.recommender_send_data().batch)
    assert len(scientist.read("select * from curated.recommendation")) == 25


def test_a_title_may_be_named_as_a_catalogue_names_it(scientist) -> None:
    for name in ("Harbour in Colour", "harbour  in colour", "HARBOUR"):
        assert set(scientist.recommend_titles(name)["source_title"]) == {"Harbour"}


def test_keys_may_come_from_a_column_and_what_is_none_is_said(scientist) -> None:
    keys = scientist.read("select title_key from mart.titles order by 1 limit 2")["title_key"]
    assert scientist.recommend_titles(keys)["source_title"].drop_duplicates().tolist() == NAMES[:2]
    assert scientist.recommend_title(keys[0])["source_title_key"].tolist() == [1] * 5
    for wrong in (None, 1.5, [None], ""):
        with pytest.raises(QueryWrong, match="expected an id or a title"):
            scientist.recommend_titles(wrong)


def test_several_titles_are_taken_together(scientist) -> None:
    both = scientist.recommend_title(["Harbour", "tt0000002"])
    assert both["rank"].tolist() == [1, 2, 3, 4, 5]
    assert not {"Harbour", "Lantern"} & set(both["recommended_title"])
    assert {name for liked in both["liked_for"] for name in liked} == {"Harbour", "Lantern"}
    told = scientist.read("select title_key from mart.recommend_for(titles => '{1,2}') order by rank limit 5")
    assert both["recommended_title_key"].tolist() == told["title_key"].tolist(), "one list, whoever tells it"


def test_the_example_of_the_earlier_project_runs_as_it_was_written(scientist) -> None:
    assert scientist.recommend_title(input_id=["tt0000002", "tm5"])["rank"].tolist() == [1, 2, 3, 4, 5]
    assert len(scientist.recommend_titles(["tt0000002", "tm5"])) == 10


def test_one_title_needs_no_list(scientist) -> None:
    for one in ("tt0000002", "Harbour", 2):
        assert scientist.recommend_titles(one).equals(scientist.recommend_titles([one])), "not one for each letter"
        assert scientist.recommend_title(one).equals(scientist.recommend_title([one]))


def test_what_is_sent_stands_in_the_place_of_what_was_sent_before(scientist) -> None:
    found = scientist.recommend_title(["tt0000002", "Harbour"])
    assert found["source_title_key"].tolist() == [1] * 5, "one list, of one name"
    scientist.recommender_send_data("together")
    scientist.recommendations = found.head(2)
    scientist.recommender_send_data("together")
    stored = "select rank, recommended_title_key from curated.recommendation where method = 'together' order by rank"
    assert (
        scientist.read(stored).to_numpy().tolist()
        == found[["rank", "recommended_title_key"]].head(2).to_numpy().tolist()
    )


def test_a_title_that_is_not_there_is_named(scientist) -> None:
    for asked in ("tt9999999", "s99"):
        with pytest.raises(QueryWrong, match=asked):
            scientist.recommend_titles([asked])


def test_nothing_found_yet_cannot_be_sent(scientist) -> None:
    scientist.recommendations = None
    with pytest.raises(QueryWrong, match="Call recommend_title"):
        scientist.recommender_send_data()
