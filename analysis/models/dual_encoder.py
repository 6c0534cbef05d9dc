"""The audio and the MIDI encoder with their heads, in one joint space."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.arms import build_config
from analysis.models.audio_encoder import AudioEncoder
from analysis.models.config import ModelConfig, Side
from analysis.models.dual_towers import AudioTower, MidiTower
from analysis.models.initial import drawn, without_memory
from analysis.models.injections.places import Both, DescriptorSlot, Given, StretchedSlot, Window
from analysis.models.midi_encoder import MidiBatch, MidiEncoder
from analysis.models.third_tower import ThirdTower
from analysis.models.tower import Tower


def projection_head(d_in: int, d_hidden: int, d_out: int) -> nn.Sequential:
    """Linear, batch norm, ReLU, twice; then linear. Xavier-uniform weights and no bias at first, as in the authors' code."""
    first = [nn.Linear(d_in, d_hidden), nn.BatchNorm1d(d_hidden), nn.ReLU()]
    second = [nn.Linear(d_hidden, d_hidden), nn.BatchNorm1d(d_hidden), nn.ReLU()]
    head = nn.Sequential(*first, *second, nn.Linear(d_hidden, d_out))
    for layer in head:
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return head


class DualEncoder(nn.Module):
    """Audio-MIDI retrieval model of arXiv 2604.10283."""

    family = "dual"
    pairs = (("audio", "midi"),)

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.audio = AudioEncoder(config)
        self.midi = MidiEncoder(config)
        self.audio_head = projection_head(config.audio_d_model, config.head_d_hidden, config.d_embedding)
        self.midi_head = projection_head(config.midi_d_model, config.head_d_hidden, config.d_embedding)
        self.descriptor_tower = ThirdTower(config) if config.third_d_model else None

    @property
    def towers(self) -> dict[str, Tower]:
        """The audio and the MIDI side."""
        return {"audio": AudioTower(self), "midi": MidiTower(self)}

    def score(self, a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
        """Cosine similarity of audio with MIDI embeddings."""
        return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T

    @property
    def given(self) -> dict[Side, Given]:
        """The descriptors of the sides that have one, with their mechanisms."""
        both: dict[Side, Given | None] = {"audio": self.audio.given, "midi": self.midi.given}
        return {side: given for side, given in both.items() if given is not None}

    @property
    def slots(self) -> list[DescriptorSlot]:
        """Every place of a descriptor, that of the audio side first, those of the third tower last."""
        third = () if self.descriptor_tower is None else self.descriptor_tower.slots
        return [*(given.slot for given in self.given.values()), *third]

    def embed_audio(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch d_embedding"]:
        """Joint embedding of audio windows.

        Raises:
            ConfigError: the arm gives each side the descriptor of the other, see `embed`.
        """
        return self.audio_head(self.audio(waveform))

    def embed_midi(self, notes: MidiBatch) -> Float[Tensor, "batch d_embedding"]:
        """Joint embedding of note windows.

        Raises:
            ConfigError: the arm gives each side the descriptor of the other, see `embed`.
        """
        return self.midi_head(self.midi(notes))

    def embed(
        self, waveform: Float[Tensor, "batch samples"], notes: MidiBatch
    ) -> tuple[Float[Tensor, "batch d_embedding"], Float[Tensor, "batch d_embedding"]]:
        """Joint embeddings of the audio and of the MIDI side of the same windows, of every arm."""
        if self.config.crosses:
            return self.audio_head(self.audio(waveform, notes)), self.midi_head(self.midi(notes, waveform))
        return self.embed_audio(waveform), self.embed_midi(notes)

    def embed_third(self, waveform: Tensor, notes: MidiBatch) -> Float[Tensor, "batch d_embedding"] | None:
        """What the third tower makes of the descriptors of windows, for the loss; None without one."""
        return None if self.descriptor_tower is None else self.descriptor_tower(Both(waveform, notes))

    def begin_step(self, share: float) -> None:
        """Tell mechanisms which share of all steps of training is done."""
        for given in self.given.values():
            given.injection.begin(share)

    def penalty(self) -> Tensor | None:
        """What mechanisms add to the loss of the last pass in training; None where none does."""
        penalties = [penalty for given in self.given.values() if (penalty := given.injection.penalty()) is not None]
        return torch.stack(penalties).sum() if penalties else None


def window_of(slot: DescriptorSlot, waveform: Tensor, notes: MidiBatch) -> Window:
    """What a descriptor is made from, of sound and notes of the same windows."""
    if isinstance(slot, StretchedSlot):
        return Both(waveform, notes)
    return waveform if slot.descriptor.reads == "audio" else notes


def build_model(config: ModelConfig, seed: int) -> DualEncoder:
    """An untrained model; the same seed gives the same weights and leaves global random state as it was."""
    return drawn(lambda: DualEncoder(config), seed)


def outline(config: ModelConfig) -> DualEncoder:
    """A model with the names and shapes of its tensors, without memory for them."""
    return without_memory(DualEncoder, config)


def build_arm(arm: str, scale: str, seed: int = 0) -> DualEncoder:
    """An untrained arm.

    Raises:
        ConfigError: unknown arm or scale.
    """
    return build_model(build_config(arm, scale), seed)
