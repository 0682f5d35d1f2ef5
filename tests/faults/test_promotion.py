"""A standby is promoted while the primary publishes: no acknowledged load is lost, and who names both goes on."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from killing import ACKNOWLEDGED, start_publisher
from psycopg.conninfo import make_conninfo
from small_star import run_day
from two_generations import STAMP, TITLES, TOLD, Star, a_star, rows_of
from two_servers import a_pair

from reelhouse.client import Warehouse
from reelhouse.database import connect

# Who asked again at once would take a core from the servers that are watched.
PAUSE_S = 0.01


@dataclass
class Watcher:
    """Reads what a title says, again and again, from whichever server answers."""

    dsn: str
    reads: int = 0
    torn: list[tuple] = field(default_factory=list)
    longest_s: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        last = time.monotonic()
        while not self._ended.is_set():
            try:
                with psycopg.connect(self.dsn, connect_timeout=5) as conn:
                    while not self._ended.is_set():
                        (told,) = conn.execute(TOLD, {"title": random.randint(1, TITLES)}).fetchall()
                        conn.rollback()
                        if len(set(told)) != 1:
                            self.torn.append(told)
                        self.reads += 1
                        now = time.monotonic()
                        self.longest_s, last = max(self.longest_s, now - last), now
                        self._ended.wait(PAUSE_S)
            except psycopg.OperationalError:
                time.sleep(0.05)

    def end(self) -> None:
        self._ended.set()


def test_a_promotion_in_mid_publish_loses_no_acknowledged_load(tmp_path: Path, record) -> None:
    with (
        a_pair(tmp_path, is_synchronous=True) as pair,
        a_star(pair.dsn, tmp_path / "home") as star,
        Warehouse(pair.dsn) as client,
    ):
        watcher = Watcher(make_conninfo(pair.dsn, target_session_attrs="any"))
        reading = threading.Thread(target=watcher.run)
        reading.start()
        seconds = _usual_publish(star)
        load_id = star.prepare(1)
        publisher = start_publisher(pair.dsn, star.day)
        publisher.go()
        time.sleep(random.uniform(0, seconds))
        pair.lose_primary()
        began = time.monotonic()
        pair.promote()
        acknowledged = publisher.answer() == ACKNOWLEDGED
        with connect(pair.dsn, "after the promotion", autocommit=True) as conn:
            back_s = time.monotonic() - began
            assert conn.info.port == pair.standby.port
            seen = star.seen(conn)
            stamped = conn.execute(STAMP).fetchone()[0]
            assert not acknowledged or (seen, stamped) == (1, load_id)
            run_day(conn, star.day, rows_of(1))
            assert star.seen(conn) == 1
        # The client's connection went with the primary, and nobody tells it to connect again.
        assert client.read("select count(*) as titles from mart.titles").titles[0] == TITLES
        watcher.end()
        reading.join()
    assert watcher.torn == []
    assert watcher.reads > 10
    record("promotion", acknowledged=acknowledged, back_s=round(back_s, 2), reads=watcher.reads, torn=0)


def _usual_publish(star: Star) -> float:
    """Seconds of a publish that nothing disturbs; generation 0 is seen afterwards."""
    star.prepare(0)
    publisher = start_publisher(star.dsn, star.day)
    began = time.monotonic()
    publisher.go()
    assert publisher.answer() == ACKNOWLEDGED
    return time.monotonic() - began
