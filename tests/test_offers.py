"""Public server -> data folder: whole days or none, with a token where one is needed."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email.utils import formatdate
from pathlib import Path

import pytest
from fault_server import Fault, Served, serving
from source_files import IMDB_ROWS, netflix_bytes, tsv_bytes

from reelhouse.__main__ import main
from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted, SettingsWrong, SourceAway
from reelhouse.fetching.offers import OFFERS, Offer, bring, by_hand, find_token
from reelhouse.landing import land_source
from reelhouse.settings import Network, read_settings

NETWORK = Network(allowed_private_hosts=("127.0.0.1",), allows_http=True, pause_seconds=0.01, longest_pause=0.02)
FIRST, SECOND = date(2026, 1, 30), date(2026, 1, 31)
TOKEN = {"KAGGLE_USERNAME": "ada", "KAGGLE_KEY": "CANARY-9"}


@pytest.fixture
def server() -> Iterator[Served]:
    with serving() as served:
        served.modified = formatdate(1_700_000_000, usegmt=True)
        for name, rows in IMDB_ROWS.items():
            served.files[f"/{name}.tsv.gz"] = gzip.compress(tsv_bytes(rows), mtime=0)
        yield served


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "home" / "data"


def _day(data: Path, batch_date: date) -> Day:
    return Day(batch_date, replace(read_settings({"REELHOUSE_HOME": str(data.parent)}), network=NETWORK))


def _imdb(server: Served) -> Offer:
    return Offer("imdb", server.url + "/{name}", "page", "licence")


def _kaggle(server: Served) -> Offer:
    return Offer("netflix", server.url + "/api/{name}", "https://page.example", "licence", needs_token=True)


def _lying(data: Path) -> list[str]:
    return sorted(path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file())


def test_fetched_files_are_what_the_next_run_takes(conn, settings, server, data) -> None:
    brought = bring(_imdb(server), _day(data, FIRST), data, {})
    assert {each.path.name for each in brought} == {f"{name}.tsv.gz" for name in IMDB_ROWS}
    found = read_settings({"REELHOUSE_HOME": str(data.parent)})
    assert found.data == data
    assert land_source(conn, Day(SECOND, replace(settings, data=data)), "imdb")["file_date"] == "2026-01-30"


def test_what_did_not_change_is_not_fetched_again_and_the_day_is_whole(server, data) -> None:
    bring(_imdb(server), _day(data, FIRST), data, {})
    sent = server.sent
    for day in (FIRST, SECOND):
        assert {each.outcome for each in bring(_imdb(server), _day(data, day), data, {})} == {"unchanged"}
    assert server.sent == sent
    assert _lying(data) == sorted(f"imdb/{day}/{name}.tsv.gz" for day in (FIRST, SECOND) for name in IMDB_ROWS)


def test_a_day_that_broke_off_stands_before_no_older_one(server, data) -> None:
    bring(_imdb(server), _day(data, FIRST), data, {})
    before, server.modified = _lying(data), formatdate(1_700_000_100, usegmt=True)
    server.faulty, server.always = "title.crew.tsv.gz", Fault(503)
    with pytest.raises(SourceAway):
        bring(_imdb(server), _day(data, SECOND), data, {})
    assert [path for path in _lying(data) if "/.coming-" not in path] == before
    assert not (data / "imdb" / str(SECOND)).exists()
    server.always, asked = Fault(), len(server.asked)
    bring(_imdb(server), _day(data, SECOND), data, {})
    assert len(server.asked) - asked < len(IMDB_ROWS)
    assert len([path for path in _lying(data) if f"/{SECOND}/" in path]) == len(IMDB_ROWS)
    assert not [path for path in _lying(data) if ".coming" in path]


def _zip(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("form", ["plain", "zip", "zip that climbs"])
def test_with_a_token_kaggle_gives_the_file_packed_or_not(server, data, form) -> None:
    csv = netflix_bytes({}, {"title": "Long Road"})
    folder = {"plain": "", "zip": "", "zip that climbs": "../../../"}[form]
    body = csv if form == "plain" else _zip({f"{folder}netflix_titles.csv": csv, "../escaped.txt": b"x"})
    with serving() as store:
        store.files["/signed"] = body
        server.faults = [Fault(302, (("Location", f"{store.url}/signed?signature=1"),))]
        bring(_kaggle(server), _day(data, FIRST), data, TOKEN)
        assert server.asked[0][1]["authorization"] == "Basic YWRhOkNBTkFSWS05"
        assert "authorization" not in store.asked[0][1]
    assert _lying(data.parent) == [f"data/netflix/{FIRST}/netflix_titles.csv"]
    assert (data / "netflix" / str(FIRST) / "netflix_titles.csv").read_bytes() == csv


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (_zip({"other.csv": b"x\n"}), "expected it once in the archive, found it 0 times"),
        (_zip({"netflix_titles.csv": b"0\n" * (1 << 24)}), "expected at most 200 bytes"),
        (_zip({"netflix_titles.csv": netflix_bytes({})})[:-30], "expected a whole archive"),
    ],
    ids=["other", "bomb", "cut"],
)
def test_a_damaged_archive_is_not_kept(server, data, body, reason) -> None:
    server.files["/api/netflix_titles.csv"] = body
    with pytest.raises(NotAdmitted, match=reason):
        bring(_kaggle(server), _day(data, FIRST), data, TOKEN)
    assert _lying(data) == []


def test_without_a_token_the_message_says_which_file_to_put_where(server, data) -> None:
    with pytest.raises(FileMissing) as caught:
        bring(_kaggle(server), _day(data, FIRST), data, {"KAGGLE_CONFIG_DIR": str(data)})
    message = str(caught.value)
    assert "download netflix_titles.csv from https://page.example" in message
    assert f"put it at {data}/netflix/2026-01-30/netflix_titles.csv" in message
    assert by_hand(OFFERS[2], data, FIRST).count("rotten_tomatoes_movies.csv") == 2


def test_the_token_is_found_in_its_file(tmp_path) -> None:
    (tmp_path / "kaggle.json").write_text(json.dumps({"username": "ada", "key": "CANARY-9"}))
    assert find_token({"KAGGLE_CONFIG_DIR": str(tmp_path)}) == find_token(TOKEN)
    (tmp_path / "kaggle.json").write_text("CANARY-9")
    with pytest.raises(SettingsWrong) as caught:
        find_token({"KAGGLE_CONFIG_DIR": str(tmp_path)})
    assert "CANARY" not in str(caught.value)


@pytest.fixture
def at_home(tmp_path, monkeypatch) -> Path:
    for name in (
        "REELHOUSE_DATA",
        "KAGGLE_USERNAME",
        "KAGGLE_KEY",
        "REELHOUSE_ORIGIN_IMDB",
        "REELHOUSE_ORIGIN_NETFLIX",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REELHOUSE_HOME", str(tmp_path))
    monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(tmp_path))
    return tmp_path


def test_the_licence_is_shown_and_must_be_accepted(at_home, capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["fetch", "--source", "imdb"]) == 1
    shown = capsys.readouterr()
    assert "personal and non-commercial use only" in shown.out
    assert "--accept-licence" in shown.err
    assert list(at_home.iterdir()) == []


def test_the_command_names_the_file_and_its_place(at_home, capsys) -> None:
    assert main(["fetch", "--source", "netflix", "--day", "2026-01-30", "--accept-licence"]) == 1
    assert f"put it at {at_home}/data/netflix/2026-01-30/netflix_titles.csv" in capsys.readouterr().err


def test_nothing_is_fetched_into_the_sample(at_home, capsys) -> None:
    sample = read_settings().include / "data" / "sample"
    assert main(["fetch", "--source", "imdb", "--accept-licence", "--data", str(sample)]) == 1
    assert "found the sample's" in capsys.readouterr().err
