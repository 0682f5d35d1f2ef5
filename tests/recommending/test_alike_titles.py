"""What of the catalogues is like a title that stands in none, on cases that a person can check."""

from __future__ import annotations

from math import log1p, sqrt

import psycopg
import pytest
from twelve_titles import TITLES

from reelhouse.database import run_file
from reelhouse.matching.keys import fold_title
from reelhouse.recommending.content import NEARNESS, POPULARITY, QUALITY, WEIGHTS
from reelhouse.recommending.together import SHRINKAGE
from reelhouse.settings import read_settings

SQL = read_settings({}).sql
ALL = sum(WEIGHTS.values())
# Key: title, kind, year, certification, genres, cast, director, votes.
OTHERS = {
    50: ("Harbour Nights", "movie", 2012, None, ["Crime"], ["Ada Stone", "Bo Reed"], "Cy Long", 500_000),
    51: ("The Nursery", "series", 2016, "TV-Y", ["Family"], ["Jo Lark"], None, 800),
    52: ("Otter and Friend", "movie", 2016, None, ["Family", "Comedy"], ["Jo Lark"], None, 2_000),
    53: ("Nothing Known", "movie", None, None, [], [], None, None),
}


@pytest.fixture
def elsewhere(conn: psycopg.Connection, catalogue: None) -> psycopg.Connection:
    """The twelve titles of a catalogue, and four that stand in none."""
    for key, (title, kind, year, certification, genres, cast, director, votes) in OTHERS.items():
        conn.execute(
            "insert into warehouse.dim_title (title_key, title, folded_title, kind, release_year, certification_key,"
            " is_adult, is_catalogue_title, is_current, sources) values (%s, %s, %s, %s, %s, (select certification_key"
            " from warehouse.dim_certification where certification = %s), false, false, true, '{imdb}')",
            (key, title, fold_title(title), kind, year, certification),
        )
        for genre in genres:
            conn.execute(
                "insert into warehouse.bridge_title_genre select %s, genre_key, '{imdb}', array[genre]"
                " from warehouse.dim_genre where genre = %s",
                (key, genre),
            )
        for role, name in [("actor", name) for name in cast] + ([("director", director)] if director else []):
            conn.execute(
                "insert into warehouse.bridge_title_person_role select %s, role_key, person_key, 1, '{}', '{imdb}', 1"
                " from warehouse.dim_role, warehouse.dim_person where role = %s and person_name = %s",
                (key, role, name),
            )
        if votes:
            conn.execute(
                "insert into warehouse.fact_title_rating (title_key, rating_date, imdb_rating_of_10, imdb_vote_count,"
                " imdb_weighted_of_10) values (%s, '2026-01-20', 7, %s, 7)",
                (key, votes),
            )
    run_file(conn, SQL / "3_warehouse" / "title_search.sql", keys=None)
    return conn


def alike(conn: psycopg.Connection, key: int) -> dict[int, tuple[float, list[dict]]]:
    rows = conn.execute(
        "select recommended_title_key, score_raw, reasons, rank from mart.alike_titles(%s) order by rank", (key,)
    ).fetchall()
    assert [row[3] for row in rows] == list(range(1, len(rows) + 1))
    return {row[0]: (row[1], row[2]) for row in rows}


def test_who_shares_people_and_genre_comes_first_and_its_parts_add_up(elsewhere: psycopg.Connection) -> None:
    found = alike(elsewhere, 50)
    assert list(found)[:2] == [1, 2]
    for score, reasons in found.values():
        assert sum(part["share"] for part in reasons) == pytest.approx(score, abs=1e-9)
        assert [part["share"] for part in reasons] == sorted((part["share"] for part in reasons), reverse=True)
    shares = {(part["kind"], part["value"]): part["share"] for part in found[1][1]}
    # Both of two cast members, the one director, the one genre, the same three years.
    assert shares["cast", "Ada Stone"] == pytest.approx(WEIGHTS["cast"] / ALL / 2, abs=1e-8)
    assert shares["director", "Cy Long"] == pytest.approx(WEIGHTS["director"] / ALL, abs=1e-8)
    assert shares["genre", "Crime"] == pytest.approx(WEIGHTS["genre"] / ALL, abs=1e-8)
    assert shares["year", "2012 and 2010"] == pytest.approx(WEIGHTS["year"] / ALL, abs=1e-8)
    assert shares["title word", "harbour"] == pytest.approx(WEIGHTS["title word"] / ALL / 2, abs=1e-8)
    # Harbour Heist is the best known title of all, and the best rated but for one.
    prior = (log1p(500_000) / log1p(900_000)) ** 2
    parts = {part["kind"]: part["share"] for part in found[1][1]}
    assert parts["popularity"] == pytest.approx(prior * POPULARITY, abs=1e-8)
    assert parts["nearness"] == pytest.approx(prior * NEARNESS * log1p(500_000) / log1p(900_000), abs=1e-8)
    assert parts["quality"] == pytest.approx(prior * QUALITY * (8.1 - 4.0) / (8.4 - 4.0), abs=1e-8)
    scores = [score for score, _ in found.values()]
    assert scores == sorted(scores, reverse=True)


def test_nothing_for_adults_and_two_of_the_other_kind_and_of_a_franchise_at_most(
    elsewhere: psycopg.Connection,
) -> None:
    found = alike(elsewhere, 50)
    assert 11 not in found
    assert 50 not in found
    assert sum(TITLES[key][1] == "series" for key in found) <= 2
    elsewhere.execute("update warehouse.dim_title set folded_title = 'harbour heist ' || title_key where title_key < 6")
    assert len({1, 2, 3, 4, 5} & alike(elsewhere, 50).keys()) == 2


def test_who_asks_for_children_is_shown_what_is_for_children(elsewhere: psycopg.Connection) -> None:
    assert set(alike(elsewhere, 51)) == {7, 8, 9}
    of_unknown_age = alike(elsewhere, 52)
    assert {7, 8, 9} <= of_unknown_age.keys()
    assert of_unknown_age.keys() <= {4, 5, 7, 8, 9}, "neither what is from 17 on nor what is of unknown age"


def test_what_the_same_viewers_like_counts_and_invented_viewers_do_not(elsewhere: psycopg.Connection) -> None:
    for user in (1, 2, 3, 900_000_001):
        elsewhere.execute("insert into warehouse.dim_user values (%s, 'viewers', %s)", (user, user > 900_000_000))
    elsewhere.execute(
        "insert into warehouse.fact_user_rating values (1, 50, 5, now(), 'viewers'), (2, 50, 4, now(), 'viewers'),"
        " (1, 4, 5, now(), 'viewers'), (2, 4, 4.5, now(), 'viewers'), (3, 4, 4, now(), 'viewers'),"
        " (1, 5, 2, now(), 'viewers'), (900000001, 50, 5, now(), 'viewers'), (900000001, 5, 5, now(), 'viewers')"
    )
    found = alike(elsewhere, 50)
    together = [part["share"] for part in found[4][1] if part["kind"] == "together"]
    assert together == pytest.approx([2 / (sqrt(2 * 3) + SHRINKAGE)], abs=1e-8)
    assert all(part["kind"] != "together" for part in found.get(5, (0, []))[1])


def test_of_what_nothing_is_known_nothing_is_like(elsewhere: psycopg.Connection) -> None:
    assert alike(elsewhere, 53) == {}
    assert alike(elsewhere, 987654) == {}


def test_recommend_for_knows_titles_of_no_catalogue(elsewhere: psycopg.Connection) -> None:
    """As in every list: what is like it first, then what is like that, popular titles behind."""
    rows = elsewhere.execute(
        "select title_key, why, reasons -> 0 ->> 'kind' from mart.recommend_for(titles => '{50}')"
    ).fetchall()
    told = [key for key, _, kind in rows if kind == "similar to"]
    assert told == [key for key in alike(elsewhere, 50) if key in told]
    assert rows[0][0] == 1
    assert rows[0][1].startswith("shares cast members Ada Stone, Bo Reed; shares director Cy Long; both crime")


def test_beside_a_title_stands_its_list_or_what_is_like_it(elsewhere: psycopg.Connection) -> None:
    elsewhere.execute(
        "insert into warehouse.fact_recommendation (method_key, source_title_key, rank, recommended_title_key, score,"
        " score_kind, score_raw, is_cold, reasons, load_id)"
        " select method_key, 1, place, 1 + place, 0.5, 'percentile', 0.9, false, '[{\"share\": 0.9}]', 1"
        " from warehouse.dim_rec_method, generate_series(1, 3) as place where is_default and subject_kind = 'title'"
    )
    told = "select recommended_title_key, rank, score_kind, method from mart.beside_title(%s, %s)"
    assert elsewhere.execute(told, (1, 2)).fetchall() == [
        (2, 1, "percentile", "similar_hybrid"),
        (3, 2, "percentile", "similar_hybrid"),
    ]
    found = elsewhere.execute(told, (50, 2)).fetchall()
    assert [key for key, *_ in found] == list(alike(elsewhere, 50))[:2]
    assert {row[1:] for row in found} == {(1, "raw", "alike_titles"), (2, "raw", "alike_titles")}
    # No list is made up for what nothing is known of.
    assert elsewhere.execute(told, (53, 2)).fetchall() == []
