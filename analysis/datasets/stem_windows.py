"""Windows in which two or more stems of a recording sound: what can be asked of stems that belong together."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from analysis.datasets.piece import Piece
from analysis.datasets.segments import WINDOW_S, Segment, list_segments

FEWEST_STEMS = 2


@dataclass(frozen=True)
class StemWindow:
    """A window, and the names of the stems that sound in it, two or more."""

    segment: Segment
    sounding: tuple[str, ...]


@dataclass(frozen=True)
class StemWindows:
    """Windows that can be used, and what was left out.

    Attributes:
        windows: in which two or more stems sound.
        n_silent_stems: stems that are silent in a window, counted over all windows that were looked at.
        n_too_quiet: windows left out because fewer than two stems sound in them.
        n_without: recordings left out because they have fewer than two stems.
    """

    windows: tuple[StemWindow, ...]
    n_silent_stems: int
    n_too_quiet: int
    n_without: int


def list_stem_windows(
    pieces: Iterable[Piece],
    *,
    sample_rate: int,
    max_per_piece: int | None = None,
    window_s: float = WINDOW_S,
    step: Callable[[int, int, str], None] | None = None,
) -> StemWindows:
    """Windows of `window_s` every second, at most `max_per_piece` spread evenly over a recording, in which two stems sound.

    A stem sounds in a window where its RMS there is −60 dB of full scale or more. Every stem of every window is read.

    Args:
        pieces: recordings, of which those with fewer than two stems are left out.
        sample_rate: at which stems are read, in Hz.
        max_per_piece: windows of a recording that are looked at; None for all.
        window_s: length of a window in seconds.
        step: told (recordings read, recordings, title); it may raise to stop.

    Raises:
        AudioError: a stem cannot be read.
    """
    given = tuple(pieces)
    several = [piece for piece in given if len(piece.stems) >= FEWEST_STEMS]
    looked: list[StemWindow] = []
    for number, piece in enumerate(several):
        if step:
            step(number, len(several), f"{piece.title}: reading stems")
        segments = list_segments([piece], max_per_piece=max_per_piece, min_notes=0, window_s=window_s)
        looked += [StemWindow(segment, segment.sounding(sample_rate)) for segment in segments]
    kept = tuple(window for window in looked if len(window.sounding) >= FEWEST_STEMS)
    n_silent = sum(len(window.segment.piece.stems) - len(window.sounding) for window in looked)
    return StemWindows(kept, n_silent, len(looked) - len(kept), len(given) - len(several))
