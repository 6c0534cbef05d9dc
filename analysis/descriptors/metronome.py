"""The sound of a metronome: short damped tones at one tempo, such as templates with which a recording is compared."""

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

FIRST_S = 0.02
PARTIALS_HZ = (880.0, 2_090.0)  # inharmonic, as of a wood block
DECAY_S, CLICK_S = 0.012, 0.08
LEVEL = 0.4


def click(sample_rate: int) -> Float32[ndarray, " samples"]:
    """One click: two partials that fall by 1/e every 12 ms, of amplitude 0.4 together; those above half the rate are left out."""
    times_s = np.arange(round(CLICK_S * sample_rate)) / sample_rate
    heard = [hz for hz in PARTIALS_HZ if hz < sample_rate / 2]
    tones = sum((np.sin(2 * np.pi * hz * times_s) for hz in heard), np.zeros(len(times_s)))
    return (LEVEL / max(1, len(heard)) * tones * np.exp(-times_s / DECAY_S)).astype(np.float32)


def clicks_at(times_s: ndarray, duration_s: float, sample_rate: int) -> Float32[ndarray, " samples"]:
    """Silence with a click at every one of some times, in seconds; what lies outside is left out."""
    sound, each = np.zeros(round(duration_s * sample_rate), np.float32), click(sample_rate)
    for start in np.round(np.asarray(times_s, np.float64) * sample_rate).astype(int).tolist():
        if 0 <= start < len(sound):
            part = sound[start : start + len(each)]
            part += each[: len(part)]
    return sound


def metronome(bpm: float, duration_s: float, sample_rate: int) -> Float32[ndarray, " samples"]:
    """Clicks at so many beats per minute, the first at 0.02 s.

    >>> sound = metronome(120, 2.0, 8_000)
    >>> [bool(sound[round(8_000 * at_s) :][:80].any()) for at_s in (0.0, 0.02, 0.3, 0.52)]
    [False, True, False, True]
    """
    return clicks_at(np.arange(FIRST_S, duration_s, 60 / bpm), duration_s, sample_rate)
