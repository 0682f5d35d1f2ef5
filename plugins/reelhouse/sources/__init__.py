"""What each provider's files look like, and how their rows are read.

One module a provider, with the same two names in each: `FILES`, the files it declares, and `read_texts`, which
turns a file's records into rows of its staging table as COPY text. What they share: `reading` (lines, records,
header, the account of a file) and `values` (dates, years, numbers, lists of names).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from reelhouse.copying import CopyText
from reelhouse.day import EVERY_SOURCE
from reelhouse.errors import SettingsWrong

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    name         as the provider writes it today
    is_required  without it the file is not read at all
    headers      what it is called in this layout, when that is not its name
    """

    name: str
    is_required: bool = True
    headers: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        return self.headers or (self.name,)


def columns_named(text: str) -> tuple[Column, ...]:
    """Columns by name, in their order; those that a file may lack stand in brackets.

    >>> [(column.name, column.is_required) for column in columns_named("userId [minutes]")]
    [('userId', True), ('minutes', False)]
    """
    return tuple(Column(word.strip("[]"), not word.startswith("[")) for word in text.split())


@dataclass(frozen=True, slots=True)
class Layout:
    """A form a file has had over the years: mapped by name, so that their order does not matter.

    name     for messages
    columns  those we read; others are reported and left alone
    """

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    """Which records of a file are wanted, by the value of one column.

    column    the column
    values    those kept
    left_out  those known and not wanted; any other word is left out too, what is no word is quarantined
    """

    column: str
    values: frozenset[str]
    left_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeepReferenced:
    """Which records of a file are wanted, because another file mentions their id.

    column  the column with the id
    query   file of include/sql/1_staging that gives the numbers wanted
    """

    column: str
    query: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a provider and the staging table that its kept rows fill.

    source             the provider
    name               what the ledger calls it
    file_names         what it may be called where it lies, best first; `.gz` at the end means gzip
    layouts            forms it has had, newest first
    delimiter          one character
    is_quoted          CSV with quotes; else tab-separated text in which a quote is a letter like any other
    key                fields of the table that no two rows share
    table              table of schema staging
    fields             its columns, in the order in which `read_texts` gives them
    is_required        without it the source cannot be landed
    least_rows         fewer staged rows than that hold the load
    depends_on         files whose staged rows decide which rows of this one are kept
    keep               filter by a column's value
    keep_referenced    filter by the ids that the files of `depends_on` mention
    ends_with_newline  the provider ends its last line; without it the file was cut
    max_bytes          most bytes, unpacked
    contract           evolve: columns that no contract names are reported and left alone; freeze: they refuse the file
    """

    source: str
    name: str
    file_names: tuple[str, ...]
    layouts: tuple[Layout, ...]
    delimiter: str
    is_quoted: bool
    key: tuple[str, ...]
    table: str
    fields: tuple[str, ...]
    is_required: bool = True
    least_rows: int = 1
    depends_on: tuple[str, ...] = ()
    keep: Keep | None = None
    keep_referenced: KeepReferenced | None = None
    ends_with_newline: bool = False
    max_bytes: int = GIB
    contract: Literal["evolve", "freeze"] = "evolve"


class Provider(Protocol):
    """What a module of this package offers.

    read_texts  of a file, its header, its stream and the `Reading` that takes the account; then the numbers that its
                filter asks for, and the set to which those are added that later files are filtered by
    A module that also has `BlockReader`, whose `read` takes any lines of a file, has its files compared by lines.
    """

    FILES: tuple[SourceFile, ...]
    read_texts: Callable[..., Iterator[CopyText]]


def provider(source: str) -> Provider:
    """The module that reads a provider's files.

    Raises  SettingsWrong when there is no such provider
    """
    if source not in EVERY_SOURCE:
        raise SettingsWrong(f"source: expected one of {', '.join(EVERY_SOURCE)}, found {source!r}.")
    return importlib.import_module(f"reelhouse.sources.{source}")


def files_of(source: str) -> tuple[SourceFile, ...]:
    """The files a provider declares, each after those it depends on."""
    return provider(source).FILES
