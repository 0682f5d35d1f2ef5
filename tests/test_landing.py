"""Source file -> landing: admitted whole, or not at all and the day keeps what it had."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from source_files import IMDB_ROWS, netflix_bytes, tsv_bytes, write_sources

from reelhouse.admission import Checked
from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted, SettingsWrong
from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.sources import files_of

RATINGS = "title.ratings.tsv.gz"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _day_files(conn: psycopg.Connection, day: Day, source: str) -> dict[str, tuple]:
    rows = conn.execute(
        "select day_file.file_name, file_id, file_date, sha256, landed_path from ops.day_file"
        " inner join ops.file using (file_id) where batch_date = %s and day_file.source = %s",
        (day.batch_date, source),
    )
    return {row[0]: row[1:] for row in rows}


def _landed(day: Day) -> list[str]:
    return sorted(path.name for path in day.settings.landing.rglob("*") if path.is_file())


def test_files_are_landed_byte_for_byte_under_names_of_ours(conn, make_day, data) -> None:
    day = make_day()
    figures = land_source(conn, day, "imdb")
    assert (figures["files"], figures["new_files"]) == (6, 6)
    for name, (_, file_date, sha256, landed_path) in _day_files(conn, day, "imdb").items():
        assert file_date == day.batch_date
        assert landed_path == f"imdb/{day.batch_date}/{sha256}-{name}"
        assert (day.settings.landing / landed_path).read_bytes() == (data / "imdb" / name).read_bytes()


def test_the_same_bytes_again_change_nothing(conn, make_day, data) -> None:
    day = make_day()
    land_source(conn, day, "imdb")
    before, lying = _day_files(conn, day, "imdb"), _landed(day)
    for path in (data / "imdb").iterdir():
        path.write_bytes(path.read_bytes())
    for again in (day, replace(day, force=True)):
        assert land_source(conn, again, "imdb")["new_files"] == 0
    assert (_day_files(conn, day, "imdb"), _landed(day)) == (before, lying)


def test_an_undated_file_that_did_not_change_serves_later_days_too(conn, make_day) -> None:
    first, later = make_day(date(2026, 1, 30)), make_day(date(2026, 1, 31))
    land_source(conn, first, "netflix")
    assert land_source(conn, later, "netflix")["new_files"] == 0
    assert _day_files(conn, later, "netflix") == _day_files(conn, first, "netflix")


def test_the_same_bytes_in_the_next_days_folder_are_known_by_their_digest(conn, make_day, data) -> None:
    days = [make_day(date(2026, 1, 30)), make_day(date(2026, 1, 31))]
    figures = []
    for day in days:
        folder = data / "netflix" / day.batch_date.isoformat()
        folder.mkdir()
        (folder / "netflix_titles.csv").write_bytes(netflix_bytes({}))
        figures.append(land_source(conn, day, "netflix")["new_files"])
    assert figures == [1, 0]
    (_, day_1, sha_1, path_1), (_, day_2, sha_2, path_2) = (
        _day_files(conn, day, "netflix")["netflix_titles.csv"] for day in days
    )
    assert (day_1, day_2, sha_1) == (days[0].batch_date, days[1].batch_date, sha_2)
    landing = days[0].settings.landing
    assert path_1 != path_2
    assert (landing / path_1).samefile(landing / path_2)


def test_the_newest_folder_not_after_the_day_is_taken(conn, make_day, data) -> None:
    for name in ("2026-01-30", "2026-01-31", "2026-02-01", "latest", "20260129"):
        (data / "netflix" / name).mkdir()
        (data / "netflix" / name / "netflix_titles.csv").write_bytes(netflix_bytes({"title": name}))
    for day, expected in (
        (date(2026, 1, 29), date(2026, 1, 29)),
        (date(2026, 1, 30), date(2026, 1, 30)),
        (date(2026, 1, 31), date(2026, 1, 31)),
        (date(2026, 6, 1), date(2026, 2, 1)),
    ):
        assert land_source(conn, make_day(day), "netflix")["file_date"] == expected.isoformat()


def test_a_plain_file_is_taken_where_no_gzip_lies(conn, make_day, data) -> None:
    (data / "imdb" / RATINGS).rename(data / "imdb" / "packed")
    (data / "imdb" / "title.ratings.tsv").write_bytes(tsv_bytes(IMDB_ROWS["title.ratings"]))
    day = make_day()
    land_source(conn, day, "imdb")
    assert _day_files(conn, day, "imdb")[RATINGS][3].endswith("-title.ratings.tsv")


def test_a_missing_required_file_is_named_with_what_lies_there(conn, make_day, data) -> None:
    (data / "imdb" / RATINGS).unlink()
    with pytest.raises(FileMissing, match=r"title\.ratings\.tsv\.gz or title\.ratings\.tsv in .*found name\.basics"):
        land_source(conn, make_day(), "imdb")
    assert _day_files(conn, make_day(), "imdb") == {}


def test_without_akas_the_others_are_landed(conn, make_day, data) -> None:
    land_source(conn, make_day(), "imdb")
    (data / "imdb" / "title.akas.tsv.gz").unlink()
    assert land_source(conn, make_day(), "imdb")["files"] == 5
    assert "title.akas.tsv.gz" not in _day_files(conn, make_day(), "imdb")


def test_a_source_left_out_keeps_its_former_files(conn, make_day, data) -> None:
    land_source(conn, make_day(date(2026, 1, 30)), "netflix")
    (data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes({"title": "New"}))
    day = make_day(date(2026, 1, 31), sources=("imdb",))
    land_source(conn, day, "netflix")
    assert _day_files(conn, day, "netflix") == _day_files(conn, make_day(date(2026, 1, 30)), "netflix")


def test_a_source_left_out_that_was_never_landed_is_missing(conn, make_day) -> None:
    with pytest.raises(FileMissing, match="netflix: expected files landed"):
        land_source(conn, make_day(sources=("imdb",)), "netflix")


def test_an_unknown_source_is_refused(conn, make_day) -> None:
    with pytest.raises(SettingsWrong, match="found 'os'"):
        land_source(conn, make_day(sources=("os",)), "os")


def _gz(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


GOOD = tsv_bytes([IMDB_ROWS["title.ratings"][0], *([f"tt{number}", "7.1", "5"] for number in range(1, 20_000))])


def _flipped(packed: bytes) -> bytes:
    return packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_gz(GOOD)[: len(_gz(GOOD)) // 2], "expected the end of the gzip data, found a file cut off"),
        (_gz(GOOD)[:-4], "expected the end of the gzip data, found a file cut off"),
        (_gz(GOOD)[:-9], "expected the end of the gzip data, found a file cut off"),
        (_flipped(_gz(GOOD)), "expected whole gzip data, found damage"),
        (_gz(GOOD) + b"<html>", "expected nothing after the end of the gzip data"),
        (GOOD, "expected gzip, as its name says, found something else"),
        (b"", "found an empty file"),
        (_gz(b""), "found an empty file"),
        (_gz(GOOD[:-3]), "found a file cut off in mid-line"),
        (_gz(GOOD + b"x" * (9 << 20) + b"\n"), "expected lines of at most"),
        (_gz(b"tconst\n" + b"\n" * (64 << 20)), "expected at most 200 bytes for each packed one"),
    ],
    ids=["half", "trailer", "body", "bit", "garbage", "plain", "empty", "empty gzip", "mid-line", "line", "bomb"],
)
def test_a_damaged_file_is_not_admitted_and_the_day_before_stays(conn, make_day, data, content, reason) -> None:
    former = make_day(date(2026, 1, 30))
    land_source(conn, former, "imdb")
    before, lying = _day_files(conn, former, "imdb"), _landed(former)
    (data / "imdb" / RATINGS).write_bytes(content)
    for day in (former, make_day(date(2026, 1, 31))):
        with pytest.raises(NotAdmitted, match=reason):
            land_source(conn, day, "imdb")
    assert _day_files(conn, former, "imdb") == before
    assert _day_files(conn, make_day(date(2026, 1, 31)), "imdb") == {}
    assert _landed(former) == lying


CATALOGUE = netflix_bytes(*({"title": f"Film {number}", "description": "Cold, clear."} for number in range(2_000)))


@pytest.mark.parametrize("cut", [len(CATALOGUE) // 10, len(CATALOGUE) // 2, len(CATALOGUE) - 4])
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_catalogue_cut_off_in_mid_row_is_not_admitted(conn, make_day, data, cut: int, is_packed: bool) -> None:
    (data / "netflix" / "netflix_titles.csv").unlink()
    content = gzip.compress(CATALOGUE[:cut], mtime=0) if is_packed else CATALOGUE[:cut]
    (data / "netflix" / f"netflix_titles.csv{'.gz' if is_packed else ''}").write_bytes(content)
    with pytest.raises(NotAdmitted, match="expected a last row as wide as the header"):
        land_source(conn, make_day(), "netflix")
    assert _day_files(conn, make_day(), "netflix") == {}
    assert _landed(make_day()) == []


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_catalogue_in_utf_16_is_told_what_it_is_and_what_to_do(conn, make_day, data, encoding, is_packed) -> None:
    (data / "netflix" / "netflix_titles.csv").unlink()
    # As Excel saves "Unicode text": columns apart by tabs.
    content = netflix_bytes({}, {"title": "Häuser"}).replace(b",", b"\t").decode().encode(encoding)
    path = data / "netflix" / f"netflix_titles.csv{'.gz' if is_packed else ''}"
    path.write_bytes(_gz(content) if is_packed else content)
    with pytest.raises(NotAdmitted, match=r"expected UTF-8, found UTF-(16|32)\. Save it as UTF-8") as refused:
        land_source(conn, make_day(), "netflix")
    assert "cut off" not in str(refused.value)
    assert (_day_files(conn, make_day(), "netflix"), _landed(make_day())) == ({}, [])


def test_utf_16_is_seen_also_when_it_comes_byte_by_byte() -> None:
    checked = Checked(files_of("netflix")[0], "netflix_titles.csv")
    *first, fourth = (bytes([byte]) for byte in "show_id".encode("utf-16")[:4])
    for byte in first:
        checked.take(byte)
    with pytest.raises(NotAdmitted, match="found UTF-16"):
        checked.take(fourth)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_whole_catalogue_may_leave_its_last_line_open(conn, make_day, data, newline: str) -> None:
    content = netflix_bytes({}, {"title": "One\nTwo"}, {"title": 'A "B", C'}, newline=newline).removesuffix(b"\n")
    for count, whole in enumerate((content, content.removesuffix(b"\r"), content.split(b"\n")[0]), 1):
        (data / "netflix" / "netflix_titles.csv").write_bytes(whole)
        assert land_source(conn, make_day(date(2026, 1, count)), "netflix")["files"] == 1


def test_several_gzip_members_are_one_file(conn, make_day, data) -> None:
    (data / "imdb" / RATINGS).write_bytes(_gz(GOOD[:5000]) + _gz(GOOD[5000:]))
    assert land_source(conn, make_day(), "imdb")["files"] == 6


def test_gzip_under_a_plain_name_is_refused(conn, make_day, data) -> None:
    (data / "netflix" / "netflix_titles.csv").write_bytes(_gz(netflix_bytes({})))
    with pytest.raises(NotAdmitted, match="expected plain text, as its name says, found gzip"):
        land_source(conn, make_day(), "netflix")


def test_a_landed_file_that_was_damaged_is_landed_again(conn, make_day) -> None:
    day = make_day()
    land_source(conn, day, "netflix")
    _, _, _, landed_path = _day_files(conn, day, "netflix")["netflix_titles.csv"]
    (day.settings.landing / landed_path).write_bytes(b"")
    assert land_source(conn, day, "netflix")["files"] == 1
    assert (day.settings.landing / landed_path).stat().st_size > 0


@pytest.mark.parametrize("was_retired", [True, False])
def test_a_file_that_was_retired_is_as_young_as_its_second_landing(conn, make_day, was_retired) -> None:
    day = make_day()
    land_source(conn, day, "netflix")
    _, _, _, landed_path = _day_files(conn, day, "netflix")["netflix_titles.csv"]
    (day.settings.landing / landed_path).unlink()
    conn.execute(
        "update ops.file set landed_at = now() - interval '60 days', retired_at = case when %s then now() end",
        (was_retired,),
    )
    land_source(conn, day, "netflix")
    is_young = "select retired_at is null, landed_at > now() - interval '1 day' from ops.file"
    assert conn.execute(is_young).fetchone() == (True, was_retired)


def test_parts_of_a_killed_run_are_removed_when_they_are_old(conn, make_day: Callable[..., Day]) -> None:
    day = make_day()
    folder = day.settings.landing / "netflix"
    folder.mkdir(parents=True)
    (folder / ".part-old").write_bytes(b"x")
    os.utime(folder / ".part-old", (0, 0))
    (folder / ".part-young").write_bytes(b"x")
    land_source(conn, day, "netflix")
    assert [path.name for path in folder.glob(".part-*")] == [".part-young"]
