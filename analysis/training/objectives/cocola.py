"""COCOLA: stems of a window choose others of its stems among all of a batch, by the bilinear form.

Source: arXiv 2404.16969: cross-entropy without smoothing; of every pair of mixes the harmonic part alone, the percussive part
alone or both are heard, each as often; Adam. There is no noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch
from jaxtyping import Bool
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.models.cocola.encoder import Cocola
from analysis.models.sound import AudioBatch
from analysis.seeding import numpy_generator
from analysis.training.objective import Groups, Published
from analysis.training.recipes import TrainingRecipe
from analysis.training.request import TrainRequest
from analysis.training.stem_objective import NOISE_SHARE, TARGET, StemObjective

HEARD = ((False, True), (True, False), (True, True))  # harmonic and percussive part
RECIPES = MappingProxyType({
    recipe.name: recipe
    for recipe in (
        TrainingRecipe("small", "ours, for small models on a CPU", 32, 100, 1e-4, False, "", "small"),
        TrainingRecipe("paper", "the paper", 32, 0, 0.0, True, "", "paper", schedule="trapezoidal"),
    )
})  # fmt: skip
RATES = MappingProxyType({scale: {"all": 1e-3} for scale in ("paper", "original", "small", "tiny")})
BY_PHALAR = "the authors of PHALAR (arXiv 2605.03929), of COCOLA"
PUBLISHED = (
    Published("MoisesDB, accuracy among 8, 16 and 64", "75.81 %, 64.44 %, 41.84 %", BY_PHALAR),
    Published("Slakh2100, accuracy among 8, 16 and 64", "79.33 %, 71.58 %, 55.84 %", BY_PHALAR),
)


@dataclass(frozen=True)
class PartsBatch(AudioBatch):
    """Windows of sound, and whether the harmonic and the percussive part of each are heard; None for both of all."""

    kept: Bool[Tensor, "batch parts"] | None = None

    def to(self, device: torch.device | str) -> "PartsBatch":
        """The same on another device."""
        return PartsBatch(self.waveform.to(device), kept=None if self.kept is None else self.kept.to(device))


class CocolaObjective(StemObjective):
    """In-batch cross-entropy under the model's own score, parts left out at random."""

    source = "arXiv 2404.16969"
    recipes, learning_rates, published = RECIPES, RATES, PUBLISHED
    settings = MappingProxyType({
        TARGET: StemObjective.settings[TARGET]._replace(usual=1.0),
        NOISE_SHARE: StemObjective.settings[NOISE_SHARE]._replace(usual=0.0),
    })  # fmt: skip

    def differences(self, scale: str) -> tuple[str, ...]:
        """Gain, optimiser, schedule."""
        del scale
        return (
            "both mixes of a pair have a gain of up to 6 dB in common",
            "AdamW, gradients clipped, and a learning rate that falls; there Adam at 0.001",
            "stems that are silent in a crop are not drawn",
        )

    def groups(self, model: Cocola, learning_rates: str, freeze: str = "") -> Groups:
        """All parameters, alike."""
        del freeze
        (rate,) = RATES[learning_rates].values()
        return [{"params": list(model.parameters()), "lr": rate, "base_lr": rate}]

    def batch(
        self, model: Cocola, segments: Sequence[Segment], request: TrainRequest, step: int, device: torch.device
    ) -> PartsBatch:
        """The sound of the anchors, then that of the positives; of a pair the same parts are heard."""
        sound = super().batch(model, segments, request, step, device)
        drawn = numpy_generator(request.seed, "parts heard", step).integers(0, len(HEARD), len(segments))
        kept = torch.tensor([HEARD[number] for number in drawn]).repeat(2, 1)
        return replace(PartsBatch(sound.waveform), kept=kept).to(device)

    def embed(self, model: Cocola, batch: AudioBatch) -> tuple[Tensor, Tensor]:
        """Embeddings of anchors and of positives."""
        anchors, positives = model(batch.waveform, batch.kept if isinstance(batch, PartsBatch) else None).chunk(2)
        return anchors, positives


OBJECTIVE = CocolaObjective()
