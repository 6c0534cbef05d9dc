"""Waveform to patches, an encoder twice, and a predictor between the two.

Source: arXiv 2606.25713 and its released code: the student encodes the visible patches, the teacher (an average of the student
over steps, without a gradient) the masked ones alone, and the predictor says from the former what the latter are; both encoders
read the same patches. Inferred: sizes of the predictor, and that its output is compared with the teacher's after its last norm.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from analysis.models.initial import drawn, without_memory
from analysis.models.pupujepa.blocks import RotaryBlock, Turns, gather_tokens, positions_of, turns_of
from analysis.models.pupujepa.config import PupuConfig
from analysis.models.pupujepa.masks import Masks
from analysis.models.pupujepa.mel import MelImage
from analysis.models.pupujepa.tower import PupuTower
from analysis.models.tower import Tower

INITIAL_STD = 0.02  # of the mask token


class Predicted(NamedTuple):
    """What is said of masked patches.

    Attributes:
        predicted: by the predictor, of the visible patches.
        target: what the teacher says of them, without a gradient.
    """

    predicted: Float[Tensor, "batch masked d_model"]
    target: Float[Tensor, "batch masked d_model"]


class PatchEmbed(nn.Module):
    """Patches of the spectrogram, projected and normalised; all bands of one moment after the other."""

    def __init__(self, config: PupuConfig) -> None:
        super().__init__()
        size = (config.patch_frames, config.patch_mels)
        self.mel = MelImage(config)
        self.proj = nn.Conv2d(1, config.d_model, size, size)
        self.norm_layer = nn.LayerNorm(config.d_model)

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch tokens d_model"]:
        """Tokens of windows."""
        return self.norm_layer(self.proj(self.mel(waveform)[:, None]).flatten(2).transpose(1, 2))


class Encoder(nn.Module):
    """Blocks and a last norm."""

    def __init__(self, d_model: int, n_layers: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(RotaryBlock(d_model, n_heads, d_ff) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def forward(self, tokens: Float[Tensor, "batch tokens d_model"], turns: Turns) -> Float[Tensor, "batch tokens d_model"]:
        """Any patches, with the turns of these."""
        for block in self.blocks:
            tokens = block(tokens, turns)
        return self.norm(tokens)


class Predictor(nn.Module):
    """From visible patches to what the teacher would say of masked ones."""

    def __init__(self, config: PupuConfig) -> None:
        super().__init__()
        width = config.predictor_d_model
        self.proj_in = nn.Linear(config.d_model, width) if width != config.d_model else nn.Identity()
        self.mask_token = nn.Parameter(nn.init.normal_(torch.empty(1, 1, width), std=INITIAL_STD))
        self.blocks = nn.ModuleList(
            RotaryBlock(width, config.predictor_n_heads, config.mlp_ratio * width) for _ in range(config.predictor_n_layers)
        )
        self.norm = nn.LayerNorm(width)
        self.proj_out = nn.Linear(width, config.d_model)

    def forward(
        self,
        context: Float[Tensor, "batch visible d_model"],
        visible: Float[Tensor, "batch visible pairs 2"],
        masked: Float[Tensor, "batch masked pairs 2"],
    ) -> Float[Tensor, "batch masked d_model"]:
        """Visible tokens, then a mask token for every masked patch; what is read are the latter alone."""
        seen = self.proj_in(context)
        hidden = self.mask_token.to(seen.dtype).expand(len(seen), masked.shape[1], -1)
        tokens, turns = torch.cat([seen, hidden], dim=1), torch.cat([visible, masked], dim=1)
        for block in self.blocks:
            tokens = block(tokens, turns)
        return self.proj_out(self.norm(tokens[:, seen.shape[1] :]))


class MeanOfTokens(nn.Module):
    """The mean over all patches."""

    def forward(self, tokens: Float[Tensor, "batch tokens d_model"]) -> Float[Tensor, "batch d_model"]:
        """One row per window."""
        return tokens.mean(dim=1)


class PupuJepa(nn.Module):
    """Student, teacher and predictor. What is examined is the teacher on all patches, as the authors use it."""

    family = "pupujepa"
    pairs = ()

    def __init__(self, config: PupuConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config)
        sizes = config.d_model, config.n_layers, config.n_heads, config.mlp_ratio * config.d_model
        self.student, self.teacher = Encoder(*sizes), Encoder(*sizes)
        self.predictor = Predictor(config)
        self.mean = MeanOfTokens()
        self.apply(_initial)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.view(config.d_model, -1))
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False)

    @property
    def towers(self) -> dict[str, Tower]:
        """The teacher. The predictor is none: what it reads is a window and a mask, see `predict`."""
        return {"audio": PupuTower(self)}

    def score(self, a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
        """Cosine similarity of embeddings."""
        return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch d_model"]:
        """The mean of what the teacher says of all patches."""
        return self.mean(self.teacher(self.patch_embed(waveform), self.turns(self.config.n_heads, self.config.d_model)))

    def turns(self, n_heads: int, width: int) -> Float[Tensor, "tokens pairs 2"]:
        """Turns of all patches in heads of `width` / `n_heads` numbers."""
        return turns_of(positions_of(self.config.grid, self.predictor.mask_token.device), width // n_heads)

    def encode(
        self, encoder: Encoder, tokens: Float[Tensor, "batch tokens d_model"], index: Int[Tensor, "batch n"]
    ) -> Float[Tensor, "batch n d_model"]:
        """Some patches by the student or the teacher, which see no others; every patch keeps the turn of its place."""
        turns = self.turns(self.config.n_heads, self.config.d_model)
        return encoder(gather_tokens(tokens, index), turns[index])

    def targets(
        self, tokens: Float[Tensor, "batch tokens d_model"], masked: Int[Tensor, "batch masked"]
    ) -> Float[Tensor, "batch masked d_model"]:
        """What the teacher says of masked patches, given no others; without a gradient."""
        with torch.no_grad():
            return self.encode(self.teacher, tokens.detach(), masked)

    def predict(self, waveform: Float[Tensor, "batch samples"], masks: Masks) -> Predicted:
        """What the predictor says of masked patches, given the visible ones as the student encodes them, and their targets."""
        config, tokens = self.config, self.patch_embed(waveform)
        context = self.encode(self.student, tokens, masks.visible)
        turns = self.turns(config.predictor_n_heads, config.predictor_d_model)
        predicted = self.predictor(context, turns[masks.visible], turns[masks.masked])
        return Predicted(predicted, self.targets(tokens, masks.masked))

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the teacher towards the student: t ← decay · t + (1 − decay) · s for every parameter."""
        for of_teacher, of_student in _pairs(self.teacher, self.student):
            of_teacher.lerp_(of_student.detach(), 1 - decay)


def build(config: PupuConfig, seed: int) -> PupuJepa:
    """An untrained model; the same seed gives the same weights and leaves global random state as it was."""
    return drawn(lambda: PupuJepa(config), seed)


def outline(config: PupuConfig) -> PupuJepa:
    """A model with the names and shapes of its tensors, without memory for them."""
    return without_memory(PupuJepa, config)


def _initial(module: nn.Module) -> None:
    """Xavier's uniform weights and biases of 0, as in the released code."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def _pairs(first: nn.Module, second: nn.Module) -> Iterable[tuple[Tensor, Tensor]]:
    return zip(first.parameters(), second.parameters(), strict=True)
