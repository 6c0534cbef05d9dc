"""Masks of patches: their exact counts, how strategies differ, and when which is drawn."""

from typing import Any

import numpy as np
import pytest

from analysis.errors import ConfigError, ShapeError
from analysis.models.pupujepa.masks import STRATEGIES, draw_mask, mask_probabilities, masks_of, n_masked
from analysis.seeding import numpy_generator


def drawn_mask(strategy: str, grid: tuple[int, int], seed: int = 0, **settings: Any) -> np.ndarray:
    return draw_mask(strategy, grid, numpy_generator(seed, "mask of a test"), **settings)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("grid", [(256, 8), (50, 8), (25, 4), (256, 1), (25, 1)])
def test_every_strategy_masks_exactly_as_many_patches_as_it_says(strategy: str, grid: tuple[int, int]) -> None:
    counts = {int(drawn_mask(strategy, grid, seed, stripe=grid[0] // 6).sum()) for seed in range(12)}
    assert counts == {n_masked(strategy, grid)}
    first, again, other = (drawn_mask(strategy, grid, seed, stripe=grid[0] // 6) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_counts_are_those_of_the_source() -> None:
    assert [n_masked(strategy, (256, 8)) for strategy in STRATEGIES] == [1639, 1638, 1638]
    assert 2048 - n_masked("random", (256, 8)) == int(2048 * 0.2) == 409


def test_strategies_differ_in_how_masked_patches_lie_together() -> None:
    """Half of the grid: stripes fill moments, blocks lie next to each other, what is random does neither."""

    def borders(mask: np.ndarray) -> int:
        return int((mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum())

    drawn = {s: [drawn_mask(s, (256, 8), seed, ratio=0.5) for seed in range(4)] for s in STRATEGIES}
    lines = {s: np.mean([borders(mask) for mask in drawn[s]]) for s in STRATEGIES}
    assert lines["stripes"] < lines["blocks"] < lines["random"]
    whole = {s: np.mean([mask.all(axis=1).sum() for mask in drawn[s]]) for s in STRATEGIES}
    assert whole["stripes"] > 60 > 8 > whole["random"]


def test_probabilities_of_strategies_sum_to_1_at_every_step() -> None:
    steps = np.linspace(0, 1, 301)
    rows = np.array([mask_probabilities(step, 0.1, 0.3) for step in steps])
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
    assert (rows >= 0).all()
    assert (rows[steps <= 0.1, 0] == 1).all()
    np.testing.assert_allclose(rows[steps >= 0.3], 1 / 3)
    assert (np.diff(rows[:, 0]) <= 0).all()
    assert mask_probabilities(0.0, 0.0, 0.0) == mask_probabilities(1.0, 0.1, 0.3)
    with pytest.raises(ConfigError, match="There is no masking 'diagonal': expected one of random, blocks, stripes"):
        drawn_mask("diagonal", (25, 4))
    with pytest.raises(ConfigError, match="A ratio of 1 masks 100 of 100 patches"):
        drawn_mask("blocks", (25, 4), ratio=1.0)
    uneven = np.stack([drawn_mask("blocks", (25, 4), ratio=ratio) for ratio in (0.5, 0.6)])
    with pytest.raises(ShapeError, match="from 50 to 60 of 100 patches are masked; expected the same number"):
        masks_of(uneven)
