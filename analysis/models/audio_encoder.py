"""Waveform to a pooled vector: CNN, positions, four post-norm transformer blocks, mean over tokens.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix B, with the sizes of the authors' code where the two differ.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.descriptors.descriptor import Notes
from analysis.errors import ShapeError
from analysis.models.config import ModelConfig
from analysis.models.injections.places import Both, given, hidden_states, last
from analysis.models.transformer import Block


class AudioEncoder(nn.Module):
    """CNN tokens, descriptor injection, transformer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d_model = config.audio_d_model
        self.cnn = convolutions(config)
        self.positions = nn.Parameter(nn.init.normal_(torch.empty(config.max_audio_tokens, d_model), std=0.02))
        self.given = given(self, "audio", config)
        self.blocks = nn.ModuleList(
            Block(d_model, config.n_heads, config.audio_d_ff, config.dropout, config.attention_dropout, norm_first=False)
            for _ in range(config.audio_n_layers)
        )

    def tokens(
        self, waveform: Float[Tensor, "batch samples"], notes: Notes | None = None
    ) -> Float[Tensor, "batch tokens d_model"]:
        """Input of block 1: one token per CNN frame, or per frame of the descriptor with reverse attention.

        Args:
            waveform: of windows.
            notes: of the same windows, where the arm gives this side a descriptor of them.

        Raises:
            ShapeError: the window has another length than the model was built for.
        """
        return next(self._states(waveform, notes))

    def hidden_states(
        self, waveform: Float[Tensor, "batch samples"], notes: Notes | None = None
    ) -> list[Float[Tensor, "batch tokens d_model"]]:
        """Input of block 1, then the output of every layer."""
        return list(self._states(waveform, notes))

    def forward(self, waveform: Float[Tensor, "batch samples"], notes: Notes | None = None) -> Float[Tensor, "batch d_model"]:
        """Mean of the last layer's tokens."""
        return last(self._states(waveform, notes)).mean(dim=1)

    def _states(self, waveform: Tensor, notes: Notes | None) -> Iterator[Tensor]:
        if waveform.shape[-1] != self.config.n_samples:
            expected = f"{self.config.n_samples} samples ({self.config.window_s:g} s)"
            raise ShapeError(f"The audio encoder reads windows of {expected}; got shape {tuple(waveform.shape)}.")
        frames = self.cnn(waveform[:, None]).transpose(1, 2)
        window = waveform if notes is None else Both(waveform, notes)
        return hidden_states(self.given, self.blocks, frames, window, self._placed)

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
