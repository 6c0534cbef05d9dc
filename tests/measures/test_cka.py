"""CKA against its printed formulas, closed forms, other packages, and what it must refuse."""

import json
import math
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from analysis.errors import ConfigError, OtoscopeError, ShapeError
from analysis.measures import kernels
from analysis.measures.batches import deal_batches
from analysis.measures.cka import (
    cka_matrix,
    cka_without_largest,
    gaussian_null,
    linear_cka,
    minibatch_cka,
    minibatch_cka_matrix,
    rbf_cka,
)
from analysis.measures.kernels import UndefinedError, double_centred, participation_ratio, prepare, rbf_kernel, u_centred
from analysis.measures.registry import measure

TESTS = Path(__file__).resolve().parents[1]
literal = SimpleNamespace(**runpy.run_path(str(TESTS / "reference" / "cka_literal.py")))
golden = SimpleNamespace(**runpy.run_path(str(TESTS / "golden" / "make_similarity.py")))
GOLDEN = json.loads((TESTS / "golden" / "similarity.json").read_text())["values"]


def pair(seed: int, n: int, p: int, q: int) -> tuple[ndarray, ndarray]:
    """Two sides that share three directions, with a mean."""
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 3))
    x = shared @ rng.standard_normal((3, p)) + rng.standard_normal((n, p)) + 3
    return x, shared @ rng.standard_normal((3, q)) + rng.standard_normal((n, q)) - 2


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(4, 12), st.integers(1, 9), st.integers(1, 9))
def test_both_forms_are_the_printed_one(seed: int, n: int, p: int, q: int) -> None:
    x, y = pair(seed, n, p, q)
    for form in ("features", "examples"):
        biased = float(cka_matrix([x], [y], debiased=False, form=form)[0, 0])
        assert biased == pytest.approx(literal.biased_cka(x, y), abs=1e-12)


@pytest.mark.parametrize(("n", "p", "q"), [(4, 3, 2), (6, 2, 3), (7, 9, 4), (8, 20, 20)])
def test_the_debiased_one_is_the_ratio_of_u_statistics(n: int, p: int, q: int) -> None:
    x, y = pair(n, n, p, q)
    expected = literal.debiased_cka(x, y)
    for form in ("features", "examples"):
        assert float(cka_matrix([x], [y], form=form)[0, 0]) == pytest.approx(expected, abs=1e-9)
    assert linear_cka(x, y) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(5, 40), st.integers(1, 60), st.booleans())
def test_features_and_examples_give_the_same(seed: int, n: int, p: int, debiased: bool) -> None:
    x, y = pair(seed, n, p, 7)
    features, examples = (cka_matrix([x, y], [y, x], debiased=debiased, form=form) for form in ("features", "examples"))
    assert torch.allclose(features, examples, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("held", [0, 50])
def test_blocks_of_rows_are_seams_that_nobody_sees(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, held: int) -> None:
    x, y, z = (torch.from_numpy(side).to(dtype) for side in (*pair(1, 50, 70, 80), pair(2, 50, 70, 1)[0]))
    whole = [cka_matrix([x, z, y], [y], debiased=debiased, form="examples") for debiased in (True, False)]
    for name, size in (("HELD_ROWS", held), ("FINE_ROWS", 8), ("BLOCK_ROWS", 7), ("TOGETHER", 1)):
        monkeypatch.setattr(f"analysis.measures.cka.{name}", size)
    again = [cka_matrix([x, z, y], [y], debiased=debiased, form="examples") for debiased in (True, False)]
    close = 1e-13 if dtype == torch.float64 else 1e-6
    assert all(torch.allclose(one, other, rtol=0, atol=close) for one, other in zip(whole, again, strict=True))


def test_a_matrix_of_layers_is_every_pair_and_symmetric_with_itself() -> None:
    layers = [pair(seed, 30, width, 2)[0] for seed, width in ((0, 5), (1, 40), (2, 9))]
    matrix = cka_matrix(layers, layers)
    assert torch.allclose(matrix, cka_matrix(layers, list(layers)), atol=1e-13)
    assert torch.allclose(matrix.diagonal(), torch.ones(3, dtype=torch.float64))
    assert float(matrix[0, 2]) == pytest.approx(linear_cka(layers[0], layers[2]), abs=1e-13)


@pytest.mark.parametrize("name", GOLDEN)
def test_other_packages_agree(name: str) -> None:
    x, y = golden.arrays(name)
    found = GOLDEN[name]
    for label in [label for label in found if "CKA" in label and not label.startswith(("minibatch", "torch"))]:
        assert measure(label)(x, y) == pytest.approx(found[label], abs=1e-10), label
    assert linear_cka(x, y) == pytest.approx(found["torch_cka"], abs=1e-5)
    assert linear_cka(x, y, debiased=False) == pytest.approx(found["whitened cosine"], abs=1e-6)
    batch = torch.arange(len(x)) // golden.BATCH
    first, second = (prepare(kernels.linear_kernel(side)[None], batch) for side in (x, y))
    assert float((first * second).sum()) == pytest.approx(found["minibatch CKA"], abs=1e-10)


@pytest.mark.parametrize("t", [0.2, 0.4, 0.8])
@pytest.mark.parametrize("n", [14, 15])
def test_the_rbf_kernel_is_the_published_one(t: float, n: int) -> None:
    x, y = pair(3, n, 4, 6)
    K, L = literal.rbf_gram(x, t), literal.rbf_gram(y, t)
    assert np.allclose(rbf_kernel(x, t).numpy(), K, atol=1e-12)
    assert rbf_cka(x, y, bandwidth=t, debiased=False) == pytest.approx(literal.biased_kernel_cka(K, L), abs=1e-12)


def test_a_wide_rbf_kernel_is_linear() -> None:
    x, y = pair(4, 30, 4, 6)
    assert rbf_cka(x, y, bandwidth=1e3, debiased=False) == pytest.approx(linear_cka(x, y, debiased=False), abs=1e-4)


@pytest.mark.parametrize(("n", "p", "q", "expected"), [(500, 1024, 512, 0.583), (100, 512, 512, 0.837), (2000, 64, 64, 0.031)])
def test_independent_data_is_where_murphy_says(n: int, p: int, q: int, expected: float, rng: np.random.Generator) -> None:
    assert gaussian_null(n, p, q) == pytest.approx(expected, abs=5e-4)
    x, y = rng.standard_normal((n, p)), rng.standard_normal((n, q))
    assert linear_cka(x, y, debiased=False) == pytest.approx(expected, abs=0.01)
    assert abs(linear_cka(x, y)) < 0.02


def test_the_participation_ratio_stands_for_the_width(rng: np.random.Generator) -> None:
    scale = 0.97 ** np.arange(400)
    x, y = (rng.standard_normal((300, 400)) * scale for _ in range(2))
    values = scale**2
    assert participation_ratio(rng.standard_normal((50_000, 3)) * [1, 1, 0.001]) == pytest.approx(2, abs=0.01)
    true_ratio = values.sum() ** 2 / np.sum(values**2)
    assert linear_cka(x, y, debiased=False) == pytest.approx(gaussian_null(300, true_ratio, true_ratio), abs=0.01)


def test_a_shared_half_is_found() -> None:
    """Half of the variance of either side is the same: CKA is ‖I/2‖² / ‖I‖² = 1/2 at any n, debiased."""
    rng = np.random.default_rng(5)
    for n in (60, 400):
        shared = rng.standard_normal((n, 40))
        x, y = (np.hstack([shared, rng.standard_normal((n, 40))]) for _ in range(2))
        assert linear_cka(x, y) == pytest.approx(0.5, abs=0.05)
    assert linear_cka(x[:60], y[:60], debiased=False) > 0.7


def test_batches_do_not_matter_to_the_unbiased_ratio() -> None:
    """As measured for the method: .842 in full, .843/.840/.842 in batches of 8/32/128, and up to .945 by biased HSIC."""
    rng = np.random.default_rng(6)
    shared = rng.standard_normal((2048, 20)) * 0.8 ** np.arange(20)
    x, y = (shared @ rng.standard_normal((20, 30)) + 0.45 * rng.standard_normal((2048, 30)) for _ in range(2))
    full = linear_cka(x, y)
    assert 0.6 < full < 0.95
    for size in (8, 32, 128):
        assert minibatch_cka(x, y, batch_size=size) == pytest.approx(full, abs=0.02)
    assert minibatch_cka(x, y, batch_size=8, debiased=False) > full + 0.04
    assert minibatch_cka(x, y, batch_size=2048) == pytest.approx(full, abs=1e-10)


def test_minibatches_are_those_of_the_loop() -> None:
    x, y = (torch.from_numpy(side) for side in pair(7, 50, 6, 9))
    batch = deal_batches(50, 20, seed=3)
    rows = [torch.nonzero(batch == number)[:, 0] for number in range(3)]
    centred = [side - side.mean(dim=0) for side in (x, y)]
    one, other = ([side[rows_] for rows_ in rows] for side in centred)
    hsic = {
        (i, j): sum(
            literal.hsic_of_torch_cka((a @ a.T).fill_diagonal_(0), (b @ b.T).fill_diagonal_(0))
            for a, b in zip((one, other)[i], (one, other)[j], strict=True)
        )
        for i, j in ((0, 0), (0, 1), (1, 1))
    }
    expected = hsic[0, 1] / math.sqrt(hsic[0, 0] * hsic[1, 1])
    assert minibatch_cka(x, y, batch_size=20, seed=3) == pytest.approx(expected, abs=1e-10)
    assert float(minibatch_cka_matrix([x], [x, y], batch_size=20, seed=3)[0, 1]) == pytest.approx(expected, abs=1e-10)


@settings(max_examples=30)
@given(st.integers(4, 300), st.integers(4, 64))
def test_batches_take_every_row_and_are_large_enough(n: int, size: int) -> None:
    counts = torch.bincount(deal_batches(n, size, seed=0))
    assert counts.sum() == n
    assert counts.min() >= 4
    assert counts.max() - counts.min() <= 1
    assert counts.max() <= max(size, 7)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(4, 15))
def test_u_centring_leaves_rows_that_add_up_to_nothing(seed: int, n: int) -> None:
    kernel = torch.from_numpy(pair(seed, n, 3, 1)[0])
    left = u_centred(kernel @ kernel.T)
    assert torch.allclose(left.sum(dim=1), torch.zeros(n, dtype=torch.float64), atol=1e-9)
    assert not left.diagonal().any()
    moved = (kernel + 5) @ (kernel + 5).T
    assert torch.allclose(u_centred(moved), left, atol=1e-8)
    assert torch.allclose(double_centred(moved).sum(dim=0), torch.zeros(n, dtype=torch.float64), atol=1e-8)


def test_davari_a_few_points_far_out_decide_and_are_seen() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal((2000, 12)) + 0.5
    moved = rng.random(2000) < 0.2
    far = x + 1e6 * moved[:, None] * rng.standard_normal(12)
    assert linear_cka(x, far, debiased=False) == pytest.approx(literal.davari_limit(x, moved), rel=1e-4)
    outlier = x.copy()
    outlier[:10] += 1e3
    assert linear_cka(x, outlier) < 0.3
    value, n = cka_without_largest(x, outlier, share=0.01)
    assert value > 0.99
    assert 2000 - 40 <= n <= 2000 - 20


def test_single_precision_of_activations_with_a_mean_is_enough() -> None:
    rng = np.random.default_rng(9)
    layers = [np.maximum(rng.standard_normal((200, 64)) * 1e-3 + 5, 0) for _ in range(3)]
    layers[1] = layers[0] @ np.linalg.qr(rng.standard_normal((64, 64)))[0] + layers[1]
    wide, narrow = cka_matrix(layers, layers), cka_matrix(*2 * [[layer.astype(np.float32) for layer in layers]])
    assert torch.allclose(wide, narrow, atol=2e-3)  # what rounding the input does, not what the computation adds
    rounded = [layer.astype(np.float32).astype(np.float64) for layer in layers]
    assert torch.allclose(cka_matrix(rounded, rounded), narrow, rtol=0, atol=1e-5)
    mixed = cka_matrix([rounded[0], *(layer.astype(np.float32) for layer in layers[1:])], rounded)
    assert torch.allclose(cka_matrix(rounded, rounded), mixed, rtol=0, atol=1e-12)


def test_the_arccos_of_biased_cka_is_a_metric() -> None:
    """As netrep's LinearCKA has it: the angle between Gram matrices."""
    rng = np.random.default_rng(10)
    for _ in range(20):
        layers = [rng.standard_normal((8, int(width))) for width in rng.integers(1, 12, 3)]
        angle = torch.arccos(cka_matrix(layers, layers, debiased=False).clamp(max=1)).numpy()
        assert angle[0, 2] <= angle[0, 1] + angle[1, 2] + 1e-9
        grams = [double_centred(torch.from_numpy(layer @ layer.T)).flatten() for layer in layers[:2]]
        assert np.cos(angle[0, 1]) == pytest.approx(float(torch.cosine_similarity(*grams, dim=0)), abs=1e-9)


def test_negative_values_stay_negative() -> None:
    values = [linear_cka(*np.random.default_rng(seed).standard_normal((2, 6, 3))) for seed in range(40)]
    assert min(values) < -0.1


def test_huge_and_tiny_activations_are_no_trouble() -> None:
    x, y = pair(11, 20, 5, 6)
    assert linear_cka(1e150 * x, 1e-150 * y) == pytest.approx(linear_cka(x, y), abs=1e-12)


def test_integers_and_half_precision_are_taken() -> None:
    x = torch.from_numpy(np.random.default_rng(12).integers(-50, 50, (20, 5)))
    assert linear_cka(x, x.to(torch.float64)) == pytest.approx(1)
    assert linear_cka(x.half(), x.to(torch.bfloat16)) == pytest.approx(1)


@pytest.mark.parametrize("function", [linear_cka, rbf_cka, minibatch_cka, cka_without_largest])
def test_what_has_no_similarity_is_refused(function) -> None:
    x, y = pair(13, 10, 4, 5)
    with pytest.raises(ShapeError, match=r"There are 3 examples; expected 4 or more"):
        function(x[:3], y[:3])
    with pytest.raises(ShapeError, match=r"9 and 10 rows; expected the same examples"):
        function(x, y[:9])
    with pytest.raises(ShapeError, match=r"shape \(10, 2, 2\); expected \(examples, features\)"):
        function(x.reshape(10, 2, 2), y)
    broken = x.copy()
    broken[4, 1] = np.nan
    with pytest.raises(UndefinedError, match=r"NaN or infinity, first in row 4"):
        function(broken, y)
    constant = np.tile(np.array([3.3, 1e4, -7.7], np.float32), (10, 1))
    with pytest.raises(UndefinedError, match=r"the same in every row"):
        function(y, constant)
    with pytest.raises(OtoscopeError, match=r"the same in every row"):
        function(np.zeros((10, 2)), y)


@pytest.mark.parametrize("form", ["features", "examples"])
def test_all_pairs_equally_alike_is_no_structure(form) -> None:
    corners = np.hstack([np.eye(4), np.zeros((4, 1))])
    with pytest.raises(UndefinedError, match=r"All pairs of examples are equally alike"):
        cka_matrix([corners], [corners], form=form)
    with pytest.raises(UndefinedError, match=r"All pairs of examples are equally alike"):
        prepare(kernels.linear_kernel(corners)[None])


def test_settings_are_checked() -> None:
    x, y = pair(14, 10, 4, 5)
    with pytest.raises(ConfigError, match=r"batch_size is 3; expected 4 or more"):
        minibatch_cka(x, y, batch_size=3)
    with pytest.raises(ConfigError, match=r"bandwidth is 0"):
        rbf_cka(x, y, bandwidth=0)
    repeated = np.vstack([np.zeros((9, 4)), np.ones((1, 4))])
    with pytest.raises(UndefinedError, match=r"More than half of the distances are zero"):
        rbf_cka(repeated, repeated)
