"""Controls have the parameters of their arm and are given nothing by which a window could be told."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.descriptors.a4 import a4
from analysis.errors import ConfigError
from analysis.models.arms import ARMS, REAL_ARMS, build_config
from analysis.models.config import DESCRIPTOR_VALUES, DescriptorValues, ModelConfig
from analysis.models.counting import count_parameters
from analysis.models.dual_encoder import build_arm
from analysis.models.midi_encoder import MidiBatch, collate_notes, masked_d4
from analysis.models.substitutes import substitute
from analysis.models.taps import capture

CONTROLS = [name for name, arm in ARMS.items() if arm.control_of]


def window(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(21, 109, n), rng.integers(1, 128, n), rng.uniform(0.02, 5, n)


def batch(*lengths: int) -> MidiBatch:
    return collate_notes([window(n, n) for n in lengths])


def given_to(arm: str, waveform: torch.Tensor, notes: MidiBatch, *, training: bool = False) -> dict[str, torch.Tensor]:
    """What stands at the descriptor taps."""
    model = build_arm(arm, "small").train(training)
    with torch.no_grad(), capture(model, ("audio.a4", "midi.d4")) as seen:
        model.embed_audio(waveform)
        model.embed_midi(notes)
    return seen


def test_every_arm_with_a_descriptor_has_its_three_controls() -> None:
    named = {arm.name for arm in REAL_ARMS.values() if arm.a4 != "none" or arm.d4}
    expected = {f"{name}-{values}" for name in named for values in ("zero", "random", "shuffled")}
    assert set(CONTROLS) == expected
    assert ARMS["d4a4-zero"].summary == "control of d4a4: zeros in place of A4 and D4"


@pytest.mark.parametrize("name", CONTROLS)
def test_a_control_has_the_parameters_of_its_arm(name: str) -> None:
    real = ARMS[name].control_of
    for scale in ("small", "paper"):
        assert count_parameters(name, scale) == count_parameters(real, scale)
        assert build_config(real, scale) == replace(build_config(name, scale), descriptor_values="real")


def test_the_same_seed_begins_with_the_same_weights() -> None:
    real, control = (build_arm(name, "small", 3).state_dict() for name in ("d4a4", "d4a4-random"))
    assert all(torch.equal(real[name], control[name]) for name in real)


@pytest.mark.parametrize("training", [False, True])
def test_what_controls_are_given(training: bool) -> None:
    waveform, notes = torch.randn(2, 96_000), batch(40, 9)
    real = {"audio.a4": a4(waveform, 24_000), "midi.d4": masked_d4(notes)}
    seen = {values: given_to(f"d4a4-{values}", waveform, notes, training=training) for values in DESCRIPTOR_VALUES[1:]}
    for tap, expected in real.items():
        assert torch.equal(given_to("d4a4", waveform, notes, training=training)[tap], expected)
        assert not seen["zero"][tap].any()
        assert not torch.equal(seen["shuffled"][tap], expected)
        torch.testing.assert_close(seen["shuffled"][tap].sum(dim=1), expected.sum(dim=1), rtol=1e-3, atol=1e-3)
        columns = [sorted(map(tuple, one[tap][0].tolist())) for one in (seen["shuffled"], real)]
        assert columns[0] == columns[1]
    assert not seen["random"]["midi.d4"][1, 9:].any()
    assert seen["random"]["midi.d4"][1, :9].all()
    noise = seen["random"]["audio.a4"]
    assert abs(float(noise.mean())) < 0.1
    assert abs(float(noise.std()) - 1) < 0.1
    assert not torch.equal(noise[0], noise[1])


@pytest.mark.parametrize("values", ["random", "shuffled"])
def test_evaluation_depends_on_the_window_alone_and_training_draws_anew(values: DescriptorValues) -> None:
    model = build_arm(f"d4a4-{values}", "small").eval()
    waveform = torch.randn(3, 96_000)
    a4_of, d4_of = model.audio.a4, model.midi.d4
    assert torch.equal(a4_of(waveform)[1:2], a4_of(waveform[1:2].clone()))
    padded, alone = d4_of(batch(5, 40)), d4_of(batch(5))
    assert torch.equal(padded[:1, :5], alone)
    assert not padded[0, 5:].any()
    assert not torch.equal(a4_of(waveform), a4_of(waveform + 1e-3))
    model.train()
    assert not torch.equal(a4_of(waveform), a4_of(waveform))
    first, again = (d4_of(batch(40)) for _ in range(2))
    assert not torch.equal(first, again)


def test_velocity_and_duration_belong_to_the_content() -> None:
    notes = batch(30)
    given_noise = build_arm("d4-random", "small").eval().midi.d4
    louder = MidiBatch(notes.pitch, (notes.velocity + 1).clamp(max=127), notes.duration, notes.mask)
    longer = MidiBatch(notes.pitch, notes.velocity, (notes.duration + 1).clamp(max=31), notes.mask)
    assert not torch.equal(given_noise(notes), given_noise(louder))
    assert not torch.equal(given_noise(notes), given_noise(longer))


@settings(max_examples=30, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    values=st.sampled_from(DESCRIPTOR_VALUES),
    training=st.booleans(),
)
def test_padding_stays_empty(lengths: list[int], values: DescriptorValues, training: bool) -> None:
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    content = torch.randint(1, 9, mask.shape)
    got = substitute(torch.ones(*mask.shape, 4) * mask[..., None], mask, [content], values, training=training)
    assert got.shape == (*mask.shape, 4)
    assert not got[~mask].any()
    if values in ("real", "shuffled"):
        assert (got[mask] == 1).all()


def test_a_configuration_without_the_field_is_that_of_a_real_arm() -> None:
    values = build_config("d4a4", "small").to_dict()
    assert values.pop("descriptor_values") == "real"
    assert ModelConfig.from_dict(values) == build_config("d4a4", "small")
    wrong = r"descriptor_values must be one of real, zero, random, shuffled; got 'noise'"
    with pytest.raises(ConfigError, match=wrong):
        ModelConfig.from_dict({**values, "descriptor_values": "noise"})
