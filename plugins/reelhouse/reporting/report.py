"""The daily report: one page for people who would rather look than read.

Every picture stands beside the table it was drawn from. The page is one file, asks nothing of any server, and is
made again with each day; what moved since the day before is marked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import pandas as pd
import psycopg

from reelhouse.auditing import HEADS, export_head
from reelhouse.day import Day
from reelhouse.loads import add_figures
from reelhouse.reporting import report_pictures as pictures
from reelhouse.reporting import report_tables as tables
from reelhouse.settings import Settings

NEWEST = "newest.html"
# Words that say nothing of what a film is about, besides those that wordcloud knows.
_EMPTY_WORDS = {"one", "two", "three", "four", "must", "will", "become", "becomes", "after", "his", "her", "their"}
_SHOWN_ROWS = 15


@dataclass(frozen=True, slots=True)
class Part:
    """One picture or one table, or both; `says` is a sentence above them."""

    heading: str
    says: str = ""
    svg: str = ""
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    name: str
    anchor: str
    parts: list[Part]


def write_report(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Write the report of what readers see now, and keep its figures with the load.

    Gives   the file, and how many figures moved since the report before
    Reruns  writes the same file again
    """
    folder = reports_folder(day.settings)
    # The end of the audit's chain leaves the database with each day: an edit by its owner is found by it.
    head = export_head(conn, day.settings.home / HEADS)
    found = tables.gather(conn, day.settings.sql)
    if found.load_id is None:
        return {"report": None, **head}
    path = folder / f"{found.day.isoformat()}.html"
    _put(path, render_report(found))
    _put(folder / NEWEST, path.read_text())
    add_figures(conn, found.load_id, {"report": found.figures})
    return {"report": str(path), "moved_figures": len(_drift(found)), **head}


def save_report(conn: psycopg.Connection, sql_folder: Path, path: Path) -> int:
    """Write the report to a file of one's own; gives its size in bytes."""
    text = render_report(tables.gather(conn, sql_folder))
    path.parent.mkdir(parents=True, exist_ok=True)
    _put(path, text)
    return len(text.encode())


def reports_folder(settings: Settings) -> Path:
    """Where the reports of each day are kept; `newest.html` is the last one."""
    settings.reports.mkdir(mode=0o700, parents=True, exist_ok=True)
    return settings.reports


def _put(path: Path, text: str) -> None:
    # Moved there whole: who reads the page meanwhile has the former one.
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text)
    beside.replace(path)


def render_report(found: tables.Gathered) -> str:
    """The whole page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": _shown, "name": _column_name, "is_number": _is_number}
    return environment.get_template("report_page.html").render(
        found=found,
        chapters=list(chapters(found)),
        drift=_drift(found),
        made_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _drift(found: tables.Gathered) -> pd.DataFrame:
    if not found.former:
        return tables.drift_of({}, {})
    return tables.drift_of(found.figures, found.former)


def chapters(found: tables.Gathered) -> Iterator[Chapter]:
    """What the page shows, in its order. A chapter without anything to show is left out."""
    works = found.catalogue
    if works.empty:
        yield Chapter("Trust", "trust", [_trust(found)])
        return
    for name, anchor, parts in (
        ("Trust and change", "trust", [_trust(found), _changes(found), _missing(found)]),
        ("Kinds and years", "kinds", _kinds(works)),
        ("Numbers", "numbers", _numbers(works)),
        ("Do the scores agree?", "scores", _agreement(found)),
        ("Genres, countries, ages", "groups", _groups(found)),
        ("Best rated", "best", _best(works)),
        ("People", "people", _people(found)),
        ("Clusters", "clusters", _clusters(found)),
        ("Words", "words", _words(found)),
        ("Outliers and odd texts", "outliers", _odd(works)),
    ):
        shown = [part for part in parts if part.svg or not part.frame.empty]
        if shown:
            yield Chapter(name, anchor, shown)


def _trust(found: tables.Gathered) -> Part:
    known = found.match_rates.dropna(subset=["match_rate"])
    svg = ""
    if not known.empty:
        shares = [100 * rate for rate in known["match_rate"]]
        svg = pictures.bars(
            list(known["source"]), shares, "rows linked unasked (%)", [f"{each:.1f} %" for each in shares]
        )
    return Part("Match rate of each source", "Rows that were linked to a work without a person being asked.", svg,
                found.match_rates)  # fmt: skip


def _changes(found: tables.Gathered) -> Part:
    changes = found.edition_changes
    says = "What came, went or was corrected with the newest edition of each catalogue, by identity, not by id."
    if changes.empty:
        return Part("What changed", says)
    labels = [f"{row.platform}: {row.verdict}" for row in changes.itertuples()]
    svg = pictures.bars(labels, list(changes["titles"]), "titles")
    return Part(
        "What changed",
        says,
        svg,
        changes.assign(examples=[", ".join(map(str, each or ())) for each in changes["examples"]]),
    )


def _missing(found: tables.Gathered) -> Part:
    worst = found.missing.sort_values("share", ascending=False).head(_SHOWN_ROWS)
    if worst.empty:
        return Part("Missing values")
    svg = pictures.bars(
        [f"{row.source}: {row.column}" for row in worst.itertuples()],
        [100 * share for share in worst["share"]],
        "rows that do not say it (%)",
        [f"{100 * share:.1f} %" for share in worst["share"]],
    )
    return Part(
        "Missing values", f"The {len(worst)} emptiest columns of the sources' files; the table has them all.", svg,
        found.missing,
    )  # fmt: skip


def _kinds(works: pd.DataFrame) -> list[Part]:
    counts = works["kind"].value_counts()
    per_year = works.dropna(subset=["release_year"]).groupby(["release_year", "kind"]).size().unstack(fill_value=0)
    per_year.index = per_year.index.astype(int)
    films = works[works["kind"] == "movie"]
    runtimes = {kind: pd.to_numeric(group["runtime_min"]).dropna() for kind, group in works.groupby("kind")}
    runtimes = {kind: values for kind, values in runtimes.items() if len(values)}
    timed = films.assign(runtime_min=pd.to_numeric(films["runtime_min"])).dropna(
        subset=["runtime_min", "imdb_rating_of_10"]
    )
    parts = [
        Part("Kinds", "", pictures.bars(list(counts.index), list(counts), "titles"), counts.reset_index()),
        Part("Titles of each year", "By year of release, not the year they came to a catalogue.",
             pictures.line({kind: per_year[kind] for kind in counts.index[:3]}, "titles", "year"),
             per_year.sort_index(ascending=False).reset_index()),
    ]  # fmt: skip
    if runtimes:
        described = pd.DataFrame({kind: values.describe() for kind, values in runtimes.items()}).T.reset_index(
            names="kind"
        )
        parts.append(
            Part("Runtime by kind", "Of a series, that of an episode.", pictures.boxes(runtimes, "minutes"), described)
        )
    if len(timed) > 2 and timed["imdb_rating_of_10"].nunique() > 1:
        r = _correlation(timed["runtime_min"], timed["imdb_rating_of_10"])
        parts.append(
            Part("Runtime against score", "Films with an IMDb score.",
                 pictures.scatter(timed["runtime_min"], timed["imdb_rating_of_10"], ("minutes", "IMDb (of 10)"), r),
                 pd.DataFrame([("films", len(timed)), ("correlation", r)], columns=["what", "value"]))
        )  # fmt: skip
    return parts


def _numbers(works: pd.DataFrame) -> list[Part]:
    parts = [
        Part(
            "Each number",
            "Unknown values count nowhere: none is ever filled in.",
            "",
            tables.describe_numbers(works),
            True,
        )
    ]
    for column, label in tables.NUMBERS.items():
        values = pd.to_numeric(works[column]).dropna()
        if len(values):
            is_count = column.endswith("_count") and column != "season_count"
            counted, edges = _counted(values)
            frame = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "titles": counted})
            parts.append(Part(label[0].upper() + label[1:], "", pictures.histogram(values, label, is_count), frame))
    return parts


def _counted(values: pd.Series) -> tuple[list[int], list[float]]:
    # Ten bins of equal share say more of skewed numbers than ten of equal width.
    edges = sorted(set(values.quantile([step / 10 for step in range(11)])))
    if len(edges) == 1:
        return [len(values)], [edges[0], edges[0]]
    counts = pd.cut(values, edges, include_lowest=True).value_counts(sort=False)
    return list(counts), edges


def _agreement(found: tables.Gathered) -> list[Part]:
    names = tables.NUMBERS
    parts = []
    pairs = (
        ("imdb_rating_of_10", "critics_pct"),
        ("critics_pct", "audience_pct"),
        ("imdb_rating_of_10", "audience_pct"),
    )
    for across, up in pairs:
        both = found.scored[[across, up]].dropna()
        if len(both) < 3:
            continue
        r = _correlation(both[across], both[up])
        svg = pictures.scatter(both[across], both[up], (names[across], names[up]), r)
        frame = pd.DataFrame([("films with both", len(both)), ("correlation", r)], columns=["what", "value"])
        says = "" if r is not None else "One of them is the same for every film: no correlation can be told."
        parts.append(Part(f"{names[across]} and {names[up]}", says, svg, frame))
    numbers = found.catalogue[list(names)].apply(pd.to_numeric).rename(columns=names)
    numbers = numbers.loc[:, numbers.nunique() > 1]
    if numbers.shape[1] > 1:
        table = numbers.corr(min_periods=10)
        parts.append(Part("All numbers with each other", "1 is together, −1 against each other, 0 neither.",
                          pictures.heat_map(table), table.reset_index(names="number")))  # fmt: skip
    by_year = tables.scores_by_year(found.catalogue)
    if not by_year.empty:
        parts.append(
            Part("Scores by year", "Mean of the works of a year, where five or more have the score. IMDb times ten.",
                 pictures.line({"IMDb × 10": by_year["imdb_rating_of_10"] * 10, "critics": by_year["critics_pct"],
                                "audience": by_year["audience_pct"]}, "mean score", "year"),
                 by_year.sort_index(ascending=False).round(2).reset_index())
        )  # fmt: skip
    return parts


def _correlation(one: pd.Series, other: pd.Series) -> float | None:
    # Of a column that is the same everywhere there is none; one file gives every title 6.5.
    if one.nunique() < 2 or other.nunique() < 2:
        return None
    return round(float(one.corr(other)), 3)


def _groups(found: tables.Gathered) -> list[Part]:
    ages = tables.by_group(found.catalogue, "certification")
    parts = []
    for heading, frame, column in (
        ("Genres", found.genres, "genre"),
        ("Countries", found.countries, "country"),
        ("Certifications", ages, "certification"),
    ):
        top = frame.head(_SHOWN_ROWS)
        if top.empty:
            continue
        parts.append(
            Part(f"{heading} by titles", "", pictures.bars(list(top[column]), list(top["titles"]), "titles"), frame)
        )
        scored = frame[(frame["titles"] >= 20)].dropna(subset=["mean_imdb_of_10"])
        scored = scored.sort_values("mean_imdb_of_10", ascending=False).head(_SHOWN_ROWS)
        if scored["mean_imdb_of_10"].nunique() > 1:
            parts.append(
                Part(f"{heading} by score", "Mean IMDb score of those with 20 titles or more.",
                     pictures.bars(list(scored[column]), list(scored["mean_imdb_of_10"]), "mean IMDb (of 10)",
                                   [f"{each:.2f}" for each in scored["mean_imdb_of_10"]]), scored)
            )  # fmt: skip
        voted = frame.dropna(subset=["median_votes"]).sort_values("median_votes", ascending=False).head(_SHOWN_ROWS)
        if len(voted) > 1:
            parts.append(
                Part(f"{heading} by votes", "Median IMDb votes.",
                     pictures.bars(list(voted[column]), list(voted["median_votes"]), "median IMDb votes",
                                   [f"{each:,.0f}" for each in voted["median_votes"]]), voted)
            )  # fmt: skip
    return parts


def _best(works: pd.DataFrame) -> list[Part]:
    parts = []
    for name, low, shown in (
        ("IMDb", "imdb_low_of_10", ("imdb_rating_of_10", "imdb_vote_count")),
        ("critics", "critics_low_pct", ("critics_pct", "critics_count")),
        ("audience", "audience_low_pct", ("audience_pct", "audience_count")),
    ):
        best = tables.best_rated(works, low, shown)
        if not best.empty:
            svg = pictures.bars(list(best["title"]), list(best[low]), "lower bound, 95 %",
                                [f"{each:.1f}" for each in best[low]])  # fmt: skip
            parts.append(Part(f"Best by {name}", "By the lower bound of the score: few votes cannot win.", svg, best))
    return parts


def _people(found: tables.Gathered) -> list[Part]:
    parts = []
    for part, heading in (("cast", "Seen most"), ("director", "Directed most")):
        top = found.people[found.people["part"] == part]
        if not top.empty:
            parts.append(Part(heading, "Works of the catalogues.",
                              pictures.bars(list(top["person_name"]), list(top["titles"]), "titles"),
                              top[["person_name", "titles"]]))  # fmt: skip
    return parts


def _clusters(found: tables.Gathered) -> list[Part]:
    frame = found.clusters
    if frame.empty:
        return []
    svg = pictures.bars(
        [f"{row.cluster_key}: {row.cluster}" for row in frame.itertuples()], list(frame["title_count"]), "titles"
    )
    listed = frame.assign(
        genres=[", ".join(each) for each in frame["genres"]], examples=[", ".join(each) for each in frame["examples"]]
    )
    return [Part("Clusters", "Groups of titles that are alike in score, votes, kind and year.", svg, listed, True)]


def _words(found: tables.Gathered) -> list[Part]:
    from wordcloud import STOPWORDS

    empty = STOPWORDS | _EMPTY_WORDS
    said: Counter[str] = Counter()
    for text in found.catalogue["description"].dropna():
        said.update({word for word in re.findall(r"[^\W\d_]{3,}", text.lower()) if word not in empty})
    named = Counter(dict(zip(found.genres["genre"], (int(count) for count in found.genres["titles"]), strict=True)))
    return [
        Part(heading, says, pictures.word_cloud(words, heading),
             pd.DataFrame(words.most_common(25), columns=["word", "titles"]))
        for heading, says, words in (
            ("Words of the descriptions", "As large as they are common; each counts once a title.", said),
            ("Genres", "", named),
        )
    ]  # fmt: skip


def _odd(works: pd.DataFrame) -> list[Part]:
    numbers = {label: pd.to_numeric(works[column]).dropna() for column, label in tables.NUMBERS.items()}
    # On one scale: how many deviations from the mean.
    scaled = {
        label: (values - values.mean()) / values.std() for label, values in numbers.items() if values.nunique() > 1
    }
    parts = []
    if scaled:
        parts.append(Part("Outliers", "Deviations from the mean. They are shown, never removed.",
                          pictures.boxes(scaled, "deviations from the mean"), tables.outliers(works),
                          True))  # fmt: skip
    parts.append(Part("Longest texts", "", "", tables.longest_texts(works), True))
    parts.append(Part("Odd characters in titles", "Neither ASCII nor a letter or digit of some script.", "",
                      tables.odd_characters(works), True))  # fmt: skip
    return parts


def _shown(value: object, column: str = "") -> str:
    """A value as a person reads it; unknown is a dash."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    if column.endswith(("share", "rate")):
        return f"{100 * value:.1f} %"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
    if isinstance(value, (int, float)) and not column.endswith(("year", "key")):
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.0f}"
    return str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _column_name(name: object) -> str:
    return str(name).replace("_of_10", " of 10").replace("_pct", " %").replace("_", " ")
