"""The numbers of the daily report: what is asked of the warehouse, and what is counted of the answers."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
from psycopg import sql

from reelhouse.database import run_file

# column -> how the report calls it
NUMBERS = {
    "release_year": "release year",
    "runtime_min": "runtime (min)",
    "season_count": "seasons",
    "imdb_rating_of_10": "IMDb (of 10)",
    "imdb_vote_count": "IMDb votes",
    "critics_pct": "critics (%)",
    "critics_count": "critics",
    "audience_pct": "audience (%)",
    "audience_count": "audience ratings",
}
TEXTS = ("title", "description")
# source -> the staging table that has one row for each of its titles
SOURCE_TABLES = {
    "netflix": "netflix_titles",
    "imdb": "imdb_titles",
    "rotten_tomatoes": "rotten_tomatoes_movies",
    "amazon": "amazon_titles",
    "disney": "disney_titles",
    "hulu": "hulu_titles",
    "justwatch": "justwatch_titles",
}
# Of larger tables the server's own sample says it: counting the nulls of IMDb's 12 million titles takes longer than
# the report may.
LARGEST_COUNTED = 2_000_000
# What a day may differ from the day before without being marked: 5 % of the figure, or 1 point of a share.
DRIFT_RATIO = 0.05
DRIFT_POINTS = 0.01
OUTLIER_REACH = 1.5


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything the report shows, as frames.

    figures   the day's figures by name, kept with the load, so that tomorrow's report can say what moved
    former    those of the report before, and their day
    """

    load_id: int | None
    day: date | None
    catalogue: pd.DataFrame
    scored: pd.DataFrame
    missing: pd.DataFrame
    genres: pd.DataFrame
    countries: pd.DataFrame
    people: pd.DataFrame
    match_rates: pd.DataFrame
    edition_changes: pd.DataFrame
    clusters: pd.DataFrame
    figures: dict[str, float]
    former: dict[str, float]
    former_day: date | None


def gather(conn: psycopg.Connection, folder: Path) -> Gathered:
    """Ask everything in one snapshot.

    Takes   folder  include/sql
    Reruns  reads only
    """
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        published = conn.execute(
            "select load_id, batch_date from warehouse.publication where part = 'warehouse'"
        ).fetchone() or (None, None)
        asked = {
            name: _ask(conn, folder, name)
            for name in ("catalogue", "scored", "genres", "countries", "people", "match_rates", "edition_changes")
        }
        clusters = _ask(conn, folder, "clusters") if _has_clusters(conn) else pd.DataFrame()
        missing = count_missing(conn)
        former = run_file(conn, folder / "7_report" / "former_figures.sql", batch_date=published[1]).fetchone()
    return Gathered(
        *published,
        **asked,
        clusters=clusters,
        missing=missing,
        figures=figures_of(asked["catalogue"], missing, asked["match_rates"]),
        former=former[1] if former else {},
        former_day=former[0] if former else None,
    )


def _has_clusters(conn: psycopg.Connection) -> bool:
    return conn.execute("select to_regclass('warehouse.dim_cluster')").fetchone()[0] is not None


def _ask(conn: psycopg.Connection, folder: Path, name: str) -> pd.DataFrame:
    cursor = run_file(conn, folder / "7_report" / f"{name}.sql")
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])


def count_missing(conn: psycopg.Connection) -> pd.DataFrame:
    """How many rows of each source say nothing in a column; an empty list says nothing either.

    Gives   source, column, rows, missing, share, is_estimate; columns without any are left out
    """
    found = []
    for source, table in SOURCE_TABLES.items():
        (estimate,) = conn.execute(
            "select reltuples::bigint from pg_class where oid = %s::regclass", (f"staging.{table}",)
        ).fetchone()
        counts = _sampled_nulls(conn, table) if estimate > LARGEST_COUNTED else _counted_nulls(conn, table)
        found += [
            (source, column, rows, missing, missing / rows, estimate > LARGEST_COUNTED)
            for column, rows, missing in counts
            if missing
        ]
    return pd.DataFrame(found, columns=["source", "column", "rows", "missing", "share", "is_estimate"])


def _counted_nulls(conn: psycopg.Connection, table: str) -> list[tuple[str, int, int]]:
    columns = _described_columns(conn, table)
    full = sql.SQL(", ").join(
        # An array is full when it has an element; anything else when it is not null.
        sql.SQL("count({0}) filter (where cardinality({0}) > 0)" if is_list else "count({0})").format(
            sql.Identifier(column)
        )
        for column, is_list in columns
    )
    query = sql.SQL("select count(*), {} from {}").format(full, sql.Identifier("staging", table))
    rows, *filled = conn.execute(query).fetchone()
    return [(column, rows, rows - count) for (column, _), count in zip(columns, filled, strict=True)]


def _sampled_nulls(conn: psycopg.Connection, table: str) -> list[tuple[str, int, int]]:
    return conn.execute(
        "select attname, reltuples::bigint, round(null_frac * reltuples)::bigint"
        " from pg_stats inner join pg_class on pg_class.oid = ('staging.' || tablename)::regclass"
        " where schemaname = 'staging' and tablename = %s order by attname",
        (table,),
    ).fetchall()


def _described_columns(conn: psycopg.Connection, table: str) -> list[tuple[str, bool]]:
    # Not the notes of staging itself: no note is no gap.
    return conn.execute(
        "select attname, atttypid in (select oid from pg_type where typcategory = 'A') from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attname not in ('notes', 'note', 'repairs', 'row_sha256', 'line_number', 'load_id')"
        " order by attnum",
        (f"staging.{table}",),
    ).fetchall()


def describe_numbers(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Count, least, mean, median, mode and greatest of each number; unknown values count nowhere."""
    rows = []
    for column, label in NUMBERS.items():
        values = pd.to_numeric(catalogue[column]).dropna()
        if len(values):
            rows.append(
                (label, len(values), len(catalogue) - len(values), values.min(), values.mean(), values.median(),
                 values.mode().iloc[0], values.max(), values.std())
            )  # fmt: skip
    names = ["number", "known", "unknown", "least", "mean", "median", "mode", "greatest", "deviation"]
    return pd.DataFrame(rows, columns=names)


def figures_of(catalogue: pd.DataFrame, missing: pd.DataFrame, match_rates: pd.DataFrame) -> dict[str, float]:
    """Figures that are compared from day to day; a name that ends in `share` or `rate` is a part of 1."""
    figures: dict[str, float] = {"titles": len(catalogue)}
    figures |= {f"titles, {kind}": int(count) for kind, count in catalogue["kind"].value_counts().items()}
    for row in describe_numbers(catalogue).itertuples():
        figures |= {f"{row.number}, known": int(row.known), f"{row.number}, mean": round(float(row.mean), 4)}
    for row in missing.itertuples():
        figures[f"{row.source}, {row.column}: missing share"] = round(float(row.share), 5)
    for row in match_rates.itertuples():
        figures[f"{row.source}, rows"] = int(row.rows_in)
        if row.match_rate is not None and not np.isnan(row.match_rate):
            figures[f"{row.source}, match rate"] = round(float(row.match_rate), 5)
    return figures


def drift_of(figures: dict[str, float], former: dict[str, float]) -> pd.DataFrame:
    """What is not as it was: figures that came, went, or moved by more than is usual.

    Gives   figure, former, now, change; the largest first
    """
    rows = []
    for name in [*figures, *(name for name in former if name not in figures)]:
        before, now = former.get(name), figures.get(name)
        if before is None or now is None:
            rows.append((name, before, now, None, np.inf))
            continue
        is_share = name.endswith(("share", "rate"))
        moved = abs(now - before)
        if moved > (DRIFT_POINTS if is_share else DRIFT_RATIO * max(abs(before), 1e-9)):
            change = now - before if is_share else (now - before) / abs(before) if before else None
            rows.append((name, before, now, change, moved / max(abs(before), 1e-9)))
    rows.sort(key=lambda row: (-row[4], row[0]))
    return pd.DataFrame([row[:4] for row in rows], columns=["figure", "former", "now", "change"])


def longest_texts(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The three longest titles and descriptions, with their length in characters."""
    rows = []
    for column in TEXTS:
        lengths = catalogue[column].dropna().str.len().nlargest(3)
        rows += [(column, int(length), catalogue.at[at, column]) for at, length in lengths.items()]
    return pd.DataFrame(rows, columns=["column", "characters", "text"])


def odd_characters(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Characters in titles that are neither ASCII nor a letter, mark or digit of some script.

    Gives   character, its Unicode name, titles, an example; the commonest first
    """
    found: dict[str, list[str]] = {}
    for title in catalogue["title"].dropna():
        for character in sorted(set(title)):
            if not character.isascii() and unicodedata.category(character)[0] not in "LMN":
                found.setdefault(character, []).append(title)
    rows = [
        (f"U+{ord(each):04X} {each if each.isprintable() else ''}".strip(), unicodedata.name(each, "unnamed").lower(),
         len(titles), titles[0])
        for each, titles in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]  # fmt: skip
    return pd.DataFrame(rows[:12], columns=["character", "name", "titles", "example"])


def outliers(catalogue: pd.DataFrame) -> pd.DataFrame:
    """Values beyond one and a half times the middle half's width from it (Tukey's fences), number by number."""
    rows = []
    for column, label in NUMBERS.items():
        values = pd.to_numeric(catalogue[column]).dropna()
        if len(values) < 8:
            continue
        low, high = values.quantile([0.25, 0.75])
        reach = OUTLIER_REACH * (high - low)
        outside = values[(values < low - reach) | (values > high + reach)]
        examples = ", ".join(
            f"{catalogue.at[at, 'title']} ({value:g})"
            for at, value in outside.sort_values(key=lambda each: -(each - values.median()).abs()).head(3).items()
        )
        rows.append((label, low - reach, high + reach, len(outside), len(outside) / len(values), examples))
    return pd.DataFrame(rows, columns=["number", "fence below", "fence above", "outside", "share", "furthest"])


def best_rated(catalogue: pd.DataFrame, low: str, shown: tuple[str, ...], count: int = 10) -> pd.DataFrame:
    """The best by the lower bound of a score: few votes cannot win."""
    known = catalogue.dropna(subset=[low]).sort_values([low, "title_key"], ascending=[False, True])
    return known.head(count)[["title", "release_year", *shown, low]]


def scores_by_year(catalogue: pd.DataFrame, least: int = 5) -> pd.DataFrame:
    """Mean scores of the works of a year; a year with fewer than `least` scored works says nothing."""
    scores = ["imdb_rating_of_10", "critics_pct", "audience_pct"]
    known = catalogue.dropna(subset=["release_year"])
    grouped = known.groupby(known["release_year"].astype(int))[scores]
    return grouped.mean().where(grouped.count() >= least).dropna(how="all")


def by_group(catalogue: pd.DataFrame, column: str) -> pd.DataFrame:
    """Titles, mean score and median votes for each value of a column."""
    grouped = catalogue.assign(**{column: catalogue[column].fillna("unknown")}).groupby(column)
    table = grouped.agg(
        titles=("title_key", "count"),
        mean_imdb_of_10=("imdb_rating_of_10", "mean"),
        mean_critics_pct=("critics_pct", "mean"),
        median_votes=("imdb_vote_count", "median"),
    )
    return table.sort_values(["titles"], ascending=False).reset_index()
