"""A PHALAR as a tower: the frames of its stages, and its phasors."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from analysis.models.frame_tower import Frames, FrameTower
from analysis.models.phalar.config import PhalarConfig
from analysis.models.sound import AudioBatch
from analysis.models.tower import HookPoint, Tap

if TYPE_CHECKING:
    from analysis.models.phalar.encoder import Phalar

LSP = "audio.lsp"


class PhalarTower(FrameTower):
    """Waveforms in, complex embeddings out, real parts first; a frame of the last stage is what the pooling projects."""

    def __init__(self, model: "Phalar") -> None:
        self.model = model

    @property
    def config(self) -> PhalarConfig:
        """Of the model."""
        return self.model.config

    @property
    def width(self) -> int:
        """Real numbers of an embedding, twice the complex ones."""
        return 2 * self.config.d_embedding

    @property
    def stages(self) -> Sequence[nn.Module]:
        """Those of the model."""
        return tuple(self.model.stages)

    @property
    def head(self) -> nn.Module:
        """The complex head."""
        return self.model.head

    def frames(self, n_samples: int) -> Sequence[Frames]:
        """Every stage halves them."""
        config = self.config
        counts, hop_s = config.frames(n_samples), config.hop_length / config.sample_rate
        return tuple(
            Frames(n, hop_s * 2**stage, config.n_bins * channels)
            for stage, (n, channels) in enumerate(zip(counts, config.widths, strict=True))
        )

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Embeddings, real parts, then imaginary parts."""
        return self.model(batch.waveform)

    def taps(self) -> tuple[Tap, ...]:
        """Those of its layers, then the phasors `(batch, 2, channels, components)`."""
        return *super().taps(), Tap(LSP, "mechanism", "phasors", width=self.config.n_components)

    def hook_points(self) -> dict[str, HookPoint]:
        """Where every tap is."""
        return {**super().hook_points(), LSP: HookPoint(self.model.pooling)}
