"""Waveform to class token: mel frames, one token each, a class token before them, pre-norm transformer blocks.

Source: Kong et al., arXiv 2506.23873; the sizes, learned positions, layer norm and plain feed-forward layers are what the same
authors say of this model in later papers. Inferred: positions on the frames alone, the mean in the class token taken before them,
blocks that normalise first, GELU, no dropout, and no projection head between the class token and the loss.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.initial import drawn, without_memory
from analysis.models.tower import Tower
from analysis.models.transformer import Block
from analysis.models.vit1d.config import VitConfig
from analysis.models.vit1d.mel import MelFrames
from analysis.models.vit1d.tower import VitTower

INITIAL_STD = 0.02  # of the class token and the positions


class Vit1d(nn.Module):
    """A transformer over the frames of a mel spectrogram; the embedding is its class token."""

    family = "vit1d"
    pairs = ()

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config = config
        self.mel = MelFrames(config)
        self.projection = nn.Linear(config.n_mels, config.d_model)
        self.class_token = nn.Parameter(nn.init.normal_(torch.empty(config.d_model), std=INITIAL_STD))
        self.positions = nn.Parameter(nn.init.normal_(torch.empty(config.n_frames, config.d_model), std=INITIAL_STD))
        self.blocks = nn.ModuleList(
            Block(config.d_model, config.n_heads, config.d_ff, config.dropout, norm_first=True) for _ in range(config.n_layers)
        )
        self.norm = nn.LayerNorm(config.d_model)

    @property
    def towers(self) -> dict[str, Tower]:
        """Its only one."""
        return {"audio": VitTower(self)}

    def score(self, a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
        """Cosine similarity of embeddings, which the loss compares."""
        return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T

    def tokens(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch tokens d_model"]:
        """Input of block 1: class token (learned vector plus mean of the projected frames), then frames with their positions."""
        frames = self.projection(self.mel(waveform))
        first = self.class_token + frames.mean(dim=1, keepdim=True)
        return torch.cat([first, frames + self.positions], dim=1)

    def hidden_states(self, waveform: Float[Tensor, "batch samples"]) -> list[Float[Tensor, "batch tokens d_model"]]:
        """Input of block 1, then the output of every layer."""
        return list(self._states(waveform))

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch d_model"]:
        """The class token after the last block, normalised."""
        *_, last = self._states(waveform)
        return self.norm(last[:, 0])

    def _states(self, waveform: Tensor) -> Iterator[Tensor]:
        tokens = self.tokens(waveform)
        yield tokens
        for block in self.blocks:
            tokens = block(tokens)
            yield tokens


def build(config: VitConfig, seed: int) -> Vit1d:
    """An untrained model; the same seed gives the same weights and leaves global random state as it was."""
    return drawn(lambda: Vit1d(config), seed)


def outline(config: VitConfig) -> Vit1d:
    """A model with the names and shapes of its tensors, without memory for them."""
    return without_memory(Vit1d, config)
