"""Viewers, lists for several, copies of the catalogue, files and graphs; decisions of reviewers."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from serving.conftest import DAY, MARKUP, ROWS, publish_small_star
from small_star import Imdb, Netflix

from reelhouse.database import connect
from reelhouse.matching.keys import fold_title


@pytest.fixture(scope="module", autouse=True)
def watched(served) -> None:
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("insert into warehouse.dim_user values (1, 'app', true), (2, 'app', true), (3, 'app', true)")
        conn.execute(
            "insert into warehouse.fact_viewing values (1, 1, '2026-01-01 20:00Z', 40, 'app'),"
            " (1, 2, '2026-01-02 20:00Z', 100, 'app')"
        )
        conn.execute(
            "insert into warehouse.fact_recommendation (method_key, user_key, rank, recommended_title_key, score,"
            " score_kind, score_raw, is_cold, reasons, load_id) select method_key, user_key, rank, title, .5,"
            ' \'percentile\', .5, false, \'[{"kind": "genre", "value": "Drama", "share": 0.5}]\', max(load_id)'
            " from ops.load, warehouse.dim_rec_method, (values (1, 1, 3), (1, 2, 2), (2, 1, 3), (2, 2, 5))"
            " as list (user_key, rank, title) where subject_kind = 'user' and is_default"
            " group by method_key, user_key, rank, title"
        )


@pytest.fixture
def viewer(served) -> Iterator[int]:
    """One who has watched nothing yet, and is gone afterwards."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("insert into warehouse.dim_user values (7, 'app', false)")
        yield 7
        for table in ("fact_recommendation", "hist_recommendation", "fact_viewing", "dim_user"):
            conn.execute(f"delete from warehouse.{table} where user_key = 7")


def titles(rows: list[dict]) -> list[str]:
    return [row["title"] for row in rows]


def test_viewers_are_numbers_and_unknown_ones_404(ask) -> None:
    assert [row["id"] for row in ask("/api/v1/users")] == [1, 2, 3]
    assert ask("/api/v1/users/1")["birth_year"] is None
    for path in ("", "/viewing_history", "/recommendations"):
        assert "1" in ask(f"/api/v1/users/99{path}", 404)["suggestions"] + ["1"]


def test_history_is_newest_first_and_an_empty_one_is_no_error(ask) -> None:
    assert titles(ask("/api/v1/users/1/viewing_history")) == ["New House", "The Old House"]
    assert ask("/api/v1/users/3/viewing_history") == []


def test_recommendations_leave_out_what_was_seen_and_say_why(ask) -> None:
    assert titles(ask("/api/v1/users/1/recommendations")) == ["Casa Vieja"]
    new = ask("/api/v1/users/3/recommendations")
    assert len(new) > 0
    assert "nothing watched yet" in new[0]["reasons"][0]["value"]


def test_a_viewing_is_noted_once_however_often_it_is_sent(served) -> None:
    client = served.client("read write")
    sent = {"movie_id": "tt0000003", "watch_date": "2026-01-03T20:00:00Z", "watch_duration": 90}
    first = client.post("/api/v1/users/2/viewing_history", json=sent, headers={"Idempotency-Key": "a"})
    again = client.post("/api/v1/users/2/viewing_history", json=sent, headers={"Idempotency-Key": "a"})
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert len(client.get("/api/v1/users/2/viewing_history").json()) == 1
    other = client.post(
        "/api/v1/users/2/viewing_history", json=sent | {"watch_duration": 1}, headers={"Idempotency-Key": "a"}
    )
    assert other.status_code == 409
    assert client.post("/api/v1/users/2/viewing_history", json=sent).status_code == 409
    assert client.post("/api/v1/users/9/viewing_history", json=sent).status_code == 404
    assert client.post("/api/v1/users/2/viewing_history", json=sent | {"movie_id": "tt77"}).status_code == 404
    assert client.post("/api/v1/users/2/viewing_history", json={"movie_id": "x"}).status_code == 422


def watch_a_house(client, user_id: int, hour: int) -> int:
    sent = {"movie_id": "tt0000001", "watch_date": f"2026-01-04T{hour:02}:00:00Z", "watch_duration": 90}
    return client.post(f"/api/v1/users/{user_id}/viewing_history", json=sent).status_code


def reasons_of(client, user_id: int) -> str:
    return json.dumps([row["reasons"] for row in client.get(f"/api/v1/users/{user_id}/recommendations").json()])


def test_a_viewing_makes_the_viewer_s_list_anew(served, viewer: int) -> None:
    client = served.client("read write")
    assert "nothing watched yet" in reasons_of(client, viewer)
    assert watch_a_house(client, viewer, 20) == 201
    served.app.state.fresh_lists.make(viewer).result(timeout=30)
    assert "The Old House" in reasons_of(client, viewer)


def test_a_page_shows_the_list_that_comes_of_a_viewing(served, viewer: int, monkeypatch) -> None:
    monkeypatch.setattr("reelhouse.serving.pages.routes.LIST_SECONDS", 30)
    client = served.client("read write")
    noted = client.post(f"/viewers/{viewer}", data={"movie_id": "tt0000001", "watch_date": "2026-01-04T20:00"})
    assert noted.status_code == 303
    recommended = client.get(f"/viewers/{viewer}").text.split("<h2>Recommended</h2>")[1].split("<h2>Watched</h2>")[0]
    assert "nothing watched yet" not in recommended
    assert "The Old House" in recommended


def test_a_viewing_is_noted_when_no_list_can_be_made_of_it(served, viewer: int, caplog) -> None:
    client = served.client("read write")
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("alter table warehouse.recommendation_model rename to away")
    try:
        assert watch_a_house(client, viewer, 21) == 201
        served.app.state.fresh_lists.make(viewer).result(timeout=30)
    finally:
        with connect(served.dsn, autocommit=True) as conn:
            conn.execute("alter table warehouse.away rename to recommendation_model")
    assert "stays as it was until the next refresh" in caplog.text
    assert len(client.get(f"/api/v1/users/{viewer}/viewing_history").json()) == 1


def test_lists_for_several_titles_and_for_a_group(ask) -> None:
    several = ask("/api/v1/recommend/titles?id=tt0000001&id=2&limit=5")
    assert not {"The Old House", "New House"} & set(titles(several))
    assert all(row["because_of"] for row in several)
    assert titles(ask("/api/v1/recommend/group?user=1&user=3")) == ["Casa Vieja"]
    assert titles(ask("/api/v1/recommend/filtered?genre=Horror&limit=1")) == ["New House"]


def test_ids_of_other_sources_are_looked_up_together(served) -> None:
    asked = {
        "imdb": ["tt0000002", "tt9"], "rotten_tomatoes": ["m/old_house", "new_house"], "justwatch": ["tm1", "tm2"],
    }  # fmt: skip
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into warehouse.bridge_title_source select (jsonb_populate_record(bridge, jsonb_build_object("
            " 'source', 'justwatch', 'source_id', 'tm2'))).* from warehouse.bridge_title_source as bridge"
            " where bridge.source = 'netflix' and bridge.source_id = 's2'"
        )
        try:
            found = served.client().post("/api/v1/lookup", json=asked).json()
        finally:
            conn.execute("delete from warehouse.bridge_title_source where source = 'justwatch'")
    assert found["justwatch"] == {"tm2": 2}
    assert found["imdb"] == {"tt0000002": 2}
    assert found["rotten_tomatoes"] == {"m/old_house": 1, "new_house": 2}


def test_an_exported_file_is_no_formula(served) -> None:
    client = served.client()
    rows = list(csv.DictReader(io.StringIO(client.get("/api/v1/export/csv?movie_type=movie").text)))
    assert MARKUP in titles(rows)
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(client.get("/api/v1/export/parquet?query=house").content))
    assert "New House" in table.column("title").to_pylist()
    assert client.get("/api/v1/export/pdf").status_code == 422


def graph(served, query: str) -> dict:
    return served.client().post("/graphql", json={"query": query}).json()


def test_a_graph_tells_who_worked_with_whom(served) -> None:
    query = '{ person(id: "nm0000011") { name workedWith(decade: 2010) { titleCount person { name } } } }'
    rows = graph(served, query)["data"]["person"]["workedWith"]
    assert [row["person"]["name"] for row in rows] == ["Ann Lee", "Cy Day"]
    for country in ("argentina", "ar"):
        query = f'{{ person(id: "nm0000011") {{ workedWith(country: "{country}") {{ person {{ name }} }} }} }}'
        assert graph(served, query)["data"]["person"]["workedWith"] == [{"person": {"name": "Ann Lee"}}], country


@pytest.mark.parametrize("query", [
    '{ title(id: "1") ' + "{ similar " * 12 + "{ id }" + "}" * 13,
    "{ " + " ".join(f'a{n}: title(id: "1") {{ id }}' for n in range(20)) + " }",
    '{ search(query: "house", first: 1000) { id } }',
    '{ title(id: "1; drop table x") { id } }',
])  # fmt: skip
def test_a_graph_that_asks_too_much_is_refused(served, query) -> None:
    assert graph(served, query).get("errors")


@pytest.mark.parametrize(("query", "words"), [
    ('{ person(id: "nm0000011") { workedWith(decade: 2147483647) { titleCount } } }',
     "decade: expected 1870 to 2100, found 2147483647."),
    ('{ person(id: "nm0000011") { workedWith(decade: -9) { titleCount } } }',
     "decade: expected 1870 to 2100, found -9."),
])  # fmt: skip
def test_a_graph_says_which_decades_there_are(served, query, words) -> None:
    assert [error["message"] for error in graph(served, query)["errors"]] == [words]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff{}", b"[" * 100_000, b"5", b"[]", b'{"query": 5}', b"{}"])
def test_a_graph_refuses_a_body_that_is_no_question_in_its_own_shape(served, body) -> None:
    answered = served.client().post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert (answered.status_code, answered.headers["content-type"]) == (400, "application/json")
    assert answered.json()["data"] is None
    (error,) = answered.json()["errors"]
    assert error["message"]


def test_a_graph_says_that_a_question_is_sent_as_json(served) -> None:
    answered = served.client().post("/graphql", content=b"{ search }", headers={"Content-Type": "text/plain"})
    assert answered.status_code == 400
    assert [error["message"] for error in answered.json()["errors"]] == ["Unsupported content type"]


def test_a_graph_does_not_mix_what_two_publishes_show(served, monkeypatch) -> None:
    reader, query = served.app.state.reader, '{ person(id: "nm0000011") { name titles { title } } }'
    ask = reader.ask

    def publish_after(read):
        found = ask(read)
        with connect(served.dsn, autocommit=True) as conn:
            conn.execute("update warehouse.publication set published_at = clock_timestamp()")
        return found

    monkeypatch.setattr(reader, "ask", publish_after)
    said = graph(served, query)
    assert said["data"] == {"person": None}
    assert "a day was published meanwhile. Ask again." in said["errors"][0]["message"]
    monkeypatch.undo()
    assert graph(served, query)["data"]["person"]["titles"]


def test_a_graph_takes_any_name_of_a_country(served) -> None:
    query = r'{ person(id: "nm0000011") { workedWith(country: "arg\u0000entina") { person { name } } } }'
    assert graph(served, query)["data"]["person"]["workedWith"] == [{"person": {"name": "Ann Lee"}}]


def test_a_graph_tells_no_words_of_the_database(served, caplog) -> None:
    """They are in the log, for those who run it."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("alter table warehouse.bridge_title_person_role rename to away")
        try:
            told = graph(served, '{ person(id: "nm0000011") { workedWith { titleCount } } }')
        finally:
            conn.execute("alter table warehouse.away rename to bridge_title_person_role")
    assert [error["message"] for error in told["errors"]] == ["Something went wrong. It is in the log."]
    assert "bridge_title_person_role" in caplog.text


def test_a_decision_is_recorded_with_who_and_why_and_undone(served) -> None:
    client = served.client("read review")
    assert [row["title"] for row in client.get("/api/v1/reviews").json()] == ["Namesake"]
    said = {"source": "netflix", "source_id": "s4", "verdict": "this pair", "imdb_id": "tt0000009", "why": "the cast"}
    decided = client.post("/api/v1/reviews", json=said)
    assert decided.status_code == 201, decided.text
    assert client.get("/api/v1/reviews").json() == []
    with connect(served.dsn, autocommit=True) as conn:
        kept = conn.execute("select imdb_title_number, decided_by, why, release_year from matching.override").fetchall()
    assert kept == [(9, "read review of test", "the cast", 2010)]
    assert client.post("/api/v1/reviews", json=said | {"imdb_id": "tt0000008"}).status_code == 409
    number = decided.json()["override_id"]
    assert client.delete(f"/api/v1/reviews/{number}").status_code == 200
    assert client.delete(f"/api/v1/reviews/{number}").status_code == 404
    assert len(client.get("/api/v1/reviews").json()) == 1
    for wrong in ({"verdict": "maybe"}, {"imdb_id": "777"}, {"imdb_id": None}, {"why": " "}, {"verdict": "no match"}):
        assert client.post("/api/v1/reviews", json=said | wrong).status_code == 422, wrong
    for wrong in ({"source_id": "s99"}, {"imdb_id": "tt777"}):
        assert client.post("/api/v1/reviews", json=said | wrong).status_code == 404, wrong


def test_a_reviewer_sees_names_as_written_and_first_those_whom_both_name(served) -> None:
    """The row spells and orders them otherwise than IMDb, where another one is billed before them."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into matching.source_person (source, source_id, role, billing_order, person_name, folded_name,"
            " person_key) values ('netflix', 's4', 'cast', 1, 'O’Ray Bo', 'o ray bo', 'boora'),"
            " ('netflix', 's4', 'cast', 2, 'Somebody Else', 'somebody else', 'elsesomebody') on conflict do nothing"
        )
        conn.execute(
            "insert into matching.match_evidence select source, source_id, 1, 3, found_by, score, 0.01, terms, details,"
            " load_id from matching.match_evidence where source_id = 's4' and candidate_rank = 1"
        )
        try:
            shown = served.client("read review").get("/review/netflix/s4").text
        finally:
            conn.execute("delete from matching.match_evidence where source_id = 's4' and candidate_rank = 3")
            conn.execute("delete from matching.source_person where source_id = 's4' and role = 'cast'")
    assert "<dd>O’Ray Bo, Somebody Else</dd>" in shown
    assert '<b class="good">Bo O&#39;Ray</b>, Ann Lee</dd>' in shown


@pytest.fixture
def matched_last(served) -> Iterator[date]:
    """An older day that was filled in: what is s4 to readers is another film there."""
    day = DAY - timedelta(2)
    with connect(served.dsn, autocommit=True) as conn:
        (before,) = conn.execute("select load_id from ops.layer where layer = 'matching'").fetchone()
        (load_id,) = conn.execute(
            "insert into ops.load (part, batch_date, input_sha256) values ('warehouse', %s, repeat('f', 64))"
            " returning load_id",
            (day,),
        ).fetchone()
        conn.execute("update ops.layer set load_id = %s where layer = 'matching'", (load_id,))
        rename = "update matching.source_title set title = %s, folded_title = %s where source_id = %s"
        conn.cursor().executemany(rename, [("Other", "other", "s4"), ("Namesake", "namesake", "s3")])
        yield day
        conn.cursor().executemany(rename, [("Namesake", "namesake", "s4"), (MARKUP, fold_title(MARKUP), "s3")])
        conn.execute("update ops.layer set load_id = %s where layer = 'matching'", (before,))
        conn.execute("delete from matching.override")
        conn.execute("delete from ops.load where load_id = %s", (load_id,))


def decisions(served) -> list[tuple]:
    with connect(served.dsn, autocommit=True) as conn:
        return conn.execute("select title, verdict from matching.override where withdrawn_at is null").fetchall()


SAID = {"source": "netflix", "source_id": "s4", "verdict": "this pair", "imdb_id": "tt0000009", "why": "the cast"}


def test_a_decision_is_about_the_title_that_was_shown(served, matched_last) -> None:
    client = served.client("read review")
    refused = client.post("/api/v1/reviews", json=SAID | {"title": "Namesake"})
    assert refused.status_code == 409
    assert refused.json() == {
        "status": 409,
        "title": "Conflict",
        "detail": f"title: expected that of netflix s4 in the edition of {matched_last}, matched last, 'Other' (movie,"
        f" 2010), found 'Namesake'. Readers have the edition of {DAY}. Look for the row anew among those that wait"
        f" (GET /api/v1/reviews), or have that edition matched again (reelhouse run --day {DAY} --force).",
        "suggestions": ["'Namesake' is s3"],
        "wrong": [],
    }
    assert decisions(served) == []
    # Without a title it is about whatever has the id.
    assert client.post("/api/v1/reviews", json=SAID | {"title": "OTHER!"}).status_code == 201
    assert decisions(served) == [("Other", "this pair")]


def test_a_title_is_compared_as_it_is_folded(served) -> None:
    client = served.client("read review")
    for title in ("Namesake", "  NAMESAKE", "Námesake!"):
        decided = client.post("/api/v1/reviews", json=SAID | {"title": title})
        assert decided.status_code == 201, decided.text
        client.delete(f"/api/v1/reviews/{decided.json()['override_id']}")
    refused = client.post("/api/v1/reviews", json=SAID | {"title": "x" * 1000})
    assert (refused.status_code, "Readers have" in refused.json()["detail"]) == (409, False)
    assert len(refused.json()["detail"]) < 500


def test_the_review_page_sends_the_title_that_it_showed(served, request) -> None:
    client = served.client(None)
    client.post("/login", data={"key": served.keys["read review"]})
    shown = client.get("/review/netflix/s4").text
    forms = re.findall(r'<form method="post" action="/review/netflix/s4".*?</form>', shown, re.DOTALL)
    assert len(forms) > 3
    for form in forms:
        assert '<input type="hidden" name="title" value="Namesake">' in form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', forms[0]))
    assert fields["verdict"] == "no match"
    # Another edition is matched while somebody looks.
    request.getfixturevalue("matched_last")
    refused = client.post("/review/netflix/s4", data=fields)
    assert refused.status_code == 409
    assert "Other" in refused.text
    assert decisions(served) == []


def test_the_page_of_a_title_leads_to_its_own_row_or_says_that_it_is_not_there(served) -> None:
    client = served.client(None)
    client.post("/login", data={"key": served.keys["read review"]})
    link = re.search(r'href="(/review/netflix/s1[^"]*)"', client.get("/titles/tt0000001").text)[1]
    assert client.get(link).status_code == 200
    assert client.get(link.replace("s1", "s4")).status_code == 409


@pytest.fixture
def undated(served) -> Iterator[str]:
    """A film of Netflix without a year, and no other of its name."""
    insert = (
        "insert into matching.source_title (source, source_id, kind, title, folded_title, base_title, title_key,"
        " release_year) select source, %s, %s, 'Undated', 'undated', 'undated', 'undated', %s"
        " from matching.source_title where source_id = 's4'"
    )
    with connect(served.dsn, autocommit=True) as conn:
        # A series of the name is not a film of it.
        conn.cursor().executemany(insert, [("u1", "movie", None), ("u2", "series", None), ("u3", "series", 2011)])
        yield insert
        conn.execute("delete from matching.source_title where source_id like 'u%'")
        conn.execute("delete from matching.override where folded_title = 'undated'")


def test_of_films_of_one_name_one_without_a_year_is_not_decided(served, undated) -> None:
    """A decision without a year is about all films of the name, and nobody has looked at those."""
    client = served.client("read review")
    said = {"source": "netflix", "source_id": "u1", "verdict": "this pair", "imdb_id": "tt0000009", "why": "the cast"}
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(undated, ("u4", "movie", 2011))
        refused = client.post("/api/v1/reviews", json=said)
        assert (refused.status_code, conn.execute("select count(*) from matching.override where"
                " folded_title = 'undated'").fetchone()) == (409, (0,))  # fmt: skip
        assert "Undated" in refused.json()["detail"]
        assert "2011" in refused.json()["detail"]
        for each in ({"source_id": "u3"}, {"source_id": "u4"}):
            assert client.post("/api/v1/reviews", json=said | each).status_code == 201, each
        conn.execute("delete from matching.source_title where source_id = 'u4'")
    assert client.post("/api/v1/reviews", json=said).status_code == 201


def vary(rows: list, generator: random.Random) -> list:
    """A day's rows: some titles are away, some have other votes, some are new."""
    films = {row.number for row in rows if isinstance(row, Imdb)}
    away = set(generator.sample(sorted(films), 2))
    kept = [row for row in rows if getattr(row, "number", None) not in away and getattr(row, "imdb", None) not in away]
    changed = [
        replace(row, rating=(generator.randrange(10, 100) / 10, generator.randrange(10, 10**5)))
        if isinstance(row, Imdb) and generator.random() < 0.4 else row
        for row in kept
    ]  # fmt: skip
    number = generator.randrange(100, 999)
    return [*changed, Imdb(number, f"New {number}", 2020, rating=(7.0, number), genres=("Drama",))]


def digest(copy: dict[int, dict]) -> str:
    return hashlib.sha256(json.dumps(sorted(copy.items()), sort_keys=True).encode()).hexdigest()


def walk(client, since: int) -> Iterator[dict]:
    """Answer after answer, until it is complete."""
    told = client.get(f"/api/v1/changes?since={since}&limit=5").json()
    yield told
    while not told["is_complete"]:
        asked = {"since": since, "after": told["after"], "load_id": told["load_id"], "limit": 5}
        told = client.get("/api/v1/changes", params=asked).json()
        yield told


def apply(copy: dict[int, dict], told: dict) -> int:
    copy.update({row["title_key"]: row for row in told["changed"]})
    for key in told["gone"]:
        copy.pop(key, None)
    return told["load_id"]


def follow(client, copy: dict[int, dict], since: int) -> int:
    return [apply(copy, told) for told in walk(client, since)][-1]


@pytest.mark.parametrize("days", [3, pytest.param(30, marks=pytest.mark.full)])
def test_a_copy_that_follows_the_changes_is_the_catalogue(served, days: int) -> None:
    """Days on which titles come, go, and change; the copy asks only for what changed, and is the whole all the same."""
    client = served.client()
    generator = random.Random(days)
    copy: dict[int, dict] = {}
    load = follow(client, copy, 0)
    for number in range(1, days + 1):
        rows = vary(ROWS, generator)
        publish_small_star(served.dsn, served.settings, rows, date(2026, 1, 5) + timedelta(days=number + days))
        load = follow(client, copy, load)
        whole: dict[int, dict] = {}
        follow(client, whole, 0)
        assert digest(copy) == digest(whole)
    # A day that is filled in later leaves the load that readers have: nothing is to be told of it, nothing is amiss.
    older = [*ROWS, Netflix("s77", "Left Long Ago", 2015, description="Gone."), Imdb(77, "Left Too", 2014)]
    publish_small_star(served.dsn, served.settings, older, date(2026, 1, 5) + timedelta(days=days))
    assert follow(client, copy, load) == load
    whole = {}
    follow(client, whole, 0)
    assert digest(copy) == digest(whole)
    assert client.get("/api/v1/changes?since=999999").status_code == 409


@pytest.mark.parametrize("is_first_copy", [True, False])
def test_what_is_published_between_two_answers_is_told_the_next_time(served, is_first_copy: bool) -> None:
    """The walk goes on in the new load, but keeps the load it began with: titles that it has passed changed since."""
    client = served.client()

    def publish(rating: float) -> None:
        with connect(served.dsn, autocommit=True) as conn:
            (newest,) = conn.execute("select max(batch_date) from ops.load").fetchone()
        rows = [replace(row, rating=(rating, 5000)) if isinstance(row, Imdb) else row for row in ROWS]
        publish_small_star(served.dsn, served.settings, rows, newest + timedelta(days=1))

    publish(3.0)
    copy: dict[int, dict] = {}
    since = 0 if is_first_copy else follow(client, copy, 0)
    publish(4.0)
    answers = walk(client, since)
    begun = apply(copy, next(answers))
    publish(5.0)
    assert {apply(copy, told) for told in answers} == {begun}
    assert {row["avg_rating"] for row in copy.values() if row["avg_rating"]} == {4.0, 5.0}
    follow(client, copy, begun)
    whole: dict[int, dict] = {}
    follow(client, whole, 0)
    assert digest(copy) == digest(whole)


def test_new_lists_of_recommendations_change_no_title_of_a_copy(served) -> None:
    """They change ten times as many rows as an edition does, of which no card tells anything."""
    client = served.client()
    with connect(served.dsn, autocommit=True) as conn:
        (newest,) = conn.execute("select max(batch_date) from ops.load").fetchone()
    publish_small_star(served.dsn, served.settings, ROWS, newest + timedelta(days=1))
    load = follow(client, {}, 0)
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(
            "with refreshed as (insert into ops.publishing (part, load_id, kind, published_at)"
            " select 'recommendations', min(load_id), 'publish', now() from ops.load returning publishing_id)"
            " insert into ops.row_change (publishing_id, table_name, row_key, change, title_key, before, after)"
            " select publishing_id, 'fact_recommendation', title_key::text, 'update', title_key, '{\"rank\": 1}',"
            " '{\"rank\": 2}' from refreshed cross join warehouse.title_search"
        )
    rows = [replace(row, rating=(9.9, 5000)) if getattr(row, "number", None) == 1 else row for row in ROWS]
    publish_small_star(served.dsn, served.settings, rows, newest + timedelta(days=2))
    told = client.get(f"/api/v1/changes?since={load}").json()
    assert [card["title_key"] for card in told["changed"]] == [1]


def test_a_later_answer_names_no_load_when_it_was_not_told_where_the_walk_began(served) -> None:
    asked = served.client().get("/api/v1/changes?since=0&after=2").json()
    assert (asked["load_id"], asked["is_complete"]) == (None, True)


def test_the_score_of_viewers_goes_before_that_of_imdb(served) -> None:
    client = served.client()
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into warehouse.fact_user_rating values (1, 1, 1.0, now(), 'app'), (2, 1, 2.0, now(), 'app')"
        )
        # Asked anew: what is kept of the answer is for what was published.
        conn.execute("update warehouse.publication set published_at = clock_timestamp()")
    assert client.get("/get_score_count/netflix/1.4/2018").json() == 1
    assert client.get("/get_score_count/netflix/1.5/2018").json() == 0
