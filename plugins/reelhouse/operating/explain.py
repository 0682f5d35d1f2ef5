"""`reelhouse explain`: why a row of a source was linked as it was, in words and numbers.

The title may be typed with a slip or two; when several rows are meant they are listed. Points are log odds: 0.7 doubles
the odds that the row is that title, 2.3 makes them ten times as high. `--not tt0133093` says why it is not that one:
its points beside those of the winner, or which keys did not meet. In SQL: matching.explain and matching.why_not.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from reelhouse.database import connect, translated_errors
from reelhouse.day import LINKED_SOURCES
from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.links import tell_if_readers_have_another_day
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings

if TYPE_CHECKING:
    from reelhouse.matching.explaining import Sentence
    from reelhouse.matching.finding import FoundRow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("title", help="title of the row")
    parser.add_argument("--source", choices=LINKED_SOURCES, help="whose row (any)")
    parser.add_argument("--year", type=int, help="year of the row as the source gives it (any)")
    parser.add_argument("--id", metavar="ID", help="id of the row in its source, when the rest is not enough")
    parser.add_argument("--not", dest="not_this", metavar="tt0133093", help="also say why it is not this IMDb title")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.epilog = "The exit code is 1 when no row is meant, or several: they are listed then."


def run(arguments: argparse.Namespace) -> int:
    from reelhouse.matching.explaining import explain, why_not
    from reelhouse.matching.finding import find_rows

    settings = read_settings()
    with (
        embedded.warehouse_dsn(settings) as dsn,
        translated_errors(),
        connect(dsn, "reelhouse explain", autocommit=True) as conn,
    ):
        tell_if_readers_have_another_day(conn)
        found = find_rows(conn, arguments.title, arguments.source, arguments.year, source_id=arguments.id)
        if not found:
            asked = ", ".join(str(each) for each in (arguments.source, arguments.year, arguments.id) if each)
            raise SettingsWrong(
                f"{arguments.title!r}{f' ({asked})' if asked else ''}: expected a row with such a title, found none. "
                "Was a day run, and is it spelled like that?"
            )
        if len(found) > 1:
            return _list(found, arguments)
        (row,) = found
        said = explain(conn, row.source, row.source_id)
        against = []
        if arguments.not_this:
            folder = settings.sql / "2_matching"
            against = why_not(conn, folder, row.source, row.source_id, arguments.not_this)
    _show(row, said, against, arguments)
    # An id that no title has is an answer about nothing.
    return 1 if any(sentence.what == "unknown title" for sentence in against) else 0


def _list(found: list[FoundRow], arguments: argparse.Namespace) -> int:
    rows = [
        {
            "source": row.source,
            "id": row.source_id,
            "kind": row.kind,
            "title": row.title,
            "release_year": row.release_year,
            "decision": row.band or "not yet",
            "imdb_id": f"tt{row.imdb_title_number:07d}" if row.imdb_title_number is not None else None,
        }
        for row in found
    ]
    print(json.dumps({"rows": rows}, ensure_ascii=False, indent=2) if arguments.json else "\n".join(format_table(rows)))
    print(f"{len(rows)} rows may be meant: say which with --source, --year or --id.", file=sys.stderr)
    return 1


def _show(row: FoundRow, said: list[Sentence], against: list[Sentence], arguments: argparse.Namespace) -> None:
    if arguments.json:
        document = {
            "source": row.source,
            "source_id": row.source_id,
            "explanation": [asdict(sentence) for sentence in said],
            **({"not": [asdict(sentence) for sentence in against]} if against else {}),
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    print("\n".join(_lines(said)))
    if against:
        print(f"\nWhy not {arguments.not_this}\n")
        print("\n".join(_lines(against)))


def _lines(sentences: list[Sentence]) -> list[str]:
    return format_table(
        {"what": each.what, "value": each.value, "points": each.points, "words": each.words} for each in sentences
    )
