"""What can be read out of each layer? Linear probes of every layer, beside input, untrained twin and shuffled labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.models.sides import SIDE_OF
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import layer_means
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting, WindowsPerPiece
from analysis.studies.probes.fit import ProbeScore, ProbeSettings, ProbeTask, Source, fit_linear_probes, fit_mlp_probe, split_task
from analysis.studies.probes.labels import TASKS, LabelledTasks, WindowFeatures, label_tasks, window_features
from analysis.studies.probes.rows import INPUT, NOBODY, BestRow, MissingRow, ScoreRow
from analysis.studies.probes.tables import (
    best_inputs,
    best_rows,
    best_scores,
    class_rows,
    confusion_rows,
    headline,
    missing_values,
    output_rows,
    score_rows,
    score_values,
)  # fmt: skip
from analysis.studies.probes.windows import UNSEEN, UNSEEN_SPLITS, enough_works, folded_windows
from analysis.studies.shared_rows import window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
MLP_CHOICES = ("no", "best", "all")
TRANSFER = "transfer"
SPLITS = (UNSEEN, TRANSFER, *UNSEEN_SPLITS[1:])
N_RESAMPLES = 1000
LABELS, DRAWS = "labels.", "draws."  # in the groundwork: rows of windows by name, and scores of inputs on all draws by row
NO_INPUT = "none"  # of a tower that reads neither the sound nor the notes of a window


@dataclass(frozen=True)
class Request:
    """Probes on pieces that the encoders never saw.

    `split`: "unseen" takes validation and test pieces, dealt into folds by work: every window is predicted by a probe fitted to
    other works, and neither half was used to train the encoder. With "transfer" the probe is fitted to train and validation
    pieces and scored on test pieces; there are more works to fit, but what an encoder says about pieces it was trained on is
    unlike what it says about new ones, which counts against trained weights only. Other splits, and "all" (right for a folder
    on which no checkpoint was trained), are dealt into folds as well.

    `tasks` are separated by commas, all if empty. `mlp` adds the MLP probe of MARBLE: "no", to the "best" layer of each side and
    task, or to "all" layers; on two CPU cores that takes minutes per checkpoint, or hours.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Annotated[
        str,
        Setting(
            "unseen: validation and test, in folds; transfer: fitted to train and validation.",
            words=SPLITS,
        ),
    ] = UNSEEN
    windows_per_piece: WindowsPerPiece = 20
    tasks: Annotated[str, Setting("Separated by commas; all if empty.")] = ""
    folds: Annotated[int, Setting("Of works, each predicted by a probe that never saw it.", 0, 100)] = 5
    inner_folds: Annotated[int, Setting("In which penalties are chosen.", 0, 100)] = 3
    shuffles: Annotated[int, Setting("Draws of the null.", 0, 200)] = 2
    pooling: Pooled = MEAN
    mlp: Annotated[str, Setting("MLP probes: at no layer, at the best, or at all.", words=MLP_CHOICES)] = "no"
    seed: Seed = 42


@dataclass(frozen=True)
class Prepared:
    """Windows with their labels, and what is probed."""

    segments: list[Segment]
    features: WindowFeatures
    asked: LabelledTasks
    probe_tasks: list[ProbeTask]


def share(request: Request, study_run: StudyRun) -> Measurement:
    """Label all windows, and fit and score probes of what is given to either side, on every task; no model is asked.

    Raises:
        ConfigError: a task or a way to use the MLP is unknown, or there are too few folds or shuffles.
        CorpusError: the windows come from fewer than three works.
        Cancelled: somebody asked to stop.
    """
    prepared, scores = _prepared(request, study_run.part(0, 2), None), list[ProbeScore]()
    for side, layers in (("audio", prepared.asked.audio_inputs), ("midi", prepared.asked.note_inputs)):
        if layers:
            scores += _fit_probes(request, study_run.part(1, 2), Source(NOBODY, INPUT, side, layers), prepared.probe_tasks)
    rows, arrays = score_rows(scores)
    missing = [MissingRow(task, reason) for task, reason in prepared.asked.missing.items()]
    details = (*confusion_rows(scores), *class_rows(scores), *output_rows(scores))
    groundwork = {f"{LABELS}{name}": of_windows for name, of_windows in prepared.features.arrays().items()}
    groundwork |= {f"{DRAWS}{number}": score.draws for number, score in enumerate(scores)}
    return Measurement([], [*rows, *missing, *details, *window_rows(prepared.segments)], arrays, groundwork)


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:
    """Fit and score probes of every layer of every checkpoint and of its untrained twin, on every task, beside those of inputs.

    Raises:
        ConfigError, CorpusError, Cancelled: as `share`.
    """
    n_parts = 1 + len(WEIGHTS) * sum(len(study_run.towers(checkpoint)) for checkpoint in study_run.checkpoints.values())
    prepared = study_run.once("prepared", partial(_prepared, request, study_run.part(0, n_parts), shared))
    scores: list[ProbeScore] = []
    for number, source in enumerate(_sources(study_run, prepared.segments, request.pooling, n_parts), 1):
        scores += _fit_probes(request, study_run.part(number, n_parts).part(1, 2), source, prepared.probe_tasks)
    rows, arrays = score_rows(scores)
    of_inputs = [row for row in shared.of(ScoreRow) if row.weights == INPUT]
    inputs = best_inputs(of_inputs, [shared.groundwork[f"{DRAWS}{number}"] for number in range(len(of_inputs))])
    details = (*confusion_rows(scores), *class_rows(scores), *output_rows(scores))
    return Measurement(score_values(rows), [*rows, *best_rows(scores, inputs), *details], arrays)


def _prepared(request: Request, study_run: StudyRun, shared: Measurement | None) -> Prepared:
    """Windows with their labels: those that were shared, to the last bit, else made here."""
    chosen = _checked(request)
    segments, fit_only = _windows(request, study_run)
    features = window_features(study_run, segments) if shared is None else _shared_features(shared)
    asked = label_tasks(study_run, segments, chosen, features)
    settings = ProbeSettings(request.folds, request.inner_folds, request.shuffles, N_RESAMPLES, request.seed)
    works, composers = [segment.piece.group for segment in segments], [segment.piece.composer for segment in segments]
    return Prepared(segments, features, asked, _split_tasks(asked, works, composers, fit_only, settings))


def _shared_features(shared: Measurement) -> WindowFeatures:
    return WindowFeatures.of({
        name.removeprefix(LABELS): array for name, array in shared.groundwork.items() if name.startswith(LABELS)
    })  # fmt: skip


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """What training adds most to, beside the scores of the inputs and the tasks that could not be asked."""
    inputs, missing = [row for row in measured.of(ScoreRow) if row.weights == INPUT], measured.of(MissingRow)
    text = headline(measured.of(BestRow), {row.task: row.reason for row in missing}, ranked(checkpoints))
    return measured.answer(text, values=[*score_values(inputs), *missing_values(missing)])


def _checked(request: Request) -> tuple[str, ...]:
    """The tasks."""
    chosen = tuple(part.strip() for part in request.tasks.split(",") if part.strip()) or TASKS
    if unknown := [name for name in chosen if name not in TASKS]:
        raise ConfigError(f"There is no task {unknown[0]!r}: expected some of {', '.join(TASKS)}, separated by commas.")
    if request.mlp not in MLP_CHOICES:
        raise ConfigError(f"mlp is {request.mlp!r}; expected one of {', '.join(MLP_CHOICES)}.")
    for name, least in (("folds", 2), ("inner_folds", 2), ("shuffles", 1)):
        if getattr(request, name) < least:
            raise ConfigError(f"{name} is {getattr(request, name)}; expected {least} or more.")
    return tuple(dict.fromkeys(chosen))


def _windows(request: Request, study_run: StudyRun) -> tuple[list[Segment], np.ndarray | None]:
    """Windows, and for a transfer which of them are fitted."""
    if request.split != TRANSFER:
        return folded_windows(study_run, request.split, request.windows_per_piece, request.folds), None
    everything = list_windows(study_run, "all", request.windows_per_piece)
    fits = np.array([segment.piece.split != "test" for segment in everything], bool)
    if not fits.any() or fits.all():
        raise CorpusError(f"{study_run.corpus.name} has no windows to fit or none to score; expected train and test pieces.")
    return enough_works(everything, study_run), fits


def _split_tasks(
    asked: LabelledTasks, works: list[str], composers: list[str], fit_only: np.ndarray | None, settings: ProbeSettings
) -> list[ProbeTask]:
    """A task that has too few works to be fitted is not asked, with the reason."""
    probe_tasks = []
    for task in asked.tasks:
        try:
            probe_tasks.append(split_task(task, works, composers, fit_only, settings))
        except CorpusError as error:
            asked.missing[task.name] = f"not defined: {error}"
    return probe_tasks


def _sources(study_run: StudyRun, segments: list[Segment], pooling: str, n_parts: int) -> Iterator[Source]:
    """Every model and tower, a part of the work each."""
    number = 1
    for name, checkpoint in study_run.checkpoints.items():
        for weights in WEIGHTS:
            for side, tower in checkpoint.outline().towers.items():
                part = study_run.part(number, n_parts).part(0, 2)
                layers = layer_means(part, checkpoint, segments, weights, side, pooling=pooling)
                yield Source(name, weights, side, layers, SIDE_OF.get(tower.modality, NO_INPUT))
                number += 1


def _fit_probes(request: Request, study_run: StudyRun, source: Source, probe_tasks: list[ProbeTask]) -> list[ProbeScore]:
    """All probes of one source."""
    what = f"{', '.join(filter(None, (source.checkpoint, source.weights, source.side)))}: probes"

    def tick() -> None:
        study_run.step(0, 1, what)

    scores = fit_linear_probes(source, probe_tasks, study_run.device, tick)
    if request.mlp == "no" or source.weights == INPUT:
        return scores
    wanted = list(best_scores(scores).values()) if request.mlp == "best" else scores
    return scores + [fit_mlp_probe(source, score.probe_task, score.layer, study_run.device, tick) for score in wanted]


def check(request: Request) -> None:
    """Refuse tasks, folds and choices that cannot be used, before anything is opened.

    Raises:
        ConfigError: one of them is not offered or too small.
    """
    _checked(request)
