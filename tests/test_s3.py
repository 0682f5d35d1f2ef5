"""S3-compatible storage -> landing: signed as AWS says, against a real server of that API on this machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from s3_server import put, s3_server
from source_files import netflix_bytes

from reelhouse.errors import FileMissing, SettingsWrong, SourceRefused
from reelhouse.fetching.parts import open_part
from reelhouse.fetching.s3 import find_keys, object_of, signed_headers
from reelhouse.landing import land_source
from reelhouse.settings import Network, S3Keys, Settings

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def test_a_request_is_signed_as_in_the_published_example() -> None:
    headers = signed_headers(
        "https://examplebucket.s3.amazonaws.com/test.txt",
        S3Keys("AKIAIOSFODNN7EXAMPLE", SECRET),
        "us-east-1",
        datetime(2013, 5, 24, tzinfo=UTC),
        {"Range": "bytes=0-9"},
    )
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize(
    ("url", "endpoint", "expected"),
    [
        ("s3://films/a b/c.csv", None, "https://films.s3.eu-west-1.amazonaws.com/a%20b/c.csv"),
        ("s3://my.films/c.csv", None, "https://s3.eu-west-1.amazonaws.com/my.films/c.csv"),
        ("s3://films/c.csv", "https://minio.example:9000/", "https://minio.example:9000/films/c.csv"),
    ],
)
def test_objects_have_these_addresses(url, endpoint, expected) -> None:
    remote = object_of(url, endpoint, {"AWS_REGION": "eu-west-1", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"})
    assert (remote.url, remote.place) == (expected, url)
    assert dict(remote.sign()) == {}


def test_keys_come_from_the_environment_or_the_credentials_file(tmp_path) -> None:
    file = tmp_path / "credentials"
    file.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = b%c\n[other]\naws_access_key_id = C\n")
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(file)}
    assert find_keys(env) == S3Keys("A", "b%c")
    assert find_keys(env | {"AWS_PROFILE": "other"}) is None
    assert find_keys(env | {"AWS_ACCESS_KEY_ID": "D", "AWS_SECRET_ACCESS_KEY": "CANARY"}) == S3Keys("D", "CANARY")
    assert "CANARY" not in repr(S3Keys("D", "CANARY", "CANARY"))
    with pytest.raises(SettingsWrong):
        object_of("s3://key:CANARY@bucket/x", None, env)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with s3_server(tmp_path_factory.mktemp("moto") / "log") as url:
        yield url


@pytest.fixture
def settings(settings: Settings, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    network = Network(allowed_private_hosts=("127.0.0.1",), allows_http=True, s3_endpoint=endpoint, pause_seconds=0.01)
    return replace(settings, origins=(("netflix", "s3://films/in {day}/"),), network=network)


def test_objects_are_landed_asked_for_again_and_dated(conn, make_day, settings, endpoint) -> None:
    put(endpoint, "/films")
    data = netflix_bytes({}, {"title": "Port de verre"})
    put(endpoint, "/films/in%202026-01-29/netflix_titles.csv", data)
    for batch_date in (date(2026, 1, 29), date(2026, 1, 30)):
        assert land_source(conn, make_day(batch_date), "netflix")["file_date"] == "2026-01-29"
    origin, sha256, etag = conn.execute("select origin, sha256, etag from ops.file").fetchone()
    assert (origin, sha256) == ("s3://films/in 2026-01-29/netflix_titles.csv", hashlib.sha256(data).hexdigest())
    assert etag == f'"{hashlib.md5(data).hexdigest()}"'
    looks = conn.execute("select outcome from ops.file_fetch order by fetch_id").fetchall()
    assert looks == [("admitted",), ("unchanged",)]
    with pytest.raises(FileMissing, match=r"s3://films/in 2026-01-22/netflix_titles\.csv: expected the file"):
        land_source(conn, make_day(date(2026, 1, 28)), "netflix")


def _leave_part(folder: Path, place: str, data: bytes, count: int) -> None:
    """What a run leaves that is killed in mid-transfer."""
    with suppress(KeyboardInterrupt), open_part(folder, place) as part:
        part.remember(f'"{hashlib.md5(data).hexdigest()}"')
        part.stream.write(data[:count])
        raise KeyboardInterrupt


def test_a_broken_transfer_goes_on_from_storage(conn, make_day, settings, endpoint) -> None:
    put(endpoint, "/films")
    data = netflix_bytes(*({"title": f"Film {number}"} for number in range(2000)))
    put(endpoint, "/films/in%202026-01-31/netflix_titles.csv", data)
    day = make_day()
    _leave_part(day.settings.landing / "netflix", "s3://films/in 2026-01-31/netflix_titles.csv", data, 100_000)
    land_source(conn, day, "netflix")
    row = conn.execute(
        "select bytes_received, bytes_resumed, sha256 from ops.file_fetch inner join ops.file using (file_id)"
    )
    assert row.fetchone() == (len(data) - 100_000, 100_000, hashlib.sha256(data).hexdigest())


def test_who_has_no_key_is_not_let_in(conn, make_day, settings, endpoint, monkeypatch) -> None:
    put(endpoint, "/films")
    put(endpoint, "/films/in%202026-01-31/netflix_titles.csv", netflix_bytes({}))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    with pytest.raises(SourceRefused, match="expected to be let in, found status 403"):
        land_source(conn, make_day(), "netflix")
