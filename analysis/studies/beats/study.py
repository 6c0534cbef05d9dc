"""Does a model hear the beat without having been taught it? Clicks at every tempo are held against every window of a recording.

Source: Marincione et al., PHALAR, arXiv 2605.03929. Other choices than theirs: the click is made here, windows are read as the
model reads them, mirrored at both ends, and only the middle of a recording is listened to, with longer strides. What lies less
than a window before the end of a part is heard, but no beat is looked for there. No beats are left out at the beginning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from numpy import ndarray

from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import Answer, StudyRun, Weights
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting, Split
from analysis.studies.beats import words
from analysis.studies.beats.maps import SLOWEST_BPM, Listener, tempi
from analysis.studies.beats.rows import LIBRARY, NOBODY, GainRow, MaterialRow, ScoreRow, StretchRow, TrackRow
from analysis.studies.beats.stretches import Stretch, list_stretches, stretches_of
from analysis.studies.beats.tracks import UNIT_RATE, Moves, gain_rows, score_rows, track_map, track_row, track_sound
from analysis.studies.shared_rows import SentenceRow


@dataclass(frozen=True)
class Request:
    """So many seconds of the middle of every recording; smaller strides and steps take longer, in proportion."""

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    seconds: Annotated[int, Setting("Of every recording, in which windows begin.", 2, 1_200)] = 20
    stride_ms: Annotated[int, Setting("Milliseconds from one window to the next.", 10, 200, label="stride (ms)")] = 40
    bpm_step: Annotated[int, Setting("Beats per minute from one template to the next.", 1, 30, label="step (BPM)")] = 2
    shuffles: Annotated[int, Setting("Moves in time that make the null.", 1, 1_000)] = 20
    seed: Seed = 42

    @property
    def stride_s(self) -> float:
        """From one window to the next."""
        return self.stride_ms / UNIT_RATE


def share(request: Request, study_run: StudyRun) -> Measurement:
    """Annotated beats, and those that librosa finds in the sound; no model is asked.

    Raises:
        CorpusError: no recording has annotated beats, or they cannot be read.
        AudioError: a recording cannot be read.
        Cancelled: somebody asked to stop.
    """
    listed = list_stretches(study_run, request.split, request.seconds, request.stride_s)
    about, tracks, arrays = list[StretchRow](), list[TrackRow](), dict[str, ndarray]()
    for number, part in enumerate(listed.parts):
        study_run.step(number, len(listed.parts), f"{part.piece.title}: beats of the sound")
        tracking = track_sound(part, study_run.window_s, study_run.corpus.sample_rate)
        names = f"annotated.{number}", f"beats.{number}"
        arrays |= {names[0]: part.annotated_s, names[1]: part.within(tracking.beats_s)}
        about.append(StretchRow(part.piece.piece_id, part.start_s, part.piece.group, part.seconds, names[0]))
        moves = Moves(request.shuffles, request.seed)
        tracks.append(track_row((NOBODY, LIBRARY), part, tracking, moves, (names[1], "", "")))
    works = {row.piece: row.work for row in about}
    left_out = listed.unannotated, listed.too_short
    bpm = SLOWEST_BPM, float(tempi(request.bpm_step)[-1]), float(request.bpm_step)
    material = MaterialRow(len(about), len(set(works.values())), *left_out, request.stride_s, *bpm)
    scores = score_rows(tracks, works, request.seed)
    return Measurement([], [material, *about, *tracks, *scores], arrays)


def measure(request: Request, study_run: StudyRun, shared: Measurement) -> Measurement:
    """Beats by every checkpoint and its untrained twin.

    Raises:
        AudioError: a recording cannot be read.
        CheckpointError, OutOfMemoryError, Cancelled: as `Reader.rows`.
    """
    about, library = shared.of(StretchRow), shared.of(TrackRow)
    works = {row.piece: row.work for row in about}
    pieces = {piece.piece_id: piece for piece in study_run.corpus.pieces}
    parts = stretches_of(about, shared.arrays, pieces, request.stride_s)
    rows, arrays = list[TrackRow | ScoreRow | GainRow](), dict[str, ndarray]()
    tracked, models = list[list[TrackRow]](), study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        listener = Listener(study_run.part(number, len(models)), checkpoint, weights)
        tracks = _tracks(request, listener, (checkpoint.name, weights), parts, arrays)
        tracked.append(tracks)
        rows += [*tracks, *score_rows(tracks, works, request.seed, listener.words)]
        if weights == "untrained":
            rows += gain_rows(tracked[-2], tracks, library, works, request.seed)
    scores, gains = [row for row in rows if isinstance(row, ScoreRow)], [row for row in rows if isinstance(row, GainRow)]
    return Measurement([*words.score_values(scores), *words.gain_values(gains)], rows, arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which of them finds beats best, beside librosa, its twin and moved beats."""
    scores, gains, names = measured.of(ScoreRow), measured.of(GainRow), ranked(checkpoints)
    (material,) = measured.of(MaterialRow)
    sentences = words.details(scores, measured.of(TrackRow), material, names)
    library = words.score_values(row for row in scores if row.checkpoint == NOBODY)
    text = words.headline(scores, gains, names)
    return measured.answer(text, [SentenceRow(sentence) for sentence in sentences], library)


def _tracks(
    request: Request, listener: Listener, whose: tuple[str, Weights], parts: list[Stretch], arrays: dict[str, ndarray]
) -> list[TrackRow]:
    """Beats of every part by a model; its arrays are added, the map of a trained model among them."""
    bpm = tempi(request.bpm_step)
    templates = listener.templates(bpm.tolist())
    run, rows = listener.study_run, list[TrackRow]()
    for number, part in enumerate(parts):
        listener.study_run = listener.reader.study_run = run.part(number, len(parts))
        scores = listener.map(part, templates)
        tracking, envelope = track_map(scores, request.stride_ms)
        first = sum(name.startswith("beats.") for name in arrays)
        names = f"beats.{first}", f"map.{first}" if whose[1] == "trained" else "", f"envelope.{first}"
        every = part.within(tracking.beats_s), scores, envelope
        arrays |= {name: array for name, array in zip(names, every, strict=True) if name}
        best = float(bpm[scores.max(axis=1).argmax()])
        rows.append(track_row(whose, part, tracking, Moves(request.shuffles, request.seed), names, best))
    return rows
