"""The clock of a recording that a model hears in windows: where they begin, what is padded, and which one a moment belongs to."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from analysis.clips.lanes import WindowSpan
from analysis.datasets.audio import Waveform
from analysis.errors import ConfigError, ShapeError, shown
from analysis.models.tower import InputSpec

ROUNDING_S = 1e-9  # windows give the same moment in different last bits
OVERLAPS = {"none": 0.0, "half": 0.5, "three quarters": 0.75}
"""Shares of a window that the next one hears again, by name."""


@dataclass(frozen=True)
class Clock:
    """Windows over a recording, in samples.

    Attributes:
        n_samples: of the recording.
        sample_rate: in Hz.
        window: samples that the model hears at once.
        hop: samples from the beginning of a window to that of the next, at most a window.
    """

    n_samples: int
    sample_rate: int
    window: int
    hop: int

    def __post_init__(self) -> None:
        if not (self.n_samples > 0 and self.sample_rate > 0 and 0 < self.hop <= self.window):
            raise ConfigError(f"Expected samples, a rate in Hz and a hop from 1 to the window of {self.window}; got {self}.")

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return self.n_samples / self.sample_rate

    @property
    def window_s(self) -> float:
        """Length of a window in seconds."""
        return self.window / self.sample_rate

    @property
    def n_windows(self) -> int:
        """Windows that cover the recording, at least one.

        >>> Clock(96_001, 24_000, 96_000, 96_000).n_windows, Clock(96_001, 24_000, 96_000, 48_000).n_windows
        (2, 2)
        """
        return 1 + max(0, -(-(self.n_samples - self.window) // self.hop))

    @property
    def starts_s(self) -> Float[ndarray, " windows"]:
        """Where windows begin, in seconds."""
        return np.arange(self.n_windows) * (self.hop / self.sample_rate)

    @property
    def spans(self) -> tuple[WindowSpan, ...]:
        """Every window; the last one may end in silence."""
        ends = self.starts_s + self.window_s
        return tuple(
            WindowSpan(float(start), float(end), self.duration_s if end > self.duration_s + 1e-9 else None)
            for start, end in zip(self.starts_s, ends, strict=True)
        )

    @property
    def borders_s(self) -> Float[ndarray, " borders"]:
        """Between which seconds a moment belongs to which window: halfway through what two of them both hear.

        >>> Clock(8, 1, 4, 4).borders_s, Clock(8, 1, 4, 2).borders_s
        (array([0., 4., 8.]), array([0., 3., 5., 8.]))
        """
        between = self.starts_s[1:] + (self.window - self.hop) / self.sample_rate / 2
        return np.array([0.0, *between, self.starts_s[-1] + self.window_s])

    def times_s(self, within_s: Float[ndarray, " tokens"]) -> Float[ndarray, "windows tokens"]:
        """Times within a window, for every window in seconds from the start of the recording."""
        return self.starts_s[:, None] + within_s

    def inside(self, within_s: Float[ndarray, " tokens"]) -> Bool[ndarray, "windows tokens"]:
        """Whether a token of a window stands for sound, and not for the silence after it."""
        return self.times_s(within_s) < self.duration_s

    def belonging(self, within_s: Float[ndarray, " tokens"]) -> Bool[ndarray, "windows tokens"]:
        """Whether a token is the one that its moment belongs to: every moment of the recording has one window."""
        times_s, borders = self.times_s(within_s), self.borders_s - ROUNDING_S
        return self.inside(within_s) & (times_s >= borders[:-1, None]) & (times_s < borders[1:, None])

    def window_at(self, seconds: float) -> int:
        """The window that a moment belongs to."""
        number = int(np.searchsorted(self.borders_s, seconds, side="right")) - 1
        return min(max(number, 0), self.n_windows - 1)

    def cut(self, waveform: Waveform) -> Float[ndarray, "windows samples"]:
        """The recording in windows, padded with silence.

        Raises:
            ShapeError: it is another recording than this clock was made for.
        """
        if (len(waveform.samples), waveform.sample_rate) != (self.n_samples, self.sample_rate):
            got = f"{len(waveform.samples):,} samples at {waveform.sample_rate} Hz"
            raise ShapeError(f"The clock is that of {self.n_samples:,} samples at {self.sample_rate} Hz; got {got}.")
        padded = np.zeros((self.n_windows - 1) * self.hop + self.window, np.float32)
        padded[: self.n_samples] = waveform.samples
        return np.stack([padded[number * self.hop : number * self.hop + self.window] for number in range(self.n_windows)])


def clock_of(waveform: Waveform, heard: InputSpec, overlap: str = "none") -> Clock:
    """The windows of a recording for a tower.

    Args:
        waveform: at the rate of the tower.
        heard: what the tower is fed.
        overlap: a name of `OVERLAPS`.

    Raises:
        ShapeError: the recording is at another rate.
        ConfigError: there is no such overlap.
    """
    if waveform.sample_rate != heard.sample_rate:
        raise ShapeError(f"The model hears {heard.sample_rate} Hz; got {waveform.sample_rate} Hz. Resample on loading.")
    window = round(heard.window_s * heard.sample_rate)
    return Clock(len(waveform.samples), waveform.sample_rate, window, hop_of(window, overlap))


def hop_of(window: int, overlap: str) -> int:
    """Samples from the beginning of a window to that of the next.

    Raises:
        ConfigError: there is no such overlap.

    >>> hop_of(96_000, "none"), hop_of(96_000, "half")
    (96000, 48000)
    """
    if overlap not in OVERLAPS:
        raise ConfigError(f"There is no overlap {shown(overlap)}: expected one of {', '.join(OVERLAPS)}.")
    return max(1, round(window * (1 - OVERLAPS[overlap])))
