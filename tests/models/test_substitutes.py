"""Controls have the parameters of their arm and are given nothing by which a window could be told."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.descriptors.a4 import a4
from analysis.descriptors.d4 import masked_d4
from analysis.errors import ConfigError, ShapeError
from analysis.models.arms import ARMS, REAL_ARMS, build_config
from analysis.models.config import DESCRIPTOR_VALUES, DescriptorValues, ModelConfig
from analysis.models.controls import copy_learned, learn_descriptors
from analysis.models.counting import count_parameters
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.models.midi_encoder import MidiBatch, collate_notes
from analysis.models.substitutes import Substitute, derangement
from analysis.models.taps import capture

CONTROLS = [name for name, arm in ARMS.items() if arm.control_of]


def window(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(21, 109, n), rng.integers(1, 128, n), rng.uniform(0.02, 5, n)


def batch(*lengths: int) -> MidiBatch:
    return collate_notes([window(n, n) for n in lengths])


def noise_clips(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 96_000, generator=torch.Generator().manual_seed(seed))


def learned(arm: str) -> DualEncoder:
    """A control that has seen five training windows."""
    model = build_arm(arm, "small")
    learn_descriptors(model, noise_clips(5, 1), batch(7, 20, 33, 50, 120))
    return model.eval()


def given_to(arm: str, waveform: torch.Tensor, notes: MidiBatch, *, training: bool = False) -> dict[str, torch.Tensor]:
    """What stands at the descriptor taps."""
    model = learned(arm).train(training)
    with torch.no_grad(), torch.random.fork_rng(), capture(model, ("audio.a4", "midi.d4")) as seen:
        torch.manual_seed(0)  # what training draws
        model.embed_audio(waveform)
        model.embed_midi(notes)
    return seen


def test_every_arm_with_a_descriptor_has_its_controls() -> None:
    named = {arm.name for arm in REAL_ARMS.values() if arm.audio or arm.midi}
    expected = {f"{name}-{values}" for name in named for values in DESCRIPTOR_VALUES[1:]}
    assert set(CONTROLS) == expected
    assert ARMS["d4a4-zero"].summary == "control of d4a4: zeros in place of A4 and D4"


@pytest.mark.parametrize("name", [*(name for name in CONTROLS if name.endswith("-shuffled")), "d4a4-zero"])
def test_a_control_has_the_parameters_of_its_arm(name: str) -> None:
    real = ARMS[name].control_of
    assert count_parameters(name, "small") == count_parameters(real, "small")
    for scale in ("small", "paper"):
        assert build_config(real, scale) == replace(build_config(name, scale), descriptor_values="real")


def test_the_same_seed_begins_with_the_same_weights() -> None:
    real, control = (build_arm(name, "small", 3).state_dict() for name in ("d4a4", "d4a4-random"))
    assert all(torch.equal(real[name], control[name]) for name in real)


@pytest.mark.parametrize("training", [False, True])
def test_what_controls_are_given(training: bool) -> None:
    waveform, notes = noise_clips(2, 0), batch(40, 9)
    real = {"audio.a4": a4(waveform, 24_000), "midi.d4": masked_d4(notes)}
    seen = {values: given_to(f"d4a4-{values}", waveform, notes, training=training) for values in DESCRIPTOR_VALUES[1:]}
    for tap, expected in real.items():
        assert torch.equal(given_to("d4a4", waveform, notes, training=training)[tap], expected)
        assert not seen["zero"][tap].any()
        assert not torch.equal(seen["reordered"][tap], expected)
        columns = [sorted(map(tuple, one[tap][0].tolist())) for one in (seen["reordered"], real)]
        assert columns[0] == columns[1]
    assert not seen["random"]["midi.d4"][1, 9:].any()
    assert seen["random"]["midi.d4"][1, :9].all()
    noise = seen["random"]["audio.a4"]
    assert abs(float(noise.mean())) < 0.1  # 3,008 draws: a standard error of 0.018
    assert abs(float(noise.std()) - 1) < 0.1
    assert not torch.equal(noise[0], noise[1])


def test_in_training_shuffled_descriptors_are_those_of_other_windows_of_the_batch() -> None:
    waveform, notes = noise_clips(2, 0), batch(40, 9)
    seen = given_to("d4a4-shuffled", waveform, notes, training=True)
    expected, steps = a4(waveform, 24_000), masked_d4(notes)
    assert torch.equal(seen["audio.a4"], expected.flip(0))  # two windows have only each other
    assert torch.equal(seen["midi.d4"][1, :9], steps[0, :9])
    assert torch.equal(seen["midi.d4"][0, :36], steps[1, :9].repeat(4, 1))  # the shorter one begins again
    with pytest.raises(ShapeError, match="from two on; got 1"):
        learned("d4a4-shuffled").train().given["audio"].slot(waveform[:1])


def test_outside_training_shuffled_descriptors_are_those_of_training_windows() -> None:
    model, training = learned("d4a4-shuffled"), a4(noise_clips(5, 1), 24_000)
    got = model.given["audio"].slot(noise_clips(3, 0))
    for row in got:
        assert min(float((row - window).abs().max()) for window in training) < 1e-5
    assert (
        len({int((row - training).abs().amax(dim=(1, 2)).argmin()) for row in model.given["audio"].slot(noise_clips(12, 3))}) > 1
    )
    steps = [masked_d4(batch(n))[0] for n in (7, 20, 33, 50, 120)]
    given = model.given["midi"].slot(batch(30))[0]
    assert any(torch.allclose(given[:7], its[:7], atol=1e-6) for its in steps)  # learned padded, compared alone


def test_a_shuffled_control_that_knows_no_training_window_says_so() -> None:
    with pytest.raises(ConfigError, match="is given descriptors of training windows, and has not seen any yet"):
        build_arm("a4-shuffled", "small").eval().given["audio"].slot(noise_clips(1, 0))


def test_noise_has_the_mean_and_deviation_of_every_feature_of_the_training_set() -> None:
    windows = [3 + 2 * torch.randn(50, 4, generator=torch.Generator().manual_seed(seed)) for seed in range(20)]
    place = Substitute("random", 50, 4, "test")
    place.learn(windows)
    together = torch.cat(windows).numpy()
    np.testing.assert_allclose(place.mean.numpy(), together.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(place.std.numpy(), together.std(axis=0), rtol=1e-5)
    mask = torch.ones(8, 400, dtype=torch.bool)
    contents = [torch.arange(8.0)[:, None].expand(8, 400)]
    drawn = place.eval()(torch.zeros(8, 400, 4), mask, contents)
    np.testing.assert_allclose(drawn.mean(dim=(0, 1)).numpy(), together.mean(axis=0), atol=0.15)  # 3,200 draws: SE 0.035
    with pytest.raises(ShapeError, match="learns its noise and its sample from training windows; got none"):
        place.learn([])


@settings(max_examples=50, deadline=None)
@given(n=st.integers(2, 40), seed=st.integers(0, 2**31))
def test_a_derangement_leaves_nobody_in_place(n: int, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        order = derangement(n)
    assert sorted(order.tolist()) == list(range(n))
    assert not (order == torch.arange(n)).any()


def test_the_untrained_twin_of_a_control_is_given_the_same() -> None:
    model, twin = learned("d4a4-shuffled"), build_arm("d4a4-shuffled", "small", 1).eval()
    copy_learned(model, twin)
    waveform, notes = noise_clips(2, 0), batch(40, 9)
    assert torch.equal(twin.given["audio"].slot(waveform), model.given["audio"].slot(waveform))
    assert torch.equal(twin.given["midi"].slot(notes), model.given["midi"].slot(notes))
    mine, its = (one.state_dict()["audio_head.0.weight"] for one in (model, twin))
    assert not torch.equal(mine, its)


@pytest.mark.parametrize("values", ["random", "shuffled", "reordered"])
def test_evaluation_depends_on_the_window_alone_and_training_draws_anew(values: DescriptorValues) -> None:
    model = learned(f"d4a4-{values}")
    waveform = noise_clips(3, 0)
    a4_of, d4_of = model.given["audio"].slot, model.given["midi"].slot
    # A transform of three windows and of one may differ in the last bit; what is drawn may not.
    torch.testing.assert_close(a4_of(waveform)[1:2], a4_of(waveform[1:2].clone()), rtol=1e-4, atol=1e-4)
    padded, alone = d4_of(batch(5, 40)), d4_of(batch(5))
    torch.testing.assert_close(padded[:1, :5], alone)
    assert not padded[0, 5:].any()
    louder = a4_of(waveform + 1e-3)
    assert not torch.allclose(a4_of(waveform), louder, atol=0.1)
    model.train()
    with torch.random.fork_rng():
        torch.manual_seed(0)  # three windows have two derangements: eight unseeded draws may well be one and the same
        passes = {a4_of(waveform).numpy().tobytes() for _ in range(8)}
        assert len(passes) > 1
        assert len({d4_of(batch(40, 30, 20, 10)).numpy().tobytes() for _ in range(8)}) > 1


def test_velocity_and_duration_belong_to_the_content() -> None:
    notes = batch(30)
    given_noise = build_arm("d4-random", "small").eval().given["midi"].slot
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
    content = torch.randint(1, 9, mask.shape, generator=torch.Generator().manual_seed(0))
    place = Substitute(values, 12, 4, "test").train(training)
    place.learn([torch.ones(3, 4)])
    if values == "shuffled" and training and len(lengths) < 2:
        return
    got = place(torch.ones(*mask.shape, 4) * mask[..., None], mask, [content])
    assert got.shape == (*mask.shape, 4)
    assert not got[~mask].any()
    if values in ("real", "shuffled", "reordered"):
        assert (got[mask] == 1).all()


def test_a_configuration_without_the_field_is_that_of_a_real_arm() -> None:
    values = build_config("d4a4", "small").to_dict()
    assert values.pop("descriptor_values") == "real"
    assert ModelConfig.from_dict(values) == build_config("d4a4", "small")
    wrong = r"descriptor_values must be one of real, zero, random, shuffled, reordered; got 'noise'"
    with pytest.raises(ConfigError, match=wrong):
        ModelConfig.from_dict({**values, "descriptor_values": "noise"})
