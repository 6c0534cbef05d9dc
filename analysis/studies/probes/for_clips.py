"""Probes for the clip desk: fitted to the training split of a model's corpus, scored on works of its other splits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from numpy import ndarray

from analysis.clips.audio_tower import audio_tower
from analysis.clips.probe_lanes import OVER_TIME
from analysis.clips.probes import ClipProbes, Probe, ProbeWords
from analysis.clips.training_distance import HELD_OUT, refuse_other_corpus
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.measures.probe_scores import score_interval
from analysis.measures.probes import ridge_map
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import list_windows, spread
from analysis.readings.layer_means import layer_means
from analysis.readings.study_run import StudyRun, Weights
from analysis.studies.probes.fit import ProbeScore, ProbeSettings, ProbeTask, Source, fit_linear_probes, split_task
from analysis.studies.probes.labels import label_tasks

PER_PIECE = 8  # windows of a recording
MOST_TRAINING, MOST_HELD_OUT = 1_000, 400  # windows, as of the distance from the training set, so that they are read once
INNER_FOLDS, SHUFFLES, RESAMPLES, SEED = 3, 2, 1_000, 42
FEWEST_WORKS = 2  # of the training split, dealt into folds that choose the penalty
PARTS = 5


@dataclass(frozen=True, eq=False)
class _Windows:
    """Windows, those of the training split first, and what probes are asked of them."""

    segments: list[Segment]
    fits: Bool[ndarray, " windows"]
    probe_tasks: list[ProbeTask]

    def n_works(self, chosen: Bool[ndarray, " windows"]) -> int:
        return len({segment.piece.group for segment, wanted in zip(self.segments, chosen, strict=True) if wanted})


def clip_probes(study_run: StudyRun, checkpoint: Checkpoint) -> ClipProbes:
    """Ridge probes of every layer of the tower that hears and of its untrained twin, on what can be drawn over time.

    Args:
        study_run: with the corpus that the model was trained on; rows of windows are kept in its store.
        checkpoint: of one model that hears.

    Raises:
        CorpusError: the corpus is not that of the training, or has too few works in a split.
        ShapeError: no tower hears.
        Cancelled: somebody asked to stop.
    """
    refuse_other_corpus(study_run, checkpoint)
    windows = _windows(study_run)
    sides = [_fitted(study_run, checkpoint, windows, weights, number) for number, weights in enumerate(("trained", "untrained"))]
    return ClipProbes(study_run.corpus.name, windows.n_works(windows.fits), windows.n_works(~windows.fits), *sides)


def _windows(study_run: StudyRun) -> _Windows:
    training = spread(list_windows(study_run, "train", PER_PIECE), MOST_TRAINING)
    held_out = spread([window for split in HELD_OUT for window in list_windows(study_run, split, PER_PIECE)], MOST_HELD_OUT)
    segments, fits = [*training, *held_out], np.repeat([True, False], [len(training), len(held_out)])
    works, composers = [segment.piece.group for segment in segments], [segment.piece.composer for segment in segments]
    if (n_works := len({segment.piece.group for segment in training})) < FEWEST_WORKS or not held_out:
        raise CorpusError(
            f"Probes need {FEWEST_WORKS} works of the training split and held-out works; {study_run.corpus.name} has {n_works} "
            f"and {len(held_out)} held-out windows. Use a larger corpus."
        )
    asked = label_tasks(study_run.part(0, PARTS), segments, OVER_TIME)
    settings = ProbeSettings(1, INNER_FOLDS, SHUFFLES, RESAMPLES, SEED)
    tasks = [task for task in asked.tasks if task.labels[fits[task.index]].std(axis=0).all()]
    return _Windows(segments, fits, [split_task(task, works, composers, fits, settings) for task in tasks])


def _fitted(study_run: StudyRun, checkpoint: Checkpoint, windows: _Windows, weights: Weights, number: int) -> tuple[Probe, ...]:
    tower = audio_tower(checkpoint.outline())
    taps = [tap.name for tap in tower.taps() if tap.kind in ("input", "block")]
    part = study_run.part(1 + 2 * number, PARTS)
    layers = layer_means(part, checkpoint, windows.segments, weights, tower.name, taps)
    source = Source(str(checkpoint.name), weights, "audio", layers)
    after = study_run.part(2 + 2 * number, PARTS)
    scores = fit_linear_probes(
        source, windows.probe_tasks, study_run.device, lambda: after.step(0, 1, f"{checkpoint.name}, {weights}: probes")
    )
    return tuple(_probe(score, layers[score.layer]) for score in _defined(scores))


def _defined(scores: Sequence[ProbeScore]) -> list[ProbeScore]:
    return [score for score in scores if np.isfinite(score.value) and score.penalty is not None]


def _probe(score: ProbeScore, rows: ndarray) -> Probe:
    task, (fold,) = score.probe_task.task, score.probe_task.folds
    penalty = float(score.penalty or 0.0)
    _, low, high = score_interval(score.draws, score.probe_task.works, highest=1.0)
    words = ProbeWords(task.name, score.layer, task.outputs, penalty, score.value, low, high, score.shuffled)
    return Probe(words, *ridge_map(rows[task.index], task.labels, fold.fit, penalty))
