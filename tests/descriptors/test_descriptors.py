"""A4 and D4: closed forms and declared properties."""

import numpy as np
import pytest
import torch

from analysis.descriptors.a4 import A4_EDGES_HZ, a4, band_average
from analysis.descriptors.d4 import d4
from analysis.errors import ShapeError


def test_a4_has_188_frames_with_zero_mean_and_unit_deviation() -> None:
    values = a4(torch.randn(2, 96_000, generator=torch.Generator().manual_seed(0)), 24_000)
    assert values.shape == (2, 188, 8)
    torch.testing.assert_close(values.mean(dim=1), torch.zeros(2, 8), rtol=0, atol=1e-5)
    torch.testing.assert_close(values.std(dim=1), torch.ones(2, 8), rtol=1e-4, atol=0)


def independent_a4(signal: np.ndarray) -> np.ndarray:
    """Written out frame by frame: mirrored edges, periodic Hann window, FFT, and the slices of Table 1."""
    padded = np.pad(signal, 1024, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    frames = np.stack([padded[start : start + 2048] * window for start in range(0, len(signal) + 1, 512)])
    level = np.log1p(np.abs(np.fft.rfft(frames, axis=1)))
    slices = ((4, 8), (8, 16), (16, 32), (32, 64), (64, 128), (128, 256), (256, 512), (512, 1025))
    bands = np.stack([level[:, low:high].mean(axis=1) for low, high in slices], axis=1)
    change = np.diff(bands, axis=0, prepend=bands[:1])
    return (change - change.mean(axis=0)) / change.std(axis=0, ddof=1)


@pytest.mark.parametrize("seed", range(3))
def test_a4_is_that_of_an_independent_transform_on_the_published_bins(seed: int) -> None:
    signal = np.random.default_rng(seed).standard_normal(96_000)
    ours = a4(torch.from_numpy(signal.astype(np.float32))[None], 24_000)[0].numpy()
    np.testing.assert_allclose(ours, independent_a4(signal), atol=2e-4)  # fp32 against fp64; deviations of 1


@pytest.mark.parametrize(("bin_number", "band"), [(3, None), (4, 0), (7, 0), (8, 1), (511, 6), (512, 7), (1024, 7)])
def test_every_bin_belongs_to_the_band_that_table_1_gives_it(bin_number: int, band: int | None) -> None:
    assert band_average(24_000)[:, bin_number].nonzero().flatten().tolist() == ([] if band is None else [band])


def test_bands_are_octaves_in_hz_whatever_the_sample_rate() -> None:
    assert [round(edge) for edge in A4_EDGES_HZ] == [47, 94, 188, 375, 750, 1500, 3000, 6000, 12000]
    at_48k = band_average(48_000)
    assert at_48k.shape == (8, 1025)
    assert at_48k[7].nonzero().flatten().tolist() == list(range(256, 513))  # 6 to 12 kHz, both ends included
    assert not band_average(8_000)[7].any()


def test_half_precision_around_it_does_not_reach_a4() -> None:
    clip = torch.randn(1, 96_000, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        inside = a4(clip, 24_000)
    torch.testing.assert_close(inside, a4(clip, 24_000))


def test_a_tone_that_starts_moves_its_own_band_most() -> None:
    time = torch.arange(96_000) / 24_000
    tone = torch.where(time >= 2, torch.sin(2 * torch.pi * 2000 * time), 0.0)
    noise = 1e-3 * torch.randn(96_000, generator=torch.Generator().manual_seed(0))
    values = a4((tone + noise)[None], 24_000)[0, :185]  # the transform mirrors the end of the clip
    peak_frame = values[:, 5].argmax()
    assert abs(peak_frame.item() * 512 / 24_000 - 2.0) < 0.06  # within two frames and a half of the onset
    assert values[peak_frame, 5] > 5


def test_a4_of_silence_is_zero_and_too_short_is_refused() -> None:
    assert torch.equal(a4(torch.zeros(1, 96_000), 24_000), torch.zeros(1, 188, 8))
    with pytest.raises(ShapeError, match=r"more than 2048 samples; got shape \(1, 100\)"):
        a4(torch.zeros(1, 100), 24_000)


def test_d4_closed_form_and_clamp() -> None:
    got = d4(torch.tensor([[60, 64, 100]]))
    expected = torch.tensor([[0, 4 / 24, 0, 4 / 24], [4 / 24, 36 / 24, 4 / 24, 1.0], [36 / 24, 0, 1.0, 0]])
    torch.testing.assert_close(got[0], expected)
