"""How far beats are apart, from onsets alone."""

import numpy as np
from jaxtyping import Float64, Shaped
from numpy import ndarray

STEP_S, WIDTH_S = 0.01, 0.03
FASTEST_S, SLOWEST_S = 0.3, 1.2  # 200 and 50 beats per minute
USUAL_S, OCTAVES = 0.5, 0.9
FEWEST_ONSETS = 4


def estimated_beats(onsets_s: Shaped[ndarray, " onsets"], window_s: float) -> Float64[ndarray, " beats"] | None:
    """Beats at the period from 0.3 to 1.2 s at which onsets repeat best, the first one at 0; None where nothing repeats.

    The highest autocorrelation of the onsets, smoothed over 30 ms, weighted towards 0.5 s by a Gaussian of 0.9 octaves (Ellis,
    Beat Tracking by Dynamic Programming, Journal of New Music Research 36, 2007). It is a period without a phase.

    Args:
        onsets_s: in seconds from the window's start.
        window_s: up to which beats are given.

    >>> [round(float(beat), 2) for beat in estimated_beats(np.arange(0.1, 4.0, 0.6), 1.5)]
    [0.0, 0.6, 1.2, 1.8]
    """
    moments_s = np.unique(onsets_s)
    if len(moments_s) < FEWEST_ONSETS:
        return None
    times_s = np.arange(moments_s[0], moments_s[-1] + SLOWEST_S, STEP_S)
    strength = np.exp(-0.5 * ((times_s[:, None] - moments_s) / WIDTH_S) ** 2).sum(axis=1)
    lags = np.arange(round(FASTEST_S / STEP_S), round(SLOWEST_S / STEP_S) + 1)
    repeats = np.array([float(strength[lag:] @ strength[:-lag]) for lag in lags])
    if not repeats.max() > 1e-6 * float(strength @ strength):
        return None
    weighted = repeats * np.exp(-0.5 * (np.log2(lags * STEP_S / USUAL_S) / OCTAVES) ** 2)
    period_s = float(lags[weighted.argmax()] * STEP_S)
    return np.arange(0.0, window_s + period_s, period_s)
