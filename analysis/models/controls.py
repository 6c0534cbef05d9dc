"""What parameter-matched controls learn of a training set before the first step, and their twins with them."""

import torch
from torch import Tensor

from analysis.models.config import DescriptorValues
from analysis.models.dual_encoder import DualEncoder, window_of
from analysis.models.midi_encoder import MidiBatch
from analysis.models.substitutes import Substitute

LEARNING: tuple[DescriptorValues, ...] = ("random", "shuffled")


def learn_descriptors(model: DualEncoder, waveform: Tensor, notes: MidiBatch) -> None:
    """Let a control take the statistics of its noise, or the windows it is given, from training windows.

    Args:
        model: of any arm; nothing happens to one that is no control of this kind.
        waveform: training windows, shape (windows, samples).
        notes: of the same windows.
    """
    if model.config.descriptor_values not in LEARNING:
        return
    with torch.no_grad():
        for slot in model.slots:
            slot.given.learn(slot.rows(window_of(slot, waveform, notes), real=True))


def substitutes(model: DualEncoder) -> list[Substitute]:
    """What stands in the places of descriptors in a model, one for each."""
    return [module for module in model.modules() if isinstance(module, Substitute)]


def copy_learned(model: DualEncoder, other: DualEncoder) -> None:
    """Give another model of the same arm what this one has learned of the training set, and none of its weights."""
    for ours, theirs in zip(substitutes(model), substitutes(other), strict=True):
        theirs.load_state_dict(ours.state_dict())
