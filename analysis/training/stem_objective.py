"""What models are trained for that compare stems: every anchor chooses its positive among those of its batch."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from analysis.datasets.hands import HANDS
from analysis.datasets.piece import Corpus
from analysis.datasets.pools import PoolSizes
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.files import Json, JsonObject
from analysis.models.families import outline_of
from analysis.models.sound import AudioBatch
from analysis.models.tower import InputSpec
from analysis.seeding import numpy_generator
from analysis.training.losses import choice_loss
from analysis.training.noises import gain, with_noise
from analysis.training.objective import AnyModel, Objective, Row, Setting
from analysis.training.request import TrainRequest
from analysis.training.stem_card import write_stem_card
from analysis.training.stem_pairs import (
    candidates_that_fit,
    draw_crops,
    evaluate_stems,
    fitting_candidates,
    long_windows,
    parts_of,
    score_stems,
    sounding_windows,
)

TOWER = "audio"
TARGET, NOISE_SHARE = "positive_target", "noise_share"
LONGEST_S = 10.0  # of the windows from which crops are taken
VALIDATION_PARTITIONS = 1
SMALLEST_CHOICE = 2


class StemObjective(Objective):
    """In-batch cross-entropy of disjoint mixes of one window's stems; a family says its recipes, rates and lengths.

    Attributes:
        source: where the loss is from.
    """

    source = "arXiv 2605.03929"
    validated, demo = "accuracy", HANDS
    settings = MappingProxyType({TARGET: Setting(0.9, 0.5, 1.0), NOISE_SHARE: Setting(1.0, 0.0, 2.0)})

    def lengths_s(self, request: TrainRequest) -> tuple[float, float]:
        """Shortest and longest crop: that of the model's windows."""
        window_s = min(self._input(request).window_s, LONGEST_S)
        return window_s, window_s

    def differences(self, scale: str) -> tuple[str, ...]:
        """In what the training at a scale differs from the source, a line each."""
        del scale
        return ()

    def training_windows(self, corpus: Corpus, request: TrainRequest) -> list[Segment]:  # noqa: ARG002
        """Windows of 10 s of the training split, from which crops are taken.

        Raises:
            CorpusError: no recording has two stems.
        """
        if windows := long_windows(corpus, "train", LONGEST_S):
            return windows
        raise CorpusError(
            f"The split train of {corpus.name} has no recording of {LONGEST_S:g} s with two stems. Use a corpus whose recordings "
            "have stems, such as small-hands."
        )

    def draw(self, segments: Sequence[Segment], request: TrainRequest, step: int) -> list[Segment]:
        """Crops of one length, of as many works as there are; each is the mix of the stems that sound in it.

        Raises:
            CorpusError: there are too few windows in which two stems sound.
        """
        rng = numpy_generator(request.seed, "batch", step)
        least_s, most_s = self.lengths_s(request)
        length_s = round(rng.uniform(least_s, most_s), 2)
        return draw_crops(segments, request.batch_size, length_s, self._input(request).sample_rate, rng, "The split train")

    def batch(
        self, model: AnyModel, segments: Sequence[Segment], request: TrainRequest, step: int, device: torch.device
    ) -> AudioBatch:
        """The sound of the anchors, then that of the positives, each with noise of its own and both with one gain."""
        rate, rng = model.towers[TOWER].input.sample_rate, numpy_generator(request.seed, "noise", step)
        share, anchors, positives = request.setting(NOISE_SHARE), [], []
        for segment in segments:
            factor = np.float32(gain(rng))
            for part, sounds in zip(parts_of(segment, step, seed=request.seed), (anchors, positives), strict=True):
                sounds.append(with_noise(factor * part.waveform(rate), rate, rng, share))
        return AudioBatch(torch.from_numpy(np.stack(anchors + positives))).to(device)

    def embed(self, model: AnyModel, batch: AudioBatch) -> tuple[Tensor, Tensor]:
        """Embeddings of anchors and of positives."""
        anchors, positives = model.towers[TOWER](batch).chunk(2)
        return anchors, positives

    def loss(self, model: AnyModel, embedded: tuple[Tensor, ...], request: TrainRequest) -> tuple[Tensor, Row]:
        """Cross-entropy of the choice; the share of anchors that choose their own, mean scores of own and of other positives."""
        anchors, positives = (rows.float() for rows in embedded)
        scores = model.score(anchors, positives)
        terms, own = choice_loss(scores, request.setting(TARGET)), scores.detach().diagonal()
        others = (scores.detach().sum() - own.sum()) / (len(own) * (len(own) - 1))
        return terms.total, {
            "loss": terms.total.item(), "accuracy": terms.accuracy, "pair_score": own.mean().item(), "other_score": others.item(),
        }  # fmt: skip

    def validation(self, request: TrainRequest, corpus: Corpus) -> tuple[list[Segment], PoolSizes]:
        """Windows of the validation split in which two stems sound, and as many candidates as a batch has, or as there can be.

        Raises:
            CorpusError: the corpus has too few windows.
        """
        spec = self._input(request)
        windows = sounding_windows(corpus, "validation", spec.sample_rate, spec.window_s, request.validation_windows_per_piece)
        order = numpy_generator(request.seed, "validation windows").permutation(len(windows))[: request.validation_queries]
        windows = [windows[number] for number in sorted(order)]
        sizes = candidates_that_fit(windows, range(SMALLEST_CHOICE, request.batch_size + 1)) or [SMALLEST_CHOICE]
        return windows, PoolSizes(len(windows), sizes[-1], 0, 0)

    def score(self, model: AnyModel, segments: Sequence[Segment], sizes: PoolSizes, device: torch.device) -> float:
        """Share of the anchors that score their own positive highest."""
        (score,) = score_stems(model, segments, [sizes.pool_size], device=device, partitions=VALIDATION_PARTITIONS)
        return score.accuracy

    def refuse_test_split(self, corpus: Corpus, request: TrainRequest) -> None:  # noqa: ARG002
        """Refuse a corpus whose test split gives no question, however its stems sound; none is read.

        Raises:
            CorpusError: it has too few windows with stems.
        """
        fitting_candidates(long_windows(corpus, "test", LONGEST_S / 2), f"The split test of {corpus.name}")

    def evaluate(self, model: AnyModel, twin: AnyModel, corpus: Corpus) -> Json:
        """How often stems of a window are chosen by others of its stems."""
        return evaluate_stems(model, twin, corpus)

    def card(self, arm: str, scale: str, training: JsonObject, evaluation: Mapping[str, object]) -> str:
        """See `analysis.training.stem_card`."""
        return write_stem_card(self, arm, scale, training, evaluation)

    def _input(self, request: TrainRequest) -> InputSpec:
        family, config = request.model
        return outline_of(family.name, json.dumps(family.to_dict(config))).towers[TOWER].input
