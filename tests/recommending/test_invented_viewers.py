"""Invented viewers: the same seed the same bytes, a taste that shows, numbers that mark them."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from source_files import read

from reelhouse.errors import SettingsWrong
from reelhouse.recommending.events import FIRST_SYNTHETIC
from reelhouse.sampling.viewers import FIRST_MOVIE, Film, write_viewers

GENRES = ("Comedy", "Drama", "Horror", "Western")
FILMS = [Film(f"Film {n}", 1990 + n % 30, (GENRES[n % 4],), n or None, 10 ** (n % 5), 90) for n in range(200)]


def test_the_same_seed_makes_the_same_files_and_the_sources_reader_takes_every_row(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert write_viewers(tmp_path / name, FILMS, 50, 1000, 3) == {"films": 200, "users": 50, "views": 1000}
    write_viewers(tmp_path / "c", FILMS, 50, 1000, 4)
    texts = {name: (tmp_path / name / "viewings.csv").read_bytes() for name in "abc"}
    assert texts["a"] == texts["b"] != texts["c"]
    for name in ("movies", "links", "viewings"):
        rows, record, _ = read("viewers", name, (tmp_path / "a" / f"{name}.csv").read_bytes())
        assert (record.rows_quarantined, record.rows_duplicate, record.rows_aside) == (0, 0, 0)
        if name == "viewings":
            assert len(rows) == 1000
            assert min(row.viewer_number for row in rows) > FIRST_SYNTHETIC


def test_viewers_have_tastes_and_fame_shows(tmp_path: Path) -> None:
    write_viewers(tmp_path, FILMS, 100, 3000, 1)
    rows, _, _ = read("viewers", "viewings", (tmp_path / "viewings.csv").read_bytes())
    genres = defaultdict(Counter)
    for row in rows:
        genres[row.viewer_number][FILMS[row.movie_number - FIRST_MOVIE].genres[0]] += 1
    favourite = [max(counts.values()) / sum(counts.values()) for counts in genres.values()]
    assert sum(favourite) / len(favourite) > 0.4, "without a taste it were little above a quarter"
    votes = Counter(FILMS[row.movie_number - FIRST_MOVIE].vote_count for row in rows)
    assert votes[10_000] > 2 * votes[1]


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsWrong, match="as many views"):
        write_viewers(tmp_path, FILMS, 10, 5, 1)
    write_viewers(tmp_path, FILMS, 2, 5, 1)
    with pytest.raises(SettingsWrong, match="expected no such file"):
        write_viewers(tmp_path, FILMS, 2, 5, 1)
