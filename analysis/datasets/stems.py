"""Stems: the parts of one recording, each heard by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.datasets.audio import read_window
from analysis.units import db_to_amplitude

SILENT_DB = -60.0  # RMS of a window over full scale, below which a stem counts as silent there


@dataclass(frozen=True)
class Stem:
    """One part of a recording, such as an instrument or a hand.

    Attributes:
        name: different from that of the recording's other stems.
        title: what people call it.
        audio_paths: files whose sum it is; one for most.
    """

    name: str
    title: str
    audio_paths: tuple[Path, ...]

    def waveform(self, start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
        """Samples of `[start_s, stop_s)`, mono at `sample_rate` Hz, shape `(samples,)`; zeros past the end of a file.

        Raises:
            AudioError: a file cannot be read there.
        """
        return np.stack([_window(_stamp(path), start_s, stop_s, sample_rate) for path in self.audio_paths]).sum(axis=0)


def _stamp(path: Path) -> tuple[Path, int, int]:
    """A file with its size and the time of its last change (ns); with zeros where it is gone, as whoever reads it says."""
    try:
        return path, path.stat().st_size, path.stat().st_mtime_ns
    except OSError:
        return path, 0, 0


@lru_cache(maxsize=32)  # mixes of one window share their stems
def _window(stamp: tuple[Path, int, int], start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
    """`read_window` of a file as it is now."""
    return read_window(stamp[0], start_s, stop_s, sample_rate)


def mean_of(stems: Sequence[Stem], start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
    """The mix of one or more stems, which is their mean, `(samples,)`; see `Stem.waveform`."""
    return np.stack([stem.waveform(start_s, stop_s, sample_rate) for stem in stems]).mean(axis=0)


def is_silent(waveform: NDArray[np.float32]) -> bool:
    """Whether the RMS of a waveform is below −60 dB of full scale.

    >>> is_silent(np.full(8, 0.0009, np.float32)), is_silent(np.full(8, 0.0011, np.float32))
    (True, False)
    """
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64)))) < db_to_amplitude(SILENT_DB)


def draw_parts(names: Sequence[str], rng: np.random.Generator) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two disjoint, not empty subsets of two or more stems, in the order of `names`: an anchor and its positive.

    The anchor holds 1 to n − 1 stems, the positive 1 to all of those that are left, every number equally likely and then every
    subset of that size. [PHALAR, arXiv:2605.03929]

    >>> draw_parts(["left", "right"], np.random.default_rng(3))
    (('right',), ('left',))
    """
    order = [int(number) for number in rng.permutation(len(names))]
    n_anchor = int(rng.integers(1, len(names)))
    n_positive = int(rng.integers(1, len(names) - n_anchor + 1))
    anchor, positive = sorted(order[:n_anchor]), sorted(order[n_anchor : n_anchor + n_positive])
    return tuple(names[number] for number in anchor), tuple(names[number] for number in positive)
