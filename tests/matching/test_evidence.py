"""Evidence that tells works of one name apart, and what the fit learns from it."""

from __future__ import annotations

import numpy as np
import pytest
from works import Works

from reelhouse.matching.fitting import BELIEFS, Choices, fit_weights

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance", "Flo Wick")
VOICES = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole", "Lou Dray")


def test_a_homonym_of_which_nobody_is_known_is_not_the_film(works: Works) -> None:
    works.netflix("s1", "Extraction", 2015, directors=["Steven Ash"], actors=CAST, runtime=82)
    works.imdb(1, "Extraction", 2015, runtime=95, votes=150)
    works.imdb(2, "Extraction", 1998, votes=200, directors=["Ann Bay"])
    works.match()
    assert works.linked("s1") is None


def test_a_film_of_that_year_and_minute_is_no_homonym_though_nobody_of_it_is_known(works: Works) -> None:
    works.netflix("s1", "Consequences", 2014, directors=["Steven Ash"], actors=CAST, runtime=106)
    works.imdb(1, "Consequences", 2014, runtime=106, votes=981)
    works.imdb(2, "Consequences", 1998, votes=200, directors=["Ann Bay"])
    works.match()
    assert works.linked("s1") == 1


@pytest.mark.parametrize(("minutes", "linked"), [(80, 1), (104, None)])
def test_a_film_dated_by_its_copy_is_the_film_of_that_director_and_minute(
    works: Works, minutes: int, linked: int | None
) -> None:
    works.netflix("s1", "Loan Shark", 2021, directors=["Ann Ash"], runtime=80)
    works.imdb(1, "Loan Shark", 1952, directors=["Ann Ash"], actors=CAST, runtime=minutes, votes=844)
    works.match()
    assert works.linked("s1") == linked


@pytest.mark.parametrize(("first", "linked"), [(1990, 1), (2020, None)])
def test_a_series_is_not_the_later_one_of_its_name(works: Works, first: int, linked: int | None) -> None:
    works.catalogue("hulu", "s1", "Unsolved Mysteries", 1988, kind="series", categories=["Documentaries"])
    works.imdb(1, "Unsolved Mysteries", first, "tvSeries", votes=9_492, genres=["Documentary"])
    works.match()
    assert works.linked("s1") == linked


@pytest.mark.parametrize(("seasons", "minutes", "year", "linked"), [
    (3, 97, 2011, None),
    (1, 97, 2011, 1),
    # What IMDb's files call a film by mistake has an episode's length, or no year.
    (3, 25, 2011, 1),
    (3, 97, None, 1),
])  # fmt: skip
def test_a_series_of_seasons_is_not_the_feature_made_of_it(
    works: Works, seasons: int, minutes: int, year: int | None, linked: int | None
) -> None:
    works.netflix("s1", "The Inbetweeners", 2011, "series", actors=CAST, seasons=seasons)
    works.imdb(1, "The Inbetweeners", year, runtime=minutes, actors=CAST, votes=73_217)
    works.match()
    assert works.linked("s1") == linked


def test_a_name_of_its_own_needs_no_people(works: Works) -> None:
    works.netflix("s1", "Every Time I Dine", 2015, directors=["Steven Ash"], actors=CAST, runtime=98)
    works.imdb(1, "Every Time I Dine", 2015, runtime=98, votes=300)
    works.match()
    assert works.linked("s1") == 1


@pytest.mark.parametrize("famous", [1, 2])
def test_of_two_namesakes_the_one_that_people_have_seen_is_meant(works: Works, famous: int) -> None:
    works.netflix("s1", "Van Helsing", 2004)
    for number in (1, 2):
        works.imdb(number, "Van Helsing", 2004, votes=296_000 if number == famous else None)
    works.match()
    assert works.decided()["s1"][0] == famous


def test_a_days_votes_move_no_decision(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"])
    works.imdb(1, "Alpha", 2020, votes=1_200)
    works.match()
    scores = [works.conn.execute("select score from matching.match_evidence").fetchone()]
    works.conn.execute("update staging.imdb_ratings set imdb_vote_count = 9_000")
    works.match()
    scores.append(works.conn.execute("select score from matching.match_evidence").fetchone())
    assert scores[0] == scores[1]


@pytest.mark.parametrize(("genre", "against"), [("Animation", False), ("Drama", True)])
def test_other_voices_say_nothing_of_a_cartoon(works: Works, genre: str, against: bool) -> None:
    works.netflix("s1", "Alpha", 2020, actors=CAST)
    works.imdb(1, "Alpha", 2020, actors=VOICES, genres=[genre])
    works.match()
    (weight,) = works.conn.execute("select (terms ->> 'cast')::real from matching.match_evidence").fetchone()
    assert (weight < 0) == against


def test_a_year_in_the_title_tells_remakes_apart(works: Works) -> None:
    works.catalogue("disney", "s1", "Aladdin (1992)", 2019)
    works.imdb(1, "Aladdin", 1992, votes=400_000)
    works.imdb(2, "Aladdin", 2004, votes=400_000)
    works.match()
    assert works.linked("s1") == 1


def test_part_one_is_not_part_two_whoever_is_in_it(works: Works) -> None:
    people = {"directors": ["Ann Ash"], "actors": CAST, "runtime": 120}
    works.netflix("s1", "The Long Dawn: Part 1", 2014, **people)
    works.imdb(2, "The Long Dawn: Part 2", 2015, votes=5_000, **people)
    works.match()
    assert works.linked("s1") is None


def test_a_weight_follows_what_people_chose_within_its_bounds() -> None:
    # Forty rows with two candidates each: the one in the same year is right, the one years off is wrong.
    pair = np.arange(80)
    columns = {
        "prior.row": np.ones(80),
        "year.same": pair % 2 == 0,
        "year.other": pair % 2 == 1,
    }
    choices = Choices(pair, pair % 2 == 0, np.arange(0, 80, 2), np.ones(40))
    weights = fit_weights(columns, choices)
    assert weights["year.same"] > BELIEFS["year.same"].mean > weights["year.other"]
    assert all(BELIEFS[name].low <= weight <= BELIEFS[name].high for name, weight in weights.items())
