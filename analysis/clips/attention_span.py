"""How widely a layer's heads spread their attention over a clip, how far they look, and what each token receives."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray
from torch import Tensor

from analysis.clips.token_columns import columns_of
from analysis.measures.attention import attention_entropy
from analysis.models.patterns import Blocks
from analysis.models.tower import TokenAxis
from analysis.units import plural

LEVELS = 255


@dataclass(frozen=True)
class AttentionSpan:
    """Effective number of keys per query: mean over the queries of a clip, lowest and highest mean of a window; and how far.

    `distance_s` is the mean distance between query and key in seconds, weighted by attention, keys without a time left out;
    `special` is the share of attention that those receive.
    """

    effective: float
    low: float
    high: float
    entropy_bits: float
    n_keys: int
    n_queries: int
    n_windows: int
    distance_s: float = 0.0
    special: float = 0.0


@dataclass(frozen=True)
class LayerUse:
    """Sums over the queries of every window that have a time and lie inside the clip; row 0 is the mean pattern of all heads.

    Attributes:
        received: attention of every key, special ones first.
        effective: effective number of keys.
        entropy_bits: entropy.
        distance_s: distance in seconds between query and key, weighted by attention.
        special: share of attention on keys without a time.
        special_rows: not a sum: what every query without a time, such as a class token, attends to.
        thumbs: not a sum: every pattern as a small picture of the largest numbers, 255 being its own largest.
        tops: what 255 stands for.
        n_queries: how many there are.
    """

    received: Float[ndarray, "windows rows keys"]
    effective: Float[ndarray, "windows rows"]
    entropy_bits: Float[ndarray, "windows rows"]
    distance_s: Float[ndarray, "windows rows"]
    special: Float[ndarray, "windows rows"]
    special_rows: Float[ndarray, "windows rows specials keys"]
    thumbs: UInt8[ndarray, "windows rows side side2"]
    tops: Float[ndarray, "windows rows"]
    n_queries: Int[ndarray, " windows"]

    def share(self, head: int | None) -> Float[ndarray, "windows keys"]:
        """Attention each key receives, mean over the queries of its window: a window's keys share 1."""
        return self.received[:, head or 0] / self.n_queries[:, None].astype(np.float32)

    def spread(self, head: int | None) -> AttentionSpan:
        """How widely a head (from 1; None = the mean of all) spreads its queries."""
        n = int(self.n_queries.sum())
        by_window = self.effective[:, head or 0] / self.n_queries
        means = (float(sums[:, head or 0].sum() / n) for sums in (self.entropy_bits, self.distance_s, self.special))
        entropy_bits, distance_s, special = means
        return AttentionSpan(
            float(self.effective[:, head or 0].sum() / n), float(by_window.min()), float(by_window.max()), entropy_bits,
            self.received.shape[-1], n, len(self.n_queries), distance_s, special,
        )  # fmt: skip


@torch.no_grad()
def use_of(
    blocks: Blocks, query: TokenAxis, key: TokenAxis, inside: Bool[Tensor, "windows queries"], side: int,
    check: Callable[[], None] | None = None,
) -> LayerUse:  # fmt: skip
    """Read one layer in blocks of queries, before each of which `check` may raise.

    Args:
        blocks: its pattern in runs of queries, `(windows, heads, run, keys)` each.
        query: positions of the rows.
        key: positions of the columns.
        inside: which queries count; of those without a time none does.
        side: rows and columns of a small picture, at most.
        check: asked before every block.
    """
    away, sums, specials, pooled = distances_s(query, key), None, [], None
    for rows, block in blocks:
        if check is not None:
            check()
        both = torch.cat([block.mean(dim=1, keepdim=True), block], dim=1)  # row 0 is the mean of the heads
        if sums is None or pooled is None:
            sums, pooled = _Sums.empty(both.shape[0], both.shape[1], key), _Pooled(both, query, key, side)
        sums.add(both, inside[:, rows].to(both), away[rows].to(both), key.special)
        specials.append(both[:, :, : max(0, query.special - rows.start)].cpu())
        pooled.add(both, rows.start)
    if sums is None or pooled is None:
        raise ValueError("a layer has at least one query")
    thumbs, tops = pooled.levels()
    special_rows = torch.cat(specials, dim=2).numpy()
    return LayerUse(
        sums.received.numpy(), sums.effective.numpy(), sums.bits.numpy(), sums.distance_s.numpy(), sums.special.numpy(),
        special_rows, thumbs, tops, inside.sum(dim=1).cpu().numpy(),
    )  # fmt: skip


def distances_s(query: TokenAxis, key: TokenAxis) -> Float[Tensor, "queries keys"]:
    """Seconds between every query and every key; 0 where one of them has no time."""
    away = torch.zeros(query.n, key.n)
    times = (torch.from_numpy(np.asarray(axis.times_s, np.float32)) for axis in (query, key))
    rows, columns = times
    away[query.special :, key.special :] = (rows[:, None] - columns).abs()
    return away


@dataclass
class _Sums:
    """What is added up over blocks of queries."""

    received: Tensor
    effective: Tensor
    bits: Tensor
    distance_s: Tensor
    special: Tensor

    @classmethod
    def empty(cls, windows: int, rows: int, key: TokenAxis) -> "_Sums":
        scalars = (torch.zeros(windows, rows, dtype=torch.float64) for _ in range(4))
        return cls(torch.zeros(windows, rows, key.n), *scalars)

    def add(self, block: Tensor, counts: Tensor, away: Tensor, special: int) -> None:
        for part, heads in ((block[:, :1], slice(0, 1)), (block[:, 1:], slice(1, None))):
            entropy = attention_entropy(part)
            self.received[:, heads] += torch.einsum("whqk,wq->whk", part, counts).cpu()
            self.effective[:, heads] += torch.einsum("whq,wq->wh", entropy.exp2(), counts).cpu()
            self.bits[:, heads] += torch.einsum("whq,wq->wh", entropy, counts).cpu()
            timed = part[..., special:].sum(dim=-1)
            far = torch.einsum("whqk,qk->whq", part, away) / timed.clamp(min=torch.finfo(part.dtype).tiny)
            self.distance_s[:, heads] += torch.einsum("whq,wq->wh", far, counts).cpu()
            self.special[:, heads] += torch.einsum("whq,wq->wh", 1 - timed, counts).cpu()


class _Pooled:
    """Patterns over time as small pictures: the largest number of every run of queries and of keys; shares of keys of one moment,
    such as the bands of a frame, are added up first.
    """

    def __init__(self, block: Tensor, query: TokenAxis, key: TokenAxis, side: int) -> None:
        self.query, self.key = columns_of(query), columns_of(key)
        self.special = (query.special, key.special)
        self.runs = tuple(-(-len(columns.times_s) // side) for columns in (self.query, self.key))
        sizes = (-(-len(columns.times_s) // run) for columns, run in zip((self.query, self.key), self.runs, strict=True))
        self.largest = torch.zeros(*block.shape[:2], *sizes)

    def add(self, block: Tensor, start: int) -> None:
        first = max(self.special[0] - start, 0)
        rows = block[:, :, first:, self.special[1] :].cpu()
        if not rows.shape[2]:
            return
        over_keys = rows.new_zeros(*rows.shape[:3], len(self.key.times_s))
        over_keys.index_add_(3, torch.from_numpy(self.key.of_token), rows)
        number = torch.from_numpy(self.query.of_token)[start + first - self.special[0] :][: rows.shape[2]] // self.runs[0]
        width = self.largest.shape[3]
        padded = torch.nn.functional.pad(over_keys, (0, width * self.runs[1] - over_keys.shape[3]))
        pooled = padded.unflatten(3, (width, self.runs[1])).amax(dim=4)
        for run in number.unique():
            here = pooled[:, :, number == run].amax(dim=2)
            self.largest[:, :, run] = torch.maximum(self.largest[:, :, run], here)

    def levels(self) -> tuple[UInt8[ndarray, "windows rows side side2"], Float[ndarray, "windows rows"]]:
        tops = self.largest.amax(dim=(2, 3)).clamp(min=torch.finfo(self.largest.dtype).tiny)
        share = self.largest / tops[..., None, None]
        return torch.floor(share * LEVELS + 0.5).to(torch.uint8).numpy(), tops.numpy()


def join(parts: list[LayerUse]) -> LayerUse:
    """The same layer over further windows."""
    return LayerUse(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(LayerUse)))


def headline(
    layer: str, head: int | None, n_heads: int, key_kind: str, trained: AttentionSpan, untrained: AttentionSpan | None
) -> str:
    """How concentrated a head of a layer, by its name, is, beside its untrained twin (if that was read) and uniform attention."""
    who = f"{layer}, {f'mean of {n_heads} heads,' if head is None else f'head {head}'}"
    windows = "1 window" if trained.n_windows == 1 else f"{trained.n_windows} windows"
    twin = "yet to be read" if untrained is None else in_digits(untrained.effective)
    sentence = (
        f"{who} spreads each query over {in_digits(trained.effective)} of {trained.n_keys:,} {plural(key_kind)} "
        f"(untrained twin: {twin}; uniform: {trained.n_keys:,}; "
        f"n = {trained.n_queries:,} queries in {windows})."
    )
    if untrained is not None and trained.n_windows > 1 and untrained.low <= trained.effective <= untrained.high:
        span = f"{in_digits(untrained.low)} to {in_digits(untrained.high)}"
        return f"{sentence} Not distinguishable from the twin, whose windows range from {span}."
    return sentence


def in_digits(value: float) -> str:
    """Three significant digits, or all those before the point.

    >>> in_digits(41.26), in_digits(2234.5)
    ('41.3', '2,234')
    """
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
