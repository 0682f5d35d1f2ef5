"""Rotten Tomatoes' critic reviews: no id, so equal in every column is a repeat."""

from __future__ import annotations

from datetime import date

import pytest
from source_files import assert_accounted, csv_bytes, read

from reelhouse.sources.reviews import COLUMNS, Review

REVIEW = {
    "rotten_tomatoes_link": "m/glass_harbour", "critic_name": "Ann Lee", "top_critic": "True",
    "publisher_name": "Daily",
    "review_type": "Fresh", "review_score": "3.5/5", "review_date": "2018-03-04", "review_content": "Clear, and cold.",
}  # fmt: skip


def _read(*changes: dict[str, str]) -> tuple[list[Review], object, str]:
    data = csv_bytes(",".join(COLUMNS), [REVIEW | change for change in changes])
    result = read("rotten_tomatoes", "rotten_tomatoes_critic", data)
    assert_accounted(*result)
    return result


def test_a_review_becomes_a_typed_row_and_its_score_stays_the_critics() -> None:
    row = _read({})[0][0]
    assert row[:1] + row[2:] == (
        "glass_harbour", 2, "Ann Lee", True, "Daily", True, "3.5/5", date(2018, 3, 4), "Clear, and cold.",
    )  # fmt: skip


def test_what_is_equal_in_every_column_is_a_repeat_and_films_that_come_back_are_set_aside() -> None:
    other = {"rotten_tomatoes_link": "m/other"}
    rows, record, _ = _read({}, {}, {"review_content": "Cold."}, other, {})
    assert [row.review_text for row in rows] == ["Clear, and cold.", "Cold.", "Clear, and cold."]
    assert (record.rows_duplicate, record.rows_aside) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [{"rotten_tomatoes_link": ""}, {"top_critic": "maybe"}, {"review_type": "Ripe"}, {"review_date": "2018-02-30"}],
)
def test_a_review_that_is_not_valid_is_quarantined(change: dict[str, str]) -> None:
    assert _read(change)[1].rows_quarantined == 1


def test_what_a_review_does_not_say_is_unknown() -> None:
    row = _read(dict.fromkeys(("critic_name", "review_type", "review_score", "review_date", "review_content"), ""))[0][
        0
    ]
    assert (row.critic_name, row.is_fresh, row.review_score, row.review_date, row.review_text) == (None,) * 5
