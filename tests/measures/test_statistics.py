"""The bootstrap draws pieces, not queries."""

import numpy as np
import pytest

from analysis.measures.sensitivity import draw_works
from analysis.measures.statistics import bootstrap_by_piece, paired_permutation_by_piece


def test_one_piece_has_no_interval() -> None:
    values = np.arange(10.0)
    found = bootstrap_by_piece(np.zeros(10), lambda index: float(values[index].mean()), n_resamples=50, seed=0)
    assert found == (None, None)


def test_two_pieces_give_no_interval_and_three_do() -> None:
    values = np.repeat([0.0, 1.0, 2.0], 100)
    groups = np.repeat(["a", "b", "c"], 100)
    assert bootstrap_by_piece(groups[:200], lambda index: float(values[index].mean()), seed=0) == (None, None)
    assert bootstrap_by_piece(groups, lambda index: float(values[index].mean()), seed=0) == (0.0, 2.0)


@pytest.mark.parametrize("n_works", [6, 8, 24])
def test_intervals_hold_the_mean_as_often_as_they_say(n_works: int) -> None:
    """Plain percentiles of 8 works hold it 87 times in 100."""
    draws = draw_works(np.arange(n_works), seed=5, n_resamples=4000)
    tries = np.random.default_rng(5).standard_normal((1000, n_works))
    ends = np.array([draws.interval(draws.means(of_works)) for of_works in tries])
    assert 0.92 <= np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)) <= 0.98


def test_the_seed_decides(rng: np.random.Generator) -> None:
    values, groups = rng.random(100), np.repeat(np.arange(20), 5)
    one, two = (bootstrap_by_piece(groups, lambda index: float(values[index].mean()), seed=3) for _ in "ab")
    assert one == two
    assert one[0] < values.mean() < one[1]


def test_equal_systems_are_never_told_apart() -> None:
    outcomes = np.array([0.0, 1.0, 1.0, 0.0])
    groups = np.array(["a", "a", "b", "b"])
    assert paired_permutation_by_piece(groups, outcomes, outcomes, lambda x: float(x.mean()), n_permutations=99, seed=0) == 1.0


def test_p_of_a_system_that_is_better_on_every_piece() -> None:
    """Of the 2^8 exchanges of whole pieces, only none and all are as far from zero: p approaches 2/256."""
    groups = np.repeat(np.arange(8), 10)
    better, worse = np.ones(80), np.zeros(80)
    p = paired_permutation_by_piece(groups, better, worse, lambda x: float(x.mean()), n_permutations=20_000, seed=0)
    assert abs(p - 2 / 256) < 0.002


def test_windows_of_one_piece_are_exchanged_together() -> None:
    """With one piece every exchange is as far from zero, however many windows it has."""
    one_piece = np.zeros(100)
    p = paired_permutation_by_piece(one_piece, np.ones(100), np.zeros(100), lambda x: float(x.mean()), n_permutations=50, seed=0)
    assert p == 1.0
