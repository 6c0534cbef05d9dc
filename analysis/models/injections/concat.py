"""Concatenation: every token beside its position of the descriptor, mixed back to the tower's width.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.5; Linear(d + features → d) and LayerNorm before positions are added.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.injection import Drawn, Injection, TowerSizes, mixed


class Concat(Injection):
    """Tokens and descriptor side by side; frames of a descriptor are stretched linearly to as many as there are tokens."""

    kind, title = "concat", "concatenation"
    after_positions = False

    def build(self, width: int, sizes: TowerSizes) -> None:
        self.concat = self.part("concat", nn.Linear(sizes.d_model + width, sizes.d_model))
        self.norm = self.part("norm", nn.LayerNorm(sizes.d_model))

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        if self.descriptor.reads == "audio":
            descriptor = F.interpolate(descriptor.transpose(1, 2), tokens.shape[1], mode="linear").transpose(1, 2)
        return self.norm(self.concat(torch.cat([tokens, descriptor], dim=-1)))

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        name, detail = self.descriptor.name, mixed(self.concat)
        if descriptor.n is None:
            return Drawn(f"concatenation with {name}", (detail,))
        stretched = f"{name} stretched from {descriptor.n:,} to {tokens.n:,} frames"
        beside = f"{descriptor.n:,} frames beside {tokens.n:,}" if descriptor.n == tokens.n else stretched
        return Drawn(f"concatenation with {name}", (beside, detail))


INJECTION = Concat
