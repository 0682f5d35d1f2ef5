"""What a name that somebody types means."""

from __future__ import annotations

from datetime import date

import pytest
from small_star import Imdb, Netflix, run_day

from reelhouse.warehousing.naming import title_of_name

ROWS = [
    Imdb(1, "Soul", 1992, rating=(6.0, 90000)),
    Imdb(2, "Untitled Animation Project", 2020, rating=(8.0, 300)),
    Imdb(3, "The Grasshopper and the Ants", 1934, rating=(7.0, 20)),
    Imdb(4, "The Circle", 2020, "tvSeries", rating=(6.0, 50)),
    Imdb(5, "Circle", 2015, rating=(6.0, 5000)),
    Imdb(6, "Café Olé", 2015),
    Imdb(7, "Matrix", 1993, rating=(7.0, 9000)),
    Netflix("s1", "Other", imdb=5, source="amazon"),
    Netflix("s2", "Soul", imdb=2, source="disney"),
    Netflix("s3", "Grasshopper - A Silly Symphony", imdb=3, source="disney"),
    Netflix("s4", "The Circle", 2020, kind="series", imdb=4),
]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        pytest.param("soul", 2, id="a catalogue writes it so"),
        pytest.param("grasshopper - a silly symphony", 3, id="only a catalogue writes it so"),
        pytest.param("Grasshopper and the Ants", 3, id="the article is left out"),
        pytest.param("The Circle", 4, id="the article tells two apart"),
        pytest.param("Circle", 5, id="and its absence, too"),
        pytest.param("  CAFE  ole ", 6, id="case, accents and blanks do not matter"),
        pytest.param("The Matrix", 7, id="an article that the title does not have"),
        pytest.param("Sou", None, id="a part is no name"),
        pytest.param(" ... ", None, id="nothing"),
        pytest.param("' or 1 = 1 --", None, id="SQL"),
    ],
)
def test_a_name_means_the_title_that_people_know_by_it(conn, make_day, name, number) -> None:
    run_day(conn, make_day(date(2021, 9, 25)), ROWS)
    assert title_of_name(conn, name) == number
