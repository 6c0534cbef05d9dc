"""Pictures as bytes: levels are at most half a step off, and coarser pictures lose nothing bright."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.clips.tiles import LEVELS, Piece, numbers_of, pyramid, quantised
from analysis.errors import ShapeError

pictures = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.floats(-2, 3))


@given(pictures)
def test_levels_are_at_most_half_a_step_off_inside_the_range_and_at_its_end_outside(values: np.ndarray) -> None:
    again = numbers_of(quantised(values, -1.0, 2.0), -1.0, 2.0)
    assert np.abs(again - np.clip(values, -1.0, 2.0)).max() <= 3.0 / LEVELS / 2 + 1e-9


def test_both_ends_of_the_range_are_kept_exactly() -> None:
    ends = np.array([[-80.0, 0.0]])
    assert np.array_equal(numbers_of(quantised(ends, -80.0, 0.0), -80.0, 0.0), ends)


@pytest.mark.parametrize(
    ("values", "low", "high", "message"),
    [
        (np.array([[np.nan]]), 0.0, 1.0, "NaN or infinite"),
        (np.array([[np.inf]]), 0.0, 1.0, "NaN or infinite"),
        (np.array([[0.5]]), 1.0, 1.0, r"range of a picture is \[1.0, 1.0\]; expected its lower end first"),
    ],
)
def test_what_cannot_be_drawn_is_refused(values: np.ndarray, low: float, high: float, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        quantised(values, low, high)


@given(st.integers(1, 6000), st.booleans())
def test_coarser_pictures_cover_the_same_seconds_and_keep_what_is_brightest(columns: int, largest: bool) -> None:
    levels = np.random.default_rng(columns).integers(0, 256, (3, columns), np.uint8)
    steps = pyramid([Piece(2.0, 2.0 + columns / 100, levels)], largest=largest)
    assert len(steps) == 1 or steps[-2][0].levels.shape[1] > 1024
    for (finer,), (coarser,) in pairwise(steps):
        width = (finer.end_s - finer.start_s) / finer.levels.shape[1]
        assert (coarser.end_s - coarser.start_s) / coarser.levels.shape[1] == pytest.approx(4 * width)
        for column in range(coarser.levels.shape[1]):
            group = finer.levels[:, 4 * column : 4 * column + 4].astype(float)
            expected = group.max(axis=1) if largest else np.round(group.mean(axis=1))
            assert np.array_equal(coarser.levels[:, column], expected)
