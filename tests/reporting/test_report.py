"""The daily report shows what the warehouse holds, marks what moved, and asks nothing of any server."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.operating.test import find_browser
from reelhouse.reporting import report_tables
from reelhouse.reporting.report import NEWEST, chapters, render_report, reports_folder, write_report
from reelhouse.settings import read_settings

HOSTILE = "<script>alert('$1 and $2')</script>"


def films(count: int) -> list:
    """Some rows of each source, with scores that differ."""
    numbers = range(1, count + 1)
    return [
        *(Imdb(n, f"Film {n}", 1990 + n, rating=(5 + n / 10, 100 * n), genres=("Drama",)) for n in numbers),
        *(
            Netflix(f"s{n}", f"Film {n}", 1990 + n, imdb=n, countries=("France",), description="A lonely lighthouse.")
            for n in numbers
        ),
        *(RottenTomatoes(f"film_{n}", f"Film {n}", 1990 + n, imdb=n, critics=(3 * n, 50)) for n in numbers),
        Netflix("s900", HOSTILE, 2001),
    ]


@pytest.fixture(scope="module")
def reported(module_dsn, tmp_path_factory):
    """Two days, the second with twice the films, and the report of each."""
    home = tmp_path_factory.mktemp("reported")
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        for number, count in ((1, 10), (2, 20)):
            day = Day(date(2026, 1, number), settings)
            run_day(conn, day, films(count))
            figures = write_report(conn, day)
    return day, figures


@pytest.fixture
def reported_conn(module_dsn):
    with connect(module_dsn, "reelhouse test", autocommit=True) as connection:
        yield connection


def test_the_page_shows_the_day_and_asks_nothing_of_any_server(reported):
    day, _ = reported
    text = (reports_folder(day.settings) / NEWEST).read_text()
    assert text == (reports_folder(day.settings) / "2026-01-02.html").read_text()
    addresses = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", text)
    assert [each for each in addresses if not each.startswith(("#", "data:"))] == []
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_figures_that_moved_since_the_day_before_are_marked(reported):
    day, figures = reported
    text = (reports_folder(day.settings) / NEWEST).read_text()
    assert figures["moved_figures"] > 0
    assert re.search(r'class="moved"><td>titles</td><td class="number">11</td><td class="number">21</td>', text)
    assert "▲ +90.9 %" in text


def test_the_numbers_beside_the_pictures_are_those_of_the_warehouse(reported_conn, reported):
    day, _ = reported
    conn = reported_conn
    found = report_tables.gather(conn, day.settings.sql)
    described = report_tables.describe_numbers(found.catalogue).set_index("number")
    known, mean, least, most = conn.execute(
        "select count(imdb_rating_of_10), avg(imdb_rating_of_10), min(imdb_rating_of_10), max(imdb_rating_of_10)"
        " from mart.titles where is_catalogue_title"
    ).fetchone()
    row = described.loc["IMDb (of 10)"]
    assert (row["known"], row["least"], row["greatest"]) == (known, float(least), float(most))
    assert row["mean"] == pytest.approx(float(mean))
    assert list(found.genres["titles"]) == [20]
    assert [chapter.name for chapter in chapters(found)][:3] == ["Trust and change", "Kinds and years", "Numbers"]
    missing = found.missing.set_index(["source", "column"])["missing"]
    assert missing["netflix", "description"] == 1
    # An unknown value is never filled in: the row without a link has no score anywhere.
    assert found.catalogue["imdb_rating_of_10"].isna().sum() == 1


def test_a_score_that_is_the_same_everywhere_has_no_correlation(reported, reported_conn):
    day, _ = reported
    found = report_tables.gather(reported_conn, day.settings.sql)
    found.scored["imdb_rating_of_10"] = 6.5
    assert "no correlation can be told" in render_report(found)


def test_an_empty_warehouse_has_a_page_too(conn, settings):
    text = render_report(report_tables.gather(conn, settings.sql))
    assert "no day published yet" in text


@pytest.mark.parametrize(
    ("former", "now", "is_marked"),
    [(100, 104, False), (100, 106, True), (100, 94, True), (0, 0, False), (0, 3, True), (None, 3, True)],
)
def test_drift_is_what_moves_by_more_than_a_twentieth(former, now, is_marked):
    before = {} if former is None else {"titles": former}
    assert bool(len(report_tables.drift_of({"titles": now}, before))) is is_marked


def test_outliers_are_beyond_the_fences_and_odd_characters_are_named():
    works = pd.DataFrame({name: [float(n) for n in range(19)] + [999.0] for name in report_tables.NUMBERS})
    works["title"] = ["Ça va", "Naïve’s", *["Plain"] * 17, "Far"]
    found = report_tables.outliers(works).set_index("number")
    assert found.loc["runtime (min)", "outside"] == 1
    assert found.loc["runtime (min)", "furthest"] == "Far (999)"
    assert list(report_tables.odd_characters(works)["name"]) == ["right single quotation mark"]


class _Open(HTMLParser):
    """Tags that were opened and never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed(reported):
    day, _ = reported
    parser = _Open()
    parser.feed((reports_folder(day.settings) / NEWEST).read_text())
    assert parser.open == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_overflows_on_a_desk_or_a_phone(reported, width, scheme):
    day, _ = reported
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((reports_folder(day.settings) / NEWEST).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert [address for address in asked if not address.startswith(("file:", "data:"))] == []
        assert said == []
        browser.close()
