"""Attention patterns, read with hooks: of any tower, and of the audio encoder of a dual encoder block by block of queries."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.audio_encoder import AudioEncoder
from analysis.models.dual_towers import attention_modules
from analysis.models.taps import own_hooks
from analysis.models.tokens import CROSS as CROSS
from analysis.models.tower import AttentionPlace, B, Inputs, Tower
from analysis.models.transformer import MultiHeadAttention

BLOCK_ELEMENTS = 4_000_000  # 16 MB: faster than larger blocks; all of 8 heads × 2,400² would be 184 MB


@dataclass(frozen=True)
class AttentionInput:
    """What one attention module was given: it attends from `query` to `source`."""

    module: MultiHeadAttention
    query: Float[Tensor, "batch queries d_model"]
    source: Float[Tensor, "batch keys d_model"]

    def blocks(self, elements: int = BLOCK_ELEMENTS) -> Iterator[tuple[slice, Float[Tensor, "batch heads rows keys"]]]:
        """The pattern in runs of queries of at most `elements` numbers (or one query), each with its attention."""
        q, k, _ = self.module.project(self.query, self.source)
        return blocks_of(q, k, elements)

    def pattern(self, head: int | None) -> Float[Tensor, "batch queries keys"]:
        """The pattern of a head counted from 0; of None, the mean over heads, without holding all heads at once."""
        parts = [block.mean(dim=1) if head is None else block[:, head].clone() for _, block in self.blocks()]
        return torch.cat(parts, dim=1)


def blocks_of(
    q: Float[Tensor, "batch heads queries width"], k: Float[Tensor, "batch heads keys width"], elements: int = BLOCK_ELEMENTS
) -> Iterator[tuple[slice, Float[Tensor, "batch heads rows keys"]]]:
    """softmax(qkᵀ/√width) in runs of queries of at most `elements` numbers (or one query), each with its attention."""
    n_queries, per_query = q.shape[2], k.shape[0] * k.shape[1] * k.shape[2]
    step = max(1, elements // per_query)
    keys = k.transpose(-1, -2) / q.shape[-1] ** 0.5
    for start in range(0, n_queries, step):
        rows = slice(start, min(start + step, n_queries))
        yield rows, (q[:, :, rows] @ keys).float().softmax(dim=-1)


@runtime_checkable
class InHeads(Protocol):
    """A module whose pattern is softmax(qkᵀ/√width) and can be had in parts."""

    def heads(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Queries and keys `(batch, heads, tokens, width)` of what the module is given."""
        ...


Blocks = Iterable[tuple[slice, Float[Tensor, "batch heads rows keys"]]]


def pattern_blocks(attention: AttentionPlace, inputs: Inputs) -> Blocks:
    """The pattern of a place in runs of queries, each with its rows; at once where its module cannot do it in parts.

    Args:
        attention: of a tower.
        inputs: that its module was given.
    """
    if isinstance(attention.module, MultiHeadAttention) and all(given is None for given in inputs[2:]):
        return AttentionInput(attention.module, *inputs[:2]).blocks()
    if isinstance(attention.module, InHeads):
        return blocks_of(*attention.module.heads(*inputs))
    pattern = attention.pattern(inputs).float()
    return ((slice(0, pattern.shape[2]), pattern),)


@torch.no_grad()
def attention_patterns(tower: Tower[B], batch: B) -> Iterator[tuple[AttentionPlace, Float[Tensor, "batch heads queries keys"]]]:
    """Patterns of every place where a tower attends, one place at a time; one pass is made.

    Args:
        tower: of any model.
        batch: on the device of the model.
    """
    for attention, inputs in _given(tower, batch):
        yield attention, attention.pattern(inputs)


@torch.no_grad()
def attention_blocks(tower: Tower[B], batch: B) -> Iterator[tuple[AttentionPlace, Blocks]]:
    """As `attention_patterns`, every pattern in runs of queries (`pattern_blocks`), so that no pattern is held as a whole."""
    for attention, inputs in _given(tower, batch):
        yield attention, pattern_blocks(attention, inputs)


def _given(tower: Tower[B], batch: B) -> Iterator[tuple[AttentionPlace, Inputs]]:
    """Every place where a tower attends, and what its module was given; one pass is made."""
    attentions, given = tower.attention(batch), {}
    with own_hooks(before=[(attention.module, given.__setitem__) for attention in attentions]):
        tower(batch)
    for attention in attentions:
        yield attention, given.pop(attention.module)


@torch.no_grad()
def read_attention(
    encoder: AudioEncoder, windows: Float[Tensor, "batch samples"]
) -> tuple[list[Float[Tensor, "batch tokens d_model"]], dict[int, AttentionInput]]:
    """Hidden states (input of block 1, then the output of every block), and what every attention module was given.

    Raises:
        ShapeError: the windows have another length than the encoder was built for.
    """
    modules = attention_modules(encoder)
    given: dict[nn.Module, tuple[Tensor, ...]] = {}
    with own_hooks(before=[(module, given.__setitem__) for module in modules.values()]):
        states = encoder.hidden_states(windows)
    return states, {layer: AttentionInput(module, *given[module][:2]) for layer, module in modules.items()}
