"""How much of every pitch class sounds, and how suddenly sound begins, to be held against notes: not what a model is given.

Both are on the frames of `analysis.descriptors.log_mel`; librosa has the like, and takes seconds to import.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.fft import rfft  # in single precision where samples are

from analysis.descriptors.log_mel import HOP_LENGTH
from analysis.errors import ShapeError

N_FFT = 4096
LOWEST_HZ, HIGHEST_HZ = 100.0, 5_000.0  # below, a bin is wider than a semitone; above, partials are of no one pitch class
BLOCK_FRAMES = 1000
N_CLASSES = 12


def chroma(samples: Float[ndarray, " samples"], sample_rate: int) -> Float[ndarray, "12 frames"]:
    """Amplitude of every pitch class, C first, in frames of 20 ms at 24 kHz: square roots of summed power; no unit.

    A bin of a Hann-windowed transform of 4,096 samples belongs to the nearest semitone of A4 = 440 Hz, from 100 to 5,000 Hz.

    Raises:
        ShapeError: there is no sample.

    >>> time_s = np.arange(24_000) / 24_000
    >>> int(chroma(np.sin(2 * np.pi * 440 * time_s), 24_000)[:, 25].argmax())
    9
    """
    if not len(samples):
        raise ShapeError("Pitch classes need at least one sample; got none. Use a longer clip.")
    padded = np.pad(np.asarray(samples, np.float32), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
    bank = class_filters(sample_rate)
    blocks = [
        bank @ (np.abs(np.asarray(rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1))) ** 2).T.astype(np.float32)
        for start in range(0, len(frames), BLOCK_FRAMES)
    ]
    return np.sqrt(np.concatenate(blocks, axis=1))


def class_filters(sample_rate: int) -> Float[ndarray, "12 bins"]:
    """1 where a frequency bin belongs to a pitch class, else 0."""
    hz = np.arange(N_FFT // 2 + 1) * sample_rate / N_FFT
    inside = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    pitch = np.round(69 + 12 * np.log2(np.where(inside, hz, 440.0) / 440.0)).astype(int)
    return (inside & (pitch % N_CLASSES == np.arange(N_CLASSES)[:, None])).astype(np.float32)


def onset_strength(decibel: Float[ndarray, "bands frames"]) -> Float[ndarray, " frames"]:
    """How much louder a frame is than the one before, in dB: mean over bands, of which those that fall count as 0; first frame 0.

    Source: spectral flux as in `librosa.onset.onset_strength` with a lag of one frame.

    >>> onset_strength(np.array([[0.0, 6.0, 0.0], [0.0, 2.0, 2.0]])).tolist()
    [0.0, 4.0, 0.0]
    """
    return np.maximum(np.diff(decibel, axis=1, prepend=decibel[:, :1]), 0.0).mean(axis=0)
