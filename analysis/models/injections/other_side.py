"""Concatenation with the descriptor of the other side of the window: D4 of the notes enters the audio, A4 of the sound the notes.

Source: Fernández Méndez et al., arXiv 2604.10283, section 4.1 (arm d4a4cm); sizes are those of the authors' code.
"""

import torch
from torch import Tensor

from analysis.descriptors.descriptor import Axis
from analysis.models.injections.concat import Concat
from analysis.models.injections.injection import Drawn, mixed


class OtherSide(Concat):
    """Tokens beside the descriptor of the other side, which was stretched linearly to as many positions as there are tokens."""

    kind, title = "other_side", "into the other modality"
    crosses = True

    def enter(self, tokens: Tensor, descriptor: Tensor) -> Tensor:
        return self.norm(self.concat(torch.cat([tokens, descriptor], dim=-1)))

    def drawn(self, tokens: Axis, descriptor: Axis) -> Drawn:
        del descriptor
        name = self.descriptor.name
        stretched = f"{name} stretched to the {tokens.unit}s" if tokens.n is None else f"{name} stretched to {tokens.n:,} frames"
        return Drawn(f"concatenation with {name}", (stretched, mixed(self.concat)))


INJECTION = OtherSide
