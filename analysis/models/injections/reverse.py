"""Reverse cross-attention: the descriptor attends to the tokens, and its frames go on in their place.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.5; the residual is the query, then LayerNorm. Positions of frames are
learned, those of notes are sines and cosines. The authors' code lets notes attend to padding as well; here they do not.
"""

import torch
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis, Reads
from analysis.models.injections.cross import asking
from analysis.models.injections.injection import Drawn, Injection, TowerSizes, with_mask, without_mask
from analysis.models.transformer import MultiHeadAttention, sinusoids


class Reverse(Injection):
    """The positions of the descriptor ask, CNN frames or notes answer."""

    kind, title = "reverse", "reverse cross-attention"

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.query = self.part("query", nn.Linear(width, sizes.d_model))
        self.positions: nn.Parameter | None = None
        if self.descriptor.reads == "audio":
            positions = nn.init.normal_(torch.empty(sizes.max_frames, sizes.d_model), std=0.02)
            self.positions = self.part("positions", nn.Parameter(positions))
        self.asked = self.part("attention", MultiHeadAttention(sizes.d_model, sizes.n_heads, sizes.attention_dropout))
        self.norm = self.part("norm", nn.LayerNorm(sizes.d_model))

    def prepare(self, descriptor: Tensor, mask: Tensor) -> Tensor:
        """The descriptor, that of notes with its mask."""
        return descriptor if self.descriptor.reads == "audio" else with_mask(descriptor, mask)

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        values, mask = (descriptor, None) if self.descriptor.reads == "audio" else without_mask(descriptor)
        query, n = self.query(values), values.shape[1]
        query = query + (sinusoids(n, query.shape[2], query.device) if self.positions is None else self.positions[:n])
        return self.norm(query + self.asked(query, tokens, mask))

    @classmethod
    def unsaid(cls, reads: Reads) -> str:
        """Of notes, whether the positions of the queries have dropout."""
        if reads == "audio":
            return ""
        return "The source does not say whether the positions of D4 have dropout where it asks the notes; here they have none."

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
