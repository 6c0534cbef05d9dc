"""Reverse cross-attention: the descriptor attends to the tokens, and its frames go on in their place.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.5; learned positions, the residual is the query, then LayerNorm.
"""

import torch
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.cross import asking
from analysis.models.injections.injection import Drawn, Injection, TowerSizes
from analysis.models.transformer import MultiHeadAttention


class Reverse(Injection):
    """The frames of the descriptor ask, CNN frames answer."""

    kind, title = "reverse", "reverse cross-attention"
    reads = ("audio",)

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.query = self.part("query", nn.Linear(width, sizes.d_model))
        positions = nn.init.normal_(torch.empty(sizes.max_frames, sizes.d_model), std=0.02)
        self.positions = self.part("positions", nn.Parameter(positions))
        self.asked = self.part("attention", MultiHeadAttention(sizes.d_model, sizes.n_heads, sizes.attention_dropout))
        self.norm = self.part("norm", nn.LayerNorm(sizes.d_model))

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        query = self.query(descriptor) + self.positions[: descriptor.shape[1]]
        return self.norm(query + self.asked(query, tokens))

    @property
    def attention(self) -> nn.Module:
        return self.asked

    def taps(self) -> dict[str, nn.Module]:
        return {"attention": self.asked}

    @classmethod
    def stream(cls, tokens: Axis, descriptor: Axis) -> Axis:
        del tokens
        return descriptor

    @classmethod
    def crossing(cls, tokens: Axis, descriptor: Axis) -> tuple[Axis, Axis]:
        return descriptor, tokens

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        return Drawn("reverse cross-attention", asking(descriptor, tokens, self.asked.n_heads))


INJECTION = Reverse
