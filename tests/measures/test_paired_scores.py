"""The quick way gives what bootstrap and permutation by piece give."""

import numpy as np
import pytest

from analysis.measures.paired_scores import s_exchange_p, s_on_resamples
from analysis.measures.retrieval import s_score
from analysis.measures.sensitivity import draw_works
from analysis.measures.statistics import bootstrap_by_piece, paired_permutation_by_piece


@pytest.mark.parametrize("gain", [0, 1, 6])
def test_the_same_numbers_as_the_slow_way(gain: int) -> None:
    rng = np.random.default_rng(gain)
    groups = np.array([f"work {number}" for number in rng.integers(7, size=60)])
    first, second = rng.integers(1, 24, (2, 2, 60))
    first = np.maximum(first - gain, 1)
    draws = draw_works(groups, seed=5)
    slow = bootstrap_by_piece(groups, lambda index: s_score(*first[:, index]), seed=5)
    assert draws.interval(s_on_resamples(draws, first)) == pytest.approx(slow)
    expected = paired_permutation_by_piece(groups, first, second, lambda both: s_score(*both), seed=5, n_permutations=300)
    assert s_exchange_p(groups, first, second, seed=5, n_permutations=300) == expected


def test_models_that_are_alike_and_models_that_are_not() -> None:
    groups = np.repeat(np.arange(12), 5)
    good, bad = np.ones((2, 60), int), np.full((2, 60), 99)
    assert s_exchange_p(groups, good, good, seed=0) == 1.0
    assert s_exchange_p(groups, good, bad, seed=0) < 0.005
