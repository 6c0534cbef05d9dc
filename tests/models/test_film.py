"""FiLM, against the formula written out: (1 + γ) x + β after every block, from the mean of the descriptor."""

import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.descriptors.d4 import masked_d4
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.models.injections.film import Film
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.taps import capture, intervene, list_descriptor_taps, list_injection_taps


def batch(*lengths: int) -> MidiBatch:
    generator = torch.Generator().manual_seed(8)
    numbers = [torch.randint(30, 90, (n,), generator=generator).numpy() for n in lengths]
    return collate_notes([(pitch, pitch, 0.01 * pitch) for pitch in numbers])


def shaken() -> DualEncoder:
    model = build_arm("film-d4", "small", seed=2).eval()
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


@torch.no_grad()
def test_every_layer_is_scaled_and_shifted_as_the_formula_says() -> None:
    model, notes = shaken(), batch(9, 5)
    midi, states = model.midi, model.midi.hidden_states(notes)
    steps = masked_d4(notes)
    mean = torch.stack([steps[row, :n].mean(dim=0) for row, n in enumerate((9, 5))])
    mechanism = model.given["midi"].injection
    assert isinstance(mechanism, Film)
    weights = dict(mechanism.film.named_parameters())
    hidden = F.linear(mean, weights["0.weight"], weights["0.bias"]).relu()
    made = F.linear(hidden, weights["2.weight"], weights["2.bias"])
    for layer, block in enumerate(midi.blocks):
        scale, shift = made.view(2, 4, 2, 128)[:, layer].unbind(1)
        expected = (1 + scale[:, None]) * block(states[layer], notes.mask) + shift[:, None]
        torch.testing.assert_close(states[layer + 1][notes.mask], expected[notes.mask])


@torch.no_grad()
def test_at_first_it_changes_nothing() -> None:
    model, notes = build_arm("film-d4", "small", seed=2).eval(), batch(9)
    x = model.midi.tokens(notes)
    for block in model.midi.blocks:
        x = block(x, notes.mask)
    torch.testing.assert_close(model.midi.hidden_states(notes)[-1], x, rtol=0, atol=0)


@torch.no_grad()
def test_what_is_read_of_a_layer_is_what_the_next_one_gets() -> None:
    model, notes = shaken(), batch(9)
    states = model.midi.hidden_states(notes)
    assert list_descriptor_taps(model) == ("midi.d4",)
    assert list_injection_taps(model) == ("midi.d4.film",)
    with capture(model, ["midi.block.2", "midi.block.4", "midi.d4", "midi.d4.film"]) as seen:
        whole = model.embed_midi(notes)
    assert torch.equal(seen["midi.block.2"], states[2])
    assert torch.equal(seen["midi.block.4"], states[4])
    assert (tuple(seen["midi.d4"].shape), tuple(seen["midi.d4.film"].shape)) == ((1, 9, 4), (1, 4, 256))
    with intervene(model, "midi.d4", torch.zeros_like):
        assert not torch.allclose(model.embed_midi(notes), whole)


@torch.no_grad()
def test_padding_does_not_count() -> None:
    model = shaken()
    padded, alone = batch(5, 12), batch(5)
    torch.testing.assert_close(model.embed_midi(padded)[:1], _joint(model, alone), rtol=1e-4, atol=1e-5)


def _joint(model: DualEncoder, notes: MidiBatch) -> Tensor:
    return model.embed_midi(notes)
