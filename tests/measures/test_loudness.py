"""Loudness against the levels that ITU-R BS.1770-4 and EBU Tech 3341 publish, at every rate."""

import numpy as np
import pytest
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.loudness import integrated_loudness, k_weighted, k_weighting

RATES = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
# BS.1770-4, tables 1 and 2: b0, b1, b2, a1, a2 at 48 kHz
TABLES = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585),
    (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621),
)


def sine(dbfs: float, seconds: float, rate: int, hz: float = 1000.0) -> ndarray:
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def stereo(*parts: tuple[float, float], rate: int = 48_000) -> ndarray:
    """The same sine in both channels, at one level after the other."""
    return np.tile(np.concatenate([sine(dbfs, seconds, rate) for dbfs, seconds in parts]), (2, 1))


def test_coefficients_are_those_of_the_recommendation() -> None:
    for known, expected in zip(k_weighting(48_000), TABLES, strict=True):
        np.testing.assert_allclose((*known.b, *known.a[1:]), expected, atol=1e-10)


@pytest.mark.parametrize("rate", RATES)
def test_a_sine_of_997_hz_at_full_scale_in_one_channel(rate: int) -> None:
    """BS.1770-4, annex 1: −3.01 LKFS in left, right or centre; +1.5 dB behind. It gives no coefficients for other rates."""
    tone, near = sine(0, 1, rate, 997), 0.005 if rate == 48_000 else 0.1
    for channel in range(3):
        channels = np.zeros((5, len(tone)))
        channels[channel] = tone
        assert integrated_loudness(channels, rate) == pytest.approx(-3.01, abs=near)
    channels = np.zeros((5, len(tone)))
    channels[4] = tone
    assert integrated_loudness(channels, rate) == pytest.approx(-3.01 + 10 * np.log10(1.41), abs=near)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 4)], -23.0),
        ([(-33, 4)], -33.0),
        ([(-36, 2), (-23, 12), (-36, 2)], -23.0),
        ([(-72, 2), (-36, 2), (-23, 12), (-36, 2), (-72, 2)], -23.0),
        ([(-26, 4), (-20, 4.02), (-26, 4)], -23.0),
    ],
)
def test_signals_of_ebu_tech_3341(parts: list[tuple[float, float]], expected: float) -> None:
    """Cases 1 to 5 of its table 1, stereo at 1 kHz, ±0.1 LU; each a fifth as long."""
    assert integrated_loudness(stereo(*parts), 48_000) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [24_000, 44_100])
def test_the_weighting_is_the_same_at_every_rate(rate: int) -> None:
    """What is well below half the rate is weighted as at 48 kHz, within a tenth of a decibel."""
    for hz in (50.0, 200.0, 1000.0, 4000.0):
        levels = [
            10 * np.log10(np.mean(k_weighted(sine(0, 1, each, hz)[None], each)[0, each // 2 :] ** 2)) for each in (rate, 48_000)
        ]
        assert levels[0] == pytest.approx(levels[1], abs=0.1)


def test_twice_the_amplitude_is_six_decibels_louder(rng: np.random.Generator) -> None:
    noise = rng.normal(0, 0.05, (1, 48_000))
    quiet, loud = (integrated_loudness(gain * noise, 24_000) for gain in (1.0, 2.0))
    assert quiet is not None
    assert loud == pytest.approx(quiet + 20 * np.log10(2))


def test_what_has_no_loudness() -> None:
    assert integrated_loudness(np.zeros((1, 48_000)), 48_000) is None
    assert integrated_loudness(sine(-20, 0.3, 48_000)[None], 48_000) is None
    assert integrated_loudness(sine(-72, 2, 48_000)[None], 48_000) is None
    with pytest.raises(ShapeError, match="1 to 5 channels; got 6"):
        integrated_loudness(np.zeros((6, 48_000)), 48_000)
