"""Beside the levels of pictures stand the numbers themselves, at most half a step away from what the levels stand for."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.clips.lanes import ImageLane
from analysis.clips.model_lanes import attention_lane, similarity_lane
from analysis.clips.sound_lanes import mel_lane
from analysis.clips.tiles import LEVELS, numbers_of
from tests.clips.large_readings import RandomPatterns, Size, a_large_reading

SIZE = Size(10.0, 12, n_layers=2)


@pytest.fixture(params=["attention", "similarity", "log_mel"])
def lane(request: pytest.FixtureRequest) -> ImageLane:
    """A picture of each source of numbers."""
    reading = a_large_reading(SIZE, 1)
    decibel = np.random.default_rng(0).uniform(-80, 0, (16, 200)).astype(np.float32)
    drawn = (
        attention_lane(RandomPatterns(SIZE, 1), reading, 1, 0, 5.0), similarity_lane(reading, 1),
        mel_lane(np.arange(200) * 0.02, decibel, 8_000.0),
    )  # fmt: skip
    return next(lane for lane in drawn if lane.id == request.param)


def test_numbers_are_those_that_the_levels_stand_for(lane: ImageLane) -> None:
    for choice, (finest, *coarser) in lane.sets.items():
        high = lane.highs.get(choice, lane.high)
        numbered = [(piece.levels, piece.exact) for piece in finest if piece.exact is not None]
        assert numbered
        for levels, exact in numbered:
            drawn = np.clip(exact, lane.low, high)
            assert np.abs(numbers_of(levels, lane.low, high) - drawn).max() <= 0.51 * (high - lane.low) / LEVELS
        assert all(piece.exact is None for level in coarser for piece in level)


def test_rows_of_a_class_token_have_their_numbers_too() -> None:
    reading = a_large_reading(SIZE, 1)
    layer, *others = reading.layers
    n_windows, n_rows = layer.use.tops.shape
    rows = np.random.default_rng(2).dirichlet(np.ones(layer.key.n), (n_windows, n_rows, 1)).astype(np.float32)
    layer = replace(layer, query=layer.query._replace(special=1), use=replace(layer.use, special_rows=rows))
    reading = replace(reading, layers=(layer, *others))
    lane = attention_lane(RandomPatterns(SIZE, 1), reading, 1, 2, 5.0)
    assert lane.special_names == ["class token"]
    for (_, head), (pieces,) in lane.special.items():
        numbers = [piece.exact for piece in pieces]
        expected = np.concatenate([rows[window, head] for window in range(n_windows)], axis=1)
        np.testing.assert_array_equal(np.concatenate([of for of in numbers if of is not None], axis=1), expected)
