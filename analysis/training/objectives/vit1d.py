"""ViT-1D: the class tokens of two windows of one recording are to be alike among all of a batch, by NT-Xent.

Source: arXiv 2506.23873: two random windows of a track, close in time. Temperature, distance of the windows, learning rates and
other augmentations are not given there. Batch, betas and length are those with which the same authors later trained a contrastive
model of this kind: 999 times 512 steps of 128 pairs.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment
from analysis.files import Json, JsonObject
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.vit1d.encoder import Vit1d
from analysis.seeding import numpy_generator
from analysis.training.losses import nt_xent
from analysis.training.objective import Groups, Objective, Published, Row, validation_pool
from analysis.training.recipes import TrainingRecipe
from analysis.training.request import TrainRequest
from analysis.training.view_card import write_view_card
from analysis.training.views import (
    GAP,
    SETTINGS,
    TEMPERATURE,
    evaluate_views,
    score_views,
    second_view,
    sound_windows,
    spread_over_works,
    views_pool,
)

TOWER = "audio"
RECIPES = MappingProxyType({
    recipe.name: recipe
    for recipe in (
        TrainingRecipe("small", "ours, for small models on a CPU", 32, 100, 0.04, False, "", "small", beta2=0.98),
        TrainingRecipe("paper", "the authors' later training of such a model", 128, 5120, 0.04, False, "", "paper", beta2=0.98),
    )
})  # fmt: skip
RATES = MappingProxyType({"paper": {"all": 3e-4}, "small": {"all": 1e-3}, "tiny": {"all": 1e-3}})
LATER = "the same group in its later CoJEPA (tables 2 and 3), of a contrastive model of this kind with changes: last block"
PUBLISHED = (
    Published("tags (MTAT), ROC-AUC and mAP", "0.881, 0.395", LATER),
    Published("key (GiantSteps), weighted accuracy", "0.550", LATER),
    Published("chords (RWC-Pop and SWD), accuracy of single tokens", "0.241", LATER),
    Published("beats (GTZAN), F", "0.737", LATER),
)


class ViewObjective(Objective):
    """NT-Xent between class tokens of two views."""

    recipes, learning_rates, settings, published = RECIPES, RATES, SETTINGS, PUBLISHED

    def groups(self, model: Vit1d, learning_rates: str, freeze: str = "") -> Groups:
        """All parameters, alike."""
        del freeze
        (rate,) = RATES[learning_rates].values()
        return [{"params": list(model.parameters()), "lr": rate, "base_lr": rate}]

    def training_windows(self, corpus: Corpus, request: TrainRequest) -> list[Segment]:
        """Every window of the training split; its notes are not read."""
        del request
        return sound_windows(corpus, "train")

    def draw(self, segments: Sequence[Segment], request: TrainRequest, step: int) -> list[Segment]:
        """First views, of as many works as there are."""
        return spread_over_works(segments, request.batch_size, numpy_generator(request.seed, "batch", step))

    def batch(
        self, model: Vit1d, segments: Sequence[Segment], request: TrainRequest, step: int, device: torch.device
    ) -> AudioBatch:
        """The sound of the first views, then that of the second ones."""
        rng = numpy_generator(request.seed, "second views", step)
        seconds = [second_view(segment, request.setting(GAP), rng) for segment in segments]
        return collate_sound([*segments, *seconds], model.towers[TOWER].input).to(device)

    def embed(self, model: Vit1d, batch: AudioBatch) -> tuple[Tensor, Tensor]:
        """Class tokens of the first and of the second views."""
        first, second = model.towers[TOWER](batch).chunk(2)
        return first, second

    def loss(self, model: Vit1d, embedded: tuple[Tensor, ...], request: TrainRequest) -> tuple[Tensor, Row]:
        """NT-Xent, with the share of views that find their pair, cosines, and the spread of the directions of the embeddings.

        The spread is the standard deviation of √d · z / |z| over the views, on average over dimensions: 1 where all directions
        are taken alike, 0 where the embeddings have collapsed.
        """
        del model
        first, second = embedded
        terms = nt_xent(first, second, request.setting(TEMPERATURE))
        directions = F.normalize(torch.cat([first, second]).detach().float(), dim=1) * first.shape[1] ** 0.5
        return terms.total, {
            "loss": terms.total.item(), "accuracy": terms.accuracy, "pair_cosine": terms.pair, "other_cosine": terms.others,
            "audio_std": directions.std(dim=0).mean().item(),
        }  # fmt: skip

    def validation(self, request: TrainRequest, corpus: Corpus) -> tuple[list[Segment], PoolSizes]:
        """Windows of the validation split, and the pool of those that are of other works.

        Raises:
            CorpusError: the corpus has too few windows.
        """
        windows = sound_windows(corpus, "validation", request.validation_windows_per_piece)
        return windows, validation_pool(windows, request, corpus, same_piece=False)

    def score(self, model: Vit1d, segments: Sequence[Segment], sizes: PoolSizes, device: torch.device) -> float:
        """S of finding the second view."""
        return score_views(model, TOWER, segments, SETTINGS[GAP].usual, sizes, device=device).s

    def refuse_test_split(self, corpus: Corpus, request: TrainRequest) -> None:
        """Refuse a corpus whose test split gives no pool.

        Raises:
            CorpusError: it has too few windows.
        """
        del request
        views_pool(corpus)

    def evaluate(self, model: Vit1d, twin: Vit1d, corpus: Corpus) -> Json:
        """How well a window finds its second view."""
        return evaluate_views(model, twin, TOWER, corpus, SETTINGS[GAP].usual)

    def card(self, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
        """See `analysis.training.view_card`."""
        return write_view_card(arm, scale, training, evaluation)


OBJECTIVE = ViewObjective()
