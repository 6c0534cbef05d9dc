"""A7 hears the intervals of a just triad, whatever the octave and the level, and nothing in silence."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.descriptors.a7 import N_PEAKS, RATIOS, WIDTH_OCTAVES, a7
from analysis.errors import ShapeError

RATE, N_FFT, HOP = 24_000, 2048, 512
BIN_HZ = RATE / N_FFT
NAMES = [f"{p}/{q}" for p, q in RATIOS]


def tones(bins: tuple[float, ...], level: float = 0.1) -> Tensor:
    """Sines at the centres of these bins of the transform, or between them, for a second."""
    seconds = torch.arange(RATE, dtype=torch.float64) / RATE
    sines = [torch.sin(2 * torch.pi * number * BIN_HZ * seconds) for number in bins]
    return (level * torch.stack(sines).sum(dim=0)).float()[None]


def written_out(magnitude: np.ndarray) -> np.ndarray:
    """The formula for one frame of magnitudes, pair by pair."""
    hz = np.arange(len(magnitude)) * BIN_HZ
    peaks = sorted(np.argsort(np.where(hz < 50, 0, magnitude))[-N_PEAKS:])
    found = np.zeros(len(RATIOS))
    for place, i in enumerate(peaks):
        for j in peaks[place + 1 :]:
            octave = math.log2(hz[j] / hz[i]) % 1
            for number, (p, q) in enumerate(RATIOS):
                apart = abs(octave - math.log2(p / q))
                near = math.exp(-(min(apart, 1 - apart) ** 2) / (2 * WIDTH_OCTAVES**2))
                found[number] += math.sqrt(magnitude[i] * magnitude[j] + 1e-8) * near
    return found / found.sum()


def test_a_just_triad_is_a_major_third_a_minor_third_and_a_fifth() -> None:
    frame = a7(tones((200, 250, 300)), RATE)[0, 20]
    strongest = sorted(zip(frame.tolist(), NAMES, strict=True), reverse=True)
    assert {name for _, name in strongest[:4]} == {"1/1", "5/4", "6/5", "3/2"}  # the unison: neighbouring bins of one sine
    assert strongest[3][0] > 5 * strongest[4][0]


def test_an_inversion_is_a_sixth_and_an_octave_is_a_unison() -> None:
    sixth = dict(zip(NAMES, a7(tones((250, 400)), RATE)[0, 20].tolist(), strict=True))
    assert max(sixth, key=lambda name: sixth[name] if name != "1/1" else 0) == "8/5"
    octave = a7(tones((200, 400)), RATE)[0, 20]
    assert octave[0] > 0.95 * octave.sum()


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_formula_written_out(seed: int) -> None:
    waveform = 0.1 * torch.randn(1, 8192, generator=torch.Generator().manual_seed(seed))
    padded = np.pad(waveform[0].numpy().astype(np.float64), N_FFT // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    found = a7(waveform, RATE)[0]
    assert found.shape == (17, 12)
    for frame in (0, 5, 16):
        expected = written_out(np.abs(np.fft.rfft(window * padded[frame * HOP : frame * HOP + N_FFT])))
        np.testing.assert_allclose(found[frame].numpy(), expected, rtol=2e-3, atol=1e-5)


def test_shares_add_to_one_and_do_not_know_the_level() -> None:
    waveform = 0.1 * torch.randn(2, 24_000, generator=torch.Generator().manual_seed(3))
    found = a7(waveform, RATE)
    torch.testing.assert_close(found.sum(dim=-1), torch.ones(found.shape[:2]))
    torch.testing.assert_close(a7(0.5 * waveform, RATE), found, rtol=1e-3, atol=1e-5)


def test_what_lies_below_50_hz_does_not_count() -> None:
    chord = tones((200.3, 250.2, 300.4))  # between bins, so that no two are alike and the eighth is not a matter of rounding
    torch.testing.assert_close(a7(chord + 10 * tones((2, 3)), RATE)[:, 5:-5], a7(chord, RATE)[:, 5:-5], rtol=1e-3, atol=1e-4)
    assert (a7(chord + 10 * tones((6, 7)), RATE) - a7(chord, RATE))[:, 5:-5].abs().max() > 0.1


def test_silence_is_zero_and_too_short_is_refused() -> None:
    assert not a7(torch.zeros(1, 24_000), RATE).any()
    with pytest.raises(ShapeError, match="A7 needs more than 2048 samples"):
        a7(torch.zeros(1, 2048), RATE)
