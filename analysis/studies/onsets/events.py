"""What is marked in windows: where notes begin, and where another chord does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64
from numpy import ndarray

from analysis.datasets.annotations import change_times
from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.measures.event_scores import is_tested
from analysis.measures.events import join_events
from analysis.studies.onsets.rows import EventRow, Events

CHORD_S = 0.03  # notes that begin within so many seconds are one event


@dataclass(frozen=True)
class EventKind:
    """One kind of events.

    Attributes:
        name: of it.
        tolerance_s: how far a peak may be from an event that it hits.
        apart_s: how far peaks are apart at least.
        around_s: the surroundings above which a peak stands out, on either side.
        times_s: of a piece, rising; None where nobody has annotated it.
    """

    name: Events
    tolerance_s: float
    apart_s: float
    around_s: float
    times_s: Callable[[Piece], Float64[ndarray, " events"] | None]


@dataclass(frozen=True, eq=False)
class WindowEvents:
    """Events of one kind in windows.

    Attributes:
        kind: of which.
        known: whether they are annotated, by window of the study.
        times_s: of the windows where they are, in seconds from the start of each.
        groups: the works of these windows.
        row: how many there are, and why nothing can be held against them, if nothing can.
    """

    kind: EventKind
    known: Bool[ndarray, " windows"]
    times_s: Sequence[Float64[ndarray, " _"]]
    groups: ndarray
    row: EventRow

    @property
    def usable(self) -> bool:
        """Whether curves can be held against them."""
        return not self.row.reason


def onset_times(piece: Piece) -> Float64[ndarray, " events"] | None:
    """When notes of a piece begin, those of a chord together."""
    onsets = piece.onsets_s()
    return None if onsets is None else join_events(onsets, CHORD_S)


def chord_changes(piece: Piece) -> Float64[ndarray, " events"] | None:
    """When another root or triad begins."""
    chords = piece.annotations.chords()
    return None if chords is None else change_times(chords)


KINDS = (
    EventKind("onsets", 0.05, 0.05, 0.4, onset_times),
    EventKind("chord changes", 0.5, 0.5, 2.0, chord_changes),
)


def window_events(segments: Sequence[Segment], kind: EventKind, seed: int) -> WindowEvents:
    """Events of one kind in windows.

    Args:
        segments: windows.
        kind: of events.
        seed: that deals the works.

    Raises:
        CorpusError: an annotation cannot be read.
        MidiError: notes cannot be read.
    """
    of_piece = {piece: kind.times_s(piece) for piece in dict.fromkeys(segment.piece for segment in segments)}
    known = np.array([of_piece[segment.piece] is not None for segment in segments], bool)
    cut = [_cut(times, segment) for segment in segments if (times := of_piece[segment.piece]) is not None]
    groups = np.array([segment.piece.group for segment, is_known in zip(segments, known, strict=True) if is_known])
    works, n_events = len(set(groups.tolist())), sum(map(len, cut))
    reason = ""
    if works < 2:
        reason = f"{works} of the works have annotations of them; expected 2 or more, to choose on one half and test on the other"
    elif not n_events:
        reason = "there is none in these windows"
    n_tested = 0 if reason else int(is_tested(groups, seed).sum())
    row = EventRow(kind.name, kind.tolerance_s, len(cut), n_tested, works, n_events, reason)
    return WindowEvents(kind, known, cut, groups, row)


def _cut(times_s: Float64[ndarray, " events"], segment: Segment) -> Float64[ndarray, " inside"]:
    within = times_s - segment.start_s
    return within[(within >= 0) & (within < segment.duration_s)]
