"""Titles and people: what is asked is answered, what is not there is suggested, what is wrong is said."""

from __future__ import annotations

import pytest
from serving.conftest import MARKUP

from reelhouse.database import connect
from reelhouse.serving import reading


def titles(rows: list[dict]) -> list[str]:
    return [row["title"] for row in rows]


def test_films_with_enough_votes_come_by_popularity(ask) -> None:
    assert titles(ask("/api/v1/movies?limit=3")) == ["New House", "The Old House", "Namesake"]
    assert titles(ask("/api/v1/movies?sort=year&order=asc&limit=2")) == ["Namesake", "Casa Vieja"]
    assert titles(ask("/api/v1/movies?movie_type=series")) == ["Housewarming"]
    assert "Few Have Seen It" not in titles(ask("/api/v1/movies?limit=100"))


@pytest.mark.parametrize(("query", "first"), [
    ("old house", "The Old House"), ("the old house", "The Old House"), ("OLD HOUES", "The Old House"),
    ("new hous", "New House"), ("100% wolf", "100% Wolf_Man"), ("<script>", MARKUP),
])  # fmt: skip
def test_a_title_is_found_as_people_type_it(ask, query, first) -> None:
    assert titles(ask(f"/api/v1/movies/search?query={query.replace('%', '%25').replace('<', '%3C')}"))[0] == first


@pytest.mark.parametrize("query", ["house", "hous", "old house", "ho", "namseake", "n"])
def test_pages_of_a_search_are_parts_of_one_list(ask, query) -> None:
    """Dearer likeness is looked for only when a page is not full: what stands before must not depend on that."""
    asked = f"/api/v1/movies/search?min_votes=0&query={query}"
    whole = [card["title_key"] for card in ask(f"{asked}&limit=20")]
    assert len(whole) == len(set(whole)) > 0
    for limit in (1, 2, 3):
        pages = [ask(f"{asked}&limit={limit}&offset={offset}") for offset in range(0, len(whole) + limit, limit)]
        assert [card["title_key"] for page in pages for card in page] == whole


def test_searches_take_several_filters_at_once(ask) -> None:
    found = ask(
        "/api/v1/movies/search?query=house&genre=horror&genre=Drama&min_critics=90&person=bo o'ray&platform=NETFLIX"
    )
    assert titles(found) == ["New House"]
    assert ask("/api/v1/movies/search?query=house&min_audience=61") == []
    # Unknown is not safe for a child.
    assert titles(ask("/api/v1/movies/search?query=house&max_age=17")) == ["The Old House"]


def test_what_is_typed_so_far_suggests_the_best_known(ask) -> None:
    assert titles(ask("/api/v1/movies/suggest?query=n"))[:2] == ["New House", "Namesake"]
    assert titles(ask("/api/v1/movies/suggest?query=the old"))[0] == "The Old House"
    assert titles(ask("/api/v1/movies/suggest?query=namseake")) == ["Namesake", "Namesake"]


def test_one_title_by_either_id_is_the_same_and_invents_nothing(ask) -> None:
    assert ask("/api/v1/movies/tt0000001") == ask("/api/v1/movies/1")
    old, new = ask("/api/v1/movies/1"), ask("/api/v1/movies/2")
    assert (old["id"], old["certification"], old["critics_pct"]) == ("tt0000001", "R", 71)
    assert (new["certification"], new["least_age"]) == (None, None)


def test_an_unknown_title_is_404_with_suggestions(ask) -> None:
    told = ask("/api/v1/movies/tt0009999", 404)
    assert len(told["suggestions"]) > 0
    assert any("New House" in each for each in ask("/get_recommendation/new huose", 404)["suggestions"])


def test_a_wrong_value_is_422_and_says_what_is_allowed(ask) -> None:
    for query in ("limit=0", "limit=101", "offset=-1", "order=up", "sort=name", "movie_type=opera"):
        assert ask(f"/api/v1/movies?{query}", 422)["wrong"][0]["where"] == f"query.{query.partition('=')[0]}"
    assert "'popularity', 'rating' or 'year'" in ask("/api/v1/movies?sort=name", 422)["detail"]
    ask("/api/v1/movies/search?query=", 422)
    ask(f"/api/v1/movies/search?query={'x' * 10_000}", 422)
    ask("/api/v1/movies/search?query=%00", 422)


def test_a_mistyped_filter_is_told_and_not_ignored(ask) -> None:
    told = ask("/api/v1/movies/search?query=house&platfrom=netflix&gener=horror", 422)
    assert [each["where"] for each in told["wrong"]] == ["query.platfrom", "query.gener"]
    assert "genre" in told["wrong"][0]["expected"]
    assert "platform" in told["wrong"][0]["expected"]
    assert ask("/api/v1/movies/1?language=de", 422)["detail"] == "query.language: no such parameter; there is none"
    # Paths without a version are those of a former project: who asks there may send what it took.
    ask("/get_count_platform/netflix?language=de")


def test_a_filter_that_is_given_twice_is_told_and_not_half_ignored(ask) -> None:
    told = ask("/api/v1/movies?sort=rating&limit=2&sort=year", 422)
    assert told["wrong"] == [{"where": "query.sort", "expected": "expected once, found 2 times"}]
    both = titles(ask("/api/v1/movies/search?query=house&genre=Horror&genre=Drama"))
    assert set(both) <= set(titles(ask("/api/v1/movies/search?query=house&genre=Drama")))


def test_similar_titles_keep_their_order_and_their_reasons_add_up(ask) -> None:
    rows = ask("/api/v1/movies/1/similar")
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert "The Old House" not in titles(rows)
    assert all(row["reasons"] for row in rows)


def test_beside_a_title_of_no_catalogue_stands_what_is_like_it(ask, served) -> None:
    """Casa Vieja is in no catalogue; who acts in it directed New House."""
    rows = ask("/api/v1/movies/3/similar")
    assert rows
    assert {row["score_kind"] for row in rows} == {"raw"}
    assert all(row["platforms"] for row in rows)
    for row in rows:
        assert min(1, sum(part["share"] for part in row["reasons"])) == pytest.approx(row["score"], abs=1e-9)
    # Behind them comes what is like them.
    assert titles(ask("/api/v1/recommend/titles?id=3"))[: len(rows)] == titles(rows)
    assert "None: too little is known" not in served.client().get("/titles/3").text


def test_evidence_says_why_each_row_is_linked(ask) -> None:
    rows = ask("/api/v1/movies/1/evidence")["rows"]
    assert [(row["source"], row["band"]) for row in rows] == [("netflix", "match"), ("rotten_tomatoes", "match")]
    assert "linked to tt0000001" in rows[0]["sentences"][1]["words"]


def test_evidence_is_not_that_of_another_edition_s_row_of_the_same_id(served, ask) -> None:
    name = "update matching.source_title set title = %s where source_id = 's1'"
    with connect(served.dsn, "reelhouse test", autocommit=True) as conn:
        conn.execute(name, ("45 rpm",))
        try:
            netflix, rotten_tomatoes = ask("/api/v1/movies/1/evidence")["rows"]
        finally:
            conn.execute(name, ("The Old House",))
    assert [each["what"] for each in netflix["sentences"]] == ["other edition"]
    assert len(rotten_tomatoes["sentences"]) > 1


def test_a_title_was_on_a_day_what_it_was(ask) -> None:
    assert ask("/api/v1/movies/1/as-of?day=2020-01-01")["scores"] is None
    assert ask("/api/v1/movies/1/as-of?day=2026-02-01")["scores"]["critics_pct"] == 71
    assert len(ask("/api/v1/movies/1/history")["scores"]) == 1


def test_people_are_found_and_have_their_titles(ask) -> None:
    assert ask("/api/v1/people/search?query=bo oray")[0]["name"] == "Bo O'Ray"
    page = ask("/api/v1/people/nm0000011")
    assert titles(page["titles"]) == ["New House", "The Old House"]
    assert {row["role"] for row in ask("/api/v1/movies/1/people")} == {"director", "actor"}


def test_the_way_between_two_people_is_the_shortest(ask) -> None:
    way = ask("/api/v1/people/nm0000010/path/nm0000013")
    assert way["length"] == 3
    assert [step["name"] for step in way["steps"]] == ["Ann Lee", "Bo O'Ray", "Cy Day", "Dee Oak"]
    assert [step["through_title"] for step in way["steps"]] == [None, "The Old House", "New House", "Casa Vieja"]
    assert ask("/api/v1/people/nm0000010/path/nm0000014")["length"] is None
    assert ask("/api/v1/people/nm0000010/path/nm0000010")["length"] == 0


def test_the_streaming_questions_answer_in_their_own_shapes(ask) -> None:
    assert (
        ask("/get_max_duration/2018/netflix/min") == ask("/api/v1/get_max_duration/2018/Netflix/min") == "the old house"
    )
    assert ask("/get_count_platform/NETFLIX") == 4
    assert ask("/get_actor/netflix/2018") == "bo o'ray"
    assert ask("/get_actor/hulu/2018") is None
    assert ask("/prod_per_county/movie/argentina/2018") == {"pais": "argentina", "anio": 2018, "pelicula": 1}
    assert ask("/prod_per_country/tv show/argentina/2018")["pelicula"] == 0
    assert ask("/get_contents/tv-g") == 1
    assert ask("/get_score_count/netflix/3.2/2018") == 1
    assert ask("/get_score_count/netflix/3.25/2018") == 0
    assert len(ask("/get_recommendation/The Old House")) > 0
    assert ask("/get_recommendation/The/Old/House") == ask("/get_recommendation/The Old House"), "as Face/Off is asked"


@pytest.mark.parametrize("path", ["movies/search?query=house&", "recommend/filtered?", "export/csv?"])
def test_a_genre_that_is_none_is_422_with_those_that_may_have_been_meant(ask, path) -> None:
    answer = ask(f"/api/v1/{path}genre=horor&genre=drama", 422)
    assert (answer["detail"], answer["suggestions"]) == ("There is no genre 'horor'.", ["Horror"])
    assert {"Comedy", "Drama", "Horror"} <= set(ask(f"/api/v1/{path}genre=zzzz", 422)["suggestions"])


def test_a_genre_is_meant_in_any_case(ask) -> None:
    assert titles(ask("/api/v1/recommend/filtered?genre= hORROR &limit=1")) == ["New House"]


def test_blanks_case_and_articles_make_no_other_question(ask) -> None:
    assert ask("/get_recommendation/ old house ") == ask("/get_recommendation/The Old House") != []
    assert ask("/prod_per_country/movie/ Argentina /2018")["pelicula"] == 1
    assert ask("/get_contents/ TV-G ") == 1
    assert ask("/api/v1/movies/TT0000001") == ask("/api/v1/movies/tt0000001")
    assert ask("/api/v1/people/NM0000011")["person_key"] == 11
    assert ask("/api/v1/recommend/titles?id=TT0000001") == ask("/api/v1/recommend/titles?id=1")


@pytest.mark.parametrize("path", [
    "/movies?sort=year&order=asc", "/movies/search?query=house", "/movies/tt0000001", "/movies/tt0000001/similar",
    "/users", "/get_count_platform/netflix",
])  # fmt: skip
def test_what_was_written_for_an_earlier_project_needs_another_address_only(served, path) -> None:
    client = served.client()
    old, new = client.get(path), client.get(f"/api/v1{path}")
    assert (old.status_code, old.json()) == (200, new.json())


def test_lists_can_be_gone_through_to_their_end(ask) -> None:
    """Without an end to the offset: of the real files 32,328 films have the votes that a plain list asks for."""
    assert ask("/api/v1/movies?offset=248700") == []
    first = ask("/api/v1/people/nm0000011")
    assert first["title_count"] == len(first["titles"]) == 2
    rest = ask("/api/v1/people/nm0000011?limit=1&offset=1")
    assert (rest["title_count"], rest["titles"]) == (2, first["titles"][1:])


def test_a_wrong_id_is_told_in_words_and_not_as_a_pattern(ask) -> None:
    for path in ("/api/v1/movies/matrix", "/api/v1/movies/matrix/similar", "/api/v1/recommend/titles?id=matrix"):
        assert ask(path, 422)["wrong"][0]["expected"] == "expected a tconst like tt0133093, or a title_key"
    assert "nconst" in ask("/api/v1/people/keanu", 422)["detail"]


def test_what_may_have_been_meant_is_a_link(served) -> None:
    shown = served.client().get("/titles/tt0000099")
    assert shown.status_code == 404
    assert '<a href="/titles/tt0000009">tt0000009: Namesake</a>' in shown.text


def test_a_film_of_no_catalogue_has_its_five_too(ask) -> None:
    assert (
        ask("/get_recommendation/Casa Vieja")
        == [row["title"].lower() for row in ask("/api/v1/movies/tt0000003/similar?limit=5")]
        != []
    )


def test_the_best_known_of_a_first_name_is_found_wherever_the_alphabet_has_them(served, ask) -> None:
    with connect(served.dsn, autocommit=True) as conn, conn.transaction():
        conn.execute(
            "insert into warehouse.dim_person select (jsonb_populate_record(person, jsonb_build_object("
            " 'person_key', 900000 + number, 'imdb_person_id', 'nm' || (900000 + number),"
            " 'person_name', 'Cy A' || number, 'folded_name', 'cy a' || number))).*"
            " from warehouse.dim_person as person, generate_series(1, 600) as number where person_key = 12"
        )
    try:
        assert [row["name"] for row in ask("/api/v1/people/search?query=cy&limit=1")] == ["Cy Day"]
    finally:
        with connect(served.dsn, autocommit=True) as conn:
            conn.execute("delete from warehouse.dim_person where person_key between 900001 and 900600")


def test_head_is_answered_as_get_without_a_body(served) -> None:
    client = served.client()
    for path in ("/healthz", "/api/v1/movies/1", "/", "/static/reelhouse.css"):
        got, looked = client.get(path), client.head(path)
        assert (looked.status_code, looked.content) == (got.status_code, b""), path
        assert looked.headers["content-length"] == got.headers["content-length"], path
    assert client.head("/api/v1/movies/1").headers["etag"] == client.get("/api/v1/movies/1").headers["etag"]
    assert served.client(None).head("/api/v1/movies/1").status_code == 401


def test_an_answer_says_its_load_and_is_not_sent_twice(served) -> None:
    client = served.client()
    first = client.get("/api/v1/movies/1")
    assert first.headers["load-id"] == str(first.json()["load_id"])
    again = client.get("/api/v1/movies/1", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = served.client("read review").get("/api/v1/movies/1", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200
    assert "etag" not in client.get("/api/v1/trust").headers


def test_another_version_may_answer_otherwise_so_that_it_answers_anew(served, monkeypatch) -> None:
    client = served.client()
    known = {"If-None-Match": client.get("/api/v1/movies/1").headers["etag"]}
    monkeypatch.setattr(reading, "__version__", "99.0.0")
    assert client.get("/api/v1/movies/1", headers=known).status_code == 200
