"""Cross-attention: tokens attend to the descriptor, and keep what they were beside what they find.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.5; residual, then LayerNorm.
"""

from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.injection import Drawn, Injection, TowerSizes
from analysis.models.transformer import MultiHeadAttention


class Cross(Injection):
    """CNN frames ask, the frames of the descriptor answer."""

    kind, title = "cross", "cross-attention"
    reads = ("audio",)

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.source = self.part("source", nn.Linear(width, sizes.d_model))
        self.asked = self.part("attention", MultiHeadAttention(sizes.d_model, sizes.n_heads, sizes.attention_dropout))
        self.norm = self.part("norm", nn.LayerNorm(sizes.d_model))

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        return self.norm(tokens + self.asked(tokens, self.source(descriptor)))

    @property
    def attention(self) -> nn.Module:
        return self.asked

    def taps(self) -> dict[str, nn.Module]:
        return {"attention": self.asked}

    @classmethod
    def crossing(cls, tokens: Axis, descriptor: Axis) -> tuple[Axis, Axis]:
        return tokens, descriptor

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        return Drawn(f"cross-attention to {self.descriptor.name}", asking(tokens, descriptor, self.asked.n_heads))


def asking(queries: Axis, keys: Axis, n_heads: int) -> tuple[str, str]:
    """Who attends to whom, and how, in words."""
    return f"{queries.n:,} {queries.unit}s ask {keys.n:,} {keys.unit}s", f"{n_heads} heads, residual, layer norm"


INJECTION = Cross
