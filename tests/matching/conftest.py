"""Fixtures of the matching tests."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from works import MakeDay, Works

from reelhouse.day import Day


@pytest.fixture
def works(conn: psycopg.Connection, make_day: MakeDay) -> Works:
    """An empty catalogue to put works into."""
    return Works(conn, make_day())


@pytest.fixture
def with_manual(works: Works, tmp_path: Path):
    """Give the day another manual_matches.csv: its lines below the header."""
    include = tmp_path / "include"

    def give(*lines: str) -> Works:
        (include / "data").mkdir(parents=True, exist_ok=True)
        link = include / "sql"
        if not link.exists():
            link.symlink_to(works.day.settings.sql)
        header = "source,kind,title,release_year,imdb_id,decided_by,why"
        (include / "data" / "manual_matches.csv").write_text("\n".join((header, *lines)) + "\n")
        settings = works.day.settings
        changed = type(settings)(settings.home, settings.data, include, settings.warehouse_dsn, settings.postgres_bin)
        works.day = Day(works.day.batch_date, changed)
        return works

    return give
