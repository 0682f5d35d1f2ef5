"""`reelhouse editions`: what came, went or was corrected from one edition of a catalogue to another, by identity.

A catalogue renumbers its rows in every edition, and titles are borne by several films. So rows are compared by all
that they say. Listed is what title and kind alone would get wrong: renames, corrected years and kinds, and other
titles of one name. All of it: `select * from mart.edition_changes`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date

from reelhouse.database import connect, translated_errors
from reelhouse.day import CATALOGUES
from reelhouse.matching import editions
from reelhouse.operating import embedded
from reelhouse.operating.arguments import parse_day
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", choices=CATALOGUES, default="netflix", help="whose catalogue (netflix)")
    parser.add_argument("--from", dest="since", type=parse_day, metavar="DAY", help="edition of that day")
    parser.add_argument("--to", dest="until", type=parse_day, metavar="DAY", help="edition of that day")
    parser.add_argument("--json", action="store_true", help="everything listed, for programs")
    parser.epilog = "Without days: the last published edition and the one before it."


def run(arguments: argparse.Namespace) -> int:
    report = read_report(arguments.source, arguments.since, arguments.until)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=2, default=str))
    else:
        print("\n".join(show_report(report)))
    return 0


def read_report(source: str, since: date | None, until: date | None) -> dict[str, object]:
    """Compare two editions as they are kept; gives source, from, to, counts, and the list of what is odd."""
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        present = editions.newest_edition(conn, source, until)
        former = editions.newest_edition(conn, source, since) if since else editions.former_edition(conn, present)
        records = editions.compare_kept(conn, former, present)
    return {
        "source": source,
        "from": former.day,
        "to": present.day,
        "counts": editions.count_verdicts(record["verdict"] for record in records),
        "listed": [record for record in records if editions.is_odd(record)],
    }


def show_report(report: dict[str, object]) -> Iterator[str]:
    yield f"{report['source']}, edition of {report['from']} → edition of {report['to']}"
    yield from format_table([report["counts"]])
    told = {record["rival_source_id"] for record in report["listed"] if record["verdict"] == "removed"}
    for record in report["listed"]:
        # Of a removed and an added title of one name the removed one tells it all.
        if record["verdict"] != "added" or record["source_id"] not in told:
            yield ""
            yield _heading(record)
            yield f"  {'; '.join(record['evidence'])}"


def _heading(record: dict[str, object]) -> str:
    former = f"{record['former_title']} ({record['former_kind']}, {record['former_year'] or 'no year'})"
    present = f"{record['title']} ({record['kind']}, {record['release_year'] or 'no year'})"
    rival = f"{record['rival_title']} ({record['rival_kind']}, {record['rival_year'] or 'no year'})"
    if record["verdict"] == "removed":
        return f"removed: {former}; {rival} is another title"
    if record["verdict"] == "added":
        return f"added: {present}; {rival} is another title"
    return f"{record['verdict']}, {record['probability']:.1%}: {former} → {present}"
