"""Distances from the nearest, and where they stand among those of held-out works: closed forms and planted cases."""

import numpy as np
import pytest

from analysis.errors import ShapeError
from analysis.measures.nearest import K, nearest_distance, standing


def test_distance_is_the_mean_over_the_nearest_whatever_the_length_of_a_row(rng: np.random.Generator) -> None:
    among = rng.normal(size=(700, 6))
    rows = np.concatenate([3 * among[:600], rng.normal(size=(3, 6))])
    cosine = (rows / np.linalg.norm(rows, axis=1, keepdims=True)) @ (among / np.linalg.norm(among, axis=1, keepdims=True)).T
    assert nearest_distance(rows, among) == pytest.approx(np.sort(1 - cosine, axis=1)[:, :K].mean(axis=1))
    assert nearest_distance(rows[:600], among, k=1) == pytest.approx(np.zeros(600), abs=1e-12)


def test_every_work_counts_the_same() -> None:
    held_out, works = np.array([0.125, 0.125, 0.125, 0.25, 0.125, 0.375]), np.array(["a", "a", "a", "b", "c", "c"])
    stands = standing(np.array([0.125, 0.375]), held_out, works)  # 0.25 on average
    assert stands.share == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert (stands.distance, stands.held_out) == (0.25, pytest.approx((0.125 + 0.25 + 0.25) / 3))
    assert stands.p == pytest.approx(3 / 4)
    assert (stands.n_works, stands.n_windows) == (3, 6)


def test_a_held_out_work_is_not_unusual_and_one_from_elsewhere_is(rng: np.random.Generator) -> None:
    held_out, works = rng.normal(0.3, 0.05, 200), np.repeat(np.arange(20), 10)
    alike, far = (standing(rng.normal(mean, 0.05, 8), held_out, works) for mean in (0.3, 0.6))
    assert alike.p > 0.05
    assert 0.2 < alike.share < 0.8
    assert alike.low is not None
    assert alike.high is not None
    assert alike.low < alike.share < alike.high
    assert (far.share, far.p) == (1.0, pytest.approx(1 / 21))


def test_two_works_have_no_interval_and_nothing_is_refused() -> None:
    assert standing(np.ones(1), np.ones(2), np.array(["a", "b"])).low is None
    with pytest.raises(ShapeError, match="Expected distances of both; got 1 and 0"):
        standing(np.ones(1), np.ones(0), np.array([], str))


def test_too_few_neighbours_and_zero_rows_are_refused() -> None:
    with pytest.raises(ShapeError, match="The 5 nearest of 4 rows"):
        nearest_distance(np.ones((1, 2)), np.ones((4, 2)))
    with pytest.raises(ShapeError, match="exactly zero"):
        nearest_distance(np.zeros((1, 2)), np.ones((5, 2)))
