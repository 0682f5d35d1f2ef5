"""What SECURITY.md claims: each item has its tests, weaknesses are found and told, secrets stay where they are."""

from __future__ import annotations

import ast
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
import zipfile
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql

import reelhouse
from reelhouse.errors import SettingsWrong
from reelhouse.matching import keys as keys_of_titles
from reelhouse.matching.keys import fold_name, fold_title
from reelhouse.operating import advisories, postgres, securing
from reelhouse.operating.doctor import Finding
from reelhouse.operating.sbom import LOCK, make_sbom
from reelhouse.recommending import franchises
from reelhouse.serving import keys
from reelhouse.serving.asking import exporting
from reelhouse.serving.models import TitleCard
from reelhouse.settings import Settings
from reelhouse.sources import values, viewers

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text()
CANARY = "CANARY-7f3a"


def test_every_item_of_the_page_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| (\d[\d.]+|[A-Z]\w[^|]*?) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    named = {item: re.findall(r"`([\w/.]+\.py)(?:::(\w+))?`", tests) for item, tests in rows if "---" not in item}
    named.pop("item", None)
    assert len(named) >= 30
    assert [item for item, tests in named.items() if not tests] == []
    for item, tests in named.items():
        for file, test in tests:
            functions = {node.name for node in ast.walk(ast.parse((ROOT / file).read_text()))
                         if isinstance(node, ast.FunctionDef)}  # fmt: skip
            assert not test or test in functions, (item, file, test)


def test_nothing_is_evaluated_unpickled_or_given_to_a_shell() -> None:
    rules = "S102,S301,S302,S307,S506,S602,S604,S605"
    words = [sys.executable, "-m", "ruff", "check", "--no-cache", "--ignore-noqa", "--select", rules, "plugins", "dags"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_text_takes_long_to_read() -> None:
    """What patterns are put to, from a file or a search: long texts that make bad ones try everything."""
    readers = {
        "title_forms": keys_of_titles.title_forms,
        "title_key": lambda text: keys_of_titles.title_key(fold_title(text)),
        "fold_name": fold_name,
        "franchise_keys": lambda text: franchises.franchise_keys([values.trimmed(text)]),
        "title": values.title_or_none,
        "list": values.split_list,
        "date": lambda text: values.date_or_none(text, "date", []),
        "year": lambda text: values.year_or_none(text, "year", []),
        "film of viewers": viewers._TITLE_AND_YEAR.fullmatch,
    }
    slow = []
    for piece in ("a", " ", "1", "(", "a ", "1,", "a.", "\t \n", " - ", "[(", "season 1 "):
        for name, read in readers.items():
            began = time.process_time()
            read("x" + piece * (20_000 // len(piece)) + "!")
            if time.process_time() - began > 2:
                slow.append((name, piece))
    assert slow == []


def found(settings: Settings, state: str) -> list[Finding]:
    return [finding for finding in securing.examine(settings) if finding.state == state]


def test_an_installation_in_order_has_nothing_bad_in_its_database(conn, settings) -> None:
    conn.execute("select ops.make_roles()")
    # Other tests have logins with bare passwords on this server; who runs the tests, and where, is not ours.
    elsewhere = ("user", "passwords", "roles", "pg_hba")
    assert [finding for finding in found(settings, "bad") if finding.subject not in elsewhere] == []


def test_each_weakness_is_found_and_says_what_to_do(conn, settings, tmp_path, monkeypatch) -> None:
    conn.execute("select ops.make_roles()")
    name = f"weak_{uuid.uuid4().hex[:8]}"
    conn.execute(sql.SQL("create role {} login createdb in role reelhouse_analyst").format(sql.Identifier(name)))
    try:
        conn.execute("grant create on schema public to public")
        conn.execute("grant select on warehouse.dim_title to public")
        conn.execute("grant execute on function pg_catalog.lo_create(oid) to public")
        conn.execute("alter table curated.title_note disable trigger audit_update")
        conn.execute("insert into curated.title_note (title_key, topic) values (1, 'mood')")
        conn.execute("update audit.entry set row_count = 2")
        keys.create_key(conn, "endless", ["read"], "test")
        kept = settings.home / "airflow"
        kept.mkdir(parents=True)
        (kept / "secrets.json").write_text("{}")
        (kept / "secrets.json").chmod(0o644)
        (tmp_path / ".profile").write_text("export PGPASSWORD=x\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PGPASSWORD", CANARY)
        monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
        told = [finding for finding in securing.examine(settings) if finding.state != "ok"]
    finally:
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
    said = "\n".join(finding.found for finding in told)
    for weakness in (
        "make tables in schema public", "select warehouse.dim_title", "write large objects", f"{name} is a person",
        "every write to curated.title_note", "entry 1: the entry was edited", "(endless) never expires",
        "secrets.json: others may read it", "PGPASSWORD holds a password", "~/.profile holds a password",
        "everybody is admin",
    ):  # fmt: skip
        assert weakness in said
    assert [finding for finding in told if not finding.mend] == []
    assert CANARY not in said


def test_a_rule_that_trusts_is_found(tmp_path) -> None:
    folder = postgres.server_folder(tmp_path / "home")
    server = postgres.start(folder, settings={"fsync": "off"})
    try:
        rules = folder / "data" / "pg_hba.conf"
        rules.write_text(rules.read_text() + "host all all 10.0.0.0/8 trust\n")
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
            states = [finding.state for finding in securing.check_entrance(conn, Settings)]
    finally:
        postgres.remove(folder)
    assert states == ["bad"]


def test_no_cell_of_an_exported_file_begins_like_a_formula_and_nothing_is_lost() -> None:
    payloads = [
        "=1+1",
        '=cmd|"/c calc"!A0',
        "+1",
        "-7",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
    ]
    titles = [*payloads, "Alien", "'Allo 'Allo!", "9-1-1", "M*A*S*H", '"Quoted", and more']
    empty = TitleCard.model_construct(**dict.fromkeys(TitleCard.model_fields))
    cards = [empty.model_copy(update={"title": title, "runtime": -7, "genres": [title, "Drama"]}) for title in titles]
    rows = list(csv.DictReader(io.StringIO(exporting.as_csv(cards).decode(), newline="")))
    for row, title in zip(rows, titles, strict=True):
        assert row["runtime"] == "-7"
        for cell in (row["title"], row["genres"]):
            assert cell[0] not in "=+-@\t\r\n＝＋－＠"
        assert row["title"] == (f"'{title}" if title in payloads else title)
        assert row["genres"].removeprefix("'" if title in payloads else "") == f"{title}; Drama"


@pytest.mark.parametrize("words", [("doctor", "--security"), ("backup",), ("--verbose", "run", "--day", "2026-01-05")])
def test_a_password_is_in_no_words_of_a_command_that_fails(words, tmp_path) -> None:
    env = os.environ | {
        "PYTHONPATH": str(ROOT / "plugins"),
        "REELHOUSE_HOME": str(tmp_path),
        "REELHOUSE_WAREHOUSE_DSN": f"host=127.0.0.1 port=1 user=nobody password={CANARY} dbname=warehouse",
    }
    done = subprocess.run(
        [sys.executable, "-m", "reelhouse", *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "expected an answer" in done.stdout + done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and CANARY in path.read_text(errors="replace")]


def test_installed_packages_are_found_in_advisories_and_only_they(tmp_path) -> None:
    packages = {"jinja2": "3.1.6", "psycopg": "3.3.9"}
    told = {
        "id": "GHSA-x", "summary": "escapes", "affected": [
            {"package": {"ecosystem": "PyPI", "name": "Jinja2"},
             "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "3.0"}, {"fixed": "3.1.7"}]}]},
            {"package": {"ecosystem": "npm", "name": "psycopg"}, "versions": ["3.3.9"]},
            {"package": {"ecosystem": "PyPI", "name": "psycopg"},
             "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0"}]}]},
        ],
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("GHSA-x.json", json.dumps(told))
        packed.writestr("GHSA-y.json", json.dumps(told | {"id": "GHSA-y", "withdrawn": "2026-01-01T00:00:00Z"}))
    hits, count = advisories.look_up(packages, tmp_path / "all.zip")
    assert hits == [advisories.Vulnerable("jinja2", "3.1.6", "GHSA-x", "escapes", "3.1.7")]
    assert count == 2
    (tmp_path / "no.json").write_text("{")
    for nothing in (tmp_path / "no.json", tmp_path / "none.zip", tmp_path / "empty"):
        with pytest.raises(SettingsWrong, match="--advisories: expected"):
            advisories.look_up(packages, nothing)


def test_containers_run_without_root_on_a_read_only_root_and_without_capabilities() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())["services"]
    assert len(services) >= 7
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service
        # `secrets` gives each file to its reader, and ends; PostgreSQL's image drops to its own user by itself.
        if name not in ("secrets", "postgres"):
            assert service["cap_drop"] == ["ALL"], name
            assert service.get("user", "airflow") in ("airflow", "999:999"), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), (name, port)
    users = re.findall(r"^USER (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["airflow"]


def test_a_release_needs_a_tag_that_says_its_version(tmp_path) -> None:
    clone = tmp_path / "clone"
    (clone / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "release", clone / ".ci")
    (clone / "plugins" / "reelhouse").mkdir(parents=True)
    shutil.copy(ROOT / "plugins" / "reelhouse" / "__init__.py", clone / "plugins" / "reelhouse")
    shutil.copy(ROOT / "CHANGELOG.md", clone)

    def git(*words: str) -> None:
        named = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        subprocess.run(["git", *named, *words], cwd=clone, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "test")
    git("tag", "v0.0.1")
    git("tag", f"v{reelhouse.__version__}")
    for tag, said in (
        ("v7", "v7: expected a tag of this repository"),
        ("v0.0.1", f"expected version 0.0.1, found {reelhouse.__version__}"),
    ):
        done = subprocess.run([".ci/release", tag, "out"], cwd=clone, capture_output=True, text=True, check=False)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr


@pytest.mark.full
def test_the_bill_names_every_installed_package_with_its_version(tmp_path: Path) -> None:
    bill = make_sbom(Path(sys.executable), ROOT / LOCK, tmp_path / "venv")
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["version"] == reelhouse.__version__
    listed = {
        (each["name"].lower().replace("_", "-").replace(".", "-"), each["version"]) for each in bill["components"]
    }
    assert set(advisories.installed().items()) - listed == set()
    assert any(each.get("dependsOn") for each in bill["dependencies"])
