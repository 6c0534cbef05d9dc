"""Mask patches of a window and see what a predictor says of them: how far off it is, and which visible patches it looks at.

Beside every error stand that of the untrained twin and that of the mean target, both on the same mask.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from analysis.errors import ConfigError, ShapeError
from analysis.measures.latent_prediction import cosines, directions
from analysis.models.pupujepa.blocks import RotaryBlock
from analysis.models.pupujepa.config import PupuConfig
from analysis.models.pupujepa.masks import RATIO, STRATEGIES, draw_mask, masks_of, stripe_of
from analysis.models.pupujepa.mel import bands_of_patches, mel_edges_hz
from analysis.models.pupujepa.network import PupuJepa
from analysis.models.taps import own_hooks
from analysis.seeding import numpy_generator

if TYPE_CHECKING:
    from analysis.models.tower import InputSpec, Model

REGIONS = "regions"
MASKINGS = (*STRATEGIES, REGIONS)
FEWEST_MASKED = 2  # of one nothing could be said but by itself
DB = 20 / np.log(10)  # per unit of a natural logarithm of magnitude


@dataclass(frozen=True)
class Region:
    """A part of a window: seconds from its start, and Hz."""

    start_s: float
    end_s: float
    low_hz: float
    high_hz: float

    def __post_init__(self) -> None:
        if not (0 <= self.start_s < self.end_s and 0 <= self.low_hz < self.high_hz):
            got = f"{self.start_s:g} to {self.end_s:g} s and {self.low_hz:g} to {self.high_hz:g} Hz"
            raise ConfigError(f"A region is from {got}; expected numbers from 0, the lower end first.")


@dataclass(frozen=True)
class Masking:
    """What is masked.

    Attributes:
        strategy: one of `MASKINGS`.
        ratio: share of the patches, where they are drawn.
        seed: of what is drawn.
        regions: that are masked where the strategy says so; every patch that a region touches.
    """

    strategy: str = "random"
    ratio: float = RATIO
    seed: int = 0
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class PatchErrors:
    """Of every masked patch, NaN where it is visible.

    Attributes:
        cosine: of the prediction to the standardised target.
        error: 2 − 2 cos of the prediction.
        constant: 2 − 2 cos of the mean target of the other masked patches of the band; of all bands where it has no other.
    """

    cosine: Float[ndarray, "moments bands"]
    error: Float[ndarray, "moments bands"]
    constant: Float[ndarray, "moments bands"]

    @property
    def explained(self) -> float:
        """1 − error of the prediction / error of the mean target, both over all masked patches; 0 where the latter is 0."""
        below = float(np.nansum(self.constant))
        return 1 - float(np.nansum(self.error)) / below if below > 0 else 0.0


@dataclass(frozen=True)
class MaskedWindow:
    """A window with a mask, and what is said of the masked patches.

    Attributes:
        mask: True where a patch is masked.
        edges_s: where patches begin and end, seconds from the start of the window.
        bands_hz: lowest and highest frequency of the bands of patches.
        level_db: of every frame and mel band as the model is given them, dB re 1.
        mel_hz: frequencies between which mel bands lie.
        trained, untrained: errors of the model and of its untrained twin, each with targets of its own.
    """

    mask: Bool[ndarray, "moments bands"]
    edges_s: Float[ndarray, " edges"]
    bands_hz: Float[ndarray, "bands 2"]
    level_db: Float[ndarray, "frames mels"]
    mel_hz: Float[ndarray, " between"]
    trained: PatchErrors
    untrained: PatchErrors


@dataclass(frozen=True)
class PatchAttention:
    """Where the predictor looks from a masked patch.

    Attributes:
        visible: share that goes to every visible patch, mean over heads; NaN where a patch is masked.
        of_visible: share that goes to all visible ones together; the rest goes to places of masked patches.
        uniform: what that would be if all were looked at alike.
    """

    visible: Float[ndarray, "moments bands"]
    of_visible: float
    uniform: float


def has_predictor(model: "Model") -> TypeGuard[PupuJepa]:
    """Whether a model, or its outline, can say anything of masked patches."""
    return isinstance(model, PupuJepa)


def mask_of(config: PupuConfig, masking: Masking) -> Bool[ndarray, "moments bands"]:
    """True where a patch is masked.

    Raises:
        ConfigError: there is no such strategy, or fewer than two patches, or all of them, would be masked.
    """
    if masking.strategy != REGIONS:
        rng = numpy_generator(masking.seed, "masked window", masking.strategy)
        mask = draw_mask(masking.strategy, config.grid, rng, ratio=masking.ratio, stripe=stripe_of(config))
    else:
        mask = np.zeros(config.grid, bool)
        starts_s, bands_hz = np.arange(config.grid[0]) * config.patch_s, bands_of_patches(config)
        for region in masking.regions:
            during = (starts_s < region.end_s) & (starts_s + config.patch_s > region.start_s)
            within = (bands_hz[:, 0] < region.high_hz) & (bands_hz[:, 1] > region.low_hz)
            mask |= during[:, None] & within
    if not FEWEST_MASKED <= (n := int(mask.sum())) < mask.size:
        raise ConfigError(f"{n} of {mask.size} patches are masked; expected {FEWEST_MASKED} or more, and some visible.")
    return mask


@torch.no_grad()
def predict_masked(
    model: PupuJepa, twin: PupuJepa, waveform: Float[Tensor, " samples"], mask: Bool[ndarray, "moments bands"]
) -> MaskedWindow:
    """Errors at the masked patches of one window.

    Args:
        model: in inference mode.
        twin: untrained.
        waveform: as long as the model reads.
        mask: True where a patch is masked.

    Raises:
        ShapeError: the window has another length, or the mask is not that of a window of this model.
    """
    config = model.config
    if mask.shape != config.grid:
        raise ShapeError(f"A mask of {mask.shape} patches was given; expected {config.grid}. Make it with mask_of.")
    logarithm = model.patch_embed.mel(waveform[None])[0].cpu().numpy() * config.spread + config.centre
    errors = [_errors(network, waveform, mask) for network in (model, twin)]
    return MaskedWindow(
        mask, np.arange(config.grid[0] + 1) * config.patch_s, bands_of_patches(config), DB * logarithm,
        mel_edges_hz(config, np.arange(config.n_mels + 1) + 0.5), *errors,
    )  # fmt: skip


@torch.no_grad()
def look_back(
    model: PupuJepa, waveform: Float[Tensor, " samples"], mask: Bool[ndarray, "moments bands"], layer: int, patch: tuple[int, int]
) -> PatchAttention:
    """Attention of the predictor from one masked patch, in one of its layers; of the pattern that row alone is computed.

    Args:
        model: in inference mode.
        waveform: as long as the model reads.
        mask: True where a patch is masked.
        layer: block of the predictor, from 1.
        patch: moment and band, both from 0.

    Raises:
        ConfigError: there is no such layer, or the patch is not masked.
    """
    blocks = [block.attn for block in model.predictor.blocks if isinstance(block, RotaryBlock)]
    if not 1 <= layer <= len(blocks):
        raise ConfigError(f"The predictor has no layer {layer}: expected 1 to {len(blocks)}.")
    if not all(0 <= at < n for at, n in zip(patch, mask.shape, strict=True)) or not mask[patch]:
        raise ConfigError(f"The patch {patch} is not masked; the predictor says nothing of it. Choose a masked one.")
    masks, given = masks_of(mask[None]).to(waveform.device), {}
    module = blocks[layer - 1]
    with own_hooks(before=[(module, given.__setitem__)]):
        model.predict(waveform[None], masks)
    number = int(np.flatnonzero(mask).searchsorted(patch[0] * mask.shape[1] + patch[1]))
    n_visible = masks.visible.shape[1]
    q, k = module.heads(*given[module])
    row = (q[0, :, n_visible + number, None] @ k[0].transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(dim=-1).mean(dim=0)[0]
    grid = np.full(mask.shape, np.nan, np.float32)
    grid[~mask] = row[:n_visible].cpu().numpy()
    return PatchAttention(grid, float(row[:n_visible].sum()), n_visible / mask.size)


def regions_of(text: str) -> tuple[Region, ...]:
    """Regions as a person writes them: "1–2 s, 200–800 Hz", several with a semicolon between.

    Raises:
        ConfigError: a part is none.

    >>> regions_of("1-2 s, 200-800 Hz; 3–3.5, 0–12000")[1]
    Region(start_s=3.0, end_s=3.5, low_hz=0.0, high_hz=12000.0)
    """
    parts = [part for part in text.replace("–", "-").split(";") if part.strip()]
    return tuple(_region(part) for part in parts)


def _region(text: str) -> Region:
    try:
        spans = text.lower().replace("hz", "").replace("s", "").split(",")
        (start, end), (low, high) = ([float(number) for number in span.split("-")] for span in spans)
    except ValueError as error:
        raise ConfigError(f"{text.strip()!r} is no region; expected such as 1-2 s, 200-800 Hz.") from error
    return Region(start, end, low, high)


def _errors(model: PupuJepa, waveform: Tensor, mask: ndarray) -> PatchErrors:
    masks = masks_of(mask[None]).to(waveform.device)
    outcome = model.predict(waveform[None], masks)
    cosine = cosines(outcome.predicted, outcome.target)[0]
    band = masks.masked[0] % mask.shape[1]
    constant = 2 - 2 * others_cosine(directions(outcome.target)[0], band, mask.shape[1])
    return PatchErrors(*(_on_grid(values, mask) for values in (cosine, 2 - 2 * cosine, constant)))


def others_cosine(units: Float[Tensor, "n d"], band: Tensor, bands: int) -> Float[Tensor, " n"]:
    """Cosine of every vector of length 1 to the sum of the others of its band, or of all others where its band has no other."""
    which = F.one_hot(band, bands).to(units.dtype)
    sums, counts = which.T @ units, which.sum(dim=0)
    others = torch.where((counts[band] > 1)[:, None], sums[band], units.sum(dim=0)) - units
    return (F.normalize(others, dim=-1) * units).sum(dim=-1)


def _on_grid(values: Tensor, mask: ndarray) -> Float[ndarray, "moments bands"]:
    grid = np.full(mask.shape, np.nan, np.float32)
    grid[mask] = values.float().cpu().numpy()
    return grid


def worst_patch(errors: Float[ndarray, "moments bands"]) -> tuple[int, int]:
    """Moment and band of the largest error."""
    moment, band = np.unravel_index(int(np.nanargmax(errors)), errors.shape)
    return int(moment), int(band)


def explained_sentence(window: MaskedWindow) -> str:
    """What is explained of the window's own mean target, the twin beside it, and how much is masked; at most 30 words."""
    share, twin = window.trained.explained, _percent(window.untrained.explained)
    where = f"at {int(window.mask.sum()):,} masked of {window.mask.size:,} patches"
    if share < 0:
        error = f"{-100 * share:.1f} % above" if share >= -1 else "more than twice"
        return f"Nothing is explained {where} of this window: error {error} that of its own mean target; untrained twin {twin}."
    return f"{_percent(share)} of the error of this window's own mean target is explained {where}; untrained twin {twin}."


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace("-", "−") if share >= -1 else "< −100 %"


def shown_layers(model: "Model") -> Sequence[int]:
    """Layers of the predictor, from 1."""
    return range(1, model.config.predictor_n_layers + 1) if has_predictor(model) else ()


def input_of(model: PupuJepa) -> "InputSpec":
    """Rate and length of the windows that it reads."""
    (tower,) = model.towers.values()
    return tower.input
