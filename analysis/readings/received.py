"""Attention that every moment of a window receives, head by head, without any pattern held as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray
from torch import Tensor

from analysis.measures.head_attention import join_moments
from analysis.models.patterns import Blocks, attention_blocks
from analysis.models.tower import AttentionPlace, Batch, Tower

From = Literal["tokens", "class token"]  # which queries attend: those with a time, or those without


@dataclass(frozen=True, eq=False)
class Received:
    """What the moments of one place receive in several windows.

    Attributes:
        attention: where tokens attend.
        sender: which queries attend.
        times_s: of the moments of every window, in seconds from its start, rising.
        share: mean over those queries of the attention that goes to a moment; what goes to special tokens is missing.
    """

    attention: AttentionPlace
    sender: From
    times_s: Float64[ndarray, "windows moments"]
    share: Float64[ndarray, "windows heads moments"]


@torch.no_grad()
def received_attention(tower: Tower, batch: Batch, n_windows: int) -> Iterator[Received]:
    """What every place of a tower gives its moments: from tokens with a time, then, if there are any, from special tokens.

    Args:
        tower: of a model in evaluation, whose windows have as many moments each.
        batch: on the device of the model, without padding.
        n_windows: in the batch.
    """
    for attention, blocks in attention_blocks(tower, batch):
        timed, special = _sums(blocks, attention.query.special)
        all_times = np.broadcast_to(attention.key.times_s, (n_windows, attention.key.times_s.shape[-1]))
        n_timed = attention.query.n - attention.query.special
        senders: list[tuple[From, Tensor | None, int]] = [
            ("tokens", timed, n_timed), ("class token", special, attention.query.special),
        ]  # fmt: skip
        for sender, total, n in senders:
            if total is not None and n:
                share = total[:, :, attention.key.special :].detach().double().cpu().numpy() / n
                yield Received(attention, sender, *_by_moment(share, all_times))


def _sums(
    blocks: Blocks, special: int
) -> tuple[Float[Tensor, "batch heads keys"] | None, Float[Tensor, "batch heads keys"] | None]:
    """Attention to every key, summed over queries with a time and over special ones, which come first."""
    timed: Tensor | None = None
    of_special: Tensor | None = None
    for rows, block in blocks:
        cut = min(max(special - rows.start, 0), block.shape[2])
        if cut:
            part = block[:, :, :cut].sum(dim=2)
            of_special = part if of_special is None else of_special + part
        if cut < block.shape[2]:
            part = block[:, :, cut:].sum(dim=2)
            timed = part if timed is None else timed + part
    return timed, of_special


def _by_moment(share: Float64[ndarray, "windows heads keys"], times_s: Sequence[ndarray] | ndarray) -> tuple[ndarray, ndarray]:
    joined = [join_moments(of_window, times, 1) for of_window, times in zip(share, times_s, strict=True)]
    return np.stack([moments.times_s for moments, _ in joined]), np.stack([values for _, values in joined])
