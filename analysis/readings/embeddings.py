"""Windows of a corpus, and their embeddings by a checkpoint or its untrained twin, kept in the store between studies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import Segment, drop_repeated, list_segments
from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import SIDES
from analysis.models.sides import tower_of
from analysis.models.tower import Modality, embedding_tap
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun
from analysis.readings.study_run import Weights as Weights

MODALITIES: Mapping[Modality, str] = {"audio": "audio", "notes": "MIDI", "text": "text"}
T = TypeVar("T")


def list_windows(study_run: StudyRun, split: str, windows_per_piece: int, fewest: int = 0) -> list[Segment]:
    """Windows of a split ("all" for every piece), evenly spread, none of which has the notes of another.

    Raises:
        ConfigError: there is no such split, or no window is asked for.
        CorpusError: there are fewer than `fewest`.
        Cancelled: somebody asked to stop.
    """
    if windows_per_piece < 1:
        raise ConfigError(f"windows_per_piece is {windows_per_piece}; expected 1 or more.")
    asked = split, windows_per_piece, fewest
    return list(study_run.once(("windows", *asked), partial(_listed, study_run, *asked)))


def _listed(study_run: StudyRun, split: str, windows_per_piece: int, fewest: int) -> list[Segment]:
    """As `list_windows`."""
    pieces = study_run.corpus.pieces if split == "all" else study_run.corpus.split(split)
    segments: list[Segment] = []
    window_s = study_run.window_s
    for number, piece in enumerate(pieces):
        study_run.step(number, len(pieces), f"{piece.title}: reading notes")
        segments += list_segments([piece], max_per_piece=windows_per_piece, window_s=window_s)
    kept = _with_notes(drop_repeated(segments), study_run.stretch_s)
    if len(kept) < fewest:
        long = sum(piece.duration_s >= window_s for piece in pieces)
        raise CorpusError(
            f"The split {split} of {study_run.corpus.name} has {len(kept)} windows; expected {fewest} or more. "
            f"Of its {len(pieces)} recordings {long} last {window_s:g} s or longer, and {len(segments) - len(kept)} windows were "
            "left out because their notes are those of another. Use more, longer or other recordings, or another split."
        )
    return kept


def _with_notes(segments: list[Segment], stretch_s: float) -> list[Segment]:
    """Those in whose first seconds a note sounds, where it is known what sounds."""
    longer = [segment for segment in segments if segment.duration_s > stretch_s and segment.piece.midi_path is not None]
    silent = {id(segment) for segment in longer if not len(replace(segment, duration_s=stretch_s).notes())}
    return [segment for segment in segments if id(segment) not in silent]


def spread(segments: Sequence[T], n: int) -> list[T]:
    """At most `n` windows, evenly over all of them.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    return [segments[number * len(segments) // n] for number in range(n)] if n < len(segments) else list(segments)


def embed(
    study_run: StudyRun, checkpoint: Checkpoint, segments: Sequence[Segment], weights: Weights
) -> tuple[Float[ndarray, "n d"], Float[ndarray, "n d"]]:
    """Embeddings `(windows, d)` of audio and of MIDI in fp32, of the first pair of towers that reads both.

    Raises:
        ConfigError: no tower reads one of them.
        OutOfMemoryError: not even one window fits.
        CheckpointError: an embedding is not finite.
        Cancelled: somebody asked to stop.
    """
    model = checkpoint.outline()
    taps = {name: embedding_tap(model.towers[name]) for name in (tower_of(model, side) for side in SIDES)}
    reader = Reader(study_run, checkpoint, weights, shared=(checkpoint.name, checkpoint.sha256, weights) in study_run.models)
    rows = reader.rows(segments, {name: (tap,) for name, tap in taps.items()}, what="embedding windows")
    embeddings = {MODALITIES[model.towers[name].modality]: rows[tap] for name, tap in taps.items()}
    _notice_equal(study_run, f"{checkpoint.name}, {weights}", embeddings)
    first, second = embeddings.values()
    return first, second


def _notice_equal(study_run: StudyRun, who: str, embeddings: Mapping[str, Float[ndarray, "n d"]]) -> None:
    """Say that a model gives every window the same embedding: then nothing that is measured of it tells anything else."""
    if sides := [side for side, rows in embeddings.items() if len(rows) > 1 and not np.ptp(rows, axis=0).any()]:
        study_run.notice(
            f"{who}: all {' and all '.join(sides)} embeddings are equal. Ties count as misses, so S is 0 by that rule."
        )
