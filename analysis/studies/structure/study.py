"""Which musical dimension does each layer mirror? Its self-similarity against those of harmony, timbre, rhythm and loudness.

Novelty along whole pieces is held against annotated changes, where there are some.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated

import numpy as np
from numpy import ndarray

from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Row
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, Split, WindowsPerPiece
from analysis.studies.shared_rows import SentenceRow, work_window_rows
from analysis.studies.structure import words
from analysis.studies.structure.changes import (
    KINDS,
    PieceChanges,
    layer_novelties,
    piece_changes,
    reference_novelties,
    score_novelties,
)
from analysis.studies.structure.correlations import correlate
from analysis.studies.structure.references import REFERENCES, Frames, frames_of
from analysis.studies.structure.rows import ChangeKindRow, ChosenRow, LayerRow
from analysis.studies.structure.tables import by_piece, chosen_rows, layer_rows, novelty_rows, reference_rows

MOST_FRAMES = 512  # windows whose sound is kept between models


@dataclass(frozen=True)
class Request:
    """Windows of a corpus; `shuffles` moves of references and peaks in time make the null."""

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 8
    shuffles: Annotated[int, Setting("Moves in time that make the null.", 1, 1_000)] = 5
    seed: Seed = 42


@dataclass(frozen=True)
class Prepared:
    """Windows, the works of these, changes in whole pieces, and how a window sounds."""

    segments: list[Segment]
    groups: ndarray
    changes: list[PieceChanges]
    frames: Callable[[Segment], Frames]

    @property
    def usable(self) -> list[PieceChanges]:
        """Kinds of changes against which novelty can be held."""
        return [of for of in self.changes if of.usable]

    @property
    def pieces(self) -> list[Piece]:
        """Pieces along which novelty is wanted."""
        return list(dict.fromkeys(piece for of in self.usable for piece in of.pieces))


def share(request: Request, study_run: StudyRun) -> Measurement:
    """Windows, and novelty of quantities of the sound against annotated changes; no model is asked.

    Raises:
        CorpusError: there is no window, or an annotation cannot be read.
        AudioError: a recording cannot be read.
        Cancelled: somebody asked to stop.
    """
    prepared, halves_s, rows = _prepared(request, study_run), [kind.half_s for kind in KINDS], list[Row]()
    novelties = {}
    for number, piece in enumerate(prepared.pieces):
        study_run.step(number, len(prepared.pieces), f"{piece.title}: novelty of the sound")
        novelties[piece] = reference_novelties(prepared.frames, piece, study_run.window_s, halves_s)
    for of in prepared.usable:
        size = KINDS.index(of.kind)
        curves = [[novelties[piece][reference][size] for reference in REFERENCES] for piece in of.pieces]
        scores = score_novelties(curves, of, study_run.window_s, request.seed, request.shuffles)
        rows += reference_rows(scores, of.kind, request.seed)
    return Measurement([], [*(of.row for of in prepared.changes), *rows, *work_window_rows(prepared.segments)], {})


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:  # noqa: ARG001
    """Every layer of every checkpoint and of its untrained twin beside the sound, and its novelty beside changes.

    Raises:
        ConfigError, CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `share`, and as `correlate`.
    """
    prepared = study_run.once("prepared", partial(_prepared, request, study_run))
    rows: list[Row] = []
    n_parts = len(study_run.checkpoints)
    for number, (name, checkpoint) in enumerate(study_run.checkpoints.items()):
        part = study_run.part(number, n_parts)
        rows += _correlations(request, part.part(0, 2), name, checkpoint, prepared)
        rows += _novelties(request, part.part(1, 2), name, checkpoint, prepared)
    return Measurement(words.values([row for row in rows if isinstance(row, ChosenRow)]), rows)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which layer mirrors what most, beside its twin."""
    layers, chosen, names = measured.of(LayerRow), measured.of(ChosenRow), ranked(checkpoints)
    sentences = words.details(layers, measured.of(ChangeKindRow), names)
    return measured.answer(words.headline(chosen, names), [SentenceRow(sentence) for sentence in sentences])


def _correlations(
    request: Request, study_run: StudyRun, name: str, checkpoint: Checkpoint, prepared: Prepared
) -> list[LayerRow | ChosenRow]:
    """Layers of a checkpoint and of its twin beside the references."""
    trained, twin = (
        correlate(
            study_run.part(part, 2), checkpoint, weights, prepared.segments, prepared.frames, request.seed, request.shuffles
        )
        for part, weights in enumerate(("trained", "untrained"))
    )
    about = name, trained, twin, prepared.groups, request.seed
    return [*layer_rows(*about), *chosen_rows(*about)]


def _novelties(request: Request, study_run: StudyRun, name: str, checkpoint: Checkpoint, prepared: Prepared) -> Sequence[Row]:
    """Novelty of layers of a checkpoint and of its twin against changes; nothing where none are annotated."""
    rows: list[Row] = []
    halves_s, pieces = [kind.half_s for kind in KINDS], prepared.pieces
    for model, weights in enumerate(("trained", "untrained")):
        part = study_run.part(model, 2)
        known = {
            piece: layer_novelties(part.part(number, len(pieces)), checkpoint, weights, piece, halves_s)
            for number, piece in enumerate(pieces)
        }
        for of in prepared.usable:
            layers = list(known[of.pieces[0]])
            curves = by_piece([known[piece] for piece in of.pieces], layers, KINDS.index(of.kind))
            scores = score_novelties(curves, of, study_run.window_s, request.seed, request.shuffles)
            rows += novelty_rows(name, weights, layers, scores, of.kind, request.seed)
    return rows


def _prepared(request: Request, study_run: StudyRun) -> Prepared:
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=1)
    pieces = study_run.corpus.pieces if request.split == "all" else study_run.corpus.split(request.split)
    changes = [piece_changes(pieces, kind, study_run.window_s) for kind in KINDS]
    rate = study_run.corpus.sample_rate
    frames = lru_cache(MOST_FRAMES)(lambda segment: frames_of(segment.waveform(rate), rate))
    return Prepared(segments, np.array([segment.piece.group for segment in segments]), changes, frames)
