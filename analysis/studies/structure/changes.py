"""Novelty along whole pieces, layer by layer, against annotated changes of chord and of key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.datasets.annotations import change_times
from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.measures.event_scores import EventScores, score_events
from analysis.measures.events import Peaks, find_peaks
from analysis.measures.geometry import cosine
from analysis.measures.novelty import checkerboard_novelty
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model
from analysis.readings.reader import Reader
from analysis.readings.self_similarity import standardise, token_moments
from analysis.readings.study_run import StudyRun, Weights
from analysis.studies.structure.references import REFERENCES, Frames, similarity
from analysis.studies.structure.rows import ChangeKindRow

BIN_S = 0.25
MOST_S = 120.0  # of a piece, from its start
BETWEEN = "|"
Layer = tuple[str, str]  # tower, title


@dataclass(frozen=True)
class ChangeKind:
    """One kind of changes.

    Attributes:
        name: of what.
        tolerance_s: how far a peak may be from a change that it hits.
        half_s: of the checkerboard, on either side.
        times_s: of a piece, rising; None where nobody has annotated it.
    """

    name: str
    tolerance_s: float
    half_s: float
    times_s: Callable[[Piece], Float64[ndarray, " changes"] | None]


def chord_changes(piece: Piece) -> Float64[ndarray, " changes"] | None:
    """When another root or triad begins."""
    return None if (chords := piece.annotations.chords()) is None else change_times(chords)


def key_changes(piece: Piece) -> Float64[ndarray, " changes"] | None:
    """When another key begins."""
    return None if (keys := piece.annotations.keys()) is None else change_times(keys)


KINDS = (
    ChangeKind("chord changes", 0.5, 1.0, chord_changes),
    ChangeKind("chord changes", 3.0, 6.0, chord_changes),
    ChangeKind("key changes", 3.0, 6.0, key_changes),
)


@dataclass(frozen=True, eq=False)
class PieceChanges:
    """Changes of one kind in pieces.

    Attributes:
        kind: of which.
        pieces: where they are annotated.
        times_s: of every one of these, as far as it is read.
        row: how many there are, and why nothing can be held against them, if nothing can.
    """

    kind: ChangeKind
    pieces: Sequence[Piece]
    times_s: Sequence[Float64[ndarray, " _"]]
    row: ChangeKindRow

    @property
    def usable(self) -> bool:
        """Whether novelty can be held against them."""
        return not self.row.reason


def piece_changes(pieces: Sequence[Piece], kind: ChangeKind, window_s: float) -> PieceChanges:
    """Changes of one kind in those of the pieces that are long enough for a window and have annotations.

    Raises:
        CorpusError: an annotation cannot be read.
    """
    known = [(piece, of) for piece in pieces if piece.duration_s >= window_s and (of := kind.times_s(piece)) is not None]
    times = [of[of < length_s(piece, window_s)] for piece, of in known]
    works, n_changes = len({piece.group for piece, _ in known}), sum(map(len, times))
    reason = ""
    if works < 2:
        reason = f"{works} of the works have annotations of them; expected 2 or more, to choose on one half and test on the other"
    elif not n_changes:
        reason = "there is none in what is read of these pieces"
    row = ChangeKindRow(kind.name, kind.tolerance_s, len(known), works, n_changes, reason)
    return PieceChanges(kind, [piece for piece, _ in known], times, row)


def length_s(piece: Piece, window_s: float) -> float:
    """Seconds of a piece that are read, in whole windows."""
    return window_s * int(min(piece.duration_s, max(MOST_S, window_s)) / window_s)


def windows_in_a_row(piece: Piece, window_s: float) -> list[Segment]:
    """Windows one after the other from its start."""
    return [Segment(piece, window_s * number, window_s) for number in range(round(length_s(piece, window_s) / window_s))]


def layer_novelties(
    study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, piece: Piece, halves_s: Sequence[float]
) -> dict[Layer, list[Float64[ndarray, " bins"]]]:
    """Novelty of every layer along a piece in bins of 250 ms, with checkerboards of several sizes.

    Raises:
        CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `Reader.arrays`.
    """
    segments = windows_in_a_row(piece, study_run.window_s)
    reader = Reader(study_run, checkpoint, weights, keep=False)
    arrays = reader.arrays(segments, {"what": "bins of tokens"}, _bins, f"{piece.title}: novelty of layers")
    novelties: dict[Layer, list[ndarray]] = {}
    for name, rows in arrays.items():
        tower, layer = name.split(BETWEEN)
        novelties[tower, layer] = novelties_of(cosine(standardise(rows.reshape(-1, rows.shape[2]))), halves_s)
    return novelties


def reference_novelties(
    frames: Callable[[Segment], Frames], piece: Piece, window_s: float, halves_s: Sequence[float]
) -> dict[str, list[Float64[ndarray, " bins"]]]:
    """Novelty of every quantity of the sound along a piece, in the same bins."""
    centres = (np.arange(round(window_s / BIN_S)) + 0.5) * BIN_S
    heard = [frames(segment) for segment in windows_in_a_row(piece, window_s)]
    rows = {name: np.concatenate([of.at(name, centres) for of in heard]) for name in REFERENCES}
    return {name: novelties_of(_bounded(similarity(name, of)), halves_s) for name, of in rows.items()}


def novelties_of(matrix: Float[ndarray, "bins bins2"], halves_s: Sequence[float]) -> list[Float64[ndarray, " bins"]]:
    """Novelty along the diagonal of a self-similarity of bins, with checkerboards of several sizes."""
    return [np.asarray(checkerboard_novelty(matrix, max(1, round(half_s / BIN_S))), np.float64) for half_s in halves_s]


def score_novelties(
    novelties: Sequence[Sequence[Float64[ndarray, " _"]]], changes: PieceChanges, window_s: float, seed: int, n_shifts: int
) -> EventScores:
    """Peaks of several curves along every piece against its changes.

    Args:
        novelties: of every piece and curve.
        changes: of these pieces.
        window_s: of which the bins are parts.
        seed: deals works and draws moves.
        n_shifts: moves that make the null.
    """
    kind = changes.kind
    peaks = [[_peaks(curve, kind) for curve in of_piece] for of_piece in novelties]
    lengths = np.array([length_s(piece, window_s) for piece in changes.pieces])
    return score_events(
        peaks, changes.times_s, np.array([piece.group for piece in changes.pieces]), tolerance_s=kind.tolerance_s,
        window_s=lengths, seed=seed, n_shifts=n_shifts,
    )  # fmt: skip


def _peaks(curve: Float64[ndarray, " bins"], kind: ChangeKind) -> Peaks:
    """Novelty i is between the bins i − 1 and i."""
    return find_peaks(curve, np.arange(len(curve)) * BIN_S, apart_s=kind.tolerance_s, around_s=4 * kind.half_s)


def _bounded(matrix: Float64[ndarray, "bins bins2"]) -> Float64[ndarray, "bins bins2"]:
    """As it is, with its largest magnitude as unit: novelty is linear in it."""
    return matrix / largest if (largest := float(np.abs(matrix).max())) > 0 else matrix


@torch.no_grad()
def _bins(model: Model, segments: Sequence[Segment]) -> dict[str, ndarray]:
    """Mean token of every layer in bins of 250 ms, by `tower|layer`; a bin without a token has that of the nearest."""
    rows: dict[str, list[ndarray]] = {}
    for segment in segments:
        for name, tower in model.towers.items():
            if tower.modality != "audio":
                continue
            n_bins = round(segment.duration_s / BIN_S)
            for moments in token_moments(model, name, segment):
                bins = binned(moments.times_s, moments.rows, n_bins)
                rows.setdefault(BETWEEN.join((name, moments.tap.title)), []).append(bins)
    return {name: np.stack(of).astype(np.float32) for name, of in rows.items()}


def binned(
    times_s: Float[ndarray, " moments"], rows: Float[ndarray, "moments width"], n_bins: int
) -> Float64[ndarray, "bins width"]:
    """Mean of the rows of every bin of 250 ms from 0; a bin without one has the row nearest to its centre.

    >>> binned(np.array([0.1, 0.2, 0.6]), np.array([[1.0], [3.0], [5.0]]), 3).ravel().tolist()
    [2.0, 3.0, 5.0]
    """
    numbers = np.clip((times_s / BIN_S).astype(np.int64), 0, n_bins - 1)
    counts = np.bincount(numbers, minlength=n_bins)
    total = np.zeros((n_bins, rows.shape[1]))
    np.add.at(total, numbers, rows)
    centres = (np.arange(n_bins) + 0.5) * BIN_S
    nearest = np.abs(np.asarray(times_s)[None] - centres[:, None]).argmin(axis=1)
    return np.where(counts[:, None] > 0, total / np.maximum(counts, 1)[:, None], rows[nearest])
