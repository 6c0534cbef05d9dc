"""Transformer blocks whose attention pattern can be asked for.

Attention runs in the fused kernel. Dropout sits on the residual branches, inside the feed-forward layer and, at a rate of its
own, on the attention pattern: with that the CPU leaves the fused kernel in training, and a step takes 1.6 times as long.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention, with projections named and counted as in `nn.MultiheadAttention`."""

    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.n_heads, self.dropout = n_heads, dropout
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * d_model, d_model)))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * d_model))
        self.out_proj = nn.Linear(d_model, d_model)
        nn.init.zeros_(self.out_proj.bias)

    def forward(
        self,
        query: Float[Tensor, "batch queries d_model"],
        source: Float[Tensor, "batch keys d_model"],
        key_mask: Bool[Tensor, "batch keys"] | None = None,
    ) -> Float[Tensor, "batch queries d_model"]:
        """Attend from `query` to `source`; `key_mask` is True where a key exists."""
        q, k, v = self.project(query, source)
        mask = None if key_mask is None else key_mask[:, None, None, :]
        dropout = self.dropout if self.training else 0.0
        if q.device.type == "cpu":  # there the fused kernel takes half the time in fp32 that it takes in bf16
            with torch.autocast("cpu", enabled=False):
                out = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), mask, dropout).to(q.dtype)
        else:
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout)
        return self.out_proj(out.transpose(1, 2).flatten(2))

    def pattern(
        self,
        query: Float[Tensor, "batch queries d_model"],
        source: Float[Tensor, "batch keys d_model"],
        key_mask: Bool[Tensor, "batch keys"] | None = None,
    ) -> Float[Tensor, "batch heads queries keys"]:
        """Attention pattern, softmax(qkᵀ/√d_head): every row sums to 1."""
        q, k, _ = self.project(query, source)
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        if key_mask is not None:
            scores = scores.masked_fill(~key_mask[:, None, None, :], float("-inf"))
        return scores.float().softmax(dim=-1)

    def project(
        self, query: Float[Tensor, "batch queries d_model"], source: Float[Tensor, "batch keys d_model"]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of all heads, `(batch, heads, tokens, width)` each."""
        wq, wk, wv = self.in_proj_weight.chunk(3)
        bq, bk, bv = self.in_proj_bias.chunk(3)
        rows = ((query, wq, bq), (source, wk, bk), (source, wv, bv))
        q, k, v = (F.linear(x, w, b).unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for x, w, b in rows)
        return q, k, v


class Block(nn.Module):
    """One transformer layer, normalised after (audio) or before (MIDI) each branch; GELU."""

    def __init__(
        self, d_model: int, n_heads: int, d_ff: int, dropout: float, attention_dropout: float = 0.0, *, norm_first: bool
    ) -> None:
        super().__init__()
        self.norm_first = norm_first
        self.self_attn = MultiHeadAttention(d_model, n_heads, attention_dropout)
        self.linear1 = nn.Linear(d_model, d_ff)
        self.linear2 = nn.Linear(d_ff, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens d_model"], key_mask: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """Attention, then feed-forward, each with a residual."""
        if self.norm_first:
            normed = self.norm1(x)
            x = x + self.dropout(self.self_attn(normed, normed, key_mask))
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(x + self.dropout(self.self_attn(x, x, key_mask)))
        return self.norm2(x + self._feed_forward(x))

    def pattern(
        self, x: Float[Tensor, "batch tokens d_model"], key_mask: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch heads tokens tokens"]:
        """Attention pattern this block computes on the input `x`."""
        source = self.norm1(x) if self.norm_first else x
        return self.self_attn.pattern(source, source, key_mask)

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.linear2(self.dropout(F.gelu(self.linear1(x)))))


def sinusoids(n_positions: int, d_model: int, device: torch.device) -> Float[Tensor, "positions d_model"]:
    """Fixed positional encoding of Vaswani et al. 2017, section 3.5."""
    position = torch.arange(n_positions, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, d_model, 2, device=device) * (-math.log(10_000.0) / d_model))
    return torch.stack([(position * rate).sin(), (position * rate).cos()], dim=-1).flatten(1)
