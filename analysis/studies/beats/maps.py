"""Similarity of every window of a part of a recording with every template of a metronome."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from analysis.datasets.piece import UNKNOWN_COMPOSER, Piece
from analysis.datasets.segments import Segment
from analysis.descriptors.metronome import metronome
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import embedding_tap
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun, Weights
from analysis.studies.beats.stretches import Stretch
from analysis.studies.listening import OWN_SCORE, Score, listening, score_of

SLOWEST_BPM, FASTEST_BPM = 30.0, 240.0


@dataclass(frozen=True)
class Metronome(Piece):
    """A piece that is nowhere on disk: clicks at one tempo, the first at 0.02 s."""

    bpm: float = 120.0

    @classmethod
    def at(cls, bpm: float, duration_s: float) -> "Metronome":
        """Of one tempo."""
        name = f"{bpm:g} BPM"
        return cls(name, UNKNOWN_COMPOSER, name, name, "test", duration_s, Path(name), None, bpm=bpm)

    def waveform(self, start_s: float, stop_s: float, sample_rate: int) -> Float32[ndarray, " samples"]:
        """Samples of `[start_s, stop_s)`."""
        return metronome(self.bpm, stop_s, sample_rate)[round(start_s * sample_rate) :]


def tempi(step_bpm: float) -> Float64[ndarray, " tempi"]:
    """Those of the templates, from 30 to 240 BPM at most."""
    return np.arange(SLOWEST_BPM, FASTEST_BPM + 1e-9, step_bpm)


@dataclass(frozen=True, eq=False)
class Templates:
    """Embeddings of clicks at every tempo, as anchors and as candidates, and how they are compared."""

    anchors: ndarray
    candidates: ndarray
    score: Score
    words: str


class Listener:
    """A model that holds windows against templates; both directions of its score count alike.

    Args:
        study_run: where it works.
        checkpoint: whose model.
        weights: trained, or those of the untrained twin.
    """

    def __init__(self, study_run: StudyRun, checkpoint: Checkpoint, weights: Weights) -> None:
        self.study_run = study_run
        outline = checkpoint.outline()
        self.first, self.second, self.words = listening(outline)
        self.taps = {name: (embedding_tap(outline.towers[name]),) for name in (self.first, self.second)}
        self.reader = Reader(study_run, checkpoint, weights)
        self.clicks = Reader(study_run, checkpoint, weights, keep=False)
        self.score = score_of(self.reader, self.words)

    def templates(self, bpm: Sequence[float]) -> Templates:
        """Embeddings of clicks at some tempi.

        Raises:
            CheckpointError, OutOfMemoryError, Cancelled: as `Reader.rows`.
        """
        window_s = self.study_run.window_s
        segments = [Segment(Metronome.at(tempo, window_s), 0.0, window_s) for tempo in bpm]
        return Templates(*self._both(self.clicks, segments, "metronome"), self.score, self.words)

    def map(self, stretch: Stretch, templates: Templates) -> Float32[ndarray, "tempi moments"]:
        """Similarity of every template with every window.

        Raises:
            AudioError: the recording cannot be read.
            CheckpointError, OutOfMemoryError, Cancelled: as `Reader.rows`.
        """
        anchors, candidates = self._both(self.reader, stretch.windows(self.study_run.window_s), stretch.piece.title)
        scores = self.score(templates.anchors, candidates)
        if self.words == OWN_SCORE:  # which need not be symmetric
            scores = (scores + self.score(anchors, templates.candidates).T) / 2
        return scores.astype(np.float32)

    def _both(self, reader: Reader, segments: Sequence[Segment], what: str) -> tuple[ndarray, ndarray]:
        rows = reader.rows(segments, self.taps, what=what)
        first, second = (rows[self.taps[name][0]] for name in (self.first, self.second))
        return first, second
