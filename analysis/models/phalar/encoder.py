"""Waveform to a complex embedding: constant-Q transform, separable convolutions, phasors, complex head; a bilinear form compares.

Source: Marincione et al., PHALAR, arXiv 2605.03929, with the sizes of the authors' code. Another choice than theirs: the quietest
level that counts is that of each window, where theirs is that of the whole batch.
"""

from itertools import pairwise

from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.initial import drawn, without_memory
from analysis.models.phalar.backbone import First, Stage
from analysis.models.phalar.complex_layers import Bilinear, ComplexHead
from analysis.models.phalar.config import PhalarConfig
from analysis.models.phalar.cqt import ConstantQ
from analysis.models.phalar.phasors import SpectralPooling
from analysis.models.phalar.tower import PhalarTower
from analysis.models.tower import Tower


class Phalar(nn.Module):
    """One tower for sound; a window is compared with another window of sound, such as one stem with the others.

    An embedding holds `d_embedding` complex numbers as twice as many real ones: real parts, then imaginary parts.
    """

    family = "phalar"
    pairs = (("audio", "audio"),)

    def __init__(self, config: PhalarConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.widths
        self.cqt = ConstantQ(config)
        self.first = First(config.width)
        self.stages = nn.ModuleList(Stage(channels, wider, config.n_bins, config.dropout) for channels, wider in pairwise(widths))
        self.pooling = SpectralPooling(config)
        self.head = ComplexHead(config.lsp_channels * config.n_components, config.d_embedding, config.dropout)
        self.similarity = Bilinear(config.d_embedding)

    @property
    def towers(self) -> dict[str, Tower]:
        """Its only one."""
        return {"audio": PhalarTower(self)}

    def score(self, a: Float[Tensor, "n width"], b: Float[Tensor, "m width"]) -> Float[Tensor, "n m"]:
        """Re⟨b, W a⟩ of anchors and positives of length 1, or the mean of both directions where the configuration says so."""
        return self.similarity(a, b, self.config.hermitian)

    def frames(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames width"]:
        """What is pooled: the tokens of the last stage."""
        tokens = self.first(self.cqt(waveform))
        for stage in self.stages:
            tokens = stage(tokens)
        return tokens

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch width"]:
        """Embeddings of windows of any one length from `PhalarConfig.least_samples`."""
        return self.head(self.pooling(self.frames(waveform)))


def build(config: PhalarConfig, seed: int) -> Phalar:
    """An untrained model; the same seed gives the same weights and leaves global random state as it was."""
    return drawn(lambda: Phalar(config), seed)


def outline(config: PhalarConfig) -> Phalar:
    """A model with the names and shapes of its tensors, without memory for them."""
    return without_memory(Phalar, config)
