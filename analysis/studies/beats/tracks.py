"""Beats of a recording, found by a map of tempo × time or by librosa alone, held against those that are annotated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.descriptors.metronome import FIRST_S
from analysis.measures.beats import BeatScores, onset_envelope, score_beats
from analysis.measures.resampling import WorkDraws
from analysis.seeding import numpy_generator
from analysis.studies.beats.rows import LIBRARY, MEASURES, TWIN, GainRow, ScoreRow, TrackRow, Weights
from analysis.studies.beats.stretches import Stretch

MOVED = "moved in time"
UNIT_RATE = 1_000  # of the clock of the tracker, in Hz, so that a stride in milliseconds is its hop


@dataclass(frozen=True)
class Moves:
    """How often beats are moved in time, and what draws by how much."""

    n: int
    seed: int


@dataclass(frozen=True, eq=False)
class Tracking:
    """Beats from the start of a part, in seconds, and the tempo of the tracker."""

    beats_s: Float64[ndarray, " beats"]
    bpm: float


def track_map(scores: ndarray, stride_ms: int) -> tuple[Tracking, Float64[ndarray, " moments"]]:
    """Beats by librosa's tracker on the onset envelope of a map, and that envelope."""
    import librosa  # slow to import

    envelope = onset_envelope(scores)
    bpm, beats = librosa.beat.beat_track(onset_envelope=envelope, sr=UNIT_RATE, hop_length=stride_ms)
    return _tracking(np.asarray(beats) * stride_ms / UNIT_RATE + FIRST_S, bpm), envelope


def track_sound(stretch: Stretch, window_s: float, sample_rate: int) -> Tracking:
    """Beats by librosa's tracker on the sound of a part and of the window that follows, as templates are held against it.

    Raises:
        AudioError: the recording cannot be read.
    """
    import librosa  # slow to import

    sound = Segment(stretch.piece, stretch.start_s, stretch.seconds - stretch.stride_s + window_s).waveform(sample_rate)
    bpm, beats_s = librosa.beat.beat_track(y=sound, sr=sample_rate, units="time")
    return _tracking(beats_s, bpm)


def _tracking(beats_s: ndarray, bpm: object) -> Tracking:
    return Tracking(np.asarray(beats_s, np.float64), float(np.ravel(np.asarray(bpm))[0]))


def track_row(
    whose: tuple[str, Weights], stretch: Stretch, tracking: Tracking, moves: Moves, names: tuple[str, str, str],
    template_bpm: float | None = None,
) -> TrackRow:  # fmt: skip
    """Beats that were found against annotated ones, and the same beats moved along the part by random shares of its length.

    Args:
        whose: checkpoint and weights.
        stretch: the part.
        tracking: of it.
        moves: that make the null.
        names: of the arrays of beats, map and envelope.
        template_bpm: tempo of the best template.
    """
    beats_s = stretch.within(tracking.beats_s)
    shares = numpy_generator(moves.seed, "beats moved in time", stretch.piece.piece_id).uniform(size=moves.n)
    moved = [score_beats(stretch.annotated_s, np.sort((beats_s + share * stretch.seconds) % stretch.seconds)) for share in shares]
    null = BeatScores(*np.mean(moved, axis=0).tolist())
    scores = score_beats(stretch.annotated_s, beats_s)
    return TrackRow(*whose, stretch.piece.piece_id, *scores, *null, template_bpm, tracking.bpm, *names)


def score_rows(rows: Sequence[TrackRow], works: Mapping[str, str], seed: int, score: str = "") -> list[ScoreRow]:
    """Means over the recordings of a model with their intervals over works.

    Args:
        rows: one per recording, all of one model.
        works: recording → its work.
        seed: of the draws.
        score: how windows and templates are compared.
    """
    draws = _draws(rows, works, seed)
    scored = []
    for number, measure in enumerate(MEASURES):
        values = np.array([row.scores[number] for row in rows])
        low, high = draws.interval(draws.means(values))
        null = float(np.mean([row.moved[number] for row in rows]))
        whose = rows[0].checkpoint, rows[0].weights
        scored.append(ScoreRow(*whose, measure, float(values.mean()), low, high, null, len(rows), score))
    return scored


def gain_rows(
    trained: Sequence[TrackRow], twin: Sequence[TrackRow], library: Sequence[TrackRow], works: Mapping[str, str], seed: int
) -> list[GainRow]:
    """What a checkpoint gains over its twin, over librosa and over its own beats moved in time, recording by recording."""
    draws = _draws(trained, works, seed)
    others = {
        TWIN: [row.scores for row in twin],
        LIBRARY: [row.scores for row in library],
        MOVED: [row.moved for row in trained],
    }
    gains = []
    for number, measure in enumerate(MEASURES):
        for against, scores in others.items():
            pairs = zip(trained, scores, strict=True)
            values = np.array([row.scores[number] - of[number] for row, of in pairs])
            low, high = draws.interval(draws.means(values))
            gains.append(GainRow(trained[0].checkpoint, measure, against, float(values.mean()), low, high, 0.0, len(values)))
    return gains


def _draws(rows: Sequence[TrackRow], works: Mapping[str, str], seed: int) -> WorkDraws:
    return WorkDraws(np.array([works[row.piece] for row in rows]), seed)
