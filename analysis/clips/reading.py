"""What a tower does with one recording, as the store keeps it: attention and hidden states, summed window by window."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.attention_span import AttentionSpan, LayerUse
from analysis.clips.clock import Clock
from analysis.clips.token_columns import Columns, band_numbers, columns_of
from analysis.errors import ShapeError
from analysis.models.tower import TokenAxis


@dataclass(frozen=True)
class LayerReading:
    """What one layer attended to.

    Attributes:
        layer: blocks count from 1; 0 is a cross-attention before them.
        title: as a control calls it.
        n_heads: heads.
        query, key: positions of rows and columns within a window.
        use: sums over the queries.
    """

    layer: int
    title: str
    n_heads: int
    query: TokenAxis
    key: TokenAxis
    use: LayerUse

    @cached_property
    def queries(self) -> Columns:
        """Moments of the rows."""
        return columns_of(self.query)

    @cached_property
    def keys(self) -> Columns:
        """Moments of the columns."""
        return columns_of(self.key)


@dataclass(frozen=True)
class StateReading:
    """Hidden states at a tap, as means over cells: runs of moments, those of windows that overlap taken once.

    Attributes:
        tap: its name.
        title: as a control calls it.
        times_s: middles of the cells, in seconds from the start of the recording.
        cells: one row per cell.
        per_cell: moments of a cell.
    """

    tap: str
    title: str
    times_s: Float[ndarray, " cells"]
    cells: Float[ndarray, "cells width"]
    per_cell: int


@dataclass(frozen=True)
class ClipReading:
    """What a tower did over a whole recording; no model is kept.

    Attributes:
        clock: its windows.
        tower: name of the tower.
        layers: every place where it attends, in order; () for a tower that does not.
        states: input of the first block, and output of every block.
        seconds: that reading took.
        device: on which it was read.
    """

    clock: Clock
    tower: str
    layers: tuple[LayerReading, ...]
    states: tuple[StateReading, ...]
    seconds: float
    device: str = "cpu"

    @property
    def numbers(self) -> tuple[int, ...]:
        """Layers whose attention was read."""
        return tuple(layer.layer for layer in self.layers)

    def layer(self, number: int) -> LayerReading:
        """One of them.

        Raises:
            ShapeError: there is no such layer.
        """
        for layer in self.layers:
            if layer.layer == number:
                return layer
        expected = f"expected {listed(self.numbers)}" if self.layers else "this tower does not attend"
        raise ShapeError(f"There is no layer {number}: {expected}.")

    def received(self, number: int, head: int | None = None) -> tuple[Float[ndarray, " times"], Float[ndarray, " times"]]:
        """Attention received by every moment, mean over queries, share of 1 within its window; over the recording.

        Moments that several windows hear are those of the window they belong to; keys of one moment are added up.

        Raises:
            ShapeError: there is no such layer.
        """
        layer = self.layer(number)
        columns = layer.keys
        share = layer.use.share(head)[:, layer.key.special :]
        by_moment = np.zeros((len(share), len(columns.times_s)), share.dtype)
        np.add.at(by_moment.T, columns.of_token, share.T)
        belonging = self.clock.belonging(columns.times_s)
        return self.clock.times_s(columns.times_s)[belonging], by_moment[belonging]

    def received_by_band(
        self, number: int, head: int | None = None
    ) -> tuple[Float[ndarray, " times"], Float[ndarray, "bands times"]]:
        """Attention received by every token of a grid over time and frequency, as `received`; band 0 is the lowest.

        Raises:
            ShapeError: there is no such layer, or its keys have no bands.
        """
        layer = self.layer(number)
        columns, bands = layer.keys, band_numbers(layer.key)
        share = layer.use.share(head)[:, layer.key.special :]
        grid = np.zeros((len(share), len(columns.bands_hz), len(columns.times_s)), share.dtype)
        grid[:, bands, columns.of_token] = share
        belonging = self.clock.belonging(columns.times_s)
        return self.clock.times_s(columns.times_s)[belonging], grid.transpose(1, 0, 2)[:, belonging]

    def spread(self, number: int, head: int | None = None) -> AttentionSpan:
        """How widely queries spread their attention.

        Raises:
            ShapeError: there is no such layer.
        """
        return self.layer(number).use.spread(head)

    def self_similarity(self, state: int) -> tuple[Float[ndarray, " cells"], Float[ndarray, "cells cells"]]:
        """Cosine similarity between moments of the recording at a state (0 = input of the first block), of means over cells.

        Raises:
            ShapeError: there is no such state, or a cell is exactly zero.
        """
        if not 0 <= state < len(self.states):
            raise ShapeError(f"There is no state {state}: expected 0 to {len(self.states) - 1}.")
        read = self.states[state]
        norms = np.linalg.norm(read.cells, axis=1, keepdims=True)
        if not norms.all():
            raise ShapeError("A token is exactly zero, so its cosine similarity is undefined. Choose another layer.")
        unit = read.cells / norms
        return read.times_s, unit @ unit.T


def listed(numbers: Sequence[int]) -> str:
    """Layers in words.

    >>> listed((0, 1, 2, 3)), listed((1,)), listed((2, 4))
    ('0 to 3', '1', '2, 4')
    """
    if len(numbers) > 1 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))
