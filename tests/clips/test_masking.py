"""A window with a mask: what is masked, how far the predictor is off, and where it looks."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.clips.masking import (
    MASKINGS,
    MaskedWindow,
    Masking,
    PatchErrors,
    Region,
    explained_sentence,
    has_predictor,
    look_back,
    mask_of,
    others_cosine,
    predict_masked,
    regions_of,
    shown_layers,
    worst_patch,
)
from analysis.errors import ConfigError, ShapeError
from analysis.measures.latent_prediction import norm_mse
from analysis.models.pupujepa.config import PAPER, SCALES, in_one_dimension
from analysis.models.pupujepa.masks import masks_of
from analysis.models.pupujepa.mel import bands_of_patches
from analysis.models.pupujepa.network import PupuJepa, build
from analysis.models.taps import own_hooks
from analysis.models.vit1d.config import SCALES as OTHERS
from analysis.models.vit1d.encoder import outline

TINY = SCALES["tiny"]


@pytest.fixture(scope="module")
def model() -> PupuJepa:
    return build(TINY, 3).eval()


@pytest.fixture(scope="module")
def sound() -> Tensor:
    return 0.1 * torch.randn(TINY.n_samples, generator=torch.Generator().manual_seed(0))


def test_regions_mask_every_patch_that_they_touch() -> None:
    mask = mask_of(TINY, Masking("regions", regions=regions_of("1.0-1.3 s, 100-900 Hz; 3.95–4 s, 6000–7000 Hz")))
    bands_hz = bands_of_patches(TINY)
    expected = np.zeros(TINY.grid, bool)
    for moment, band in np.ndindex(*TINY.grid):
        start_s, (low_hz, high_hz) = moment * 0.16, bands_hz[band]
        for region in (Region(1.0, 1.3, 100, 900), Region(3.95, 4, 6000, 7000)):
            overlaps_s = min(start_s + 0.16, region.end_s) - max(start_s, region.start_s)
            overlaps_hz = min(high_hz, region.high_hz) - max(low_hz, region.low_hz)
            expected[moment, band] |= overlaps_s > 1e-9 and overlaps_hz > 0
    np.testing.assert_array_equal(mask, expected)
    assert mask[24].sum() == 1
    flat = mask_of(in_one_dimension(TINY), Masking("regions", regions=regions_of("1-2 s, 100-900 Hz")))
    assert flat.sum() == 7


@pytest.mark.parametrize("strategy", MASKINGS[:-1])
def test_masks_are_drawn_by_strategy_ratio_and_seed(strategy: str) -> None:
    first, again, other = (mask_of(TINY, Masking(strategy, 0.5, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.sum() == 50
    assert mask_of(TINY, Masking(strategy, 0.3, 1)).sum() in (30, 31)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1-2", "'1-2' is no region; expected such as 1-2 s, 200-800 Hz"), ("a-b, 1-2", "is no region"),
        ("2-1 s, 1-2 Hz", "A region is from 2 to 1 s and 1 to 2 Hz"), ("1-2-3, 4-5", "is no region"),
    ],
)  # fmt: skip
def test_what_is_no_region_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        regions_of(text)


def test_nothing_and_everything_cannot_be_masked() -> None:
    with pytest.raises(ConfigError, match="0 of 100 patches are masked; expected 2 or more"):
        mask_of(TINY, Masking("regions"))
    with pytest.raises(ConfigError, match="100 of 100 patches are masked"):
        mask_of(TINY, Masking("regions", regions=(Region(0, 4, 0, 12_000),)))


def test_errors_stand_where_patches_are_masked(model: PupuJepa, sound: Tensor) -> None:
    mask = mask_of(TINY, Masking("blocks", 0.6, 4))
    seen = predict_masked(model, build(TINY, 7).eval(), sound, mask)
    for errors in (seen.trained, seen.untrained):
        for values in (errors.cosine, errors.error, errors.constant):
            np.testing.assert_array_equal(np.isnan(values), ~mask)
        np.testing.assert_allclose(errors.error[mask], 2 - 2 * errors.cosine[mask], atol=1e-6)
        assert errors.explained == pytest.approx(1 - np.nansum(errors.error) / np.nansum(errors.constant))
    with torch.no_grad():
        said = model.predict(sound[None], masks_of(mask[None]))
    np.testing.assert_allclose(seen.trained.error[mask], norm_mse(said.predicted, said.target)[0], atol=1e-5)
    assert not np.allclose(seen.trained.error[mask], seen.untrained.error[mask], atol=1e-2)
    assert (seen.edges_s[0], seen.edges_s[-1], len(seen.mel_hz)) == (0, 4, 129)
    assert seen.level_db.shape == (400, 128)
    assert seen.level_db.min() >= -100.001  # 1e-5
    moment, band = worst_patch(seen.trained.error)
    assert seen.trained.error[moment, band] == np.nanmax(seen.trained.error)
    sentence = explained_sentence(seen)
    assert "at 60 masked of 100 patches" in sentence
    assert "untrained twin" in sentence
    assert len(sentence.split()) <= 30
    with pytest.raises(ShapeError, match=r"A mask of \(4, 25\) patches was given; expected \(25, 4\)"):
        predict_masked(model, model, sound, mask.T)


NOTHING = (
    "Nothing is explained at 4 masked of 4 patches of this window: error {} that of its own mean target; untrained twin 0.0 %."
)
HALF = "50.0 % of the error of this window's own mean target is explained at 4 masked of 4 patches; untrained twin 0.0 %."


@pytest.mark.parametrize(
    ("error", "said"), [(0.5, HALF), (1.2, NOTHING.format("20.0 % above")), (2.1, NOTHING.format("more than twice"))]
)
def test_what_is_explained_is_said_of_the_windows_own_mean_target(error: float, said: str) -> None:
    ones = np.ones((2, 2), np.float32)
    errors = [PatchErrors(1 - each * ones / 2, each * ones, ones) for each in (error, 1.0)]
    edges, bands, mels = np.arange(3.0), np.array([[20.0, 100.0], [100.0, 400.0]]), np.array([20.0, 100.0, 400.0])
    window = MaskedWindow(ones.astype(bool), edges, bands, np.zeros((4, 2), np.float32), mels, *errors)
    assert explained_sentence(window) == said
    assert len(said.split()) <= 30


def test_the_mean_target_is_that_of_the_others_of_the_band() -> None:
    units = torch.nn.functional.normalize(torch.randn(6, 5, generator=torch.Generator().manual_seed(1)), dim=1)
    band = torch.tensor([0, 0, 1, 0, 2, 2])
    got = others_cosine(units, band, 3)
    for number in range(6):
        others = [n for n in range(6) if n != number and (band[n] == band[number] or band[number] == 1)]
        assert got[number] == pytest.approx(
            torch.cosine_similarity(units[number], units[others].sum(dim=0), dim=0).item(), abs=1e-5
        )


def test_where_the_predictor_looks_is_a_row_of_its_pattern(model: PupuJepa, sound: Tensor) -> None:
    mask = mask_of(TINY, Masking("stripes", 0.5, 2))
    moment, band = map(int, np.argwhere(mask)[11])
    seen, given = tuple(map(int, np.argwhere(~mask)[0])), []
    module: Any = model.predictor.blocks[1].get_submodule("attn")
    with torch.no_grad(), own_hooks(before=[(module, lambda _module, inputs: given.append(inputs))]):
        model.predict(sound[None], masks_of(mask[None]))
        pattern = module.pattern(*given[0])[0].mean(dim=0)
    got = look_back(model, sound, mask, 2, (moment, band))
    np.testing.assert_array_equal(np.isnan(got.visible), mask)
    np.testing.assert_allclose(got.visible[~mask], pattern[50 + 11, :50], atol=1e-6)
    assert got.of_visible == pytest.approx(float(pattern[61, :50].sum()), abs=1e-6)
    assert got.uniform == 0.5
    with pytest.raises(ConfigError, match="The predictor has no layer 3: expected 1 to 2"):
        look_back(model, sound, mask, 3, (moment, band))
    with pytest.raises(ConfigError, match="is not masked; the predictor says nothing of it"):
        look_back(model, sound, mask, 1, (seen[0], seen[1]))


def test_only_models_with_a_predictor_can_be_asked(model: PupuJepa) -> None:
    assert has_predictor(model)
    assert list(shown_layers(model)) == [1, 2]
    other = outline(OTHERS["tiny"])
    assert not has_predictor(other)
    assert not shown_layers(other)
    assert mask_of(PAPER, Masking("random", 0.8, 0)).sum() == 1639
