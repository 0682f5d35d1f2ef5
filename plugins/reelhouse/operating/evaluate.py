"""`reelhouse evaluate matches`: score the links of a source against labels.

Without labels JustWatch is scored against the IMDb ids it states, which matching never reads: agreement, not truth.
Precision is right / linked among the labelled rows; a row labelled NIL has no IMDb title, so linking it is wrong.
"""

from __future__ import annotations

import argparse
import csv
import re
import tempfile
from pathlib import Path

from reelhouse.database import connect, translated_errors
from reelhouse.day import LINKED_SOURCES
from reelhouse.errors import FileMissing, SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.links import tell_if_readers_have_another_day
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings

NETFLIX_ID = re.compile(r"s[0-9]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("matches",), help="what to score")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="CSV with the right answers")
    parser.add_argument(
        "--source",
        choices=LINKED_SOURCES,
        help="whose rows (guessed from the labels); justwatch needs no labels: its own ids serve",
    )
    parser.add_argument("--links", type=Path, metavar="FILE", help="score this file of `reelhouse links` instead")


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.matching.evaluation import score_links

    found: list[dict[str, object]] = []
    for path in (arguments.labels, arguments.links):
        if path is not None and not path.is_file():
            raise FileMissing(f"{path}: expected a file, found none.")
    if arguments.links and not arguments.labels:
        raise SettingsWrong("evaluate matches: expected --labels beside --links, found none.")
    if arguments.links:
        scores = score_links(arguments.links, arguments.labels)
    else:
        source = arguments.source or (guess_source(arguments.labels) if arguments.labels else "")
        scores, found = score_source(source, arguments.labels)
    # One column for all labels, and one for each type of them.
    figures = [{"": name, **{kind: score[name] for kind, score in scores.items()}} for name in scores["all"]]
    print("\n".join(format_table(figures)))
    if found:
        print("\nWhich rule finds the right title, before any is weighed:")
        print("\n".join(format_table(found)))
    return 0


def score_source(source: str, labels: Path | None) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Score the links of a source, by labels or by its own ids; and which rule finds its right titles.

    Raises  FileMissing when no row of the source was matched, SettingsWrong without labels
    """
    from reelhouse.matching.evaluation import (
        expect_rows,
        score_candidates,
        score_links,
        write_justwatch_labels,
        write_links,
    )

    if labels is None and source != "justwatch":
        raise SettingsWrong("evaluate matches: expected --labels, found none. Only justwatch states IMDb ids itself.")
    settings = read_settings()
    with (
        embedded.warehouse_dsn(settings) as dsn,
        translated_errors(),
        connect(dsn, autocommit=True) as conn,
        tempfile.TemporaryDirectory(prefix="reelhouse-") as folder,
    ):
        tell_if_readers_have_another_day(conn)
        expect_rows(conn, source)
        if labels is None:
            labels = Path(folder) / "labels.csv"
            write_justwatch_labels(conn, labels)
        links = Path(folder) / f"{source}.csv"
        write_links(conn, source, links)
        return score_links(links, labels), score_candidates(conn, source, labels)


def guess_source(labels: Path) -> str:
    """Whose rows a label file is about: by its name, else by the ids in its first column."""
    named = [source for source in LINKED_SOURCES if source in labels.name]
    if len(named) == 1:
        return named[0]
    with labels.open(newline="", encoding="utf-8-sig") as file:
        ids = [row[0] for row in list(csv.reader(file))[1:] if row]
    if not ids:
        raise SettingsWrong(f"{labels}: expected labels, found no row.")
    return "netflix" if all(NETFLIX_ID.fullmatch(each) for each in ids) else "rotten_tomatoes"
