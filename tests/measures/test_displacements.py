"""Distances between works and the alignment of displacements agree with loops and tell shared from own directions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.displacements import displacement_alignment, distance_between_works


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@given(st.integers(0, 2**31), st.integers(2, 9))
def test_both_agree_with_loops_over_pairs(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.standard_normal((2, n, 4))
    works = np.array([0, 1, *rng.integers(3, size=n - 2)])
    pairs = [(i, j) for i in range(n) for j in range(n) if works[i] != works[j]]
    expected = np.mean([1 - _cosine(first[i], first[j]) for i, j in pairs])
    assert distance_between_works(first, works) == pytest.approx(expected)
    matched, mismatched = displacement_alignment(first, second, works)
    assert np.allclose(matched, [_cosine(a, b) for a, b in zip(first, second, strict=True)])
    for i in range(n):
        others = [(_cosine(first[i], second[j]) + _cosine(first[j], second[i])) / 2 for k, j in pairs if k == i]
        assert mismatched[i] == pytest.approx(np.mean(others))


def test_a_direction_shared_by_all_windows_is_no_alignment_of_a_window(rng: np.random.Generator) -> None:
    works, own = np.arange(40), rng.standard_normal((40, 64))
    shared = np.tile(rng.standard_normal(64), (40, 1))
    matched, mismatched = displacement_alignment(own, 2 * own, works)
    assert np.allclose(matched, 1)
    assert abs(mismatched.mean()) < 0.05
    matched, mismatched = displacement_alignment(shared, shared, works)
    assert np.allclose(matched, mismatched)


def test_where_there_is_nothing_to_compare(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((4, 3))
    assert distance_between_works(rows, np.zeros(4, int)) is None
    assert distance_between_works(np.tile(rows[:1], (4, 1)), np.arange(4)) is None
    matched, _ = displacement_alignment(np.zeros((4, 3)), rows, np.arange(4))
    assert matched.tolist() == [0, 0, 0, 0]
