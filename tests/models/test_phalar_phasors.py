"""The phasors of PHALAR: how they turn when sound moves in time."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.phalar.config import PhalarConfig
from analysis.models.phalar.encoder import Phalar, build
from analysis.models.phalar.equivariance import trajectories
from analysis.models.phalar.phasors import SpectralPooling
from analysis.models.taps import capture
from tests.models.phalars import TINY, as_complex, noise, with_branches


@pytest.fixture(scope="module")
def model() -> Phalar:
    return with_branches()


def pooling(config: PhalarConfig = TINY) -> SpectralPooling:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SpectralPooling(config).double()


def frames(n: int, config: PhalarConfig = TINY) -> Tensor:
    rng = torch.Generator().manual_seed(n)
    return torch.randn(2, n, config.n_bins * config.widths[-1], dtype=torch.float64, generator=rng)


@torch.no_grad()
@pytest.mark.parametrize("n", [TINY.least_frames, 16, 51])
@pytest.mark.parametrize("shift", [1, 3, -4])
def test_what_moves_in_a_circle_turns_every_phasor(n: int, shift: int) -> None:
    pool = pooling()
    before, after = (as_complex(pool(tokens)) for tokens in (frames(n), frames(n).roll(shift, dims=1)))
    k = torch.arange(1, TINY.n_components + 1, dtype=torch.float64)
    law = before * torch.exp(-2j * math.pi * k * shift / n)
    assert (after - law).abs().max() < 1e-12
    assert (after - before).abs().max() > 0.1


@torch.no_grad()
def test_short_windows_are_padded_and_turn_in_the_padded_circle() -> None:
    pool, n = pooling(), TINY.least_frames
    over_time = pool.over_time(frames(6))
    assert over_time.shape[-1] == n
    assert not over_time[..., :2].any()
    assert not over_time[..., 8:].any()
    left = SpectralPooling(replace(TINY, centred=False)).double()
    left.load_state_dict(pool.state_dict())
    assert torch.equal(left.over_time(frames(6)).roll(2, dims=-1), over_time)
    k = torch.arange(1, TINY.n_components + 1, dtype=torch.float64)
    law = as_complex(left(frames(6))) * torch.exp(-2j * math.pi * k * 2 / n)
    assert (as_complex(pool(frames(6))) - law).abs().max() < 1e-12


@torch.no_grad()
def test_what_is_constant_in_time_has_no_phasors() -> None:
    pool = pooling()
    still = frames(1).expand(-1, 16, -1)
    assert pool(still).abs().max() < 1e-6  # rounding, over 1e-6
    spectrum = torch.fft.rfft(pool.over_time(still), norm="ortho")
    assert spectrum[..., 0].abs().min() > 1e-3
    torch.testing.assert_close(pool(frames(16) + still), pool(frames(16)), atol=1e-10, rtol=0)


@torch.no_grad()
def test_amplitudes_are_1_on_average_over_a_window() -> None:
    pool = pooling()
    phasors = as_complex(pool(frames(16)))
    torch.testing.assert_close(phasors.abs().mean(dim=(1, 2)), torch.ones(2, dtype=torch.float64), atol=1e-5, rtol=0)
    torch.testing.assert_close(pool(7 * frames(16)), pool(frames(16)), atol=1e-5, rtol=0)
    assert phasors.abs().mean(dim=2).std() > 0.01  # channels keep their proportions


@torch.no_grad()
def test_phasors_can_be_looked_at(model: Phalar) -> None:
    with capture(model, ["audio.lsp", "audio.block.2", "audio.embedding"]) as seen:
        embedding = model(noise())
    assert seen["audio.lsp"].shape == (2, 2, TINY.lsp_channels, TINY.n_components)
    torch.testing.assert_close(seen["audio.lsp"], model.pooling(seen["audio.block.2"]))
    torch.testing.assert_close(model.head(seen["audio.lsp"]), embedding)


def test_trajectories_keep_the_law_in_a_circle_and_deviate_from_it_in_truth(model: Phalar) -> None:
    recording = noise(1, n_samples=64_000)[0].numpy()
    shifts = [-5, 0, 2, 9]
    moved = trajectories(model, recording, shifts, start=16_000)
    assert moved.n_frames == TINY.frames()[-1] == 51
    assert moved.circular.shape == moved.law.shape == (4, TINY.lsp_channels, TINY.n_components)
    assert moved.deviation.max() < 1e-5
    np.testing.assert_allclose(moved.shifts_s, [-0.2, 0, 0.08, 0.36])
    np.testing.assert_allclose(moved.components_hz, np.arange(1, 5) / (51 * 0.04))
    assert moved.real is not None
    assert moved.real_deviation is not None
    np.testing.assert_allclose(moved.real[1], moved.law[1], atol=1e-5)
    assert moved.real_deviation[1].max() < 1e-5
    assert moved.real_deviation[[0, 2, 3]].mean() > 0.01
    assert trajectories(model, recording, shifts).real is None  # there is nothing before its first sample
    with pytest.raises(ConfigError, match="The recording has 64,000 samples, too few for a window of 32,000 samples from sample"):
        trajectories(model, recording, shifts, start=40_000)


def test_a_burst_far_from_the_ends_moves_as_the_law_says() -> None:
    """What moves within the window loses nothing at its ends; a law of the other sign would be wrong."""
    burst = 1e-6 * noise(1, n_samples=64_000)[0].numpy()
    burst[32_000:33_000] += np.sin(2 * np.pi * 1000 * np.arange(1000) / 16_000)
    moved = trajectories(build(TINY, 0).eval(), burst, [-6, -3, 3, 6], start=16_000)
    assert moved.real_deviation is not None
    assert moved.real_deviation.max() < 0.1
    assert (1 - np.real(moved.circular * moved.law[::-1].conj()).sum() / (np.abs(moved.law) ** 2).sum()) > 0.2
