"""Ranks and what is computed from them, in closed form."""

import numpy as np
import pytest

from analysis.measures.retrieval import chance_of_s, mean_reciprocal_rank, ranks, recall_at, s_score


def test_perfect_tied_and_worst() -> None:
    pools = np.stack([np.roll(np.arange(4), -row) for row in range(4)])
    assert ranks(np.eye(4), 3 * np.eye(4), pools).tolist() == [1, 1, 1, 1]
    assert ranks(np.eye(4), np.ones((4, 4)), pools).tolist() == [4, 4, 4, 4]
    assert ranks(np.eye(4), -np.eye(4), pools).tolist() == [4, 4, 4, 4]


def test_not_a_number_is_never_first() -> None:
    assert ranks(np.eye(2), np.full((2, 2), np.nan), np.array([[0, 1], [1, 0]])).tolist() == [2, 2]


def test_scores() -> None:
    assert recall_at(np.array([1, 10, 11, 12]), 10) == 0.5
    assert mean_reciprocal_rank(np.array([1, 2])) == 0.75
    assert s_score(np.array([1, 1]), np.array([1, 11])) == 0.5


@pytest.mark.parametrize(("n_queries", "pool_size"), [(500, 256), (96, 64), (16, 16)])
def test_chance_of_s_is_what_random_ranks_give(n_queries: int, pool_size: int) -> None:
    rng = np.random.default_rng(0)
    drawn = [s_score(*rng.integers(1, pool_size + 1, (2, n_queries))) for _ in range(4000)]
    assert chance_of_s(n_queries, pool_size) == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 4000**0.5)
