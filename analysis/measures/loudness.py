"""Loudness as ITU-R BS.1770-4 defines it: K-weighted, gated, in LKFS.

The recommendation gives its two filters as coefficients at 48 kHz alone. They are a high shelf and a high-pass of the bilinear
transform; with the gain, quality and frequency that give these coefficients, they are derived again for any other rate (as in the
reference EBU R 128 library, libebur128).
"""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.units import power_to_db

OFFSET_DB = -0.691
BLOCK_S, STEPS_PER_BLOCK = 0.4, 4  # 75 % overlap
ABSOLUTE_GATE, RELATIVE_GATE_LU = -70.0, -10.0
SURROUND = 1.41
MOST_CHANNELS = 5
SHELF_HZ, SHELF_DB, SHELF_Q, SHELF_EXPONENT = 1681.974450955533, 3.999843853973347, 0.7071752369554196, 0.4996667741545416
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773


class Filter(NamedTuple):
    """Coefficients of a filter of second order; that of the output itself is 1."""

    b: tuple[float, float, float]
    a: tuple[float, float, float]


def k_weighting(sample_rate: int) -> tuple[Filter, Filter]:
    """The shelf that stands for the head, then the high-pass, at a sample rate in Hz.

    >>> shelf, high_pass = k_weighting(48_000)
    >>> [round(value, 10) for value in shelf.b], round(high_pass.a[1], 10)
    ([1.5351248596, -2.6916961894, 1.1983928109], -1.9900474548)
    """
    k, high = math.tan(math.pi * SHELF_HZ / sample_rate), 10 ** (SHELF_DB / 20)
    middle = high**SHELF_EXPONENT
    whole = 1 + k / SHELF_Q + k * k
    shelf = Filter(
        (
            (high + middle * k / SHELF_Q + k * k) / whole,
            2 * (k * k - high) / whole,
            (high - middle * k / SHELF_Q + k * k) / whole,
        ),
        (1.0, 2 * (k * k - 1) / whole, (1 - k / SHELF_Q + k * k) / whole),
    )
    k = math.tan(math.pi * PASS_HZ / sample_rate)
    whole = 1 + k / PASS_Q + k * k
    return shelf, Filter((1.0, -2.0, 1.0), (1.0, 2 * (k * k - 1) / whole, (1 - k / PASS_Q + k * k) / whole))


def k_weighted(samples: Float[ndarray, "channels samples"], sample_rate: int) -> Float64[ndarray, "channels samples"]:
    """The sound after both filters."""
    from scipy.signal import lfilter  # slow to import

    weighted = np.asarray(samples, np.float64)
    for b, a in k_weighting(sample_rate):
        weighted = lfilter(b, a, weighted, axis=1)
    return np.asarray(weighted)


def integrated_loudness(samples: Float[ndarray, "channels samples"], sample_rate: int) -> float | None:
    """Loudness of a whole recording in LKFS, of blocks of 400 ms above −70 LKFS and above 10 LU below their mean.

    −0.691 + 10 log₁₀ Σ G z, z the mean square of a channel over those blocks and G 1 for left, right and centre, 1.41 behind.

    Args:
        samples: full scale 1; channels in the order left, right, centre, left and right surround.
        sample_rate: in Hz.

    Returns:
        None where it is shorter than a block, or no block is above −70 LKFS: then it has no loudness.

    Raises:
        ShapeError: more than five channels.

    >>> tone = np.sin(2 * np.pi * 997 * np.arange(96_000) / 48_000)[None]
    >>> round(integrated_loudness(tone, 48_000), 2)
    -3.01
    """
    if samples.shape[0] > MOST_CHANNELS:
        raise ShapeError(f"Loudness is that of 1 to {MOST_CHANNELS} channels; got {samples.shape[0]}. Leave the others out.")
    gains = np.where(np.arange(samples.shape[0]) >= 3, SURROUND, 1.0)
    powers = gains @ _block_powers(k_weighted(samples, sample_rate), sample_rate)
    powers = powers[_level(powers) > ABSOLUTE_GATE]
    if not len(powers):
        return None
    gate = float(_level(powers.mean())) + RELATIVE_GATE_LU
    return float(_level(powers[_level(powers) > gate].mean()))


def _block_powers(weighted: Float64[ndarray, "channels samples"], sample_rate: int) -> Float64[ndarray, "channels blocks"]:
    """Mean square of every block; the last one ends within the recording."""
    size, step = round(BLOCK_S * sample_rate), round(BLOCK_S * sample_rate / STEPS_PER_BLOCK)
    total = np.concatenate([np.zeros((len(weighted), 1)), np.cumsum(weighted**2, axis=1)], axis=1)
    starts = np.arange(0, weighted.shape[1] - size + 1, step)
    return (total[:, starts + size] - total[:, starts]) / size


def _level(power: ndarray | np.floating) -> ndarray | np.floating:
    return OFFSET_DB + power_to_db(power, np.finfo(np.float64).tiny)
