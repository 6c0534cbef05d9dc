"""Noise and gain by which two mixes of stems are made different, so that what they share is not their recording.

Source: PHALAR, arXiv 2605.03929, with the probabilities of the authors' code. Their brown noise is white in effect, because it is
summed over the wrong axis; here it is brown.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from analysis.units import db_to_amplitude

GAIN_DB = 6.0  # at most, up or down
BAND_HZ = (100, 8000)
BAND_LEAST_HZ = 100  # width of a band
BURSTS, BURST_SAMPLES, BURST_SNR_DB, BURST_SHARE = (1, 3), (10, 30), (6.0, 12.0), 0.2


class Noise(NamedTuple):
    """Noise whose power falls with frequency to the power of `fall`, or that fills a band.

    Attributes:
        share: of mixes to which it is added.
        snr_db: lowest and highest ratio of the power of the mix to that of the noise.
        fall: 0 for white, 1 for pink, 2 for brown noise.
        band: whether it is white between two frequencies that are drawn, and silent elsewhere.
    """

    share: float
    snr_db: tuple[float, float]
    fall: int = 0
    band: bool = False


NOISES = (Noise(0.5, (15, 25)), Noise(0.5, (15, 25), 1), Noise(0.3, (12, 20), 2), Noise(0.3, (12, 20), band=True))


def gain(rng: np.random.Generator) -> float:
    """A factor from −6 to 6 dB, which anchor and positive have in common."""
    return db_to_amplitude(float(rng.uniform(-GAIN_DB, GAIN_DB)))


def with_noise(
    sound: Float32[ndarray, " samples"], sample_rate: int, rng: np.random.Generator, share: float = 1.0
) -> Float32[ndarray, " samples"]:
    """A mix with noise of every kind of `NOISES` and with bursts, each as often as it is drawn.

    Args:
        sound: a mix; of one that is silent nothing changes.
        sample_rate: in Hz.
        rng: decides everything.
        share: of the usual probabilities; 0 for no noise.
    """
    noisy = sound.astype(np.float64)
    rms = float(np.sqrt(np.mean(np.square(noisy))))
    for noise in NOISES:
        if rng.uniform() < share * noise.share:
            noisy += rms * db_to_amplitude(-float(rng.uniform(*noise.snr_db))) * unit_noise(noise, len(sound), sample_rate, rng)
    if rng.uniform() < share * BURST_SHARE:
        for _ in range(int(rng.integers(BURSTS[0], BURSTS[1] + 1))):
            length = min(int(rng.integers(BURST_SAMPLES[0], BURST_SAMPLES[1] + 1)), len(sound))
            start = int(rng.integers(0, len(sound) - length + 1))
            burst = rng.standard_normal(length)
            level = rms * db_to_amplitude(-float(rng.uniform(*BURST_SNR_DB))) / max(float(np.sqrt(np.mean(burst**2))), 1e-9)
            noisy[start : start + length] += level * burst
    return noisy.astype(np.float32)


def unit_noise(noise: Noise, n: int, sample_rate: int, rng: np.random.Generator) -> Float64[ndarray, " samples"]:
    """`n` samples of it with an RMS of 1; nothing of it is at 0 Hz."""
    frequencies_hz = np.fft.rfftfreq(n, 1 / sample_rate)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    if noise.band:
        low, high = BAND_HZ[0], min(BAND_HZ[1], sample_rate // 2)
        low_hz = int(rng.integers(low, max(high // 2, low + 1)))
        high_hz = int(rng.integers(low_hz + BAND_LEAST_HZ, max(high, low_hz + BAND_LEAST_HZ + 1)))
        spectrum *= (frequencies_hz >= low_hz) & (frequencies_hz <= high_hz)
    else:
        spectrum[1:] *= frequencies_hz[1:] ** (-noise.fall / 2)
    spectrum[0] = 0
    samples = np.fft.irfft(spectrum, n)
    return samples / max(float(np.sqrt(np.mean(samples**2))), 1e-9)
