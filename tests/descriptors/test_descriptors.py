"""A4 and D4: closed forms and declared properties."""

import pytest
import torch

from analysis.descriptors.a4 import a4
from analysis.descriptors.d4 import d4
from analysis.errors import ShapeError


def test_a4_has_188_frames_with_zero_mean_and_unit_deviation() -> None:
    values = a4(torch.randn(2, 96_000, generator=torch.Generator().manual_seed(0)), 24_000)
    assert values.shape == (2, 188, 8)
    torch.testing.assert_close(values.mean(dim=1), torch.zeros(2, 8), rtol=0, atol=1e-5)
    torch.testing.assert_close(values.std(dim=1), torch.ones(2, 8), rtol=1e-4, atol=0)


def test_a_tone_that_starts_moves_its_own_band_most() -> None:
    time = torch.arange(96_000) / 24_000
    tone = torch.where(time >= 2, torch.sin(2 * torch.pi * 1500 * time), 0.0)
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
