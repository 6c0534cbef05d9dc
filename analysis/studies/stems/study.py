"""Which stems belong together? K-way accuracy of an anchor among candidates, beside chance, the twin and the spectrum alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.datasets.stem_windows import StemWindows, list_stem_windows
from analysis.descriptors.log_mel import log_mel
from analysis.errors import CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Value
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, Split, WindowsPerPiece
from analysis.studies.listening import cosine
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow, work_window_rows
from analysis.studies.stems.questions import MOST_STEMS, Questions, draw_questions
from analysis.studies.stems.rows import BASELINE, CANDIDATES, HARD, NOBODY, AccuracyRow, MaterialRow, StemRow
from analysis.studies.stems.scoring import Compared, Parts, accuracies, compared_by, material_of
from analysis.studies.stems.words import details, headline

ESTIMATOR = "K-way accuracy"


@dataclass(frozen=True)
class Request:
    """Windows in which two or more stems sound, and so many partitions of the stems of each into anchor and positive."""

    checkpoints: tuple[str, ...]
    corpus: str = "full-hands"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 40
    partitions: Annotated[int, Setting("So many times anchors, positives and wrong candidates are drawn.", 2, 100)] = 10
    seed: Seed = 42


def share(request: Request, study_run: StudyRun) -> Measurement:
    """Draw the questions, and answer them by the spectrum alone; no model is asked.

    Raises:
        CorpusError: there are too few windows in which two stems sound, or a recording has too many stems.
        AudioError: a stem cannot be read.
        Cancelled: somebody asked to stop.
    """
    listed = _windows(request, study_run.part(0, 2))
    segments = [window.segment for window in listed.windows]
    of_works = Counter(segment.piece.group for segment in segments)
    if len(segments) - max(of_works.values(), default=0) < min(CANDIDATES) - 1:
        raise CorpusError(
            f"The split {request.split} of {study_run.corpus.name} has {len(segments)} windows in which two stems sound, of "
            f"{len(of_works)} works; expected {min(CANDIDATES) - 1} or more beside those of any work. Use more or longer "
            "recordings, another split, or more windows of every piece."
        )
    questions = draw_questions(listed.windows, request.partitions, request.seed)
    material = material_of(segments, questions, request.seed)
    spectra = _by_spectrum(study_run.part(1, 2), material.parts)
    rows, arrays = accuracies(spectra, material, (NOBODY, BASELINE), study_run.cancel)
    windows = work_window_rows(segments)
    arrays |= {"anchor": questions.anchor[0], "positive": questions.positive[0]}
    about = [*windows, *_stem_rows(segments), _material_row(listed, windows, questions)]
    return Measurement([], [*rows, *about], arrays, questions.arrays())


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:
    """Answer the questions by every checkpoint and its untrained twin.

    Raises:
        AudioError: a stem cannot be read.
        CheckpointError: an embedding is not finite.
        Cancelled: somebody asked to stop.
    """
    windows, questions = shared.of(WorkWindowRow), Questions.of(shared.groundwork)
    pieces = {piece.piece_id: piece for piece in study_run.corpus.pieces}
    segments = [Segment(pieces[row.piece], row.start_s, study_run.window_s) for row in windows]
    material = material_of(segments, questions, request.seed)
    rows: list[AccuracyRow] = []
    arrays: dict[str, ndarray] = {}
    models = study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        part = study_run.part(number, len(models))
        compared = compared_by(part, checkpoint, weights, material.parts.segments)
        more, behind = accuracies(compared, material, (checkpoint.name, weights), study_run.cancel, len(rows))
        rows, arrays = [*rows, *more], arrays | behind
    return Measurement([_value(row) for row in rows], rows, arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which of them picks most often what belongs together."""
    rows = measured.of(AccuracyRow)
    (material,) = measured.of(MaterialRow)
    text = headline(rows, ranked(checkpoints))
    sentences = [SentenceRow(sentence) for sentence in details(rows, ranked(checkpoints), material)]
    return measured.answer(text, sentences, [_value(row) for row in rows if row.checkpoint == NOBODY])


def _material_row(listed: StemWindows, windows: Sequence[WorkWindowRow], questions: Questions) -> MaterialRow:
    own, wrong = np.array([row.work for row in windows]), questions.wrong[HARD]
    among = wrong[:, :, : max(questions.sizes(HARD)) - 1]
    same = float((own[among] == own[None, :, None]).sum(axis=2).mean())
    left_out = listed.n_silent_stems, listed.n_too_quiet, listed.n_without
    return MaterialRow(len(windows), len(set(own)), len(wrong), *left_out, same)


def _value(row: AccuracyRow) -> Value:
    """A row as a value."""
    who = {"checkpoint": row.checkpoint, "weights": row.weights} if row.checkpoint else {"baseline": row.weights}
    key = {**who, "negatives": row.negatives, "candidates": row.candidates, "what": "accuracy"}
    return Value(key, row.value, row.ci_low, row.ci_high, row.n, row.null, SHARE, ESTIMATOR)


def _windows(request: Request, study_run: StudyRun) -> StemWindows:
    """Windows in which two stems sound.

    Raises:
        CorpusError: a recording has more stems than can be counted.
    """
    corpus = study_run.corpus
    pieces = corpus.pieces if request.split == "all" else corpus.split(request.split)
    if many := [piece.piece_id for piece in pieces if len(piece.stems) > MOST_STEMS]:
        raise CorpusError(f"{many[0]} has more than {MOST_STEMS} stems; expected at most as many. Leave it out.")
    return list_stem_windows(
        pieces, sample_rate=corpus.sample_rate, max_per_piece=request.windows_per_piece, window_s=study_run.window_s,
        step=study_run.step,
    )  # fmt: skip


def _stem_rows(segments: Sequence[Segment]) -> list[StemRow]:
    pieces = {segment.piece.piece_id: segment.piece for segment in segments}
    return [
        StemRow(piece.piece_id, number, stem.name, stem.title)
        for piece in pieces.values()
        for number, stem in enumerate(piece.stems)
    ]


def _by_spectrum(study_run: StudyRun, parts: Parts) -> Compared:
    """The mean log-mel spectrum of every part, less the mean of all parts: what a comparison of timbre and register hears."""
    rows: list[ndarray] = []
    rate = study_run.corpus.sample_rate
    for number, segment in enumerate(parts.segments):
        study_run.step(number, len(parts.segments), "spectra of stems")
        rows.append(log_mel(segment.waveform(rate), rate)[1].mean(axis=1))
    spectra = np.stack(rows)
    spectra = spectra - spectra.mean(axis=0)
    return Compared(spectra, spectra, cosine, "cosine of mean log-mel spectra")
