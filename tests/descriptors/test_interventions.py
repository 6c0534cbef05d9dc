"""Interventions keep what they promise, window by window, and leave padding alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.descriptors.interventions import exchange, mean, noise, noise_like, shift_band, shuffle, spread_over_bands, zero
from analysis.errors import ShapeError

LENGTHS = [7, 3, 1]


def descriptor(seed: int = 0) -> torch.Tensor:
    return 3 * torch.randn(3, 7, 4, generator=torch.Generator().manual_seed(seed)) + 5


@given(st.integers(0, 1000))
def test_noise_has_mean_and_standard_deviation_of_what_it_replaces(seed: int) -> None:
    before = descriptor(seed)
    after = noise(before, [seed, seed + 1, seed + 2], LENGTHS)
    for row, length in enumerate(LENGTHS):
        old, new = before[row, :length], after[row, :length]
        assert torch.allclose(old.mean(0), new.mean(0), atol=1e-4)
        assert torch.allclose(old.std(0, correction=0), new.std(0, correction=0), atol=1e-4)
    assert not torch.allclose(before[0], after[0], atol=0.1)
    assert torch.allclose(before[2], after[2], atol=1e-5)  # a single position is its own mean


def test_noise_like_a_training_set_has_its_mean_and_standard_deviation_and_none_of_the_window() -> None:
    average, spread = torch.tensor([1.0, -2.0, 0.0, 5.0]), torch.tensor([0.5, 2.0, 0.0, 1.0])
    n = 20_000
    after = noise_like(torch.full((2, n, 4), 7.0), average, spread, [1, 2], [n, n - 1])
    assert torch.allclose(after[0].mean(0), average, atol=0.06)
    assert torch.allclose(after[0].std(0, correction=0), spread, atol=0.06)
    assert torch.equal(after[0, :, 2], torch.zeros(n))
    assert torch.equal(after[1, n - 1], torch.full((4,), 7.0))  # padding
    assert not torch.equal(after[0, : n - 1], after[1, : n - 1])
    other = noise_like(torch.zeros(1, 100, 4), average, spread, [2])
    assert torch.allclose(other[0], after[1, :100])  # of the window's seed, not of what it replaces
    with pytest.raises(ShapeError, match="There are 3 means and 4 standard deviations; expected one per feature, 4"):
        noise_like(descriptor(), average[:3], spread, [1, 2, 3])


@given(st.integers(0, 1000))
def test_shuffling_keeps_the_rows_together(seed: int) -> None:
    before = descriptor(seed)
    after = shuffle(before, [seed] * 3, LENGTHS)
    for row, length in enumerate(LENGTHS):
        assert sorted(before[row, :length].tolist()) == sorted(after[row, :length].tolist())


@pytest.mark.parametrize("change", [noise, shuffle])
def test_a_window_is_changed_alike_in_every_batch_and_padding_stays(change: object) -> None:
    before = descriptor()
    after = change(before, [1, 2, 3], LENGTHS)  # pyright: ignore[reportCallIssue]
    alone = change(before[1:2, :3], [2], [3])  # pyright: ignore[reportCallIssue]
    torch.testing.assert_close(after[1, :3], alone[0])  # means of another batch may end in other bits; what is drawn may not
    assert torch.equal(after[1, 3:], before[1, 3:])
    assert not torch.equal(after, before)


def test_exchange_begins_again_where_the_other_is_shorter() -> None:
    before, others = descriptor(), [torch.arange(8.0).reshape(2, 4), torch.zeros(9, 4), torch.ones(1, 4)]
    after = exchange(before, others, LENGTHS)
    assert after[0, :, 0].tolist() == [0, 4, 0, 4, 0, 4, 0]
    assert after[1, :3].tolist() == torch.zeros(3, 4).tolist()
    assert torch.equal(after[1, 3:], before[1, 3:])


def test_zero_mean_and_shift() -> None:
    before = descriptor()
    assert not zero(before).any()
    assert torch.equal(mean(before, torch.ones(7, 4))[2], torch.ones(7, 4))
    assert torch.equal(mean(before, torch.arange(4.0)[None])[0, 5], torch.arange(4.0))
    shifted = shift_band(before, 2, -0.5) - before
    assert torch.allclose(shifted[..., 2], torch.tensor(-0.5))
    assert not shifted[..., [0, 1, 3]].any()


@given(st.integers(0, 1000), st.floats(0.1, 5))
def test_the_random_direction_goes_as_far_as_the_shift(seed: int, sigmas: float) -> None:
    before = descriptor()
    one = (shift_band(before, 1, sigmas) - before).flatten(1).norm(dim=1)
    other = (spread_over_bands(before, [seed, seed + 1, seed + 2], -sigmas) - before).flatten(1).norm(dim=1)
    assert torch.allclose(one, other, rtol=1e-3)


def test_the_random_direction_survives_a_mean_over_time_as_the_shift_does() -> None:
    before = descriptor()
    moved = spread_over_bands(before, [1, 2, 3], 2.0) - before
    assert torch.allclose(moved, moved[:, :1].expand_as(moved), atol=1e-5)
    assert torch.allclose(moved.mean(dim=1).norm(dim=1), torch.tensor(2.0), rtol=1e-4)
    assert not torch.allclose(moved[0], moved[1], atol=0.1)
    alone = spread_over_bands(before[1:2, :3], [2], 2.0) - before[1:2, :3]
    assert torch.allclose(moved[1, :3], alone[0], atol=1e-5)


def test_no_direction_is_preferred() -> None:
    n = 4000
    drawn = spread_over_bands(torch.zeros(n, 1, 4), list(range(n)), 1.0)[:, 0]
    assert drawn.mean(dim=0).abs().max() < 5 / n**0.5
    assert torch.allclose(drawn.T @ drawn / n, torch.eye(4) / 4, atol=0.03)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="There are 2 seeds and 3 lengths; expected one per window, 3"):
        noise(descriptor(), [1, 2])
    with pytest.raises(ShapeError, match="A window has 8 positions; expected 1 to 7"):
        shuffle(descriptor(), [1, 2, 3], [8, 1, 1])
    with pytest.raises(ShapeError, match="Window 1 would get a descriptor without a position"):
        exchange(descriptor(), [torch.ones(1, 4), torch.ones(0, 4), torch.ones(1, 4)])
