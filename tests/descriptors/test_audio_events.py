"""Beginnings and pitch classes of sounds of which both are known."""

import numpy as np
import pytest

from analysis.descriptors.audio_events import chroma_frames, onset_times

ONSETS_S = np.array([0.4, 0.9, 1.55, 2.3, 2.8])


def tones(rate: int, pitches: list[int]) -> np.ndarray:
    """A decaying tone at every onset."""
    times_s = np.arange(round(3.5 * rate)) / rate
    sound = np.zeros(len(times_s))
    for onset_s, pitch in zip(ONSETS_S, pitches, strict=True):
        since_s = np.maximum(times_s - onset_s, 0)
        hz = 440 * 2 ** ((pitch - 69) / 12)
        sound += np.where(times_s >= onset_s, np.exp(-since_s / 0.25) * np.sin(2 * np.pi * hz * since_s), 0)
    return 0.3 * sound


@pytest.mark.parametrize("rate", [8_000, 24_000, 44_100])
def test_beginnings_are_where_they_are(rate: int) -> None:
    found = onset_times(tones(rate, [60, 64, 67, 72, 65]), rate)
    assert len(found) == len(ONSETS_S)
    np.testing.assert_allclose(found, ONSETS_S, atol=0.025)


def test_where_a_steady_tone_is_cut_nothing_begins() -> None:
    steady = np.sin(2 * np.pi * 440 * np.arange(48_000) / 24_000)
    assert len(onset_times(steady, 24_000)) == 0
    assert len(onset_times(np.zeros(48_000), 24_000)) == 0


def test_the_pitch_class_that_sounds_has_the_energy() -> None:
    times_s, chroma = chroma_frames(tones(24_000, [60, 64, 67, 71, 65]), 24_000)
    for onset_s, pitch in zip(ONSETS_S, (0, 4, 7, 11, 5), strict=True):
        assert chroma[np.abs(times_s - onset_s - 0.2).argmin()].argmax() == pitch
    np.testing.assert_allclose(chroma[chroma.sum(axis=1) > 0].sum(axis=1), 1)
    assert (chroma[0] == 0).all()
    assert (chroma_frames(np.zeros(24_000), 24_000)[1] == 0).all()
