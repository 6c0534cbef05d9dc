"""Log-mel spectrogram for the eye: not what a model is given.

Mel scale of O'Shaughnessy (HTK), triangles of equal area (Slaney), Hann window, dB below the loudest cell: the numbers of
`librosa.feature.melspectrogram(htk=True)` with `power_to_db(ref=np.max, top_db=80)`, without the seconds librosa takes to import.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.units import hz_to_mel, mel_to_hz, power_to_db

N_FFT, HOP_LENGTH, N_MELS, RANGE_DB = 2048, 480, 128, 80.0
BLOCK_FRAMES = 2000  # 16 MB of samples at a time


def log_mel(
    samples: Float[ndarray, " samples"], sample_rate: int
) -> tuple[Float[ndarray, " frames"], Float[ndarray, "bands frames"]]:
    """Frame times in seconds and the level of 128 mel bands from 0 Hz to half the sample rate, in dB from −80 to 0.

    Raises:
        ShapeError: there is no sample.
    """
    if not len(samples):
        raise ShapeError("A spectrogram needs at least one sample; got none. Use a longer clip.")
    padded = np.pad(np.asarray(samples, np.float32), N_FFT // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP_LENGTH]
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)
    bank = mel_filters(sample_rate)
    blocks = [
        bank @ (np.abs(np.fft.rfft(frames[start : start + BLOCK_FRAMES] * window, axis=1)) ** 2).T.astype(np.float32)
        for start in range(0, len(frames), BLOCK_FRAMES)
    ]
    power = np.concatenate(blocks, axis=1)
    decibel = power_to_db(power)
    decibel = np.maximum(decibel - decibel.max(), -RANGE_DB).astype(np.float32)
    return np.arange(len(frames)) * HOP_LENGTH / sample_rate, decibel


def mel_filters(sample_rate: int, n_fft: int = N_FFT, n_mels: int = N_MELS) -> Float[ndarray, "bands bins"]:
    """Weights of every frequency bin of a transform of `n_fft` samples in every band from 0 Hz to half the sample rate."""
    edges_hz = np.asarray(mel_to_hz(np.linspace(0, hz_to_mel(sample_rate / 2), n_mels + 2)))
    return triangular_filters(edges_hz, sample_rate, n_fft)


def triangular_filters(edges_hz: Float[ndarray, " edges"], sample_rate: int, n_fft: int) -> Float[ndarray, "bands bins"]:
    """Triangles of equal area: band i rises from edge i to edge i + 1, its centre, and falls to edge i + 2."""
    bins_hz = np.linspace(0, sample_rate / 2, n_fft // 2 + 1)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    triangles = np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre))
    return (np.maximum(triangles, 0) * 2 / (high - low)).astype(np.float32)
