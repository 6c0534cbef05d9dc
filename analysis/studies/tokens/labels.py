"""What tokens are asked: pitch classes that sound, the chord and the key in force, and whether there is a beat."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

from analysis.datasets.annotations import CHORDS, KEYS, NO_CHORD, Chord, Key
from analysis.datasets.piece import Piece
from analysis.measures.probes import FEWEST_WORKS
from analysis.studies.tokens.moments import STEP_S, Moments
from analysis.studies.tokens.rows import ACCURACY, F1, R2, Measure, TokenTaskRow
from analysis.units import PITCH_CLASSES

NOTES, CHORD, KEY, BEAT = "pitch classes", "chord", "key", "beat"
NOT_KNOWN = -1


@dataclass(frozen=True, eq=False)
class TokenTask:
    """A question with its answers.

    Attributes:
        name: of it.
        measure: of how well it is answered.
        rows: the moments, of all windows, of which the answer is known.
        targets: numbers to be predicted; of classes 1 where it is this one, else 0.
        events_s: beats of every window that has some of these moments, in seconds from its start; () for other questions.
    """

    name: str
    measure: Measure
    rows: Int64[ndarray, " n"]
    targets: Float64[ndarray, "n outputs"]
    events_s: Sequence[Float64[ndarray, " _"]] = ()

    @property
    def classes(self) -> Int64[ndarray, " n"]:
        """Number of the class of every moment."""
        return self.targets.argmax(axis=1).astype(np.int64)


def label_moments(moments: Moments) -> tuple[list[TokenTask], list[TokenTaskRow]]:
    """Questions that can be asked of some moments, and of all questions how many answers are known, or why too few are.

    Raises:
        CorpusError: an annotation cannot be read.
        MidiError: notes cannot be read.
    """
    makers: tuple[tuple[str, Measure, Callable[[Moments], TokenTask], int, str], ...] = (
        (NOTES, R2, _notes, len(PITCH_CLASSES), "MIDI files"),
        (CHORD, ACCURACY, _chords, len(CHORDS), "annotations of chords"),
        (KEY, ACCURACY, _keys, len(KEYS), "annotations of keys"),
        (BEAT, F1, _beats, 1, "annotations of beats"),
    )
    tasks, rows = [], []
    for name, measure, make, n_outputs, source in makers:
        task = make(moments)
        works = len(set(moments.groups[task.rows].tolist()))
        reason = f"{works} of the works have {source}; expected {FEWEST_WORKS} or more" if works < FEWEST_WORKS else ""
        if not reason and not np.ptp(task.targets, axis=0).any():
            reason = "the answer is the same at every moment"
        windows = len(set((task.rows // len(moments.times_s)).tolist()))
        rows.append(TokenTaskRow(name, measure, len(task.rows), windows, works, n_outputs, reason))
        tasks += [] if reason else [task]
    return tasks, rows


def sounding(onset_s: ndarray, offset_s: ndarray, pitch: ndarray, times_s: ndarray) -> Float64[ndarray, "moments 12"]:
    """1 where a note of a pitch class has begun and not ended at a moment, else 0; C first.

    >>> sounding(np.array([0.0]), np.array([1.0]), np.array([69]), np.array([0.5, 1.0]))[:, 9].tolist()
    [1.0, 0.0]
    """
    on = (onset_s[None] <= times_s[:, None]) & (times_s[:, None] < offset_s[None])
    member = pitch[:, None] % len(PITCH_CLASSES) == np.arange(len(PITCH_CLASSES))
    return ((on.astype(np.float64) @ member.astype(np.float64)) > 0).astype(np.float64)


def in_force(events: Sequence[Chord] | Sequence[Key], times_s: ndarray) -> Int64[ndarray, " moments"]:
    """Number of the chord (of other qualities than major and minor that of "no chord") or key; −1 where none is annotated.

    >>> in_force([Key(1.0, 2.0, 3)], np.array([0.5, 1.0, 2.0])).tolist()
    [-1, 3, -1]
    """
    numbers = np.full(len(times_s), NOT_KNOWN, np.int64)
    for event in events:
        number = event.number if isinstance(event, Key) else event.maj_min
        end_s = np.inf if event.end_s is None else event.end_s
        numbers[(event.start_s <= times_s) & (times_s < end_s)] = NO_CHORD if number is None else number
    return numbers


def _notes(moments: Moments) -> TokenTask:
    rows, targets = [], []
    for number, segment in enumerate(moments.segments):
        if segment.piece.midi_path is not None:
            notes, first = segment.notes(), number * len(moments.times_s)
            rows.append(np.arange(first, first + len(moments.times_s)))
            targets.append(sounding(notes.onset_s, notes.offset_s, notes.pitch, segment.start_s + moments.times_s))
    return TokenTask(NOTES, R2, *_joined(rows, targets, len(PITCH_CLASSES)))


def _chords(moments: Moments) -> TokenTask:
    return _classes(moments, CHORD, len(CHORDS), lambda piece: piece.annotations.chords())


def _keys(moments: Moments) -> TokenTask:
    return _classes(moments, KEY, len(KEYS), lambda piece: piece.annotations.keys())


def _classes(
    moments: Moments, name: str, n_classes: int, read: Callable[[Piece], Sequence[Chord] | Sequence[Key] | None]
) -> TokenTask:
    of_piece = {piece: read(piece) for piece in dict.fromkeys(segment.piece for segment in moments.segments)}
    rows, targets = [], []
    for number, segment in enumerate(moments.segments):
        if (events := of_piece[segment.piece]) is not None:
            classes = in_force(events, segment.start_s + moments.times_s)
            known = np.flatnonzero(classes != NOT_KNOWN)
            rows.append(known + number * len(moments.times_s))
            targets.append(np.eye(n_classes)[classes[known]])
    return TokenTask(name, ACCURACY, *_joined(rows, targets, n_classes))


def _beats(moments: Moments) -> TokenTask:
    """Whether a beat is within half a step of a moment."""
    of_piece = {piece: piece.annotations.beats() for piece in dict.fromkeys(segment.piece for segment in moments.segments)}
    rows, targets, events = [], [], []
    length_s = len(moments.times_s) * STEP_S
    for number, segment in enumerate(moments.segments):
        if (beats := of_piece[segment.piece]) is not None:
            within = beats.beats_s - segment.start_s
            events.append(within[(within >= 0) & (within < length_s)])
            near = np.bincount((events[-1] / STEP_S).astype(np.int64), minlength=len(moments.times_s)) > 0
            rows.append(np.arange(len(moments.times_s)) + number * len(moments.times_s))
            targets.append(near[: len(moments.times_s), None].astype(np.float64))
    return TokenTask(BEAT, F1, *_joined(rows, targets, 1), events)


def _joined(rows: Sequence[ndarray], targets: Sequence[ndarray], n_outputs: int) -> tuple[ndarray, ndarray]:
    if not rows:
        return np.zeros(0, np.int64), np.zeros((0, n_outputs))
    return np.concatenate(rows).astype(np.int64), np.concatenate(targets)
