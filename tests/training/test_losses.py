"""VICReg: closed forms; schedules: ends and middle."""

import pytest
import torch

from analysis.errors import ShapeError
from analysis.training.losses import covariance_term, variance_term, vicreg


def test_collapsed_embeddings_pay_only_variance() -> None:
    z = torch.full((8, 4), 2.0)
    terms = vicreg(z, z)
    assert terms.invariance.item() == 0
    assert terms.covariance.item() == 0
    assert terms.total.item() == pytest.approx(10 * 2 * (1 - 1e-2), rel=1e-5)


def test_invariance_is_a_mean_square() -> None:
    z = torch.randn(16, 4, generator=torch.Generator().manual_seed(0))
    assert vicreg(z, z + 3).invariance.item() == pytest.approx(9, rel=1e-5)


def test_variance_and_covariance_against_loops() -> None:
    z = torch.randn(10, 3, generator=torch.Generator().manual_seed(1)).double()
    columns = [z[:, i] - z[:, i].mean() for i in range(3)]
    pairs = [(i, j) for i in range(3) for j in range(3) if i != j]
    off_diagonal = sum(float((columns[i] @ columns[j] / 9) ** 2) for i, j in pairs) / 3
    hinge = sum(max(0.0, 1 - float(column @ column / 9 + 1e-4) ** 0.5) for column in columns) / 3
    assert float(covariance_term(z)) == pytest.approx(off_diagonal, rel=1e-9)
    assert float(variance_term(z)) == pytest.approx(hinge, rel=1e-9)


def test_shapes() -> None:
    with pytest.raises(ShapeError, match=r"at least 2 rows; got \(1, 4\), \(1, 4\)"):
        vicreg(torch.zeros(1, 4), torch.zeros(1, 4))
