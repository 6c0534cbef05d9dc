"""Windows of pieces: what an encoder hears and a retrieval pool holds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.datasets.midi import Notes
from analysis.datasets.piece import Piece
from analysis.datasets.stems import is_silent

WINDOW_S = 4.0
HOP_S = 1.0
GRID_S = 0.05


@dataclass(frozen=True)
class Segment:
    """The `duration_s` seconds of a piece that begin at `start_s`.

    `stems` names those of its stems whose mean is heard; where it is empty, the recording is.
    """

    piece: Piece
    start_s: float
    duration_s: float = WINDOW_S
    stems: tuple[str, ...] = ()

    def notes(self) -> Notes:
        """Notes of the piece that sound in the window, of whichever stem; times are those of the piece."""
        return self.piece.notes().overlapping(self.start_s, self.start_s + self.duration_s)

    def waveform(self, sample_rate: int, duration_s: float | None = None) -> NDArray[np.float32]:
        """Audio of the window, or of so many seconds from its start, mono at `sample_rate` Hz, shape `(samples,)`."""
        stop_s = self.start_s + (self.duration_s if duration_s is None else duration_s)
        if self.stems:
            return self.piece.mix(self.stems, self.start_s, stop_s, sample_rate)
        return self.piece.waveform(self.start_s, stop_s, sample_rate)

    def of_stems(self, *names: str) -> "Segment":
        """The same window of the mix of some stems, which is their mean.

        Raises:
            CorpusError: when it is read, if the piece has no stem of a name.
        """
        return replace(self, stems=names)

    def sounding(self, sample_rate: int) -> tuple[str, ...]:
        """Names of the piece's stems that are not silent in the window: their RMS there is −60 dB of full scale or more.

        Raises:
            AudioError: a stem cannot be read there.
        """
        return tuple(stem.name for stem in self.piece.stems if not is_silent(self.of_stems(stem.name).waveform(sample_rate)))


def list_segments(
    pieces: Iterable[Piece], *, max_per_piece: int | None = None, min_notes: int = 1, window_s: float = WINDOW_S
) -> list[Segment]:
    """Windows of `window_s` every `HOP_S`, wholly inside the audio, in which at least `min_notes` notes sound.

    With `min_notes` 0 no notes are read. Of a piece without a MIDI file nobody knows what sounds, so that all its windows are
    kept. Where a piece has more than `max_per_piece`, those kept are spread evenly over it.
    """
    segments: list[Segment] = []
    for piece in pieces:
        n_windows = int((piece.duration_s - window_s) // HOP_S) + 1
        windows = [Segment(piece, HOP_S * number, window_s) for number in range(max(0, n_windows))]
        unknown = min_notes < 1 or piece.midi_path is None
        kept = [window for window in windows if unknown or len(segment_notes(window)) >= min_notes]
        if max_per_piece is not None and len(kept) > max_per_piece:
            kept = [kept[index * len(kept) // max_per_piece] for index in range(max_per_piece)]
        segments += kept
    return segments


def drop_repeated(segments: Sequence[Segment]) -> list[Segment]:
    """Leave out every window whose notes (pitch, onset to the nearest 50 ms) are also those of another window.

    All copies go, because none of them could be told from the others. Windows without notes are not compared.
    """
    rolls = [None if segment.piece.midi_path is None else _roll(segment) for segment in segments]
    times = Counter(rolls)
    return [segment for segment, roll in zip(segments, rolls, strict=True) if roll is None or times[roll] == 1]


def segment_notes(segment: Segment) -> Notes:
    """Notes that sound in the window; times are those of the piece."""
    return segment.notes()


def segment_waveform(segment: Segment, sample_rate: int) -> NDArray[np.float32]:
    """Audio of the window, mono at `sample_rate` Hz, shape `(samples,)`."""
    return segment.waveform(sample_rate)


def _roll(segment: Segment) -> tuple[tuple[int, int], ...]:
    notes = segment_notes(segment)
    steps = np.round((notes.onset_s - segment.start_s) / GRID_S).astype(int)
    return tuple(sorted(zip(notes.pitch.tolist(), steps.tolist(), strict=True)))
