"""Anchors and candidates as vectors, and how often the own one is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int32, Int64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import embedding_tap
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun, Weights
from analysis.run import Cancel
from analysis.studies.listening import Score, listening, score_of
from analysis.studies.stems.questions import Questions, stem_names
from analysis.studies.stems.rows import NEGATIVES, AccuracyRow

BLOCK = 256  # anchors that are compared with all candidates at a time
Sizes = Mapping[str, Sequence[int]]


@dataclass(frozen=True, eq=False)
class Parts:
    """All parts of windows that are anchor or candidate somewhere, each once.

    Attributes:
        segments: windows of the parts.
        anchor: number of the anchor's part, (partitions, windows).
        positive: number of the candidate's part, (partitions, windows).
    """

    segments: Sequence[Segment]
    anchor: Int64[ndarray, "partitions windows"]
    positive: Int64[ndarray, "partitions windows"]


def parts_of(windows: Sequence[Segment], questions: Questions) -> Parts:
    """The parts of all questions, window by window."""
    both = np.stack([questions.anchor, questions.positive])
    pairs = np.stack([np.broadcast_to(np.arange(len(windows)), both.shape), both], axis=-1).reshape(-1, 2)
    different, number = np.unique(pairs, axis=0, return_inverse=True)
    segments = [windows[window].of_stems(*stem_names(windows[window], int(bits))) for window, bits in different]
    anchor, positive = number.reshape(both.shape).astype(np.int64)
    return Parts(segments, anchor, positive)


@dataclass(frozen=True, eq=False)
class Compared:
    """Rows of every part as anchor and as candidate, `(parts, width)`, and how they are compared."""

    anchors: Float[ndarray, "parts width"]
    candidates: Float[ndarray, "parts width"]
    score: Score
    words: str


def compared_by(study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, segments: Sequence[Segment]) -> Compared:
    """Embeddings of parts by a model, and its score.

    Raises:
        CheckpointError, OutOfMemoryError, Cancelled: as `Reader.rows`.
        AudioError: a stem cannot be read.
    """
    outline = checkpoint.outline()
    first, second, words = listening(outline)
    taps = {name: (embedding_tap(outline.towers[name]),) for name in (first, second)}
    reader = Reader(study_run, checkpoint, weights)
    rows = reader.rows(segments, taps, what="embedding stems")
    anchors, candidates = (rows[taps[name][0]] for name in (first, second))
    return Compared(anchors, candidates, score_of(reader, words), words)


@dataclass(frozen=True, eq=False)
class Choices:
    """What was chosen among so many candidates: credit of every anchor, and in the first partition the window chosen."""

    credit: Float64[ndarray, "partitions windows"]
    chosen: Int32[ndarray, " windows"]


def choose(
    compared: Compared, parts: Parts, wrong: Int32[ndarray, "partitions windows candidates"], sizes: Sequence[int], cancel: Cancel
) -> dict[int, Choices]:
    """Choices among every number of candidates: the own one and the first wrong ones of every anchor.

    The credit is 1 where the own one is best, 0 where another is; candidates that are equally good share it, so that who hears
    nothing gets what chance gives; as chosen then counts a wrong one.
    """
    n_partitions, n = parts.anchor.shape
    credit = {size: np.zeros((n_partitions, n)) for size in sizes}
    chosen = {size: np.zeros(n, np.int32) for size in sizes}
    for partition in range(n_partitions):
        candidates = compared.candidates[parts.positive[partition]]
        for start in range(0, n, BLOCK):
            cancel.check()
            rows = np.arange(start, min(start + BLOCK, n))
            scores = compared.score(compared.anchors[parts.anchor[partition, rows]], candidates)
            among = np.concatenate([rows[:, None].astype(np.int32), wrong[partition, rows]], axis=1)
            for size in sizes:
                these = np.take_along_axis(scores, among[:, :size].astype(np.int64), axis=1)
                best = these == these.max(axis=1, keepdims=True)
                credit[size][partition, rows] = best[:, 0] / best.sum(axis=1)
                if partition == 0:
                    chosen[size][rows] = among[np.arange(len(rows)), size - 1 - best[:, ::-1].argmax(axis=1)]
    return {size: Choices(credit[size], chosen[size]) for size in sizes}


@dataclass(frozen=True, eq=False)
class Material:
    """Questions with their parts, and draws of the works of their windows."""

    parts: Parts
    questions: Questions
    draws: WorkDraws


def material_of(windows: Sequence[Segment], questions: Questions, seed: int) -> Material:
    """From the windows that are asked about."""
    works = np.array([segment.piece.group for segment in windows])
    return Material(parts_of(windows, questions), questions, WorkDraws(works, seed))


def accuracies(
    compared: Compared, material: Material, whose: tuple[str, str], cancel: Cancel, first: int = 0
) -> tuple[list[AccuracyRow], dict[str, ndarray]]:
    """Accuracy with its interval over works for every number of candidates and origin of the wrong ones, and the arrays behind.

    Args:
        compared: rows of the parts.
        material: what is asked.
        whose: checkpoint and weights.
        cancel: looked at between blocks.
        first: number of the first array.

    Raises:
        Cancelled: somebody asked to stop.
    """
    rows: list[AccuracyRow] = []
    arrays: dict[str, ndarray] = {}
    for negatives in NEGATIVES:
        sizes = material.questions.sizes(negatives)
        choices = choose(compared, material.parts, material.questions.wrong[negatives], sizes, cancel)
        for size, choice in choices.items():
            right, by_partition = choice.credit.mean(axis=0), choice.credit.mean(axis=1)
            low, high = material.draws.interval(material.draws.means(right))
            names = f"right.{first + len(rows)}", f"chosen.{first + len(rows)}"
            arrays |= {names[0]: right.astype(np.float32), names[1]: choice.chosen}
            numbers = float(right.mean()), low, high, 1 / size, float(by_partition.std(ddof=1)), len(right)
            rows.append(AccuracyRow(*whose, negatives, size, *numbers, compared.words, *names))
    return rows, arrays
