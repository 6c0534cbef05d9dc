"""D4: the melodic step into and out of every note.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from analysis.descriptors.descriptor import Axis, Descriptor, Look, Notes

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


def masked_d4(notes: Notes) -> Float[Tensor, "batch notes 4"]:
    """D4 as if each window ended with its last note: padding repeats the last pitch, so the final step is 0."""
    last = notes.pitch.gather(1, notes.mask.sum(dim=1, keepdim=True) - 1)
    return d4(torch.where(notes.mask, notes.pitch, last)) * notes.mask[..., None]


DESCRIPTOR = Descriptor(
    "D4", "notes", N_STEPS, lambda _samples, _rate: Axis("D4", "note"), lambda notes, _rate: masked_d4(notes),
    "Fernández Méndez et al., arXiv 2604.10283, section 3",
    Look("steps", ("from the note before", "to the next note", "from, clipped", "to, clipped"), "step", "2 octaves", -1.0, 1.0),
    "D4 tells the step in pitch from the note before and to the next note.",
)  # fmt: skip
