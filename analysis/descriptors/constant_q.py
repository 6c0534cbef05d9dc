"""Constant-Q spectrogram for the eye, a row per semitone: not what a model is given.

Source: librosa's `cqt` (Schörkhuber and Klapuri 2010), on the frames of `analysis.descriptors.log_mel`. librosa takes seconds to
import, so that only a call does.
"""

import math

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.descriptors.log_mel import HOP_LENGTH, RANGE_DB
from analysis.errors import ShapeError
from analysis.units import hz_to_midi, midi_to_hz, power_to_db

LOWEST_PITCH, BINS_PER_OCTAVE, MOST_BINS = 24, 12, 84  # C1 to B7
LOWEST_HZ = midi_to_hz(LOWEST_PITCH)
BELOW_TOP = 0.9  # of half the sample rate: a bin reaches beyond its centre
SHORTEST_S = 2.0  # the filter of the lowest bin is 0.5 s long


def constant_q(
    samples: Float[ndarray, " samples"], sample_rate: int
) -> tuple[Float[ndarray, " frames"], Float[ndarray, "bins frames"]]:
    """Frame centres in seconds and the level of every semitone from C1 to B7, in dB from −80 to 0 below the loudest cell.

    Q is 1 / (2^(1/12) − 1) = 16.8, tuned to A4 = 440 Hz; tones of one amplitude have one level. Frames are 20 ms apart at 24 kHz,
    as those of `log_mel`. Bins that lie above 0.9 of half the sample rate are left out.

    Raises:
        ShapeError: there is no sample, or half the sample rate lies below C1.
    """
    n_bins = n_bins_at(sample_rate)
    if not len(samples) or n_bins < 1:
        got = f"{len(samples)} samples at {sample_rate} Hz"
        raise ShapeError(f"A constant-Q spectrogram needs samples at a rate that holds {LOWEST_HZ:.0f} Hz; got {got}.")
    import librosa

    padded = np.pad(np.asarray(samples, np.float32), (0, max(0, round(SHORTEST_S * sample_rate) - len(samples))))
    bins = librosa.cqt(
        padded, sr=sample_rate, hop_length=HOP_LENGTH, fmin=LOWEST_HZ, n_bins=n_bins, bins_per_octave=BINS_PER_OCTAVE, tuning=0.0
    )
    equal = 2.0 ** (np.arange(n_bins)[:, None] / BINS_PER_OCTAVE)  # librosa divides by the root of a filter's length alone
    decibel = power_to_db(np.abs(bins[:, : 1 + len(samples) // HOP_LENGTH]) ** 2 * equal)
    decibel = np.maximum(decibel - decibel.max(), -RANGE_DB).astype(np.float32)
    return np.arange(decibel.shape[1]) * HOP_LENGTH / sample_rate, decibel


def n_bins_at(sample_rate: int) -> int:
    """How many semitones from C1 on, at most 84, lie below 0.9 of half the sample rate.

    >>> n_bins_at(24_000), n_bins_at(4_000)
    (84, 70)
    """
    semitones = hz_to_midi(BELOW_TOP * sample_rate / 2) - LOWEST_PITCH
    return min(MOST_BINS, max(0, 1 + math.floor(semitones)))
