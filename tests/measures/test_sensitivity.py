"""Distances against closed forms, held-out prediction against planted answers."""

import numpy as np
import pytest

from analysis.measures.geometry import cosine_distance
from analysis.measures.sensitivity import distance_to_others, held_out_correlations


def test_distance_to_others_leaves_out_the_own_group(rng: np.random.Generator) -> None:
    rows, groups = rng.standard_normal((6, 4)), np.array([0, 0, 1, 1, 1, 2])
    expected = [
        np.mean([cosine_distance(rows[i : i + 1], rows[j : j + 1])[0] for j in range(6) if groups[j] != groups[i]])
        for i in range(6)
    ]
    assert distance_to_others(rows, groups) == pytest.approx(expected)
    assert distance_to_others(rows, np.zeros(6, np.int64)).tolist() == [0] * 6


def test_what_was_mixed_in_is_read_back_and_what_was_not_is_not(rng: np.random.Generator) -> None:
    y = rng.standard_normal((12, 60, 2)).astype(np.float32)
    mixing = rng.standard_normal((1, 5))
    x = (y[..., :1] @ mixing + 0.1 * rng.standard_normal((12, 60, 5))).astype(np.float32)
    found = held_out_correlations(x, y, np.arange(12) % 3)
    assert found[:, 0].min() > 0.98
    assert abs(found[:, 1].mean()) < 0.1


def test_the_regression_equals_a_literal_ridge(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((6, 30, 3)), rng.standard_normal((6, 30, 1))
    folds = np.array([0, 0, 1, 1, 2, 2])
    found = held_out_correlations(x, y, folds, shrinkage=0.05)
    centred_x, centred_y = (a - a.mean(axis=1, keepdims=True) for a in (x, y))
    for i in range(6):
        train = folds != folds[i]
        a, b = centred_x[train].reshape(-1, 3), centred_y[train].reshape(-1)
        weights = np.linalg.inv(a.T @ a + 0.05 * np.trace(a.T @ a) / 3 * np.eye(3)) @ a.T @ b
        assert found[i, 0] == pytest.approx(np.corrcoef(centred_x[i] @ weights, centred_y[i, :, 0])[0, 1])


def test_a_constant_is_correlated_with_nothing(rng: np.random.Generator) -> None:
    x, y = rng.standard_normal((4, 20, 3)), np.ones((4, 20, 1))
    assert held_out_correlations(x, y, np.array([0, 0, 1, 1])).tolist() == [[0]] * 4
    assert held_out_correlations(0 * x, x[..., :1], np.array([0, 0, 1, 1])).tolist() == [[0]] * 4
