"""Models that hear windows of different lengths beside each other: of all counts what lies in the seconds that each hears.

Windows begin at the same moments. A tower for sound reads as many seconds as it was made for, so that its tokens know what comes
after, but of its tokens those count alone whose centres lie in the stretch; a tower for notes is given the notes of the stretch.
What a model says of a whole window, as its embedding or its class token, it says of all that it heard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.models.tower import Batch, Tower


def cut(towers: Mapping[str, Tower], stretch_s: float) -> dict[str, float]:
    """How many seconds count of the windows of those towers that hear more, by name; none where they hear no more.

    Args:
        towers: that are to read.
        stretch_s: what all models hear, in seconds.
    """
    return {name: stretch_s for name, tower in towers.items() if tower.input.window_s > stretch_s}


def for_tower(segments: Sequence[Segment], tower: Tower, stretch_s: float) -> list[Segment]:
    """Windows as a tower reads them: no longer than those for which it was made, and of notes the stretch alone."""
    longest = min(tower.input.window_s, stretch_s) if tower.modality == "notes" else tower.input.window_s
    return [replace(each, duration_s=longest) if each.duration_s > longest else each for each in segments]


def mask_within(tower: Tower, tap: str, tokens: Tensor, batch: Batch, stretch_s: float) -> Tensor | None:
    """True for tokens `(batch, tokens)` whose centres lie in the stretch, and for those without a time.

    It is the mask of the batch where the tower hears no more than that, or where a tap has no tokens.
    """
    if tower.input.window_s <= stretch_s or tower.modality == "notes" or tokens.ndim == 2:
        return batch.mask
    if (axis := tower.axis(tap, batch)) is None:
        return batch.mask
    times = np.broadcast_to(axis.times_s, (tokens.shape[0], axis.times_s.shape[-1]))
    heard = np.concatenate([np.ones((tokens.shape[0], axis.special), bool), times < stretch_s], axis=1)
    mask = torch.from_numpy(heard).to(tokens.device)
    return mask if batch.mask is None else mask & batch.mask
