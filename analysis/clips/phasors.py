"""A window of a recording is moved in time: how its phasors turn, and how its similarity with what stays falls.

In a circle every phasor turns as R_k → R_k · e^(−2πikδ/T), whatever was learned: that is the spectrum over time. What training
brings is what a score makes of the phase. Sound that really moves brings new sound in at one end, and stages have ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from analysis.clips.phasor_plan import Plan
from analysis.datasets.stems import is_silent
from analysis.models.phalar.encoder import Phalar
from analysis.models.phalar.equivariance import angle_errors, over_time, phasors_of, turned_degrees, turns

if TYPE_CHECKING:
    from analysis.models.tower import Model

Progress = Callable[[int, int], None]
AT_ONCE = 4  # windows
BETWEEN = 8  # steps from one frame to the next where the law alone is followed
FEWEST_UNRELATED = 4  # of fewer, no spread is told
UNIFORM_DEG = 90.0  # mean of |angle| where all angles are alike


@dataclass(frozen=True)
class Turning:
    """Phasors of one model while a window is moved; everything begins with the window that is not moved.

    Attributes:
        circle: phasors of features that are moved in a circle, by every shift.
        sound_circle: of sound that is moved in a circle, by the first shifts; the ends of the model's stages alone disturb it.
        real: of sound that really moves, by as many shifts as the recording has sound for.
        unrelated: of windows of the recording that share no sound with it.
        head_circle: outputs of the complex head, by `BETWEEN` steps a frame, with phasors as the law says.
        head_real: by the shifts of `real`.
        scores: similarity with what stays, by the shifts of `real`.
        sound_circle_scores: the same of `sound_circle`, which keeps what sounds; by its shifts.
        unrelated_scores: of what stays with the windows of `unrelated`.
    """

    circle: Complex[ndarray, "shifts channels components"]
    sound_circle: Complex[ndarray, "few channels components"]
    real: Complex[ndarray, "some channels components"]
    unrelated: Complex[ndarray, "windows channels components"]
    head_circle: Complex[ndarray, "steps outputs"]
    head_real: Complex[ndarray, "some outputs"]
    scores: Float[ndarray, " some"]
    sound_circle_scores: Float[ndarray, " few"]
    unrelated_scores: Float[ndarray, " windows"]

    @property
    def first(self) -> Complex[ndarray, "channels components"]:
        """Phasors of the window that is not moved."""
        return self.circle[0]

    @property
    def n_frames(self) -> int:
        """N: by as many frames a circle is closed."""
        return len(self.circle) - 1

    def law(self, n: int) -> Complex[ndarray, "n channels components"]:
        """What the law says of the first `n` shifts."""
        return self.first * turns(range(n), self.n_frames, self.first.shape[-1])[:, None]

    def errors(self, moved: Complex[ndarray, "n channels components"]) -> Float[ndarray, "n components"]:
        """Degrees between phasors of the first shifts and the law, see `angle_errors`."""
        return angle_errors(moved, self.law(len(moved)))

    def turned(self, moved: Complex[ndarray, "n channels components"]) -> Float[ndarray, "n components"]:
        """By how many degrees phasors of the first shifts are turned, see `turned_degrees`."""
        return turned_degrees(moved, self.first, self.law_degrees(len(moved)))

    def law_degrees(self, n: int) -> Float[ndarray, "n components"]:
        """−360 kτ/N of the first `n` shifts."""
        return -360.0 * np.outer(np.arange(n), np.arange(1, self.first.shape[-1] + 1)) / self.n_frames

    def amplitudes(self, moved: Complex[ndarray, "n channels components"]) -> Float[ndarray, "n components"]:
        """Length over channels, √Σ |R|², over that of the window that is not moved; NaN where that is 0."""
        before = np.broadcast_to(np.linalg.norm(self.first, axis=0), (len(moved), self.first.shape[-1]))
        after = np.linalg.norm(moved, axis=1)
        return np.divide(after, before, out=np.full(after.shape, np.nan), where=before > 0)

    def unrelated_errors(self, n: int) -> Float[ndarray, "n components"] | None:
        """Degrees between unrelated windows and the law of the first `n` shifts, mean over windows; None where there is none.

        It is 90 where their angles are uniform, and another number where all windows have something in common, such as ends.
        """
        law = self.law(n)
        errors = [angle_errors(np.broadcast_to(phasors, law.shape), law) for phasors in self.unrelated]
        return np.mean(errors, axis=0) if errors else None

    @property
    def rounds(self) -> Int[ndarray, " outputs"]:
        """How often every output of the head goes around 0, counterclockwise, while the window goes around once."""
        steps = np.angle(self.head_circle[1:] * self.head_circle[:-1].conj())
        return np.rint(steps.sum(axis=0) / (2 * np.pi)).astype(np.int64)

    def above_unrelated(self, scores: Float[ndarray, " n"]) -> Float[ndarray, " n"] | None:
        """(score − mean) / SD of unrelated windows; None of fewer than `FEWEST_UNRELATED`, or where they all score alike."""
        spread = float(self.unrelated_scores.std(ddof=1)) if len(self.unrelated_scores) >= FEWEST_UNRELATED else 0.0
        return (scores - self.unrelated_scores.mean()) / spread if spread > 0 else None


@dataclass(frozen=True)
class MovedWindow:
    """A window that was moved, by a model and by its untrained twin.

    Attributes:
        plan: which windows were read.
        components_hz: frequency of every component, k / T.
        is_silent: whether the window that is moved is silent as `analysis.datasets.stems.is_silent` has it.
        trained, untrained: what the models say.
    """

    plan: Plan
    components_hz: Float[ndarray, " components"]
    is_silent: bool
    trained: Turning
    untrained: Turning


def has_phasors(model: "Model") -> TypeGuard[Phalar]:
    """Whether a model, or its outline, pools to phasors."""
    return isinstance(model, Phalar)


def move_window(
    model: Phalar,
    twin: Phalar,
    recording: Float[ndarray, " samples"],
    stays: Float[ndarray, " samples"],
    plan: Plan,
    progress: Progress | None = None,
) -> MovedWindow:
    """Phasors and scores of a window while it is moved.

    Args:
        model: in inference mode.
        twin: untrained.
        recording: what is moved, at the rate of the model.
        stays: what does not move, as long as the recording: the same, or other stems of it.
        plan: which windows are read.
        progress: given (windows read, windows to read).

    Raises:
        ShapeError: the plan is that of another recording.
    """
    windows, anchor = plan.windows(recording), plan.cut(stays, plan.start)
    reads = _Reads(2 * (len(windows) + 1), progress)
    trained, untrained = (_turning(network, windows, anchor, plan, reads) for network in (model, twin))
    components = np.arange(1, model.config.n_components + 1)
    return MovedWindow(plan, components / plan.period_s, is_silent(windows[0]), trained, untrained)


class _Reads:
    """Windows read by models, a few at once."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def over_time(self, model: Phalar, windows: Float[ndarray, "windows samples"]) -> torch.Tensor:
        read = []
        for begin in range(0, len(windows), AT_ONCE):
            self._report()
            part = torch.from_numpy(windows[begin : begin + AT_ONCE])
            read.append(over_time(model, part))
            self._done += len(part)
        self._report()
        return torch.cat(read)

    def _report(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total)


@torch.no_grad()
def _turning(model: Phalar, windows: ndarray, anchor: ndarray, plan: Plan, reads: _Reads) -> Turning:
    read = reads.over_time(model, windows)
    first = read[:1]
    circle = phasors_of(model, torch.cat([first.roll(shift, dims=-1) for shift in range(plan.n_frames + 1)]))
    sound_circle, real, unrelated = np.split(phasors_of(model, read), np.cumsum(plan.counts)[:-1])
    fine = circle[0] * turns(np.linspace(0, plan.n_frames, BETWEEN * plan.n_frames + 1).tolist(), plan.n_frames,
                             circle.shape[-1])[:, None]  # fmt: skip
    stays = _embedded(model, phasors_of(model, reads.over_time(model, anchor[None])))
    moved, *others = (_embedded(model, phasors) for phasors in (real, sound_circle, unrelated))
    scores = [model.score(stays, rows)[0].double().cpu().numpy() for rows in (moved, *others)]
    head_circle, head_real = (_as_complex(rows) for rows in (_embedded(model, fine), moved))
    return Turning(circle, sound_circle, real, unrelated, head_circle, head_real, *scores)


def _embedded(model: Phalar, phasors: Complex[ndarray, "windows channels components"]) -> torch.Tensor:
    parameter = next(model.parameters())
    parts = torch.from_numpy(np.stack([np.real(phasors), np.imag(phasors)], axis=1))
    return model.head(parts.to(parameter.device, parameter.dtype))


def _as_complex(rows: torch.Tensor) -> Complex[ndarray, "windows outputs"]:
    return torch.complex(*rows.double().unflatten(1, (2, -1)).unbind(dim=1)).cpu().numpy()
