"""Which heads mark where notes and chords begin? Peaks of the attention that tokens receive, held against annotated events.

The head and its threshold are chosen on half of the works, and F1 is of the other half: of many heads the best is good by luck.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Annotated

from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, Split, WindowsPerPiece
from analysis.studies.onsets import words
from analysis.studies.onsets.curves import Sound, read_curves, read_sound
from analysis.studies.onsets.events import KINDS, WindowEvents, window_events
from analysis.studies.onsets.rows import CurveRow, EventRow, GainRow, HeadRow
from analysis.studies.onsets.scores import HeadScores, Settings, curve_rows, gain_rows, head_rows, score_heads, score_sound
from analysis.studies.shared_rows import SentenceRow, work_window_rows

SOUND = "sound."  # before the names of arrays in the groundwork


@dataclass(frozen=True)
class Request:
    """Windows of a corpus whose notes are known; chords are asked about where they are annotated.

    `shuffles` moves of peaks and events along the window make the null.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 12
    shuffles: Annotated[int, Setting("Moves in time that make the null.", 1, 1_000)] = 10
    seed: Seed = 42


@dataclass(frozen=True)
class Prepared:
    """Windows, how they sound, and what is annotated in them."""

    segments: list[Segment]
    sound: Sound
    events: list[WindowEvents]


def share(request: Request, study_run: StudyRun) -> Measurement:
    """How windows sound, and spectral flux and energy against their events; no model is asked.

    Raises:
        CorpusError: no notes are known, or of one work alone.
        AudioError, MidiError: a file cannot be read.
        Cancelled: somebody asked to stop.
    """
    prepared, settings = _prepared(request, study_run, None), Settings(request.seed, request.shuffles)
    rows = [
        row
        for of in prepared.events
        if of.usable
        for row in curve_rows(score_sound(prepared.sound, of, settings), of, request.seed)
    ]
    groundwork = {f"{SOUND}{name}": array for name, array in vars(prepared.sound).items()}
    return Measurement([], [*(of.row for of in prepared.events), *rows, *work_window_rows(prepared.segments)], {}, groundwork)


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:
    """All heads of every checkpoint and of its untrained twin against the events, and what the best of them gains.

    Raises:
        CorpusError, CheckpointError, OutOfMemoryError, Cancelled: as `share`, and as `read_curves`.
    """
    n_parts = 1 + 2 * len(study_run.checkpoints)
    prepared = study_run.once("prepared", partial(_prepared, request, study_run.part(0, n_parts), shared))
    settings = Settings(request.seed, request.shuffles)
    usable = [of for of in prepared.events if of.usable]
    sound = [score_sound(prepared.sound, of, settings) for of in usable]
    rows: list[HeadRow | GainRow] = []
    scored: list[list[HeadScores]] = []
    for number, (checkpoint, weights) in enumerate(study_run.every_model, 1):
        curves = read_curves(study_run.part(number, n_parts), checkpoint, weights, prepared.segments)
        scored.append([score_heads(curves, prepared.sound, of, settings) for of in usable])
        for of, scores in zip(usable, scored[-1], strict=True):
            rows += head_rows(checkpoint.name, weights, scores, of, request.seed)
    for name, trained, twin in zip(study_run.checkpoints, scored[::2], scored[1::2], strict=True):
        for of, here, there, plain in zip(usable, trained, twin, sound, strict=True):
            rows += gain_rows(name, here, there, plain, of, request.seed)
    heads, gains = [row for row in rows if isinstance(row, HeadRow)], [row for row in rows if isinstance(row, GainRow)]
    return Measurement([*words.head_values(heads), *words.gain_values(gains)], rows)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which checkpoint has the head that marks onsets best, beside the sound itself and the twin."""
    curves, names = measured.of(CurveRow), ranked(checkpoints)
    heads, gains = measured.of(HeadRow), measured.of(GainRow)
    sentences = words.details(heads, gains, curves, measured.of(EventRow), names)
    text = words.headline(heads, gains, curves, names)
    return measured.answer(text, [SentenceRow(sentence) for sentence in sentences], words.curve_values(curves))


def _prepared(request: Request, study_run: StudyRun, shared: Measurement | None) -> Prepared:
    """Windows with their events, and their sound: what was shared, else read here."""
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=2)
    events = [window_events(segments, kind, request.seed) for kind in KINDS]
    if events[0].row.reason:
        raise CorpusError(
            f"{study_run.corpus.name} has no onsets to hold heads against: {events[0].row.reason}. Use a corpus with MIDI files "
            "or lists of notes."
        )
    if shared is None:
        return Prepared(segments, read_sound(study_run, segments), events)
    sound = Sound(*(shared.groundwork[f"{SOUND}{column.name}"] for column in fields(Sound)))
    return Prepared(segments, sound, events)
