"""A person walks through the pages in Chromium, on a desk and on a phone; everybody can use them (axe)."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from serving.conftest import DAY, MARKUP

from reelhouse.database import connect
from reelhouse.operating.test import find_browser
from reelhouse.reporting.report import NEWEST, save_report

pytestmark = pytest.mark.browser
SIZES = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip
# Names a folder, docs/images say, to keep the pictures in.
PICTURES = "REELHOUSE_TEST_PICTURES"


@pytest.fixture(scope="module")
def address(served) -> Iterator[str]:
    """The app on a port of its own."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("insert into warehouse.dim_user values (1, 'app', true) on conflict do nothing")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(served.app, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    path = find_browser()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture(params=["desktop", pytest.param("phone", marks=pytest.mark.full)])
def page(request, browser, address, served, tmp_path):
    """A page of somebody who has logged in with a key; whatever goes wrong in it fails the test."""
    context = browser.new_context(viewport=SIZES[request.param], base_url=address)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    # A person logs in now and then, these tests more often than the twenty times a minute that are allowed.
    served.app.state.limiter.counts.clear()
    opened.goto("/trust")
    opened.get_by_label("Your API key").fill(served.keys["read write review"])
    opened.get_by_role("button", name="Log in").click()
    opened.wait_for_url("**/trust")
    opened.size = request.param
    opened.folder = Path(os.environ.get(PICTURES) or tmp_path)
    yield opened
    context.close()
    assert wrong == []


@pytest.fixture
def waiting(served) -> Iterator[None]:
    """One row more that waits, behind the other."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute(
            "insert into matching.source_title (source, source_id, kind, title, folded_title, base_title, title_key,"
            " release_year) values ('netflix', 'w1', 'movie', 'Another', 'another', 'another', 'another', 2010)"
        )
        conn.execute(
            "insert into matching.title_decision (source, source_id, band, probability, decided_by, candidate_count,"
            " model_version, load_id) select 'netflix', 'w1', 'review', 0.1, 'model', 1, 'test', max(load_id)"
            " from ops.load"
        )
        yield
        for table in ("title_decision", "source_title"):
            conn.execute(f"delete from matching.{table} where source_id = 'w1'")
        conn.execute("delete from matching.override")


def look(page, name: str) -> None:
    """Nothing that keeps somebody out, nothing that makes a phone scroll sideways; and a picture of each size."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    wrong = [each for each in found if each["impact"] in ("serious", "critical") or each["id"] == "heading-order"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in wrong] == []
    page.folder.mkdir(parents=True, exist_ok=True)
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), size
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=page.folder / f"page_{name}_{size}.png")
    page.set_viewport_size(SIZES[page.size])


def test_search_suggests_finds_and_shows_a_title(page) -> None:
    from playwright.sync_api import expect

    page.goto("/")
    look(page, "search")
    page.get_by_label("Title, in any language").press_sequentially("old ho")
    expect(page.locator("#suggestions a").first).to_contain_text("The Old House")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#suggestions a").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/titles/tt0000001")
    expect(page.get_by_role("heading", level=1)).to_contain_text("The Old House")
    for heading in ("How the scores changed", "People", "Similar titles", "How it was matched"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.get_by_text("netflix: “The Old House”").click()
    expect(page.get_by_text("linked to tt0000001").first).to_be_visible()
    look(page, "title")


def test_late_suggestions_do_not_cover_what_was_found(page) -> None:
    from playwright.sync_api import expect

    page.goto("/")
    page.route("**/suggest*", lambda route: (time.sleep(0.5), route.continue_()))
    box = page.get_by_label("Title, in any language")
    box.press_sequentially("new ho")
    box.press("Enter")
    expect(page.locator("#results li h3").first).to_have_text("New House")
    page.wait_for_timeout(900)
    expect(page.locator("#suggestions a")).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")


def test_the_pages_title_follows_the_search(page) -> None:
    from playwright.sync_api import expect

    page.goto("/")
    page.get_by_label("Title, in any language").fill("house")
    page.keyboard.press("Enter")
    expect(page).to_have_title("house · Reelhouse")


def test_a_search_that_nobody_answers_says_so_beside_what_was_found_before(page) -> None:
    from playwright.sync_api import expect

    # Without the fixture's eye on the console, where browsers tell of lost connections.
    other = page.context.new_page()
    other.goto("/?q=old house")
    box, alert = other.get_by_label("Title, in any language"), other.get_by_role("alert")
    for lost, words in (
        (lambda route: route.abort(), "No answer came"),
        (lambda route: route.fulfill(status=503, body='<p class="note wrong">Not ready.</p>'), "Not ready."),
    ):
        other.route("**/?q=*", lost)
        box.fill("new house")
        box.press("Enter")
        expect(alert).to_contain_text(words)
        expect(other.locator("#results li h3").first).to_have_text("The Old House")
        expect(other.locator("#results[aria-busy]")).to_have_count(0)
        other.unroute("**/?q=*")
    box.press("Enter")
    expect(other.locator("#results li h3").first).to_have_text("New House")
    expect(alert).to_have_count(0)


def test_a_search_after_the_session_has_ended_leads_to_the_login(page) -> None:
    other = page.context.new_page()
    other.goto("/?q=old")
    page.context.clear_cookies()
    other.get_by_label("Title, in any language").fill("new house")
    other.keyboard.press("Enter")
    other.wait_for_url("**/login?next=%2F%3Fq%3Dold")
    assert other.get_by_role("main").count() == 1


def test_an_address_that_is_none_is_told_with_the_way_on(page) -> None:
    other = page.context.new_page()
    other.goto("/nothing")
    assert "There is nothing at /nothing." in other.get_by_role("main").inner_text()
    assert other.get_by_role("navigation", name="Pages").count() == 1


def test_people_of_one_name_can_be_paged_through(page, served) -> None:
    with connect(served.dsn, autocommit=True) as conn:
        keys = conn.execute(
            "insert into warehouse.dim_person (person_key, person_name, folded_name, professions, is_name_only)"
            " select 900000 + number, 'Zyx Namesake', 'zyx namesake', '{}', true"
            " from generate_series(1, 21) as number returning person_key"
        ).fetchall()
        page.goto("/people?q=zyx namesake")
        assert page.get_by_role("status").inner_text() == "20 or more found for “zyx namesake”."
        page.get_by_role("link", name="More").click()
        page.wait_for_url("**offset=20")
        assert page.locator("ul.cards li").count() == 1
        assert page.get_by_role("link", name="More").count() == 0
        conn.execute("delete from warehouse.dim_person where person_key = any(%s)", ([key for (key,) in keys],))


def test_filters_narrow_without_a_new_page(page) -> None:
    from playwright.sync_api import expect

    page.goto("/?q=house")
    page.get_by_text("Filters").click()
    page.get_by_label("Critics at least").fill("90")
    page.get_by_label("Critics at least").press("Tab")
    expect(page.locator("#results li h3")).to_have_text(["New House"])
    assert "min_critics=90" in page.url


def test_a_rating_with_a_part_after_the_point_or_comma_filters(page) -> None:
    from playwright.sync_api import expect

    for text in ("7.6", "7,6"):
        page.goto("/")
        page.get_by_text("Filters").click()
        page.get_by_label("IMDb at least").fill(text)
        page.get_by_label("IMDb at least").press("Tab")
        expect(page.locator("#results li h3")).to_have_text(
            ["Housewarming", "Casa Vieja", "100% Wolf_Man", "Few Have Seen It"]
        )
        expect(page.get_by_role("alert")).to_have_count(0)


def test_a_field_that_cannot_be_read_says_so(page) -> None:
    from playwright.sync_api import expect

    page.goto("/")
    page.get_by_text("Filters").click()
    page.get_by_label("From year").fill("199O")
    page.get_by_label("From year").press("Tab")
    told = "From year: expected a number from 1870 to 2100, found “199O”. Not filtered by it."
    expect(page.get_by_role("alert")).to_have_text(told)
    expect(page.locator("#results li h3").first).to_have_text("New House")
    page.goto("/?year_from=199O&min_imdb=11&min_critics=90")
    expect(page.get_by_role("alert")).to_have_text(
        [told, "IMDb at least: expected a number from 0 to 10, found “11”. Not filtered by it."]
    )
    expect(page.locator("#results li h3")).to_have_text(["New House"])
    look(page, "unread")


def test_a_name_that_is_markup_is_shown_as_a_name(page) -> None:
    from playwright.sync_api import expect

    page.goto("/titles/tt0000004")
    expect(page.get_by_role("heading", level=1)).to_contain_text(MARKUP)
    page.goto("/?q=" + "%3Cimg src=x onerror=alert(1)%3E")
    expect(page.get_by_role("status")).to_contain_text("<img src=x")


def test_a_reviewer_decides_with_a_key_and_takes_it_back(page) -> None:
    from playwright.sync_api import expect

    page.goto("/review")
    expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()
    expect(page.locator("mark").first).to_be_visible()
    look(page, "review")
    page.keyboard.press("2")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    expect(page.get_by_role("region", name="Decisions")).to_contain_text("this pair tt0000009")
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()


def test_a_key_that_is_held_decides_once(page, waiting) -> None:
    from playwright.sync_api import expect

    page.goto("/review")
    expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()
    page.keyboard.down("n")
    expect(page.get_by_role("heading", name="netflix: Another")).to_be_visible()
    for _ in range(3):
        page.keyboard.down("n")
    page.wait_for_timeout(500)
    expect(page.get_by_role("heading", name="netflix: Another")).to_be_visible()
    page.keyboard.up("n")
    page.keyboard.press("n")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()


def test_a_key_takes_back_only_ones_own_decision(page, served, waiting) -> None:
    from playwright.sync_api import expect

    others = served.client("read review")
    page.goto("/review")
    page.keyboard.press("2")
    expect(page.get_by_role("heading", name="netflix: Another")).to_be_visible()
    said = {"source": "netflix", "source_id": "w1", "verdict": "no match", "why": "asked"}
    assert others.post("/api/v1/reviews", json=said).status_code == 201
    page.reload()
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()
    page.keyboard.press("u")
    page.wait_for_timeout(500)
    assert [row["title"] for row in others.get("/api/v1/reviews").json()] == ["Namesake"]
    page.get_by_role("button", name="Undo the decision about Another").click()
    expect(page.get_by_text("1 of 2 that wait.")).to_be_visible()


def test_keys_can_be_switched_off_and_stay_off(page) -> None:
    """WCAG 2.1.4: whoever speaks to the machine, or whose hands shake, presses letters without meaning to."""
    from playwright.sync_api import expect

    page.goto("/review")
    page.get_by_label("Single keys").uncheck()
    look(page, "keys_off")
    for _ in range(2):
        page.locator("h1").click()
        page.keyboard.press("2")
        page.wait_for_timeout(500)
        expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Single keys")).not_to_be_checked()
    page.get_by_label("Single keys").check()
    page.keyboard.press("2")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name="netflix: Namesake")).to_be_visible()


def test_a_viewer_has_a_history_and_recommendations(page) -> None:
    from playwright.sync_api import expect

    page.goto("/viewers")
    page.get_by_role("link", name="Viewer 1", exact=True).click()
    page.get_by_label("Title (id)").fill("tt0000002" if page.size == "phone" else "tt0000001")
    page.get_by_role("button", name="Add a viewing").click()
    expect(page.get_by_role("region", name="Viewings")).to_contain_text("House")
    look(page, "viewer")


def test_trust_quality_people_and_the_description_can_be_used(page) -> None:
    from playwright.sync_api import expect

    for name, heading in (("trust", "Can I rely on it?"), ("quality", "How good are"), ("docs", "The API")):
        page.goto(f"/{name}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        look(page, name)
    page.goto("/people?q=bo oray")
    page.get_by_role("link", name="Bo O'Ray").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bo O'Ray")
    look(page, "person")


def test_the_days_report_is_shown_below_our_navigation_and_runs_nothing(page, served) -> None:
    from playwright.sync_api import expect

    page.goto("/report")
    expect(page.get_by_text("No report yet.")).to_be_visible()
    for day in (DAY - timedelta(days=1), DAY):
        with connect(served.dsn, "reelhouse test", autocommit=True) as conn:
            save_report(conn, served.settings.sql, served.settings.reports / f"{day}.html")
    (served.settings.reports / NEWEST).write_text("the newest once more")
    try:
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Report of {DAY}")
        inside = page.frame_locator("iframe")
        expect(inside.get_by_role("heading", level=1)).to_contain_text("Films and series")
        assert inside.locator("body").evaluate("body => getComputedStyle(body).maxWidth") is not None
        look(page, "report")
        page.get_by_label("Another day").select_option(str(DAY - timedelta(days=1)))
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Report of {DAY - timedelta(days=1)}")
        page.get_by_role("link", name="Open it alone").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Films and series")
    finally:
        for path in served.settings.reports.iterdir():
            path.unlink()
    answered = served.client().get(f"/report/{DAY}")
    assert (answered.status_code, "<iframe" in answered.text) == (404, False)
    assert served.client().get("/report/newest").status_code == 422


def test_logged_out_is_logged_out(page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Your API key")).to_be_visible()
    look(page, "login")
    page.goto("/titles/tt0000001")
    expect(page.get_by_label("Your API key")).to_be_visible()


def test_a_form_of_another_site_is_refused(served) -> None:
    client = served.client(None)
    begun = client.post("/login", data={"key": served.keys["read review"], "next": "//evil.example"})
    assert begun.headers["location"] == "/"
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    form = {"verdict": "no match"}
    assert client.post("/review/netflix/s4", data=form).status_code == 403
    assert client.post("/review/netflix/s4", data=form | {"csrf_token": "0" * 64}).status_code == 403
