"""PHALAR as it is counted, described, kept and refused."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from analysis.cli import main
from analysis.errors import CheckpointError, ConfigError
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.families import find_family
from analysis.models.phalar.config import SCALES, PhalarConfig
from analysis.models.phalar.encoder import Phalar, build, outline
from analysis.models.phalar.flow import count, flow_of, multiply_adds
from analysis.models.phalar_family import card, parse
from analysis.sources import closure
from tests.models.phalars import PAPER, TINY, noise, with_branches


@pytest.fixture(scope="module")
def model() -> Phalar:
    return with_branches()


def test_the_counts_are_those_of_the_source() -> None:
    counts = count(PAPER)
    assert counts["total"] == 2_293_104
    assert counts["first convolution"] + counts["stages"] == 127_344
    assert counts["spectral pooling"] == 96 * 60 * 80 == 460_800
    assert counts["complex head"] == 2 * 640 * 512 + 512 + 512 + 2 * 512 * 512 == 1_180_672
    assert counts["similarity"] == 2 * 512 * 512
    assert PAPER.sizes["weights"] == pytest.approx(counts["total"], rel=0.001)


@pytest.mark.parametrize("scale", SCALES)
def test_the_flow_has_every_parameter(scale: str) -> None:
    config = SCALES[scale]
    flow = flow_of(config)
    assert flow.total == count(config)["total"] == sum(tensor.numel() for tensor in outline(config).parameters())
    assert flow.part("similarity").shape == "1 number"
    assert ("2,293,104 parameters" in " ".join(flow.notes)) == (scale == "paper")
    assert f"{config.frames()[-1]} frames × {config.n_bins * config.widths[-1]:,}" in [part.shape for part in flow.parts]


def test_multiplications_are_those_of_its_layers(model: Phalar) -> None:
    """Counted on the layers while they compute."""
    counted: list[int] = []

    def of_convolution(module: Any, _given: Any, output: Tensor) -> None:
        counted.append(output[0].numel() * module.weight[0].numel())

    def of_linear(module: Any, _given: Any, output: Tensor) -> None:
        counted.append(output[0].numel() * module.in_features)

    kinds = {torch.nn.Conv2d: of_convolution, torch.nn.Linear: of_linear}
    hooks = [
        module.register_forward_hook(kinds[type(module)])
        for name, module in model.named_modules()
        if type(module) in kinds and "similarity" not in name
    ]
    with torch.no_grad():
        model(noise(1))
    for hook in hooks:
        hook.remove()
    transform = sum(buffer.numel() for buffer in model.cqt.buffers()) * TINY.frames()[0]
    assert multiply_adds(TINY) == sum(counted) + transform


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"width": 0}, "width must be a whole number from 1 to 512; got 0"), ({"depth": 2.5}, "depth must be a whole number"),
        ({"n_bins": 72}, "The highest of 72 bins is at 31,605 Hz; expected less than 8,000 Hz, half the sample rate"),
        ({"f_min_hz": float("nan")}, "f_min_hz must be a number"), ({"dropout": 1.5}, "dropout must be a number"),
        ({"hermitian": 1}, "hermitian must be true or false; got 1"), ({"centred": "yes"}, "centred must be true or false"),
        ({"f_min_hz": 4.0}, "n_samples = 32,000; expected 33,"), ({"extra": 1}, r"unknown fields \['extra'\]"),
        ({"width": 512, "depth": 12}, "weights; at most"), ({"hop_length": 1, "n_samples": 2**23}, "values in one activation"),
        ({"n_bins": 900, "bins_per_octave": 96, "f_min_hz": 4.0, "n_samples": 2**22, "sample_rate": 48_000}, "in the kernels"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CheckpointError, match=f"mine: .*{sentence}"):
        parse({"arm": "phalar", "model": {**asdict(TINY), **changed}}, "mine")


def test_a_missing_size_or_another_arm_is_refused() -> None:
    values = asdict(TINY)
    del values["lsp_channels"]
    with pytest.raises(ConfigError, match="lacks lsp_channels"):
        PhalarConfig.from_dict(values)
    with pytest.raises(CheckpointError, match="mine is of unknown arm 'falar': expected phalar"):
        parse({"arm": "falar", "model": asdict(TINY)}, "mine")


def test_its_checkpoint_opens_and_holds_no_kernels(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    saved = save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="phalar", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert opened.ref == ("phalar", "folder", "", saved.sha256)
    assert opened.model_config == TINY
    assert not [name for name in opened.model().state_dict() if name.startswith("cqt.")]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=2e-2, rtol=2e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("phalar").module,))
    assert not [name for name in files if "dual" in name or "vit1d" in name or "injections" in name]


def test_the_card_says_which_sizes_are_ours() -> None:
    assert card(PAPER)["sizes"] == "those of the source"
    assert "ours: 4 stages, 64 bins from 65.40 Hz" in card(SCALES["small"])["sizes"]
    assert "the source has 5 stages, 96 bins from 16.35 Hz" in card(SCALES["small"])["sizes"]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "phalar", "--scale", "paper"]) == 0
    text = capsys.readouterr().out
    assert "PHALAR phalar-paper" in text
    assert "2,293,104" in text
    assert "up to 1.32 Hz (79 beats per minute), in a window of 5 s" in text
    assert main(["describe", "phalar", "--scale", "small", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["total"] == count(SCALES["small"])["total"] == 269_692
