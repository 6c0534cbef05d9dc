"""Attributions add up, are exact for what is linear, and find the cell that a number comes from."""

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.clips.heads.attribution import CellGains, attribute, mel_edges, rank_agreement, scalar_of
from analysis.errors import Cancelled, ConfigError, ShapeError
from tests.clips.test_head_reading import WINDOWS
from tests.conformance import made_up_family
from tests.tiny import build_narrow

RATE = 8_000
EDGES = (200.0, 600.0, 1500.0, 4000.0)


def noise(n: int = 16_000, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(0, 0.1, n).astype(np.float32))


def test_gains_of_one_leave_the_sound_as_it_was() -> None:
    sound = noise()
    cells = CellGains(sound, RATE, EDGES, 4)
    torch.testing.assert_close(cells(torch.ones(1, 3, 4))[0], sound, atol=1e-5, rtol=0)


def test_cells_and_what_is_outside_add_up_to_the_sound() -> None:
    cells = CellGains(noise(), RATE, EDGES, 2)
    nothing = cells(torch.zeros(1, 3, 2))[0]
    alone = sum(cells(torch.eye(6)[number].reshape(1, 3, 2))[0] - nothing for number in range(6))
    torch.testing.assert_close(alone + nothing, noise(), atol=1e-5, rtol=0)


def test_what_is_linear_is_attributed_exactly() -> None:
    """Of a weighted sum of samples, every cell has what it adds to it."""
    sound, weights = noise(), noise(seed=1)
    found = attribute(lambda waveforms: waveforms @ weights, sound, RATE, edges_hz=EDGES, n_spans=2, scale="amplitude")
    cells = CellGains(sound, RATE, EDGES, 2)
    added = torch.stack([cells(torch.eye(6)[number].reshape(1, 3, 2))[0] for number in range(6)]) - cells(torch.zeros(1, 3, 2))
    expected = (added @ weights).reshape(3, 2).numpy()
    assert found.gradients is not None
    np.testing.assert_allclose(found.gradients, expected, atol=1e-4)
    np.testing.assert_allclose(found.ablation, expected, atol=1e-4)
    assert found.delta == pytest.approx(0, abs=1e-4)
    assert found.recorded == pytest.approx(float(sound @ weights), abs=1e-4)


def test_gradients_add_up_within_their_delta() -> None:
    model = made_up_family.build(made_up_family.Sizes(), 4).eval()
    reference = torch.from_numpy(np.random.default_rng(2).normal(size=(1, 16)).astype(np.float32))
    number = scalar_of(model, "audio", WINDOWS[0], "cosine with a reference", reference)
    found = attribute(number, noise(), RATE, edges_hz=EDGES, n_spans=2)
    assert found.gradients is not None
    assert found.delta is not None
    change = found.recorded - found.gone
    assert found.gradients.sum() == pytest.approx(change + found.delta, abs=1e-5)
    assert abs(found.delta) <= 0.05 * abs(change)
    assert found.n_steps in (32, 64, 128)
    assert found.edges_s == (0.0, 1.0, 2.0)
    assert all(not parameter.grad for parameter in model.parameters())
    twin = made_up_family.build(made_up_family.Sizes(), 5).eval()
    other = attribute(scalar_of(twin, "audio", WINDOWS[0], "norm"), noise(), RATE, edges_hz=EDGES, n_spans=2)
    agreement = rank_agreement(found.ablation, other.ablation)
    assert agreement is not None
    assert -1 <= agreement <= 1
    assert rank_agreement(found.ablation, np.zeros((3, 2))) is None


def test_the_cell_that_is_heard_is_the_largest() -> None:
    """The power of a tone of 1 kHz in the second half of the window."""
    times_s = torch.arange(16_000) / RATE
    tone = torch.sin(2 * torch.pi * 1000 * times_s)
    heard = torch.where(times_s >= 1.0, tone, 0.0)
    found = attribute(
        lambda waveforms: ((waveforms @ heard) / 1000).square(), noise() + 0.2 * tone, RATE, edges_hz=EDGES, n_spans=2
    )
    assert found.gradients is not None
    for cells in (found.gradients, found.ablation):
        assert np.unravel_index(np.abs(cells).argmax(), cells.shape) == (1, 1)


def test_a_score_of_the_pair_and_its_twin() -> None:
    model = build_narrow("a4r", 2).eval()
    with torch.no_grad():
        notes = model.towers["midi"](model.towers["midi"].collate([WINDOWS[0]]))
    sound = noise(96_000)
    number = scalar_of(model, "audio", WINDOWS[0], "score of its pair", notes)
    found = attribute(number, sound, 24_000, edges_hz=(0.0, 2000.0, 12_000.0), n_spans=2, n_steps=2)
    with torch.no_grad():
        assert found.recorded == pytest.approx(float(model.score(model.embed_audio(sound[None]), notes)), abs=1e-4)
    assert found.gradients is not None
    assert found.gradients.shape == found.occlusion.shape == (2, 2)


def test_where_no_gradient_passes_the_others_remain() -> None:
    def number(waveforms: Tensor) -> Tensor:
        return waveforms.detach().square().mean(dim=1)

    found = attribute(number, noise(), RATE, edges_hz=EDGES, n_spans=2)
    assert (found.gradients, found.delta, found.n_steps) == (None, None, 0)
    assert (found.ablation > 0).all()


def test_what_cannot_be_attributed_is_refused() -> None:
    model = build_narrow("d4").eval()
    with pytest.raises(ConfigError, match="midi reads notes"):
        scalar_of(model, "midi", WINDOWS[0], "norm")
    with pytest.raises(ConfigError, match="needs an embedding"):
        scalar_of(model, "audio", WINDOWS[0], "cosine with a reference")
    with pytest.raises(ConfigError, match="two or more that rise"):
        attribute(lambda waveforms: waveforms.sum(dim=1), noise(), RATE, edges_hz=(100.0, 50.0))
    with pytest.raises(ConfigError, match="Take fewer bands"):
        attribute(lambda waveforms: waveforms.sum(dim=1), noise(), RATE, edges_hz=(100.0, 101.0))
    with pytest.raises(ShapeError, match="more of them; got 100"):
        attribute(lambda waveforms: waveforms.sum(dim=1), noise(100), RATE)
    assert mel_edges(RATE, 4)[-1] == pytest.approx(4000)

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        attribute(lambda waveforms: waveforms.sum(dim=1), noise(), RATE, edges_hz=EDGES, check=stop)


def test_a_delta_that_is_large_asks_for_more_steps() -> None:
    """A step in the middle of the way takes as many steps as are allowed."""

    def number(waveforms: Tensor) -> Tensor:
        return torch.sigmoid(30 * (waveforms.square().mean(dim=1) / 0.005 - 1))

    rough, fine = (attribute(number, noise(), RATE, edges_hz=(0.0, 4000.0), n_spans=1, n_steps=n) for n in (2, 64))
    assert rough.n_steps == 8
    assert 64 <= fine.n_steps <= 256
    assert rough.delta is not None
    assert fine.delta is not None
    assert abs(fine.delta) < 0.05 < abs(rough.delta)
