"""Patterns of single windows, exactly."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.audio_tower import audio_tower
from analysis.clips.clock import clock_of
from analysis.clips.reading import LayerReading
from analysis.datasets.audio import Waveform
from analysis.errors import ShapeError
from analysis.models.patterns import pattern_blocks
from analysis.models.taps import own_hooks
from analysis.models.tower import AttentionPlace, Inputs, Model


class WindowPatterns:
    """Patterns of single windows, computed when asked for; what one window was given is kept until another is asked for.

    Args:
        model: whose audio tower reads.
        waveform: the recording.
        overlap: of its windows.
    """

    def __init__(self, model: Model, waveform: Waveform, overlap: str = "none") -> None:
        self.model, self.tower = model, audio_tower(model)
        self.clock = clock_of(waveform, self.tower.input, overlap)
        self.windows = self.clock.cut(waveform)
        self._read: tuple[int, Mapping[int, tuple[AttentionPlace, Inputs]]] | None = None

    def pattern(self, window: int, layer: int, head: int | None) -> Float[ndarray, "queries keys"]:
        """Attention of a window (from 0), a layer and a head (from 1; None = mean over heads), special tokens first.

        Raises:
            ShapeError: there is no such window, layer or head.
        """
        (pattern,) = self.patterns(window, layer, [head])
        return pattern

    @torch.no_grad()
    def patterns(self, window: int, layer: int, heads: Sequence[int | None]) -> list[Float[ndarray, "queries keys"]]:
        """As `pattern`, of several heads, which are computed together.

        Raises:
            ShapeError: there is no such window, layer or head.
        """
        if not 0 <= window < len(self.windows):
            raise ShapeError(f"There is no window {window}: expected 0 to {len(self.windows) - 1}.")
        attentions = self._attentions(window)
        if layer not in attentions:
            raise ShapeError(f"There is no layer {layer}: expected one of {', '.join(map(str, attentions))}.")
        attention, inputs = attentions[layer]
        if wrong := [head for head in heads if head is not None and not 1 <= head <= attention.n_heads]:
            raise ShapeError(f"There is no head {wrong[0]}: expected 1 to {attention.n_heads}.")
        rows: list[list[torch.Tensor]] = [[] for _ in heads]
        for _, block in pattern_blocks(attention, inputs):
            for head, of_head in zip(heads, rows, strict=True):
                of_head.append(block.mean(dim=1) if head is None else block[:, head - 1].clone())
        return [torch.cat(of_head, dim=1)[0].cpu().numpy() for of_head in rows]

    def _attentions(self, window: int) -> Mapping[int, tuple[AttentionPlace, Inputs]]:
        read = self._read  # another thread may put its window there at any time
        if read is None or read[0] != window:
            device = next(iter(self.model.parameters())).device
            batch = self.tower.collate([], torch.from_numpy(self.windows[window : window + 1]).to(device))
            attentions, given = self.tower.attention(batch), {}
            with own_hooks(before=[(attention.module, given.__setitem__) for attention in attentions]):
                self.tower(batch)
            self._read = read = window, {attention.layer: (attention, given[attention.module]) for attention in attentions}
        return read[1]


def over_time(pattern: Float[ndarray, "queries keys"], layer: LayerReading) -> Float[ndarray, "moments moments2"]:
    """A layer's pattern between moments: shares of the keys of one moment added up, rows of the queries of one moment averaged.

    Special tokens are left out, so that a row sums to less than 1 where they receive something.
    """
    rows, query, key = layer.queries, layer.query, layer.key
    if query.bands_hz is None and key.bands_hz is None:
        return pattern[query.special :, key.special :]
    by_key = over_time_of_rows(pattern[query.special :], layer)
    by_query = np.zeros((len(rows.times_s), by_key.shape[1]), pattern.dtype)
    np.add.at(by_query, rows.of_token, by_key)
    return by_query / rows.sizes[:, None].astype(pattern.dtype)


def over_time_of_rows(rows: Float[ndarray, "rows keys"], layer: LayerReading) -> Float[ndarray, "rows moments"]:
    """Shares of the keys of a layer with a time, those of one moment added up."""
    columns = layer.keys
    by_key = np.zeros((len(rows), len(columns.times_s)), rows.dtype)
    np.add.at(by_key.T, columns.of_token, rows[:, layer.key.special :].T)
    return by_key
