"""Recommendations: how right beside popularity and the ways of earlier projects.

`--ratings FOLDER` names a folder with ratings.csv, history_last20.csv and truth_last20.csv (user, item, rating,
moment): viewers are cut in five, ties are learnt from four fifths and from the history of the fifth, and the hidden
titles are looked for; `--peers` puts LensKit and implicit beside. `--titles` compares, on all films of the warehouse
that its viewers rated, what stands beside them with what the same viewers like; where the warehouse's own averages
say nothing, `--imdb-ratings` reads others. `--warehouse` computes all lists of the warehouse and tells what they cost;
`--sizes` tells it of more viewers and titles, invented ones, with the dense matrix of earlier projects beside.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from reelhouse.database import connect, run_file
from reelhouse.errors import FileMissing, SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.arena import install_peers
from reelhouse.operating.measuring import measure
from reelhouse.recommending import catalogue, likeness_trials, linear, methods
from reelhouse.recommending.content import Title, features_of
from reelhouse.recommending.events import FIRST_SYNTHETIC, Events, read_events
from reelhouse.recommending.trials import ratio_interval
from reelhouse.settings import read_settings

HERE = Path(__file__).resolve().parent
PEERS = HERE / "contestants" / "recommending_peers.py"
SIZES = HERE / "contestants" / "recommending_sizes.py"
SIZES_ASKED = (
    ("viewers", "10000", "100000"), ("viewers", "114000", "11000000"),
    ("titles", "8800"), ("dense", "8800"), ("titles", "100000"),
)  # fmt: skip
LOCK = HERE / "recommending_requirements.lock"
OURS = "ours (newest first) to it"
FOLDS = 5
LIKE = 4.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ratings", type=Path, action="append", default=[], metavar="FOLDER", help="repeatable")
    parser.add_argument(
        "--peers",
        action="store_true",
        help="with --ratings: LensKit and implicit, too (5 GB of packages)",
    )
    parser.add_argument("--titles", action="store_true", help="compare lists beside titles of the warehouse")
    parser.add_argument(
        "--imdb-ratings",
        type=Path,
        metavar="FILE",
        help="with --titles: averages and votes from this title.ratings.tsv.gz",
    )
    parser.add_argument("--warehouse", action="store_true", help="CPU and memory of all lists of the warehouse")
    parser.add_argument("--sizes", action="store_true", help="CPU and memory at larger sizes, invented (minutes)")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    found = [row for folder in arguments.ratings for row in _viewers(folder, arguments.peers)]
    if arguments.sizes:
        found += _sizes()
    if arguments.titles or arguments.warehouse:
        settings = read_settings()
        with embedded.warehouse_dsn(settings) as dsn, connect(dsn, autocommit=True) as conn:
            found += _titles(conn, settings, arguments.imdb_ratings) if arguments.titles else []
            found += _cost(conn, settings) if arguments.warehouse else []
    if not found:
        raise SettingsWrong(
            "bench recommending: expected --ratings FOLDER, --titles, --warehouse or --sizes, found none."
        )
    return found


def _read(path: Path) -> np.ndarray:
    if not path.is_file():
        raise FileMissing(f"{path}: expected a file of ratings, found none.")
    return np.loadtxt(path, delimiter=",", skiprows=1)


def _events(table: np.ndarray) -> Events:
    return Events.of(table[:, 0], table[:, 1], table[:, 2] >= LIKE, table[:, 3])


def _viewers(folder: Path, has_peers: bool) -> list[dict[str, object]]:
    full, history = _events(_read(folder / "ratings.csv")), _events(_read(folder / "history_last20.csv"))
    hidden: dict[int, set[int]] = {}
    for user, item, *_ in _read(folder / "truth_last20.csv"):
        hidden.setdefault(int(user), set()).add(int(item))
    users = np.unique(full.user)
    fold_of = dict(
        zip(users.tolist(), (np.random.default_rng(0).permutation(len(users)) % FOLDS).tolist(), strict=True)
    )
    gains: dict[str, dict[int, float]] = {}
    folds: list[tuple[Events, Events]] = []
    for fold in range(FOLDS):
        others = full.where(np.array([fold_of[user] != fold for user in full.user.tolist()]))
        own = history.where(np.array([fold_of[user] == fold for user in history.user.tolist()]))
        names = ("user", "title", "is_like", "moment")
        known = Events.of(*(np.concatenate([getattr(part, name) for part in (others, own)]) for name in names))
        folds.append((known, own.where(np.isin(own.user, list(hidden)))))
        ties = linear.fit(known)
        popular = np.asarray(known.matrix(ties.titles).sum(axis=0)).ravel()
        for name, recency in (("popular", None), ("ease, all likes alike", None), ("ease, newest first", 5.0)):
            viewers, weighted = linear.weighted_likes(own, ties, recency)
            scores = (weighted @ ties.matrix).toarray()
            for row, user in enumerate(viewers.tolist()):
                if user in hidden:
                    ours = popular if name == "popular" else scores[row]
                    gains.setdefault(name, {})[user] = _gain(
                        ours, ties.titles, own.title[own.user == user], hidden[user]
                    )
    if has_peers:
        for name, lists in _best_of_peers(folds).items():
            gains[name] = {user: _gain_of(lists.get(user, []), hidden[user]) for user in gains["popular"]}
    users = list(gains["popular"])
    value = {name: np.array([found[user] for user in users]) for name, found in gains.items()}
    return [
        {
            "data": folder.name, "method": name, "viewers": len(users), "ndcg_at_10": round(float(values.mean()), 4),
            "versus popular": _words(ratio_interval(values, value["popular"])),
            OURS: _words(ratio_interval(value["ease, newest first"], values)),
        }
        for name, values in value.items()
    ]  # fmt: skip


def _gain(scores: np.ndarray, titles: np.ndarray, seen: np.ndarray, hidden: set[int]) -> float:
    left = np.where(np.isin(titles, seen), -np.inf, scores)
    return _gain_of(titles[np.argsort(-left, kind="stable")[:10]].tolist(), hidden)


def _gain_of(best: list[int], hidden: set[int]) -> float:
    found = sum(1 / np.log2(rank + 2) for rank, title in enumerate(best) if title in hidden)
    return found / sum(1 / np.log2(rank + 2) for rank in range(min(10, len(hidden))))


def _best_of_peers(folds: list[tuple[Events, Events]]) -> dict[str, dict[int, list[int]]]:
    """Ten titles for each viewer by each method of others, learnt from and kept from what ours has."""
    venv = read_settings().home / "benchmarks" / "recommending"
    reason = install_peers(LOCK, venv)
    if reason:
        raise SettingsWrong(f"bench recommending --peers: expected LensKit and implicit, found them {reason}.")
    found: dict[str, dict[int, list[int]]] = {}
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as name:
        folder = Path(name)
        for number, (known, own) in enumerate(folds):
            for file, events in (("known", known.likes), ("rated", known), ("seen", own)):
                pairs = np.column_stack([events.user, events.title])
                np.savetxt(folder / f"{file}_{number}.csv", pairs, "%d", ",", header="user,item", comments="")
        cost, _ = measure([venv / "bin" / "python", PEERS, folder], folder=folder, env=os.environ)
        print(f"peers: {cost.cpu_s:.0f} CPU s, {cost.peak_mb:.0f} MB", file=sys.stderr)
        for file in folder.glob("best_*.json"):
            for method, lists in json.loads(file.read_text()).items():
                found.setdefault(method, {}).update({int(user): best for user, best in lists.items()})
    return found


def _titles(conn, settings, ratings: Path | None) -> list[dict[str, object]]:
    events = read_events(conn, settings.sql)
    events = events.where(events.user < FIRST_SYNTHETIC)
    rated = np.unique(events.title).tolist()
    wanted = set(rated)
    titles = [
        title for title in catalogue.read_catalogue(conn, settings.sql, rated)
        if title.title_key in wanted and title.kind == "movie"
    ]  # fmt: skip
    if ratings:
        titles = _rated_by(titles, ratings)
    agreement = likeness_trials.measure(features_of(titles), events)
    if agreement is None:
        raise SettingsWrong("bench recommending --titles: expected viewers who like 50 titles or more, found fewer.")
    return [
        {
            "data": f"{len(titles)} films", "method": name, "recall_at_10": round(agreement.mean(name), 4),
            "versus tfidf_description": _words(agreement.ratio(name, "tfidf_description")),
            "versus sql_filter": _words(agreement.ratio(name, "sql_filter")),
        }
        for name in agreement.found
    ]  # fmt: skip


def _rated_by(titles: list[Title], path: Path) -> list[Title]:
    """Titles with the averages and votes of a file of IMDb's."""
    if not path.is_file():
        raise FileMissing(f"{path}: expected IMDb's title.ratings.tsv.gz, found none.")
    wanted = {title.title_key: title for title in titles}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            number, average, votes = line.split("\t")
            key = int(number[2:]) if number.startswith("tt") else 0
            if key in wanted:
                wanted[key] = replace(wanted[key], weighted_of_10=float(average), vote_count=int(votes))
    return list(wanted.values())


def _cost(conn, settings) -> list[dict[str, object]]:
    # What is imported late (see clusters.py) is no part of the lists.
    import sklearn.cluster
    import sklearn.feature_extraction.text
    import sklearn.isotonic  # noqa: F401

    titles = catalogue.read_catalogue(conn, settings.sql)
    events = read_events(conn, settings.sql)
    names = dict(run_file(conn, settings.sql / "4_recommendation" / "names_of_liked.sql").fetchall())
    child_limit = catalogue.child_limit(conn)
    began = time.process_time()
    computed = methods.compute(titles, events, names, child_limit, {})
    count = sum(1 for _ in computed.rows())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = round(time.process_time() - began, 1)
    return [{"data": f"{len(titles)} titles", "method": "all", "rows": count, "cpu_s": cpu, "peak_mb": round(peak)}]


def _sizes() -> list[dict[str, object]]:
    found = []
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        for words in SIZES_ASKED:
            print(" ".join(words), file=sys.stderr, flush=True)
            cost, said = measure([sys.executable, SIZES, *words], folder=Path(folder), env=os.environ)
            method = {"viewers": "ease", "titles": "similar titles", "dense": "dense matrix"}[words[0]]
            data = f"{int(words[1]):,} {'titles' if words[0] == 'dense' else words[0]}"
            events = f", {int(words[2]):,} events" if len(words) > 2 else ""
            found.append(
                {"data": data + events, "method": method, "cpu_s": float(said), "peak_mb": round(cost.peak_mb)}
            )
    return found


def _words(ratio: tuple[float, float, float]) -> str:
    return f"{ratio[0]:.2f} [{ratio[1]:.2f}, {ratio[2]:.2f}]"
