"""The command line's contract: documents on stdout, sentences on stderr, exit codes."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.cli import main
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm


@pytest.mark.parametrize(("arm", "total"), [("D0", 74_194_432), ("d4-a4r", 78_874_624)])
def test_describe_prints_one_document(arm: str, total: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", arm, "--scale", "paper", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["total"] == total


def test_a_wrong_request_is_a_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["describe", "d5"]) == 2
    assert "Unknown arm 'd5': expected one of D0" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "no.wav"), "--checkpoint", "x", "--out", str(tmp_path)]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_checkpoints_lists_good_and_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = build_arm("D0", "small", 0)
    save_checkpoint(tmp_path / "a", model, arm="D0", scale="small", training={}, evaluation={}, history=[], card="")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "config.json").write_text("{}")
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path))
    assert main(["checkpoints", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["a"]["arm"] == "D0"
    assert "has no model.safetensors" in rows["b"]["error"]


def test_inspect_writes_pictures_arrays_and_their_description(tmp_path: Path, rng: np.random.Generator) -> None:
    model = build_arm("a4r", "small", 0)
    save_checkpoint(tmp_path / "c", model, arm="a4r", scale="small", training={}, evaluation={}, history=[], card="")
    soundfile.write(tmp_path / "x.wav", 0.1 * rng.standard_normal(5 * 24_000), 24_000)
    out = tmp_path / "out"
    arguments = ["inspect", str(tmp_path / "x.wav"), "--checkpoint", str(tmp_path / "c"), "--layer", "2", "--out", str(out)]
    assert main(arguments) == 0
    described = json.loads((out / "inspection.json").read_text())
    assert described["query"] == "A4 token"
    assert described["n_windows"] == 2
    with np.load(out / "arrays.npz") as arrays:
        np.testing.assert_allclose(arrays["attention"].sum(axis=-1), 1, rtol=1e-4)
        np.testing.assert_allclose(np.diag(arrays["self_similarity"]), 1, rtol=1e-4)
    pictures = {"attention", "received", "self_similarity", "a4", "waveform", "log_mel", "a4_attention"}
    assert {path.stem for path in out.glob("*.png")} == pictures
    assert main([*arguments[:5], "9", *arguments[6:]]) == 2
