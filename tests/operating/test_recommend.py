"""`recommend --title`: what a name means, and what is said of one that no title has."""

from __future__ import annotations

from datetime import date

import pytest
from small_star import Imdb, Netflix, run_day

from reelhouse.errors import QueryWrong
from reelhouse.operating.recommend import find_title

ROWS = [
    Imdb(1, "The Grasshopper and the Ants", rating=(7.0, 20)),
    Imdb(2, "The Grasshopper", rating=(7.0, 9000)),
    Imdb(3, "Alpha"),
    Netflix("s1", "Alpha", imdb=3),
]


def test_a_title_is_named_as_people_type_it_or_told_with_names_near_it(conn, make_day) -> None:
    run_day(conn, make_day(date(2021, 9, 25)), ROWS)
    assert find_title(conn, " grasshopper AND the ants ") == 1
    with pytest.raises(QueryWrong, match=r"found 'Grashopper'\. Near it: The Grasshopper, The Grasshopper and the Ant"):
        find_title(conn, "Grashopper")
    with pytest.raises(QueryWrong, match=r"found ''\.$"):
        find_title(conn, "")


def test_a_title_that_nobody_has_any_more_is_still_named(conn, make_day) -> None:
    run_day(conn, make_day(date(2021, 9, 25)), ROWS)
    conn.execute("update warehouse.dim_title set is_adult = true where title_key = 3")
    conn.execute("delete from warehouse.title_search where title_key = 3")
    assert find_title(conn, "ALPHA") == 3
