"""`otoscope phasors`: the numbers of the page, as one document or as sentences and a table."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis import __version__
from analysis.cli import main
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.phalar.encoder import build
from analysis.models.vit1d.config import SCALES
from analysis.models.vit1d.encoder import build as build_other
from tests.clips.phasor_models import SHORT

DESCRIBED: dict[str, Any] = {"scale": "tiny", "training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command, of a checkpoint and two recordings."""
    rng = np.random.default_rng(0)
    for name, seconds in (("a", 4), ("b", 5)):
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * rng.standard_normal(seconds * 16_000), 16_000)
    save_checkpoint(tmp_path / "mine", build(SHORT, 1), arm="phalar", **DESCRIBED)
    return ["phasors", str(tmp_path / "a.wav"), "--checkpoint", str(tmp_path / "mine")]


def test_one_document_has_all_numbers(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["headline"].split("°")[0].replace(".", "").isdigit()
    assert (alone["window_from_s"], len(alone["components"]), len(alone["scores"])) == (2, 3, 14)
    assert main([*words, "--json", "--against", str(tmp_path / "b.wav"), "--from", "2"]) == 0
    against = json.loads(capsys.readouterr().out)
    assert against["components"] == alone["components"]
    assert against["scores"] != alone["scores"]


def test_the_document_says_what_was_read_by_what(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sha256 = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.wav", "b.wav")}
    for more, against in (((), "a.wav"), (("--against", str(tmp_path / "b.wav")), "b.wav")):
        assert main([*words, "--json", *more]) == 0
        document = json.loads(capsys.readouterr().out)
        assert (document["clip"], document["clip_sha256"]) == ("a.wav", sha256["a.wav"])
        assert (document["against"], document["against_sha256"]) == (against, sha256[against])
    checkpoint = open_checkpoint(tmp_path / "mine")
    assert (document["checkpoint"], document["checkpoint_sha256"]) == ("mine", checkpoint.sha256)
    assert (document["arm"], document["untrained_twin_seed"]) == ("phalar", 3)
    assert (document["sample_rate"], document["duration_s"], document["device"]) == (16_000, 4.0, "cpu")
    assert document["versions"]["otoscope"] == __version__


def test_of_the_longer_recording_the_end_is_not_read_and_that_is_said(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--json"]) == 0
    alone = capsys.readouterr()
    assert "is not read" not in alone.err
    assert (json.loads(alone.out)["notices"], json.loads(alone.out)["read_s"]) == ([], 4.0)
    cut = "b.wav lasts 5 s, a.wav 4 s: what comes after that in b.wav is not read."
    for clip, against in (("a.wav", "b.wav"), ("b.wav", "a.wav")):
        command = ["phasors", str(tmp_path / clip), *words[2:], "--against", str(tmp_path / against), "--json"]
        assert main(command) == 0
        said = capsys.readouterr()
        assert f"otoscope: {cut}" in said.err
        document = json.loads(said.out)
        assert (document["notices"], document["read_s"]) == ([cut], 4.0)


def test_sentences_and_a_table_are_printed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--from", "0.5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "off the law on average where sound really moves by up to 0.24 s" in lines[0]
    assert lines[-4].split()[:3] == ["k", "Hz", "circle"]
    assert [line.split()[0] for line in lines[-3:]] == ["1", "2", "3"]
    assert main([*words, "--from", "0"]) == 0
    assert " – " in capsys.readouterr().out.splitlines()[-1]  # nothing really moves there


def test_a_silent_window_is_told_in_both_forms(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = 0.1 * np.random.default_rng(0).standard_normal(4 * 16_000)
    samples[2 * 16_000 :] = 0
    soundfile.write(tmp_path / "a.wav", samples, 16_000)
    assert main([*words, "--from", "2.5", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["headline"].startswith("This window is silent (below −60 dB of full scale)")
    assert main([*words, "--from", "2.5"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(document["headline"])
    assert "nan" not in printed


def test_what_cannot_turn_is_refused(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_checkpoint(tmp_path / "vit", build_other(SCALES["tiny"], 1), arm="vit1d", **DESCRIBED)
    assert main([*words[:-1], str(tmp_path / "vit")]) == 2
    assert "vit is of the family ViT-1D, whose features are real numbers" in capsys.readouterr().err
    assert main([*words, "--from", "3.5"]) == 2
    assert "expected one from 0 to 3.00 s" in capsys.readouterr().err
    assert main([*words, "--against", str(tmp_path / "no.wav")]) == 2
    assert "There is no file" in capsys.readouterr().err
