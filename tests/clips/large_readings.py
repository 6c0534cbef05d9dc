"""What a tower did with a recording, made up at any size: as if it had attended at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.attention_span import LayerUse
from analysis.clips.clock import Clock
from analysis.clips.read import MANY_WINDOWS, MAX_SIDE, SMALL_THUMB, THUMB
from analysis.clips.reading import ClipReading, LayerReading, StateReading
from analysis.clips.window_patterns import WindowPatterns
from analysis.models.tower import TokenAxis

RATE, WINDOW_S = 24_000, 4.0
BANDS = 8


@dataclass(frozen=True)
class Size:
    """Of a tower and of a recording."""

    seconds: float
    n_tokens: int
    n_layers: int = 4
    n_heads: int = 8
    width: int = 16
    bands: bool = False

    @property
    def clock(self) -> Clock:
        window = round(WINDOW_S * RATE)
        return Clock(round(self.seconds * RATE), RATE, window, window)

    @property
    def axis(self) -> TokenAxis:
        if not self.bands:
            return TokenAxis("CNN token", (np.arange(self.n_tokens) + 0.5) * WINDOW_S / self.n_tokens)
        frames = self.n_tokens // BANDS
        edges = np.linspace(0, RATE / 2, BANDS + 1)
        times_s = np.repeat((np.arange(frames) + 0.5) * WINDOW_S / frames, BANDS)
        return TokenAxis("patch", times_s, np.tile(np.stack([edges[:-1], edges[1:]], axis=1), (frames, 1)))


def a_large_reading(size: Size, seed: int) -> ClipReading:
    """Attention and hidden states of random numbers, of the shapes that such a tower gives."""
    rng, clock, axis = np.random.default_rng(seed), size.clock, size.axis
    side = THUMB if clock.n_windows <= MANY_WINDOWS else SMALL_THUMB
    layers = tuple(
        LayerReading(number, f"Layer {number}", size.n_heads, axis, axis, _use(rng, clock, axis, size.n_heads, side))
        for number in range(1, size.n_layers + 1)
    )
    moments = clock.times_s(np.unique(axis.times_s))[clock.belonging(np.unique(axis.times_s))]
    per_cell = -(-len(moments) // MAX_SIDE)
    times_s = moments[::per_cell]
    states = tuple(
        StateReading(f"audio.block.{n}", f"block {n}", times_s, rng.normal(size=(len(times_s), size.width)), per_cell)
        for n in range(size.n_layers + 1)
    )
    return ClipReading(clock, "audio", layers, states, 1.0)


def _use(rng: np.random.Generator, clock: Clock, axis: TokenAxis, n_heads: int, side: int) -> LayerUse:
    windows, rows, n = clock.n_windows, n_heads + 1, axis.n
    effective, bits, distance_s, special = (rng.uniform(1, 2, (windows, rows)) for _ in range(4))
    received = rng.uniform(0, 2, (windows, rows, n)).astype(np.float32)
    thumbs = rng.integers(0, 256, (windows, rows, side, side), np.uint8)
    tops = rng.uniform(0.1, 0.3, (windows, rows)).astype(np.float32)
    nothing, queries = np.zeros((windows, rows, 0, n), np.float32), np.full(windows, n)
    return LayerUse(received, effective, bits, distance_s, special, nothing, thumbs, tops, queries)


class RandomPatterns(WindowPatterns):
    """In place of patterns that a model computes."""

    def __init__(self, size: Size, seed: int) -> None:
        self.size, self.seed = size, seed

    def patterns(self, window: int, layer: int, heads: Sequence[int | None]) -> list[Float[ndarray, "queries keys"]]:
        n = self.size.n_tokens
        drawn = (np.random.default_rng([self.seed, window, layer, head or 0]) for head in heads)
        return [rng.uniform(0, 2 / n, (n, n)).astype(np.float32) for rng in drawn]
