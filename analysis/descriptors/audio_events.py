"""What happens in a sound, for recordings without notes: when something begins, and which pitch classes have the energy."""

import math

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.descriptors.audio_targets import CHROMA_SECONDS, HIGHEST_HZ, LOWEST_HZ, REFERENCE_CLASS, REFERENCE_HZ

STEP_S, FLUX_WINDOW_S, CHROMA_STEP_S = 0.01, 0.02, 0.05
COMPRESSION = 100.0
AROUND_S, APART_S, LEAST_SHARE, LEAST_GROWTH = 0.5, 0.05, 0.15, 0.03
SILENCE = 1e-12  # of the largest frame


def onset_times(samples: Float[ndarray, " samples"], sample_rate: int) -> Float64[ndarray, " onsets"]:
    """Times in seconds at which the sound grows suddenly, to about 10 ms; where it is cut nothing begins.

    Peaks of the spectral flux, Σ max(0, l′ − l) over frequencies, l = log(1 + 100 m), m the magnitude of a Hann window of 20 ms
    or more relative to the largest, every 10 ms, as far as windows lie within the sound. A peak is the largest within 50 ms,
    is 3 % of the largest Σ l or more, and 15 % of the largest flux above the mean of the half second around it (after Bello et
    al., A tutorial on onset detection in music signals, IEEE Transactions on Speech and Audio Processing 13, 2005).

    Args:
        samples: mono.
        sample_rate: in Hz.
    """
    times_s, magnitude = _frames(samples, sample_rate, FLUX_WINDOW_S, STEP_S)
    largest = float(magnitude.max(initial=0.0))
    if largest == 0:
        return np.zeros(0)
    level = np.log1p(COMPRESSION * magnitude / largest)
    flux = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0).sum(axis=1)
    reach_s = (magnitude.shape[1] - 1) / sample_rate + STEP_S  # half a window, and the frame before
    flux[(times_s < reach_s) | (times_s > len(samples) / sample_rate - reach_s)] = 0
    around, apart = round(AROUND_S / STEP_S), round(APART_S / STEP_S)
    mean = np.convolve(flux, np.ones(around), "same") / np.convolve(np.ones(len(flux)), np.ones(around), "same")
    neighbours = np.lib.stride_tricks.sliding_window_view(np.pad(flux, apart), 2 * apart + 1).max(axis=1)
    enough = (flux > mean + LEAST_SHARE * flux.max()) & (flux >= LEAST_GROWTH * level.sum(axis=1).max())
    return times_s[(flux == neighbours) & enough]


def chroma_frames(
    samples: Float[ndarray, " samples"], sample_rate: int
) -> tuple[Float64[ndarray, " frames"], Float64[ndarray, "frames 12"]]:
    """Times in seconds every 50 ms, and the share of every pitch class from C in the energy from 65 to 2,100 Hz; 0 in silence.

    As `audio_targets.audio_chroma`, frame by frame: tuned to A = 440 Hz, every frequency counts for the nearest semitone.

    Args:
        samples: mono.
        sample_rate: in Hz.
    """
    times_s, magnitude = _frames(samples, sample_rate, CHROMA_SECONDS, CHROMA_STEP_S)
    frequency = np.linspace(0, sample_rate / 2, magnitude.shape[1])
    heard = (frequency >= LOWEST_HZ) & (frequency <= HIGHEST_HZ)
    semitone = np.round(12 * np.log2(frequency[heard] / REFERENCE_HZ)).astype(int) + REFERENCE_CLASS
    energy = np.zeros((len(times_s), 12))
    np.add.at(energy.T, semitone % 12, magnitude[:, heard].T ** 2)
    total = energy.sum(axis=1, keepdims=True)
    return times_s, np.divide(energy, total, out=np.zeros_like(energy), where=total > SILENCE * max(float(total.max()), SILENCE))


def _frames(
    samples: Float[ndarray, " samples"], sample_rate: int, window_s: float, step_s: float
) -> tuple[Float64[ndarray, " frames"], Float64[ndarray, "frames bins"]]:
    """Times of the centres of Hann windows of at least so many seconds, zeros beyond the ends, and magnitudes."""
    n_fft, hop = 2 ** math.ceil(math.log2(window_s * sample_rate)), round(step_s * sample_rate)
    padded = np.pad(np.asarray(samples, np.float64), n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    return np.arange(len(frames)) * hop / sample_rate, np.abs(np.fft.rfft(frames * window, axis=1))
