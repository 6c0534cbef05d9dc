"""The family of PupuJEPA: what it opens and refuses, how it is described, and a recording that is read with it."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from analysis.cli import main
from analysis.errors import CheckpointError, ConfigError
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.families import find_family
from analysis.models.pupujepa.config import SCALES, PupuConfig, in_one_dimension
from analysis.models.pupujepa.flow import count, flow_of
from analysis.models.pupujepa.mel import bands_of_patches
from analysis.models.pupujepa.network import build, outline
from analysis.models.pupujepa_family import parse, preset
from analysis.sources import closure

TINY = SCALES["tiny"]
FLAT = in_one_dimension(TINY)


def noise(n: int = 2) -> Tensor:
    return 0.1 * torch.randn(n, TINY.n_samples, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", find_family("pupujepa").presets())
def test_the_flow_has_every_parameter(name: str) -> None:
    config = preset(name)
    flow = flow_of(config)
    assert flow.total == count(config)["total"] == sum(tensor.numel() for tensor in outline(config).parameters())
    assert flow.part("teacher").shape == f"{config.n_tokens:,} patch tokens × {config.d_model}"
    assert len(flow.notes) == name.endswith("paper") + name.startswith("pupujepa1d")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"d_model": 20}, "d_model = 20 is not divisible by 4 × n_heads = 8"),
        ({"predictor_d_model": 28}, "predictor_d_model = 28 is not divisible by 4 × predictor_n_heads = 8"),
        ({"d_model": "24"}, "d_model must be a whole number"), ({"n_layers": 0}, "n_layers must be"),
        ({"spread": float("nan")}, "spread must be a number"), ({"n_fft": 1023}, "n_fft = 1023"),
        ({"patch_mels": 48}, "n_mels = 128 is not divisible by patch_mels = 48"),
        ({"patch_frames": 17}, "n_samples = 96,000 is no multiple of"), ({"extra": 1}, r"unknown fields \['extra'\]"),
        ({"n_samples": 2**21, "hop_length": 2, "patch_frames": 1}, "attention scores per window; at most"),
        ({"d_model": 4096, "n_layers": 96}, "weights of its blocks; at most"),
        ({"patch_mels": 128}, "is of the arm pupujepa and has 1 band of patches; expected one for pupujepa1d alone"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    raw = {"arm": "pupujepa", "model": {**asdict(TINY), **changed}}
    with pytest.raises(CheckpointError, match=f"mine.*{sentence}"):
        parse(raw, "mine")


def test_a_missing_size_or_another_arm_is_refused() -> None:
    values = asdict(TINY)
    del values["n_heads"]
    with pytest.raises(ConfigError, match="lacks n_heads"):
        PupuConfig.from_dict(values)
    with pytest.raises(CheckpointError, match="mine is of unknown arm 'vit1d': expected pupujepa or pupujepa1d"):
        parse({"arm": "vit1d", "model": asdict(TINY)}, "mine")


def test_its_checkpoint_opens_and_holds_no_constants(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    save_checkpoint(tmp_path / "mine", build(FLAT, 3), arm="pupujepa1d", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert (opened.family, opened.model_config) == ("pupujepa", FLAT)
    assert not [name for name in opened.model().state_dict() if "mel" in name]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=2e-2, rtol=2e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("pupujepa").module,))
    assert not [name for name in files if "dual" in name or "injections" in name or "vit1d" in name]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "pupujepa"]) == 0
    text = capsys.readouterr().out
    assert "PupuJEPA pupujepa-paper" in text
    assert "2,048 patches of 4 frames × 16 mel bands" in text
    assert "An encoder of 7,120,512 parameters; the authors say 5 million, as 5.3 million in 12 d² a block" in text
    assert main(["describe", "pupujepa1d", "--scale", "small", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["parameters"]["total"] == count(preset("pupujepa1d-small"))["total"]


def test_a_recording_is_read_with_it(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="pupujepa", scale="tiny", **described)
    soundfile.write(tmp_path / "clip.wav", noise(1)[0].repeat(2).numpy()[: 6 * TINY.sample_rate], TINY.sample_rate)
    words = ["inspect", str(tmp_path / "clip.wav"), "--checkpoint", str(tmp_path / "mine"), "--layer", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    with np.load(tmp_path / "out" / "arrays.npz") as arrays:
        np.testing.assert_allclose(arrays["bands_hz"], bands_of_patches(TINY))
        assert arrays["received_by_band"].shape[:2] == (1 + TINY.n_heads, 4)
        assert arrays["attention"].shape[-1] == len(arrays["key_times_s"])
