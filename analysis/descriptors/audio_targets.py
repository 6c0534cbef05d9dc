"""What the sound of a window says: labels for probes, and what they are compared with.

Frequencies are in Hz of the rate at which the samples were taken: give the true one, or pitch classes move.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.log_mel import mel_filters
from analysis.errors import ShapeError

N_FFT, HOP_LENGTH = 2048, 512
CHROMA_SECONDS = 0.34  # of the transform for pitch classes at least: at most 2.9 Hz between bins, less than a semitone from 65 Hz
LOWEST_HZ, HIGHEST_HZ = 65.0, 2100.0  # C2 to C7
REFERENCE_HZ, REFERENCE_CLASS = 440.0, 9
SMALLEST_POWER = 1e-10


def spectral_centroid(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, " batch"]:
    """Mean frequency in Hz, weighted by magnitude within a frame, averaged over the frames; 0 where there is only silence.

    Hann window of 2048, hop 512, centred, zeros beyond the ends. Frames in which nothing sounds are left out of the mean.

    Raises:
        ShapeError: fewer samples than the transform needs.
    """
    magnitude = _spectrum(waveform, N_FFT)
    frequency = torch.linspace(0, sample_rate / 2, magnitude.shape[1], device=waveform.device)
    total = magnitude.sum(dim=1)
    sounds = total > 0
    centroid = (frequency[:, None] * magnitude).sum(dim=1) / torch.where(sounds, total, 1.0)
    return (centroid * sounds).sum(dim=1) / sounds.sum(dim=1).clamp_min(1)


def audio_chroma(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch 12"]:
    """Share of the energy from 65 to 2,100 Hz in every pitch class from C, tuned to A = 440 Hz; zeros for silence.

    Every bin counts for the nearest semitone. The transform is 0.34 s long or more.

    Raises:
        ShapeError: fewer samples than the transform needs.
    """
    n_fft = 2 ** math.ceil(math.log2(CHROMA_SECONDS * sample_rate))
    power = _spectrum(waveform, n_fft, n_fft // 4).square().sum(dim=2)
    frequency = torch.linspace(0, sample_rate / 2, power.shape[1], device=waveform.device)
    heard = (frequency >= LOWEST_HZ) & (frequency <= HIGHEST_HZ)
    semitone = (12 * (frequency[heard] / REFERENCE_HZ).log2()).round().long() + REFERENCE_CLASS
    energy = power.new_zeros(len(power), 12).index_add_(1, semitone % 12, power[:, heard])
    return energy / energy.sum(dim=1, keepdim=True).clamp_min(SMALLEST_POWER)


def log_mel_statistics(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch 256"]:
    """Mean and standard deviation over time of 128 mel bands in dB re full scale: the input of an audio model without a model.

    Raises:
        ShapeError: fewer samples than the transform needs.
    """
    bank = torch.from_numpy(mel_filters(sample_rate)).to(waveform.device)
    level = 10 * (bank @ _spectrum(waveform, N_FFT).square()).clamp_min(SMALLEST_POWER).log10()
    return torch.cat([level.mean(dim=2), level.std(dim=2, correction=0)], dim=1)


def _spectrum(waveform: Tensor, n_fft: int, hop_length: int = HOP_LENGTH) -> Float[Tensor, "batch bins frames"]:
    if waveform.shape[-1] <= n_fft:
        raise ShapeError(f"A transform of {n_fft} samples needs more of them; got {tuple(waveform.shape)}. Use a longer clip.")
    window = torch.hann_window(n_fft, device=waveform.device)
    return torch.stft(
        waveform.float(), n_fft, hop_length, window=window, center=True, pad_mode="constant", return_complex=True
    ).abs()
