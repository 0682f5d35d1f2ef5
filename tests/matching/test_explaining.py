"""Why a row was decided as it was, and why it is not another title: in SQL for what is kept, weighed anew otherwise."""

from __future__ import annotations

import re

import pytest
from works import Works

from reelhouse.matching.explaining import Sentence, explain, weigh_pair, why_not
from reelhouse.matching.overriding import NOT_THIS_PAIR, THIS_PAIR, NewOverride, add_override

ANN = ["Ann Ash"]


@pytest.fixture
def alpha(works: Works) -> Works:
    """One row, its title, a near miss, and titles that no join finds."""
    works.netflix("s1", "Alpha", 2020, directors=ANN, actors=["Bo Quill"], runtime=90, categories=["Dramas"])
    works.imdb(1, "Alpha", 2020, directors=ANN, actors=["Bo Quill", "Ed Oz"], runtime=92, genres=["Drama"])
    works.imdb(2, "Alpha", 2019, directors=["Zed Zee"], runtime=120)
    works.imdb(3, "Beta", 1990)
    works.imdb(4, "Alphabet Soup of Doom", 2020)
    works.imdb(5, "Alphas", 1950)
    works.imdb(6, "Delta", 1950, actors=["Bo Quill"])
    works.imdb(7, "Alphons", 2020)
    works.match()
    return works


def _by_what(sentences: list[Sentence]) -> dict[str, Sentence]:
    return {sentence.what: sentence for sentence in sentences}


def _why_not(works: Works, imdb_id: str, source_id: str = "s1") -> dict[str, Sentence]:
    folder = works.day.settings.sql / "2_matching"
    return _by_what(why_not(works.conn, folder, "netflix", source_id, imdb_id))


def test_a_link_is_explained_by_terms_that_add_up_and_by_the_runner_up(alpha: Works) -> None:
    said = explain(alpha.conn, "netflix", "s1")
    assert [sentence.ordering for sentence in said] == sorted({sentence.ordering for sentence in said})
    told = _by_what(said)
    assert told["decision"].value == "match"
    assert told["decision"].words.startswith("linked to tt0000001 Alpha (movie, 2020), right with a probability of")
    terms = [each.points for each in said if told["decision"].ordering < each.ordering < told["sum"].ordering]
    assert len(terms) == 10
    assert sum(terms) == pytest.approx(told["sum"].points, abs=0.05)
    assert (told["year"].value, told["year"].words) == ("2020 ~ 2020", "the same year: speaks for it")
    assert (told["runtime"].value, told["cast"].value) == ("90 ~ 92 min", "1 of 1")
    assert told["people"].words.startswith("shared in any role: Ann Ash; Bo Quill; the rarer")
    assert told["runner-up"].value == "tt0000002"
    assert "lost by" in told["runner-up"].words


def test_a_row_without_a_match_says_why_its_best_candidate_is_not_it(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, directors=ANN, runtime=90)
    works.imdb(1, "Alpha", 1950, directors=["Zed Zee"], runtime=40)
    works.netflix("s2", "Omega", 2020)
    works.imdb(2, "Alpha", 1951, directors=["Zed Zee"], runtime=41)
    works.match()
    told = _by_what(explain(works.conn, "netflix", "s1"))
    assert told["decision"].value == "no match"
    assert told["decision"].words.startswith("not linked; the best candidate was tt0000001 Alpha (movie, 1950);")
    assert told["runner-up"].words == "the other candidate is less likely still"
    assert told["director"].words.endswith("speaks against it")
    assert "times less likely than that IMDb has no such title" in told["sum"].words
    assert _by_what(explain(works.conn, "netflix", "s2"))["runner-up"].words == "no other candidate"


@pytest.mark.parametrize(
    ("votes", "words"),
    [(None, "no rating"), (7, "few votes"), (100, "100 votes or more"), (5_000, "1000 votes or more")],
)
def test_how_known_a_title_is_is_told_as_it_was_weighed(works: Works, votes: int | None, words: str) -> None:
    works.netflix("s1", "Alpha", 2020, directors=ANN)
    works.imdb(1, "Alpha", 2020, directors=ANN, votes=votes)
    works.match()
    assert _by_what(explain(works.conn, "netflix", "s1"))["fame"].value == words


def test_all_that_the_words_are_made_of_is_kept_with_the_evidence(works: Works) -> None:
    known = {"directors": ANN, "actors": ["Bo Quill"]}
    works.netflix("s1", "Alpha", 2020, **known, runtime=90, categories=["Dramas"])
    works.imdb(1, "Alpha", 2020, **known, runtime=90, genres=["Drama"])
    works.netflix("s2", "Omega", 2020, kind="series", **known)
    works.imdb(2, "Omega", 2019, "tvSeries", end_year=2020, **known)
    works.match()
    kept = works.conn.execute("select jsonb_object_keys(details) from matching.match_evidence").fetchall()
    text = (works.day.settings.sql / "5_mart" / "matching_describe_terms.sql").read_text()
    assert set(re.findall(r"details ->> '(\w+)'", text)) <= {name for (name,) in kept}


def test_a_row_that_is_not_there_is_named(alpha: Works) -> None:
    (said,) = explain(alpha.conn, "netflix", "s77")
    assert said.words == "netflix has no row s77 in the current edition"


def test_a_person_s_decision_is_told_with_who_and_why(alpha: Works) -> None:
    add_override(alpha.conn, NewOverride("netflix", "movie", "Alpha", 2020, THIS_PAIR, 3, "ann", "same poster"))
    alpha.match()
    told = _by_what(explain(alpha.conn, "netflix", "s1"))
    assert told["decision"].words.startswith("linked to tt0000003 Beta (movie, 1990), as a person decided")
    assert told["person"].words == "ann (override 1): tt0000003 Beta (movie, 1990), because same poster"
    assert told["sum"].words == "nothing weighed: no rule found this title for the row"
    against = _why_not(alpha, "tt0000001")
    assert against["person"].words == "ann decided so, because same poster"
    assert against["sum"].points > 0


def test_the_title_that_a_row_is_not_is_barred_in_words(alpha: Works) -> None:
    add_override(alpha.conn, NewOverride("netflix", "movie", "Alpha", 2020, NOT_THIS_PAIR, 1, "ann", "a remake"))
    alpha.match()
    assert _why_not(alpha, "tt0000001")["person"].value == "not this pair"


def test_a_loser_is_laid_beside_the_winner(alpha: Works) -> None:
    told = _why_not(alpha, "tt0000002")
    assert told["candidate"].words == "found by title key"
    assert told["year"].points < 0
    assert re.search(r"speaks against it; tt0000001 has \d\.\d+ \(2020 ~ 2020\)$", told["year"].words)
    assert "candidate 2 of the row; loses to tt0000001 Alpha (movie, 2020) by" in told["sum"].words


def test_the_title_it_is_says_so(alpha: Works) -> None:
    assert _why_not(alpha, "tt0000001")["decision"].words == "but it is: the row is linked to this title"


@pytest.mark.parametrize(
    ("imdb_id", "what", "words"),
    [
        ("tt0000003", "title key", "the row has alpha; the title has beta"),
        ("tt0000003", "shared people", "the row names 2 people, none of them is among those of the title"),
        ("tt0000003", "title prefix", "the keys begin differently"),
        ("tt0000004", "title prefix", "they begin alike, but one is over half as long again as the other"),
        ("tt0000005", "title prefix", "they begin alike, but the years 2020 and 1950 are 70 apart; one is allowed, and"
         " fifteen for a running series"),
        ("tt0000006", "shared people", "Bo Quill (on 2 titles), but the years 2020 and 1950 are 70 apart; one shared"
         " person needs a year next to it, two at most three years, unless it is a running series"),
        ("tt0000007", "title prefix", "they begin alike, but less than 75 % of their letters agree"),
    ],
)  # fmt: skip
def test_what_was_no_candidate_says_which_keys_did_not_meet(alpha: Works, imdb_id: str, what: str, words: str) -> None:
    told = _why_not(alpha, imdb_id)
    assert told["candidate"].value == "no"
    assert told[what].words == words


def test_what_no_join_found_is_weighed_by_the_same_function(alpha: Works) -> None:
    told = _why_not(alpha, "tt0000003")
    assert told["sum"].points < 0
    assert "tt0000001 Alpha (movie, 2020) has " in told["sum"].words
    folder = alpha.day.settings.sql / "2_matching"
    kept = alpha.conn.execute(
        "select imdb_title_number, score, terms, details from matching.match_evidence order by 1"
    ).fetchall()
    assert len(kept) == 2
    for number, score, terms, details in kept:
        pair = weigh_pair(alpha.conn, folder, "netflix", "s1", number)
        assert pair.score == pytest.approx(score, abs=1e-4)
        assert (pair.terms, pair.details) == (terms, details)


def test_adult_titles_and_series_of_a_film_source_are_excluded_in_words(works: Works) -> None:
    works.rotten_tomatoes("alpha", "Alpha", 2020)
    works.imdb(1, "Alpha", 2020, "tvSeries")
    works.imdb(2, "Alpha", 2020, is_adult=True)
    works.match()
    folder = works.day.settings.sql / "2_matching"
    series, adult = (_by_what(why_not(works.conn, folder, "rotten_tomatoes", "alpha", f"tt{n}")) for n in (1, 2))
    assert series["excluded"].words == "Rotten Tomatoes has films only, so series are no candidates"
    assert adult["excluded"].words == "adult titles are never candidates"


def test_a_common_name_far_in_time_says_how_common(works: Works) -> None:
    works.netflix("s1", "Love", 2020)
    for number in range(1, 103):
        works.imdb(number, "Love", 1900 + number % 50)
    works.match()
    assert _why_not(works, "tt0000007")["title key"].words == (
        "equal, but 102 titles have it; above 100 the year must be near too, and the years 2020 and 1907 are 113 apart"
    )


def test_titles_and_rows_that_are_not_there_are_told_apart(alpha: Works) -> None:
    alpha.conn.execute(
        "insert into ops.file (source, file_name, file_date, origin, sha256, byte_count, landed_path)"
        " values ('imdb', 'title.basics', '2026-01-01', 'test', repeat('0', 64), 1, 'test')"
    )
    alpha.conn.execute(
        "insert into quarantine.rejected_row (file_id, line_number, reasons, raw_text)"
        " select file_id, 7, '{bad}', e'tt0000008\tmovie' from ops.file"
    )
    assert _why_not(alpha, "tt0000009")["title"].words.startswith("not in the warehouse: unknown to IMDb's file, or of")
    assert _why_not(alpha, "tt0000008")["title"].words.startswith("its line of IMDb's file was not valid")
    assert _why_not(alpha, "nm1")["unknown title"].words == "expected an IMDb id like tt0133093"
    assert _why_not(alpha, "tt1", "s77")["unknown row"].words == "netflix has no row s77 in the current edition"
