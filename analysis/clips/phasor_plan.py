"""Which windows of a recording are read to see how its phasors turn: moved ones, and ones that share no sound with it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ConfigError, ShapeError
from analysis.models.phalar.config import PhalarConfig

PART = 4  # of a circle, by which a window is moved where errors are averaged
MOST_UNRELATED = 12


@dataclass(frozen=True)
class Plan:
    """Windows of a recording, in samples.

    Attributes:
        n_samples: of the recording.
        start: of the window that is moved.
        length: of a window.
        hop: of a frame of the last stage.
        n_frames: N, frames of a circle, with the padding of short windows.
        sample_rate: in Hz.
    """

    n_samples: int
    start: int
    length: int
    hop: int
    n_frames: int
    sample_rate: int

    def __post_init__(self) -> None:
        if not (self.length > 0 and self.hop > 0 and self.n_frames > 1 and self.sample_rate > 0):
            raise ConfigError(f"Expected windows, frames and a rate above 0, and two frames or more; got {self}.")
        if not 0 <= self.start <= max(0, self.n_samples - self.length):
            last_s = max(0, self.n_samples - self.length) / self.sample_rate
            got = f"A window from {self.start / self.sample_rate:.2f} s"
            raise ConfigError(f"{got} is not in this recording: expected one from 0 to {last_s:.2f} s. Choose an earlier one.")

    @property
    def frame_s(self) -> float:
        """Seconds of a frame."""
        return self.hop / self.sample_rate

    @property
    def period_s(self) -> float:
        """T = N frames in seconds: moved by it, everything in a circle is where it was."""
        return self.n_frames * self.frame_s

    @property
    def shifts_s(self) -> Float[ndarray, " shifts"]:
        """δ of every shift, 0 to T."""
        return np.arange(self.n_frames + 1) * self.frame_s

    @property
    def n_real(self) -> int:
        """Shifts for which the recording has sound, from 0: a window that is moved later is read earlier."""
        return min(self.n_frames, self.start // self.hop) + 1

    @property
    def n_few(self) -> int:
        """Shifts from 0 to a quarter of the circle, at least two."""
        return max(1, self.n_frames // PART) + 1

    @property
    def headline_shifts(self) -> slice:
        """Of real shifts those over which errors are averaged; 0, at which there is no error, is not among them."""
        return slice(1, min(self.n_few, self.n_real))

    @property
    def headline_s(self) -> float:
        """δ of the largest of them; 0 where there is none."""
        return (min(self.n_few, self.n_real) - 1) * self.frame_s

    @property
    def unrelated_starts(self) -> tuple[int, ...]:
        """Of windows that share no sound with the window that is not moved, evenly spread; () where there is none."""
        starts = np.arange(0, self.n_samples - self.length + 1, self.hop)
        apart = starts[np.abs(starts - self.start) >= self.length]
        chosen = np.unique(np.linspace(0, len(apart) - 1, min(MOST_UNRELATED, len(apart))).round().astype(int))
        return tuple(apart[chosen].tolist())

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many of the windows are moved in a circle, moved really, and unrelated, in this order."""
        return self.n_few, self.n_real, len(self.unrelated_starts)

    def cut(self, recording: Float[ndarray, " samples"], start: int) -> Float[ndarray, " window"]:
        """A window, with silence behind a recording that is shorter.

        Raises:
            ShapeError: the recording has another length.
        """
        if len(recording) != self.n_samples:
            raise ShapeError(f"The plan is that of {self.n_samples:,} samples; got {len(recording):,}. Make a new one.")
        samples = recording[start : start + self.length].astype(np.float32)
        return np.pad(samples, (0, self.length - len(samples)))

    def windows(self, recording: Float[ndarray, " samples"]) -> Float[ndarray, "windows length"]:
        """All of them in the order of `counts`; the first is the window that is not moved.

        Raises:
            ShapeError: the recording has another length.
        """
        first = self.cut(recording, self.start)
        circle = [np.roll(first, shift * self.hop) for shift in range(self.n_few)]
        real = [self.cut(recording, self.start - shift * self.hop) for shift in range(self.n_real)]
        return np.stack([*circle, *real, *(self.cut(recording, start) for start in self.unrelated_starts)])


def plan_of(config: PhalarConfig, n_samples: int, start_s: float) -> Plan:
    """The windows of a recording for a model.

    Raises:
        ConfigError: the recording does not hold the window.
    """
    n_frames = max(config.frames()[-1], config.least_frames)
    hop, rate = config.hop_length * 2**config.depth, config.sample_rate
    return Plan(n_samples, round(start_s * rate), config.n_samples, hop, n_frames, rate)


def first_starts_s(config: PhalarConfig, n_samples: int) -> tuple[range, int]:
    """Whole seconds from which a window can begin, and the first that has sound for every shift before it, else the last."""
    last = max(0, n_samples - config.n_samples) // config.sample_rate
    period_s = max(config.frames()[-1], config.least_frames) * config.frame_s
    return range(last + 1), min(int(np.ceil(period_s)), last)
