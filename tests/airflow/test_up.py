"""`up`, `status`, `logs`, `down`: a real scheduler loads the sample's day, a browser watches, nothing stays behind."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from homes import Home, make_home, wait_for, wait_until_nothing_is_left
from killing_tasks import Killer
from taking_alerts import taking_alerts

from reelhouse.day import EVERY_SOURCE
from reelhouse.operating import airflow, airflow_api, embedded, following, postgres, supervising
from reelhouse.operating.showing import Screen
from reelhouse.operating.test import find_browser
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import ServingSettings
from reelhouse.settings import read_settings
from reelhouse.steps import STEPS
from reelhouse.warehousing.contents import content_hashes

ROOT = Path(__file__).parent.parent.parent
FLOW = ["extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse"]
# Without the last ones Chromium asks hosts on the internet at every start.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Names a folder, docs/images say, to keep the pictures of the README in.
PICTURES = "REELHOUSE_TEST_PICTURES"

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, str]]:
    """A home in which `up --detach` has loaded the day, and what it printed."""
    made = make_home(tmp_path_factory.mktemp("up") / "home")
    made.env.update(
        REELHOUSE_RETRY_SECONDS="2",
        OPENLINEAGE__TRANSPORT__TYPE="file",
        OPENLINEAGE__TRANSPORT__LOG_FILE_PATH=str(lineage_file(made)),
        OPENLINEAGE__TRANSPORT__APPEND="true",
    )
    done = made.call("up", "--detach")
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        yield made, done.stdout
    finally:
        made.call("down", "--patience", "20")


@pytest.fixture
def stopped(loaded: tuple[Home, str]) -> Iterator[Home]:
    """The same home after `down`: it starts in seconds."""
    home, _ = loaded
    home.call("down")
    yield home
    home.call("down", "--patience", "20")


def test_up_shows_every_task_and_what_was_loaded(loaded: tuple[Home, str]) -> None:
    _, said = loaded
    ended = re.findall(r"^✓ (\w+)\.(\w+) +[\d.]+ s$", said, re.MULTILINE)
    assert list(dict.fromkeys(dag_id for dag_id, _ in ended)) == FLOW
    assert {step.name for step in STEPS} <= {task_id for _, task_id in ended}
    assert "match_rate" in said
    assert re.search(r"^Airflow  http://127\.0\.0\.1:\d+  user admin, password \w+$", said, re.MULTILINE)
    assert "./reelhouse psql" in said


def test_a_day_goes_through_the_chain_and_its_assets_tell_of_it(loaded: tuple[Home, str]) -> None:
    api = log_in(loaded[0])
    for dag_id in FLOW:
        (run,) = airflow_api.ask(api, "GET", f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]
        assert run["state"] == "success"
        if dag_id != FLOW[0]:
            assert (run["conf"]["sources"], run["conf"]["force"]) == (list(EVERY_SOURCE), False)
    told = airflow_api.ask(api, "GET", "/api/v2/assets/events", order_by="timestamp")["asset_events"]
    newest = {event["name"]: event["extra"] for event in told}
    staged, matched, published = (newest[f"reelhouse.{name}"] for name in ("staging", "matching", "warehouse"))
    fates = ("rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate")
    assert staged["rows_in"] == sum(staged[fate] for fate in fates)
    assert 0 < matched["match_rate"]["netflix"] <= 1
    assert published["match_rate"] == matched["match_rate"]
    assert published["rows_changed"] > 0
    assert len({(event["day"], event["load_id"]) for event in (staged, matched, published)}) == 1


def lineage_file(home: Home) -> Path:
    """Where the home's Airflow is told to write what OpenLineage hears."""
    return home.settings.home.parent / "lineage.jsonl"


def test_lineage_tells_tables_and_columns_of_each_step(loaded: tuple[Home, str]) -> None:
    heard = [json.loads(line) for line in lineage_file(loaded[0]).read_text().splitlines()]
    done = {event["job"]["name"]: event for event in heard if event["eventType"] == "COMPLETE"}
    outputs = {
        dataset["name"].partition(".")[2]: dataset.get("facets", {})
        for step in ("extract_sources.stage_imdb", "populate_warehouse.build_warehouse")
        for dataset in done[step]["outputs"]
    }
    assert {"staging.imdb_titles", "build.dim_title", "build.fact_title_rating"} <= set(outputs)
    fields = outputs["build.dim_title"]["columnLineage"]["fields"]
    assert ("staging.imdb_titles", "runtime_min") in {
        (origin["name"].partition(".")[2], origin["field"]) for origin in fields["runtime_min"]["inputFields"]
    }
    published = [dataset["name"] for dataset in done["populate_warehouse.publish_warehouse"]["outputs"]]
    assert any(name.endswith(".warehouse.dim_title") for name in published)


def test_nothing_listens_beyond_this_machine(loaded: tuple[Home, str]) -> None:
    home, _ = loaded
    listening = []
    for process in airflow.marked_processes(home.settings):
        # One that parses a DAG file may have ended meanwhile.
        with suppress(psutil.NoSuchProcess):
            sockets = process.net_connections(kind="inet")
            listening += [each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN]
    assert listening
    assert set(listening) == {"127.0.0.1"}


def test_secrets_are_in_files_of_their_owner_and_in_no_log_or_argument(loaded: tuple[Home, str]) -> None:
    home, _ = loaded
    folder = airflow.airflow_home(home.settings)
    for name in ("secrets.json", "passwords.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    server = postgres.attach(postgres.server_folder(home.settings.home), home.settings.postgres_bin)
    hidden = {server.password, airflow.password(home.settings), *airflow.make_secrets(home.settings).values()}
    for path in airflow.logs_folder(home.settings).rglob("*.log"):
        text = path.read_text(errors="replace")
        assert not [secret for secret in hidden if secret in text], path
    for process in airflow.marked_processes(home.settings):
        assert not [secret for secret in hidden if secret in " ".join(process.cmdline())]
    for path in home.settings.reports.glob("*.html"):
        assert not [secret for secret in hidden if secret in path.read_text()], path
    # XCom, rendered templates, audit log, serialized DAGs: all that Airflow has written down of the day.
    with psycopg.connect(server.dsn(embedded.AIRFLOW)) as conn:
        tables = conn.execute("select format('%I', tablename) from pg_tables where schemaname = 'public'").fetchall()
        rows = {table: conn.execute(f"select (t.*)::text from {table} as t").fetchall() for (table,) in tables}
    assert rows["xcom"]
    assert rows["rendered_task_instance_fields"]
    holding = [table for table, texts in rows.items() if any(secret in text for (text,) in texts for secret in hidden)]
    assert holding == []


def test_status_has_five_lines_and_says_that_all_is_well(loaded: tuple[Home, str]) -> None:
    done = loaded[0].call("status")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["server", "airflow", "loads", "ready", "runs"]
    assert "published" in lines[2]
    assert "refresh_recommendations" in lines[3]
    assert ": done" in lines[3]
    assert lines[4].count("success") == 5


def test_a_second_up_says_that_it_is_up_already(loaded: tuple[Home, str]) -> None:
    done = loaded[0].call("up")
    assert done.returncode == 0
    assert "up already" in done.stdout
    done = loaded[0].call("up", "--day", "2026-01-05")
    assert done.returncode == 1
    assert "expected neither while it is up" in done.stderr


def test_logs_show_what_a_component_said(loaded: tuple[Home, str]) -> None:
    done = loaded[0].call("logs", "scheduler", "-n", "5")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 5


# One for all: making one reads the certificates of the machine, which takes longer than an answer.
_asking = httpx.Client(trust_env=False, timeout=30)


def pages_answer(url: str, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, where it leads, and text of an answer of the warehouse's pages within Airflow."""
    answered = _asking.request(method, f"{url}/warehouse{path}", headers=headers)
    _asking.cookies.clear()
    return answered.status_code, answered.headers.get("location", ""), answered.text


@pytest.fixture(scope="module")
def url_and_token(loaded: tuple[Home, str]) -> tuple[str, str]:
    home, said = loaded
    url = re.search(r"(http://\S+)  user admin", said).group(1)
    return url, airflow_api.log_in(url, airflow.USER, airflow.password(home.settings)).token


def test_the_warehouse_s_pages_are_as_closed_as_airflow(url_and_token: tuple[str, str]) -> None:
    from serving.test_access import guarded

    url, token = url_and_token
    routes = guarded(make_app("dbname=nowhere", read_settings({}), ServingSettings()))
    told = []
    for headers in ({}, {"Authorization": f"Bearer {token[:-9]}wrong"}, {"Cookie": "_token=wrong"}, {"X-API-Key": "x"}):
        for method, path in routes:
            status, leads_to, text = pages_answer(url, method, path, headers)
            if status not in (401, 403) and not (status == 303 and "/login" in leads_to and not text):
                told.append((method, path, status))
    assert told == []
    assert pages_answer(url, "GET", "/healthz")[0] == 200


def test_who_is_logged_in_to_airflow_asks_the_warehouse(url_and_token: tuple[str, str]) -> None:
    url, token = url_and_token
    bearer = {"Authorization": f"Bearer {token}"}
    status, _, text = pages_answer(url, "GET", "/api/v1/health", bearer)
    assert (status, '"status":"ok"' in text) == (200, True)
    assert pages_answer(url, "GET", "/api/v1/movies?min_votes=0", bearer)[2].startswith('[{"id":')
    # A browser's cookie alone changes nothing: another site could make it ask.
    assert pages_answer(url, "DELETE", "/api/v1/reviews/1", {"Cookie": f"_token={token}"})[0] == 403
    assert pages_answer(url, "DELETE", "/api/v1/reviews/1", bearer)[0] == 404


@pytest.mark.browser
def test_a_person_walks_through_the_warehouse_s_pages_in_airflow(
    loaded: tuple[Home, str], url_and_token: tuple[str, str], tmp_path: Path
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect, sync_playwright

    browser_path = find_browser()
    if browser_path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    url, password = re.search(r"(http://\S+)  user admin, password (\w+)", loaded[1]).groups()
    folder = Path(os.environ.get(PICTURES) or tmp_path)
    bearer = {"Authorization": f"Bearer {url_and_token[1]}"}
    best_known = json.loads(pages_answer(url, "GET", "/api/v1/movies?limit=1&min_votes=0", bearer)[2])[0]["title"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        # Whoever is not logged in is led to Airflow's login, and back.
        page.goto(f"{url}/warehouse/trust")
        page.locator("input[name=username]").fill("admin")
        page.locator("input[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Can I rely on it?", timeout=30_000)
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
        page.goto(f"{url}/dags/extract_sources")
        page.get_by_role("link", name="Trust").click()
        shown = page.frame_locator("iframe")
        expect(shown.get_by_role("heading", level=1)).to_contain_text("Can I rely on it?", timeout=30_000)
        for size, viewport in (("desktop", (1280, 800)), ("phone", (390, 844))):
            page.set_viewport_size({"width": viewport[0], "height": viewport[1]})
            page.goto(f"{url}/plugin/warehouse")
            shown.get_by_label("Title, in any language").press_sequentially(best_known[:8])
            expect(shown.locator("#suggestions a").first).to_contain_text(best_known, timeout=30_000)
            shown.get_by_role("button", name="Search").click()
            shown.locator("#results h3 a").first.click()
            expect(shown.get_by_role("heading", name="Similar titles")).to_be_visible()
            page.screenshot(path=folder / f"page_airflow_{size}.png")
        browser.close()


@pytest.mark.browser
def test_a_person_logs_in_with_the_printed_password_and_sees_green_runs(
    loaded: tuple[Home, str], tmp_path: Path
) -> None:
    from playwright.sync_api import expect, sync_playwright

    browser_path = find_browser()
    if browser_path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    url, password = re.search(r"(http://\S+)  user admin, password (\w+)", loaded[1]).groups()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 620})
        page.goto(f"{url}/dags")
        page.locator("input[name=username]").fill("admin")
        page.locator("input[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()
        for dag_id in FLOW:
            expect(page.get_by_role("link", name=dag_id, exact=True)).to_be_visible(timeout=30_000)
        page.goto(f"{url}/dag_runs")
        for dag_id in FLOW:
            row = page.get_by_role("row").filter(has_text=dag_id)
            expect(row).to_have_count(1, timeout=30_000)
            expect(row).to_contain_text("Success")
        take_pictures(page, url, Path(os.environ.get(PICTURES) or tmp_path))
        browser.close()


def take_pictures(page, url: str, folder: Path) -> None:
    """Grid and graph of extract_sources, as the README shows them."""
    folder.mkdir(parents=True, exist_ok=True)
    page.goto(f"{url}/dags/extract_sources")
    page.get_by_role("button", name="Expand all task groups").click()
    page.get_by_text("stage_rotten_tomatoes").first.wait_for()
    # Boxes and bars move into place.
    page.wait_for_timeout(2000)
    page.screenshot(path=folder / "extract_sources_grid.png")
    # The graph of the run, not of the DAG alone: its tasks have the colours of their states.
    page.get_by_role("link", name=" 00:00:00").first.click()
    page.get_by_role("button", name="Show Graph").click()
    page.get_by_text("then_match_titles").first.wait_for()
    page.wait_for_timeout(3000)
    page.screenshot(path=folder / "extract_sources_graph.png")
    for picture in folder.glob("extract_sources_*.png"):
        assert picture.stat().st_size < 200_000


def test_killed_tasks_are_tried_again_and_every_table_holds_what_it_held(loaded: tuple[Home, str]) -> None:
    """The short form of tests/airflow/test_faults.py."""
    home, _ = loaded
    api, day, before = log_in(home), datetime.now(UTC).date(), content_of(home)
    path = "/api/v2/dags/populate_warehouse/dagRuns"
    body = {"logical_date": None, "conf": {"day": day.isoformat(), "force": True}}
    with Killer(home, random.Random(1), most=3, pause=0.5, victims=("task",)) as killer:
        run_id = airflow_api.ask(api, "POST", path, body)["dag_run_id"]

        def is_over() -> bool:
            runs = airflow_api.ask(api, "GET", "/api/v2/dags/~/dagRuns", limit=100)["dag_runs"]
            has_gone_on = any(run["dag_id"] == FLOW[-1] and (run["start_date"] or "") > begun for run in runs)
            return has_gone_on and all(run["state"] in following.ENDED for run in runs)

        begun = airflow_api.run(api, "populate_warehouse", run_id)["run_after"]
        airflow_api.wait_until(is_over, 300, "the rest of the day to end", pause=1)
    tasks = airflow_api.tasks(api, "populate_warehouse", run_id)
    assert airflow_api.run(api, "populate_warehouse", run_id)["state"] == "success", tasks
    assert killer.killed["task"] > 0
    assert content_of(home) == before


def test_down_leaves_nothing_behind(loaded: tuple[Home, str]) -> None:
    home, _ = loaded
    assert home.left()
    done = home.call("down")
    assert (done.returncode, done.stdout) == (0, "stopped\n")
    assert home.left() == []
    assert home.call("status").returncode == 1
    assert "nothing was running" in home.call("down").stdout


def content_of(home: Home) -> dict[str, str]:
    with embedded.warehouse_dsn(home.settings) as dsn, psycopg.connect(dsn, autocommit=True) as conn:
        return content_hashes(conn)


@pytest.fixture(scope="module")
def posted() -> Iterator[tuple[str, list[dict]]]:
    """An address for alerts, and those that came."""
    with taking_alerts() as (address, found):
        yield address, found


@pytest.fixture(scope="module")
def held(
    loaded: tuple[Home, str], posted: tuple[str, list[dict]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, str]:
    """The same home after `up` with too many bad rows: the day is held, Airflow stays up. And what `up` printed."""
    home, _ = loaded
    home.env["REELHOUSE_ALERT_WEBHOOK"] = posted[0]
    home.call("down")
    data = shutil.copytree(home.settings.data, tmp_path_factory.mktemp("held") / "data")
    newest = max(data.glob("netflix/*/netflix_titles.csv"))
    with newest.open("a") as file:
        file.writelines(f"s9{number:03},Neither film nor series,and no more\n" for number in range(100))
    done = home.call("up", "--detach", "--data", str(data))
    assert done.returncode == 3, done.stdout + done.stderr
    return home, done.stdout


def test_a_held_day_ends_with_3_and_says_why(held: tuple[Home, str]) -> None:
    home, said = held
    assert "populate_warehouse.approve_warehouse waits for a person" in said
    assert "netflix_titles.csv: expected at most 0.5% bad rows, found" in said.split("waits for a person")[1]
    assert home.call("status").returncode == 0


def test_whoever_is_to_hear_of_a_held_day_does(held: tuple[Home, str], posted: tuple[str, list[dict]]) -> None:
    _, found = posted
    (hold,) = airflow_api.wait_until(lambda: [each for each in found if each["kind"] == "hold"], 60, "an alert")
    assert "bad rows, found" in hold["cause"]


def approval_of(api: airflow_api.Api, state: str, seconds: float = 120) -> tuple[str, airflow_api.Answer]:
    """The newest run of populate_warehouse once its approval is in a state, and the task."""
    day = datetime.now(UTC).date()

    def look() -> tuple[str, airflow_api.Answer] | None:
        run = airflow_api.newest_run(api, "populate_warehouse", day)
        tasks = airflow_api.tasks(api, "populate_warehouse", run["dag_run_id"]) if run else []
        found = [task for task in tasks if task["task_id"] == "approve_warehouse" and task["state"] == state]
        return (run["dag_run_id"], found[0]) if found else None

    found = airflow_api.wait_until(look, seconds, f"approve_warehouse {state}")
    if state == airflow_api.AWAITS_INPUT:
        # An answer that comes before the scheduler has heard that the task is parked fails it, and the retry asks anew
        # a minute later. No person is as quick as a test.
        time.sleep(5)
    return found


def asked(api: airflow_api.Api, run_id: str) -> airflow_api.Answer:
    """What Airflow asks a person in a run."""
    path = f"/api/v2/dags/populate_warehouse/dagRuns/{run_id}/taskInstances/approve_warehouse/-1/hitlDetails"
    return airflow_api.ask(api, "GET", path.replace(run_id, urllib.parse.quote(run_id, safe="")))


def log_in(home: Home) -> airflow_api.Api:
    url = supervising.read_running(home.settings).url
    return airflow_api.log_in(url, airflow.USER, airflow.password(home.settings))


def test_the_approval_shows_reasons_and_difference_and_wants_a_reason(held: tuple[Home, str]) -> None:
    home, _ = held
    api = log_in(home)
    run_id, _ = approval_of(api, airflow_api.AWAITS_INPUT)
    question = asked(api, run_id)
    assert question["options"] == ["Approve", "Reject"]
    assert question["defaults"] == ["Reject"]
    assert "bad rows, found" in question["body"]
    assert "What speaks against it" in question["body"]
    airflow_api.respond(api, "populate_warehouse", run_id, "approve_warehouse", "Approve", {"reason": " "})

    def is_asked_again() -> bool:
        return asked(api, run_id)["response_received"] is False

    airflow_api.wait_until(is_asked_again, 60, "to be asked again")
    approval_of(api, airflow_api.AWAITS_INPUT)


def test_a_reject_in_the_shell_ends_the_run_in_airflow(held: tuple[Home, str]) -> None:
    home, _ = held
    api = log_in(home)
    approval_of(api, airflow_api.AWAITS_INPUT)
    load_id = newest_load(home)[0]
    done = home.call("reject", str(load_id), "--reason", "a hundred drafts in the file", "--by", "ann")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "populate_warehouse in Airflow goes on with this answer" in done.stdout
    approval_of(api, "failed")
    assert newest_load(home)[1:3] == ("failed", False)
    airflow_api.wait_until(
        lambda: f"failed: populate_warehouse of {datetime.now(UTC).date()}" in home.call("status").stdout,
        60,
        "status to tell of the run that failed",
    )


def newest_load(home: Home) -> tuple[int, str, bool]:
    with embedded.warehouse_dsn(home.settings) as dsn, psycopg.connect(dsn) as conn:
        return conn.execute(
            "select load_id, state, load_id = (select load_id from warehouse.publication where part = 'warehouse')"
            " from ops.load where part = 'warehouse' order by opened_at desc, load_id desc limit 1"
        ).fetchone()


@pytest.mark.browser
def test_a_person_approves_a_held_load_in_the_browser_and_it_is_published(
    held: tuple[Home, str], tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    home, _ = held
    browser_path = find_browser()
    if browser_path is None:
        pytest.skip("no Chromium: apt-get install chromium")
    api = log_in(home)
    day = datetime.now(UTC).date()
    run = airflow_api.trigger(api, "extract_sources", day)
    failure = following.follow_day(api, Screen(), day, run["dag_run_id"])
    assert (failure.task_id, failure.waits) == ("approve_warehouse", True)
    run_id, _ = approval_of(api, airflow_api.AWAITS_INPUT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=CHROMIUM_OPTIONS)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{api.url}/dags")
        page.locator("input[name=username]").fill(airflow.USER)
        page.locator("input[name=password]").fill(airflow.password(home.settings))
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="populate_warehouse", exact=True).wait_for()
        page.goto(
            f"{api.url}/dags/populate_warehouse/runs/{urllib.parse.quote(run_id, safe='')}"
            "/tasks/approve_warehouse/required_actions"
        )
        page.get_by_text("What speaks against it").wait_for()
        page.locator("input[name=element_reason], textarea[name=element_reason]").first.fill("drafts are harmless")
        folder = Path(os.environ.get(PICTURES) or tmp_path)
        folder.mkdir(parents=True, exist_ok=True)
        page.wait_for_timeout(1000)
        page.screenshot(path=folder / "approval.png")
        page.get_by_role("button", name="Approve").click()
        approval_of(api, "success")
        browser.close()

    def is_published() -> bool:
        return newest_load(home)[1:3] == ("published", True)

    airflow_api.wait_until(is_published, 60, "the load to be published")
    with embedded.warehouse_dsn(home.settings) as dsn, psycopg.connect(dsn) as conn:
        recorded = conn.execute(
            "select verdict, reason, decided_by, decided_in from ops.hold_decision order by decision_id"
        ).fetchall()
    assert recorded == [
        ("reject", "a hundred drafts in the file", "ann", "shell"),
        ("approve", "drafts are harmless", "admin", "airflow"),
    ]


@pytest.mark.full
def test_a_day_accepted_in_the_form_is_not_held(held: tuple[Home, str]) -> None:
    home, _ = held
    api = log_in(home)
    newest = max(Path(held[1].split("files from ")[1].splitlines()[0]).glob("netflix/*/netflix_titles.csv"))
    with newest.open("a") as file:
        file.write("s9999,Another that is neither\n")
    day = datetime.now(UTC).date()
    body = {"logical_date": None, "conf": {"day": day.isoformat(), "accept_volume": "a hundred drafts in the file"}}
    started = airflow_api.ask(api, "POST", "/api/v2/dags/extract_sources/dagRuns", body)
    assert following.follow_day(api, Screen(), day, started["dag_run_id"]) is None
    load_id, state, is_seen = newest_load(home)
    with embedded.warehouse_dsn(home.settings) as dsn, psycopg.connect(dsn) as conn:
        recorded = conn.execute(
            "select load_id, reason, array_to_string(overridden, '; ') from ops.override"
        ).fetchall()
    assert (state, is_seen) == ("published", True)
    assert [row[:2] for row in recorded] == [(load_id, "a hundred drafts in the file")]
    assert "netflix_titles.csv: expected at most 0.5% bad rows, found" in recorded[0][2]


def test_when_up_is_killed_everything_ends(stopped: Home) -> None:
    """After Ctrl-C too: what waits in test_waiting.py ends so."""
    up = stopped.start("up")
    wait_for(up, "Airflow answers")
    assert len(stopped.left()) > 4
    up.kill()
    up.wait(60)
    wait_until_nothing_is_left(stopped)


def test_a_start_is_told_of_and_one_that_is_stopped_says_so(stopped: Home) -> None:
    up = stopped.start("up")
    wait_for(up, "starting PostgreSQL")
    said = stopped.call("status").stdout
    assert "airflow   starting; " in said
    assert stopped.call("down").stdout == "stopped\n"
    said = up.communicate(timeout=60)[0]
    assert up.returncode == 1
    assert "The start was stopped" in said
    assert stopped.left() == []


@pytest.mark.full
def test_down_cleans_up_after_a_killed_supervisor(stopped: Home) -> None:
    up = stopped.start("up")
    wait_for(up, "Airflow answers")
    (supervisor,) = [child for child in psutil.Process(up.pid).children() if "supervising" in " ".join(child.cmdline())]
    supervisor.kill()
    assert up.wait(60) == 1
    assert stopped.call("down").stdout == "stopped\n"
    assert stopped.left() == []


def test_a_component_that_dies_too_often_ends_up_with_its_last_lines(stopped: Home) -> None:
    stopped.env["REELHOUSE_RESTARTS"] = "0"
    up = stopped.start("up")
    wait_for(up, "Airflow answers")
    (scheduler,) = [
        process for process in airflow.marked_processes(stopped.settings) if process.cmdline()[3:4] == ["scheduler"]
    ]
    scheduler.kill()
    said = up.communicate(timeout=90)[0]
    assert up.returncode == 1
    assert "scheduler ended by itself with code -9" in said
    wait_until_nothing_is_left(stopped)
