"""Rotten Tomatoes' critic reviews: a million rows without an id, grouped by film."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, NamedTuple

from reelhouse.sources import Column, Layout, SourceFile
from reelhouse.sources.reading import Header, Reading, csv_records
from reelhouse.sources.values import date_or_none, refuse, text_or_none


class Review(NamedTuple):
    """A row of staging.rotten_tomatoes_reviews."""

    source_id: str
    review_sha256: bytes
    line_number: int
    critic_name: str | None
    is_top_critic: bool
    publisher_name: str | None
    is_fresh: bool | None
    review_score: str | None
    review_date: date | None
    review_text: str | None


COLUMNS = (
    "rotten_tomatoes_link", "critic_name", "top_critic", "publisher_name", "review_type", "review_score",
    "review_date", "review_content",
)  # fmt: skip

FILE = SourceFile(
    source="rotten_tomatoes",
    name="rotten_tomatoes_critic_reviews.csv",
    file_names=("rotten_tomatoes_critic_reviews.csv", "rotten_tomatoes_critic_reviews.csv.gz"),
    layouts=(Layout("8 columns", tuple(Column(name) for name in COLUMNS)),),
    delimiter=",",
    is_quoted=True,
    key=("source_id", "review_sha256"),
    table="rotten_tomatoes_reviews",
    fields=Review._fields,
    is_required=False,
    least_rows=0,
)

_BEFORE_SLUG = re.compile(r"(?:https?://(?:www\.)?rottentomatoes\.com)?/?(?:m/)?")
TOP = {"true": True, "false": False, "1": True, "0": False}
TYPES = {"fresh": True, "rotten": False}


def read_reviews(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[Review]:
    """Each review once. Rows of a film that comes back are set aside, and the database tells the repeats."""
    films: set[str] = set()
    current, had = "", set()
    for line_number, fields, raw in csv_records(file, header, stream, reading):
        problems: list[str] = []
        row = _review({name: fields[place] for name, place in header.places.items()}, line_number, problems)
        if problems:
            reading.reject(line_number, problems, raw)
            continue
        if row.source_id != current:
            if row.source_id in films:
                reading.set_aside(row)
                continue
            current, had = row.source_id, set()
            films.add(current)
        if row.review_sha256 in had:
            reading.rows_duplicate += 1
        else:
            had.add(row.review_sha256)
            yield row


def slug_of(link: str) -> str:
    """What a link has after m/, with or without the address before it.

    >>> slug_of("https://www.rottentomatoes.com/m/toy_story/"), slug_of("m/toy_story"), slug_of("nan")
    ('toy_story', 'toy_story', '')
    """
    return _BEFORE_SLUG.sub("", text_or_none(link) or "", count=1).removesuffix("/")


def _review(text: dict[str, str], line_number: int, problems: list[str]) -> Review:
    slug = slug_of(text["rotten_tomatoes_link"])
    if not slug or len(slug) > 300 or any(letter.isspace() or letter == "/" for letter in slug):
        refuse(problems, "rotten_tomatoes_link", "a link such as 'm/toy_story'", text["rotten_tomatoes_link"])
    is_top = TOP.get(text["top_critic"].strip().lower())
    if is_top is None:
        refuse(problems, "top_critic", "True or False", text["top_critic"])
    kind = text_or_none(text["review_type"])
    if kind is not None and kind.lower() not in TYPES:
        refuse(problems, "review_type", "Fresh, Rotten or nothing", kind)
    return Review(
        source_id=slug,
        review_sha256=hashlib.sha256("\0".join(text[name] for name in COLUMNS).encode()).digest(),
        line_number=line_number,
        critic_name=text_or_none(text["critic_name"]),
        is_top_critic=bool(is_top),
        publisher_name=text_or_none(text["publisher_name"]),
        is_fresh=TYPES.get(kind.lower()) if kind else None,
        review_score=text_or_none(text["review_score"]),
        review_date=date_or_none(text["review_date"], "review_date", problems),
        review_text=text_or_none(text["review_content"]),
    )
