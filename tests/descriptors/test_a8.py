"""A8 of sounds whose answer is known: a click train and a chromatic scale; and against the formula written out."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.descriptors.a8 import CLASSES, a8, pitch_class
from analysis.errors import ShapeError

RATE, N_FFT, HOP = 24_000, 2048, 512


def scale(first: int = 60, note_s: float = 0.5) -> Tensor:
    """Twelve sines of half a second, a semitone apart, from a MIDI number on, with 60 ms of silence before each."""
    t = np.arange(round(note_s * RATE)) / RATE
    notes = [
        np.where(t < 0.06, 0.0, np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * t)) for pitch in range(first, first + 12)
    ]
    return torch.from_numpy(0.3 * np.concatenate(notes)).float()[None]


def clicks(every_s: float = 0.5, n: int = 6) -> Tensor:
    """Single samples in silence, the first after a quarter of a second."""
    waveform = torch.zeros(1, round((n * every_s + 0.25) * RATE))
    waveform[0, [round((0.25 + number * every_s) * RATE) for number in range(n)]] = 0.9
    return waveform


def test_a_click_train_is_zero_but_where_a_click_comes_and_flat_over_bins_there() -> None:
    found = a8(clicks(), RATE)[0]
    heard = found.sum(dim=1) > 0.5
    at_s = torch.arange(len(found)) * HOP / RATE
    nearest = (at_s[:, None] - (0.25 + 0.5 * torch.arange(6))[None]).abs().amin(dim=1)
    assert heard.any()
    assert nearest[heard].max() <= (N_FFT / 2) / RATE
    assert all((heard & ((at_s - click).abs() < 0.05)).any() for click in 0.25 + 0.5 * torch.arange(6).numpy())
    hz = np.arange(1, 1025) * RATE / N_FFT
    members = np.bincount([pitch_class(one) for one in hz if one >= 30], minlength=12)
    np.testing.assert_allclose(found[heard][0].numpy(), members / members.sum(), atol=0.01)  # a click has every bin alike


def test_a_chromatic_scale_rises_by_a_class_a_note() -> None:
    found = a8(scale(), RATE)[0]
    onsets = [round((0.5 * number + 0.06) * RATE / HOP) + 3 for number in range(12)]
    assert [CLASSES[int(found[frame].argmax())] for frame in onsets] == list(CLASSES)
    assert all(float(found[frame].max()) > 0.4 for frame in onsets)


def test_how_strongly_something_begins_is_lost() -> None:
    uneven = scale()
    uneven[:, RATE // 2 :] *= 0.01
    found, frame = a8(uneven, RATE)[0], round(0.56 * RATE / HOP) + 1
    assert CLASSES[int(found[frame].argmax())] == "C♯"
    torch.testing.assert_close(found[[round(0.06 * RATE / HOP) + 1, frame]].sum(dim=1), torch.ones(2))


@pytest.mark.parametrize("seed", [0, 1])
def test_it_is_the_formula_written_out(seed: int) -> None:
    waveform = 0.1 * torch.randn(1, 8192, generator=torch.Generator().manual_seed(seed))
    padded = np.pad(waveform[0].numpy().astype(np.float64), N_FFT // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    spectra = [np.abs(np.fft.rfft(window * padded[frame * HOP : frame * HOP + N_FFT])) for frame in range(17)]
    flux = [0.0, *(float(np.maximum(after - before, 0).sum()) for before, after in pairwise(spectra))]
    expected = np.zeros((17, 12))
    for frame, spectrum in enumerate(spectra):
        for number, magnitude in enumerate(spectrum):
            if (hz := number * RATE / N_FFT) >= 30:
                expected[frame, pitch_class(hz)] += magnitude * flux[frame] / max(flux)
    expected /= np.maximum(expected.sum(axis=1, keepdims=True), 1e-8)
    np.testing.assert_allclose(a8(waveform, RATE)[0].numpy(), expected, rtol=2e-3, atol=1e-5)
    assert not expected[0].any()


def test_silence_is_zero_and_too_short_is_refused() -> None:
    assert not a8(torch.zeros(1, 24_000), RATE).any()
    with pytest.raises(ShapeError, match="A8 needs more than 2048 samples"):
        a8(torch.zeros(1, 2048), RATE)
