"""Contestant `Splink`: pairs of catalogue rows and IMDb titles, scored by Splink on DuckDB under one setting.

    python splink_links.py SETTING FOLDER OUT

FOLDER holds catalogue.csv and imdb.csv as matching_exchange.py writes them: folds, keys and people of both sides as
ours has them. OUT gets the pairs worth a thought, with their match weight; who links whom is chosen elsewhere. The
last line said is the CPU and wall time of each phase.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule

SEPARATOR = "chr(31)"
MEMORY = "4GB"
LEAST_WEIGHT = -10
RANDOM_PAIRS = 5e6
LISTS = ("names", "keys", "found_keys", "directors", "people", "rare_people")
TYPES = {
    "unique_id": "varchar", "label": "varchar", "kind": "varchar", "is_short": "boolean", "title": "varchar",
    "title_key": "varchar", "year": "integer", "end_year": "integer", "runtime": "integer", "votes": "integer",
    "has_directors": "boolean", "has_people": "boolean",
}  # fmt: skip
# Of ten rows of the catalogue nine have their title in IMDb.
SHARE_WITH_TITLE = 0.9


@dataclass(frozen=True, slots=True)
class Setting:
    """What one setting compares, by names of `COMPARISONS`, which pairs it looks at, and how it learns.

    learns  `em`: without labels; `labels`: agreement of true pairs is counted in the labels
    """

    compares: tuple[str, ...]
    blocks: str = "wide"
    learns: str = "em"


RICH = ("titles", "year_by_type", "type", "directors", "people", "runtime")
BY_FREQUENCY = ("titles_by_frequency", *RICH[1:])
SETTINGS: Mapping[str, Setting] = {
    "usual": Setting(("main_title", "year", "type", "directors", "people"), blocks="narrow"),
    "names": Setting(RICH),
    "names+frequency": Setting(BY_FREQUENCY),
    "names+votes": Setting((*RICH, "votes")),
    "names+frequency+votes": Setting((*BY_FREQUENCY, "votes")),
    "names+votes+labels": Setting((*RICH, "votes"), learns="labels"),
    "names+frequency+votes+labels": Setting((*BY_FREQUENCY, "votes"), learns="labels"),
}


# --- what is compared -----------------------------------------------------------------------------------


def null(condition: str) -> object:
    return levels.CustomLevel(condition).configure(is_null_level=True)


def by_levels(name: str, unknown: str, *conditions: str) -> comparisons.CustomComparison:
    """Conditions from the strongest on; what fits none is the last level."""
    told = [levels.CustomLevel(condition) for condition in conditions]
    return comparisons.CustomComparison([null(unknown), *told, levels.ElseLevel()], output_column_name=name)


def titles(*first: object) -> comparisons.CustomComparison:
    """The best agreement between any two names of both sides."""
    alike = [levels.PairwiseStringDistanceFunctionLevel("names", "jaro_winkler", least) for least in (0.95, 0.9, 0.8)]
    part = levels.CustomLevel("list_has_any(keys_l, found_keys_r) or list_has_any(found_keys_l, keys_r)")
    equal = levels.CustomLevel("list_has_any(keys_l, keys_r)")
    return comparisons.CustomComparison(
        [null("len(names_l) = 0 or len(names_r) = 0"), *first, equal, alike[0], part, *alike[1:], levels.ElseLevel()],
        output_column_name="names",
    )


MAIN_TITLE = levels.ExactMatchLevel("title_key", term_frequency_adjustments=True)
SERIES = "kind_l = 'series' and kind_r = 'series'"
COMPARISONS = {
    "main_title": lambda: comparisons.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.8]),
    "titles": titles,
    "titles_by_frequency": lambda: titles(MAIN_TITLE),
    "year": lambda: by_levels(
        "year", "year_l is null or year_r is null",
        "year_l = year_r", "abs(year_l - year_r) <= 1", "abs(year_l - year_r) <= 3", "abs(year_l - year_r) <= 10",
    ),
    "year_by_type": lambda: by_levels(
        "year", "year_l is null or year_r is null",
        f"year_l = year_r and ({SERIES})",
        "year_l = year_r",
        # A series' year in the catalogue is that of its newest season.
        f"{SERIES} and year_l > year_r and year_l = end_year_r",
        f"{SERIES} and year_l > year_r and year_l <= coalesce(end_year_r, 9999) and year_l - year_r <= 12",
        "abs(year_l - year_r) <= 1",
        f"{SERIES} and year_l > year_r",
        "abs(year_l - year_r) <= 3",
    ),
    "type": lambda: by_levels(
        "kind", "kind_l is null or kind_r is null",
        "kind_l = kind_r and not is_short_r", "kind_l = kind_r", "kind_l = 'series'",
    ),
    "directors": lambda: by_levels(
        "directors", "not has_directors_l or not has_directors_r",
        "list_has_any(directors_l, directors_r)", "list_has_any(directors_l, people_r)",
    ),
    "people": lambda: by_levels(
        "people", "not has_people_l or not has_people_r",
        *(f"len(list_intersect(people_l, people_r)) >= {least}" for least in (5, 3, 2, 1)), "len(people_l) <= 3",
    ),
    "runtime": lambda: by_levels(
        "runtime", "runtime_l is null or runtime_r is null or kind_l = 'series' or kind_r = 'series'",
        "runtime_l = runtime_r", *(f"abs(runtime_l - runtime_r) <= {most}" for most in (2, 5, 15)),
    ),
    # Says nothing of the pair, but which of several titles a catalogue would rather have.
    "votes": lambda: by_levels("votes", "false", "votes_r >= 1000", "votes_r >= 100", "votes_r > 0"),
}  # fmt: skip

NEAR = "(l.year - r.year between -1 and 1)"
BLOCKS = {
    "narrow": lambda: [
        block_on("title_key"),
        block_on("prefix", "year"),
        CustomRule(f"l.director = r.director and {NEAR}"),
    ],
    "wide": lambda: [
        block_on("keys", arrays_to_explode=["keys"]),
        block_on("found_keys", arrays_to_explode=["found_keys"]),
        CustomRule(
            "l.rare_people = r.rare_people and (l.year - r.year between -2 and 3 or l.kind = 'series' and"
            " r.kind = 'series' and l.year > r.year)",
            arrays_to_explode=["rare_people"],
        ),
        CustomRule(f"l.prefix = r.prefix and {NEAR} and jaro_winkler_similarity(l.title_key, r.title_key) >= 0.85"),
    ],
}


# --- the phases -----------------------------------------------------------------------------------------


def main(name: str, folder: str, out: str) -> None:
    logging.disable(logging.WARNING)
    setting, phases = SETTINGS[name], []
    with phase(phases, "prepare"):
        con = duckdb.connect()
        con.execute(f"set memory_limit = '{MEMORY}'")
        con.execute(f"set temp_directory = '{Path(out).parent}'")
        # Splink writes lambdas in a way that DuckDB otherwise refuses by now.
        con.execute("set lambda_syntax = 'ENABLE_SINGLE_ARROW'")
        for table in ("catalogue", "imdb"):
            read(con, table, Path(folder) / f"{table}.csv")
        linker = make_linker(con, setting)
    with phase(phases, "train"):
        train(linker, setting)
    with phase(phases, "predict"):
        predicted = linker.inference.predict(threshold_match_weight=LEAST_WEIGHT)
    con.execute(
        f"copy (select unique_id_l as source_id, unique_id_r as imdb_id, match_weight"
        f" from {predicted.physical_name}) to '{out}' (header)"
    )
    print(json.dumps({"phases": phases}))


def read(con: duckdb.DuckDBPyConnection, table: str, path: Path) -> None:
    types = TYPES | dict.fromkeys(LISTS, "varchar")
    lists = ", ".join(f"coalesce(string_split({name}, {SEPARATOR}), []) as {name}" for name in LISTS)
    con.execute(
        f"create table {table} as select *, left(title_key, 4) as prefix, directors[1] as director,"
        f" people[1] as first_person from (select * replace ({lists})"
        f" from read_csv('{path}', header = true, quote = '\"', escape = '\"', nullstr = '', types = {types}))"
    )


def make_linker(con: duckdb.DuckDBPyConnection, setting: Setting) -> Linker:
    api = DuckDBAPI(connection=con)
    tables = [api.register(name, dataset_display_name=name) for name in ("catalogue", "imdb")]
    titles_there = con.execute("select count(*) from imdb").fetchall()[0][0]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[COMPARISONS[name]() for name in setting.compares],
        blocking_rules_to_generate_predictions=BLOCKS[setting.blocks](),
        probability_two_random_records_match=SHARE_WITH_TITLE / titles_there,
        retain_matching_columns=False,
    )
    return Linker(tables, settings)


def train(linker: Linker, setting: Setting) -> None:
    training = linker.training
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
    if setting.learns == "labels":
        training.estimate_m_from_label_column("label")
        return
    # What pairs are found by is not learnt from them: titles from the pairs that people find, the rest from titles'.
    for rule in (
        block_on("title_key"),
        block_on("director", "year"),
        CustomRule("l.first_person = r.first_person and l.year = r.year"),
    ):
        training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, fix_probability_two_random_records_match=False
        )


@contextmanager
def phase(phases: list[dict[str, object]], name: str) -> Iterator[None]:
    began, before = time.perf_counter(), os.times()
    yield
    after = os.times()
    cpu_s = after.user + after.system - before.user - before.system
    phases.append({"phase": name, "cpu_s": round(cpu_s, 3), "wall_s": round(time.perf_counter() - began, 3)})


if __name__ == "__main__":
    main(*sys.argv[1:])
