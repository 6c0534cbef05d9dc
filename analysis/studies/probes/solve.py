"""Probes of all layers of one source on all tasks."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy import ndarray

from analysis.measures.probe_logistic import logistic_probes
from analysis.measures.probe_mlp import mlp_probe
from analysis.measures.probe_scores import balanced_accuracy_draws, confusion_by_work, r2_draws, shuffle_between_works
from analysis.measures.probes import CONSTANT, Block, Fold, fold_of, nested_folds, ridge_probes, stack_layers
from analysis.measures.resampling import PROBES, WorkDraws
from analysis.studies.probes.labels import Task
from analysis.studies.probes.rows import ACCURACY, LINEAR, R2, Measure, Side, Weights

MLP = "MLP-512"


@dataclass(frozen=True)
class Source:
    """Layers `(windows, features)` of one side of a model, or of its input."""

    checkpoint: str
    weights: Weights
    side: Side
    layers: dict[str, ndarray]


@dataclass(frozen=True)
class Exam:
    """A task with its folds (rows of the task), the rows scored, draws of their works, and rows to take wrong labels from."""

    task: Task
    folds: list[Fold]
    scored: ndarray
    works: WorkDraws
    givers: list[ndarray]
    seed: int


@dataclass(frozen=True)
class Score:
    """What one probe of one layer found on one task.

    `draws` holds the score and then that of every draw of works; `errors` and `predicted` belong to the scored windows.
    """

    source: Source
    layer: str
    exam: Exam
    probe: str
    draws: ndarray
    shuffled: float | None
    penalty: float | None
    errors: ndarray
    outputs: ndarray | None = None
    predicted: ndarray | None = None

    @property
    def value(self) -> float:
        """The score; NaN where it is not defined."""
        return float(self.draws[0])

    @property
    def measure(self) -> Measure:
        """Its name."""
        return ACCURACY if self.exam.task.classes else R2


def set_exam(task: Task, works: Sequence[str], spread: Sequence[str], fit_only: ndarray | None, settings: "Settings") -> Exam:
    """Folds of a task; with `fit_only` (of every window) one fold, which fits those windows and scores the others.

    Raises:
        CorpusError: there are too few works.
    """
    groups, kinds = np.array(works)[task.index].tolist(), np.array(spread)[task.index].tolist()
    if fit_only is None:
        folds = nested_folds(groups, n_outer=settings.folds, n_inner=settings.inner_folds, seed=settings.seed, spread=kinds)
    else:
        fits = fit_only[task.index]
        halves = np.flatnonzero(fits), np.flatnonzero(~fits)
        folds = [fold_of(*halves, np.array(groups), n_inner=settings.inner_folds, seed=settings.seed, spread=kinds)]
    scored = np.sort(np.concatenate([fold.score for fold in folds]))
    drawn = WorkDraws(np.array(groups)[scored], settings.seed, PROBES, settings.resamples)
    givers = [shuffle_between_works(groups, seed=settings.seed, number=number) for number in range(settings.shuffles)]
    return Exam(task, folds, scored, drawn, givers, settings.seed)


@dataclass(frozen=True)
class Settings:
    """How probes are fitted and judged."""

    folds: int
    inner_folds: int
    shuffles: int
    resamples: int
    seed: int


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one thread: small steps on several wait for each other for minutes where other work runs beside them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def solve(source: Source, exams: Sequence[Exam], device: torch.device, tick: Callable[[], None]) -> list[Score]:
    """Linear probes: ridge for all numbers of the same windows at once, logistic regression for every classification."""
    together: dict[bytes, list[Exam]] = defaultdict(list)
    for exam in exams:
        together[exam.task.index.tobytes() if not exam.task.classes else exam.task.name.encode()].append(exam)
    found: list[Score] = []
    where = torch.device("cpu") if device.type == "mps" else device  # which has no fp64
    for group in together.values():
        tick()
        block = stack_layers([rows[group[0].task.index] for rows in source.layers.values()], where)
        found += _classify(source, group[0], block, tick) if group[0].task.classes else _regress(source, group, block, tick)
    order = {exam.task.name: place for place, exam in enumerate(exams)}
    return sorted(found, key=lambda score: order[score.exam.task.name])


def _regress(source: Source, exams: Sequence[Exam], block: Block, tick: Callable[[], None]) -> list[Score]:
    """Every task with its true labels and with those of other works, all from one decomposition."""
    columns = [exam.task.labels[rows] for exam in exams for rows in (slice(None), *exam.givers)]
    sizes = [part.shape[1] for part in columns]
    task_of = np.repeat(np.arange(len(columns)), sizes)
    ridge = ridge_probes(block, np.concatenate(columns, axis=1), task_of, exams[0].folds, tick=tick)
    ends, found, per_task = np.cumsum([0, *sizes]), [], 1 + len(exams[0].givers)
    for number, exam in enumerate(exams):
        tick()
        places = range(number * per_task, (number + 1) * per_task)
        parts = [ridge.predictions[:, exam.scored, ends[i] : ends[i + 1]].cpu().numpy() for i in places]
        draws, outputs = r2_draws(columns[places[0]][exam.scored], parts[0], exam.works)
        others = zip(places[1:], parts[1:], strict=True)
        null = np.mean([r2_draws(columns[i][exam.scored], part, exam.works.all_only)[0][:, 0] for i, part in others], axis=0)
        for layer, name in enumerate(source.layers):
            penalty = float(np.median(ridge.alphas[:, layer, places[0]]))
            errors = _squared_errors(exam.task.labels[exam.scored], parts[0][layer])
            found.append(
                Score(source, name, exam, LINEAR[0], draws[layer], _finite(null[layer]), penalty, errors, outputs[layer])
            )
    return found


def _classify(source: Source, exam: Exam, block: Block, tick: Callable[[], None]) -> list[Score]:
    labels = exam.task.labels
    labellings = np.stack([labels, *(labels[rows] for rows in exam.givers)])
    n_classes = len(exam.task.classes)
    found = logistic_probes(block, labellings, n_classes, exam.folds, tick=tick)
    scores = []
    for layer, name in enumerate(source.layers):
        tick()
        logs = found.log_probabilities[:, layer, exam.scored].cpu().numpy()
        confusions = [
            confusion_by_work(its[exam.scored], log.argmax(axis=1), n_classes, exam.works)
            for its, log in zip(labellings, logs, strict=True)
        ]
        wrong = [balanced_accuracy_draws(one, exam.works.all_only)[0] for one in confusions[1:]]
        draws, penalty = balanced_accuracy_draws(confusions[0], exam.works), float(np.median(1 / found.cs[:, layer]))
        errors = 1 - np.exp(logs[0][np.arange(len(exam.scored)), labels[exam.scored]])
        predicted = logs[0].argmax(axis=1)
        scores.append(Score(source, name, exam, LINEAR[1], draws, float(np.mean(wrong)), penalty, errors, predicted=predicted))
    return scores


def solve_mlp(source: Source, exam: Exam, layer: str, device: torch.device, tick: Callable[[], None]) -> Score:
    """The MLP probe on one layer, with true labels and with those of other works (of one shuffle: it takes as long again)."""
    features, labels, n_classes = source.layers[layer][exam.task.index], exam.task.labels, len(exam.task.classes)
    fitted = [
        mlp_probe(features, its, exam.folds, n_classes=n_classes, seed=exam.seed, device=device, tick=tick)
        for its in (labels, labels[exam.givers[0]])
    ]
    parts = [one.predictions[exam.scored] for one in fitted]
    truth, wrong = labels[exam.scored], labels[exam.givers[0]][exam.scored]
    if not n_classes:
        draws, outputs = r2_draws(truth, parts[0][None], exam.works)
        null = _finite(r2_draws(wrong, parts[1][None], exam.works.all_only)[0][0, 0])
        return Score(source, layer, exam, MLP, draws[0], null, None, _squared_errors(truth, parts[0]), outputs[0])
    pairs = zip((truth, wrong), parts, strict=True)
    confusions = [confusion_by_work(its, logs.argmax(axis=1), n_classes, exam.works) for its, logs in pairs]
    draws, null = (balanced_accuracy_draws(one, exam.works) for one in confusions)
    errors, predicted = 1 - np.exp(parts[0][np.arange(len(truth)), truth]), parts[0].argmax(axis=1)
    return Score(source, layer, exam, MLP, draws, float(null[0]), None, errors, predicted=predicted)


def _squared_errors(labels: ndarray, predicted: ndarray) -> ndarray:
    """Of every window so that R² = 1 − their mean: squared errors in variances of an output, averaged over outputs that vary."""
    variance = labels.var(axis=0)
    varies = variance > CONSTANT * np.square(labels).mean(axis=0)
    if not varies.any():
        return np.zeros(len(labels))
    return (np.square(labels - predicted)[:, varies] / variance[varies]).mean(axis=1)


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
