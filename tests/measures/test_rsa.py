"""RSA against its printed formulas and another package, with ties, and what it must refuse."""

import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.kernels import UndefinedError
from analysis.measures.layer_grids import grid
from analysis.measures.rsa import Comparison, Rdm, correlation_rdm, cosine_rdm, dense_ranks, prepare_ranks, rsa

TESTS = Path(__file__).resolve().parents[1]
literal = SimpleNamespace(**runpy.run_path(str(TESTS / "reference" / "rsa_literal.py")))
golden = SimpleNamespace(**runpy.run_path(str(TESTS / "golden" / "make_similarity.py")))
GOLDEN = json.loads((TESTS / "golden" / "similarity.json").read_text())["values"]
RDMS: tuple[Rdm, ...] = ("cosine", "correlation")
COMPARISONS: tuple[Comparison, ...] = ("Spearman", "rho-a")


def sides(seed: int, n: int) -> tuple[ndarray, ndarray]:
    """Two sides of which the second is the first and noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5)) + 1
    return x, np.hstack([x, rng.standard_normal((n, 3))])


def compared(first: ndarray, second: ndarray, comparison: Comparison) -> float:
    """Of two RDMs."""
    one, other = (prepare_ranks(dense_ranks(torch.from_numpy(rdm))[None], comparison=comparison) for rdm in (first, second))
    return float(grid(one, other)[0, 0])


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(4, 12), st.sampled_from(RDMS))
def test_it_is_the_printed_one(seed: int, n: int, rdm: Rdm) -> None:
    x, y = sides(seed, n)
    first, second = (literal.dissimilarities(side, rdm) for side in (x, y))
    assert rsa(x, y, rdm=rdm, comparison="Spearman") == pytest.approx(literal.spearman(first, second), abs=1e-10)
    assert rsa(x, y, rdm=rdm, comparison="rho-a") == pytest.approx(literal.rho_a(first, second), abs=1e-10)
    whole = {"cosine": cosine_rdm, "correlation": correlation_rdm}[rdm](x).numpy()
    assert np.allclose(whole[np.triu_indices(n, 1)], first, atol=1e-12)
    assert np.allclose(whole, whole.T)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.integers(5, 10), st.integers(2, 6))
def test_ties_are_averaged(seed: int, n: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    above = np.triu_indices(n, 1)
    rdms, vectors = [], []
    for _ in range(2):
        vectors.append(rng.integers(0, levels, len(above[0])).astype(float))
        vectors[-1][:2] = 0, 1
        rdms.append(np.zeros((n, n)))
        rdms[-1][above] = vectors[-1]
        rdms[-1] += rdms[-1].T
    assert compared(rdms[0], rdms[1], "Spearman") == pytest.approx(literal.spearman(*vectors), abs=1e-10)
    assert compared(rdms[0], rdms[1], "rho-a") == pytest.approx(literal.rho_a(*vectors), abs=1e-10)
    assert abs(compared(rdms[0], rdms[1], "rho-a")) <= abs(compared(rdms[0], rdms[1], "Spearman")) + 1e-12


def test_rho_a_is_what_ties_broken_at_random_give() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 4, 45).astype(float), rng.standard_normal(45)
    broken = [literal.spearman(first + 1e-3 * rng.random(45), second) for _ in range(400)]
    assert literal.rho_a(first, second) == pytest.approx(np.mean(broken), abs=float(4 * np.std(broken) / 20))


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_another_package_agrees(name: str, comparison: Comparison) -> None:
    x, y = golden.arrays(name)
    for rdm in RDMS:
        assert rsa(x, y, rdm=rdm, comparison=comparison) == pytest.approx(GOLDEN[name][f"RSA, {rdm}, {comparison}"], abs=1e-10)
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (x, y)]
    tied = [np.round(4 * (1 - side @ side.T)) for side in unit]
    assert compared(tied[0], tied[1], comparison) == pytest.approx(GOLDEN[name][f"RSA, tied, {comparison}"], abs=1e-10)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e12])
def test_places_are_those_among_different_distances_however_large(size: float) -> None:
    rng, above = np.random.default_rng(5), np.triu_indices(20, 1)
    distances = np.zeros((20, 20))
    distances[above] = size * rng.integers(-3, 40, len(above[0])) / 10
    distances += distances.T
    places = dense_ranks(torch.from_numpy(distances)).numpy()
    assert np.array_equal(places[above], np.unique(distances[above], return_inverse=True)[1] + 1)
    assert np.array_equal(places, places.T)
    assert not places.diagonal().any()
    distances[above] += 1e-15 * rng.standard_normal(len(above[0]))
    assert np.array_equal(places, dense_ranks(torch.from_numpy(distances)).numpy())


def test_ranks_of_a_part_are_those_of_its_distances() -> None:
    x = np.random.default_rng(2).integers(0, 3, (9, 4)) + 0.5
    places, kept = dense_ranks(cosine_rdm(x)), torch.tensor([0, 2, 3, 5, 6, 8])
    part = prepare_ranks(places[kept][:, kept][None])
    assert torch.allclose(part, prepare_ranks(dense_ranks(cosine_rdm(x[kept.numpy()]))[None]))


def test_single_precision_of_activations_with_a_mean_is_enough() -> None:
    rng = np.random.default_rng(3)
    x, y = ((rng.standard_normal((60, 32)) * 0.05 + 4).astype(np.float32) for _ in range(2))
    for rdm in RDMS:
        wide = rsa(x.astype(np.float64), y.astype(np.float64), rdm=rdm)
        assert rsa(x, y, rdm=rdm) == pytest.approx(wide, abs=1e-12)
        assert rsa(torch.from_numpy(x), torch.from_numpy(y), rdm=rdm) == pytest.approx(wide, abs=1e-12)


def test_what_has_no_order_is_refused() -> None:
    x, y = sides(4, 8)
    with pytest.raises(ShapeError, match=r"There are 3 examples; expected 4 or more"):
        rsa(x[:3], y[:3])
    with pytest.raises(ShapeError, match=r"8 and 7 rows; expected the same examples"):
        rsa(x, y[:7])
    with pytest.raises(UndefinedError, match=r"NaN or infinity, first in row 0"):
        rsa(np.full_like(x, np.inf), y)
    silent = x.copy()
    silent[5] = 0
    with pytest.raises(UndefinedError, match=r"Row 5 is zero, so its angle to others is not defined"):
        rsa(silent, y, rdm="cosine")
    silent[5] = 0.1
    assert -1 <= rsa(silent, y, rdm="cosine") <= 1
    with pytest.raises(UndefinedError, match=r"Row 5 is the same in all features"):
        rsa(silent, y, rdm="correlation")
    for comparison in COMPARISONS:
        with pytest.raises(UndefinedError, match=r"All pairs of examples are equally far"):
            rsa(np.eye(8), y, rdm="cosine", comparison=comparison)
