"""A configuration of an absurdly large model is refused with the number and the bound; every arm at paper scale is far below."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import CheckpointError, ConfigError
from analysis.models import checkpoint
from analysis.models.arms import REAL_ARMS, SCALES, build_config
from analysis.models.checkpoint import open_checkpoint
from analysis.models.counting import count_parameters
from analysis.models.limits import LARGEST_MODEL, model_sizes, read_config

SMALL = build_config("D0", "small").to_dict()
PAPER = build_config("D0", "paper").to_dict()
REVERSE = build_config("a4r", "small").to_dict()
LONG = {"n_samples": 2**22, "max_audio_tokens": 2**15}

ABSURD: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "wide layers": (PAPER, {"audio_d_ff": 65_536, "audio_n_layers": 8}, r"1,1\d\d,\d{3},\d{3} parameters; at most 1,000,000,000"),
    "many layers": (PAPER, {"audio_n_layers": 128}, r"1,6\d\d,\d{3},\d{3} parameters"),
    "a wide head": (SMALL, {"head_d_hidden": 65_536}, r"8,\d{3},\d{3},\d{3} parameters"),
    "many heads": (PAPER, {"n_heads": 128}, "2,949,120,000 attention scores per audio window; at most 2,000,000,000"),
    "many tokens": (SMALL, LONG, "2,148,007,968 attention scores per audio window"),
    "many notes": (SMALL, {"max_notes": 65_536}, "137,438,953,472 attention scores per MIDI window; at most 2,000,000,000"),
    "many frames": (
        REVERSE, {"max_descriptor_frames": 8193, **LONG}, "2,685,009,960 attention scores per audio window",
    ),
    "a wide convolution": (
        SMALL, {"conv_channels": [4096, 64, 128, 192], "n_samples": 2**20, "max_audio_tokens": 2**15},
        "536,870,912 values in one activation; at most 500,000,000",
    ),
}  # fmt: skip


def listed(config: dict[str, Any]) -> dict[str, Any]:
    """As it comes out of JSON."""
    return json.loads(json.dumps(config))


@pytest.mark.parametrize(("model", "changes", "said"), ABSURD.values(), ids=ABSURD.keys())
def test_an_absurd_model_is_refused_with_the_number_and_the_bound(model: Any, changes: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^The configuration describes a model with {said}.*are opened\. Correct "):
        read_config(listed(model | changes))


def test_frames_without_a_position_are_refused() -> None:
    assert read_config(listed(REVERSE | {"max_descriptor_frames": 188}))
    with pytest.raises(ConfigError, match=r"188 A4 frames exceed max_descriptor_frames = 187"):
        read_config(listed(REVERSE | {"max_descriptor_frames": 187}))
    assert read_config(listed(SMALL | {"max_descriptor_frames": 187}))  # which this arm does not use


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("arm", [*REAL_ARMS, "d4a4-shuffled"])
def test_the_outline_counts_what_is_built_and_every_arm_is_far_below_the_bounds(arm: str, scale: str) -> None:
    config = build_config(arm, scale)
    assert read_config(listed(config.to_dict())) == config
    sizes = model_sizes(config)
    assert sizes["parameters"] == count_parameters(arm, scale)["total"]
    assert sizes.keys() == LARGEST_MODEL.keys()
    for what, size in sizes.items():
        assert 0 < size <= LARGEST_MODEL[what] / 8, what


def test_ten_seconds_at_paper_scale_pass() -> None:
    assert read_config(listed(PAPER | {"n_samples": 240_000})).n_audio_tokens == 6000


def test_nothing_is_built_and_no_weight_is_looked_at_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    described = {"arm": "D0", "scale": "paper", "model": PAPER | {"audio_n_layers": 128}, "training": {}, "evaluation": {}}
    (tmp_path / "config.json").write_text(json.dumps(described))
    (tmp_path / "model.safetensors").touch()
    for name in ("describe_safetensors", "file_sha256s"):
        monkeypatch.setattr(checkpoint, name, lambda *_, name=name: pytest.fail(name))
    monkeypatch.setattr("analysis.models.dual_encoder.build_model", lambda *_: pytest.fail("build_model"))
    with pytest.raises(CheckpointError, match=r"/config\.json: The configuration describes a model with 1,6"):
        open_checkpoint(tmp_path)


@given(st.data())
def test_whatever_the_sizes_it_is_quick(data: st.DataObject) -> None:
    """Every number a list of sizes may hold gives a model within the bounds or a sentence."""
    fields = {name: value for name, value in SMALL.items() if type(value) is int}
    name = data.draw(st.sampled_from(sorted(fields)))
    value = data.draw(st.one_of(st.integers(1, 2**16), st.sampled_from([2**15, 2**16, 2**25])))
    try:
        config = read_config(listed(SMALL | {name: value}))
    except ConfigError as error:
        assert str(error).endswith(".")  # noqa: PT017
    else:
        assert all(size <= LARGEST_MODEL[what] for what, size in model_sizes(config).items())
