"""Mixtures of experts against the formula written out, what they add to the loss, and what their routers are told."""

import math
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from analysis.models.dual_encoder import DualEncoder
from analysis.models.injections.moe import Adapter, Rules, Summary
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.taps import capture
from tests.tiny import build_narrow


def notes(*lengths: int) -> MidiBatch:
    generator = torch.Generator().manual_seed(8)
    numbers = [torch.randint(30, 90, (n,), generator=generator).numpy() for n in lengths]
    return collate_notes([(pitch, pitch, 0.01 * pitch) for pitch in numbers])


def sound(n: int, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(n, 96_000, generator=torch.Generator().manual_seed(seed))


def shaken(arm: str) -> DualEncoder:
    model = build_narrow(arm, 2).eval()
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


@torch.no_grad()
def test_every_block_adds_what_its_router_lets_the_experts_say() -> None:
    model, batch = shaken("moe-dual"), notes(9, 5)
    midi, states = model.midi, model.midi.hidden_states(batch)
    with capture(model, ("midi.d4", "midi.d4.router.3")) as seen:
        model.embed_midi(batch)
    mean = torch.stack([seen["midi.d4"][row, :n].mean(dim=0) for row, n in enumerate((9, 5))])
    for layer, block in enumerate(midi.blocks):
        x, adapter = block(states[layer], batch.mask), cast(Any, model.get_submodule(f"midi.d4_moe.{layer}"))
        gates = adapter.router(torch.cat([x, mean[:, None].expand(-1, x.shape[1], -1)], dim=-1)).softmax(dim=-1)
        expected = x + gates[..., :1] * adapter.experts[0](x) + gates[..., 1:] * adapter.experts[1](x)
        torch.testing.assert_close(states[layer + 1][batch.mask], expected[batch.mask])
        if layer == 2:
            torch.testing.assert_close(seen["midi.d4.router.3"], gates)


@torch.no_grad()
@pytest.mark.parametrize(("arm", "adds"), [("moe-a4", False), ("moe-a4-v2", True), ("moe-a4-v3", True), ("moe-a4-v4", True)])
def test_at_first_the_first_variant_alone_adds_nothing(arm: str, adds: bool) -> None:
    model, waveform = build_narrow(arm, 2).eval(), sound(2)
    x = model.audio.tokens(waveform)
    for block in model.audio.blocks:
        x = block(x)
    assert torch.equal(model.audio.hidden_states(waveform)[-1], x) is not adds


@torch.no_grad()
@pytest.mark.parametrize("arm", ["film-a4", "moe-a4-v2"])
def test_what_is_told_of_a4_is_the_same_for_every_sound(arm: str) -> None:
    injection = shaken(arm).given["audio"].injection
    values = shaken(arm).given["audio"].slot(torch.cat([sound(2), 3 * sound(1, 5)]))
    told = injection.prepare(values, torch.ones(values.shape[:2], dtype=torch.bool))
    assert float((told - told[:1]).abs().max()) < 1e-5
    assert float((shaken("film-d4").given["midi"].injection.prepare(
        shaken("film-d4").given["midi"].slot(notes(9, 5)), notes(9, 5).mask)).std(dim=0).max()) > 1e-3  # fmt: skip


def adapter(rules: Rules) -> Adapter:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Adapter(16, 3, rules).train()


def run(module: Adapter, tokens: Tensor, mask: Tensor) -> Tensor:
    module(tokens, Summary(torch.zeros(len(tokens), 3), mask))
    assert module.penalty is not None
    return module.penalty


def test_the_penalty_is_that_of_the_load_and_padding_has_none() -> None:
    module = adapter(Rules())
    tokens, mask = torch.randn(2, 6, 16, generator=torch.Generator().manual_seed(1)), torch.ones(2, 6, dtype=torch.bool)
    mask[1, 3:] = False
    with torch.no_grad():
        module.get_parameter("router.2.weight").zero_()
        module.get_parameter("router.2.bias").copy_(torch.tensor([math.log(3.0), 0.0]))
    assert run(module, tokens, mask).item() == pytest.approx(0.01 * 2 * (0.75 - 0.25) ** 2 / 2)
    entropic = adapter(Rules(entropy=0.01))
    entropic.load_state_dict(module.state_dict())
    lacking = math.log(2) + 0.75 * math.log(0.75) + 0.25 * math.log(0.25)
    assert run(entropic, tokens, mask).item() == pytest.approx(0.0025 + 0.01 * lacking)
    spoiled = torch.where(mask[..., None], tokens, 1e3)
    fresh = adapter(Rules())
    assert run(fresh, spoiled, mask).item() == pytest.approx(run(fresh, tokens, mask).item())


def test_one_expert_alone_and_yet_both_learn() -> None:
    module = adapter(Rules(initial_sd=0.02, top_1=True))
    scores = torch.tensor([[[2.0, 1.0], [0.0, 3.0]]], requires_grad=True)
    gates = module.gate(scores)
    assert torch.equal(gates.round(decimals=5), torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
    (gradient,) = torch.autograd.grad((gates * torch.tensor([1.0, -2.0])).sum(), scores)
    (expected,) = torch.autograd.grad((scores.softmax(-1) * torch.tensor([1.0, -2.0])).sum(), scores)
    torch.testing.assert_close(gradient, expected)


def test_noise_on_routers_falls_over_the_steps_and_is_never_there_outside_training() -> None:
    model = build_narrow("moe-a4-v2", 2)
    levels = []
    for share in (0.0, 0.5, 1.0):
        model.begin_step(share)
        levels.append(cast(Adapter, model.get_submodule("audio.a4_moe.0")).noise)
    assert levels == pytest.approx([0.5, 0.275, 0.05])
    with torch.no_grad():
        assert torch.equal(model.eval().embed_audio(sound(2)), model.embed_audio(sound(2)))
