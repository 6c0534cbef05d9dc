"""The filters add up, stop what they are to stop, pass what they are to pass, and delay nothing."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.descriptors.a4 import A4_EDGES_HZ
from analysis.descriptors.filters import (
    BAND_SETS,
    band_edges,
    band_keep,
    band_names,
    band_weights,
    energy_shares,
    split_bands,
)
from analysis.errors import ConfigError

RATE = 24_000
INSIDE = slice(RATE // 2, -RATE // 2)  # away from the ends of the window, where a tone is cut off


def tone(frequency: float, seconds: float = 3.0) -> torch.Tensor:
    time = torch.arange(int(seconds * RATE), dtype=torch.float64) / RATE
    return torch.sin(2 * torch.pi * frequency * time + 0.4)[None].float()


def decibel(after: torch.Tensor, before: torch.Tensor) -> float:
    return float(20 * torch.log10(after[:, INSIDE].norm() / before[:, INSIDE].norm()))


@pytest.mark.parametrize("name", [*BAND_SETS, "100,200,3000", "0,12000", "440,450"])
def test_the_parts_add_up_to_the_waveform(name: str) -> None:
    sound = 0.3 * torch.randn(2, 30_000, generator=torch.Generator().manual_seed(1))
    edges = band_edges(name, RATE)
    parts = split_bands(sound, edges, RATE)
    assert parts.shape == (2, len(edges) + 1, 30_000)
    assert (parts.sum(dim=1) - sound).abs().max() < 1e-6


@given(st.lists(st.floats(0, 13_000), min_size=2, max_size=6, unique=True).map(sorted), st.integers(2, 4000))
def test_the_weights_are_a_partition_of_one(edges: list[float], n_samples: int) -> None:
    weights = band_weights(edges, n_samples, RATE)
    assert torch.allclose(weights.sum(dim=0), torch.ones(weights.shape[1], dtype=torch.float64))
    assert weights.min() > -1e-9


@pytest.mark.parametrize("band", range(8))
def test_every_band_of_a4_is_stopped_by_40_db_and_no_other_by_a_tenth(band: int) -> None:
    edges = band_edges("a4", RATE)
    centre = (edges[band] * edges[band + 1]) ** 0.5
    sound = tone(centre)
    parts = split_bands(sound, edges, RATE)
    for other in range(8):
        level = decibel(sound - parts[:, 1 + other], sound)
        assert level < -40 if other == band else abs(level) < 0.1


def test_a_band_and_the_sound_without_it_have_no_delay() -> None:
    sound = tone(700) + tone(3000)
    kept = band_keep(sound, 500, 1000, RATE)
    assert (kept - tone(700))[:, INSIDE].abs().max() < 2e-3  # in phase, sample by sample
    assert (sound - kept - tone(3000))[:, INSIDE].abs().max() < 2e-3


def test_a_short_or_silent_window_is_no_problem() -> None:
    assert split_bands(torch.ones(1, 5), (100, 1000), RATE).shape == (1, 3, 5)
    assert energy_shares(torch.zeros(2, 100), (100, 1000, 2000), RATE).tolist() == [[0, 0], [0, 0]]


def test_shares_are_those_of_the_spectrum() -> None:
    sound = tone(700) + 0.5 * tone(3000)
    shares = energy_shares(sound, (20, 1000, 4000, 12_000), RATE)
    assert shares[0].tolist() == pytest.approx([0.8, 0.2, 0], abs=1e-3)
    whole = torch.randn(1, 1000, generator=torch.Generator().manual_seed(1))
    assert energy_shares(whole, (0, 2100, 12_000), RATE).sum().item() == pytest.approx(1)


def test_sets_of_bands() -> None:
    mel, thirds = band_edges("mel", RATE), band_edges("third-octave", RATE)
    assert len(mel) == 17
    assert mel[0] == pytest.approx(20)
    assert mel[-1] == pytest.approx(12_000)
    assert thirds[1] / thirds[0] == pytest.approx(2 ** (1 / 3))
    assert any(low < 1000 < high and (low * high) ** 0.5 == pytest.approx(1000) for low, high in pairwise(thirds))


def test_bands_are_named_in_whole_hertz() -> None:
    assert band_names((0.0, 2100.0, 12_000.0)) == ["0–2,100 Hz", "2,100–12,000 Hz"]
    assert band_names(A4_EDGES_HZ) == [
        "47–94 Hz", "94–188 Hz", "188–375 Hz", "375–750 Hz", "750–1,500 Hz", "1,500–3,000 Hz", "3,000–6,000 Hz",
        "6,000–12,000 Hz",
    ]  # fmt: skip
    assert band_names((100.1, 100.2, 100.3)) == ["100.1–100.2 Hz", "100.2–100.3 Hz"]  # never two of one name


@pytest.mark.parametrize(
    ("rate", "ends"), [(24_000, (6000.0, 12_000.0)), (44_100, (12_000.0, 22_050.0)), (16_000, (6000.0, 8000.0))]
)
def test_octaves_are_the_bands_of_a4_and_what_lies_beside_them(rate: int, ends: tuple[float, float]) -> None:
    edges = band_edges("octaves", rate)
    assert edges[:3] == (0.0, 46.875, 93.75)
    assert edges[-2:] == ends
    assert set(edges[1:-1]) <= set(A4_EDGES_HZ)
    sound = torch.randn(1, 9000, generator=torch.Generator().manual_seed(1))
    assert energy_shares(sound, edges, rate).sum().item() == pytest.approx(1)  # nothing is left out


@pytest.mark.parametrize("text", ["bark", "", "100", "200,100", "-5,100", "100,100", "1,inf", "nan,3"])
def test_bands_are_checked(text: str) -> None:
    with pytest.raises(ConfigError, match=r"expected octaves, a4, mel|expected 2 to 65 rising frequencies"):
        band_edges(text, RATE)
