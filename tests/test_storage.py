"""Landing in a bucket: a real server of the S3 API on this machine, behind a proxy that cuts connections."""

from __future__ import annotations

import gzip
import logging
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from s3_server import put, s3_server
from source_files import netflix_bytes, write_sources

from reelhouse.errors import NotAdmitted, SettingsWrong, StorageAway
from reelhouse.landing import land_source
from reelhouse.settings import Network, S3Keys, Settings, read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.steps import STEPS, run_step
from reelhouse.storage import _client, storage_of
from reelhouse.tidying import retire_files

SECRET = "CANARYwJalrXUtnFEMIK7MDENG"
BUCKET = "warehouse-landing"
FILMS = [{"title": f"Film {number}"} for number in range(30)]


RATINGS = b"tt0000001\t5.5\t77\n" * 40
# Where a body is cut off, of so many bytes.
WHERE = {"tenth": lambda size: size // 10, "half": lambda size: size // 2, "last 4": lambda size: size - 4}
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass
class Cuts:
    """A proxy on 127.0.0.1 before the server; cuts connections in the body of a file that is sent, or answered.

    sent, answered  of so many bytes of a body so many pass; None: all
    hides_length    whether answers do not tell how long they are
    cuts            connections that were cut
    """

    target: tuple[str, int]
    sent: Callable[[int], int] | None = None
    answered: Callable[[int], int] | None = None
    hides_length: bool = False
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
                asked: list[bytes] = []
                for source, sink in ((client, server), (server, client)):
                    words = (source, sink, asked, source is client)
                    threading.Thread(target=self._forward, args=words, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, asked: list[bytes], is_request: bool) -> None:
        left = None
        with suppress(OSError):
            while data := source.recv(65536):
                head, mark, body = data.partition(b"\r\n\r\n")
                if mark and self._is_of_a_file(head, asked, is_request):
                    size, most = int(_LENGTH.search(head)[1]), self.sent if is_request else self.answered
                    left = most(size) if most else None
                    if self.hides_length and not is_request:
                        head = _LENGTH.sub(b"\r\nConnection: close", head)
                    sink.sendall(head + mark)
                    data = body
                if left is not None:
                    data, left = data[:left], left - len(data)
                sink.sendall(data)
                if left is not None and left <= 0:
                    self.cuts += 1
                    break
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _is_of_a_file(self, head: bytes, asked: list[bytes], is_request: bool) -> bool:
        """Whether this is the head of a message that carries a file, not a listing, nor what is said about one."""
        if is_request:
            asked[:] = [head.partition(b" ")[0]]
            return asked == [b"PUT"] and _LENGTH.search(head) is not None
        is_answer = head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 206", b"HTTP/1.0 200", b"HTTP/1.0 206"))
        return is_answer and asked == [b"GET"] and b"xml" not in head and _LENGTH.search(head) is not None


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


def _kept(settings: Settings, end: str = "") -> list[str]:
    _, bucket, folder = settings.landing_place.replace("//", "/").split("/")
    client = boto3.client(
        "s3", endpoint_url=settings.network.s3_endpoint, aws_access_key_id="test", aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/").get("Contents", [])
    return [entry["Key"].removeprefix(f"{folder}/") for entry in found if entry["Key"].endswith(end)]


def _served(conn, batch_date: date, name: str) -> str | None:
    row = conn.execute(
        "select sha256 from ops.day_file inner join ops.file using (file_id)"
        " where batch_date = %s and file.file_name = %s",
        (batch_date, name),
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


@pytest.fixture(params=["plain", pytest.param("gz", marks=pytest.mark.full)])
def cut_file(request, data: Path) -> tuple[str, Path]:
    """A source, and its file of the last day that is to be cut off: of text, or packed."""
    if request.param == "plain":
        return "netflix", data / "netflix" / "2026-01-31" / "netflix_titles.csv"
    for day in ("2026-01-30", "2026-01-31"):
        write_sources(data.parent / "packed")
        shutil.copytree(data.parent / "packed" / "imdb", data / "imdb" / day)
    path = data / "imdb" / "2026-01-31" / "title.ratings.tsv.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()) + RATINGS, 1, mtime=0))
    return "imdb", path


@pytest.mark.parametrize("where", WHERE)
def test_a_transfer_to_storage_that_breaks_off_lands_nothing(
    conn, make_day, settings, cuts, data, cut_file, where
) -> None:
    source, path = cut_file
    settings = replace(settings, data=data)
    land_source(conn, make_day(date(2026, 1, 30), settings=settings), source)
    before, kept = _served(conn, date(2026, 1, 30), path.name), _kept(settings, path.name)
    _client.cache_clear()
    cuts.sent = WHERE[where]
    day = make_day(date(2026, 1, 31), settings=settings)
    with pytest.raises(StorageAway, match=r"s3://.* expected the storage to answer") as error:
        land_source(conn, day, source)
    assert error.value.is_passing
    assert cuts.cuts > 1
    cuts.sent = None
    assert (_served(conn, date(2026, 1, 31), path.name), _kept(settings, path.name)) == (None, kept)
    assert land_source(conn, day, source)["new_files"] == 1
    assert _served(conn, date(2026, 1, 31), path.name) != before


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("length", ["told", pytest.param("none", marks=pytest.mark.full)])
def test_a_transfer_from_storage_that_breaks_off_is_not_read(
    conn, make_day, settings, cuts, data, cut_file, length, where
) -> None:
    source, _ = cut_file
    day = make_day(date(2026, 1, 31), settings=replace(settings, data=data))
    land_source(conn, day, source)
    _another_worker(settings)
    _client.cache_clear()
    cuts.answered, cuts.hides_length = WHERE[where], length == "none"
    with pytest.raises(StorageAway, match=r"s3://"):
        stage_source(conn, day, source)
    assert cuts.cuts > 0
    assert not [path for path in settings.landing.rglob("*") if path.is_file()]
    assert conn.execute("select count(*) from ops.staged_file where source = %s", (source,)).fetchone() == (0,)
    cuts.answered, cuts.hides_length = None, False
    assert stage_source(conn, day, source)["rows_staged"] > 0


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
