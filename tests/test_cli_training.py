"""What `otoscope train` asks for: a recipe, and what options say instead; and what `otoscope study` finds without computing."""

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.cli import main
from analysis.cli.parser import build_parser
from analysis.cli.work import training_settings
from analysis.errors import ConfigError
from analysis.studies.shipped import SHIPPED
from analysis.training.loop import TrainRequest


def asked(*words: str) -> dict[str, Any]:
    return training_settings(build_parser().parse_args(["train", "D0", *words]))


def test_the_scale_brings_its_recipe_and_a_named_one_wins() -> None:
    small, paper = asked(), asked("--scale", "paper")
    assert (small["recipe"], small["batch_size"], small["warmup"], small["bf16"]) == ("small", 64, 70, True)
    assert (paper["recipe"], paper["batch_size"], paper["warmup"], paper["weight_decay"], paper["bf16"]) == (
        "paper", 16, 500, 0.01, False,
    )  # fmt: skip
    authors = asked("--scale", "paper", "--recipe", "authors")
    assert (authors["warmup"], authors["weight_decay"], authors["freeze"]) == (200, 1e-4, "cnn and positions")
    assert asked("--steps", "2000")["warmup"] == 100
    for settings in (small, paper, authors):
        TrainRequest(**settings)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (("--batch-size", "8"), "batch_size", 8), (("--warmup", "3"), "warmup", 3), (("--clip-norm", "3"), "clip_norm", 3.0),
        (("--weight-decay", "0.5"), "weight_decay", 0.5), (("--betas", "0.8,0.95"), "beta2", 0.95),
        (("--precision", "fp32"), "bf16", False),
        (("--freeze", "cnn"), "freeze", "cnn and positions"), (("--recipe", "authors", "--freeze", "nothing"), "freeze", ""),
        (("--schedule", "cosine-tail"), "schedule", "cosine-tail"), (("--floor", "0.2"), "floor", 0.2),
        (("--tail-end", "0"), "tail_end", 0.0), (("--reference-steps", "300"), "reference_steps", 300),
        (("--hold", "0.8"), "hold", 0.8), (("--end", "linear"), "end", "linear"),
    ],
)  # fmt: skip
def test_every_setting_can_be_said(words: tuple[str, ...], name: str, value: object) -> None:
    assert asked(*words)[name] == value


@pytest.mark.parametrize("betas", ["0.9", "a,b", "0.9,0.99,0.999"])
def test_betas_are_two_numbers(betas: str) -> None:
    with pytest.raises(ConfigError, match=r"are no two numbers; expected such as 0\.9,0\.999"):
        asked("--betas", betas)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--recipe", "mine"), "Unknown recipe 'mine'"), (("--schedule", "square"), "Unknown schedule 'square'"),
        (("--weight-decay", "-1"), "weight_decay is -1.0; expected 0 or more"),
    ],
)  # fmt: skip
def test_wrong_settings_end_in_a_sentence(
    words: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "D0", *words, "--out", str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_pasted_command_finds_what_the_page_shows_without_computing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was computed")

    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr("analysis.jobs.executors.inline.run_inline", refuse)
    assert main(["study", "retrieval", *SHIPPED, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["study"] == "retrieval"
    assert "came with the checkpoints" in said.err
    assert main(["study", "retrieval", *SHIPPED, "--fresh"]) == 1
    assert "a fault of ours (AssertionError)" in capsys.readouterr().err
