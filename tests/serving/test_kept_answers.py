"""Answers that are kept in memory: never an older one than readers should see, never somebody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from serving.conftest import DAY, ROWS, publish_small_star
from small_star import Imdb, Netflix, stage_rows

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import ServingSettings

CATALOGUE = ("/api/v1/movies", "/api/v1/movies/3", "/api/v1/movies/search?query=casa",
             "/api/v1/movies/suggest?query=cas", "/api/v1/movies/1/people", "/api/v1/people/search?query=bo o'ray",
             "/api/v1/people/nm0000011", "/api/v1/movies/1/similar")  # fmt: skip
PLATFORMS = ("/get_max_duration/2018/netflix/min", "/get_count_platform/netflix", "/get_actor/netflix/2018",
             "/prod_per_county/movie/argentina/2018", "/get_contents/tv-g",
             "/get_score_count/netflix/3.2/2018")  # fmt: skip
NOT_KEPT = ("/api/v1/trust", "/api/v1/health", "/api/v1/reviews", "/api/v1/users", "/api/v1/changes?since=0",
            "/api/v1/movies/1/evidence", "/trust", "/review", "/viewers",
            "/get_score_count/netflix/3.2/2018")  # fmt: skip


def test_after_a_publish_every_worker_answers_anew(served) -> None:
    """Two apps stand for two workers: each has kept the answers, and neither is told of the publish."""
    workers = [TestClient(make_app(served.dsn, served.settings, ServingSettings())) for _ in range(2)]
    asked = {"X-API-Key": served.keys["read"]}
    before = [{path: worker.get(path, headers=asked) for path in CATALOGUE} for worker in workers]
    assert [{path: worker.get(path, headers=asked).content for path in CATALOGUE} for worker in workers] == [
        {path: answered.content for path, answered in each.items()} for each in before
    ]
    rows = [replace(row, title="Casa Nueva") if isinstance(row, Imdb) and row.number == 3 else row for row in ROWS]
    publish_small_star(served.dsn, served.settings, rows, DAY + timedelta(days=1))
    for worker, kept in zip(workers, before, strict=True):
        for path in CATALOGUE:
            answered = worker.get(path, headers=asked | {"If-None-Match": kept[path].headers["etag"]})
            assert answered.status_code == 200, path
            assert int(answered.headers["load-id"]) > int(kept[path].headers["load-id"])
        assert worker.get("/api/v1/movies/3", headers=asked).json()["title"] == "Casa Nueva"
        found = worker.get("/api/v1/movies/search?query=casa", headers=asked).json()
        assert [card["title"] for card in found] == ["Casa Nueva"]


def test_what_is_about_people_or_changes_between_publishes_is_not_kept(served) -> None:
    client = served.client("read review")
    kept = served.app.state.reader.cache
    client.get("/api/v1/movies/2")
    before = set(kept)
    for path in NOT_KEPT:
        answered = client.get(path)
        assert answered.status_code == 200, path
        assert "etag" not in answered.headers, path
        assert answered.headers["cache-control"] == "no-store", path
    assert set(kept) == before != set()


def test_platforms_are_counted_as_readers_have_them_whatever_day_is_staged_and_matched(served) -> None:
    client = served.client()
    before = {path: client.get(path) for path in PLATFORMS}
    # An older day that is filled in, or a load that is held: no title is what it was, and nothing is linked.
    others = [Imdb(1, "Another"), Netflix("s1", "Another", 1999, certification="R", band="review")]
    with connect(served.dsn, "reelhouse test", autocommit=True) as conn:
        stage_rows(conn, Day(DAY - timedelta(1), served.settings), others)
    for path, first in before.items():
        known = {"If-None-Match": first.headers.get("etag", "")}
        again = client.get(path, headers=known)
        assert (again.status_code, again.content) in ((304, b""), (200, first.content)), path
        assert client.get(path).json() == first.json(), path
    # Nor is it what was kept.
    served.app.state.reader.cache.clear()
    assert {path: client.get(path).json() for path in PLATFORMS} == {
        "/get_max_duration/2018/netflix/min": "the old house",
        "/get_count_platform/netflix": 4,
        "/get_actor/netflix/2018": "bo o'ray",
        "/prod_per_county/movie/argentina/2018": {"pais": "argentina", "anio": 2018, "pelicula": 1},
        "/get_contents/tv-g": 1,
        "/get_score_count/netflix/3.2/2018": 1,
    }


@pytest.mark.parametrize("other", ["read review", "read write review"])
def test_a_kept_answer_is_not_given_to_another_role(served, other) -> None:
    own, others = served.client("read"), served.client(other)
    for path in CATALOGUE:
        first = own.get(path)
        again = others.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.headers["etag"] != first.headers["etag"]) == (200, True), path


def test_a_publish_between_two_looks_gives_the_answer_of_the_later_load(served) -> None:
    """The load is looked at, then readers get another one, then the answer is read: it is kept under what it is of."""
    reader = served.app.state.reader
    with connect(served.dsn, "reelhouse test", autocommit=True) as conn:

        def tag_of(loads) -> str:
            if not tags:
                conn.execute("update warehouse.publication set published_at = clock_timestamp()")
            tags.append(loads.version)
            return loads.version

        tags: list[str] = []
        tag, _, loads = reader.ask_kept(tag_of, lambda tag: False, lambda seen: seen.loads.version)
    assert tags[0] != tags[1] == tag == loads.version
    assert reader.kept(tag) == f'"{tag}"'.encode()
