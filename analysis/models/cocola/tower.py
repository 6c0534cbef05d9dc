"""A COCOLA as a tower: the frames of its stages."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from analysis.models.cocola.config import CocolaConfig
from analysis.models.frame_tower import Frames, FrameTower
from analysis.models.sound import AudioBatch

if TYPE_CHECKING:
    from analysis.models.cocola.encoder import Cocola


class CocolaTower(FrameTower):
    """Waveforms in, embeddings out; harmonic and percussive part are both heard."""

    def __init__(self, model: "Cocola") -> None:
        self.model = model

    @property
    def config(self) -> CocolaConfig:
        """Of the model."""
        return self.model.config

    @property
    def width(self) -> int:
        """Numbers of an embedding."""
        return self.config.d_embedding

    @property
    def stages(self) -> Sequence[nn.Module]:
        """Those of the network."""
        return tuple(self.model.stages)

    @property
    def head(self) -> nn.Module:
        """With the last convolution."""
        return self.model.head

    def frames(self, n_samples: int) -> Sequence[Frames]:
        """Four stages and the first convolution halve them."""
        config = self.config
        step_s, strides = config.hop_length / config.sample_rate, [2, *(stage.stride for stage in config.stages)]
        rows = []
        for (channels, bands, n), stride in zip(config.grids(n_samples), strides, strict=True):
            step_s *= stride
            rows.append(Frames(n, step_s, channels * bands))
        return rows

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Embeddings, every number from −1 to 1."""
        return self.model(batch.waveform)
