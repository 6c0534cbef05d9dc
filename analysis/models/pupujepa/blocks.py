"""Transformer blocks whose queries and keys turn with the time and the frequency of their patch.

Source: the released code of arXiv 2606.25713 builds on blocks of EVA with rotary positions (Su et al., arXiv 2104.09864) in two
dimensions: pre-norm, biases, a layer norm of the queries and keys of every head, SwiGLU feed-forward layers. Names of the
parameters are those of its weights.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

FINEST = 224.0  # half of this many half-turns over the grid is the fastest rotation
Turns = Float[Tensor, "*some tokens pairs 2"]  # of all windows alike, or of each


def turns_of(positions: Float[Tensor, "tokens 2"], head_width: int) -> Turns:
    """Cosine and sine of the angle of every pair of numbers of a head, for patches at some positions.

    Positions run from −1 to 1 over the grid, in time and in frequency. The angle of pair i is π · f_i · position, with
    f_i = 2^(i · log2(112) / (n − 1)) from 1 to 112, for the n = head_width / 4 pairs of time and again for those of frequency.

    >>> turns_of(torch.zeros(1, 2), 8)[0, :, 0].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    frequencies = 2 ** torch.linspace(0, math.log2(FINEST) - 1, head_width // 4, device=positions.device)
    angles = (math.pi * positions[..., None].float() * frequencies).flatten(-2)
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def positions_of(grid: tuple[int, int], device: torch.device) -> Float[Tensor, "tokens 2"]:
    """Time and frequency from −1 to 1 of every patch, all bands of one moment after the other; −1 where there is one band."""
    times, bands = (torch.linspace(-1.0, 1.0, n, device=device) for n in grid)
    return torch.stack(torch.meshgrid(times, bands, indexing="ij"), dim=-1).flatten(0, 1)


def gather_tokens(tokens: Float[Tensor, "batch tokens d"], index: Int[Tensor, "batch n"]) -> Float[Tensor, "batch n d"]:
    """Some tokens of every window."""
    return tokens.gather(1, index[..., None].expand(-1, -1, tokens.shape[-1]))


def rotate(heads: Float[Tensor, "batch heads tokens width"], turns: Turns) -> Float[Tensor, "batch heads tokens width"]:
    """Every pair of neighbouring numbers, turned by its angle: (a cos − b sin, b cos + a sin)."""
    cos, sin = (turns if turns.ndim == 3 else turns[:, None]).unbind(-1)
    first, second = heads.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([first * cos - second * sin, second * cos + first * sin], dim=-1).flatten(-2)


class RotaryAttention(nn.Module):
    """Scaled dot-product attention of tokens that turn with their patch."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.q_norm = nn.LayerNorm(d_model // n_heads)
        self.k_norm = nn.LayerNorm(d_model // n_heads)
        self.proj = nn.Linear(d_model, d_model)

    def forward(self, tokens: Float[Tensor, "batch tokens d_model"], turns: Turns) -> Float[Tensor, "batch tokens d_model"]:
        """Attend to all tokens that are given."""
        q, k = self.heads(tokens, turns)
        v = self._split(tokens, 2)
        if q.device.type == "cpu":  # the fused kernel is faster in fp32 there
            with torch.autocast("cpu", enabled=False):
                out = F.scaled_dot_product_attention(q, k, v.float()).to(v.dtype)
        else:
            out = F.scaled_dot_product_attention(q.to(v.dtype), k.to(v.dtype), v)
        return self.proj(out.transpose(1, 2).flatten(2))

    def heads(
        self, tokens: Float[Tensor, "batch tokens d_model"], turns: Turns
    ) -> tuple[Float[Tensor, "batch heads tokens width"], Float[Tensor, "batch heads tokens width"]]:
        """Queries and keys in fp32, normalised and turned."""
        q, k = self.q_norm(self._split(tokens, 0)), self.k_norm(self._split(tokens, 1))
        return rotate(q.float(), turns), rotate(k.float(), turns)

    def pattern(self, tokens: Float[Tensor, "batch tokens d_model"], turns: Turns) -> Float[Tensor, "batch heads tokens tokens2"]:
        """Attention pattern, softmax(qkᵀ/√width): every row sums to 1."""
        q, k = self.heads(tokens, turns)
        return (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(dim=-1)

    def _split(self, tokens: Tensor, which: int) -> Tensor:
        """Queries, keys or values by head."""
        weight, bias = self.qkv.weight.chunk(3)[which], self.qkv.bias.chunk(3)[which]
        return F.linear(tokens, weight, bias).unflatten(-1, (self.n_heads, -1)).transpose(1, 2)


class GatedLayer(nn.Module):
    """SwiGLU: W₂ (silu(W₁ x) ⊙ V x), with W₁ and V side by side."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(d_model, 2 * d_ff)
        self.fc2 = nn.Linear(d_ff, d_model)

    def forward(self, tokens: Float[Tensor, "batch tokens d_model"]) -> Float[Tensor, "batch tokens d_model"]:
        """Token by token."""
        gate, value = self.fc1(tokens).chunk(2, dim=-1)
        return self.fc2(F.silu(gate) * value)


class RotaryBlock(nn.Module):
    """Attention, then the gated layer, each after a layer norm and with a residual."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model)
        self.attn = RotaryAttention(d_model, n_heads)
        self.norm2 = nn.LayerNorm(d_model)
        self.mlp = GatedLayer(d_model, d_ff)

    def forward(self, tokens: Float[Tensor, "batch tokens d_model"], turns: Turns) -> Float[Tensor, "batch tokens d_model"]:
        """Tokens of any patches, with the turns of these."""
        tokens = tokens + self.attn(self.norm1(tokens), turns)
        return tokens + self.mlp(self.norm2(tokens))
