"""How well masked patches of windows are predicted from visible ones, beside the mean target and the untrained twin.

Errors of two models are distances in spaces of their own and say nothing beside each other; what is compared is the share of the
error of the best constant that a model explains in its own space.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment, list_segments
from analysis.errors import CorpusError
from analysis.files import Json
from analysis.measures.latent_prediction import Spread, directions, norm_mse
from analysis.measures.resampling import WorkDraws
from analysis.models.pupujepa.config import PupuConfig
from analysis.models.pupujepa.masks import RATIO, STRATEGIES, Masks, draw_mask, masks_of, stripe_of
from analysis.models.pupujepa.network import PupuJepa
from analysis.models.sound import AudioBatch
from analysis.seeding import numpy_generator
from analysis.training.prediction_scores import ALL, PREDICTION

TOWER = "audio"
EVALUATION_SEED = 42
TEST_WINDOWS_PER_PIECE, TEST_WINDOWS = 20, 200
TOKENS_AT_ONCE = 6_000
FEWEST_WINDOWS = 2


class Errors(NamedTuple):
    """Of the masked patches of every window, added up.

    Attributes:
        predicted: error of the prediction, 2 − 2 cos, `(windows,)`.
        constant: error of the mean target of the band that a patch is of, over all windows, `(windows,)`.
        n: masked patches of every window, `(windows,)`.
    """

    predicted: Float[ndarray, " windows"]
    constant: Float[ndarray, " windows"]
    n: Float[ndarray, " windows"]

    @property
    def explained(self) -> float:
        """1 − error of the prediction / error of the mean target; 0 where targets are equal and nothing is to be explained."""
        below = float(self.constant.sum())
        return 1 - float(self.predicted.sum()) / below if below > 0 else 0.0

    @property
    def skill(self) -> float:
        """(error of the mean target − error of the prediction) / the larger of the two, above −1: what is explained where the
        prediction is better, and where it is worse less than 0 by what the mean target would have spared.
        """
        error, constant = float(self.predicted.sum()), float(self.constant.sum())
        return (constant - error) / larger if (larger := max(error, constant)) > 0 else 0.0


def held_out_masks(segments: Sequence[Segment], strategy: str, config: PupuConfig, ratio: float = RATIO) -> Masks:
    """Masks that depend on the window and the strategy alone."""
    drawn = []
    for segment in segments:
        rng = numpy_generator(EVALUATION_SEED, "mask", strategy, segment.piece.piece_id, f"{segment.start_s:g}")
        drawn.append(draw_mask(strategy, config.grid, rng, ratio=ratio, stripe=stripe_of(config)))
    return masks_of(np.stack(drawn))


@torch.no_grad()
def prediction_errors(
    model: PupuJepa, segments: Sequence[Segment], strategy: str, *, device: torch.device, spread: Spread | None = None
) -> Errors:
    """Errors at masked patches, with masks that are the same whenever they are asked for.

    Args:
        model: on the device.
        segments: windows.
        strategy: of `STRATEGIES`.
        device: where it is computed.
        spread: takes the targets, where it is given.
    """
    was_training = model.training
    model.eval()
    tower, config, (_, bands) = model.towers[TOWER], model.config, model.config.grid
    predicted, sums, counts = [], [], []
    size = max(1, TOKENS_AT_ONCE // config.n_tokens)
    for start in range(0, len(segments), size):
        part = segments[start : start + size]
        batch: AudioBatch = tower.collate(part).to(device)
        masks = held_out_masks(part, strategy, config).to(device)
        outcome = model.predict(batch.waveform, masks)
        predicted.append(norm_mse(outcome.predicted, outcome.target).sum(dim=1).cpu())
        by_band, n = _by_band(directions(outcome.target), masks.masked % bands, bands)
        sums.append(by_band.cpu())
        counts.append(n.cpu())
        if spread is not None:
            spread.add(outcome.target.flatten(0, 1))
    model.train(was_training)
    of_bands, n = torch.cat(sums).double(), torch.cat(counts).double()
    means = torch.nn.functional.normalize(of_bands.sum(dim=0), dim=-1)
    constant = 2 * n.sum(dim=1) - 2 * (of_bands * means).sum(dim=(1, 2))
    return Errors(torch.cat(predicted).double().numpy(), constant.clamp(min=0).numpy(), n.sum(dim=1).numpy())


def _by_band(targets: Tensor, band: Tensor, bands: int) -> tuple[Tensor, Tensor]:
    """Sums of the directions of every band, `(windows, bands, d)`, and how many there are."""
    which = torch.nn.functional.one_hot(band, bands).to(targets.dtype)
    return torch.einsum("wnb,wnd->wbd", which, targets), which.sum(dim=1)


def sound_windows(
    corpus: Corpus, split: str, window_s: float, most: int | None = None, per_piece: int | None = None
) -> list[Segment]:
    """Windows of a split as long as a model reads, every second and at most so many, evenly spread; the sound alone is read.

    Raises:
        CorpusError: there are fewer than two.
    """
    windows = list_segments(corpus.split(split), max_per_piece=per_piece, min_notes=0, window_s=window_s)
    if len(windows) < FEWEST_WINDOWS:
        got = f"The split {split} of {corpus.name} has {len(windows)} windows of {window_s:g} s"
        raise CorpusError(f"{got}; expected {FEWEST_WINDOWS} or more. Use more or longer recordings, or a smaller scale.")
    if most is None or len(windows) <= most:
        return windows
    return [windows[number * len(windows) // most] for number in range(most)]


def validation_errors(model: PupuJepa, segments: Sequence[Segment], device: torch.device) -> Errors:
    """Every strategy on a part of the windows, put together."""
    parts = [
        prediction_errors(model, part, strategy, device=device)
        for number, strategy in enumerate(STRATEGIES)
        if (part := segments[number :: len(STRATEGIES)])
    ]
    return Errors(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def evaluate_predictions(model: PupuJepa, twin: PupuJepa, corpus: Corpus, device: torch.device) -> Json:
    """What a model and its untrained twin explain at masked patches of the test split, strategy by strategy.

    Raises:
        CorpusError: the test split has too few windows.
    """
    window_s = model.config.window_s
    segments = sound_windows(corpus, "test", window_s, TEST_WINDOWS, TEST_WINDOWS_PER_PIECE)
    evaluation: Json = {"split": "test", "n_windows": len(segments)}
    for name, network in (("trained", model), ("untrained", twin)):
        spread, network = Spread(), network.to(device).eval()
        errors = {s: prediction_errors(network, segments, s, device=device, spread=spread) for s in STRATEGIES}
        errors = {ALL: Errors(*(np.sum(values, axis=0) for values in zip(*errors.values(), strict=True))), **errors}
        records = {strategy: _record(of, segments) for strategy, of in errors.items()}
        evaluation |= {name: {PREDICTION: records, "target_std": spread.std, "target_effective_rank": spread.rank}}
    return evaluation


def _record(errors: Errors, segments: Sequence[Segment]) -> Json:
    """As it stands in the configuration of a checkpoint; errors are means over masked patches."""
    draws = WorkDraws(np.array([segment.piece.group for segment in segments]), EVALUATION_SEED)
    low, high = draws.interval(1 - draws.ratios(errors.predicted, errors.constant))
    n = float(errors.n.sum())
    return {
        "explained": errors.explained, "explained_ci": [low, high], "n_windows": len(segments), "n_works": draws.n_works,
        "error": float(errors.predicted.sum()) / n, "error_of_mean_target": float(errors.constant.sum()) / n,
    }  # fmt: skip
