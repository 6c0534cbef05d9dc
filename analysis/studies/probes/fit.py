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
    """Layers `(windows, features)` of a tower of a model, or of what is given to a side; `reads` is the side that it is given."""

    checkpoint: str
    weights: Weights
    side: Side
    layers: dict[str, ndarray]
    reads: str = ""

    @property
    def input_side(self) -> str:
        """Side of the inputs that it stands beside."""
        return self.reads or self.side


@dataclass(frozen=True)
class ProbeTask:
    """A task with its folds (rows of the task), the rows scored, draws of their works, and rows to take wrong labels from."""

    task: Task
    folds: list[Fold]
    scored: ndarray
    works: WorkDraws
    shuffled_rows: list[ndarray]
    seed: int


@dataclass(frozen=True)
class ProbeScore:
    """What one probe of one layer found on one task.

    `draws` holds the score and then that of every draw of works; `errors` and `predicted` belong to the scored windows.
    """

    source: Source
    layer: str
    probe_task: ProbeTask
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
        return ACCURACY if self.probe_task.task.classes else R2


def split_task(
    task: Task, works: Sequence[str], spread: Sequence[str], fit_only: ndarray | None, settings: "ProbeSettings"
) -> ProbeTask:
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
    shuffled_rows = [shuffle_between_works(groups, seed=settings.seed, number=number) for number in range(settings.shuffles)]
    return ProbeTask(task, folds, scored, drawn, shuffled_rows, settings.seed)


@dataclass(frozen=True)
class ProbeSettings:
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
def fit_linear_probes(
    source: Source, probe_tasks: Sequence[ProbeTask], device: torch.device, tick: Callable[[], None]
) -> list[ProbeScore]:
    """Linear probes: ridge for all numbers of the same windows at once, logistic regression for every classification."""
    together: dict[bytes, list[ProbeTask]] = defaultdict(list)
    for probe_task in probe_tasks:
        together[probe_task.task.index.tobytes() if not probe_task.task.classes else probe_task.task.name.encode()].append(
            probe_task
        )
    scores: list[ProbeScore] = []
    where = torch.device("cpu") if device.type == "mps" else device  # which has no fp64
    for group in together.values():
        tick()
        block = stack_layers([rows[group[0].task.index] for rows in source.layers.values()], where)
        scores += _classify(source, group[0], block, tick) if group[0].task.classes else _regress(source, group, block, tick)
    order = {probe_task.task.name: index for index, probe_task in enumerate(probe_tasks)}
    return sorted(scores, key=lambda score: order[score.probe_task.task.name])


def _regress(source: Source, probe_tasks: Sequence[ProbeTask], block: Block, tick: Callable[[], None]) -> list[ProbeScore]:
    """Every task with its true labels and with those of other works, all from one decomposition."""
    columns = [probe_task.task.labels[rows] for probe_task in probe_tasks for rows in (slice(None), *probe_task.shuffled_rows)]
    sizes = [part.shape[1] for part in columns]
    task_of = np.repeat(np.arange(len(columns)), sizes)
    ridge = ridge_probes(block, np.concatenate(columns, axis=1), task_of, probe_tasks[0].folds, tick=tick)
    ends, scores, per_task = np.cumsum([0, *sizes]), [], 1 + len(probe_tasks[0].shuffled_rows)
    for number, probe_task in enumerate(probe_tasks):
        tick()
        places = range(number * per_task, (number + 1) * per_task)
        parts = [ridge.predictions[:, probe_task.scored, ends[i] : ends[i + 1]].cpu().numpy() for i in places]
        draws, outputs = r2_draws(columns[places[0]][probe_task.scored], parts[0], probe_task.works)
        others = zip(places[1:], parts[1:], strict=True)
        null = np.mean(
            [r2_draws(columns[i][probe_task.scored], part, probe_task.works.all_only)[0][:, 0] for i, part in others], axis=0
        )
        for layer, name in enumerate(source.layers):
            penalty = float(np.median(ridge.alphas[:, layer, places[0]]))
            errors = _squared_errors(probe_task.task.labels[probe_task.scored], parts[0][layer])
            scores.append(
                ProbeScore(
                    source, name, probe_task, LINEAR[0], draws[layer], _finite(null[layer]), penalty, errors, outputs[layer]
                )
            )
    return scores


def _classify(source: Source, probe_task: ProbeTask, block: Block, tick: Callable[[], None]) -> list[ProbeScore]:
    labels = probe_task.task.labels
    labellings = np.stack([labels, *(labels[rows] for rows in probe_task.shuffled_rows)])
    n_classes = len(probe_task.task.classes)
    probes = logistic_probes(block, labellings, n_classes, probe_task.folds, tick=tick)
    scores = []
    for layer, name in enumerate(source.layers):
        tick()
        logs = probes.log_probabilities[:, layer, probe_task.scored].cpu().numpy()
        confusions = [
            confusion_by_work(classes[probe_task.scored], log.argmax(axis=1), n_classes, probe_task.works)
            for classes, log in zip(labellings, logs, strict=True)
        ]
        wrong = [balanced_accuracy_draws(confusion, probe_task.works.all_only)[0] for confusion in confusions[1:]]
        draws, penalty = balanced_accuracy_draws(confusions[0], probe_task.works), float(np.median(1 / probes.cs[:, layer]))
        errors = 1 - np.exp(logs[0][np.arange(len(probe_task.scored)), labels[probe_task.scored]])
        predicted = logs[0].argmax(axis=1)
        scores.append(
            ProbeScore(source, name, probe_task, LINEAR[1], draws, float(np.mean(wrong)), penalty, errors, predicted=predicted)
        )
    return scores


def fit_mlp_probe(
    source: Source, probe_task: ProbeTask, layer: str, device: torch.device, tick: Callable[[], None]
) -> ProbeScore:
    """The MLP probe on one layer, with true labels and with those of other works (of one shuffle: it takes as long again)."""
    features, labels, n_classes = (
        source.layers[layer][probe_task.task.index],
        probe_task.task.labels,
        len(probe_task.task.classes),
    )
    fitted = [
        mlp_probe(features, targets, probe_task.folds, n_classes=n_classes, seed=probe_task.seed, device=device, tick=tick)
        for targets in (labels, labels[probe_task.shuffled_rows[0]])
    ]
    parts = [probe.predictions[probe_task.scored] for probe in fitted]
    truth, wrong = labels[probe_task.scored], labels[probe_task.shuffled_rows[0]][probe_task.scored]
    if not n_classes:
        draws, outputs = r2_draws(truth, parts[0][None], probe_task.works)
        null = _finite(r2_draws(wrong, parts[1][None], probe_task.works.all_only)[0][0, 0])
        return ProbeScore(source, layer, probe_task, MLP, draws[0], null, None, _squared_errors(truth, parts[0]), outputs[0])
    pairs = zip((truth, wrong), parts, strict=True)
    confusions = [confusion_by_work(classes, logs.argmax(axis=1), n_classes, probe_task.works) for classes, logs in pairs]
    draws, null = (balanced_accuracy_draws(confusion, probe_task.works) for confusion in confusions)
    errors, predicted = 1 - np.exp(parts[0][np.arange(len(truth)), truth]), parts[0].argmax(axis=1)
    return ProbeScore(source, layer, probe_task, MLP, draws, float(null[0]), None, errors, predicted=predicted)


def _squared_errors(labels: ndarray, predicted: ndarray) -> ndarray:
    """Of every window so that R² = 1 − their mean: squared errors in variances of an output, averaged over outputs that vary."""
    variance = labels.var(axis=0)
    varies = variance > CONSTANT * np.square(labels).mean(axis=0)
    if not varies.any():
        return np.zeros(len(labels))
    return (np.square(labels - predicted)[:, varies] / variance[varies]).mean(axis=1)


def _finite(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
