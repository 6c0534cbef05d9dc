"""The losses of arms with a third tower, term by term, and what names are known."""

import pytest
import torch

from analysis.errors import ConfigError
from analysis.models.arms import REAL_ARMS
from analysis.training.losses import loss_of, vicreg, with_penalty

A, M, T = (torch.randn(6, 4, generator=torch.Generator().manual_seed(seed)) for seed in range(3))


@pytest.mark.parametrize("field", ["total", "invariance", "variance", "covariance"])
@pytest.mark.parametrize(
    ("name", "am", "at", "mt"),
    [("triple", 1 / 3, 1 / 3, 1 / 3), ("weighted", 1.0, 0.15, 0.15), ("anchor", 0.0, 0.5, 0.5), ("pair", 1.0, 0.0, 0.0)],
)
def test_a_loss_is_a_weighted_sum_of_vicreg_over_pairs(name: str, am: float, at: float, mt: float, field: str) -> None:
    found = getattr(loss_of(name, A, M, None if name == "pair" else T), field)
    pairs = (getattr(vicreg(*pair), field) for pair in ((A, M), (A, T), (M, T)))
    expected = sum(weight * term for weight, term in zip((am, at, mt), pairs, strict=True))
    torch.testing.assert_close(found, expected)


def test_what_is_not_known_is_refused() -> None:
    with pytest.raises(ConfigError, match="Unknown loss 'sum': expected one of pair, triple, weighted, anchor"):
        loss_of("sum", A, M, T)
    with pytest.raises(ConfigError, match="The loss anchor reads a third tower, and the model has none"):
        loss_of("anchor", A, M, None)
    for arm in REAL_ARMS.values():
        loss_of(arm.loss, A, M, T)


def test_a_penalty_is_added() -> None:
    assert with_penalty(torch.tensor(2.0), torch.tensor(0.5)).item() == 2.5
    assert with_penalty(torch.tensor(2.0), None).item() == 2.0
