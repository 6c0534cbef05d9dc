"""Spread of attention against closed forms."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ShapeError
from analysis.measures.attention import attention_entropy, effective_tokens


@pytest.mark.parametrize("n_keys", [1, 2, 188, 2400])
def test_uniform_rows_spread_over_every_key(n_keys: int) -> None:
    pattern = torch.full((3, n_keys), 1 / n_keys)
    torch.testing.assert_close(attention_entropy(pattern), torch.full((3,), math.log2(n_keys)), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(effective_tokens(pattern), torch.full((3,), float(n_keys)), rtol=1e-4, atol=1e-4)


def test_a_row_with_one_key_spreads_over_one() -> None:
    torch.testing.assert_close(effective_tokens(torch.eye(5)), torch.ones(5), rtol=0, atol=0)


def test_two_shares_have_the_binary_entropy() -> None:
    share = 0.11
    expected = -share * math.log2(share) - (1 - share) * math.log2(1 - share)
    assert attention_entropy(torch.tensor([share, 1 - share])).item() == pytest.approx(expected, rel=1e-5)


@given(st.integers(0, 2**31), st.integers(1, 40), st.floats(0.01, 60))
def test_bounds_and_order_of_the_keys(seed: int, n_keys: int, sharpness: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    pattern = (sharpness * torch.randn(2, 4, n_keys, generator=generator)).softmax(dim=-1)
    spread = effective_tokens(pattern)
    assert spread.shape == (2, 4)
    assert bool((spread >= 1).all())
    assert bool((spread <= n_keys * (1 + 1e-6)).all())
    shuffled = pattern[..., torch.randperm(n_keys, generator=generator)]
    torch.testing.assert_close(effective_tokens(shuffled), spread, rtol=1e-4, atol=1e-5)


def test_what_is_no_distribution_is_refused() -> None:
    with pytest.raises(ShapeError, match="sum to 1; got a row that sums to 0.5"):
        attention_entropy(torch.tensor([[1.0, 0.0], [0.25, 0.25]]))
    with pytest.raises(ShapeError, match="non-negative"):
        attention_entropy(torch.tensor([1.5, -0.5]))
    with pytest.raises(ShapeError, match=r"at least one query and one key; got shape \(2, 0\)"):
        attention_entropy(torch.empty(2, 0))
