"""Landing in a bucket: a real server of the S3 API on this machine, behind a proxy that cuts connections."""

from __future__ import annotations

import logging
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from s3_server import put, s3_server
from source_files import netflix_bytes

from reelhouse.errors import NotAdmitted, SettingsWrong, StorageAway
from reelhouse.landing import land_source
from reelhouse.settings import Network, S3Keys, Settings, read_settings
from reelhouse.staging import stage_source
from reelhouse.steps import STEPS, run_step
from reelhouse.storage import _client, storage_of
from reelhouse.tidying import retire_files

SECRET = "CANARYwJalrXUtnFEMIK7MDENG"
BUCKET = "warehouse-landing"
FILMS = [{"title": f"Film {number}"} for number in range(30)]


@dataclass
class Cuts:
    """A proxy on 127.0.0.1 before the server; cuts each connection after so many bytes of requests, or of answers.

    sent, answered  bytes that pass of one connection; None: all
    cuts            connections that were cut
    """

    target: tuple[str, int]
    sent: int | None = None
    answered: int | None = None
    cuts: int = 0
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                for source, sink, most in ((client, server, self.sent), (server, client, self.answered)):
                    threading.Thread(target=self._forward, args=(source, sink, most), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, most: int | None) -> None:
        passed = 0
        with suppress(OSError):
            while data := source.recv(65536):
                passed += len(data)
                if most is not None and passed > most:
                    self.cuts += 1
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("moto") / "log") as url:
        put(url, f"/{BUCKET}")
        yield url


@pytest.fixture
def cuts(endpoint: str) -> Iterator[Cuts]:
    parts = urlsplit(endpoint)
    proxy = Cuts((parts.hostname, parts.port))
    yield proxy
    proxy.listener.close()


@pytest.fixture
def settings(settings: Settings, cuts: Cuts, tmp_path: Path) -> Settings:
    network = Network(
        allows_http=True, s3_endpoint=cuts.url, s3_keys=S3Keys("test", SECRET, None, "us-east-1"), read_seconds=5.0
    )
    place = f"s3://{BUCKET}/{tmp_path.name}"
    return replace(settings, landing_place=place, network=network)


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A catalogue for each day, large enough to be cut anywhere."""
    for number in (29, 30, 31):
        folder = tmp_path / "data" / "netflix" / f"2026-01-{number}"
        folder.mkdir(parents=True)
        (folder / "netflix_titles.csv").write_bytes(netflix_bytes(*FILMS, {"title": f"Of day {number}"}))
    return tmp_path / "data"


def _another_worker(settings: Settings) -> None:
    """The next task runs where nothing of the last one lies."""
    shutil.rmtree(settings.home, ignore_errors=True)


def _kept(settings: Settings) -> list[str]:
    _, bucket, folder = settings.landing_place.replace("//", "/").split("/")
    client = boto3.client(
        "s3", endpoint_url=settings.network.s3_endpoint, aws_access_key_id="test", aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/").get("Contents", [])
    return [entry["Key"].removeprefix(f"{folder}/") for entry in found]


def _served(conn, batch_date: date) -> str | None:
    row = conn.execute(
        "select sha256 from ops.day_file inner join ops.file using (file_id) where batch_date = %s", (batch_date,)
    ).fetchone()
    return row and row[0]


@pytest.mark.parametrize("last", ["open_load", pytest.param("summarize", marks=pytest.mark.full)])
def test_a_day_passes_over_workers_that_share_no_disk(dsn, conn, make_day, settings, caplog, last) -> None:
    for name in ("reelhouse", "boto3", "s3transfer"):
        caplog.set_level(logging.DEBUG, logger=name)
    names = [step.name for step in STEPS]
    for name in names[: names.index(last) + 1]:
        _another_worker(settings)
        run_step(name, dsn, make_day(date(2026, 1, 5)))
    titles = conn.execute("select count(*) from warehouse.dim_title").fetchone()[0]
    assert titles > 0 or last == "open_load"
    assert {path.split("/")[0] for path in _kept(settings)} == {"netflix", "imdb", "rotten_tomatoes"}
    # The next day is held against what the last one kept, wherever that was.
    for name in names[: names.index("open_load") + 1]:
        _another_worker(settings)
        run_step(name, dsn, make_day(date(2026, 1, 6)))
    new, changed, gone = conn.execute(
        "select sum(rows_new), sum(rows_changed), sum(rows_gone) from ops.staged_file where source = 'imdb'"
    ).fetchone()
    staged = conn.execute("select sum(rows_staged) from ops.staged_file where source = 'imdb'").fetchone()[0]
    assert 0 < new + changed + gone < staged / 2
    assert SECRET not in caplog.text
    assert not [path for path in _kept(settings) if ".part" in path]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_transfer_to_storage_that_breaks_off_lands_nothing(conn, make_day, settings, cuts, data, share) -> None:
    settings = replace(settings, data=data)
    land_source(conn, make_day(date(2026, 1, 30), settings=settings), "netflix")
    before, kept = _served(conn, date(2026, 1, 30)), _kept(settings)
    _client.cache_clear()
    cuts.sent = int(share * (data / "netflix" / "2026-01-31" / "netflix_titles.csv").stat().st_size)
    day = make_day(date(2026, 1, 31), settings=settings)
    with pytest.raises(StorageAway, match=r"s3://.* expected the storage to answer") as error:
        land_source(conn, day, "netflix")
    assert error.value.is_passing
    assert cuts.cuts > 1
    cuts.sent = None
    assert (_served(conn, date(2026, 1, 31)), _kept(settings)) == (None, kept)
    assert land_source(conn, day, "netflix")["new_files"] == 1
    assert _served(conn, date(2026, 1, 31)) != before


def test_a_transfer_from_storage_that_breaks_off_is_not_read(conn, make_day, settings, cuts, data) -> None:
    settings = replace(settings, data=data)
    day = make_day(date(2026, 1, 31), settings=settings)
    land_source(conn, day, "netflix")
    _another_worker(settings)
    _client.cache_clear()
    cuts.answered = 1500
    with pytest.raises(StorageAway):
        stage_source(conn, day, "netflix")
    assert not [path for path in settings.landing.rglob("*") if path.is_file()]
    assert conn.execute("select count(*) from staging.netflix_titles").fetchone() == (0,)
    cuts.answered = None
    assert stage_source(conn, day, "netflix")["rows_staged"] == len(FILMS) + 1


def test_what_somebody_else_put_there_is_not_read(conn, make_day, settings, endpoint, data) -> None:
    settings = replace(settings, data=data)
    day = make_day(date(2026, 1, 31), settings=settings)
    land_source(conn, day, "netflix")
    (name,) = _kept(settings)
    _another_worker(settings)
    put(endpoint, f"/{BUCKET}/{settings.landing_place.rpartition('/')[2]}/{name}", netflix_bytes({"title": "Other"}))
    with pytest.raises(SettingsWrong, match="expected bytes of the digest in its name"):
        stage_source(conn, day, "netflix")


def test_a_source_cut_off_is_refused_before_storage_has_anything_of_it(conn, make_day, settings, data) -> None:
    path = data / "netflix" / "2026-01-31" / "netflix_titles.csv"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(NotAdmitted):
        land_source(conn, make_day(date(2026, 1, 31), settings=replace(settings, data=data)), "netflix")
    assert _kept(settings) == []


def test_an_object_that_is_gone_is_landed_again(conn, make_day, settings, data) -> None:
    settings = replace(settings, data=data)
    day = make_day(date(2026, 1, 31), settings=settings)
    land_source(conn, day, "netflix")
    (name,) = _kept(settings)
    storage_of(settings).remove(settings.landing / name)
    assert _kept(settings) == []
    land_source(conn, day, "netflix")
    assert _kept(settings) == [name]


def test_old_files_leave_storage_too(conn, make_day, settings, data) -> None:
    settings = replace(settings, data=data, keep_days=1)
    for number in (29, 30, 31):
        day = make_day(date(2026, 1, number), settings=settings)
        land_source(conn, day, "netflix")
        conn.execute("update ops.file set landed_at = file_date")
        stage_source(conn, day, "netflix")
    assert len([name for name in _kept(settings) if name.endswith(".csv")]) == 3
    assert len([name for name in _kept(settings) if name.endswith(".kept.gz")]) == 1
    _another_worker(settings)
    retire_files(conn, make_day(date(2026, 3, 1), settings=settings))
    assert len([name for name in _kept(settings) if name.endswith(".csv")]) == 1


def test_storage_that_is_away_or_shut_says_so(conn, make_day, settings, cuts, data, monkeypatch) -> None:
    settings = replace(settings, data=data)
    day = make_day(settings=replace(settings, landing_place="s3://nothing-here/x"))
    with pytest.raises(SettingsWrong, match=r"(?s)s3://nothing-here/.*expected to be let in, found .*NoSuchBucket"):
        land_source(conn, day, "netflix")
    cuts.listener.close()
    _client.cache_clear()
    with pytest.raises(StorageAway, match=r"Try again later"):
        land_source(conn, make_day(settings=settings), "netflix")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    day = make_day(settings=replace(settings, network=replace(settings.network, s3_keys=None)))
    with pytest.raises(SettingsWrong, match="expected keys, found none"):
        land_source(conn, day, "netflix")


@pytest.mark.parametrize("place", ["ftp://a/b", "/not/there", "s3://key:CANARY@bucket/x", "s3://"])
def test_a_place_that_makes_no_sense_is_refused(tmp_path, place) -> None:
    env = {"REELHOUSE_HOME": str(tmp_path), "REELHOUSE_LANDING": place}
    with pytest.raises(SettingsWrong, match="expected") as error:
        storage_of(read_settings(env))
    assert "CANARY" not in str(error.value)


def test_a_folder_that_all_workers_share_is_a_place_too(conn, make_day, settings, data, tmp_path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    env = {"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_LANDING": str(shared), "REELHOUSE_DATA": str(data)}
    day = make_day(date(2026, 1, 31), settings=replace(read_settings(env), warehouse_dsn=settings.warehouse_dsn))
    land_source(conn, day, "netflix")
    _another_worker(day.settings)
    assert stage_source(conn, day, "netflix")["rows_staged"] == len(FILMS) + 1
    assert not day.settings.home.exists()
