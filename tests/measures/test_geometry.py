"""Directions of rows against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.geometry import cosine, cosine_distance, unit_rows


def test_cosines_are_those_of_the_definition_and_zeros_have_none(rng: np.random.Generator) -> None:
    one, other = rng.standard_normal((3, 5)).astype(np.float32), rng.standard_normal((4, 5))
    expected = [[a @ b / np.linalg.norm(a) / np.linalg.norm(b) for b in other] for a in one.astype(np.float64)]
    assert cosine(one, other) == pytest.approx(np.array(expected))
    assert cosine(one) == pytest.approx(cosine(one, one))
    assert not cosine(0 * one, other).any()
    assert not unit_rows(0 * one).any()
    assert np.linalg.norm(unit_rows(1e-100 * other), axis=1) == pytest.approx(1)


@given(st.integers(1, 30), st.floats(0.01, 100))
def test_cosine_distance_is_one_minus_the_cosine_and_knows_no_scale(seed: int, scale: float) -> None:
    one, other = np.random.default_rng(seed).standard_normal((2, 5, 8))
    cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert cosine_distance(one, other) == pytest.approx(1 - cosine)
    assert cosine_distance(scale * one, other) == pytest.approx(cosine_distance(other, one))


def test_small_distances_are_not_lost_in_rounding() -> None:
    one, other = np.array([[1.0, 0.0]]), np.array([[1.0, 1e-9]])
    assert cosine_distance(one, other)[0] == pytest.approx(5e-19, rel=1e-3)
    assert cosine_distance(one, 7 * one)[0] == 0
    assert cosine_distance(0 * one, 0 * one)[0] == 0
