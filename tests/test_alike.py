"""What counts as the same answer: last bits do not matter, shapes and types do."""

import numpy as np
import pytest

from tests.alike import alike_arrays

ROWS = np.linspace(1.0, 2.0, 6).reshape(2, 3)


def test_last_bits_do_not_matter() -> None:
    assert alike_arrays(ROWS, ROWS * (1 + 5e-5))
    assert not alike_arrays(ROWS, ROWS * (1 + 5e-5), rel_tol=1e-6)
    assert not alike_arrays(ROWS, ROWS * (1 + 5e-4))


@pytest.mark.parametrize(
    "other",
    [np.ones((1, 3)), np.ones(3), np.ones((2, 1)), np.array(1.0), np.ones((2, 3), np.float32), np.ones((2, 3), int)],
    ids=["rows", "row", "columns", "number", "precision", "whole numbers"],
)
def test_what_has_another_shape_or_type_is_not_the_same(other: np.ndarray) -> None:
    assert np.allclose(np.ones((2, 3)), other)
    assert not alike_arrays(np.ones((2, 3)), other)
