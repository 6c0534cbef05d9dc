"""Waveform to embedding: harmonic and percussive mel spectrograms, EfficientNet, head; a bilinear form compares.

Source: Ciranni et al., COCOLA, arXiv 2404.16969, and the code with which the authors of PHALAR, arXiv 2605.03929, trained it
again: of that are the two layers of the head, without which it has not the 5.2 million parameters they give.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from analysis.models.cells import to_tokens
from analysis.models.cocola.config import CocolaConfig
from analysis.models.cocola.efficientnet import Head, convolution, stages_of
from analysis.models.cocola.parts import HarmonicPercussive
from analysis.models.cocola.tower import CocolaTower
from analysis.models.initial import drawn, without_memory
from analysis.models.tower import Tower

INITIAL_STD = 0.05  # of the bilinear form
NOISE_WINDOWS = 4


class Cocola(nn.Module):
    """One tower for sound; a window is compared with another window of sound, such as one stem with the others."""

    family = "cocola"
    pairs = (("audio", "audio"),)

    def __init__(self, config: CocolaConfig) -> None:
        super().__init__()
        self.config = config
        self.spectra = HarmonicPercussive(config)
        self.stem = convolution(2, config.stem, 3, 2)
        self.stages = stages_of(config)
        self.head = Head(config)
        self.form = nn.Parameter(nn.init.normal_(torch.empty(config.d_embedding, config.d_embedding), std=INITIAL_STD))

    @property
    def towers(self) -> dict[str, Tower]:
        """Its only one."""
        return {"audio": CocolaTower(self)}

    def score(self, a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
        """aᵀ W b, which is not symmetric."""
        return a @ self.form @ b.T

    def forward(
        self, waveform: Float[Tensor, "batch samples"], kept: Bool[Tensor, "batch parts"] | None = None
    ) -> Float[Tensor, "batch d"]:
        """Embeddings of windows.

        Args:
            waveform: of one length.
            kept: whether the harmonic and the percussive part are heard; where not, a 0 stands for all levels of it, as in the
                source. None for both.
        """
        spectra = self.spectra(waveform)
        cells = self.stem(spectra if kept is None else spectra * kept[:, :, None, None])
        tokens = to_tokens(cells)
        for stage in self.stages:
            tokens = stage(tokens)
        return self.head(tokens)


def build(config: CocolaConfig, seed: int) -> Cocola:
    """An untrained model; the same seed gives the same weights and leaves global random state as it was.

    Its batch norms know mean and spread of windows of white noise: without these, what it hears would fade from layer to layer,
    and all its embeddings would be alike.
    """
    return drawn(lambda: _settled(Cocola(config)), seed)


@torch.no_grad()
def _settled(model: Cocola) -> Cocola:
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train().momentum = None  # the mean of all that is seen
    model(torch.randn(NOISE_WINDOWS, model.config.n_samples))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    return model.train()


def outline(config: CocolaConfig) -> Cocola:
    """A model with the names and shapes of its tensors, without memory for them."""
    return without_memory(Cocola, config)
