"""D4: the melodic step into and out of every note.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

N_STEPS = 4


def d4(pitch: Int[Tensor, "batch notes"]) -> Float[Tensor, "batch notes 4"]:
    """(Δprevious/24, Δnext/24, clamp(Δprevious/12, ±2)/2, clamp(Δnext/12, ±2)/2) in units of two octaves.

    Δprevious = pitch minus that of the note before, Δnext = pitch of the note after minus this one; 0 at the ends. The last two
    equal the first two unless a step exceeds 24 semitones, so D4 is effectively two-dimensional.

    >>> d4(torch.tensor([[60, 72, 60]]))[0, 1].tolist()
    [0.5, -0.5, 0.5, -0.5]
    """
    step = torch.diff(pitch.float(), dim=1)
    zero = pitch.new_zeros(pitch.shape[0], 1, dtype=torch.float32)
    previous, following = torch.cat([zero, step], dim=1), torch.cat([step, zero], dim=1)
    clipped = [(delta / 12).clamp(-2, 2) / 2 for delta in (previous, following)]
    return torch.stack([previous / 24, following / 24, *clipped], dim=-1)
