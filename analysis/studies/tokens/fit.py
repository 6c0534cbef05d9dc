"""Linear probes of single tokens: ridge regression of every layer on all that is asked, out of fold by work.

A class is the largest of as many numbers as there are classes, each fitted to be 1 where it is this class and 0 elsewhere. Beats
are the peaks of the one number that is fitted to be 1 where there is a beat; the threshold is chosen on half of the works.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from numpy import ndarray

from analysis.measures.event_scores import EventScores, score_events
from analysis.measures.events import find_peaks
from analysis.measures.probe_scores import r2_draws, score_interval, shuffle_between_works
from analysis.measures.probes import Fold, Ridge, nested_folds, ridge_probes, stack_layers
from analysis.measures.resampling import PROBES, WorkDraws
from analysis.studies.tokens.labels import TokenTask
from analysis.studies.tokens.moments import STEP_S, Moments, TokenLayer
from analysis.studies.tokens.rows import F1, R2, Weights

TOLERANCE_S = 0.07  # how far a peak may be from a beat that it hits
APART_S, AROUND_S = 0.2, 0.5
LOWEST = {"R²": -np.inf, "accuracy": 0.0, "F1": 0.0}
Ends = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class TokenProbeSettings:
    """How probes are fitted and judged."""

    folds: int
    inner_folds: int
    shuffles: int
    seed: int


@dataclass(frozen=True, eq=False)
class TokenQuestion:
    """A task with the works of its moments, the folds of these, rows whose labels make the null, and moments of every window."""

    task: TokenTask
    groups: ndarray
    folds: Sequence[Fold]
    shuffled_rows: Sequence[Int64[ndarray, " n"]]
    times_s: Float64[ndarray, " moments"]
    seed: int


@dataclass(frozen=True, eq=False)
class TokenSource:
    """Layers of a model, or quantities of the sound as if they were layers, one row per moment each."""

    checkpoint: str
    weights: Weights
    layers: Mapping[TokenLayer, Float[ndarray, "moments _"]]


@dataclass(frozen=True, eq=False)
class TokenScore:
    """What one probe of one layer has read; `draws` holds the score and then that of every draw of works."""

    source: TokenSource
    layer: TokenLayer
    order: int
    task: TokenTask
    works: WorkDraws
    draws: Float64[ndarray, " draws"]
    shuffled: float | None
    chance: float
    penalty: float

    @property
    def value(self) -> float:
        """The score."""
        return float(self.draws[0])

    def interval(self, draws: Float64[ndarray, " draws"] | None = None) -> Ends:
        """The score with its interval over works; or that of another on the same draws."""
        lowest = LOWEST[self.task.measure]
        return score_interval(self.draws if draws is None else draws, self.works, lowest=lowest, highest=1.0)

    def above(self, other: "TokenScore") -> Ends:
        """What it has above another, of the same draws of works."""
        return score_interval(self.draws - other.draws, self.works)


def ask_all(moments: Moments, tasks: Sequence[TokenTask], settings: TokenProbeSettings) -> list[TokenQuestion]:
    """Folds of every task by work, the works of a composer in different ones, and labels of other works.

    Raises:
        CorpusError: there are fewer than three works, or too few folds.
    """
    groups, composers, asked = moments.groups, moments.composers, list[TokenQuestion]()
    for task in tasks:
        names = groups[task.rows].tolist()
        folds = nested_folds(
            names, n_outer=settings.folds, n_inner=settings.inner_folds, seed=settings.seed, spread=composers[task.rows].tolist()
        )
        wrong = [shuffle_between_works(names, seed=settings.seed, number=number) for number in range(settings.shuffles)]
        asked.append(TokenQuestion(task, np.array(names), folds, wrong, moments.times_s, settings.seed))
    return asked


def fit_probes(
    source: TokenSource, questions: Sequence[TokenQuestion], device: torch.device, tick: Callable[[], None]
) -> list[TokenScore]:
    """Every layer on every question; those that are known at the same moments are fitted together.

    Raises:
        ShapeError: a token is not finite.
    """
    together: dict[bytes, list[TokenQuestion]] = defaultdict(list)
    for question in questions:
        together[question.task.rows.tobytes()].append(question)
    where = torch.device("cpu") if device.type == "mps" else device  # which has no fp64
    scores: list[TokenScore] = []
    for group in together.values():
        tick()
        block = stack_layers([rows[group[0].task.rows] for rows in source.layers.values()], where)
        columns = [question.task.targets[rows] for question in group for rows in (slice(None), *question.shuffled_rows)]
        task_of = np.repeat(np.arange(len(columns)), [part.shape[1] for part in columns])
        ridge = ridge_probes(block, np.concatenate(columns, axis=1), task_of, group[0].folds, tick=tick)
        per_question = 1 + len(group[0].shuffled_rows)
        for number, question in enumerate(group):
            tick()
            fitted = range(number * per_question, (number + 1) * per_question)
            parts = [ridge.predictions[:, :, torch.from_numpy(task_of == of)].cpu().numpy() for of in fitted]
            scores += list(_scores(source, question, parts, ridge, fitted[0]))
    return scores


def _scores(
    source: TokenSource, question: TokenQuestion, parts: Sequence[ndarray], ridge: Ridge, number: int
) -> Iterator[TokenScore]:
    """Scores of all layers from what was predicted with true labels, and with those of other works."""
    task = question.task
    if task.measure == F1:
        works, draws, chance, null = _beat_draws(question, parts)
    else:
        works = WorkDraws(question.groups, question.seed, PROBES)
        labels = [task.targets, *(task.targets[rows] for rows in question.shuffled_rows)]
        score = _r2 if task.measure == R2 else _accuracy
        draws = score(labels[0], parts[0], works)
        others = zip(labels[1:], parts[1:], strict=True)
        null = np.mean([score(of, part, works.all_only)[:, 0] for of, part in others], axis=0)
        chance = np.full(len(draws), 0.0 if task.measure == R2 else majority(task.classes, question.folds))
    for order, layer in enumerate(source.layers):
        shuffled = float(null[order]) if np.isfinite(null[order]) else None
        penalty = float(np.median(ridge.alphas[:, order, number]))
        yield TokenScore(source, layer, order, task, works, draws[order], shuffled, float(chance[order]), penalty)


def _r2(targets: ndarray, predictions: ndarray, works: WorkDraws) -> ndarray:
    """R² of every layer and draw, averaged over outputs."""
    return r2_draws(targets, predictions, works)[0]


def _accuracy(targets: ndarray, predictions: ndarray, works: WorkDraws) -> ndarray:
    """Share of moments whose class is the largest number, of every layer and draw."""
    right = (predictions.argmax(axis=2) == targets.argmax(axis=1)).T.astype(np.float64)
    return (works.counts_after_all @ works.sums(right) / (works.counts_after_all @ works.sizes)[:, None]).T


def majority(classes: Int64[ndarray, " n"], folds: Sequence[Fold]) -> float:
    """Accuracy of always saying the class that is most frequent among those that are fitted.

    >>> majority(np.array([0, 1, 1]), [Fold(np.array([1, 2]), np.array([0, 1]), np.array([0]))])
    0.0
    """
    right = [classes[fold.score] == np.bincount(classes[fold.fit]).argmax() for fold in folds]
    return float(np.concatenate(right).mean())


def _beat_draws(question: TokenQuestion, parts: Sequence[ndarray]) -> tuple[WorkDraws, ndarray, ndarray, ndarray]:
    """Tested works, F1 of every layer and draw, F1 of peaks moved in time, and that of probes that learnt other works."""
    scores, *others = (_beat_scores(question, part) for part in parts)
    works = WorkDraws(scores.groups, question.seed, PROBES)
    draws = np.stack([np.r_[scores.f1[layer], scores.draws_of(layer, works)] for layer in range(len(scores.f1))])
    return works, draws, scores.null_f1, np.mean([other.f1 for other in others], axis=0)


def _beat_scores(question: TokenQuestion, predictions: Float64[ndarray, "layers n 1"]) -> EventScores:
    """Peaks of the predicted curve of every window and layer against its beats."""
    times_s, events_s = question.times_s, question.task.events_s
    curves = predictions[:, :, 0].reshape(len(predictions), len(events_s), len(times_s))
    peaks = [
        [find_peaks(curve, times_s, apart_s=APART_S, around_s=AROUND_S) for curve in curves[:, window]]
        for window in range(len(events_s))
    ]
    return score_events(
        peaks, events_s, question.groups[:: len(times_s)], tolerance_s=TOLERANCE_S, window_s=len(times_s) * STEP_S,
        seed=question.seed,
    )  # fmt: skip
