"""What parameter-matched controls learn of a training set before the first step, and their twins with them."""

import torch
from torch import Tensor

from analysis.descriptors.a4 import a4
from analysis.models.config import DescriptorValues
from analysis.models.dual_encoder import DualEncoder
from analysis.models.midi_encoder import MidiBatch, masked_d4
from analysis.models.substitutes import Substitute

LEARNING: tuple[DescriptorValues, ...] = ("random", "shuffled")


def learn_descriptors(model: DualEncoder, waveform: Tensor, notes: MidiBatch) -> None:
    """Let a control take the statistics of its noise, or the windows it is given, from training windows.

    Args:
        model: of any arm; nothing happens to one that is no control of this kind.
        waveform: training windows, shape (windows, samples).
        notes: of the same windows.
    """
    config = model.config
    if config.descriptor_values not in LEARNING:
        return
    with torch.no_grad():
        if config.a4_mechanism != "none":
            model.audio.a4.given.learn(list(a4(waveform, config.sample_rate)))
        if config.d4:
            rows = masked_d4(notes)
            model.midi.d4.given.learn([row[mask] for row, mask in zip(rows, notes.mask, strict=True)])


def substitutes(model: DualEncoder) -> list[Substitute]:
    """The places of descriptors in a model: of A4, of D4, both or none."""
    return [module for module in model.modules() if isinstance(module, Substitute)]


def copy_learned(model: DualEncoder, other: DualEncoder) -> None:
    """Give another model of the same arm what this one has learned of the training set, and none of its weights."""
    for ours, theirs in zip(substitutes(model), substitutes(other), strict=True):
        theirs.load_state_dict(ours.state_dict())
