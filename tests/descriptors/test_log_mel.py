"""The spectrogram against librosa's."""

import numpy as np
import pytest

from analysis.descriptors.log_mel import HOP_LENGTH, N_FFT, log_mel, mel_filters
from analysis.errors import ShapeError


@pytest.mark.parametrize("n_samples", [2049, 24_007])
def test_equals_librosa(rng: np.random.Generator, n_samples: int) -> None:
    import librosa

    samples = rng.normal(0, 0.1, n_samples).astype(np.float32) + np.sin(np.arange(n_samples) / 9, dtype=np.float32)
    times, decibel = log_mel(samples, 24_000)
    power = librosa.feature.melspectrogram(y=samples, sr=24_000, n_fft=N_FFT, hop_length=HOP_LENGTH, n_mels=128, htk=True)
    expected = librosa.power_to_db(power, ref=np.max, top_db=80.0)
    np.testing.assert_allclose(decibel, expected, atol=0.01)
    np.testing.assert_allclose(times, librosa.times_like(power, sr=24_000, hop_length=HOP_LENGTH))
    np.testing.assert_allclose(mel_filters(24_000), librosa.filters.mel(sr=24_000, n_fft=N_FFT, n_mels=128, htk=True), atol=1e-6)
    wide = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=96, htk=True)
    np.testing.assert_allclose(mel_filters(16_000, 1024, 96), wide, atol=1e-6)


def test_blocks_do_not_show(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = rng.normal(0, 0.1, 24_000).astype(np.float32)
    whole = log_mel(samples, 24_000)[1]
    monkeypatch.setattr("analysis.descriptors.log_mel.BLOCK_FRAMES", 7)
    np.testing.assert_allclose(log_mel(samples, 24_000)[1], whole, atol=1e-4)


def test_silence_is_flat_and_nothing_is_refused() -> None:
    assert np.ptp(log_mel(np.zeros(5000, np.float32), 24_000)[1]) == 0
    with pytest.raises(ShapeError, match="at least one sample"):
        log_mel(np.zeros(0, np.float32), 24_000)
