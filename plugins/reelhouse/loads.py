"""Loads: one for each part, day and input digest. The same input on the same day is the same load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from reelhouse.errors import Held, OutOfStep
from reelhouse.settings import PACKAGE, Settings


@dataclass(frozen=True, slots=True)
class Load:
    """A load as the ledger has it.

    is_seen  readers see this load now, or (a day older than theirs) what it adds to history: nothing is left to do
    """

    load_id: int
    part: str
    batch_date: date
    state: str
    built_on_load_id: int | None
    is_seen: bool


def open_load(
    conn: psycopg.Connection, part: str, batch_date: date, input_sha256: str, built_on: int | None = None
) -> Load:
    """The load for this input, made or found. What had been held or failed is tried again; another input of the day
    that is held waits for nobody any more.
    """
    conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, built_on_load_id) values (%s, %s, %s, %s)"
        " on conflict (part, batch_date, input_sha256) do update set opened_at = clock_timestamp(),"
        " state = case when ops.load.state in ('held', 'failed') then 'building' else ops.load.state end,"
        " state_reason = null",
        (part, batch_date, input_sha256, built_on),
    )
    load = current_load(conn, part, batch_date)
    give_up_held(conn, part, batch_date, f"replaced by load {load.load_id}")
    return load


def current_load(conn: psycopg.Connection, part: str, batch_date: date) -> Load:
    """The load a day is worked on with: the one opened last.

    Raises  OutOfStep when the day has none yet, Held when it waits for a person
    """
    row = conn.execute(
        "select load.load_id, load.part, load.batch_date, load.state, load.built_on_load_id,"
        " load.load_id is not distinct from publication.load_id or (load.state = 'published'"
        "  and load.batch_date < publication.batch_date and not exists (select from ops.load as later"
        "   where later.part = load.part and later.batch_date = load.batch_date"
        "   and later.published_at > load.published_at)) as is_seen, load.state_reason"
        " from ops.load left join warehouse.publication using (part)"
        " where part = %s and load.batch_date = %s order by opened_at desc, load_id desc limit 1",
        (part, batch_date),
    ).fetchone()
    if row is None:
        raise OutOfStep(
            f"{batch_date}: expected an opened {part} load, found none. Run the steps before this one first."
        )
    if row[3] == "held":
        raise Held(f"Load {row[0]} of {batch_date} is held: {row[6]}. Nothing was published.")
    return Load(*row[:6])


def newest_load_id(conn: psycopg.Connection, part: str, batch_date: date) -> int | None:
    """The load a day is worked on with, whatever its state; None when it has none yet."""
    row = conn.execute(
        "select load_id from ops.load where part = %s and batch_date = %s"
        " order by opened_at desc, load_id desc limit 1",
        (part, batch_date),
    ).fetchone()
    return row[0] if row else None


def is_older(conn: psycopg.Connection, batch_date: date) -> bool:
    """Whether readers have a newer day."""
    query = "select from warehouse.publication where part = 'warehouse' and batch_date > %s"
    return conn.execute(query, (batch_date,)).fetchone() is not None


def set_state(conn: psycopg.Connection, load_id: int, state: str, reason: str | None = None) -> None:
    conn.execute("update ops.load set state = %s, state_reason = %s where load_id = %s", (state, reason, load_id))


def give_up_held(conn: psycopg.Connection, part: str, batch_date: date, reason: str) -> None:
    """Ask nobody any more about loads of the day that are held: none of them can be published."""
    conn.execute(
        "update ops.load set state = 'failed', state_reason = %s"
        " where part = %s and batch_date = %s and state = 'held'",
        (reason, part, batch_date),
    )


def is_accepted(conn: psycopg.Connection, load_id: int, reasons: list[str], given: str | None) -> bool:
    """Whether a person has accepted, for this very load, all that speaks against it; noted when they do so now.

    Takes   given  their reason, when they give one now
    """
    row = conn.execute(
        "select from ops.override where load_id = %s and overridden @> %s::text[]", (load_id, reasons)
    ).fetchone()
    if row is not None:
        return True
    if not (given or "").strip():
        return False
    conn.execute(
        "insert into ops.override (load_id, overridden, reason) values (%s, %s, %s)", (load_id, reasons, given.strip())
    )
    return True


def object_to(conn: psycopg.Connection, load_id: int, gate: str, reasons: list[str]) -> None:
    """Keep what a gate has against a load, in place of what it had before. The load is built aside, then held."""
    conn.execute("delete from ops.objection where load_id = %s and gate = %s", (load_id, gate))
    for reason in reasons:
        conn.execute("insert into ops.objection (load_id, gate, reason) values (%s, %s, %s)", (load_id, gate, reason))


def objections(conn: psycopg.Connection, load_id: int) -> list[tuple[str, str]]:
    """What the gates have against a load: gate and reason."""
    return conn.execute(
        "select gate, reason from ops.objection where load_id = %s order by gate, reason", (load_id,)
    ).fetchall()


def approval(conn: psycopg.Connection, load_id: int) -> tuple[str, list[str]] | None:
    """What a person has approved of this load, if that was the last answer: digest of what was shown, objections."""
    row = conn.execute(
        "select verdict, digest, objections from ops.hold_decision where load_id = %s"
        " order by decision_id desc limit 1",
        (load_id,),
    ).fetchone()
    return row[1:] if row and row[0] == "approve" else None


def is_approved(conn: psycopg.Connection, load: Load, reasons: list[str], digest: str) -> bool:
    """Whether a person has approved just this: the same objections, and the same content or what readers see."""
    approved = approval(conn, load.load_id)
    return approved is not None and set(reasons) <= set(approved[1]) and (load.is_seen or approved[0] == digest)


def add_figures(conn: psycopg.Connection, load_id: int, figures: dict[str, object]) -> None:
    """Keep figures of a step (counts, rates, seconds) with the load."""
    conn.execute("update ops.load set figures = figures || %s where load_id = %s", (Jsonb(figures), load_id))


@cache
def code_sha256(settings: Settings) -> str:
    """Digest of everything beside the data that decides what a load comes out as: code, SQL, reference, overrides."""
    digest = hashlib.sha256()
    places: list[tuple[Path, str]] = [
        (PACKAGE, "*.py"),
        (PACKAGE, "*.toml"),
        (settings.sql, "*.sql"),
        (settings.reference, "*.csv"),
        (settings.manual_matches.parent, settings.manual_matches.name),
    ]
    for folder, pattern in places:
        for path in sorted(folder.rglob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def overrides_sha256(conn: psycopg.Connection) -> str:
    """Digest of the decisions of people that hold: with others, the same files are another load."""
    rows = conn.execute(
        "select source, kind, folded_title, release_year, verdict, imdb_title_number from matching.override"
        " where withdrawn_at is null order by override_id"
    ).fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def require_layer(conn: psycopg.Connection, layer: str, load_id: int) -> None:
    """Make sure that a layer holds the rows of a load. Lock it first, or it may change right after.

    Raises  OutOfStep when it holds another load's, or none
    """
    (found,) = conn.execute("select load_id from ops.layer where layer = %s", (layer,)).fetchone()
    if found != load_id:
        raise OutOfStep(
            f"Layer {layer}: expected load {load_id}, found {found or 'none'}. Another run came between, or a step "
            "was left out: run the day again, in Airflow clear its run of extract_sources, in the shell "
            "`./reelhouse run --day DAY`."
        )
