"""What can be read out of each layer? Linear probes of every layer, beside input, untrained twin and shuffled labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np

from analysis.datasets.segments import Segment, drop_repeated
from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import layer_means
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, WindowsPerPiece
from analysis.studies.probes.fit import ProbeScore, ProbeSettings, ProbeTask, Source, fit_linear_probes, fit_mlp_probe, split_task
from analysis.studies.probes.labels import TASKS, LabelledTasks, label_tasks
from analysis.studies.probes.rows import INPUT, NOBODY, BestRow, MissingRow, ScoreRow
from analysis.studies.probes.tables import (
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
from analysis.studies.shared_rows import window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
MLP_CHOICES = ("no", "best", "all")
UNSEEN, TRANSFER = "unseen", "transfer"
SPLITS = (UNSEEN, TRANSFER, "train", "validation", "test", "all")
N_RESAMPLES = 1000


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
    mlp: Annotated[str, Setting("MLP probes: at no layer, at the best, or at all.", words=MLP_CHOICES)] = "no"
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Fit and score probes of every layer of every checkpoint, its untrained twin and the inputs, on every task.

    Raises:
        ConfigError: a task or a way to use the MLP is unknown, or there are too few folds or shuffles.
        CorpusError: the windows come from fewer than three works.
        Cancelled: somebody asked to stop.
    """
    chosen = _checked(request)
    n_parts = 2 + len(WEIGHTS) * sum(len(study_run.towers(checkpoint)) for checkpoint in study_run.checkpoints.values())
    segments, fit_only = _windows(request, study_run.part(0, n_parts))
    asked = study_run.once("labels", lambda: label_tasks(study_run.part(0, n_parts), segments, chosen))
    settings = ProbeSettings(request.folds, request.inner_folds, request.shuffles, N_RESAMPLES, request.seed)
    works, composers = [segment.piece.group for segment in segments], [segment.piece.composer for segment in segments]
    probe_tasks = _split_tasks(asked, works, composers, fit_only, settings)
    scores: list[ProbeScore] = []
    for number, source in enumerate(_sources(study_run, segments, asked, n_parts)):
        part = study_run.part(min(1 + number, n_parts - 1), n_parts).part(1, 2)
        fit = partial(_fit_probes, request, part, source, probe_tasks)
        scores += study_run.once(("inputs", source.side), fit) if source.weights == INPUT else fit()
    rows, arrays = score_rows(scores)
    missing = [MissingRow(task, reason) for task, reason in asked.missing.items()]
    details = (*confusion_rows(scores), *class_rows(scores), *output_rows(scores))
    values = score_values(row for row in rows if row.weights != INPUT)
    return Measurement(values, [*rows, *missing, *best_rows(scores), *details, *window_rows(segments)], arrays)


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
    if request.split not in (UNSEEN, TRANSFER):
        return _enough(list_windows(study_run, request.split, request.windows_per_piece), study_run), None
    if request.split == TRANSFER:
        everything = list_windows(study_run, "all", request.windows_per_piece)
        fits = np.array([segment.piece.split != "test" for segment in everything], bool)
        if not fits.any() or fits.all():
            raise CorpusError(f"{study_run.corpus.name} has no windows to fit or none to score; expected train and test pieces.")
        return _enough(everything, study_run), fits
    unseen = [
        segment for split in ("validation", "test") for segment in list_windows(study_run, split, request.windows_per_piece)
    ]
    n_works = len({segment.piece.group for segment in unseen})
    if n_works >= request.folds:
        return _enough(drop_repeated(unseen), study_run), None
    study_run.notice(
        f"{study_run.corpus.name} has {n_works} works outside its train split, too few for {request.folds} folds: all its pieces "
        "are used. Scores of a checkpoint that was trained on it are too high."
    )
    return _enough(list_windows(study_run, "all", request.windows_per_piece), study_run), None


def _enough(segments: list[Segment], study_run: StudyRun) -> list[Segment]:
    if (n_works := len({segment.piece.group for segment in segments})) < 3:
        raise CorpusError(
            f"Probes need windows of 3 works or more; {study_run.corpus.name} has {n_works} there. Use more pieces."
        )
    return segments


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


def _sources(study_run: StudyRun, segments: list[Segment], asked: LabelledTasks, n_parts: int) -> Iterator[Source]:
    """Inputs of both sides (one part of the work), then every model and tower."""
    number = 2
    for name, checkpoint in study_run.checkpoints.items():
        for weights in WEIGHTS:
            for side in study_run.towers(checkpoint):
                part = study_run.part(number - 1, n_parts).part(0, 2)
                yield Source(name, weights, side, layer_means(part, checkpoint, segments, weights, side))
                number += 1
    yield Source(NOBODY, INPUT, "audio", asked.audio_inputs)
    yield Source(NOBODY, INPUT, "midi", asked.note_inputs)


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
