"""A day that something speaks against is built aside, shown, and waits for the answer of a person."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from databases import copy_of
from psycopg.conninfo import conninfo_to_dict
from source_files import IMDB_ROWS, netflix_bytes, tsv_bytes, write_sources

from reelhouse.__main__ import main
from reelhouse.day import Day
from reelhouse.errors import Held, SettingsWrong
from reelhouse.operating import status
from reelhouse.operating.run import run_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import Settings, read_settings
from reelhouse.steps import STEPS, run_step
from reelhouse.warehousing import holds
from reelhouse.warehousing.contents import content_hashes

FIRST = date(2026, 1, 1)
STEP_NAMES = [step.name for step in STEPS]
FILMS = 100
WORDS = ("Amber", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Heath", "Inlet", "Jetty")


def name_of(number: int) -> str:
    return f"{WORDS[number % 10]} {number // 10} Story"


def write_netflix(data: Path, films: int, by: str = "Ada Stone") -> None:
    rows = [{"title": name_of(number), "director": f"{by} {number}"} for number in range(films)]
    (data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes(*rows))


def write_imdb(data: Path, films: int, prefix: str = "") -> None:
    basics, crew, names = (list(IMDB_ROWS[name]) for name in ("title.basics", "title.crew", "name.basics"))
    for number in range(films):
        title, person = f"tt{100 + number:07d}", f"nm{100 + number:07d}"
        name = prefix + name_of(number)
        basics.append([title, "movie", name, name, "0", "2018", "\\N", "90", "Drama"])
        crew.append([title, person, "\\N"])
        names.append([person, f"{prefix}Ada Stone {number}", "\\N", "\\N", "director", title])
    for name, rows in (("title.basics", basics), ("title.crew", crew), ("name.basics", names)):
        (data / "imdb" / f"{name}.tsv.gz").write_bytes(gzip.compress(tsv_bytes(rows), mtime=0))


@pytest.fixture(scope="module")
def published(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Three published days of the usual size, for each test to begin with."""
    folder = tmp_path_factory.mktemp("published")
    data = write_sources(folder / "data")
    write_imdb(data, FILMS)
    told = {"REELHOUSE_HOME": folder / "home", "REELHOUSE_WAREHOUSE_DSN": module_dsn, "REELHOUSE_DATA": data}
    settings = read_settings({name: str(value) for name, value in told.items()})
    for place in range(3):
        write_netflix(data, FILMS - place)
        day = Day(FIRST + timedelta(place), settings)
        # What is held is the star: neither lists nor the report are asked about.
        for step in STEPS[: 1 + STEP_NAMES.index("publish_warehouse")]:
            run_step(step.name, settings.warehouse_dsn, day)
    return settings


@pytest.fixture
def dsn(server_dsn: str, published: Settings) -> Iterator[str]:
    with copy_of(server_dsn, conninfo_to_dict(published.warehouse_dsn)["dbname"]) as name:
        yield name


@pytest.fixture
def later(tmp_path: Path, dsn: str, published: Settings) -> Callable[..., Day]:
    """A day after the three, with files that the test may spoil."""
    shutil.copytree(published.home, tmp_path / "home")
    data = shutil.copytree(published.data, tmp_path / "data")
    settings = replace(published, home=tmp_path / "home", data=data, warehouse_dsn=dsn)
    return lambda **fields: Day(FIRST + timedelta(3), settings, **fields)


def cut(data: Path) -> None:
    write_netflix(data, 58)


def empty(data: Path) -> None:
    write_netflix(data, 0)


def unlink(data: Path) -> None:
    write_netflix(data, FILMS, by="Somebody Else")
    write_imdb(data, FILMS, prefix="Zz ")


def held_load(conn: psycopg.Connection, day: Day) -> holds.Hold:
    with pytest.raises(Held, match="reelhouse approve"):
        run_day(day.settings.warehouse_dsn, day, Screen())
    (load_id,) = holds.waiting_loads(conn)
    return holds.read_hold(conn, day.settings.sql, load_id)


def in_shell(monkeypatch: pytest.MonkeyPatch, day: Day, *words: str) -> int:
    monkeypatch.setenv("REELHOUSE_HOME", str(day.settings.home))
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", day.settings.warehouse_dsn)
    monkeypatch.setenv("REELHOUSE_DATA", str(day.settings.data))
    return main(list(words))


def test_a_file_cut_by_forty_percent_waits_and_what_was_shown_is_what_lands(conn, later, monkeypatch, capsys) -> None:
    before = content_hashes(conn)
    cut(later().settings.data)
    hold = held_load(conn, later())
    assert "netflix_titles.csv: expected 79 to 148 rows" in hold.reasons[1]
    shown = {kind.what: kind.rows for kind in hold.kinds}
    assert shown == {"titles removed from every catalogue": 40}
    assert content_hashes(conn) == before

    assert in_shell(monkeypatch, later(), "approve") == 0
    assert "titles removed from every catalogue | 40 |" in capsys.readouterr().out
    assert in_shell(monkeypatch, later(), "approve", str(hold.load_id)) == 1
    assert (
        in_shell(monkeypatch, later(), "approve", str(hold.load_id), "--reason", "lost a licence", "--by", "ann") == 0
    )
    landed = conn.execute(
        "select digest, tables from ops.publishing where load_id = %s and published_at is not null", (hold.load_id,)
    ).fetchall()
    assert landed == [(hold.digest, hold.tables)]
    assert conn.execute("select count(*) from mart.titles where is_catalogue_title").fetchone() == (58,)
    recorded = conn.execute(
        "select verdict, reason, decided_by, decided_in, objections from ops.hold_decision"
    ).fetchall()
    assert recorded == [("approve", "lost a licence", "ann", "shell", hold.reasons)]
    # The same day again is not asked about again.
    run_day(later().settings.warehouse_dsn, later(), Screen())
    assert in_shell(monkeypatch, later(), "reject", str(hold.load_id), "--reason", "too late") == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [(empty, "netflix_titles.csv: expected at least 1 kept rows"), (unlink, "expected a match rate of")],
)
def test_an_empty_file_and_a_fallen_match_rate_wait_and_can_be_rejected(
    conn, later, monkeypatch, spoil: Callable[[Path], None], words: str
) -> None:
    before = content_hashes(conn)
    spoil(later().settings.data)
    hold = held_load(conn, later())
    assert words in " ".join(hold.reasons)
    assert in_shell(monkeypatch, later(), "reject", str(hold.load_id), "--reason", "broken file", "--by", "bo") == 0
    assert conn.execute("select state, state_reason from ops.load where load_id = %s", (hold.load_id,)).fetchone() == (
        "failed", "rejected by bo: broken file",
    )  # fmt: skip
    assert content_hashes(conn) == before
    # The same file is asked about again, a better one is not.
    held_load(conn, later())
    write_netflix(later().settings.data, FILMS)
    write_imdb(later().settings.data, FILMS)
    assert run_day(later().settings.warehouse_dsn, later(), Screen())["publish_warehouse"]["load_id"] > hold.load_id


def test_a_held_load_that_another_file_of_the_day_replaced_waits_for_nobody(conn, later, monkeypatch, capsys) -> None:
    day = later()
    cut(day.settings.data)
    hold = held_load(conn, day)
    write_netflix(day.settings.data, FILMS)
    right = run_day(day.settings.warehouse_dsn, day, Screen())["publish_warehouse"]["load_id"]
    after = content_hashes(conn)

    replaced = f"replaced by load {right}"
    found = "select state, state_reason from ops.load where load_id = %s"
    assert conn.execute(found, (hold.load_id,)).fetchone() == ("failed", replaced)
    assert "waiting" not in status.loads(day.settings.warehouse_dsn)
    assert conn.execute(
        "select count(*) from ops.row_change inner join ops.publishing using (publishing_id) where load_id = %s",
        (hold.load_id,),
    ).fetchone() == (0,)
    assert in_shell(monkeypatch, day, "approve", str(hold.load_id), "--reason", "it is right") == 1
    assert f"found failed: {replaced}. Waiting: none." in capsys.readouterr().err
    assert holds.answer(conn, hold, holds.APPROVE, "it is right", "ann", holds.IN_SHELL) is False
    assert conn.execute("select count(*) from ops.hold_decision").fetchone() == (0,)
    assert content_hashes(conn) == after

    # The first file again is asked about again, and can be approved.
    cut(day.settings.data)
    again = held_load(conn, day)
    assert again.load_id == hold.load_id
    assert in_shell(monkeypatch, day, "approve", str(hold.load_id), "--reason", "it is right") == 0
    assert conn.execute("select count(*) from mart.titles where is_catalogue_title").fetchone() == (58,)


def test_a_reason_given_with_the_run_is_an_answer_in_advance(conn, later) -> None:
    cut(later().settings.data)
    run_day(later().settings.warehouse_dsn, later(accept="Netflix lost a licence"), Screen())
    assert holds.waiting_loads(conn) == []
    assert conn.execute("select reason from ops.override").fetchall() == [("Netflix lost a licence",)]


def test_an_answer_to_what_is_not_shown_any_more_is_refused(conn, later) -> None:
    cut(later().settings.data)
    hold = held_load(conn, later())
    with pytest.raises(SettingsWrong, match="expected what was shown"):
        holds.answer(conn, replace(hold, digest="another"), holds.APPROVE, "why not", "ann", holds.IN_SHELL)
    with pytest.raises(SettingsWrong, match="expected a reason"):
        holds.answer(conn, hold, holds.APPROVE, " ", "ann", holds.IN_SHELL)
    assert holds.answer(conn, hold, holds.REJECT, "no", "ann", holds.IN_SHELL) is True
    assert holds.answer(conn, hold, holds.APPROVE, "yes", "bo", holds.IN_SHELL) is False


def test_an_approval_is_good_for_just_what_was_shown(conn, later) -> None:
    cut(later().settings.data)
    shown = held_load(conn, later())

    def approve() -> None:
        hold = holds.read_hold(conn, later().settings.sql, shown.load_id)
        assert holds.answer(conn, hold, holds.APPROVE, "a licence was lost", "ann", holds.IN_SHELL)

    def check() -> dict[str, object]:
        return run_step("check_warehouse", later().settings.warehouse_dsn, later())

    approve()
    assert check()["load_id"] == shown.load_id
    # Readers see something else by now, so that more would change.
    conn.execute("update warehouse.dim_title set studio = 'Another' where is_current")
    with pytest.raises(Held, match="reelhouse approve"):
        check()
    assert holds.read_hold(conn, later().settings.sql, shown.load_id).digest != shown.digest
    approve()
    assert check()["load_id"] == shown.load_id
    conn.execute(
        "insert into ops.objection (load_id, gate, reason) values (%s, 'rollback', 'taken back')", (shown.load_id,)
    )
    with pytest.raises(Held, match="taken back"):
        check()


def test_a_title_in_a_file_cannot_write_into_the_page() -> None:
    kind = holds.Kind("titles added to a catalogue", 1, ["<script>x</script> | [a](http://evil)\n# Head"])
    shown = holds.describe(holds.Hold(1, "warehouse", FIRST, ["reason"], {}, [kind], "d"))
    assert "<script>" not in shown
    assert "\n# Head" not in shown
    assert "](http" not in shown.replace("\\]", "")


def test_a_shell_shows_what_speaks_against_it_as_it_is_written() -> None:
    hold = holds.Hold(1, "warehouse", FIRST, ["netflix_titles.csv: 108 of 311\n# rows"], {}, [], "d")
    assert "- netflix_titles.csv: 108 of 311 # rows\n" in holds.describe(hold, holds.in_one_line)
    assert "- netflix\\_titles.csv" in holds.describe(hold)
