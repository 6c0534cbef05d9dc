"""Pictures of a recording as bytes: 256 levels between two ends, in pieces over time, from coarse to fine."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    starts = np.arange(0, columns, COARSER)
    if largest:
        joined = np.maximum.reduceat(piece.levels, starts, axis=1)
    else:
        sizes = np.diff(np.append(starts, columns))
        joined = np.round(np.add.reduceat(piece.levels, starts, axis=1, dtype=np.float64) / sizes).astype(np.uint8)
    # equal columns: the last group is drawn as wide as the others, so the stretch grows by what it lacks
    longer = len(starts) * COARSER / columns
    return Piece(piece.start_s, piece.start_s + (piece.end_s - piece.start_s) * longer, joined, piece.rows_s)
