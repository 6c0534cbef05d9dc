"""Labels from notes, by their declared properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.descriptors.note_targets import (
    chroma_histogram,
    interval_histogram,
    mean_velocity,
    note_density,
    note_statistics,
    pitch_histogram,
)

PITCHES = st.lists(st.integers(12, 115), min_size=2, max_size=20).map(lambda pitches: np.array(pitches, np.int64))


@given(PITCHES, st.integers(-12, 12))
def test_transposition_moves_pitches_turns_pitch_classes_and_leaves_intervals(pitch: np.ndarray, shift: int) -> None:
    assert np.allclose(pitch_histogram(pitch + shift), np.roll(pitch_histogram(pitch), shift))
    assert np.allclose(chroma_histogram(pitch + shift), np.roll(chroma_histogram(pitch), shift))
    assert np.allclose(interval_histogram(pitch + shift), interval_histogram(pitch))


@given(PITCHES)
def test_histograms_are_shares_and_agree(pitch: np.ndarray) -> None:
    for histogram in (pitch_histogram(pitch), chroma_histogram(pitch), interval_histogram(pitch)):
        assert histogram.sum() == pytest.approx(1.0)
    folded = [pitch_histogram(pitch)[start::12].sum() for start in range(12)]
    assert np.allclose(folded, chroma_histogram(pitch))
    assert np.allclose(interval_histogram(pitch[::-1].copy()), interval_histogram(pitch)[::-1])


def test_known_notes() -> None:
    assert np.flatnonzero(interval_histogram(np.array([60, 60, 90, 40]))).tolist() == [0, 12, 24]
    assert note_density(np.array([3.9, 4.0, 7.99, 8.0]), 4.0, 8.0) == 0.5
    assert mean_velocity(np.array([40, 60])) == 50.0
    found = note_statistics(np.array([60, 62]), np.array([40, 60]), np.array([0.5, 1.5]))
    assert found.tolist() == [61.0, 50.0, 1.0, 1.0, 10.0, 0.5, 2.0]


def test_no_note_is_zero() -> None:
    none = np.array([], np.int64)
    assert not pitch_histogram(none).any()
    assert not interval_histogram(np.array([60])).any()
    assert mean_velocity(none) == 0.0
    assert not note_statistics(none, none, none.astype(np.float64)).any()
