"""What is saved today and what was saved when a configuration could only say how A4 enters: both are read."""

import json
from dataclasses import replace

import pytest
import torch

from analysis import paths
from analysis.errors import ConfigError
from analysis.models.arms import ARMS, build_config
from analysis.models.checkpoint import open_checkpoint
from analysis.models.config import Entry, ModelConfig
from analysis.models.counting import count_configured
from analysis.models.dual_encoder import build_arm, outline
from analysis.studies.shipped import SHIPPED, SHIPPED_CONTROLS

FORMER = {
    "D0": ("none", False), "d4": ("none", True), "a4": ("concat", False), "a4x": ("cross", False), "a4r": ("reverse", False),
    "d4a4": ("concat", True), "d4-a4x": ("cross", True), "d4-a4r": ("reverse", True),
}  # fmt: skip
NAMES = {  # of what a descriptor adds to a checkpoint, as they were when the first ones were saved
    "D0": "", "d4": "midi.d4_concat midi.d4_norm", "a4": "audio.a4_concat audio.a4_norm",
    "a4x": "audio.a4_source audio.a4_attention audio.a4_norm",
    "a4r": "audio.a4_query audio.a4_positions audio.a4_attention audio.a4_norm",
    "d4a4": "audio.a4_concat audio.a4_norm midi.d4_concat midi.d4_norm",
    "A7": "audio.a7_concat audio.a7_norm", "film-d4": "midi.d4_film",
}  # fmt: skip


@pytest.mark.parametrize("arm", FORMER)
def test_a_configuration_of_before_is_that_of_its_arm(arm: str) -> None:
    config = build_config(arm, "small")
    kept = {name: value for name, value in config.to_dict().items() if name not in ("audio_entry", "midi_entry")}
    mechanism, has_d4 = FORMER[arm]
    former = {"a4_mechanism": mechanism, "d4": has_d4, "max_a4_frames": kept.pop("max_descriptor_frames"), **kept}
    assert ModelConfig.from_dict(json.loads(json.dumps(former))) == config


def test_a_mixture_of_both_is_refused() -> None:
    values = build_config("D0", "small").to_dict()
    with pytest.raises(ConfigError, match=r"unknown fields \['a4_mechanism', 'd4'\]"):
        ModelConfig.from_dict({**values, "a4_mechanism": "none", "d4": False})


@pytest.mark.parametrize("arm", ARMS)
def test_every_configuration_comes_back_from_json(arm: str) -> None:
    config = build_config(arm, "small")
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("arm", NAMES)
def test_a_descriptor_adds_tensors_of_the_same_names_as_ever(arm: str) -> None:
    more = {name for name, _ in outline(build_config(arm, "small")).named_parameters()}
    more -= {name for name, _ in outline(build_config("D0", "small")).named_parameters()}
    assert all(name.startswith(tuple(NAMES[arm].split())) for name in more)
    assert all(any(name.startswith(beginning) for name in more) for beginning in NAMES[arm].split())


def test_the_first_weights_of_a_seed_are_what_they_were() -> None:
    """Sums of what is drawn last on either side, so that another order of drawing would show."""
    found = {arm: _drawn(arm) for arm in ("D0", "d4a4", "a4x", "d4-a4r")}
    for arm, sums in DRAWN.items():
        assert found[arm] == pytest.approx(sums, rel=1e-6), arm


def _drawn(arm: str) -> list[float]:
    state = build_arm(arm, "small", 3).state_dict()
    return [float(state[name].double().abs().sum()) for name in ("audio.blocks.3.linear2.weight", "midi_head.6.weight")]


DRAWN = {
    "D0": [2171.19106, 1258.44532], "d4a4": [2169.25351, 1256.93103], "a4x": [2175.94406, 1250.61187],
    "d4-a4r": [2175.50623, 1255.86389],
}  # fmt: skip


@pytest.mark.parametrize("name", [*SHIPPED, *SHIPPED_CONTROLS])
def test_what_is_shipped_opens_with_the_descriptors_of_its_arm(name: str) -> None:
    checkpoint = open_checkpoint(paths.repository() / "checkpoints" / name)
    assert "a4_mechanism" in checkpoint.config
    arm = ARMS[checkpoint.arm]
    assert checkpoint.model_config.entries == {s: e for s, e in (("audio", arm.audio), ("midi", arm.midi)) if e}
    assert not any(parameter.isnan().any() for parameter in checkpoint.model().parameters())


def test_other_film_arms_of_the_source_are_a_row_each() -> None:
    base, film = build_config("D0", "paper"), {"audio_entry": Entry("A4", "film"), "midi_entry": Entry("D4", "film")}
    assert count_configured(replace(base, audio_entry=film["audio_entry"]))["total"] == 75_252_352  # film-a4
    assert count_configured(replace(base, **film))["total"] == 75_781_376  # film-dual


def test_a_descriptor_may_not_take_the_name_of_a_module() -> None:
    from analysis.descriptors import registry
    from analysis.descriptors.a4 import DESCRIPTOR

    registry.register(replace(DESCRIPTOR, name="CNN"))
    try:
        with pytest.raises(ConfigError, match="The tower has 'cnn' already. Give the descriptor another name"):
            outline(replace(build_config("D0", "small"), audio_entry=Entry("CNN", "concat")))
    finally:
        registry.forget("CNN")


def test_a_control_of_another_descriptor_is_given_zeros_in_its_place() -> None:
    model = build_arm("A7-zero", "small", 1).eval()
    with torch.no_grad():
        assert not model.given["audio"].slot(0.1 * torch.ones(1, 96_000)).any()
