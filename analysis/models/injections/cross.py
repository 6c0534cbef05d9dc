"""Cross-attention: tokens attend to the descriptor, and keep what they were beside what they find.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.5; residual, then LayerNorm. The authors' code lets notes attend to
padding as well; here they do not.
"""

from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.injection import Drawn, Injection, TowerSizes, with_mask, without_mask
from analysis.models.transformer import MultiHeadAttention


class Cross(Injection):
    """CNN frames or notes ask, the positions of the descriptor answer."""

    kind, title = "cross", "cross-attention"

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.source = self.part("source", nn.Linear(width, sizes.d_model))
        self.asked = self.part("attention", MultiHeadAttention(sizes.d_model, sizes.n_heads, sizes.attention_dropout))
        self.norm = self.part("norm", nn.LayerNorm(sizes.d_model))

    def prepare(self, descriptor: Tensor, mask: Tensor) -> Tensor:
        """The descriptor, that of notes with its mask."""
        return descriptor if self.descriptor.reads == "audio" else with_mask(descriptor, mask)

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        values, mask = (descriptor, None) if self.descriptor.reads == "audio" else without_mask(descriptor)
        return self.norm(tokens + self.asked(tokens, self.source(values), mask))

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
    return f"{_all_of(queries)} ask {_all_of(keys)}", f"{n_heads} heads, residual, layer norm"


def _all_of(positions: Axis) -> str:
    if positions.n is None:
        return f"{positions.unit}s" if positions.name == positions.unit else f"{positions.name} of all {positions.unit}s"
    return f"{positions.n:,} {positions.unit}s"


INJECTION = Cross
