"""Invented viewers with tastes of their own, in the layout of the viewers files: for load, plumbing and privacy.

Each viewer likes some genres more than others, watches what is well known more often, later what was watched less
long ago, and breaks off what does not fit. Their numbers begin at 900,000,001, by which the warehouse knows them as
invented; no quality is ever measured on them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reelhouse.errors import SettingsWrong

FIRST_USER = 900_000_001
FIRST_MOVIE = 900_000_001
BATCH = 1000
# 2024-01-01 to 2025-12-31, in seconds since 1970.
FIRST_MOMENT, LAST_MOMENT = 1_704_067_200, 1_767_225_599
# Small concentration: a viewer has two or three genres that matter.
TASTE = 0.3
# How much of a viewing fame decides; the rest is taste.
FAME = 0.6
FILES = ("movies.csv", "links.csv", "viewings.csv")


class Film(NamedTuple):
    """A title that may be watched; `imdb_number` is the number in its tconst, if it has one."""

    title: str
    release_year: int | None
    genres: tuple[str, ...]
    imdb_number: int | None
    vote_count: int
    runtime_min: int | None


def write_viewers(
    folder: Path,
    films: Sequence[Film],
    users: int,
    views: int,
    seed: int,
    tell: Callable[[str, float], None] = lambda message, share: None,
) -> dict[str, int]:
    """Write movies.csv, links.csv and viewings.csv into a folder.

    Takes   views  viewings in all, at least one a viewer
    Gives   films, users, views written
    Raises  SettingsWrong when numbers cannot be, or a file is there already
    Reruns  the same films, numbers and seed make the same bytes
    """
    if not 1 <= users <= views:
        raise SettingsWrong(f"sample viewers: expected 1 user or more and as many views, found {users} and {views}.")
    if len(films) < 2:
        raise SettingsWrong(
            f"sample viewers: expected a catalogue in the warehouse, found {len(films)} titles. Run a day."
        )
    for name in FILES:
        if (folder / name).exists():
            raise SettingsWrong(f"{folder / name}: expected no such file, found one. Name another folder by --out.")
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "movies.csv", ("movieId", "title", "genres"), (
        (FIRST_MOVIE + place, film.title if film.release_year is None else f"{film.title} ({film.release_year})",
         "|".join(film.genres) or "(no genres listed)")
        for place, film in enumerate(films)
    ))  # fmt: skip
    _write(folder / "links.csv", ("movieId", "imdbId", "tmdbId"), (
        (FIRST_MOVIE + place, "" if film.imdb_number is None else f"{film.imdb_number:07d}", "")
        for place, film in enumerate(films)
    ))  # fmt: skip
    written = _write_viewings(folder / "viewings.csv", films, users, views, np.random.default_rng(seed), tell)
    return {"films": len(films), "users": users, "views": written}


def _write(path: Path, header: Sequence[str], rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _write_viewings(
    path: Path, films: Sequence[Film], users: int, views: int, draw: np.random.Generator, tell: Callable
) -> int:
    names = sorted({genre for film in films for genre in film.genres}) or [""]
    has_genre = np.array([[genre in film.genres for genre in names] for film in films], dtype=np.float64)
    has_genre /= np.maximum(1.0, has_genre.sum(axis=1, keepdims=True))
    fame = np.log1p([film.vote_count for film in films])
    fame = 0.05 + fame / (fame.max() or 1.0)
    runtime = np.array([film.runtime_min or 60 for film in films])
    written = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write("userId,movieId,timestamp,minutes\n")
        counts = 1 + draw.multinomial(views - users, np.full(users, 1 / users))
        for first in range(0, users, BATCH):
            tell(f"viewers {first:,} of {users:,}", first / users)
            size = min(BATCH, users - first)
            tastes = draw.dirichlet(np.full(len(names), TASTE), size)
            fits = tastes @ has_genre.T
            for place in range(size):
                fit = fits[place] / (fits[place].max() or 1.0)
                weight = fame ** (4 * FAME) * (0.02 + fit) ** (4 * (1 - FAME))
                count = min(int(counts[first + place]), len(films))
                chosen = draw.choice(len(films), count, replace=False, p=weight / weight.sum())
                moments = np.sort(draw.integers(FIRST_MOMENT, LAST_MOMENT, count))
                share = np.where(draw.random(count) < 0.35 + 0.6 * fit[chosen], 1.0, draw.uniform(0.05, 0.45, count))
                minutes = np.maximum(1, np.rint(share * runtime[chosen])).astype(int)
                for film, moment, lasted in zip(chosen.tolist(), moments.tolist(), minutes.tolist(), strict=True):
                    file.write(f"{FIRST_USER + first + place},{FIRST_MOVIE + film},{moment},{lasted}\n")
                written += count
    return written
