"""Which bands at which times a number of a clip comes from: integrated gradients, ablation and occlusion (Captum).

Towers hear waveforms, so the sound goes through a short-time Fourier transform whose cells are multiplied by gains, one per band
and span of time, and back. Gains go from 0 dB, the sound as recorded, to −60 dB, as good as gone; in decibels, because nearly all
that a network with normalised layers does on a straight way from silence happens at its very beginning. What lies outside the
bands stays. Gradients add up to the change of the number but for a delta, which is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from analysis.clips.heads.ablation import pair_scores
from analysis.errors import ConfigError, ShapeError
from analysis.models.tower import Model, SegmentLike
from analysis.units import hz_to_mel, mel_to_hz

Scalar = Callable[[Tensor], Tensor]  # waveforms (batch, samples) → (batch,)
ScalarKind = Literal["score of its pair", "cosine with a reference", "norm"]
Scale = Literal["decibel", "amplitude"]
N_FFT, HOP_LENGTH = 1024, 256
GONE_DB = -60.0
N_BANDS, N_SPANS, N_STEPS, AT_ONCE = 8, 8, 32, 8
OCCLUDED = 2  # cells along either axis
TOLERANCE, MOST_TIMES = 0.05, 4  # a larger share of the change as delta asks for so many times the steps at most


class CellGains:
    """A sound whose cells of band and time have gains; with gains of 1 it is as it was, and it is linear in them."""

    def __init__(self, samples: Float[Tensor, " samples"], sample_rate: int, edges_hz: Sequence[float], n_spans: int) -> None:
        self.n_samples = len(samples)
        bins_hz = torch.linspace(0, sample_rate / 2, N_FFT // 2 + 1)
        edges = torch.tensor([*edges_hz[:-1], edges_hz[-1] + (edges_hz[-1] >= sample_rate / 2)])
        self.band = torch.bucketize(bins_hz, edges, right=True)  # 0 below the first edge
        counts = torch.bincount(self.band, minlength=len(edges_hz) + 1)[1 : len(edges_hz)]
        if not bool((counts > 0).all()):
            narrow = int((counts == 0).nonzero()[0])
            raise ConfigError(
                f"The band {edges_hz[narrow]:g} to {edges_hz[narrow + 1]:g} Hz lies between two frequencies of the transform, "
                f"which are {sample_rate / N_FFT:.1f} Hz apart. Take fewer bands."
            )
        self.window = torch.hann_window(N_FFT, device=samples.device)
        self.spectrum = torch.stft(
            samples, N_FFT, HOP_LENGTH, window=self.window, center=True, pad_mode="constant", return_complex=True
        )
        frames = torch.arange(self.spectrum.shape[1]) * HOP_LENGTH / self.n_samples
        self.span = (frames * n_spans).long().clamp_max(n_spans - 1)
        self.n_bands, self.n_spans = len(edges_hz) - 1, n_spans

    def __call__(self, gains: Float[Tensor, "batch bands spans"]) -> Float[Tensor, "batch samples"]:
        """The sound with these amplitudes of its cells."""
        stays = gains.new_ones(len(gains), 1, self.n_spans)
        weights = torch.cat([stays, gains, stays], dim=1)[:, self.band][:, :, self.span]
        return torch.istft(
            self.spectrum * weights, N_FFT, HOP_LENGTH, window=self.window.to(gains.dtype), center=True, length=self.n_samples
        )


@dataclass(frozen=True, eq=False)
class Attribution:
    """Where a number comes from.

    Attributes:
        edges_hz: of the bands.
        edges_s: of the spans of time.
        gradients: integrated gradients; None where no gradient reaches the sound.
        delta: their sum minus the change.
        n_steps: of the integral.
        ablation: change when one cell is gone.
        occlusion: mean change of the squares of 2 × 2 cells that a cell is in, when they are gone.
        recorded: the number of the sound as it is.
        gone: with all cells gone; the change is `recorded` − `gone`.
    """

    edges_hz: tuple[float, ...]
    edges_s: tuple[float, ...]
    gradients: Float64[ndarray, "bands spans"] | None
    delta: float | None
    n_steps: int
    ablation: Float64[ndarray, "bands spans"]
    occlusion: Float64[ndarray, "bands spans"]
    recorded: float
    gone: float


def mel_edges(sample_rate: int, n_bands: int = N_BANDS, lowest_hz: float = 0.0) -> tuple[float, ...]:
    """Edges in Hz of bands of equal width on O'Shaughnessy's scale, up to half the sample rate.

    >>> [round(edge) for edge in mel_edges(24_000, 2)]
    [0, 2282, 12000]
    """
    edges = mel_to_hz(np.linspace(hz_to_mel(lowest_hz), hz_to_mel(sample_rate / 2), n_bands + 1))
    return tuple(float(edge) for edge in np.atleast_1d(edges))


def scalar_of(
    model: Model, tower: str, segment: SegmentLike, kind: ScalarKind, reference: Float[Tensor, "1 d"] | None = None
) -> Scalar:
    """A number of the embedding of a sound, as a function of waveforms at the rate of the tower.

    Args:
        model: in evaluation.
        tower: name of one that reads sound.
        segment: the window, for what a tower needs of it besides its sound.
        kind: "score of its pair" and "cosine with a reference" need a reference: the embedding of the counterpart, or any other.
        reference: on the device of the model.

    Raises:
        ConfigError: the tower reads no sound, or there is no reference where one is needed.
    """
    reader = model.towers[tower]
    if reader.modality != "audio":
        raise ConfigError(f"Bands and times are those of sound; {tower} reads {reader.modality}. Choose a tower of sound.")
    if kind != "norm" and reference is None:
        raise ConfigError(f"The {kind} needs an embedding to compare with; got none. Give one.")

    def number(waveforms: Tensor) -> Tensor:
        embedding = reader(reader.collate([segment] * len(waveforms), waveforms))
        if kind == "norm" or reference is None:
            return embedding.norm(dim=1)
        other = reference.expand(len(embedding), -1)
        return (
            F.cosine_similarity(embedding, other) if kind != "score of its pair" else pair_scores(model, tower, embedding, other)
        )

    return number


def attribute(
    scalar: Scalar,
    samples: Float[Tensor, " samples"],
    sample_rate: int,
    *,
    edges_hz: Sequence[float] | None = None,
    n_spans: int = N_SPANS,
    scale: Scale = "decibel",
    n_steps: int = N_STEPS,
    check: Callable[[], None] | None = None,
) -> Attribution:
    """Attribute a number to the bands and times of a sound, by three methods.

    Args:
        scalar: waveforms → one number each, such as `scalar_of` gives.
        samples: the window, on the device of the model.
        sample_rate: in Hz.
        edges_hz: of the bands, rising; None for 8 of equal width in mel.
        n_spans: spans of time of equal length.
        scale: on which way gains go: "decibel" from −60 to 0, or "amplitude" from 0 to 1.
        n_steps: of the integral; twice and four times as many where the delta is more than 5 % of the change.
        check: called before every pass, so that it can raise.

    Raises:
        ConfigError: edges do not rise, or a band is too narrow for the transform.
        ShapeError: fewer samples than the transform needs.
    """
    from captum.attr import FeatureAblation, Occlusion

    edges = mel_edges(sample_rate) if edges_hz is None else tuple(edges_hz)
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)) or edges[0] < 0:
        raise ConfigError(f"The edges of bands are {list(edges)}; expected two or more that rise, from 0 Hz.")
    if len(samples) <= N_FFT:
        raise ShapeError(f"A transform of {N_FFT} samples needs more of them; got {len(samples)}. Use a longer window.")
    cells = CellGains(samples, sample_rate, edges, n_spans)

    def of_gains(gains: Tensor) -> Tensor:
        if check is not None:
            check()
        return scalar(cells(10 ** (gains / 20) if scale == "decibel" else gains))

    level, nothing = (0.0, GONE_DB) if scale == "decibel" else (1.0, 0.0)
    recorded = torch.full((1, cells.n_bands, cells.n_spans), level, device=samples.device)
    gone = torch.full_like(recorded, nothing)
    with torch.no_grad():
        ablated = FeatureAblation(of_gains).attribute(recorded, gone, perturbations_per_eval=AT_ONCE)
        square = (min(OCCLUDED, cells.n_bands), min(OCCLUDED, n_spans))
        occluded = Occlusion(of_gains).attribute(recorded, square, baselines=gone, perturbations_per_eval=AT_ONCE)
        whole, none_left = (float(of_gains(gains)) for gains in (recorded, gone))
    gradients, delta, steps = _integrated(of_gains, recorded, gone, n_steps, MOST_TIMES * n_steps, whole - none_left)
    edges_s = np.linspace(0, len(samples) / sample_rate, n_spans + 1)
    cells_of = _array(ablated), _array(occluded)
    return Attribution(edges, tuple(edges_s.tolist()), gradients, delta, steps, *cells_of, whole, none_left)


def rank_agreement(first: Float64[ndarray, "bands spans"], other: Float64[ndarray, "bands spans"]) -> float | None:
    """Spearman's correlation over cells, such as with the untrained twin's; None where one side is constant."""
    from scipy.stats import spearmanr

    if np.ptp(first) == 0 or np.ptp(other) == 0:
        return None
    return float(np.asarray(spearmanr(first.ravel(), other.ravel()))[0])


def _integrated(
    of_gains: Scalar, recorded: Tensor, gone: Tensor, n_steps: int, most_steps: int, change: float
) -> tuple[ndarray | None, float | None, int]:
    """Integrated gradients, their delta and the steps it took; nothing where no gradient reaches the gains."""
    from captum.attr import IntegratedGradients

    with torch.enable_grad():
        if not of_gains(recorded.clone().requires_grad_()).requires_grad:
            return None, None, 0
    gradients, delta = IntegratedGradients(of_gains).attribute(
        recorded, gone, n_steps=n_steps, internal_batch_size=AT_ONCE, return_convergence_delta=True
    )
    if abs(float(delta)) > TOLERANCE * abs(change) and n_steps < most_steps:
        return _integrated(of_gains, recorded, gone, min(2 * n_steps, most_steps), most_steps, change)
    return _array(gradients), float(delta), n_steps


def _array(cells: Tensor) -> Float64[ndarray, "bands spans"]:
    return cells[0].detach().double().cpu().numpy()
