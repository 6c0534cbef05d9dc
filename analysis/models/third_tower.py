"""The third tower: an encoder of the descriptors of both sides of a window, which the loss alone reads.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix C.3, with the sizes of the authors' code. Retrieval compares audio
with MIDI; what this tower says shapes both in training and is not needed afterwards.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.descriptors.registry import find_descriptor
from analysis.models.config import THIRD_N_HEADS, ModelConfig
from analysis.models.injections.places import Both, DescriptorSlot, stretched
from analysis.models.transformer import Block, sinusoids

DESCRIPTORS = "A4", "D4"
N_LAYERS = 2
UNSAID = (
    "The source does not say at which learning rate the third tower is trained; here it is that of the descriptor modules. At "
    "small scale the tower is 64 wide, which is ours."
)


class ThirdTower(nn.Module):
    """[A4 ; D4 stretched to the frames of A4] → d and LayerNorm → sinusoids → 2 pre-norm blocks → LayerNorm → mean → head."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d_model = config.third_d_model
        self.a4, self.d4 = (DescriptorSlot(find_descriptor(name), config) for name in DESCRIPTORS)
        self.input = nn.Linear(self.a4.descriptor.width + self.d4.descriptor.width, d_model)
        self.input_norm = nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            Block(d_model, THIRD_N_HEADS, 4 * d_model, config.dropout, config.attention_dropout, norm_first=True)
            for _ in range(N_LAYERS)
        )
        self.norm = nn.LayerNorm(d_model)
        self.head = nn.Sequential(
            nn.Linear(d_model, d_model), nn.BatchNorm1d(d_model), nn.ReLU(), nn.Linear(d_model, config.d_embedding)
        )

    @property
    def slots(self) -> tuple[DescriptorSlot, DescriptorSlot]:
        """Where its descriptors stand."""
        return self.a4, self.d4

    def forward(self, window: Both) -> Float[Tensor, "batch d_embedding"]:
        """Embedding of what the descriptors tell of windows."""
        sound, steps = self.a4(window.waveform), self.d4(window.notes)
        lengths, n_frames = window.notes.mask.sum(dim=1), sound.shape[1]
        steps = stretched(steps, lengths, torch.full_like(lengths, n_frames), n_frames)
        x = self.input_norm(self.input(torch.cat([sound, steps], dim=-1)))
        x = self.dropout(x + sinusoids(n_frames, x.shape[2], x.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(dim=1))
