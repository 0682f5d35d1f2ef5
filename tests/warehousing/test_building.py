"""What the build makes of staged and matched rows: works, people, genres, scores."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.errors import OutOfStep, SettingsWrong
from reelhouse.warehousing.building import build_warehouse, load_references

DAY = date(2021, 9, 25)
IDENTITY = 10**12


def keys(conn: psycopg.Connection, source: str = "netflix") -> dict[str, int]:
    return dict(
        conn.execute(
            "select source_id, title_key from warehouse.bridge_title_source where source = %s", (source,)
        ).fetchall()
    )


def one(conn: psycopg.Connection, query: str, *params: object) -> tuple:
    rows = conn.execute(query, params).fetchall()
    assert len(rows) == 1, rows
    return rows[0]


def test_a_linked_row_is_its_imdb_title_and_an_unlinked_one_keeps_what_netflix_says(conn, make_day):
    run_day(
        conn,
        make_day(DAY),
        [
            Imdb(133093, "The Matrix", 1999, rating=(8.7, 1000), genres=("Action",)),
            Netflix("s1", "The Matrix (Remastered)", 1999, imdb=133093, certification="R", description="A hacker."),
            Netflix("s2", "Nobody Knows It", 2020, certification="TV-MA", description="Unknown.", imdb=133093,
                    band="review"),
        ],
    )  # fmt: skip
    found = keys(conn)
    assert found["s1"] == 133093
    assert found["s2"] >= IDENTITY
    linked = one(conn, "select title, release_year, imdb_title_id, certification, description, imdb_weighted_of_10"
                       " from mart.titles where title_key = 133093")  # fmt: skip
    assert [*linked[:5], float(linked[5])] == [
        "The Matrix (Remastered)", 1999, "tt0133093", "R", "A hacker.", 7.6,
    ]  # fmt: skip
    alone = one(conn, "select title, release_year, imdb_title_id, least_age, runtime_min from mart.titles"
                      " where title_key = %s", found["s2"])  # fmt: skip
    assert alone == ("Nobody Knows It", 2020, None, 17, 100)


def test_every_catalogue_row_stands_in_the_cross_reference_exactly_once(conn, make_day):
    rows = [
        Imdb(5, "Twice"),
        Netflix("s9", "Twice", imdb=5),
        Netflix("s10", "Twice (Hindi Version)", imdb=5),
        RottenTomatoes("twice", "Twice", imdb=5, critics=(80, 10)),
        RottenTomatoes("alone", "Alone", critics=(0, 0)),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute("select source, source_id, match_band from warehouse.bridge_title_source order by 1, 2")
    assert found.fetchall() == [
        ("netflix", "s10", "match"), ("netflix", "s9", "match"),
        ("rotten_tomatoes", "alone", "no match"), ("rotten_tomatoes", "twice", "match"),
    ]  # fmt: skip
    title = one(conn, "select title, netflix_title_id, netflix_title_ids, rotten_tomatoes_id, critics_pct"
                      " from mart.titles where title_key = 5")  # fmt: skip
    assert title == ("Twice", "s9", ["s9", "s10"], "twice", 80)
    # A share of no critics is no score.
    assert one(conn, "select critics_pct, critics_count from mart.titles where rotten_tomatoes_id = 'alone'") == (
        None,
        0,
    )


def test_unlinked_duplicates_are_one_work_and_homonyms_are_two(conn, make_day):
    rows = [
        Netflix("s1", "Consequences", actors=("Ann Lee", "Bo Ray")),
        Netflix("s2", "Consequences\u00a0", actors=("Bo Ray", "Cy Dee")),
        Netflix("s3", "Consequences", actors=("Cy Dee",)),  # joined with s1 only through s2
        Netflix("s4", "Consequences", actors=("Zoe Poe",)),
        Netflix("s5", "Consequences", kind="series", actors=("Ann Lee",)),
        Netflix("s6", "Consequences", 2011, actors=("Ann Lee",)),
    ]
    run_day(conn, make_day(DAY), rows)
    found = keys(conn)
    assert found["s1"] == found["s2"] == found["s3"]
    assert len({found[row] for row in ("s1", "s4", "s5", "s6")}) == 4


def test_language_versions_are_one_work_even_when_nobody_is_named(conn, make_day):
    rows = [
        Netflix("s1", "Egg Videos (English)", description="Learn."),
        Netflix("s2", "Egg Videos (Hindi)", description="Laugh."),
        Netflix("s3", "Red Sea", description="A ship."),
        Netflix("s4", "Red Sea", description="A city."),
    ]
    run_day(conn, make_day(DAY), rows)
    found = keys(conn)
    assert found["s1"] == found["s2"]
    assert found["s3"] != found["s4"]


def test_keys_do_not_depend_on_the_order_of_rows_or_on_show_ids(conn, make_day):
    homonyms = [Netflix("s1", "Ares", actors=("Ann Lee",)), Netflix("s2", "Ares", actors=("Zoe Poe",))]
    renumbered = [Netflix("s8", "Ares", actors=("Zoe Poe",)), Netflix("s9", "Ares", actors=("Ann Lee",))]
    run_day(conn, make_day(DAY), homonyms)
    first = keys(conn)
    conn.execute("truncate warehouse.dim_title, warehouse.title_identity, warehouse.dim_person cascade")
    run_day(conn, make_day(DAY), renumbered)
    second = keys(conn)
    assert (second["s8"], second["s9"]) == (first["s2"], first["s1"])


@pytest.mark.parametrize("newcomer", ["Ann Lee", "Bo Ray", "Cy Dee", "Di Fox"])
def test_a_homonym_that_comes_later_does_not_take_the_key_of_the_one_we_know(conn, make_day, newcomer):
    run_day(conn, make_day(date(2021, 9, 24)), [Netflix("s1", "Ares", actors=("Zoe Poe",))])
    known = keys(conn)["s1"]
    run_day(
        conn,
        make_day(DAY),
        [Netflix("s1", "Ares", actors=(newcomer,)), Netflix("s2", "Ares", actors=("Zoe Poe", "New Face"))],
    )
    assert keys(conn)["s2"] == known
    assert keys(conn)["s1"] != known


def test_a_work_that_turns_out_to_be_an_imdb_title_is_merged_and_keeps_its_stay(conn, make_day):
    row = Netflix("s1", "Slow Match", actors=("Zoe Poe",), added=date(2020, 5, 1))
    run_day(conn, make_day(date(2021, 9, 24)), [row])
    old = keys(conn)["s1"]
    run_day(conn, make_day(DAY), [Imdb(77, "Slow Match"), Netflix("s1", "Slow Match", actors=("Zoe Poe",), imdb=77,
                                                                 added=date(2021, 1, 1))])  # fmt: skip
    assert one(conn, "select merged_into, first_seen_date from warehouse.title_identity where title_key = %s", old) == (
        77, date(2021, 9, 24),
    )  # fmt: skip
    assert one(conn, "select title_key, entered_date, left_date from warehouse.fact_availability") == (
        77, date(2020, 5, 1), None,
    )  # fmt: skip
    assert one(conn, "select is_current, is_catalogue_title from warehouse.dim_title where title_key = %s", old) == (
        False, False,
    )  # fmt: skip
    assert one(conn, "select title_key from mart.titles") == (77,)


def test_a_linked_homonym_is_not_merged_with_the_work_we_know(conn, make_day):
    run_day(conn, make_day(date(2021, 9, 24)), [Netflix("s1", "Ares", actors=("Zoe Poe",), description="A god.")])
    rows = [Imdb(77, "Ares"), Netflix("s1", "Ares", actors=("Ann Lee",), description="A ship.", imdb=77)]
    run_day(conn, make_day(DAY), rows)
    assert one(conn, "select merged_into from warehouse.title_identity") == (None,)
    left = one(conn, "select left_date from warehouse.fact_availability where title_key <> 77")
    assert left == (DAY,)


def test_catalogue_names_become_imdb_people_only_through_the_title(conn, make_day):
    rows = [
        Imdb(1, "A", credits=((10, "Tom Holland", "actor"), (11, "Ann Lee", "actress"), (12, "Wes Day", "director"))),
        Imdb(2, "B", credits=((20, "Tom Holland", "director"),)),
        Netflix("s1", "A", imdb=1, directors=("Wes Day",), actors=("Tom Holland", "Wes Day", "Unknown Extra")),
        Netflix("s2", "C", actors=("Tom Holland",)),
        Netflix("s3", "D", actors=("Tom Holland",)),
    ]
    run_day(conn, make_day(DAY), rows)
    credits = conn.execute(
        "select person_name, role, is_name_only, sources, person_key from mart.title_people where title_key = 1"
        " order by role, person_name"
    ).fetchall()
    assert [row[:4] for row in credits] == [
        ("Tom Holland", "actor", False, ["imdb", "netflix"]),
        ("Ann Lee", "actress", False, ["imdb"]),
        ("Unknown Extra", "cast", True, ["netflix"]),
        ("Wes Day", "cast", False, ["netflix"]),
        ("Wes Day", "director", False, ["imdb", "netflix"]),
    ]
    # One member for the name, never one of the two IMDb people of that name.
    homonyms = conn.execute(
        "select distinct person_key, is_name_only from mart.title_people where title in ('C', 'D')"
    ).fetchall()
    assert len(homonyms) == 1
    assert homonyms[0][0] >= IDENTITY
    assert homonyms[0][1]


def test_weights_sum_to_one_and_imdb_order_comes_before_the_catalogues(conn, make_day):
    rows = [
        Imdb(1, "A", credits=((10, "First Billed", "actor"), (11, "Second Billed", "actor"), (12, "Third", "actor"))),
        Netflix("s1", "A", imdb=1, actors=("Third", "First Billed")),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute("select person_name, billing_order, weight from mart.title_people order by billing_order")
    assert [(name, order, round(weight, 6)) for name, order, weight in found] == [
        ("First Billed", 1, 0.333333), ("Second Billed", 2, 0.333333), ("Third", 3, 0.333333),
    ]  # fmt: skip


def test_crew_adds_the_directors_that_principals_leave_out(conn, make_day):
    rows = [
        Imdb(
            1, "A", credits=((10, "Known Director", "director"), (11, "Other Director", "writer")), directors=(10, 11)
        ),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute("select person_name, role from mart.title_people order by 1, 2").fetchall()
    assert found == [("Known Director", "director"), ("Other Director", "director"), ("Other Director", "writer")]


def test_words_of_all_sources_meet_in_one_taxonomy(conn, make_day):
    rows = [
        Imdb(1, "A", genres=("Horror", "Sci-Fi")),
        Imdb(2, "B", genres=("Children", "Family")),
        Netflix("s1", "A", imdb=1, categories=("Horror Movies", "International Movies"), countries=("Soviet Union",)),
        RottenTomatoes("a", "A", imdb=1, genres=("Science Fiction & Fantasy", "Gothic Noise")),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute(
        "select title_key, genre, genre_kind, sources, source_genres from warehouse.bridge_title_genre"
        " inner join warehouse.dim_genre using (genre_key) order by 1, 2"
    ).fetchall()
    assert found == [
        (1, "Fantasy", "genre", ["rotten_tomatoes"], ["Science Fiction & Fantasy"]),
        (1, "Gothic Noise", "unmapped", ["rotten_tomatoes"], ["Gothic Noise"]),
        (1, "Horror", "genre", ["imdb", "netflix"], ["Horror", "Horror Movies"]),
        (1, "International", "origin", ["netflix"], ["International Movies"]),
        (1, "Sci-Fi", "genre", ["imdb", "rotten_tomatoes"], ["Sci-Fi", "Science Fiction & Fantasy"]),
        (2, "Family", "genre", ["imdb"], ["Children", "Family"]),
    ]
    assert one(conn, "select genres, labels from mart.titles where title_key = 1") == (
        ["Fantasy", "Horror", "Sci-Fi"], ["Gothic Noise", "International"],
    )  # fmt: skip
    assert one(conn, "select genre_key >= 1000000 from warehouse.dim_genre where genre = 'Gothic Noise'") == (True,)
    country = one(
        conn,
        "select country, iso_code, is_historical from warehouse.bridge_title_country"
        " inner join warehouse.dim_country using (country_key)",
    )
    assert country == ("Soviet Union", "SUHH", True)
    warned = conn.execute("select check_name from ops.check_result where rows_found > 0").fetchall()
    assert warned == [("genre word that the reference file does not know",)]


def test_an_unrated_title_is_for_no_age(conn, make_day):
    run_day(conn, make_day(DAY), [Netflix("s1", "A", certification="NR"), Netflix("s2", "B", certification="XYZ"),
                                  Netflix("s3", "C")])  # fmt: skip
    found = conn.execute("select title, certification, least_age from mart.titles order by title").fetchall()
    assert found == [("A", "NR", None), ("B", "XYZ", None), ("C", None, None)]


def test_a_second_build_of_a_load_that_readers_see_is_left_out(conn, make_day):
    run_day(conn, make_day(DAY), [Imdb(1, "A")])
    assert build_warehouse(conn, make_day(DAY))["unchanged"] is True


def test_matching_of_another_load_is_refused(conn, make_day):
    stage_rows(conn, make_day(DAY), [Imdb(1, "A")])
    conn.execute("update ops.layer set load_id = null where layer = 'matching'")
    with pytest.raises(OutOfStep, match="Layer matching: expected load"):
        build_warehouse(conn, make_day(DAY))
    assert conn.execute("select count(*) from build.dim_title").fetchone() == (0,)


def test_a_reference_file_with_other_columns_is_named(conn, tmp_path):
    (tmp_path / "genres.csv").write_text("genre,genre_key\nDrama,1\n")
    with pytest.raises(SettingsWrong, match=r"genres\.csv: expected the columns of build\.reference_genre"):
        load_references(conn, tmp_path)


def test_the_row_that_was_added_first_speaks_for_its_work(conn, make_day):
    rows = [
        Imdb(1, "Alpha"),
        Netflix("s9", "Alpha", imdb=1, description="Of May.", added=date(2021, 5, 1)),
        Netflix("s10", "Alpha", imdb=1, description="Of March.", added=date(2021, 3, 1)),
        Netflix("s1", "Alpha", imdb=1, description="Of no day."),
        Netflix("s2", "Alpha (Hindi Version)", imdb=1, description="A version.", added=date(2021, 1, 1)),
    ]
    run_day(conn, make_day(DAY), rows)
    assert one(conn, "select netflix_title_id, description from mart.titles") == ("s1", "Of March.")


def test_rows_that_only_got_other_ids_leave_the_history_as_it_is(conn, make_day):
    versions = ("Alpha (Tamil Version)", "Alpha (Hindi Version)", "Alpha (Telugu Version)")
    for days, ids in enumerate((("s1", "s2", "s3"), ("s12", "s3", "s2"), ("s2", "s30", "s1"))):
        named = zip(ids, versions, strict=True)
        rows = [Imdb(1, "Alpha"), *(Netflix(source_id, title, imdb=1) for source_id, title in named)]
        run_day(conn, make_day(DAY + timedelta(days)), rows)
    assert conn.execute("select title, valid_from, valid_until from warehouse.dim_title_history").fetchall() == [
        ("Alpha (Hindi Version)", DAY, None)
    ]
    assert conn.execute("select count(*) from warehouse.hist_source_row where source = 'netflix'").fetchone() == (3,)
