"""The quick way gives what bootstrap and permutation by work give, and exchanges whole works."""

import numpy as np
import pytest

from analysis.measures.paired_scores import s_exchange_p, s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import s_score
from tests.reference.resampling_literal import bootstrap_by_work, paired_permutation_by_work


@pytest.mark.parametrize("gain", [0, 1, 6])
def test_the_same_numbers_as_the_slow_way(gain: int) -> None:
    rng = np.random.default_rng(gain)
    groups = np.array([f"work {number}" for number in rng.integers(7, size=60)])
    first, second = rng.integers(1, 24, (2, 2, 60))
    first = np.maximum(first - gain, 1)
    draws = WorkDraws(groups, 5)
    slow = bootstrap_by_work(groups, lambda index: s_score(*first[:, index]), seed=5)
    assert draws.interval(s_on_resamples(draws, first)) == slow
    expected = paired_permutation_by_work(groups, first, second, lambda both: s_score(*both), seed=5, n_permutations=300)
    assert s_exchange_p(groups, first, second, seed=5, n_permutations=300) == expected


def test_models_that_are_alike_and_models_that_are_not() -> None:
    groups = np.repeat(np.arange(12), 5)
    good, bad = np.ones((2, 60), int), np.full((2, 60), 99)
    assert s_exchange_p(groups, good, good, seed=0) == 1.0
    assert s_exchange_p(groups, good, bad, seed=0) < 0.005


def test_p_of_a_model_that_is_better_on_every_work() -> None:
    """Of the 2^8 exchanges of whole works, only none and all are as far from zero: p approaches 2/256."""
    good, bad = np.ones((2, 80), int), np.full((2, 80), 99)
    assert abs(s_exchange_p(np.repeat(np.arange(8), 10), good, bad, seed=0, n_permutations=20_000) - 2 / 256) < 0.002


def test_windows_of_one_work_are_exchanged_together() -> None:
    """With one work every exchange is as far from zero, however many windows it has."""
    good, bad = np.ones((2, 100), int), np.full((2, 100), 99)
    assert s_exchange_p(np.zeros(100), good, bad, seed=0, n_permutations=50) == 1.0
