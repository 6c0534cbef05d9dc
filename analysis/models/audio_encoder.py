"""Waveform to a pooled vector: CNN, positions, four post-norm transformer blocks, mean over tokens.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix B, with the sizes of the authors' code where the two differ.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from analysis.descriptors.a4 import N_BANDS, a4, n_frames
from analysis.errors import ShapeError
from analysis.models.config import DescriptorValues, ModelConfig
from analysis.models.substitutes import Substitute
from analysis.models.transformer import Block, MultiHeadAttention


class A4Descriptor(nn.Module):
    """A4, or what a control puts in its place, as a module without weights: a place where it can be read or replaced."""

    def __init__(self, sample_rate: int, n_samples: int, values: DescriptorValues = "real") -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.given = Substitute(values, n_frames(n_samples), N_BANDS, "A4")

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames 8"]:
        """See `analysis.descriptors.a4` and `analysis.models.substitutes`."""
        frames = a4(waveform, self.sample_rate)
        mask = torch.ones(frames.shape[:2], dtype=torch.bool, device=frames.device)
        return self.given(frames, mask, [waveform])


class AudioEncoder(nn.Module):
    """CNN tokens, descriptor injection, transformer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d_model = config.audio_d_model
        self.cnn = convolutions(config)
        self.positions = nn.Parameter(nn.init.normal_(torch.empty(config.max_audio_tokens, d_model), std=0.02))
        if config.a4_mechanism == "concat":
            self.a4_concat = nn.Linear(d_model + N_BANDS, d_model)
        elif config.a4_mechanism == "cross":
            self.a4_source = nn.Linear(N_BANDS, d_model)
            self.a4_attention = MultiHeadAttention(d_model, config.n_heads, config.attention_dropout)
        elif config.a4_mechanism == "reverse":
            self.a4_query = nn.Linear(N_BANDS, d_model)
            self.a4_positions = nn.Parameter(nn.init.normal_(torch.empty(config.max_a4_frames, d_model), std=0.02))
            self.a4_attention = MultiHeadAttention(d_model, config.n_heads, config.attention_dropout)
        if config.a4_mechanism != "none":
            self.a4 = A4Descriptor(config.sample_rate, config.n_samples, config.descriptor_values)
            self.a4_norm = nn.LayerNorm(d_model)
        self.blocks = nn.ModuleList(
            Block(d_model, config.n_heads, config.audio_d_ff, config.dropout, config.attention_dropout, norm_first=False)
            for _ in range(config.audio_n_layers)
        )

    def tokens(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch tokens d_model"]:
        """Input of block 1: one token per CNN frame, or per A4 frame with reverse attention.

        Raises:
            ShapeError: the window has another length than the model was built for.
        """
        if waveform.shape[-1] != self.config.n_samples:
            expected = f"{self.config.n_samples} samples ({self.config.window_s:g} s)"
            raise ShapeError(f"The audio encoder reads windows of {expected}; got shape {tuple(waveform.shape)}.")
        frames = self.cnn(waveform[:, None]).transpose(1, 2)
        mechanism = self.config.a4_mechanism
        if mechanism == "none":
            return self._placed(frames)
        descriptor = self.a4(waveform).to(frames.dtype)
        if mechanism == "concat":
            stretched = F.interpolate(descriptor.transpose(1, 2), frames.shape[1], mode="linear").transpose(1, 2)
            return self._placed(self.a4_norm(self.a4_concat(torch.cat([frames, stretched], dim=-1))))
        if mechanism == "cross":
            frames = self._placed(frames)
            return self.a4_norm(frames + self.a4_attention(frames, self.a4_source(descriptor)))
        query = self.a4_query(descriptor) + self.a4_positions[: descriptor.shape[1]]
        return self.a4_norm(query + self.a4_attention(query, self._placed(frames)))

    def hidden_states(self, waveform: Float[Tensor, "batch samples"]) -> list[Float[Tensor, "batch tokens d_model"]]:
        """Input of block 1, then the output of every block."""
        states = [self.tokens(waveform)]
        for block in self.blocks:
            states.append(block(states[-1]))
        return states

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch d_model"]:
        """Mean of the last block's tokens."""
        x = self.tokens(waveform)
        for block in self.blocks:
            x = block(x)
        return x.mean(dim=1)

    def _placed(self, frames: Tensor) -> Tensor:
        return frames + self.positions[: frames.shape[1]]


def convolutions(config: ModelConfig) -> nn.Sequential:
    """Convolution, group norm and GELU, once per entry of the configuration."""
    layers: list[nn.Module] = []
    n_in = 1
    sizes = zip(config.conv_channels, config.conv_kernels, config.conv_strides, config.conv_paddings, strict=True)
    for n_out, kernel, stride, padding in sizes:
        layers += [nn.Conv1d(n_in, n_out, kernel, stride, padding), nn.GroupNorm(config.conv_groups, n_out), nn.GELU()]
        n_in = n_out
    return nn.Sequential(*layers)
