"""What the tests of recommendations share."""

from __future__ import annotations

import psycopg
import pytest
from twelve_titles import write_catalogue


@pytest.fixture
def catalogue(conn: psycopg.Connection) -> None:
    """The twelve titles, published."""
    write_catalogue(conn)
