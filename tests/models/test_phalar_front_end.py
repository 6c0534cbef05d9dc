"""PHALAR from sound to frames: the transform cell by cell, its levels, windows of any length, and stages that halve them."""

import math

import numpy as np
import pytest
import torch

from analysis.errors import ShapeError
from analysis.models.cells import to_cells, to_tokens
from analysis.models.phalar.config import SCALES, PhalarConfig
from analysis.models.phalar.cqt import ConstantQ
from analysis.models.phalar.encoder import Phalar, build
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture
from tests.models.phalars import PAPER, TINY, noise, with_branches


@pytest.fixture(scope="module")
def model() -> Phalar:
    return with_branches()


@pytest.mark.parametrize(
    ("seconds", "frames"), [(2, 7), (3, 10), (4, 13), (5, 16), (6, 19), (8, 26), (10, 32)]
)  # fmt: skip
def test_frames_are_halved_as_in_the_source(seconds: int, frames: int) -> None:
    assert PAPER.frames(16_000 * seconds)[-1] == frames
    assert PAPER.frames(16_000 * seconds)[0] == 100 * seconds + 1


@torch.no_grad()
@pytest.mark.parametrize("seconds", [1.0, 2.0, 2.37, 3.5])
def test_windows_of_other_lengths_are_read(seconds: float, model: Phalar) -> None:
    n_samples = round(seconds * TINY.sample_rate)
    windows, tower = noise(n_samples=n_samples), model.towers["audio"]
    with capture(model, ["audio.block.1", "audio.block.2"]) as seen:
        assert model(windows).shape == (2, tower.width)
    for stage, activation in enumerate(seen.values(), start=1):
        axis = tower.axis(f"audio.block.{stage}", AudioBatch(windows))
        assert axis is not None
        assert activation.shape[1] == axis.n == TINY.frames(n_samples)[stage]
        assert np.diff(axis.times_s) == pytest.approx(0.01 * 2**stage)


def test_a_window_too_short_for_its_kernels_is_refused(model: Phalar) -> None:
    expected = rf"windows of {TINY.least_samples:,} samples or more .*; got shape \(1, {TINY.least_samples - 1}\)"
    with pytest.raises(ShapeError, match=expected):
        model(torch.zeros(1, TINY.least_samples - 1))
    assert model(noise(1, n_samples=TINY.least_samples)).isfinite().all()


def by_hand(config: PhalarConfig, sound: np.ndarray, bin_number: int, frame: int) -> float:
    """Amplitude of one cell, by its definition."""
    frequency_hz = config.f_min_hz * 2 ** (bin_number / config.bins_per_octave)
    length = math.ceil(config.sample_rate / frequency_hz / (2 ** (1 / config.bins_per_octave) - 1))
    offsets = np.arange(length) - math.ceil(length / 2)
    mirrored = np.pad(sound, length, mode="reflect")[offsets + length + frame * config.hop_length]
    hann = np.sin(np.pi * np.arange(length) / length) ** 2
    turning = np.exp(-2j * np.pi * frequency_hz * offsets / config.sample_rate)
    return float(abs(np.sum(mirrored * hann * turning)) / hann.sum() * np.sqrt(length))


@torch.no_grad()
@pytest.mark.parametrize("config", [PAPER, SCALES["small"]], ids=["paper", "small"])
def test_the_transform_cell_by_cell(config: PhalarConfig) -> None:
    sound = noise(1, n_samples=32_000)
    amplitudes = ConstantQ(config).power(sound)[0].sqrt().numpy()
    assert amplitudes.shape == (config.n_bins, 201)
    rng, exact = np.random.default_rng(1), sound[0].double().numpy()
    cells = [(0, 0), (0, 100), (config.n_bins - 1, 200), *rng.integers(0, (config.n_bins, 201), (20, 2)).tolist()]
    expected = [by_hand(config, exact, bin_number, frame) for bin_number, frame in cells]
    np.testing.assert_allclose([amplitudes[cell] for cell in map(tuple, cells)], expected, rtol=1e-3, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 1234.5, 3000.0])
def test_tones_are_as_librosa_has_them(frequency_hz: float) -> None:
    """With kernels of the same length: librosa's are 3 % longer, because it goes by another bandwidth."""
    import librosa

    ratio = 2 ** (2 / 12)
    scale = (ratio - 1) / (ratio + 1) / (2 ** (1 / 12) - 1)
    tone = 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(48_000) / 16_000)
    theirs = np.abs(
        librosa.cqt(tone, sr=16_000, hop_length=160, fmin=PAPER.f_min_hz, n_bins=96, filter_scale=scale, pad_mode="reflect")
    )
    ours = ConstantQ(PAPER).power(torch.from_numpy(tone[None]).float())[0].sqrt().numpy()
    inner = slice(100, 200)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours[:, inner], theirs[:, inner], atol=0.01 * theirs.max())
    nearest = round(12 * math.log2(frequency_hz / PAPER.f_min_hz))
    assert set(ours[:, inner].argmax(axis=0)) == {nearest}


def test_levels_are_scaled_cut_off_and_can_be_differentiated() -> None:
    transform, sound = ConstantQ(TINY), noise(1).requires_grad_()
    levels = transform(sound)
    assert (levels.max() - levels.min()).item() <= 1 + 1e-6
    torch.testing.assert_close(transform(10 * sound) - levels, torch.full_like(levels, 20 / 80), atol=1e-4, rtol=0)
    levels.sum().backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()
    assert sound.grad.any()
    silent = torch.zeros(1, TINY.n_samples, requires_grad=True)
    quiet = transform(silent)
    torch.testing.assert_close(quiet, torch.full_like(quiet, (80 - 200) / 80))
    quiet.sum().backward()
    assert silent.grad is not None
    assert silent.grad.isfinite().all()
    click = torch.zeros(1, TINY.n_samples)
    click[0, 16_000] = 1
    assert (transform(click).max() - transform(click).min()).item() == pytest.approx(1, abs=1e-5)


def test_a_window_does_not_depend_on_its_batch() -> None:
    both = torch.cat([noise(1), 300 * noise(1, seed=1)])
    torch.testing.assert_close(ConstantQ(TINY)(both)[:1], ConstantQ(TINY)(noise(1)))


def test_a_token_is_a_frame_with_all_its_bins() -> None:
    cells = torch.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7).float()
    tokens = to_tokens(cells)
    assert tokens.shape == (2, 7, 15)
    assert torch.equal(tokens[1, 4], cells[1, :, :, 4].T.flatten())
    assert torch.equal(to_cells(tokens, 5), cells)


def test_untrained_branches_add_nothing() -> None:
    plain = build(TINY, 0).eval()
    tokens = torch.randn(1, 9, TINY.n_bins * TINY.width, generator=torch.Generator().manual_seed(0))
    expected = to_tokens(plain.stages[0].get_submodule("halving")(to_cells(tokens, TINY.n_bins)))
    torch.testing.assert_close(plain.stages[0](tokens), expected)
