"""Every measure keeps the promises of its record, and promises all that it keeps."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from analysis.errors import ConfigError, ShapeError
from analysis.measures.cka import linear_cka, minibatch_cka, rbf_cka
from analysis.measures.registry import BATCH_SIZE, INVARIANCES, MEASURES, Invariance, Measure, measure
from analysis.measures.rsa import rsa

Sides = tuple[ndarray, ndarray]


def sides(seed: int, n: int = 24, p: int = 6, q: int = 5) -> Sides:
    """Two sides that share two directions, with a mean."""
    rng = np.random.default_rng([seed, n])
    shared = rng.standard_normal((n, 2))
    x = shared @ rng.standard_normal((2, p)) + rng.standard_normal((n, p)) + 1
    return x, shared @ rng.standard_normal((2, q)) + rng.standard_normal((n, q)) - 1


def _first(change: Callable[[ndarray, np.random.Generator], ndarray]) -> Callable[[Sides, np.random.Generator], Sides]:
    return lambda both, rng: (change(both[0], rng), both[1])


def _reorder(both: Sides, rng: np.random.Generator) -> Sides:
    order = rng.permutation(len(both[0]))
    return both[0][order], both[1][order]


CHANGES: dict[Invariance, Callable[[Sides, np.random.Generator], Sides]] = {
    "rotation": _first(lambda x, rng: x @ np.linalg.qr(rng.standard_normal((x.shape[1],) * 2))[0]),
    "scaling": _first(lambda x, rng: x * rng.uniform(0.1, 50)),
    "translation": _first(lambda x, rng: x + 5 * rng.standard_normal(x.shape[1])),
    "scaling of rows": _first(lambda x, rng: x * rng.uniform(0.2, 5, (len(x), 1))),
    "translation of rows": _first(lambda x, rng: x + 5 * rng.standard_normal((len(x), 1))),
    "order of rows": _reorder,
    "linear map": _first(lambda x, rng: x @ (rng.standard_normal((x.shape[1],) * 2) + np.diag([5.0] + [0.0] * (x.shape[1] - 1)))),
}
EVERY = pytest.mark.parametrize("one", MEASURES.values(), ids=MEASURES)


def test_every_invariance_has_words_and_a_check() -> None:
    assert set(CHANGES) == set(INVARIANCES)
    assert all(one.invariances <= set(INVARIANCES) for one in MEASURES.values())


@EVERY
@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30))
def test_declared_invariances_hold(one: Measure, seed: int, n: int) -> None:
    both, rng = sides(seed, n), np.random.default_rng(seed)
    value = one(*both)
    for name in sorted(one.invariances):
        assert one(*CHANGES[name](both, rng)) == pytest.approx(value, abs=1e-8), name


@EVERY
def test_what_is_not_declared_does_not_hold(one: Measure) -> None:
    both = sides(1, n=3 * BATCH_SIZE)  # so that there is more than one batch
    for name in sorted(set(INVARIANCES) - one.invariances):
        assert abs(one(*CHANGES[name](both, np.random.default_rng(2))) - one(*both)) > 1e-4, name


@EVERY
@settings(max_examples=8)
@given(seed=st.integers(0, 10_000), n=st.integers(4, 30))
def test_range_symmetry_and_identity(one: Measure, seed: int, n: int) -> None:
    x, y = sides(seed, n)
    value = one(x, y)
    assert one.low - 1e-9 <= value <= one.high + 1e-9
    assert one(y, x) == pytest.approx(value, abs=1e-9)
    assert one(x, x) == pytest.approx(one.high, abs=1e-9)
    assert one.larger_is_more_alike == (one(x, x) >= value)


@EVERY
def test_the_fewest_examples_are_enough_and_one_less_is_not(one: Measure) -> None:
    x, y = sides(3, one.min_n)
    assert np.isfinite(one(x, y))
    with pytest.raises(ShapeError, match=r"expected 4 or more"):
        one(x[:-1], y[:-1])
    with pytest.raises(ShapeError, match=r"expected the same examples"):
        one(x, y[:-1])


@pytest.mark.parametrize("name", [name for name in MEASURES if not name.startswith("biased")])
def test_independent_data_is_inside_its_null(name: str) -> None:
    """Zero is among the values of independent data, and near their mean."""
    rng = np.random.default_rng(4)
    values = [measure(name)(rng.standard_normal((80, 10)), rng.standard_normal((80, 12))) for _ in range(12)]
    assert abs(np.mean(values)) < 4 * np.std(values, ddof=1) / 12**0.5
    assert np.std(values) < 0.1


def test_records_are_the_functions() -> None:
    x, y = sides(5, 3 * BATCH_SIZE)
    expected = {
        "debiased CKA": linear_cka(x, y),
        "biased CKA": linear_cka(x, y, debiased=False),
        "debiased RBF CKA, t = 0.2": rbf_cka(x, y, bandwidth=0.2),
        "biased RBF CKA, t = 0.8": rbf_cka(x, y, bandwidth=0.8, debiased=False),
        "minibatch CKA": minibatch_cka(x, y, batch_size=BATCH_SIZE),
        "RSA, cosine, Spearman": rsa(x, y, rdm="cosine", comparison="Spearman"),
        "RSA, correlation, rho-a": rsa(x, y),
    }
    assert {name: measure(name)(x, y) for name in expected} == pytest.approx(expected, abs=1e-10)


def test_an_unknown_measure_is_named() -> None:
    with pytest.raises(ConfigError, match=r"There is no measure 'CKA': expected one of debiased CKA, biased CKA"):
        measure("CKA")
