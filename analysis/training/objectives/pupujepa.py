"""PupuJEPA: what the teacher says of masked patches is to be predicted from visible ones.

Source: arXiv 2606.25713 and its released code. What these leave open follows M2D (arXiv 2210.14648), whose targets are those of
masked patches too: the error of standardised targets, AdamW with β (0.9, 0.95), weight decay 0.05, learning rate 3e-4 at batches
of 256, warm-up, cosine, norms of gradients up to 3. The teacher follows as in short runs of CoJEPA: 0.996 to 0.9999. Ours: all
three maskings alike after a ramp from 10 % to 30 % of the steps, and length of the warm-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment
from analysis.files import Json, JsonObject
from analysis.measures.latent_prediction import Spread, cosines, norm_mse
from analysis.models.pupujepa.masks import STRATEGIES, Masks, draw_mask, mask_probabilities, masks_of, stripe_of
from analysis.models.pupujepa.network import PupuJepa
from analysis.models.pupujepa_family import CONTROL
from analysis.models.sound import AudioBatch
from analysis.seeding import numpy_generator
from analysis.training.devices import pick_device
from analysis.training.objective import Groups, Objective, Published, Row, Setting
from analysis.training.prediction_card import write_prediction_card
from analysis.training.predictions import (
    TEST_WINDOWS,
    TEST_WINDOWS_PER_PIECE,
    TOWER,
    evaluate_predictions,
    sound_windows,
    validation_errors,
)
from analysis.training.recipes import TrainingRecipe
from analysis.training.request import TrainRequest

RATIO, START, END, L2 = "mask_ratio", "ramp_start", "ramp_end", "l2_share"
FIRST_DECAY, LAST_DECAY = 0.996, 0.9999
SETTINGS = MappingProxyType({
    RATIO: Setting(0.8, 0.05, 0.95), START: Setting(0.1, 0.0, 1.0), END: Setting(0.3, 0.0, 1.0), L2: Setting(0.0, 0.0, 1.0),
})  # fmt: skip
RECIPES = MappingProxyType({
    recipe.name: recipe
    for recipe in (
        TrainingRecipe("small", "ours, for small models on a CPU", 32, 100, 0.05, False, "", "small", beta2=0.95, clip_norm=3.0),
        TrainingRecipe("paper", "M2D's, as far as known", 256, 25_000, 0.05, False, "", "paper", beta2=0.95, clip_norm=3.0),
    )
})  # fmt: skip
RATES = MappingProxyType({"paper": {"all": 3e-4}, "small": {"all": 1e-3}, "tiny": {"all": 1e-3}})
TABLES = "the authors of arXiv 2606.25713 on their project page (MARBLE), of the model they call tiny, 5 M"
PUBLISHED = (
    Published("key (GiantSteps), accuracy", "64.2 %", TABLES),
    Published("beats (GTZAN), F1", "88.4 %", TABLES),
    Published("key (HookTheory), accuracy", "70.3 %", TABLES),
    Published("tags (MTT), ROC-AUC and AP", "90.8 %, 38.8 %", TABLES),
)


@dataclass(frozen=True)
class MaskedBatch:
    """Windows of sound, and which of their patches are masked.

    Attributes:
        sound: of the windows.
        masks: of their patches.
        strategy: how they were masked, a number of `STRATEGIES`.
    """

    sound: AudioBatch
    masks: Masks
    strategy: int


def decay_of(share: float) -> float:
    """How much of the teacher stays in a step before which a share of all steps was done: from 0.996 to 0.9999, linearly.

    >>> decay_of(0.0), round(decay_of(0.5), 5), decay_of(1.0)
    (0.996, 0.99795, 0.9999)
    """
    return FIRST_DECAY * (1 - share) + LAST_DECAY * share


class PredictionObjective(Objective):
    """Targets of masked patches, predicted."""

    recipes, learning_rates, settings, published = RECIPES, RATES, SETTINGS, PUBLISHED
    validated = "explained"

    def groups(self, model: PupuJepa, learning_rates: str, freeze: str = "") -> Groups:
        """All but the teacher's parameters, alike; biases, norms and the mask token without weight decay."""
        del freeze
        (rate,) = RATES[learning_rates].values()
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        plain = {id(parameter) for parameter in trained if parameter.squeeze().ndim < 2}
        return [
            {"params": [p for p in trained if id(p) not in plain], "lr": rate, "base_lr": rate},
            {"params": [p for p in trained if id(p) in plain], "lr": rate, "base_lr": rate, "weight_decay": 0.0},
        ]

    def training_windows(self, corpus: Corpus, request: TrainRequest) -> list[Segment]:
        """Every window of the training split as long as the model reads; its notes are not read."""
        return sound_windows(corpus, "train", _window_s(request))

    def draw(self, segments: Sequence[Segment], request: TrainRequest, step: int) -> list[Segment]:
        """Any windows, none twice."""
        chosen = numpy_generator(request.seed, "batch", step).choice(len(segments), request.batch_size, replace=False)
        return [segments[i] for i in chosen]

    def batch(
        self, model: PupuJepa, segments: Sequence[Segment], request: TrainRequest, step: int, device: torch.device
    ) -> MaskedBatch:
        """The sound of windows, every one with a mask of its own, by one strategy for all."""
        rng, config = numpy_generator(request.seed, "masks", step), model.config
        likely = mask_probabilities(step / max(1, request.steps), request.setting(START), request.setting(END))
        number = int(rng.choice(len(STRATEGIES), p=likely))
        ratio, stripe = request.setting(RATIO), stripe_of(config)
        drawn = [draw_mask(STRATEGIES[number], config.grid, rng, ratio=ratio, stripe=stripe) for _ in segments]
        sound: AudioBatch = model.towers[TOWER].collate(segments).to(device)
        return MaskedBatch(sound, masks_of(np.stack(drawn)).to(device), number)

    def embed(self, model: PupuJepa, batch: MaskedBatch) -> tuple[Tensor, Tensor]:
        """What is predicted of masked patches, and what the teacher says of them."""
        return model.predict(batch.sound.waveform, batch.masks)

    def loss(self, model: PupuJepa, embedded: tuple[Tensor, ...], request: TrainRequest) -> tuple[Tensor, Row]:
        """2 − 2 cos to standardised targets (or a share of plain squared error), with what tells a collapse.

        `audio_std` is the standard deviation of a number of a target over the patches of the batch, on average: 1 where patches
        differ in all, 0 where the targets have collapsed; `effective_rank` is how many directions they take.
        """
        del model
        predicted, target = embedded
        error, share = norm_mse(predicted, target).mean(), request.setting(L2)
        squared = (predicted.float() - target.float()).square().mean()
        total, spread = (1 - share) * error + share * squared, Spread()
        spread.add(target.flatten(0, 1))
        return total, {
            "loss": total.item(), "norm_mse": error.item(), "l2": squared.item(),
            "cosine": cosines(predicted.detach(), target).mean().item(),
            "audio_std": spread.std, "effective_rank": spread.rank, "masked": float(target.shape[1]),
        }  # fmt: skip

    def end_step(self, model: PupuJepa, share: float) -> None:
        """The teacher follows the student."""
        model.follow(decay_of(share))

    def validation(self, request: TrainRequest, corpus: Corpus) -> tuple[list[Segment], None]:
        """Windows of the validation split; masks are those of the windows.

        Raises:
            CorpusError: the corpus has too few windows.
        """
        per_piece, most = request.validation_windows_per_piece, request.validation_queries
        return sound_windows(corpus, "validation", _window_s(request), most, per_piece), None

    def score(self, model: PupuJepa, segments: Sequence[Segment], sizes: None, device: torch.device) -> float:
        """Share of the mean target's error that is explained, see `Errors.skill`; each strategy masks a third of the windows."""
        del sizes
        return validation_errors(model, segments, device).skill

    def refuse_test_split(self, corpus: Corpus, request: TrainRequest) -> None:
        """Refuse a corpus whose test split has no windows.

        Raises:
            CorpusError: it has too few windows.
        """
        sound_windows(corpus, "test", _window_s(request), TEST_WINDOWS, TEST_WINDOWS_PER_PIECE)

    def evaluate(self, model: PupuJepa, twin: PupuJepa, corpus: Corpus) -> Json:
        """What is explained at masked patches of the test split."""
        return evaluate_predictions(model, twin, corpus, pick_device())

    def published_of(self, arm: str) -> tuple[Published, ...]:
        """Nothing of the control in one dimension."""
        return () if arm.startswith(CONTROL) else self.published

    def card(self, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
        """See `analysis.training.prediction_card`."""
        return write_prediction_card(arm, scale, training, evaluation, {name: s.usual for name, s in SETTINGS.items()})


def _window_s(request: TrainRequest) -> float:
    _, config = request.model
    return config.window_s


OBJECTIVE = PredictionObjective()
