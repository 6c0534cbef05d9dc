"""What can be read from single tokens? Linear probes of the token at a moment, beside the sound at that moment and the twin."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, WindowsPerPiece
from analysis.studies.probes.fit import one_thread
from analysis.studies.probes.windows import UNSEEN, UNSEEN_SPLITS, folded_windows
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow, work_window_rows
from analysis.studies.tokens import words
from analysis.studies.tokens.fit import TokenProbeSettings, TokenQuestion, TokenScore, TokenSource, ask_all, fit_probes
from analysis.studies.tokens.labels import label_moments
from analysis.studies.tokens.moments import MOST_MOMENTS, SOUNDS, Moments, TokenLayer, moments_of, sound_at, tokens_at
from analysis.studies.tokens.rows import INPUT, TokenBestRow, TokenScoreRow, TokenTaskRow
from analysis.studies.tokens.tables import best_rows, is_of_sound, score_rows

SOUND = "sound."  # before the names of arrays in the groundwork


@dataclass(frozen=True)
class Request:
    """Moments of windows of pieces that the encoders never saw.

    `split`: "unseen" takes validation and test pieces, dealt into folds by work, so that every moment is predicted by a probe
    that was fitted to other works. Of all windows at most 4,000 moments are read.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Annotated[str, Setting("unseen: validation and test, in folds.", words=UNSEEN_SPLITS)] = UNSEEN
    windows_per_piece: WindowsPerPiece = 8
    folds: Annotated[int, Setting("Of works, each predicted by a probe that never saw it.", 2, 100)] = 5
    inner_folds: Annotated[int, Setting("In which penalties are chosen.", 2, 100)] = 3
    shuffles: Annotated[int, Setting("Draws of the null.", 1, 200)] = 1
    seed: Seed = 42


@dataclass(frozen=True)
class Prepared:
    """Moments with what is asked of them, and their sound."""

    moments: Moments
    tasks: list[TokenTaskRow]
    questions: list[TokenQuestion]
    sound: TokenSource


def share(request: Request, study_run: StudyRun) -> Measurement:
    """Label all moments, and read every task from the sound at these moments; no model is asked.

    Raises:
        ConfigError: there are too few folds or shuffles.
        CorpusError: nothing is known of the moments of three works, or an annotation cannot be read.
        AudioError, MidiError: a file cannot be read.
        Cancelled: somebody asked to stop.
    """
    prepared = _prepared(request, study_run.part(0, 2), None)
    rows = score_rows(_fit(study_run.part(1, 2), prepared.sound, prepared.questions))
    groundwork = {f"{SOUND}{layer.title}": of for layer, of in prepared.sound.layers.items()}
    return Measurement([], [*prepared.tasks, *rows, *work_window_rows(prepared.moments.segments)], {}, groundwork)


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:
    """Every layer of every checkpoint and of its untrained twin on every task, beside the sound.

    Raises:
        ConfigError, CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `share`, and as `tokens_at`.
    """
    n_parts = 1 + 2 * len(study_run.checkpoints)
    prepared = study_run.once("prepared", partial(_prepared, request, study_run.part(0, n_parts), shared))
    sound = study_run.once("sound read", partial(_fit, study_run.part(0, n_parts), prepared.sound, prepared.questions))
    rows: list[TokenScoreRow | TokenBestRow] = []
    scored: list[list[TokenScore]] = []
    for number, (checkpoint, weights) in enumerate(study_run.every_model, 1):
        part = study_run.part(number, n_parts)
        tokens = tokens_at(part.part(0, 2), checkpoint, weights, prepared.moments)
        scored.append(_fit(part.part(1, 2), TokenSource(checkpoint.name, weights, tokens), prepared.questions))
        rows += score_rows(scored[-1])
    for trained, twin in zip(scored[::2], scored[1::2], strict=True):
        rows += best_rows(trained, twin, sound)
    return Measurement(words.score_values([row for row in rows if isinstance(row, TokenScoreRow)]), rows)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """What training adds most to, beside the sound itself."""
    sound = [row for row in measured.of(TokenScoreRow) if is_of_sound(row)]
    sentences = words.details(measured.of(TokenTaskRow), len(measured.of(WorkWindowRow)))
    text = words.headline(measured.of(TokenBestRow), ranked(checkpoints))
    return measured.answer(text, [SentenceRow(sentence) for sentence in sentences], words.score_values(sound))


def check(request: Request) -> None:
    """Refuse folds and shuffles that cannot be used, before anything is opened.

    Raises:
        ConfigError: one of them is too small.
    """
    for name, least in (("folds", 2), ("inner_folds", 2), ("shuffles", 1)):
        if getattr(request, name) < least:
            raise ConfigError(f"{name} is {getattr(request, name)}; expected {least} or more.")


def _fit(study_run: StudyRun, source: TokenSource, questions: list[TokenQuestion]) -> list[TokenScore]:
    """All layers of one source."""
    what = f"{', '.join(filter(None, (source.checkpoint, source.weights)))}: probes of tokens"
    with one_thread():
        return fit_probes(source, questions, study_run.device, lambda: study_run.step(0, 1, what))


def _prepared(request: Request, study_run: StudyRun, shared: Measurement | None) -> Prepared:
    """Moments with their labels and their sound: what was shared, else read here."""
    check(request)
    windows = folded_windows(study_run, request.split, request.windows_per_piece, request.folds)
    moments = moments_of(windows, study_run.stretch_s)
    if (n_left_out := len(windows) - len(moments.segments)) > 0:
        study_run.notice(
            f"{n_left_out} of {len(windows)} windows are left out, evenly spread: {MOST_MOMENTS:,} moments are enough."
        )
    tasks, rows = label_moments(moments)
    if not tasks:
        reasons = "; ".join(f"of {row.task} {row.reason}" for row in rows)
        raise CorpusError(
            f"Nothing is known of the moments of {study_run.corpus.name}: {reasons}. Use a corpus with MIDI files or annotations."
        )
    settings = TokenProbeSettings(request.folds, request.inner_folds, request.shuffles, request.seed)
    read = sound_at(study_run, moments) if shared is None else {name: shared.groundwork[f"{SOUND}{name}"] for name in SOUNDS}
    source = TokenSource("", INPUT, {TokenLayer("", name): of for name, of in read.items()})
    return Prepared(moments, rows, ask_all(moments, tasks, settings), source)
