"""Checks: queries for rows that must not exist. One `fail` holds the load; readers keep what they had."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from reelhouse import loads
from reelhouse.database import lock_layer
from reelhouse.day import Day
from reelhouse.errors import Held, SettingsWrong
from reelhouse.warehousing import differences
from reelhouse.warehousing.extent import make_views, read_extent, require_built, within_scope
from reelhouse.warehousing.publishing import PUBLISHED_TABLES

SAMPLE_ROWS = 3
# When the build is not whole: credits may be of people who are not built, and of anybody IMDb names.
CHECKS_SEE = ("every_person", "staging.imdb_people")
# gate of ops.objection -> the check that tells of it
GATES = {
    "volume": "file with unusually many, few or bad rows",
    "match rate": "source of which far more or fewer rows were linked than before",
    "rollback": "load that a person has rolled back",
}
_CHECK = re.compile(r"^-- (fail|warn)\n(.*?);\s*$", re.MULTILINE | re.DOTALL)
_PROBLEM = re.compile(r"select\s+'((?:[^']|'')+)' as problem", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Check:
    """One query of include/sql/9_checks.

    name      the problem it names
    severity  fail or warn
    """

    name: str
    severity: str
    query: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; `sample` is the first rows of it."""

    check: Check
    rows_found: int
    sample: list[dict[str, object]]


def read_checks(path: Path) -> list[Check]:
    """The checks of a file: each begins after a line `-- fail` or `-- warn` and ends with a semicolon.

    Raises  SettingsWrong when one does not name its problem, or two name the same
    """
    checks: list[Check] = []
    for severity, query in _CHECK.findall(path.read_text()):
        named = _PROBLEM.match(query.strip())
        if not named:
            raise SettingsWrong(f"{path}: expected \"select '…' as problem\" first, found {query.strip()[:60]!r}.")
        checks.append(Check(named[1].replace("''", "'"), severity, query.strip()))
    names = [check.name for check in checks]
    if not names or len(set(names)) < len(names):
        raise SettingsWrong(f"{path}: expected checks of different names, found {sorted(names)}.")
    return checks


def run_check(conn: psycopg.Connection, check: Check) -> CheckResult:
    """Ask one check; only what it finds is fetched again, for the sample."""
    query = sql.SQL(check.query)  # type: ignore[arg-type]  # a file of the project, not input
    (rows_found,) = conn.execute(sql.SQL("select count(*) from ({}) as found").format(query)).fetchone()
    if not rows_found:
        return CheckResult(check, 0, [])
    sample = conn.execute(
        sql.SQL("select to_jsonb(found) from ({}) as found limit {}").format(query, sql.Literal(SAMPLE_ROWS))
    )
    return CheckResult(check, rows_found, [row[0] for row in sample])


def record_checks(conn: psycopg.Connection, load_id: int, results: list[CheckResult]) -> None:
    """Keep what the checks found with the load, in place of what earlier ones of the same name did."""
    for result in results:
        conn.execute(
            "insert into ops.check_result (load_id, check_name, severity, rows_found, sample)"
            " values (%s, %s, %s, %s, %s) on conflict (load_id, check_name) do update set"
            " severity = excluded.severity, rows_found = excluded.rows_found, sample = excluded.sample,"
            " checked_at = excluded.checked_at",
            (load_id, result.check.name, result.check.severity, result.rows_found, Jsonb(result.sample)),
        )


def recorded_checks(conn: psycopg.Connection, load_id: int, checks: list[Check]) -> list[CheckResult]:
    """What was found when the checks of a load were asked before."""
    found = {
        name: (rows_found, sample)
        for name, rows_found, sample in conn.execute(
            "select check_name, rows_found, sample from ops.check_result where load_id = %s", (load_id,)
        )
    }
    return [CheckResult(check, *found[check.name]) for check in checks]


def check_warehouse(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Ask every check about the build tables, and find what a publish would change.

    Gives   load_id, the number of checks, rows found by each that found any, and rows that a publish would change
    Raises  Held when a check of severity fail found rows, or a gate has spoken against the load, and nobody has
            approved exactly that: the load then waits for a person
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    of_day = read_checks(day.settings.sql / "9_checks" / "warehouse.sql")
    of_history = read_checks(day.settings.sql / "9_checks" / "history.sql")
    with conn.transaction():
        lock_layer(conn, writes="build", reads=("warehouse",))
        require_built(conn, load.load_id)
        # An older day was checked by itself, before the build took in what is newer.
        is_older = conn.execute("select is_older from build.taken_day").fetchone()[0]
        extent = read_extent(conn, load.load_id)
        results = recorded_checks(conn, load.load_id, of_day) if is_older else []
        to_ask = of_history if is_older else of_day + of_history
        if extent.is_repeated:
            # They would ask about what readers see, as they did when it was loaded.
            results, to_ask = recorded_checks(conn, extent.base_load_id, to_ask), []
        elif not extent.is_whole:
            make_views(conn)
            to_ask = [replace(check, query=within_scope(check.query, CHECKS_SEE)) for check in to_ask]
        results += _gate_results(conn, load.load_id)
        for number, check in enumerate(to_ask):
            day.tell(f"checking: no {check.name}", number / len(to_ask))
            results.append(run_check(conn, check))
        record_checks(conn, load.load_id, results)
        difference = differences.compare(conn, load.load_id, PUBLISHED_TABLES, day)
        reasons = hold_reasons(results)
        is_held = bool(reasons) and not loads.is_approved(conn, load, reasons, difference.digest)
        loads.set_state(conn, load.load_id, "held" if is_held else "checked", "; ".join(reasons) if is_held else None)
        loads.add_figures(conn, load.load_id, {"held_because": reasons})
    if is_held:
        raise Held(held_message("Load", load, "; ".join(reasons)))
    found = {result.check.name: result.rows_found for result in results if result.rows_found}
    changes = sum(sum(rows.values()) for rows in difference.tables.values())
    return {"load_id": load.load_id, "checks": len(results), "found": found, "rows_to_change": changes}


def hold_reasons(results: list[CheckResult]) -> list[str]:
    """What speaks against a load, in words."""
    failed = [result for result in results if result.rows_found and result.check.severity == "fail"]
    reasons: list[str] = []
    for result in failed:
        if result.check.name in GATES.values():
            reasons += [f"{row['reason']}" for row in result.sample]
        else:
            reasons.append(f"{result.check.name} ({result.rows_found} rows; first: {_in_words(result.sample[0])})")
    return reasons


def held_message(what: str, load: loads.Load, reasons: str) -> str:
    """Why nothing was published, and what a person can do."""
    return (
        f"{what} {load.load_id} of {load.batch_date} is held: {reasons}. Nothing was published; see ops.check_result. "
        f"Right all the same: ./reelhouse approve {load.load_id} --reason TEXT, or approve it in Airflow; "
        f"wrong: ./reelhouse reject {load.load_id} --reason TEXT."
    )


def _in_words(row: dict[str, object]) -> str:
    return ", ".join(str(value) for name, value in row.items() if name != "problem" and value is not None)


def _gate_results(conn: psycopg.Connection, load_id: int) -> list[CheckResult]:
    """What the gates before the build have found, as results of checks."""
    found: dict[str, list[str]] = {}
    for gate, reason in loads.objections(conn, load_id):
        found.setdefault(gate, []).append(reason)
    return [
        CheckResult(Check(name, "fail", ""), len(found.get(gate, [])), [
            {"problem": name, "reason": reason} for reason in found.get(gate, [])
        ])
        for gate, name in GATES.items()
    ]  # fmt: skip
