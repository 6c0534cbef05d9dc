"""Labels from audio: librosa's numbers, and Hz that do not depend on the sample rate."""

import numpy as np
import pytest
import torch

from analysis.descriptors.audio_targets import audio_chroma, log_mel_statistics, spectral_centroid
from analysis.descriptors.log_mel import mel_filters
from analysis.errors import ShapeError


def tone(frequency: float, sample_rate: int, seconds: float = 2.0) -> torch.Tensor:
    time = torch.arange(int(seconds * sample_rate)) / sample_rate
    return torch.sin(2 * torch.pi * frequency * time)[None]


@pytest.mark.parametrize("sample_rate", [16_000, 22_050, 24_000, 44_100])
def test_a_tone_is_where_it_is_at_every_rate(sample_rate: int) -> None:
    for pitch in (45, 57, 60, 69, 71, 85):
        heard = audio_chroma(tone(440 * 2 ** ((pitch - 69) / 12), sample_rate), sample_rate)[0]
        assert int(heard.argmax()) == pitch % 12
        assert float(heard.max()) > 0.9
    assert float(spectral_centroid(tone(1000, sample_rate), sample_rate)) == pytest.approx(1000, rel=0.05)


def test_the_wrong_rate_moves_pitch_classes() -> None:
    """24 kHz audio taken for 16 kHz sounds a fifth lower: what must not happen."""
    assert int(audio_chroma(tone(440, 24_000), 16_000)[0].argmax()) == 2


def test_centroid_equals_librosa(rng: np.random.Generator) -> None:
    import librosa

    samples = rng.normal(0, 0.1, 24_000).astype(np.float32) + np.sin(np.arange(24_000) / 9, dtype=np.float32)
    expected = librosa.feature.spectral_centroid(y=samples, sr=24_000, n_fft=2048, hop_length=512).mean()
    assert float(spectral_centroid(torch.from_numpy(samples)[None], 24_000)) == pytest.approx(expected, rel=1e-4)


def test_log_mel_equals_librosa(rng: np.random.Generator) -> None:
    import librosa

    samples = rng.normal(0, 0.1, 24_000).astype(np.float32)
    power = librosa.feature.melspectrogram(y=samples, sr=24_000, n_fft=2048, hop_length=512, n_mels=128, htk=True)
    level = librosa.power_to_db(power, top_db=None)
    found = log_mel_statistics(torch.from_numpy(samples)[None], 24_000)[0].numpy()
    np.testing.assert_allclose(found, np.concatenate([level.mean(axis=1), level.std(axis=1)]), atol=0.02)
    assert mel_filters(24_000).shape[0] == 128


def test_gain_changes_level_alone(rng: np.random.Generator) -> None:
    sound = torch.from_numpy(rng.normal(0, 0.1, (1, 24_000)).astype(np.float32))
    for measured in (spectral_centroid, audio_chroma):
        assert torch.allclose(measured(0.1 * sound, 24_000), measured(sound, 24_000), rtol=1e-3)
    louder, softer = (log_mel_statistics(gain * sound, 24_000) for gain in (1.0, 0.1))
    assert torch.allclose(louder - softer, torch.tensor([20.0] * 128 + [0.0] * 128), atol=0.01)


def test_silence_is_zero_and_short_clips_are_refused() -> None:
    silence = torch.zeros(1, 24_000)
    assert float(spectral_centroid(silence, 24_000)) == 0.0
    assert not audio_chroma(silence, 24_000).any()
    assert bool(log_mel_statistics(silence, 24_000).isfinite().all())
    half = torch.cat([torch.zeros(1, 24_000), tone(1000, 24_000, 1.0)], dim=1)
    assert float(spectral_centroid(half, 24_000)) == pytest.approx(1000, rel=0.2)
    with pytest.raises(ShapeError, match=r"A transform of 2048 samples needs more of them; got \(1, 2048\)"):
        spectral_centroid(torch.zeros(1, 2048), 24_000)
