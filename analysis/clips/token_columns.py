"""Tokens over time: those that share a moment, such as the bands of one frame, as one column."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.models.tower import TokenAxis


@dataclass(frozen=True)
class Columns:
    """Moments of the tokens that have one.

    Attributes:
        times_s: rising, in seconds from the window's start.
        of_token: number of the moment of every token that has one.
        bands_hz: lowest and highest frequency of the tokens of one moment, from low to high; () where tokens have no bands.
    """

    times_s: Float[ndarray, " columns"]
    of_token: Int[ndarray, " tokens"]
    bands_hz: tuple[tuple[float, float], ...] = ()

    @property
    def sizes(self) -> Int[ndarray, " columns"]:
        """Tokens of every moment."""
        return np.bincount(self.of_token, minlength=len(self.times_s))


def columns_of(axis: TokenAxis) -> Columns:
    """The moments of an axis that all windows share: its tokens one by one, or grouped where they have bands.

    Raises:
        ShapeError: windows have times of their own.

    >>> axis = TokenAxis("patch", np.array([0.0, 0.0, 0.5, 0.5]), np.array([[0, 1], [1, 2], [0, 1], [1, 2]]), special=1)
    >>> columns_of(axis).times_s, columns_of(axis).of_token, columns_of(axis).bands_hz
    (array([0. , 0.5]), array([0, 0, 1, 1]), ((0.0, 1.0), (1.0, 2.0)))
    """
    times_s = np.asarray(axis.times_s, np.float64)
    if times_s.ndim != 1:
        raise ShapeError(f"Expected tokens whose times all windows share; got times of shape {times_s.shape}.")
    if axis.bands_hz is None:
        return Columns(times_s, np.arange(len(times_s)))
    moments, of_token = np.unique(times_s, return_inverse=True)
    bands = np.unique(np.asarray(axis.bands_hz, np.float64), axis=0)
    return Columns(moments, of_token.astype(np.int64), tuple((low, high) for low, high in bands.tolist()))


def band_numbers(axis: TokenAxis) -> Int[ndarray, " tokens"]:
    """Number of the band of every token that has a time, 0 for the lowest.

    Raises:
        ShapeError: tokens have no bands.
    """
    if axis.bands_hz is None:
        raise ShapeError(f"A {axis.kind} has all frequencies; expected tokens with bands.")
    bands = columns_of(axis).bands_hz
    return np.array([bands.index((float(low), float(high))) for low, high in np.asarray(axis.bands_hz)])
