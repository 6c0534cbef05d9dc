"""The complex head of PHALAR and its similarity: what they do with a phase, and in which order rows are compared."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from analysis.models.phalar.complex_layers import Bilinear, ComplexHead, ComplexLinear, ModReLU
from analysis.models.phalar.encoder import build
from tests.models.phalars import TINY, as_complex


def head() -> ComplexHead:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = ComplexHead(24, 8, 0.5).double().eval()
    torch.nn.init.normal_(made.layers.get_parameter("1.gain"), generator=torch.Generator().manual_seed(2))
    torch.nn.init.constant_(made.layers.get_parameter("2.threshold"), -0.5)
    return made


def turned(parts: Tensor, angle: float) -> Tensor:
    z = torch.complex(parts[:, 0], parts[:, 1]) * complex(math.cos(angle), math.sin(angle))
    return torch.stack([z.real, z.imag], dim=1)


@torch.no_grad()
@pytest.mark.parametrize("angle", [0.3, 2.0, math.pi])
def test_the_head_keeps_a_common_phase(angle: float) -> None:
    phasors = torch.randn(3, 2, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    before = head()(phasors).unflatten(1, (2, 8))
    after = head()(turned(phasors, angle)).unflatten(1, (2, 8))
    assert (after - turned(before, angle)).abs().max() < 1e-12
    each = turned(phasors, 0.0)
    each[..., 1:] = turned(phasors, angle)[..., 1:]  # a phase that components do not share
    assert (head()(each).unflatten(1, (2, 8)) - turned(before, angle)).abs().max() > 0.01


def test_dropout_takes_both_parts_of_a_number() -> None:
    made = head().train()
    made.layers = torch.nn.Sequential()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = made(torch.ones(4, 2, 6, 4, dtype=torch.float64)).unflatten(1, (2, 24))
    assert torch.equal(parts[:, 0], parts[:, 1])
    assert set(parts.unique().tolist()) == {0.0, 2.0}


@torch.no_grad()
def test_complex_layers_are_those_of_complex_numbers() -> None:
    rng = torch.Generator().manual_seed(0)
    layer, z = ComplexLinear(5, 3).double(), torch.randn(4, 2, 5, dtype=torch.float64, generator=rng)
    torch.testing.assert_close(as_complex(layer(z)), as_complex(z) @ layer.matrix().T)
    gate = ModReLU(5).double()
    torch.nn.init.constant_(gate.threshold, -1.0)
    amplitudes, gated = as_complex(z).abs(), as_complex(gate(z))
    torch.testing.assert_close(gated.abs(), (amplitudes - 1).clamp(min=0), atol=1e-5, rtol=0)
    kept = amplitudes > 1.1
    torch.testing.assert_close((gated / gated.abs())[kept], (as_complex(z) / amplitudes)[kept])


@pytest.fixture(scope="module")
def form() -> Bilinear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(6)
        return Bilinear(8).double()


def embeddings(n: int, seed: int) -> Tensor:
    return 100 * torch.randn(n, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_scores_are_those_of_the_complex_form(form: Bilinear) -> None:
    x, y = embeddings(3, 1), embeddings(5, 2)
    z, w = (torch.complex(*rows.unflatten(1, (2, 8)).unbind(1)) for rows in (x, y))
    z, w = (rows / rows.norm(dim=1, keepdim=True) for rows in (z, w))
    torch.testing.assert_close(form(x, y), (z @ form.form.matrix().T @ w.conj().T).real)
    torch.testing.assert_close(form(5 * x, y), form(x, y))


@torch.no_grad()
def test_scores_are_symmetric_with_the_flag_alone(form: Bilinear) -> None:
    x = embeddings(6, 3)
    torch.testing.assert_close(form(x, x, hermitian=True), form(x, x, hermitian=True).T)
    torch.testing.assert_close(form(x, x, hermitian=True), (form(x, x) + form(x, x).T) / 2)
    assert (form(x, x) - form(x, x).T).abs().max() > 0.01
    for hermitian in (False, True):
        scores = form(embeddings(200, 4), embeddings(200, 5), hermitian).abs()
        assert 0.2 * form.bound(hermitian) < scores.max() <= form.bound(hermitian)
    assert form.bound(True) < form.bound()


@torch.no_grad()
def test_the_configuration_decides_how_a_model_scores() -> None:
    x = torch.randn(4, 16, generator=torch.Generator().manual_seed(0))
    plain, hermitian = build(TINY, 1), build(replace(TINY, hermitian=True), 1)
    assert plain.pairs == (("audio", "audio"),)
    torch.testing.assert_close(hermitian.score(x, x), (plain.score(x, x) + plain.score(x, x).T) / 2)
    assert not torch.allclose(plain.score(x, x), hermitian.score(x, x))
    common = torch.complex(*x.unflatten(1, (2, 8)).unbind(1)) * 1j
    moved = torch.cat([common.real, common.imag], dim=1)
    torch.testing.assert_close(plain.score(moved, moved), plain.score(x, x))  # relative phase alone counts
    assert not torch.allclose(plain.score(moved, x), plain.score(x, x), atol=1e-3)
