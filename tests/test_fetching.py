"""Server -> landing: from a real one on this machine that cuts, stalls, redirects and changes its mind."""

from __future__ import annotations

import gzip
import hashlib
import io
import logging
import random
import subprocess
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from email.utils import formatdate
from pathlib import Path

import psycopg
import pytest
from fault_server import Fault, Served, serving
from source_files import IMDB_ROWS, netflix_bytes, source_file, tsv_bytes, write_sources

from reelhouse.admission import Receiver, move
from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted, SettingsWrong, SourceAway, SourceRefused
from reelhouse.fetching.addresses import is_public, shown
from reelhouse.fetching.downloading import Download, Remote
from reelhouse.fetching.parts import open_part
from reelhouse.landing import land_source
from reelhouse.settings import Network, Settings, read_settings

RATINGS = "title.ratings.tsv.gz"
QUICK = Network(
    allowed_private_hosts=("127.0.0.1",),
    allows_http=True,
    pause_seconds=0.01,
    longest_pause=0.05,
    read_seconds=5.0,
    total_seconds=20.0,
)
DIGITS = random.Random(7)
NOISE = [[f"tt{number}", str(DIGITS.randrange(10)), str(DIGITS.randrange(10**9))] for number in range(1, 40_000)]
PLAIN = tsv_bytes([IMDB_ROWS["title.ratings"][0], *NOISE])
PACKED = gzip.compress(PLAIN, 1, mtime=0)


@pytest.fixture
def server() -> Iterator[Served]:
    """A server that has IMDb's six files and Netflix' one, each with an ETag."""
    with serving() as served:
        for name, rows in IMDB_ROWS.items():
            served.files[f"/imdb/{name}.tsv.gz"] = gzip.compress(tsv_bytes(rows), mtime=0)
        served.files["/netflix/netflix_titles.csv"] = netflix_bytes({}, {"title": "Long Road"})
        served.etags = {path: f'"{hashlib.md5(data).hexdigest()}"' for path, data in served.files.items()}
        yield served


@pytest.fixture
def settings(settings: Settings, server: Served) -> Settings:
    origins = (("imdb", f"{server.url}/imdb/"), ("netflix", f"{server.url}/netflix/"))
    return replace(settings, origins=origins, network=QUICK)


def _offer(server: Served, data: bytes, etag: str | None = '"new"', name: str = RATINGS) -> None:
    path = f"/imdb/{name}"
    server.files[path] = data
    server.etags.pop(path, None)
    if etag:
        server.etags[path] = etag


def _of_day(conn: psycopg.Connection, day: Day, source: str = "imdb") -> dict[str, tuple]:
    rows = conn.execute(
        "select day_file.file_name, sha256, etag, origin, landed_path from ops.day_file"
        " inner join ops.file using (file_id) where batch_date = %s and day_file.source = %s",
        (day.batch_date, source),
    )
    return {row[0]: row[1:] for row in rows}


def _landed_of(conn: psycopg.Connection, day: Day) -> dict[str, tuple[str, str]]:
    return {name: (sha256, landed_path) for name, (sha256, _, _, landed_path) in _of_day(conn, day).items()}


def _lying(day: Day) -> list[str]:
    return sorted(path.name for path in day.settings.landing.rglob("*") if path.is_file())


def _looks(conn: psycopg.Connection, name: str = RATINGS) -> list[tuple]:
    return conn.execute(
        "select outcome, tries, bytes_received, bytes_resumed from ops.file_fetch where file_name = %s"
        " order by fetch_id",
        (name,),
    ).fetchall()


def _needed_today(day: Day) -> Settings:
    """The day's settings, with which no former file of IMDb may serve."""
    return replace(day.settings, stale_days=(("imdb", 0),))


# --- asking ---------------------------------------------------------------------------------------------


def test_files_of_a_server_are_landed_byte_for_byte(conn, make_day, server) -> None:
    day = make_day()
    assert land_source(conn, day, "imdb")["new_files"] == 6
    for name, (sha256, etag, origin, landed_path) in _of_day(conn, day).items():
        data = server.files[f"/imdb/{name}"]
        assert (sha256, origin) == (hashlib.sha256(data).hexdigest(), f"{server.url}/imdb/{name}")
        assert etag == server.etags[f"/imdb/{name}"]
        assert (day.settings.landing / landed_path).read_bytes() == data
    assert not [name for name in _lying(day) if name.startswith(".part")]


def test_an_unchanged_file_is_asked_for_and_not_sent_again(conn, make_day, server) -> None:
    first, later = make_day(date(2026, 1, 30)), make_day(date(2026, 1, 31))
    land_source(conn, first, "imdb")
    sent, lying = server.sent, _lying(first)
    assert land_source(conn, later, "imdb")["new_files"] == 0
    assert (server.sent, _lying(later)) == (sent, lying)
    assert _of_day(conn, later) == _of_day(conn, first)
    assert [look[0] for look in _looks(conn)] == ["admitted", "unchanged"]


def test_without_etags_the_date_tells_that_nothing_changed(conn, make_day, server) -> None:
    server.etags, server.modified = {}, formatdate(1_700_000_000, usegmt=True)
    land_source(conn, make_day(), "netflix")
    land_source(conn, make_day(), "netflix")
    assert [look[0] for look in _looks(conn, "netflix_titles.csv")] == ["admitted", "unchanged"]
    kept = conn.execute("select last_modified from ops.file where source = 'netflix'").fetchall()
    assert kept == [(server.modified,)]


def test_the_same_bytes_under_another_etag_are_no_new_file(conn, make_day, server) -> None:
    land_source(conn, make_day(), "imdb")
    _offer(server, server.files[f"/imdb/{RATINGS}"], '"other"')
    assert land_source(conn, make_day(date(2026, 2, 1)), "imdb")["new_files"] == 0
    assert [look[0] for look in _looks(conn)] == ["admitted", "same_bytes"]


def test_force_fetches_again(conn, make_day, server) -> None:
    land_source(conn, make_day(), "imdb")
    sent = server.sent
    land_source(conn, make_day(force=True), "imdb")
    assert server.sent == 2 * sent


def test_a_dated_template_takes_the_newest_day_that_is_there(conn, make_day, server, settings) -> None:
    server.files = {
        f"/2026/01/{day}/netflix_titles.csv": netflix_bytes({"title": day}) for day in ("20", "27", "29", "31")
    }
    template = server.url + "/{day:%Y/%m/%d}/{name}"
    dated = replace(settings, origins=(("netflix", template),))
    for batch_date, expected in (("2026-01-30", "2026-01-29"), ("2026-01-28", "2026-01-27")):
        figures = land_source(conn, make_day(date.fromisoformat(batch_date), settings=dated), "netflix")
        assert figures["file_date"] == expected
    with pytest.raises(FileMissing, match="status 404"):
        land_source(conn, make_day(date(2026, 1, 19), settings=dated), "netflix")


def test_folders_and_file_urls_take_dated_templates_too(conn, make_day, settings, tmp_path) -> None:
    for day in ("2026-01-27", "2026-01-29"):
        write_sources(tmp_path / "a store" / day)
    for template in (f"{tmp_path}/a store/{{day}}/netflix", f"file://{tmp_path}/a%20store/{{day}}/netflix/{{name}}"):
        local = replace(settings, origins=(("netflix", template),))
        day = make_day(date(2026, 1, 30), settings=local)
        assert land_source(conn, day, "netflix")["file_date"] == "2026-01-29"
    with pytest.raises(FileMissing, match=r"netflix_titles\.csv\.gz in .*2026-01-20/netflix, found nothing"):
        land_source(conn, make_day(date(2026, 1, 20), settings=local), "netflix")


@pytest.mark.parametrize(
    "template",
    [
        "gopher://host/",
        "s3://",
        "s3://bucket/get?file={name}",
        "https://host/{secret}/",
        "https://host/{day",
        "relative/folder",
        "file://host/srv",
    ],
)
def test_a_template_that_makes_no_sense_is_refused(conn, make_day, settings, template) -> None:
    with pytest.raises(SettingsWrong, match="expected"):
        land_source(conn, make_day(settings=replace(settings, origins=(("netflix", template),))), "netflix")


@pytest.mark.parametrize("name", ["netflix_titles.csv", "netflix_titles.csv.gz"])
def test_a_name_may_stand_in_the_query(conn, make_day, server, settings, name) -> None:
    data = netflix_bytes({"title": "Asked For"})
    server.files = {f"/get?key=CANARY&file={name}": gzip.compress(data, mtime=0) if name.endswith(".gz") else data}
    day = make_day(settings=replace(settings, origins=(("netflix", server.url + "/get?key=CANARY&file={name}"),)))
    assert land_source(conn, day, "netflix")["new_files"] == 1
    _, _, origin, landed_path = _of_day(conn, day, "netflix")["netflix_titles.csv"]
    assert origin == f"{server.url}/get?…/{name}"
    assert landed_path.endswith(f"-{name}")
    assert land_source(conn, day, "netflix")["new_files"] == 0


def test_a_broken_transfer_of_one_name_is_not_continued_with_another(conn, make_day, server, settings) -> None:
    named = {path.rpartition("/")[2]: data for path, data in server.files.items() if path.startswith("/imdb/")}
    server.files, server.etags = {f"/get?file={name}": data for name, data in named.items()}, {}
    server.modified = formatdate(1_700_000_000, usegmt=True)
    network, origins = replace(QUICK, tries=1), (("imdb", server.url + "/get?file={name}"),)
    day = make_day(settings=replace(settings, origins=origins, network=network))
    server.faulty, server.always = "title.crew.tsv.gz", Fault(cut=20)
    with pytest.raises(SourceAway, match=r"get\?…/title\.crew\.tsv\.gz: expected the whole file"):
        land_source(conn, day, "imdb")
    server.always = Fault()
    land_source(conn, day, "imdb")
    assert _looks(conn, "title.crew.tsv.gz") == [("admitted", 1, len(named["title.crew.tsv.gz"]) - 20, 20)]


def test_a_missing_required_file_is_named_and_optional_ones_may_be_missing(conn, make_day, server) -> None:
    del server.files["/imdb/title.akas.tsv.gz"]
    assert land_source(conn, make_day(), "imdb")["files"] == 5
    del server.files["/imdb/title.crew.tsv.gz"]
    with pytest.raises(FileMissing, match=r"title\.crew\.tsv\.gz: expected the file, found status 404"):
        land_source(conn, make_day(date(2026, 2, 1), settings=_needed_today(make_day())), "imdb")


# --- faults ---------------------------------------------------------------------------------------------


def _cuts(data: bytes) -> dict[str, int]:
    return {"tenth": len(data) // 10, "half": len(data) // 2, "last 4": len(data) - 4}


@pytest.mark.parametrize("where", ["tenth", "half", "last 4"])
@pytest.mark.parametrize("form", ["gz", "plain"])
@pytest.mark.parametrize(
    "origin",
    [
        *("http told", "http none", "http chunked", "folder", "file://"),
        *(pytest.param(f"s3 {length}", marks=pytest.mark.full) for length in ("told", "none", "chunked")),
    ],
)
def test_a_cut_off_file_is_not_admitted_and_yesterday_stays(conn, make_day, server, tmp_path, origin, form, where):
    name, data = (RATINGS, PACKED) if form == "gz" else (RATINGS.removesuffix(".gz"), PLAIN)
    day, later = make_day(date(2026, 1, 30)), make_day(date(2026, 1, 31))
    land_source(conn, day, "imdb")
    before, lying = _landed_of(conn, day), _lying(day)
    del server.files[f"/imdb/{RATINGS}"]
    cut = _cuts(data)[where]
    if length := origin.partition(" ")[2]:
        _offer(server, data, etag=None, name=name)
        server.always, server.faulty = Fault(cut=cut, length=length), name
        if origin.startswith("s3"):
            network = replace(later.settings.network, s3_endpoint=server.url)
            later = replace(later, settings=replace(later.settings, origins=(("imdb", "s3://imdb/"),), network=network))
    else:
        folder = write_sources(tmp_path / "data") / "imdb"
        (folder / RATINGS).unlink()
        (folder / name).write_bytes(data[:cut])
        template = f"{'file://' if origin == 'file://' else ''}{folder}"
        later = replace(later, settings=replace(later.settings, origins=(("imdb", template),)))
    later = replace(later, settings=_needed_today(later))
    with pytest.raises((NotAdmitted, SourceAway), match=r"title\.ratings\.tsv"):
        land_source(conn, later, "imdb")
    assert (_landed_of(conn, day), _landed_of(conn, later)) == (before, {})
    assert [name for name in _lying(day) if not name.startswith(".part")] == lying
    assert [look[0] for look in _looks(conn)] == ["admitted"]


@pytest.mark.parametrize("length", ["told", "chunked"])
def test_a_plain_file_cut_between_two_lines_is_not_admitted(conn, make_day, server, length) -> None:
    data = server.files["/netflix/netflix_titles.csv"]
    server.etags, server.always = {}, Fault(cut=data.rindex(b"\n", 0, -1) + 1, length=length)
    with pytest.raises(SourceAway, match="5 times asked"):
        land_source(conn, make_day(), "netflix")
    assert _of_day(conn, make_day(), "netflix") == {}


def test_a_plain_file_whose_end_nobody_tells_is_not_admitted(conn, make_day, server) -> None:
    server.always = Fault(length="none")
    with pytest.raises(NotAdmitted, match="expected a Content-Length, found none"):
        land_source(conn, make_day(), "netflix")


def test_fifty_random_cuts_resume_to_the_same_bytes(conn, make_day, server) -> None:
    cuts, resumed, server.faulty = random.Random(11), 0, RATINGS
    for number in range(50):
        data = gzip.compress(PLAIN + f"tt9999999\t{number}\t5\n".encode(), 1, mtime=0)
        _offer(server, data, f'"v{number}"')
        cut = cuts.randrange(1, len(data))
        server.faults = [Fault(cut=cut, length=cuts.choice(["told", "chunked"]))]
        land_source(conn, make_day(), "imdb")
        assert _of_day(conn, make_day())[RATINGS][0] == hashlib.sha256(data).hexdigest()
        assert _looks(conn)[-1] == ("admitted", 2, len(data), cut)
        resumed += cut
    assert resumed > 50 * len(PACKED) * 0.3


def test_a_file_that_changed_meanwhile_is_taken_from_its_start(conn, make_day, server) -> None:
    _offer(server, PACKED, '"old"')
    server.faulty, server.always = RATINGS, Fault(cut=100_000)
    day = make_day(settings=replace(make_day().settings, network=replace(QUICK, tries=1)))
    with pytest.raises(SourceAway, match="found an end after 100000 of"):
        land_source(conn, day, "imdb")
    assert [name for name in _lying(day) if name.startswith(".part")]
    data = gzip.compress(PLAIN + b"tt9999999\t1\t5\n", 6, mtime=0)
    _offer(server, data, '"new"')
    server.always = Fault()
    land_source(conn, day, "imdb")
    assert _of_day(conn, day)[RATINGS][:2] == (hashlib.sha256(data).hexdigest(), '"new"')
    assert _looks(conn)[-1] == ("admitted", 1, len(data), 0)
    assert not [name for name in _lying(day) if name.startswith(".part")]


def test_the_next_run_goes_on_where_the_last_one_broke_off(conn, make_day, server) -> None:
    _offer(server, PACKED)
    server.faulty, server.always = RATINGS, Fault(cut=300_000)
    day = make_day(settings=replace(make_day().settings, network=replace(QUICK, tries=1)))
    with pytest.raises(SourceAway):
        land_source(conn, day, "imdb")
    server.always = Fault()
    land_source(conn, day, "imdb")
    assert _looks(conn)[-1] == ("admitted", 1, len(PACKED) - 300_000, 300_000)
    assert _of_day(conn, day)[RATINGS][0] == hashlib.sha256(PACKED).hexdigest()


def test_a_part_that_another_run_has_begun_meanwhile_is_left_to_it(tmp_path) -> None:
    with open_part(tmp_path, "https://host/a") as first:
        move(first.path, tmp_path / "landed")
        with suppress(KeyboardInterrupt), open_part(tmp_path, "https://host/a") as second:
            assert second.path == first.path
            second.remember('"v"')
            raise KeyboardInterrupt
    assert second.path.exists()
    assert second.note.exists()


@pytest.mark.parametrize("wrong", ["bytes 5-9/10", "bytes */9", "nonsense", ""])
def test_a_part_that_was_not_asked_for_is_not_appended(conn, make_day, server, wrong) -> None:
    _offer(server, PACKED)
    server.faulty = RATINGS
    server.faults = [Fault(cut=1000), Fault(headers=(("Content-Range", wrong),))]
    land_source(conn, make_day(), "imdb")
    assert _of_day(conn, make_day())[RATINGS][0] == hashlib.sha256(PACKED).hexdigest()


def test_a_weak_etag_is_no_ground_to_append(conn, make_day, server) -> None:
    _offer(server, PACKED, 'W/"weak"')
    server.faulty, server.faults = RATINGS, [Fault(cut=1000)]
    land_source(conn, make_day(), "imdb")
    assert _looks(conn)[-1] == ("admitted", 2, len(PACKED) + 1000, 0)
    assert all("range" not in headers for _, headers in server.asked)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_passing_faults_are_asked_again(conn, make_day, server, status) -> None:
    server.faults = [Fault(status), Fault(status), Fault(cut=3)]
    land_source(conn, make_day(), "netflix")
    assert _looks(conn, "netflix_titles.csv")[-1][:2] == ("admitted", 4)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SourceRefused),
        (401, SourceRefused),
        (403, SourceRefused),
        (404, FileMissing),
        (410, FileMissing),
        (418, SourceRefused),
    ],
)
def test_other_faults_are_not_asked_again(conn, make_day, server, status, error) -> None:
    server.always, template = Fault(status), server.url + "/netflix/netflix_titles.csv"
    settings = replace(make_day().settings, origins=(("netflix", template),))
    with pytest.raises(error, match=f"{status}"):
        land_source(conn, make_day(settings=settings), "netflix")
    assert len(server.asked) == 1


def test_after_five_requests_it_is_enough(conn, make_day, server) -> None:
    server.always = Fault(503)
    with pytest.raises(SourceAway, match="status 503, 5 times asked"):
        land_source(conn, make_day(), "netflix")
    assert len(server.asked) == 5
    assert SourceAway.is_passing


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured(conn, make_day, server, form) -> None:
    value = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
    server.faults = [Fault(429, (("Retry-After", value),))]
    began = time.monotonic()
    land_source(conn, make_day(), "netflix")
    assert time.monotonic() - began >= 1.0 - 0.05


def test_who_asks_for_more_patience_than_there_is_gets_a_clear_end(conn, make_day, server) -> None:
    server.faults = [Fault(503, (("Retry-After", "3600"),))]
    began = time.monotonic()
    with pytest.raises(SourceAway, match=r"expected the whole file in 20 s, found status 503 .* 3600 s to wait"):
        land_source(conn, make_day(), "netflix")
    assert time.monotonic() - began < 5


def test_a_server_that_sends_a_byte_now_and_then_is_cut_off_at_the_deadline(conn, make_day, server) -> None:
    server.always = Fault(drip=0.05)
    day = make_day(settings=replace(make_day().settings, network=replace(QUICK, total_seconds=1.0)))
    began = time.monotonic()
    with pytest.raises(SourceAway, match="expected the whole file in 1 s"):
        land_source(conn, day, "netflix")
    assert time.monotonic() - began < 4


def test_a_server_that_is_not_there_is_away(conn, make_day, settings) -> None:
    gone = replace(settings, origins=(("netflix", "http://127.0.0.1:9/"),))
    with pytest.raises(SourceAway, match="broken connection"):
        land_source(conn, make_day(settings=gone), "netflix")


def test_a_bomb_is_stopped_early_and_in_bounded_memory(conn, make_day, server) -> None:
    packer, block = zlib.compressobj(6, wbits=31), b"0\n" * (1 << 22)
    bomb = b"".join(packer.compress(block) for _ in range(128)) + packer.flush()
    assert len(bomb) < 1_100_000  # of 1 GiB
    _offer(server, bomb)
    tracemalloc.start()
    began = time.monotonic()
    with pytest.raises(NotAdmitted, match="expected at most 200 bytes for each packed one"):
        land_source(conn, make_day(), "imdb")
    seconds, (_, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 << 20
    assert seconds < 5
    assert not [name for name in _lying(make_day()) if "ratings" in name or name.startswith(".part")]


def test_a_web_page_is_no_data(conn, make_day, server) -> None:
    server.always = Fault(headers=(("Content-Type", "text/html; charset=utf-8"),))
    with pytest.raises(NotAdmitted, match="expected a data file, found a web page"):
        land_source(conn, make_day(), "netflix")


def test_progress_tells_rate_and_time_left(conn, make_day, server) -> None:
    told: list[tuple[str, float | None]] = []
    _offer(server, PACKED)
    land_source(conn, make_day(tell=lambda message, share=None: told.append((message, share))), "imdb")
    line, share = next(each for each in told if each[0].startswith(RATINGS))
    assert "MB/s" in line
    assert "s left" in line
    assert 0 < share <= 1


# --- whom we ask ----------------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "10.0.0.1", "172.16.5.4", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost",
    "localhost.", "LOCALHOST",
]  # fmt: skip


def _download(url: str, network: Network) -> None:
    file = source_file("netflix", "netflix_titles")
    Download(Remote(url, shown(url)), network, Receiver(file, shown(url), io.BytesIO())).run()


@pytest.fixture
def asked() -> Iterator[Served]:
    """A server alone, without a database."""
    with serving() as served:
        yield served


@pytest.mark.parametrize("host", INSIDE)
def test_addresses_that_are_not_public_are_refused(asked, host) -> None:
    port = asked.url.rpartition(":")[2]
    network = Network(allowed_hosts=(host.strip("[]").rstrip(".").lower(),), allows_http=True)
    with pytest.raises(SourceRefused, match="expected a public address"):
        _download(f"http://{host}:{port}/netflix_titles.csv", network)
    assert asked.asked == []


@pytest.mark.parametrize("host", INSIDE)
def test_redirects_to_addresses_that_are_not_public_are_refused(asked, host) -> None:
    asked.always = Fault(302, (("Location", f"http://{host}:1/netflix_titles.csv"),))
    # The server itself is allowed, by its port; the target's name is, its address is not.
    network = replace(
        QUICK,
        allowed_hosts=(host.strip("[]").rstrip(".").lower(),),
        allowed_private_hosts=(asked.url.removeprefix("http://"),),
    )
    with pytest.raises(SourceRefused, match="expected a public address"):
        _download(f"{asked.url}/netflix_titles.csv", network)
    assert len(asked.asked) == 1


def test_redirects_to_hosts_that_nobody_allowed_are_refused(conn, make_day, server) -> None:
    for location in ("http://example.com/x.csv", "https://example.com/x.csv", "//example.com/x.csv"):
        server.faults = [Fault(302, (("Location", location),))]
        with pytest.raises(SourceRefused, match=r"example\.com/x\.csv: expected an allowed host"):
            land_source(conn, make_day(), "netflix")
    for location in ("file:///etc/passwd", "ftp://127.0.0.1/x"):
        server.faults = [Fault(302, (("Location", location),))]
        with pytest.raises(SourceRefused, match="expected https:// or http://, found f"):
            land_source(conn, make_day(), "netflix")


def test_public_addresses_are_public() -> None:
    assert all(is_public(text) for text in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::"))


def test_http_needs_its_flag(conn, make_day, settings) -> None:
    strict = replace(settings, network=replace(QUICK, allows_http=False))
    with pytest.raises(SourceRefused, match="only with REELHOUSE_ALLOW_HTTP=1"):
        land_source(conn, make_day(settings=strict), "netflix")


def test_a_redirect_is_followed_and_takes_no_password_along(conn, make_day, settings, server) -> None:
    with serving() as other:
        other.files["/store/7"] = server.files["/netflix/netflix_titles.csv"]
        server.faults = [Fault(302, (("Location", f"{other.url}/store/7?signature=CANARY-2"),))]
        port = server.url.rpartition(":")[2]
        template = f"http://me:CANARY-1@127.0.0.1:{port}/netflix/netflix_titles.csv?token=CANARY-3"
        land_source(conn, make_day(settings=replace(settings, origins=(("netflix", template),))), "netflix")
        assert "authorization" in server.asked[0][1]
        assert server.asked[0][0].endswith("token=CANARY-3")
        assert "authorization" not in other.asked[0][1]


def test_secrets_are_neither_kept_nor_said(conn, make_day, settings, server, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    port = server.url.rpartition(":")[2]
    template = f"http://me:CANARY-1@127.0.0.1:{port}/netflix/netflix_titles.csv?token=CANARY-2"
    told: list[str] = []
    day = make_day(
        settings=replace(settings, origins=(("netflix", template),)), tell=lambda message, share: told.append(message)
    )
    server.faults = [Fault(503)]
    land_source(conn, day, "netflix")
    said = [caplog.text, *told]
    server.always = Fault(503)
    land_source(conn, replace(day, batch_date=date(2026, 2, 1)), "netflix")
    said += conn.execute("select carried_because from ops.day_file where carried_because like '%503%'").fetchone()
    server.always = Fault()
    limited = replace(day.settings, stale_days=(("netflix", 0),))
    day = replace(day, batch_date=date(2026, 2, 2), settings=limited)
    for fault in (Fault(403), Fault(404), Fault(200, (("Content-Type", "text/html"),)), Fault(302), Fault(503)):
        server.faults = [fault] * 5
        with pytest.raises((SourceRefused, FileMissing, NotAdmitted, SourceAway)) as caught:
            land_source(conn, replace(day, force=True), "netflix")
        said.append(str(caught.value))
    kept = conn.execute("select jsonb_agg(file)::text from ops.file").fetchone()[0]
    kept += conn.execute("select jsonb_agg(file_fetch)::text from ops.file_fetch").fetchone()[0]
    assert told
    assert "CANARY" not in kept + "".join(said) + " ".join(_lying(day))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for 127.0.0.1 that is its own authority, with its key in the same file."""
    path = tmp_path / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", tmp_path / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (tmp_path / "cert.pem").read_text())
    return path


def test_https_is_spoken_and_the_certificate_checked(conn, make_day, settings, server, certificate, monkeypatch):
    with serving(certificate) as secure:
        secure.files = server.files
        day = make_day(settings=replace(settings, origins=(("netflix", f"{secure.url}/netflix/"),)))
        with pytest.raises(SourceRefused, match="expected a certificate that holds"):
            land_source(conn, day, "netflix")
        assert secure.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert land_source(conn, day, "netflix")["new_files"] == 1
        secure.faults = [Fault(302, (("Location", f"{server.url}/netflix/netflix_titles.csv"),))]
        with pytest.raises(SourceRefused, match="expected a redirect to https"):
            land_source(conn, replace(day, force=True), "netflix")


def test_a_fetch_that_brought_nothing_leaves_the_sample(tmp_path) -> None:
    sample = read_settings({"REELHOUSE_HOME": str(tmp_path / "none")}).data
    began = tmp_path / "data" / "imdb" / ".coming-2026-01-05" / "title.basics.tsv.gz"
    began.parent.mkdir(parents=True)
    began.write_bytes(b"half")
    assert read_settings({"REELHOUSE_HOME": str(tmp_path)}).data == sample
    brought = tmp_path / "data" / "imdb" / "2026-01-05" / "title.basics.tsv.gz"
    brought.parent.mkdir()
    began.rename(brought)
    assert read_settings({"REELHOUSE_HOME": str(tmp_path)}).data == tmp_path / "data"


def test_settings_are_read_from_the_environment(tmp_path) -> None:
    settings = read_settings({
        "REELHOUSE_HOME": str(tmp_path),
        "REELHOUSE_ORIGIN_IMDB": "https://host/{day}/",
        "REELHOUSE_ORIGIN_ROTTEN_TOMATOES": "s3://bucket/",
        "REELHOUSE_ALLOWED_HOSTS": "a.example, B.example",
        "REELHOUSE_ALLOWED_PRIVATE_HOSTS": "10.0.0.7:8443",
        "REELHOUSE_ALLOW_HTTP": "1",
        "REELHOUSE_FETCH_SECONDS": "60",
    })  # fmt: skip
    assert settings.origin_of("imdb") == "https://host/{day}/"
    assert settings.origin_of("rotten_tomatoes") == "s3://bucket/"
    assert settings.origin_of("netflix") is None
    assert settings.network == Network(
        ("a.example", "b.example"), ("10.0.0.7:8443",), allows_http=True, total_seconds=60.0
    )
    assert read_settings({"REELHOUSE_HOME": str(tmp_path)}).network.allowed_private_hosts == ()
    for name, value in (("REELHOUSE_ALLOW_HTTP", "yes"), ("REELHOUSE_FETCH_SECONDS", "-1")):
        with pytest.raises(SettingsWrong, match=name):
            read_settings({"REELHOUSE_HOME": str(tmp_path), name: value})
