"""Frequency bands of a waveform: taken out, kept alone, or all of them apart, without delay.

The spectrum is multiplied by real weights, so that the filter has no phase. Neighbouring weights meet in a raised cosine and add
to 1 at every frequency: the bands, with what lies below the first and above the last, add up to the waveform.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.a4 import A4_EDGES_HZ
from analysis.errors import ConfigError
from analysis.units import hz_to_mel, mel_to_hz

BAND_SETS = ("octaves", "a4", "mel", "third-octave", "low-17.5")
LOWEST_HZ = 20.0
N_MEL_BANDS = 16
LOW_SHARE = 0.175
MOST_BANDS = 64
EXTENSION_S = 0.25  # of the window mirrored at either end, faded out: what rings over an end would come in at the other
HALF_TRANSITION = 0.05  # of the edge's frequency, or a quarter of the narrower band beside it where that is less


def band_edges(name: str, sample_rate: int) -> tuple[float, ...]:
    """Edges in Hz of a set of bands that lie side by side.

    Args:
        name: "octaves" (the bands of A4, what lies below them and what lies above them), "a4" (the eight bands of A4), "mel" (16
            of equal width on O'Shaughnessy's scale from 20 Hz), "third-octave" (around 1 kHz, from 22 Hz), "low-17.5" (the lowest
            17.5 % of the spectrum, and the rest), or edges as comma-separated numbers.
        sample_rate: in Hz; half of it is where "octaves", "mel", "third-octave" and "low-17.5" end.

    Raises:
        ConfigError: there is no such set; fewer than two, too many or falling edges, or a negative one.

    >>> band_edges("low-17.5", 24_000)
    (0.0, 2100.0, 12000.0)
    >>> band_edges("100, 200", 24_000)
    (100.0, 200.0)
    """
    top = sample_rate / 2
    if name == "octaves":
        return 0.0, *(edge for edge in A4_EDGES_HZ if edge < top), top
    if name == "a4":
        return A4_EDGES_HZ
    if name == "low-17.5":
        return 0.0, LOW_SHARE * top, top
    if name == "third-octave":
        places = [1000 * 2 ** ((k - 0.5) / 3) for k in range(-16, 60)]
        return *(edge for edge in places if edge < top), top
    if name == "mel":
        low, high = hz_to_mel(LOWEST_HZ), hz_to_mel(top)
        return tuple(float(mel_to_hz(low + (high - low) * k / N_MEL_BANDS)) for k in range(N_MEL_BANDS + 1))
    try:
        edges = tuple(float(part) for part in name.split(","))
    except ValueError as error:
        known = ", ".join(BAND_SETS)
        raise ConfigError(f"There is no set of bands {name!r}: expected {known}, or edges in Hz like 100, 400, 1600.") from error
    if not 2 <= len(edges) <= MOST_BANDS + 1 or not all(0 <= a < b < float("inf") for a, b in pairwise(edges)):
        raise ConfigError(f"The edges are {name}; expected 2 to {MOST_BANDS + 1} rising frequencies in Hz, from 0.")
    return edges


def band_names(edges_hz: Sequence[float]) -> list[str]:
    """Bands as a person calls them: in whole Hz, or as they are where two bands would be of one name.

    >>> band_names((0.0, 46.875, 1000.0, 2500.0))
    ['0–47 Hz', '47–1,000 Hz', '1,000–2,500 Hz']
    """
    named = [f"{low:,.0f}–{high:,.0f} Hz" for low, high in pairwise(edges_hz)]
    return named if len(set(named)) == len(named) else [f"{low:,}–{high:,} Hz" for low, high in pairwise(edges_hz)]


def split_bands(
    waveform: Float[Tensor, "batch samples"], edges_hz: Sequence[float], sample_rate: int
) -> Float[Tensor, "batch parts samples"]:
    """What lies below the first edge, every band, and what lies above the last edge; together they are the waveform.

    Args:
        waveform: mono.
        edges_hz: rising; one at half the sample rate or above cuts nothing off.
        sample_rate: in Hz.
    """
    return torch.stack(list(each_part(waveform, edges_hz, sample_rate)), dim=1)


def each_part(
    waveform: Float[Tensor, "batch samples"], edges_hz: Sequence[float], sample_rate: int
) -> Iterator[Float[Tensor, "batch samples"]]:
    """The parts of `split_bands` one after the other, so that not all are in memory."""
    n_samples = waveform.shape[-1]
    n_more = min(round(EXTENSION_S * sample_rate), n_samples - 1)
    extended = F.pad(waveform[:, None], (n_more, n_more), mode="reflect")[:, 0]
    fade = (torch.sin(torch.linspace(0, torch.pi / 2, n_more + 1, device=waveform.device)[:-1]) ** 2).to(waveform.dtype)
    extended[:, :n_more] *= fade
    extended[:, extended.shape[-1] - n_more :] *= fade.flip(0)
    spectrum = torch.fft.rfft(extended)
    for weights in band_weights(edges_hz, extended.shape[-1], sample_rate).to(extended):
        yield torch.fft.irfft(spectrum * weights, n=extended.shape[-1])[:, n_more : n_more + n_samples]


def band_keep(
    waveform: Float[Tensor, "batch samples"], low_hz: float, high_hz: float, sample_rate: int
) -> Float[Tensor, "batch samples"]:
    """One band alone."""
    return split_bands(waveform, (low_hz, high_hz), sample_rate)[:, 1]


def energy_shares(
    waveform: Float[Tensor, "batch samples"], edges_hz: Sequence[float], sample_rate: int
) -> Float[Tensor, "batch bands"]:
    """Part of each window's energy that lies between two edges, sharply cut; 0 in a window of silence.

    As in the filters, an edge at half the sample rate or above cuts nothing off.

    >>> tone = torch.sin(2 * torch.pi * 700 * torch.arange(24_000) / 24_000)[None]
    >>> energy_shares(tone, (100, 500, 1000), 24_000).round().tolist()
    [[0.0, 1.0]]
    """
    power = torch.fft.rfft(waveform.double()).abs() ** 2
    frequency = torch.fft.rfftfreq(waveform.shape[-1], 1 / sample_rate, device=waveform.device)
    tops = [edge if edge < sample_rate / 2 else float("inf") for edge in edges_hz]
    bands = [power[:, (frequency >= low) & (frequency < high)].sum(dim=1) for low, high in pairwise(tops)]
    return torch.stack(bands, dim=1) / power.sum(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)


def band_weights(edges_hz: Sequence[float], n_samples: int, sample_rate: int) -> Float[Tensor, "parts bins"]:
    """Weight of every frequency in what lies below, in every band and above; they add to 1 at every frequency."""
    frequency = torch.fft.rfftfreq(n_samples, 1 / sample_rate, dtype=torch.float64)
    passed = [torch.ones_like(frequency)]
    for number, edge in enumerate(edges_hz):
        widths = [
            abs(edge - beside) / 4 for beside in (*edges_hz[max(0, number - 1) : number], *edges_hz[number + 1 : number + 2])
        ]
        half = min(HALF_TRANSITION * edge, *widths)
        if edge >= sample_rate / 2 or edge <= 0:
            passed.append(torch.full_like(frequency, float(edge <= 0)))
            continue
        position = ((frequency - edge) / half).clamp(-1, 1)
        passed.append((1 + torch.sin(position * torch.pi / 2)) / 2)
    passed.append(torch.zeros_like(frequency))
    return torch.stack([above - below for above, below in pairwise(passed)])
