"""Noise that is added to stems: its spectrum is the one it is called after, its level the one that is said."""

import numpy as np
import pytest

from analysis.training.noises import NOISES, Noise, unit_noise, with_noise

RATE = 16_000


@pytest.mark.parametrize("noise", [*NOISES, Noise(1.0, (0, 0), 2)])
def test_noise_has_the_spectrum_it_is_called_after(noise: Noise) -> None:
    rng = np.random.default_rng(0)
    power = np.mean([np.abs(np.fft.rfft(unit_noise(noise, 8000, RATE, rng))) ** 2 for _ in range(60)], axis=0)
    frequencies_hz = np.fft.rfftfreq(8000, 1 / RATE)
    assert power[0] < 1e-12
    if noise.band:
        assert power[frequencies_hz < 100].max() < 1e-12
        return
    bands = [(frequencies_hz >= low) & (frequencies_hz < 2 * low) for low in (200, 800, 3200)]
    fall = np.diff([np.log(power[band].mean()) for band in bands]) / np.log(4)
    assert fall == pytest.approx(-noise.fall, abs=0.15)


def test_noise_is_as_loud_as_is_said() -> None:
    sound = np.sin(np.arange(RATE) / 9).astype(np.float32)
    differences = [with_noise(sound, RATE, np.random.default_rng(seed), 2.0) - sound for seed in range(40)]
    ratios_db = [10 * np.log10(np.mean(sound**2) / np.mean(difference**2)) for difference in differences]
    assert 5 < min(ratios_db) < max(ratios_db) < 20
    assert np.array_equal(with_noise(sound, RATE, np.random.default_rng(0), 0.0), sound)
    assert not with_noise(np.zeros(RATE, np.float32), RATE, np.random.default_rng(0), 2.0).any()
