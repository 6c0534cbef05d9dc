"""NT-Xent: closed forms, both directions, and what it does not depend on."""

import math

import pytest
import torch
from torch import Tensor

from analysis.errors import ConfigError, ShapeError
from analysis.training.losses import nt_xent


def noise(n: int = 6, d: int = 5, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def by_loops(first: Tensor, second: Tensor, temperature: float) -> float:
    """Query by query, with the sums written out."""
    views = [row / row.norm() for row in [*first.double(), *second.double()]]
    n, losses = len(first), []
    for query, view in enumerate(views):
        match = (query + n) % (2 * n)
        scores = {other: math.exp(float(view @ views[other]) / temperature) for other in range(2 * n) if other != query}
        losses.append(-math.log(scores[match] / sum(scores.values())))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("n", [2, 3, 16])
def test_collapsed_embeddings_cost_the_logarithm_of_the_candidates(n: int) -> None:
    terms = nt_xent(torch.ones(n, 4), 3 * torch.ones(n, 4), 0.1)
    assert terms.total.item() == pytest.approx(math.log(2 * n - 1), rel=1e-5)
    assert terms.pair == pytest.approx(1)
    assert terms.others == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0.05, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("n", [2, 5])
def test_orthogonal_pairs(n: int, temperature: float) -> None:
    """Equal within a pair, orthogonal between pairs: log(1 + (2B − 2)·e^(−1/t))."""
    terms = nt_xent(2 * torch.eye(n), 7 * torch.eye(n), temperature)
    assert terms.total.item() == pytest.approx(math.log1p((2 * n - 2) * math.exp(-1 / temperature)), rel=1e-4, abs=1e-6)
    assert (terms.accuracy, terms.pair, terms.others) == pytest.approx((1, 1, 0))


def test_opposite_pairs_cost_more_than_collapse() -> None:
    """Cosine −1 within a pair, 0 between pairs."""
    terms = nt_xent(torch.eye(3), -torch.eye(3), 0.5)
    assert terms.total.item() == pytest.approx(math.log1p(4 * math.exp(2)), rel=1e-5)
    assert (terms.accuracy, terms.pair) == pytest.approx((0, -1))


@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_it_is_the_mean_over_all_queries_written_out(temperature: float) -> None:
    first, second = noise(), noise(seed=1)
    assert nt_xent(first, second, temperature).total.item() == pytest.approx(by_loops(first, second, temperature), rel=1e-4)


def test_neither_order_nor_direction_nor_length_matters() -> None:
    first, second = noise(), noise(seed=1)
    plain = nt_xent(first, second, 0.2)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    lengths = torch.linspace(0.5, 4, 6)[:, None]
    for other in (
        nt_xent(first[order], second[order], 0.2), nt_xent(second, first, 0.2), nt_xent(lengths * first, second / lengths, 0.2),
    ):  # fmt: skip
        assert other.total.item() == pytest.approx(plain.total.item(), rel=1e-5)
        assert (other.pair, other.others, other.accuracy) == pytest.approx((plain.pair, plain.others, plain.accuracy), abs=1e-6)
    assert nt_xent(first, second[order], 0.2).total.item() != pytest.approx(plain.total.item(), rel=1e-3)


def test_both_directions_have_a_gradient() -> None:
    first, second = noise().requires_grad_(), noise(seed=1).requires_grad_()
    nt_xent(first, second, 0.1).total.backward()
    assert first.grad is not None
    assert second.grad is not None
    assert (first.grad.norm(dim=1) > 0).all()
    assert (second.grad.norm(dim=1) > 0).all()


def test_the_mean_cosine_of_other_pairs_leaves_out_pairs_and_the_view_itself() -> None:
    first, second = noise(3), noise(3, seed=1)
    views = torch.cat([first, second])
    views = views / views.norm(dim=1, keepdim=True)
    others = [float(views[i] @ views[j]) for i in range(6) for j in range(6) if i % 3 != j % 3]
    assert nt_xent(first, second, 0.1).others == pytest.approx(sum(others) / len(others), abs=1e-6)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"at least 2 rows; got \(1, 4\), \(1, 4\)"):
        nt_xent(torch.zeros(1, 4), torch.zeros(1, 4), 0.1)
    for temperature in (0.0, -1.0, float("nan")):
        with pytest.raises(ConfigError, match="expected a number above 0"):
            nt_xent(noise(), noise(), temperature)
