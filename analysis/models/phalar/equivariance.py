"""What happens to phasors when a window is moved in time: what the law of the pooling says, and what a real move does.

The law, exact where everything moves in a circle: R_k → R_k · e^(−2πikτ/N) of component k, moved by τ of N frames. A real move
brings new sound in at one end and loses some at the other, so that it deviates from the law.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.phalar.encoder import Phalar


class Trajectories(NamedTuple):
    """Phasors of one window while it is moved.

    Attributes:
        shifts: τ, in frames of the last stage; what is at frame n is moved to n + τ.
        shifts_s: the same in seconds.
        n_frames: N, with the padding of short windows.
        components_hz: frequency of every component, k / (N · seconds of a frame).
        circular: phasors of features moved in a circle, complex.
        law: what the law says of them: those that are not moved, turned.
        real: phasors of the sound that is there when the window itself is moved; None without a longer recording.
        deviation: 1 − cos of `circular` and the law over channels, Re Σ R · conj(law) / (|R| |law|), by shift and component.
        real_deviation: the same of `real`.
    """

    shifts: Int[ndarray, " shifts"]
    shifts_s: Float[ndarray, " shifts"]
    n_frames: int
    components_hz: Float[ndarray, " components"]
    circular: Complex[ndarray, "shifts channels components"]
    law: Complex[ndarray, "shifts channels components"]
    deviation: Float[ndarray, "shifts components"]
    real: Complex[ndarray, "shifts channels components"] | None = None
    real_deviation: Float[ndarray, "shifts components"] | None = None


@torch.no_grad()
def trajectories(
    model: Phalar,
    recording: Float[ndarray, " samples"],
    shifts: Sequence[int],
    start: int = 0,
    n_samples: int | None = None,
) -> Trajectories:
    """Phasors of a window of a recording for every shift.

    Args:
        model: in evaluation.
        recording: at the rate of the model.
        shifts: τ, in frames of the last stage; what is moved later (τ > 0) needs sound before the window, which is then read.
        start: first sample of the window.
        n_samples: of the window; None for that of the configuration.

    Returns:
        `real` where the recording holds the window moved by every one of the shifts.

    Raises:
        ConfigError: the recording does not hold the window.
    """
    config, sound = model.config, torch.from_numpy(np.asarray(recording, np.float32))
    length = config.n_samples if n_samples is None else n_samples
    if start < 0 or start + length > len(sound):
        window = f"a window of {length:,} samples from sample {start:,}"
        raise ConfigError(f"The recording has {len(sound):,} samples, too few for {window}. Choose an earlier or a shorter one.")
    channels = _over_time(model, sound[start : start + length])
    circular = np.stack([_phasors(model, channels.roll(shift, dims=-1)) for shift in shifts])
    n_frames, components = channels.shape[-1], np.arange(1, config.n_components + 1)
    law = _phasors(model, channels) * turns(shifts, n_frames, config.n_components)[:, None]
    hop = config.hop_length * 2**config.depth
    starts = [start - shift * hop for shift in shifts]
    real = None
    if min(starts) >= 0 and max(starts) + length <= len(sound):
        real = np.stack([_phasors(model, _over_time(model, sound[first : first + length])) for first in starts])
    return Trajectories(
        shifts=np.asarray(shifts, np.int64),
        shifts_s=np.asarray(shifts, float) * config.frame_s,
        n_frames=n_frames,
        components_hz=components / (n_frames * config.frame_s),
        circular=circular,
        law=law,
        deviation=deviations(circular, law),
        real=real,
        real_deviation=None if real is None else deviations(real, law),
    )


def turns(shifts: Sequence[float], n_frames: int, n_components: int) -> Complex[ndarray, "shifts components"]:
    """e^(−2πikτ/N), by shift τ, which may lie between frames, and component k from 1.

    >>> np.allclose(turns([0, 2], 8, 2), [[1, 1], [-1j, -1]])
    True
    """
    components = np.arange(1, n_components + 1)
    return np.exp(-2j * np.pi * np.outer(shifts, components) / n_frames)


def deviations(
    phasors: Complex[ndarray, "shifts channels components"], law: Complex[ndarray, "shifts channels components"]
) -> Float[ndarray, "shifts components"]:
    """1 − Re Σ R · conj(law) / (|R| |law|) over channels: 0 where the law holds, 1 where phasors have nothing to do with it.

    Where all phasors of a component are 0 nothing can be said, and the deviation is 1.
    """
    products = np.real(phasors * law.conj()).sum(axis=1)
    lengths = np.linalg.norm(phasors, axis=1) * np.linalg.norm(law, axis=1)
    return 1 - np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)


def angle_errors(
    phasors: Complex[ndarray, "shifts channels components"], law: Complex[ndarray, "shifts channels components"]
) -> Float[ndarray, "shifts components"]:
    """Degrees between phasors and the law: Σ |R| |law| |arg(R · conj(law))| / Σ |R| |law| over channels.

    0 where the law holds, 90 on average where angles have nothing to do with it; NaN where all phasors of a component are 0.
    """
    products = phasors * law.conj()
    weights = np.abs(products).sum(axis=1)
    sums = (np.abs(products) * np.abs(np.angle(products, deg=True))).sum(axis=1)
    return np.divide(sums, weights, out=np.full_like(sums, np.nan), where=weights > 0)


def turned_degrees(
    phasors: Complex[ndarray, "shifts channels components"],
    first: Complex[ndarray, "channels components"],
    law: Float[ndarray, "shifts components"],
) -> Float[ndarray, "shifts components"]:
    """By how many degrees phasors are turned from those that are not moved: arg Σ R · conj(first) over channels.

    Of all angles that differ by whole turns it is the one closest to what the law says, `law`, in degrees.
    """
    angles = np.angle((phasors * first.conj()).sum(axis=1), deg=True)
    return angles + 360 * np.round((law - angles) / 360)


def over_time(model: Phalar, windows: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch channels padded"]:
    """What the spectrum over time is taken of, with the padding of short windows."""
    parameter = next(model.parameters())
    return model.pooling.over_time(model.frames(windows.to(parameter.device, parameter.dtype)))


def phasors_of(model: Phalar, channels: Float[Tensor, "batch channels padded"]) -> Complex[ndarray, "batch channels components"]:
    """Phasors of what `over_time` gives."""
    return torch.complex(*model.pooling.phasors(channels).unbind(dim=1)).cpu().numpy()


def _over_time(model: Phalar, waveform: Tensor) -> Tensor:
    return over_time(model, waveform[None])


def _phasors(model: Phalar, channels: Tensor) -> Complex[ndarray, "channels components"]:
    return phasors_of(model, channels)[0]
