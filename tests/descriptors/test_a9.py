"""A9 of sounds whose answer is known: a stationary drone has rarity 0, what comes once stands out."""

import math

import pytest
import torch
from torch import Tensor

from analysis.descriptors.a7 import RATIOS, activations
from analysis.descriptors.a9 import a9, rarity
from analysis.errors import ShapeError

RATE = 24_000
NAMES = [f"{p}/{q}" for p, q in RATIOS]


def tones(*hz: float, seconds: float = 2.0) -> Tensor:
    t = torch.arange(round(seconds * RATE)) / RATE
    return torch.stack([torch.sin(2 * math.pi * f * t) for f in hz]).sum(dim=0)[None] * 0.2


def drone() -> Tensor:
    """A fifth on two bins, even about both ends, so that every frame has the same spectrum."""
    t = torch.arange(48_001, dtype=torch.float64) / RATE
    return 0.02 * (torch.cos(2 * math.pi * 3000 * t) + torch.cos(2 * math.pi * 4500 * t)).float()[None]


def test_the_rarity_of_a_stationary_drone_is_0_where_it_is_and_5_where_it_is_not() -> None:
    rare = dict(zip(NAMES, rarity(activations(drone(), RATE, "A9"))[0].tolist(), strict=True))
    assert {name for name, value in rare.items() if value == 0.0} == {"1/1", "3/2"}
    assert {value for name, value in rare.items() if name not in ("1/1", "3/2")} == {5.0}
    shares = dict(zip(NAMES, a9(drone(), RATE)[0, 40].tolist(), strict=True))
    assert shares["1/1"] == shares["3/2"] == 0.0


def test_an_interval_that_comes_once_stands_out_of_a_drone() -> None:
    once = tones(200, 300)
    once[:, RATE : RATE + 6000] = tones(200, 250, seconds=0.25)
    frame = a9(once, RATE)[0, (RATE + 3000) // 512]
    assert NAMES[int(frame.argmax())] == "5/4"
    drone = a9(once, RATE)[0, 10]
    assert float(drone[NAMES.index("3/2")]) < 0.6
    assert float(frame.max()) > 0.6


def test_it_is_the_formula_written_out() -> None:
    waveform = 0.1 * torch.randn(2, 12_000, generator=torch.Generator().manual_seed(0))
    values = activations(waveform, RATE, "A9").double()
    for window, found in zip(values, a9(waveform, RATE), strict=True):
        for number in range(12):
            share = sum(bool(one > 0.05) for one in window[:, number]) / len(window)
            window[:, number] *= min(max(math.log(1 / (share + 1e-3)), 0.0), 5.0)
        expected = window / window.sum(dim=1, keepdim=True).clamp_min(1e-8)
        torch.testing.assert_close(found.double(), expected, rtol=1e-3, atol=1e-5)


def test_silence_is_zero_and_too_short_is_refused() -> None:
    assert not a9(torch.zeros(1, 24_000), RATE).any()
    with pytest.raises(ShapeError, match="A9 needs more than 2048 samples"):
        a9(torch.zeros(1, 2048), RATE)
