"""Pictures of a recording as bytes: 256 levels between two ends, in pieces over time, from coarse to fine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray

from analysis.errors import ShapeError

LEVELS = 255
FEWEST_COLUMNS = 1024  # a coarser picture than this is of no use on any screen
COARSER = 4


@dataclass(frozen=True)
class Piece:
    """A picture over a stretch of the clip; row 0 is on top.

    Attributes:
        start_s: where its first column begins, in seconds from the start of the clip.
        end_s: where its last column ends.
        levels: 0 for the lower end of the range or what lies below it, 255 for the upper one.
        rows_s: where its bottom row begins and its top row ends, where the vertical axis is time too and that is another stretch
            than the horizontal one; None for the same.
        exact: the numbers that levels stand for, where they are kept: a reader may want one of them to more than a step.
    """

    start_s: float
    end_s: float
    levels: UInt8[ndarray, "rows columns"]
    rows_s: tuple[float, float] | None = None
    exact: Float[ndarray, "rows columns"] | None = None


def quantised(values: Float[ndarray, "rows columns"], low: float, high: float) -> UInt8[ndarray, "rows columns"]:
    """Levels of numbers: round(255 · (x - low) / (high - low)), what lies outside at its end; at most half a step off inside.

    Raises:
        ShapeError: the range is empty, or a number is not finite.

    >>> quantised(np.array([[-1.0, 0.0, 0.5, 2.0]]), 0.0, 1.0)
    array([[  0,   0, 128, 255]], dtype=uint8)
    """
    if not high > low:
        raise ShapeError(f"The range of a picture is [{low}, {high}]; expected its lower end first.")
    if not np.isfinite(values).all():
        raise ShapeError("A picture holds NaN or infinite numbers; expected finite ones.")
    share = (np.clip(values, low, high) - low) / (high - low)
    return np.floor(share * LEVELS + 0.5).astype(np.uint8)


def numbers_of(levels: UInt8[ndarray, "rows columns"], low: float, high: float) -> Float[ndarray, "rows columns"]:
    """The numbers that levels stand for."""
    return low + levels / LEVELS * (high - low)


def pyramid(pieces: Sequence[Piece], *, largest: bool) -> list[tuple[Piece, ...]]:
    """The pieces, then coarser ones, each of a quarter of the columns of the one before, while all together have over 1,024.

    A piece of fewer than four columns, such as the end of a window, stays as it is.

    Args:
        pieces: side by side.
        largest: whether a coarse column is the largest of those it stands for, which no bright cell escapes, or their mean.
    """
    steps = [tuple(pieces)]
    while sum(piece.levels.shape[1] for piece in steps[-1]) > FEWEST_COLUMNS and steps[-1][0].levels.shape[1] >= COARSER:
        steps.append(tuple(_coarser(piece, largest) for piece in steps[-1]))
    return steps


def _coarser(piece: Piece, largest: bool) -> Piece:
    """Columns joined by fours; a last group of fewer stays, and the picture ends where it did."""
    columns = piece.levels.shape[1]
    if columns < COARSER:
        return piece
    starts = np.arange(0, columns, COARSER)
    if largest:
        joined = np.maximum.reduceat(piece.levels, starts, axis=1)
    else:
        sizes = np.diff(np.append(starts, columns))
        joined = np.round(np.add.reduceat(piece.levels, starts, axis=1, dtype=np.float64) / sizes).astype(np.uint8)
    # equal columns: the last group is drawn as wide as the others, so the stretch grows by what it lacks
    longer = len(starts) * COARSER / columns
    return Piece(piece.start_s, piece.start_s + (piece.end_s - piece.start_s) * longer, joined, piece.rows_s)


def numbered(pieces: Sequence[Piece], pattern: Float[ndarray, "rows columns"], begin_s: float) -> list[Piece]:
    """Pieces that stand side by side, with their numbers in the picture of a window, which begins there (s).

    >>> piece = Piece(2.0, 4.0, np.zeros((1, 2), np.uint8))
    >>> numbered([piece], np.array([[0.1, 0.2, 0.3, 0.4]]), begin_s=0.0)[0].exact
    array([[0.3, 0.4]])
    """
    first = pieces[0]
    column = round((first.start_s - begin_s) / (first.end_s - first.start_s) * first.levels.shape[1])
    with_numbers: list[Piece] = []
    for piece in pieces:
        after = column + piece.levels.shape[1]
        with_numbers.append(replace(piece, exact=pattern[:, column:after]))
        column = after
    return with_numbers


def even_piece(
    times_s: Float[ndarray, " times"], levels: ndarray, whole_s: float = 1.0, join: int = 1, exact: ndarray | None = None
) -> Piece:
    """A picture whose columns stand around times at equal distances, each around `join` of them."""
    last = max(1, len(times_s) - 2)  # the very last may stand for less; windows may be a part of a step apart
    hop_s = float(times_s[last] - times_s[0]) / last if len(times_s) > 1 else whole_s
    begin_s = float(times_s[0]) - hop_s / 2
    return Piece(begin_s, begin_s + levels.shape[1] * join * hop_s, levels, exact=exact)
