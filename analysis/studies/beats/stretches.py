"""Parts of recordings in which beats are looked for, with those that are annotated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.descriptors.metronome import FIRST_S
from analysis.errors import CorpusError
from analysis.readings.study_run import StudyRun
from analysis.studies.beats.rows import StretchRow

FEWEST_BEATS, FEWEST_MOMENTS = 2, 3
DECIMALS = 3  # of seconds, at which parts begin


@dataclass(frozen=True, eq=False)
class Stretch:
    """A part of a recording.

    Attributes:
        piece: the recording.
        start_s: where it begins.
        n_moments: windows that begin in it.
        stride_s: from one to the next.
        annotated_s: beats from its start, rising.
    """

    piece: Piece
    start_s: float
    n_moments: int
    stride_s: float
    annotated_s: Float64[ndarray, " beats"]

    @property
    def seconds(self) -> float:
        """In which beats are looked for."""
        return self.n_moments * self.stride_s

    @property
    def times_s(self) -> Float64[ndarray, " moments"]:
        """From its start, at which the first click of a template lies in every window."""
        return np.arange(self.n_moments) * self.stride_s + FIRST_S

    def windows(self, window_s: float) -> list[Segment]:
        """Those that begin in it."""
        starts = (round(self.start_s + number * self.stride_s, 6) for number in range(self.n_moments))
        return [Segment(self.piece, start_s, window_s) for start_s in starts]

    def within(self, times_s: ndarray) -> Float64[ndarray, " inside"]:
        """Of seconds from its start those that can be found."""
        times_s = np.asarray(times_s, np.float64)
        return times_s[(times_s >= 0) & (times_s < self.seconds)]


@dataclass(frozen=True)
class Stretches:
    """Parts of all recordings that can be used, and how many were left out."""

    parts: Sequence[Stretch]
    unannotated: int
    too_short: int


def list_stretches(study_run: StudyRun, split: str, seconds: int, stride_s: float) -> Stretches:
    """The middle of every recording of a split ("all" for every piece) whose beats are annotated.

    Raises:
        CorpusError: no recording can be used, or an annotation cannot be read.
    """
    corpus = study_run.corpus
    pieces = corpus.pieces if split == "all" else corpus.split(split)
    parts, unannotated, too_short = list[Stretch](), 0, 0
    for piece in pieces:
        if (beats := piece.annotations.beats()) is None:
            unannotated += 1
        elif (part := _middle(piece, beats.beats_s, study_run.window_s, seconds, stride_s)) is None:
            too_short += 1
        else:
            parts.append(part)
    if not parts:
        raise CorpusError(
            f"The split {split} of {corpus.name} has 0 recordings in which beats can be looked for: of {len(pieces)} recordings "
            f"{unannotated} have no annotated beats, and {too_short} are shorter than {study_run.window_s:g} s or have fewer "
            f"than {FEWEST_BEATS} beats there. Use another split, or recordings with beats such as those of MAPS or POP909."
        )
    return Stretches(parts, unannotated, too_short)


def _middle(piece: Piece, beats_s: ndarray, window_s: float, seconds: int, stride_s: float) -> Stretch | None:
    """The middle part; None where a recording is too short, or has too few beats there."""
    n_moments = min(round(seconds / stride_s), int((piece.duration_s - window_s) / stride_s + 1e-9) + 1)
    if n_moments < FEWEST_MOMENTS:
        return None
    start_s = round(max(0.0, (piece.duration_s - window_s - (n_moments - 1) * stride_s) / 2) // stride_s * stride_s, DECIMALS)
    part = Stretch(piece, start_s, n_moments, stride_s, np.zeros(0))
    annotated = part.within(np.sort(np.asarray(beats_s, np.float64)) - start_s)
    return None if len(annotated) < FEWEST_BEATS else Stretch(piece, start_s, n_moments, stride_s, annotated)


def stretches_of(
    rows: Sequence[StretchRow], arrays: Mapping[str, ndarray], pieces: Mapping[str, Piece], stride_s: float
) -> list[Stretch]:
    """Parts of which rows speak."""
    return [
        Stretch(pieces[row.piece], row.start_s, round(row.seconds / stride_s), stride_s, arrays[row.annotated]) for row in rows
    ]
