"""A recording read by a tower in one pass that keeps sums only, so that memory does not grow with the recording."""

import time
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from analysis.clips.attention_span import LayerUse, join, use_of
from analysis.clips.audio_tower import audio_tower
from analysis.clips.clock import Clock, clock_of
from analysis.clips.reading import ClipReading, LayerReading, StateReading
from analysis.clips.token_columns import Columns, columns_of
from analysis.datasets.audio import Waveform
from analysis.errors import CheckpointError
from analysis.models.patterns import pattern_blocks
from analysis.models.taps import capture, own_hooks
from analysis.models.tower import AttentionPlace, Inputs, Model, Tap, TokenAxis, Tower

Progress = Callable[[int, int], None]
Check = Callable[[], None]
TOKENS_AT_ONCE = 2400  # one window at paper scale, twelve of the small one
MAX_SIDE = 512  # cells of a self-similarity
THUMB, SMALL_THUMB, MANY_WINDOWS = 48, 24, 30  # sides of small pictures; the smaller ones where there are many windows


@torch.no_grad()
def read_clip(
    model: Model, waveform: Waveform, overlap: str = "none", progress: Progress | None = None, check: Check | None = None
) -> ClipReading:
    """Attention received, its spread and averaged hidden states of every layer.

    Args:
        model: whose audio tower reads.
        waveform: at the rate of the tower.
        overlap: of neighbouring windows, a name of `analysis.clips.clock.OVERLAPS`.
        progress: given (windows done, windows in all).
        check: called before every module and every block of a pattern, so that it can raise: a window may take seconds.

    Raises:
        ShapeError: the recording is at another rate, or no tower hears.
        ConfigError: there is no such overlap.
        CheckpointError: a hidden state is not finite.
    """
    began = time.perf_counter()
    tower = audio_tower(model)
    clock = clock_of(waveform, tower.input, overlap)
    windows = torch.from_numpy(clock.cut(waveform))
    run, done = _Pass(model, tower, clock, check), 0
    for batch in windows.split(run.batch_size):
        run.read(batch, done)
        done += len(batch)
        if progress is not None:
            progress(done, len(windows))
    device = str(next(iter(model.parameters())).device)
    return ClipReading(clock, tower.name, run.layers(), run.states(), time.perf_counter() - began, device)


class _Pass:
    """What one pass adds up."""

    def __init__(self, model: Model, tower: Tower, clock: Clock, check: Check | None) -> None:
        self.model, self.tower, self.clock, self.check = model, tower, clock, check
        self.device = next(iter(model.parameters())).device
        self.taps = [tap for tap in tower.taps() if tap.kind in ("input", "block")]
        self.attentions: dict[int, AttentionPlace] = {}
        self.uses: dict[int, list[LayerUse]] = {}
        self.cells: dict[str, _Cells] = {}
        self.side = THUMB if clock.n_windows <= MANY_WINDOWS else SMALL_THUMB

    @property
    def batch_size(self) -> int:
        """Windows read at once, decided by what one window turned into."""
        batch = self.tower.collate([], torch.zeros(1, self.clock.window, device=self.device))
        axes = [axis for tap in self.taps if (axis := self.tower.axis(tap.name, batch)) is not None]
        return max(1, TOKENS_AT_ONCE // max((axis.n for axis in axes), default=1))

    def read(self, windows: Float[Tensor, "windows samples"], first: int) -> None:
        batch = self.tower.collate([], windows.to(self.device))
        attentions, given = self.tower.attention(batch), {}
        modules = list(self.model.modules()) if self.check is not None else []
        with ExitStack() as stack:
            stack.enter_context(own_hooks(before=[(module, lambda *_: self._stop_if_wanted()) for module in modules]))
            stack.enter_context(own_hooks(before=[(attention.module, given.__setitem__) for attention in attentions]))
            states = stack.enter_context(capture(self.model, [tap.name for tap in self.taps]))
            self.tower(batch)
        for attention in attentions:
            self.add_use(attention, given.pop(attention.module), slice(first, first + len(windows)))
        for tap in self.taps:
            self.add_cells(tap, states.pop(tap.name), batch, first)

    def _stop_if_wanted(self) -> None:
        if self.check is not None:
            self.check()

    def add_use(self, attention: AttentionPlace, inputs: Inputs, windows: slice) -> None:
        timed = self.clock.inside(np.asarray(attention.query.times_s))[windows]
        inside = np.concatenate([np.zeros((len(timed), attention.query.special), bool), timed], axis=1)
        self.attentions.setdefault(attention.layer, attention)
        use = use_of(
            pattern_blocks(attention, inputs),
            attention.query,
            attention.key,
            torch.from_numpy(inside).to(self.device),
            self.side,
            self.check,
        )
        self.uses.setdefault(attention.layer, []).append(use)

    def add_cells(self, tap: Tap, state: Tensor, batch: object, first: int) -> None:
        axis = self.tower.axis(tap.name, batch)
        if axis is None or state.ndim != 3:
            return
        if tap.name not in self.cells:
            self.cells[tap.name] = _Cells(self.clock, axis, state.shape[2])
        self.cells[tap.name].add(state.float().cpu(), first)

    def layers(self) -> tuple[LayerReading, ...]:
        attentions = sorted(self.attentions.items())
        return tuple(LayerReading(n, p.title, p.n_heads, p.query, p.key, join(self.uses[n])) for n, p in attentions)

    def states(self) -> tuple[StateReading, ...]:
        return tuple(self.cells[tap.name].reading(tap) for tap in self.taps if tap.name in self.cells)


class _Cells:
    """Sums of the tokens of every cell, and how many they are."""

    def __init__(self, clock: Clock, axis: TokenAxis, width: int) -> None:
        self.special, self.columns = axis.special, columns_of(axis)
        self.belonging = torch.from_numpy(clock.belonging(self.columns.times_s))
        self.moments_s = clock.times_s(self.columns.times_s)[self.belonging.numpy()]
        self.per_cell = max(1, -(-len(self.moments_s) // MAX_SIDE))
        self.number = (self.belonging.flatten().cumsum(0) - 1).reshape(self.belonging.shape) // self.per_cell
        self.sums = torch.zeros(-(-len(self.moments_s) // self.per_cell), width)

    def add(self, state: Float[Tensor, "windows tokens width"], first: int) -> None:
        means = _by_moment(state[:, self.special :], self.columns)
        windows = slice(first, first + len(state))
        kept = self.belonging[windows]
        self.sums.index_add_(0, self.number[windows][kept], means[kept])

    def reading(self, tap: Tap) -> StateReading:
        if not self.sums.isfinite().all():
            raise CheckpointError("What this checkpoint computes from the recording is not finite; it cannot be examined.")
        starts = np.arange(0, len(self.moments_s), self.per_cell)
        sizes = np.diff(np.append(starts, len(self.moments_s)))
        times_s = np.add.reduceat(self.moments_s, starts) / sizes
        return StateReading(tap.name, tap.title, times_s, self.sums.numpy() / sizes[:, None].astype(np.float32), self.per_cell)


def _by_moment(state: Float[Tensor, "windows tokens width"], columns: Columns) -> Float[Tensor, "windows columns width"]:
    if len(columns.times_s) == len(columns.of_token):
        return state
    sums = state.new_zeros(len(state), len(columns.times_s), state.shape[2])
    sums.index_add_(1, torch.from_numpy(columns.of_token), state)
    return sums / torch.from_numpy(columns.sizes)[:, None].to(state)
