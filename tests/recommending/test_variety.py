"""What is chosen of a pool is what one would choose by hand, title by title, whatever pools are beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from reelhouse.recommending.variety import told_apart_by, varied

TITLES, TOKENS, CANDIDATES = 30, 25, 12


class Asked:
    """Random pools: titles with some tokens of 1/64ths, so that no sum is rounded, and few franchises."""

    def __init__(self, seed: int, pools: int) -> None:
        chance = np.random.default_rng(seed)
        dense = chance.integers(0, 9, (TITLES, TOKENS)) * (chance.random((TITLES, TOKENS)) < 0.3) / 64
        self.content = sparse.csr_matrix(dense)
        self.franchises = chance.integers(0, 9, TITLES)
        self.pool = np.array([chance.permutation(TITLES)[:CANDIDATES] for _ in range(pools)])
        # Some pools are shorter, one has nothing.
        self.pool[np.arange(CANDIDATES) >= chance.integers(0, CANDIDATES + 1, pools)[:, None]] = -1
        self.worth = -np.sort(-chance.integers(0, 40, self.pool.shape) / 64, axis=1)
        self.is_across = chance.random(self.pool.shape) < 0.4
        self.franchise_count = chance.integers(0, 3, self.pool.shape)

    def chosen(self, rows: slice, length: int) -> np.ndarray:
        return varied(
            self.content, self.franchises, self.pool[rows], self.worth[rows], length,
            self.is_across[rows], self.franchise_count[rows],
        )  # fmt: skip

    def by_hand(self, row: int, length: int) -> list[int]:
        dense, pool, picks = self.content.toarray(), self.pool[row], []
        while len(picks) < length:
            values = {}
            for place in np.flatnonzero(pool >= 0).tolist():
                own = self.franchises[pool[place]]
                of_own = sum(self.franchises[pool[pick]] == own for pick in picks)
                of_others = sum(self.is_across[row, pick] for pick in picks)
                is_closed = self.franchise_count[row, place] + of_own >= 2 or (
                    self.is_across[row, place] and of_others >= 2
                )
                if place not in picks and not is_closed:
                    alike = max((dense[pool[place]] @ dense[pool[pick]] for pick in picks), default=0.0)
                    values[place] = round(0.8 * self.worth[row, place] - 0.2 * alike, 9)
            if not values:
                break
            picks.append(max(values, key=lambda place: (values[place], -place)))
        return picks


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), pools=st.integers(1, 6), length=st.integers(1, CANDIDATES))
def test_what_is_chosen_of_each_pool_is_what_one_chooses_by_hand(seed: int, pools: int, length: int) -> None:
    asked = Asked(seed, pools)
    together = asked.chosen(slice(None), length)
    for row in range(pools):
        picks = asked.by_hand(row, length)
        assert together[row].tolist() == picks + [-1] * (length - len(picks))
        assert np.array_equal(asked.chosen(slice(row, row + 1), length)[0], together[row])


def test_words_of_descriptions_make_nothing_alike() -> None:
    content = sparse.csr_matrix([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    columns = [("genre", "Drama"), ("description", "storm"), ("cast", "Ann")]
    assert told_apart_by(content, columns).toarray().tolist() == [[1.0, 3.0], [4.0, 6.0]]


@pytest.mark.parametrize("pools", [0, 3])
def test_pools_of_nothing_give_nothing(pools: int) -> None:
    found = varied(
        sparse.csr_matrix((0, 5)), np.empty(0, dtype=int), np.empty((pools, 0), dtype=int), np.empty((pools, 0)), 4
    )
    assert found.tolist() == [[-1] * 4] * pools
