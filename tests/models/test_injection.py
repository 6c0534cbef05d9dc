"""How descriptors enter, against the formulas written out: Fernández Méndez et al., arXiv 2604.10283, appendix B."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from analysis.descriptors.a4 import a4
from analysis.descriptors.d4 import d4
from analysis.errors import ConfigError
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.models.midi_encoder import MidiBatch, collate_notes, sinusoids
from analysis.models.transformer import MultiHeadAttention


@pytest.fixture
def waveforms() -> Tensor:
    return 0.1 * torch.randn(2, 96_000, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def notes(rng) -> MidiBatch:
    return collate_notes([(rng.integers(30, 90, n), rng.integers(1, 128, n), rng.uniform(0.1, 2, n)) for n in (6, 9)])


def shaken(arm: str) -> DualEncoder:
    """A model in which no weight, scale or offset is at a value where a mistake could hide."""
    model = build_arm(arm, "small", seed=2).eval()
    generator = torch.Generator().manual_seed(9)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=generator)
    return model


def attend(module: MultiHeadAttention, query: Tensor, source: Tensor, n_heads: int) -> Tensor:
    """softmax(QKᵀ/√d)V per head, concatenated and projected."""
    weights = dict(module.named_parameters())
    w = torch.cat([weights[name] for name in weights if name.endswith("weight") and "out" not in name])
    b = torch.cat([weights[name] for name in weights if name.endswith("bias") and "out" not in name])
    d_model = query.shape[-1]
    q, k, v = (F.linear(x, w[i * d_model : (i + 1) * d_model], b[i * d_model : (i + 1) * d_model])
               for i, x in enumerate((query, source, source)))  # fmt: skip
    q, k, v = (x.unflatten(-1, (n_heads, -1)).transpose(1, 2) for x in (q, k, v))
    pattern = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(dim=-1)
    out = {name.split(".")[-1]: value for name, value in weights.items() if "out" in name}
    return F.linear((pattern @ v).transpose(1, 2).flatten(-2), out["weight"], out["bias"])


@torch.no_grad()
@pytest.mark.parametrize("arm", ["D0", "a4", "a4x", "a4r"])
def test_audio_tokens_are_those_of_the_formula(arm: str, waveforms: Tensor) -> None:
    model = shaken(arm)
    audio: Any = model.audio
    heads = model.config.n_heads
    frames, descriptor = audio.cnn(waveforms[:, None]).transpose(1, 2), a4(waveforms, 24_000)
    placed = frames + audio.positions[: frames.shape[1]]
    if arm == "D0":
        expected = placed
    elif arm == "a4":  # Linear(d + 8 → d) and LayerNorm before the positions
        stretched = F.interpolate(descriptor.transpose(1, 2), frames.shape[1], mode="linear").transpose(1, 2)
        joined = audio.a4_norm(F.linear(torch.cat([frames, stretched], -1), audio.a4_concat.weight, audio.a4_concat.bias))
        expected = joined + audio.positions[: frames.shape[1]]
    elif arm == "a4x":  # frames ask, A4 answers; residual, then LayerNorm
        expected = audio.a4_norm(placed + attend(audio.a4_attention, placed, audio.a4_source(descriptor), heads))
    else:  # A4 asks with learned positions, frames answer; the residual is the query
        query = audio.a4_query(descriptor) + audio.a4_positions[: descriptor.shape[1]]
        expected = audio.a4_norm(query + attend(audio.a4_attention, query, placed, heads))
    torch.testing.assert_close(audio.tokens(waveforms), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("arm", ["D4x", "D4r"])
def test_notes_and_d4_attend_to_each_other_without_padding(arm: str, notes: MidiBatch) -> None:
    midi: Any = shaken(arm).midi
    found, heads = midi.tokens(notes), 8
    for row, n in enumerate(notes.mask.sum(dim=1).tolist()):  # every window by itself, so that there is no padding
        columns = [x[row : row + 1, :n] for x in (notes.pitch, notes.velocity, notes.duration)]
        parts = [embed.weight[x] for embed, x in zip((midi.pitch, midi.velocity, midi.duration), columns, strict=True)]
        x = midi.input_norm(F.linear(torch.cat(parts, -1), midi.input.weight, midi.input.bias))
        placed, steps = x + sinusoids(n, x.shape[2], x.device), d4(columns[0])
        if arm == "D4x":
            expected = midi.d4_norm(placed + attend(midi.d4_attention, placed, midi.d4_source(steps), heads))
        else:
            query = midi.d4_query(steps) + sinusoids(n, x.shape[2], x.device)
            expected = midi.d4_norm(query + attend(midi.d4_attention, query, placed, heads))
        torch.testing.assert_close(found[row : row + 1, :n], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_each_side_is_given_the_descriptor_of_the_other(waveforms: Tensor, notes: MidiBatch) -> None:
    model: Any = shaken("d4a4cm")
    frames, a4_of = model.audio.cnn(waveforms[:, None]).transpose(1, 2), a4(waveforms, 24_000)
    for row, n in enumerate(notes.mask.sum(dim=1).tolist()):
        one = slice(row, row + 1)
        steps = F.interpolate(d4(notes.pitch[one, :n]).transpose(1, 2), frames.shape[1], mode="linear").transpose(1, 2)
        heard = model.audio.d4_norm(model.audio.d4_concat(torch.cat([frames[one], steps], -1))) + model.audio.positions[:188]
        torch.testing.assert_close(model.audio.tokens(waveforms, notes)[one], heard, rtol=1e-4, atol=1e-5)
        tables = zip(("pitch", "velocity", "duration"), (notes.pitch, notes.velocity, notes.duration), strict=True)
        parts = [getattr(model.midi, name).weight[x[one, :n]] for name, x in tables]
        x = model.midi.input_norm(model.midi.input(torch.cat(parts, -1)))
        bands = F.interpolate(a4_of[one].transpose(1, 2), n, mode="linear").transpose(1, 2)
        read = model.midi.a4_norm(model.midi.a4_concat(torch.cat([x, bands], -1))) + sinusoids(n, x.shape[2], x.device)
        torch.testing.assert_close(model.midi.tokens(notes, waveforms)[one, :n], read, rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match="expected sound and notes of the same windows"):
        model.embed_audio(waveforms)


@torch.no_grad()
@pytest.mark.parametrize("arm", ["D0", "d4"])
def test_note_tokens_are_those_of_the_formula(arm: str, notes: MidiBatch) -> None:
    midi: Any = shaken(arm).midi
    parts = [midi.pitch.weight[notes.pitch], midi.velocity.weight[notes.velocity], midi.duration.weight[notes.duration]]
    x = midi.input_norm(F.linear(torch.cat(parts, -1), midi.input.weight, midi.input.bias))
    if arm == "d4":
        steps = torch.zeros(*notes.pitch.shape, 4)
        for row, length in enumerate(notes.mask.sum(dim=1).tolist()):
            steps[row, :length] = d4(notes.pitch[row : row + 1, :length])[0]
        x = midi.d4_norm(F.linear(torch.cat([x, steps], -1), midi.d4_concat.weight, midi.d4_concat.bias))
    expected = x + sinusoids(x.shape[1], x.shape[2], x.device)
    found = midi.tokens(notes)
    torch.testing.assert_close(found[notes.mask], expected[notes.mask], rtol=1e-5, atol=1e-6)
