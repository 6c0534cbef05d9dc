"""Constant-Q spectrogram: closed forms for tones and a click, and what cannot be had."""

import numpy as np
import pytest

from analysis.descriptors.constant_q import LOWEST_PITCH, MOST_BINS, constant_q
from analysis.descriptors.log_mel import log_mel
from analysis.errors import ShapeError

RATE = 24_000


def test_a_chromatic_scale_lies_on_its_semitones() -> None:
    """Half a second of every pitch from C3 to B5: the loudest bin in the middle of each is its own."""
    pitches = np.arange(48, 84)
    time_s = np.arange(RATE // 2) / RATE
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / 0.01)
    tones = [fade * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) for pitch in pitches]
    times_s, decibel = constant_q(np.concatenate(tones).astype(np.float32), RATE)
    middles = [int(np.abs(times_s - (0.25 + 0.5 * number)).argmin()) for number in range(len(pitches))]
    assert (decibel[:, middles].argmax(axis=0) + LOWEST_PITCH).tolist() == pitches.tolist()
    assert decibel[:, middles].max(axis=0).min() > -0.1  # all of them equally loud


def test_a_click_is_loudest_where_it_is_and_frames_are_those_of_the_other_spectrogram() -> None:
    samples = np.zeros(3 * RATE, np.float32)
    samples[round(1.7 * RATE)] = 1.0
    times_s, decibel = constant_q(samples, RATE)
    assert decibel.shape == (MOST_BINS, len(times_s))
    assert np.array_equal(times_s, log_mel(samples, RATE)[0])
    assert times_s[decibel.mean(axis=0).argmax()] == pytest.approx(1.7, abs=0.011)


@pytest.mark.parametrize("seconds", [0.001, 0.3, 1.0])
def test_a_recording_shorter_than_the_longest_filter_has_its_own_frames(seconds: float, rng: np.random.Generator) -> None:
    samples = rng.normal(0, 0.1, round(seconds * RATE)).astype(np.float32)
    times_s, decibel = constant_q(samples, RATE)
    assert len(times_s) == 1 + len(samples) // 480
    assert (decibel.max(), decibel.min() >= -80.0) == (0.0, True)


def test_silence_is_finite_and_what_is_too_high_for_the_rate_is_left_out(rng: np.random.Generator) -> None:
    assert np.array_equal(constant_q(np.zeros(RATE, np.float32), RATE)[1], np.zeros((MOST_BINS, 51)))
    assert constant_q(rng.normal(0, 0.1, 8_000).astype(np.float32), 4_000)[1].shape[0] == 70


@pytest.mark.parametrize(("n", "rate"), [(0, RATE), (100, 50)])
def test_what_has_no_semitone_is_refused(n: int, rate: int) -> None:
    with pytest.raises(ShapeError, match=f"needs samples at a rate that holds 33 Hz; got {n} samples at {rate} Hz"):
        constant_q(np.zeros(n, np.float32), rate)
