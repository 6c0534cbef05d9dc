"""Pitch classes and onset strength against librosa's."""

import numpy as np
import pytest

from analysis.descriptors.chroma import N_FFT, chroma, onset_strength
from analysis.descriptors.log_mel import HOP_LENGTH, log_mel
from analysis.errors import ShapeError

RATE = 24_000


def tones(rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(RATE) / RATE
    hz = 440 * 2 ** ((rng.integers(50, 80, 6) - 69) / 12)
    return np.concatenate([np.sin(2 * np.pi * f * time_s) * np.exp(-3 * time_s) for f in hz]).astype(np.float32)


def test_pitch_classes_are_those_of_librosa(rng: np.random.Generator) -> None:
    import librosa

    samples = tones(rng)
    ours = chroma(samples, RATE)
    theirs = librosa.feature.chroma_stft(y=samples, sr=RATE, n_fft=N_FFT, hop_length=HOP_LENGTH, tuning=0.0, norm=None)
    assert ours.shape == theirs.shape
    steady = np.arange(len(ours.T)) % 50 < 35  # not where one tone goes over into the next
    assert (ours.argmax(axis=0) == theirs.argmax(axis=0))[steady].mean() > 0.95
    assert np.corrcoef(ours[:, steady].ravel() ** 2, theirs[:, steady].ravel())[0, 1] > 0.9  # librosa weights octaves


def test_onset_strength_equals_that_of_librosa(rng: np.random.Generator) -> None:
    import librosa

    decibel = log_mel(tones(rng), RATE)[1]
    theirs = librosa.onset.onset_strength(S=decibel, sr=RATE, hop_length=HOP_LENGTH, center=False)
    assert onset_strength(decibel) == pytest.approx(theirs, rel=1e-5, abs=1e-5)


def test_no_sample_is_refused() -> None:
    with pytest.raises(ShapeError, match="at least one sample; got none"):
        chroma(np.zeros(0, np.float32), RATE)
