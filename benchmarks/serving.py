"""The app asked by many at once: how long answers take, and how many there are when nobody pauses.

Starts `reelhouse serve` on a warehouse that is there (`REELHOUSE_WAREHOUSE_DSN`, or the embedded one), with a key of
its own that is taken back afterwards. Readers ask a mix of questions about its titles and people, the known ones more
often, some with a slip of the fingers, with a second of thought in between; `--publish DAY` runs that day meanwhile.
Then nobody pauses, for the throughput there is. Last, type-ahead in this process: the server's time by letters typed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

import httpx
import psutil
import psycopg

from reelhouse.operating import embedded
from reelhouse.operating.arguments import parse_day
from reelhouse.serving.asking import titles
from reelhouse.serving.keys import create_key, revoke_key
from reelhouse.serving.reading import Reader
from reelhouse.serving.settings import ServingSettings
from reelhouse.settings import read_settings

READERS, SECONDS, THINK = 120, 60, 1.0
# Of a hundred questions, how many are of which kind.
MIX = {"suggest": 30, "search": 30, "title": 20, "similar": 5, "list": 5, "people": 4, "person": 4, "platform": 2}


@dataclass
class Known:
    """What is asked about: names and ids of the warehouse, the known ones first."""

    titles: list[tuple[str, str]]
    people: list[tuple[str, str]]


@dataclass
class Met:
    """What readers met: seconds of each answer by kind, and what was no answer."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def rows(self, name: str, took: float, busy: float) -> list[dict[str, object]]:
        found = [
            {"name": f"{name}: {kind}", "metric": metric, "value": round(1000 * _part(values, part), 1)}
            for kind, values in sorted(self.seconds.items())
            for metric, part in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99))
        ]
        count = sum(map(len, self.seconds.values()))
        whole = [{"name": name, "metric": "answers", "value": count},
                 {"name": name, "metric": "answers_per_s", "value": round(count / took, 1)},
                 {"name": name, "metric": "cpu_ms_an_answer", "value": round(1000 * busy / max(count, 1), 1)},
                 {"name": name, "metric": "errors", "value": len(self.errors)}]  # fmt: skip
        return found + whole


def _part(values: list[float], part: float) -> float:
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--readers", type=int, default=READERS, metavar="N", help=f"who ask at once ({READERS})")
    parser.add_argument("--seconds", type=int, default=SECONDS, metavar="S", help=f"for so long ({SECONDS})")
    parser.add_argument("--workers", type=int, metavar="N", help="processes that answer (as serve starts them)")
    parser.add_argument("--publish", type=parse_day, metavar="DAY", help="run this day meanwhile")
    parser.add_argument("--only-type-ahead", action="store_true", help="ask no server, measure type-ahead alone")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Milliseconds of the answers by kind, answers a second, errors; type-ahead by letters typed."""
    with embedded.warehouse_dsn(read_settings()) as dsn, psycopg.connect(dsn, autocommit=True) as conn:
        known = _known(conn)
        if arguments.only_type_ahead:
            return _type_ahead(dsn, known)
        # What others do meanwhile decides about milliseconds, not about CPU.
        machine = {"name": "machine", "metric": "load_average_before", "value": round(os.getloadavg()[0], 1)}
        number, key = create_key(conn, "bench serving", ["read"], "bench")
        try:
            with _serving(dsn, arguments.workers) as (url, pid):
                found = asyncio.run(_ask(url, key, known, arguments, dsn, lambda: _busy(conn, pid)))
        finally:
            revoke_key(conn, number, "bench")
        return [machine, *found, *_type_ahead(dsn, known)]


def _known(conn: psycopg.Connection) -> Known:
    found = conn.execute(
        "select coalesce(imdb_title_id, title_key::text), title from warehouse.title_search"
        " inner join warehouse.dim_title using (title_key) order by vote_count desc, title_key limit 20000"
    ).fetchall()
    people = conn.execute(
        "select distinct coalesce(imdb_person_id, person_key::text), person_name from mart.title_people"
        " where title_key in (select title_key from warehouse.title_search order by vote_count desc limit 500)"
    ).fetchall()
    return Known(found, sorted(people) or [("nm0000001", "Nobody")])


@contextmanager
def _serving(dsn: str, workers: int | None) -> Iterator[tuple[str, int]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "REELHOUSE_WAREHOUSE_DSN": dsn, "REELHOUSE_API_RATE": "100000000"}
    words = [sys.executable, "-m", "reelhouse", "serve", "--port", str(port), "--no-access-log"]
    words += ["--workers", str(workers)] if workers else []
    server = subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/readyz", trust_env=False).status_code == 204:
                    break
            time.sleep(0.1)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait(30)


async def _ask(
    url: str, key: str, known: Known, arguments: argparse.Namespace, dsn: str, busy: Callable[[], float]
) -> list[dict[str, object]]:
    limits = httpx.Limits(max_connections=arguments.readers, max_keepalive_connections=arguments.readers)
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, limits=limits, trust_env=False, timeout=60) as client:
        await _all(client, known, arguments.readers, min(5, arguments.seconds), THINK)
        publishing = _publish(arguments.publish, dsn) if arguments.publish else None
        met, took, before = Met(), 0.0, busy()
        while took == 0.0 or (publishing is not None and publishing.poll() is None):
            more, seconds = await _all(client, known, arguments.readers, arguments.seconds, THINK)
            took += seconds
            met.errors += more.errors
            for kind, values in more.seconds.items():
                met.seconds.setdefault(kind, []).extend(values)
        name = "with a second of thought" + (", while a day is run and published" if publishing else "")
        found = met.rows(name, took, busy() - before)
        if publishing:
            found.append({"name": name, "metric": "exit_code_of_the_run", "value": publishing.returncode})
        before = busy()
        met, took = await _all(client, known, arguments.readers, min(15, arguments.seconds), 0.0)
        return found + met.rows("without pause", took, busy() - before)


def _busy(conn: psycopg.Connection, pid: int) -> float:
    """Seconds of CPU of the app's processes, and of the server's processes for them that are on this machine."""
    backends = conn.execute(
        "select pid from pg_stat_activity where application_name = 'reelhouse serving' and datname = current_database()"
    ).fetchall()
    app = psutil.Process(pid)
    seconds = 0.0
    for process in (app, *app.children(recursive=True), *(row[0] for row in backends)):
        with suppress(psutil.Error):
            times = (psutil.Process(process) if isinstance(process, int) else process).cpu_times()
            seconds += times.user + times.system
    return seconds


def _publish(day: date, dsn: str) -> subprocess.Popen:
    env = {**os.environ, "REELHOUSE_WAREHOUSE_DSN": dsn}
    words = [sys.executable, "-m", "reelhouse", "run", "--day", day.isoformat()]
    return subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL)


async def _all(
    client: httpx.AsyncClient, known: Known, readers: int, seconds: float, think: float
) -> tuple[Met, float]:
    met, began = Met(), time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(_reader(client, known, random.Random(n), until, think, met) for n in range(readers)))
    return met, time.perf_counter() - began


async def _reader(
    client: httpx.AsyncClient, known: Known, chance: random.Random, until: float, think: float, met: Met
) -> None:
    await asyncio.sleep(chance.random() * think)
    while time.perf_counter() < until:
        (kind,) = chance.choices(list(MIX), MIX.values())
        path = QUESTIONS[kind](known, chance)
        began = time.perf_counter()
        try:
            answered = await client.get(path)
        except httpx.HTTPError as error:
            met.errors.append(f"{path}: {type(error).__name__}")
        else:
            met.seconds.setdefault(kind, []).append(time.perf_counter() - began)
            if answered.status_code != 200:
                met.errors.append(f"{path}: {answered.status_code}")
        await asyncio.sleep(think * (0.5 + chance.random()))


def _pick(found: list[tuple[str, str]], chance: random.Random) -> tuple[str, str]:
    """One of them, the known ones far more often, as people ask."""
    return found[min(int(len(found) * chance.random() ** 3), len(found) - 1)]


def _slip(text: str, chance: random.Random) -> str:
    """One time in five two letters change places."""
    place = chance.randrange(max(len(text) - 1, 1))
    is_slip = len(text) > 4 and chance.random() < 0.2
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :] if is_slip else text


def _name(known: Known, chance: random.Random) -> str:
    return _pick(known.titles, chance)[1]


QUESTIONS: dict[str, Callable[[Known, random.Random], str]] = {
    "suggest": lambda known, chance: (
        "/api/v1/movies/suggest?query=" + quote(_name(known, chance)[: chance.randint(1, 12)].strip() or "a")
    ),
    "search": lambda known, chance: "/api/v1/movies/search?query=" + quote(_slip(_name(known, chance), chance)[:200]),
    "title": lambda known, chance: f"/api/v1/movies/{_pick(known.titles, chance)[0]}",
    "similar": lambda known, chance: f"/api/v1/movies/{_pick(known.titles, chance)[0]}/similar",
    "list": lambda known, chance: (
        f"/api/v1/movies?sort={chance.choice(('popularity', 'rating', 'year'))}&offset={10 * chance.randrange(20)}"
    ),
    "people": lambda known, chance: "/api/v1/people/search?query=" + quote(_pick(known.people, chance)[1]),
    "person": lambda known, chance: f"/api/v1/people/{_pick(known.people, chance)[0]}",
    "platform": lambda known, chance: f"/get_actor/netflix/{chance.randint(2000, 2020)}",
}


def _type_ahead(dsn: str, known: Known) -> list[dict[str, object]]:
    """Milliseconds from what was typed to the list, without the network, and what of them the CPU was at it.

    On a machine that does other work too, the CPU's part is what an idle one would take.
    """
    reader = Reader(dsn, ServingSettings())
    reader.pool.open()
    try:
        typed: dict[int, list[float]] = {}
        busy: dict[int, float] = {}
        server = reader.ask(lambda seen: seen.value("select pg_backend_pid()"))[0]
        chance = random.Random(1)
        for turn in range(300):
            name = _slip(_name(known, chance), chance)
            for letters in (1, 2, 3, 4, 6, 9):
                if len(name) < letters:
                    break
                began, cpu = time.perf_counter(), _cpu(server)
                reader.ask(lambda seen, text=name[:letters]: titles.suggest(seen, text))
                # The first turns fill what the server keeps in memory.
                if turn >= 20:
                    typed.setdefault(letters, []).append(time.perf_counter() - began)
                    busy[letters] = busy.get(letters, 0.0) + _cpu(server) - cpu
        count = reader.ask(lambda seen: seen.value("select count(*) from warehouse.title_search"))[0]
    finally:
        reader.pool.close()
    found: list[dict[str, object]] = [{"name": "type-ahead", "metric": "titles", "value": count}]
    for letters, values in typed.items():
        name = f"type-ahead: {letters} letter{'s' if letters > 1 else ''}"
        found.append({"name": name, "metric": "p50_ms", "value": round(1000 * statistics.median(values), 1)})
        found.append({"name": name, "metric": "p95_ms", "value": round(1000 * _part(values, 0.95), 1)})
        cpu_ms = 1000 * busy[letters] / len(values)
        found.append({"name": name, "metric": "cpu_ms", "value": round(cpu_ms, 1)})
    return found


def _cpu(server: int) -> float:
    """Seconds of CPU of this process, and of the server's process for it when that is on this machine."""
    try:
        times = psutil.Process(server).cpu_times()
        return time.process_time() + times.user + times.system
    except psutil.Error:
        return time.process_time()
