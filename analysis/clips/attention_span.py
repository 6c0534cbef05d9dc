"""How widely a layer's heads spread their attention over a clip, and what each token receives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy import ndarray
from torch import Tensor

from analysis.measures.attention import attention_entropy
from analysis.models.patterns import AttentionInput


@dataclass(frozen=True)
class AttentionSpan:
    """Effective number of keys per query: mean over the queries of a clip, lowest and highest mean of a window."""

    effective: float
    low: float
    high: float
    entropy_bits: float
    n_keys: int
    n_queries: int
    n_windows: int


@dataclass(frozen=True)
class LayerUse:
    """Sums over the queries inside the clip, by window; row 0 is the mean pattern of all heads, then come the heads."""

    received: Float[ndarray, "windows rows keys"]
    effective: Float[ndarray, "windows rows"]
    entropy_bits: Float[ndarray, "windows rows"]
    n_queries: Int[ndarray, " windows"]

    def share(self, head: int | None) -> Float[ndarray, "windows keys"]:
        """Attention each key receives, mean over the queries of its window: a window's keys share 1."""
        return self.received[:, head or 0] / self.n_queries[:, None].astype(np.float32)

    def spread(self, head: int | None) -> AttentionSpan:
        """How widely a head (from 1; None = the mean of all) spreads its queries."""
        n = int(self.n_queries.sum())
        by_window = self.effective[:, head or 0] / self.n_queries
        return AttentionSpan(
            float(self.effective[:, head or 0].sum() / n),
            float(by_window.min()),
            float(by_window.max()),
            float(self.entropy_bits[:, head or 0].sum() / n),
            self.received.shape[-1],
            n,
            len(self.n_queries),
        )


@torch.no_grad()
def use_of(given: AttentionInput, inside: Bool[Tensor, "windows queries"], check: Callable[[], None] | None = None) -> LayerUse:
    """Read one layer in blocks of queries, before each of which `check` may raise; queries not `inside` the clip do not count."""
    n_windows, n_keys = given.source.shape[:2]
    n_rows = given.module.n_heads + 1
    received = torch.zeros(n_windows, n_rows, n_keys)
    effective, bits = (torch.zeros(n_windows, n_rows, dtype=torch.float64) for _ in range(2))
    for rows, block in given.blocks():
        if check is not None:
            check()
        counts = inside[:, rows].to(block)
        for part, heads in ((block.mean(dim=1, keepdim=True), slice(0, 1)), (block, slice(1, None))):
            entropy = attention_entropy(part)
            received[:, heads] += torch.einsum("whqk,wq->whk", part, counts).cpu()
            effective[:, heads] += torch.einsum("whq,wq->wh", entropy.exp2(), counts).cpu()
            bits[:, heads] += torch.einsum("whq,wq->wh", entropy, counts).cpu()
    return LayerUse(received.numpy(), effective.numpy(), bits.numpy(), inside.sum(dim=1).cpu().numpy())


def join(parts: list[LayerUse]) -> LayerUse:
    """The same layer over further windows."""
    fields = ("received", "effective", "entropy_bits", "n_queries")
    return LayerUse(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def headline(layer: str, head: int | None, n_heads: int, key_kind: str, trained: AttentionSpan, untrained: AttentionSpan) -> str:
    """How concentrated a head of a layer, by its name, is, beside its untrained twin and uniform attention."""
    who = f"{layer}, {f'mean of {n_heads} heads,' if head is None else f'head {head}'}"
    windows = "1 window" if trained.n_windows == 1 else f"{trained.n_windows} windows"
    sentence = (
        f"{who} spreads each query over {in_digits(trained.effective)} of {trained.n_keys:,} {key_kind}s "
        f"(untrained twin: {in_digits(untrained.effective)}; uniform: {trained.n_keys:,}; "
        f"n = {trained.n_queries:,} queries in {windows})."
    )
    if trained.n_windows > 1 and untrained.low <= trained.effective <= untrained.high:
        span = f"{in_digits(untrained.low)} to {in_digits(untrained.high)}"
        return f"{sentence} Not distinguishable from the twin, whose windows range from {span}."
    return sentence


def in_digits(value: float) -> str:
    """Three significant digits, or all those before the point.

    >>> in_digits(41.26), in_digits(2234.5)
    ('41.3', '2,234')
    """
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
