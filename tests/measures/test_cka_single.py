"""CKA of activations in fp32, wherever their mean is: what double precision gives, or computed in it."""

import numpy as np
import pytest
import torch
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.cka import Form, cka_matrix, minibatch_cka_matrix
from analysis.measures.kernels import UndefinedError


def single_precision_layers(kind: str) -> list[ndarray]:
    """Six layers in fp32 that make it hard for fp32."""
    rng = np.random.default_rng(15)
    layers = [rng.standard_normal((300, width)) for width in (400, 400, 400, 150, 800, 800)]
    if kind == "one shared direction":
        direction = rng.standard_normal((300, 1))
        layers = [x + 20 * direction @ rng.standard_normal((1, x.shape[1])) for x in layers]
    elif kind == "two rows far out":
        for x in layers:
            x[:2] *= 1e4
    elif kind == "features of every size":
        layers = [x * np.logspace(0, -9, x.shape[1]) for x in layers]
    elif kind == "huge and tiny":
        layers = [x * size for x, size in zip(layers, (1e30, 1e-30, 1e15, 1e-15, 1, 1e37), strict=True)]
    else:
        layers = [x + float(kind.removeprefix("mean ")) for x in layers]
    return [x.astype(np.float32) for x in layers]


KINDS = ("one shared direction", "two rows far out", "features of every size", "huge and tiny")
MEANS = ("mean 0", "mean 10", "mean 100", "mean 1000", "mean 100000")


@pytest.mark.parametrize("kind", [*KINDS, *MEANS])
@pytest.mark.parametrize("debiased", [True, False])
def test_activations_in_single_precision_give_what_double_gives(kind: str, debiased: bool) -> None:
    layers = single_precision_layers(kind)
    wide = [layer.astype(np.float64) for layer in layers]
    expected = cka_matrix(wide[:3], wide[1:], debiased=debiased, form="examples")
    found = cka_matrix(layers[:3], layers[1:], debiased=debiased, form="examples")
    assert torch.allclose(found, expected, rtol=0, atol=1e-5)
    assert not torch.equal(found, expected)  # it was in fp32
    batches = [minibatch_cka_matrix(x[:3], x[1:], batch_size=50, debiased=debiased) for x in (layers, wide)]
    assert torch.allclose(*batches, rtol=0, atol=1e-5)
    assert torch.equal(*batches) == (kind == "two rows far out" and debiased)  # nothing but one of them in a batch: fp64
    same = cka_matrix(layers, layers, debiased=debiased, form="examples")
    assert torch.allclose(same.diagonal(), torch.ones(6, dtype=torch.float64), rtol=0, atol=1e-12)


@pytest.mark.parametrize("mean", [0, 10, 100, 1000, 100_000])
@pytest.mark.parametrize("form", ["features", "examples"])
def test_independent_features_are_not_alike_wherever_their_mean_is(mean: int, form: Form) -> None:
    """Gram matrices in fp32 without centring give 0.5 at a mean of 10 and 1 from 100; chance alone has a spread of √2 / n."""
    rng, n = np.random.default_rng(16), 1024
    sides = [[(rng.standard_normal((n, 64)) + mean).astype(np.float32) for _ in range(3)] for _ in range(2)]
    assert float(cka_matrix(*sides, form=form).abs().max()) < 4 * 2**0.5 / n
    assert float(minibatch_cka_matrix(*sides, batch_size=64).abs().max()) < 4 * (2 / (n * 64)) ** 0.5
    assert float(cka_matrix(sides[0], sides[0], form=form).diagonal().sub(1).abs().max()) < 1e-12


def test_single_precision_is_left_where_it_is_not_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(17)
    flat = [rng.standard_normal((30, 20_000)).astype(np.float32) for _ in range(2)]  # pairs are nearly equally alike
    wide = [layer.astype(np.float64) for layer in flat]
    assert torch.allclose(cka_matrix(flat, flat), cka_matrix(wide, wide), rtol=0, atol=1e-12)
    batches = [minibatch_cka_matrix(x, x, batch_size=10) for x in (flat, wide)]
    assert torch.allclose(*batches, rtol=0, atol=1e-12)
    less = [layer[:, :50] for layer in flat]
    wide = [layer.astype(np.float64) for layer in less]
    assert not torch.allclose(cka_matrix(less, less), cka_matrix(wide, wide), rtol=0, atol=1e-12)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", lambda: "high")  # products are rounded to fewer bits then
    assert torch.allclose(cka_matrix(less, less), cka_matrix(wide, wide), rtol=0, atol=1e-12)


def test_what_is_refused_in_double_precision_is_in_single() -> None:
    x = np.random.default_rng(18).standard_normal((10, 14)).astype(np.float32)
    broken, constant = x.copy(), np.tile(np.array([3.3, 1e4, -7.7], np.float32), (10, 1))
    broken[4, 1] = np.inf
    with pytest.raises(UndefinedError, match=r"NaN or infinity, first in row 4"):
        cka_matrix([x], [x, broken], form="examples")
    for same in (constant, np.zeros_like(constant)):
        with pytest.raises(UndefinedError, match=r"the same in every row"):
            cka_matrix([x], [x, same], form="examples")
    with pytest.raises(ShapeError, match=r"9 and 10 rows; expected the same examples"):
        cka_matrix([x], [x, x[:9]], form="examples")
    with pytest.raises(ShapeError, match=r"shape \(10, 2, 7\); expected \(examples, features\)"):
        cka_matrix([x], [x.reshape(10, 2, 7)], form="examples")
