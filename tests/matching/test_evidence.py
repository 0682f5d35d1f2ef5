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
    works.imdb(1, "Extraction", 2015, runtime=82, votes=150)
    works.imdb(2, "Extraction", 1998, votes=200, directors=["Ann Bay"])
    works.match()
    assert works.linked("s1") is None


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
