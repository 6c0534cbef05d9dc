"""Rollout of the attention of a tower in a window, as far as the same tokens go through its blocks."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from numpy import ndarray

from analysis.measures.rollout import rollout
from analysis.models.patterns import attention_patterns
from analysis.models.tower import AttentionPlace, SegmentLike, TokenAxis, Tower


@dataclass(frozen=True, eq=False)
class Rollout:
    """Rollout of one window.

    Attributes:
        layers: numbers of the blocks.
        axis: tokens of rows and of columns; None where rollout does not apply.
        rolled: after every block; rows are its tokens, columns the input of block 1.
        notice: what is left out, or why there is none; "" where all attention is in it.
    """

    layers: tuple[int, ...]
    axis: TokenAxis | None
    rolled: Float64[ndarray, "layers tokens tokens"]
    notice: str

    @property
    def sources(self) -> Float64[ndarray, "layers tokens"]:
        """Share of every token of the input after every block, mean over its tokens with a time."""
        first = 0 if self.axis is None else self.axis.special
        return self.rolled[:, first:].sum(axis=1) / max(self.rolled.shape[1] - first, 1)


@torch.no_grad()
def roll_out(tower: Tower, segment: SegmentLike, device: torch.device | str = "cpu") -> Rollout:
    """Rollout over the blocks of a tower in one window.

    Args:
        tower: of a model in evaluation.
        segment: the window.
        device: of the model.
    """
    if not tower.attends:
        return _none(f"The tower {tower.name} does not attend, so there is nothing to roll out.")
    blocks: list[tuple[AttentionPlace, ndarray]] = []
    notices = []
    for attention, pattern in attention_patterns(tower, tower.collate([segment]).to(device)):
        if attention.layer == 0 or not _same(attention.query, attention.key):
            notices.append(_left_out(attention))
        else:
            blocks.append((attention, pattern[0].detach().double().cpu().numpy()))
    if not blocks or any(not _same(attention.query, blocks[0][0].query) for attention, _ in blocks):
        other = "Other tokens go from block to block, so that rollout does not apply here."
        return _none(" ".join([*notices, other]))
    layers = tuple(attention.layer for attention, _ in blocks)
    return Rollout(layers, blocks[0][0].query, rollout([pattern for _, pattern in blocks]), " ".join(notices))


def apart(rolled: Rollout, twin: Rollout) -> Float64[ndarray, " layers"]:
    """How far the sources after every block are from those of the untrained twin: half the sum of differences, 0 to 1."""
    return np.abs(rolled.sources - twin.sources).sum(axis=1) / 2


def _left_out(attention: AttentionPlace) -> str:
    query, key = attention.query.kind, attention.key.kind
    return f"{attention.title} is left out: {query}s look at {key}s there, which do not go through the blocks themselves."


def _same(first: TokenAxis, other: TokenAxis) -> bool:
    return (first.kind, first.n, first.special) == (other.kind, other.n, other.special)


def _none(notice: str) -> Rollout:
    return Rollout((), None, np.zeros((0, 0, 0)), notice)
