"""What towers for sound are fed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.tower import Content, InputSpec, SegmentLike


@dataclass(frozen=True)
class AudioBatch:
    """Windows of sound, all of one length."""

    waveform: Float[Tensor, "batch samples"]
    mask: None = None

    def to(self, device: torch.device | str) -> "AudioBatch":
        """The same on another device."""
        return AudioBatch(self.waveform.to(device))


def collate_sound(segments: Sequence[SegmentLike], spec: InputSpec, content: Content | None = None) -> AudioBatch:
    """The sound of windows at the rate and of the length of an input, or `content` in its place.

    Raises:
        ConfigError: the content is no waveform.
    """
    if content is None:
        sound = [segment.waveform(spec.sample_rate, spec.window_s) for segment in segments]
        content = torch.from_numpy(np.stack(sound))
    if not isinstance(content, Tensor):
        raise ConfigError("An audio tower was given notes; expected waveforms (windows, samples).")
    return AudioBatch(content)
