"""What the probes are asked: labels of windows from notes, from audio, and from annotation files where a corpus carries them.

Beside `X.flac` an annotation is `X.harmony.tsv` (columns time_s, globalkey, localkey: a key and a Roman numeral within it) or one
of `BEAT_SUFFIXES` (time in seconds first, in the last column "db…" at a downbeat and "b…" at another beat). A key that was
estimated from notes is no label and is not used.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy import ndarray

from analysis.datasets.piece import UNKNOWN_COMPOSER, Piece
from analysis.datasets.segments import Segment
from analysis.datasets.sidecars import BEATS
from analysis.readings.study_run import StudyRun
from analysis.studies.probes.features import WindowFeatures, window_features
from analysis.units import PITCH_CLASSES, midi_to_name

TASKS = (
    "pitch histogram", "interval histogram", "chroma histogram", "audio chroma", "spectral centroid", "note density",
    "mean velocity", "key", "composer", "downbeat",
)  # fmt: skip
UNITS = {"spectral centroid": "Hz", "note density": "notes/s", "mean velocity": "MIDI velocity"}
FEWEST_WORKS_PER_OUTPUT, FEWEST_WORKS_PER_CLASS = 5, 2


@dataclass(frozen=True)
class Task:
    """Labels of the windows at `index`: numbers `(windows, outputs)`, or with `classes` the class of each `(windows,)`."""

    name: str
    index: ndarray
    labels: ndarray
    outputs: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass
class LabelledTasks:
    """Tasks that can be asked, why the others cannot, and what the windows' own input says: name → `(windows, features)`."""

    tasks: list[Task] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    audio_inputs: dict[str, ndarray] = field(default_factory=dict)
    note_inputs: dict[str, ndarray] = field(default_factory=dict)


def label_tasks(
    study_run: StudyRun, segments: Sequence[Segment], chosen: Sequence[str], features: WindowFeatures | None = None
) -> LabelledTasks:
    """Labels of all windows for the chosen tasks.

    Args:
        study_run: where the study works.
        segments: windows.
        chosen: names of tasks.
        features: what `window_features` gives of these windows, where it is known.

    Raises:
        AudioError, CorpusError, MidiError: a piece or an annotation cannot be read.
        Cancelled: somebody asked to stop.
    """
    features, asked = window_features(study_run, segments) if features is None else features, LabelledTasks()
    asked.audio_inputs = {"log-mel": features.sound.log_mel, "chroma": features.sound.audio_chroma}
    if (notes := features.notes) is not None:
        asked.note_inputs = {"pitch histogram": notes.pitch_histogram, "note statistics": notes.note_statistics}
    works = np.array([segment.piece.group for segment in segments])
    makers: dict[str, Callable[[], Task | str]] = {
        "key": lambda: _annotated(
            segments, works, "key", _keys, f"*.harmony.tsv beside the audio ({study_run.corpus.name} has none)"
        ),
        "downbeat": lambda: _downbeats(segments, works, study_run.corpus.name),
        "composer": lambda: _composers(segments, works),
    }
    numbers = features.by_task()
    for name in chosen:
        if name in makers:
            made = makers[name]()
        elif name in numbers:
            made = _numbers(name, numbers[name], works)
        else:
            made = f"no notes: expected a MIDI file beside every recording ({study_run.corpus.name} has none)"
        if isinstance(made, str):
            asked.missing[name] = made
        else:
            asked.tasks.append(made)
    return asked


def _numbers(name: str, rows: ndarray, works: ndarray) -> Task | str:
    """A regression on all windows; of several outputs those whose variance does not come from a few works.

    Where it does, such as for a pitch that one work alone has, R² hangs on whether a draw of works holds that one.
    """
    kept = np.flatnonzero(np.ptp(rows, axis=0) > 0)
    if rows.shape[1] > 1:
        wanted = min(FEWEST_WORKS_PER_OUTPUT, len(set(works)) / 2)
        kept = kept[effective_works(rows[:, kept], works) >= wanted]
    if not len(kept):
        return f"not defined: the {name} is the same in every window"
    return Task(name, np.arange(len(rows)), rows[:, kept], tuple(_output(name, int(index)) for index in kept))


def effective_works(rows: ndarray, works: ndarray) -> ndarray:
    """Over how many works the squared deviations of every column are spread: (Σ s)² / Σ s², s being their sum in a work.

    >>> effective_works(np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.array(["a", "a", "b", "b"])).tolist()
    [2.0]
    """
    deviations = np.square(rows - rows.mean(axis=0))
    parts = np.stack([deviations[works == work].sum(axis=0) for work in np.unique(works)])
    return np.square(parts.sum(axis=0)) / np.maximum(np.square(parts).sum(axis=0), 1e-300)


def _output(name: str, index: int) -> str:
    if name == "pitch histogram":
        return midi_to_name(index)
    if name == "interval histogram":
        return f"{index - 12:+d} semitones"
    return PITCH_CLASSES[index] if "chroma" in name else UNITS[name]


def _classes(name: str, labels: Sequence[str | None], works: ndarray, what: str) -> Task | str:
    """A classification between the labels of two works or more."""
    homes: dict[str, set[str]] = defaultdict(set)
    for label, work in zip(labels, works, strict=True):
        if label is not None:
            homes[label].add(work)
    kept = tuple(sorted(label for label, members in homes.items() if len(members) >= FEWEST_WORKS_PER_CLASS))
    index = np.array([row for row, label in enumerate(labels) if label in kept], np.int64)
    n_works = len(set(works[index]))
    if len(kept) < 2 or n_works < 3:
        return f"not defined: a classifier needs 2 {what} with {FEWEST_WORKS_PER_CLASS} works each; there are {len(kept)}"
    numbers = np.array([kept.index(labels[row] or "") for row in index], np.int64)
    return Task(name, index, numbers, classes=kept)


def _composers(segments: Sequence[Segment], works: ndarray) -> Task | str:
    known = [None if segment.piece.composer == UNKNOWN_COMPOSER else segment.piece.composer for segment in segments]
    return _classes("composer", known, works, "composers")


def _annotated(
    segments: Sequence[Segment], works: ndarray, name: str, read: Callable[[Piece], list[tuple[float, str]] | None], where: str
) -> Task | str:
    """Classes from annotations: the one in force in the middle of a window."""
    labels_of = {segment.piece: None for segment in segments}
    labels_of = {piece: read(piece) for piece in labels_of}
    if not any(labels_of.values()):
        return f"no labels: expected {where}"
    labels: list[str | None] = []
    for segment in segments:
        past = [label for time_s, label in labels_of[segment.piece] or [] if time_s <= segment.start_s + segment.duration_s / 2]
        labels.append(past[-1] if past else None)
    return _classes(name, labels, works, f"{name}s")


def _keys(piece: Piece) -> list[tuple[float, str]] | None:
    """Beginning and name of every local key; None without an annotation."""
    keys = piece.annotations.keys()
    return None if keys is None else [(key.start_s, key.name) for key in keys]


def _downbeats(segments: Sequence[Segment], works: ndarray, corpus: str) -> Task | str:
    """Cosine and sine of the place in the bar at which a window begins."""
    beats = {piece: piece.annotations.beats() for piece in dict.fromkeys(segment.piece for segment in segments)}
    index, angles = [], []
    for row, segment in enumerate(segments):
        downbeats = None if (known := beats[segment.piece]) is None else known.downbeats_s
        bar = -1 if downbeats is None else int(np.searchsorted(downbeats, segment.start_s, side="right")) - 1
        if downbeats is not None and 0 <= bar < len(downbeats) - 1:
            bar_s = downbeats[bar + 1] - downbeats[bar]
            index.append(row)
            angles.append(2 * np.pi * (segment.start_s - downbeats[bar]) / bar_s)
    if len(set(works[index] if index else [])) < 3:
        expected = " or ".join(f"*{suffix}" for suffix in BEATS)
        return f"no labels: expected {expected} beside the audio of 3 works or more ({corpus} has too few or none)"
    labels = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Task("downbeat", np.array(index, np.int64), labels, ("cosine of the phase", "sine of the phase"))
