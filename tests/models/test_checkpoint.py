"""A checkpoint comes back as it was saved, and a damaged one is refused with a sentence."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from analysis.errors import CheckpointError
from analysis.models import checkpoint
from analysis.models.checkpoint import BrokenCheckpoint, list_checkpoints, open_checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_arm


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "one"
    evaluation, training = {"trained": {}}, {"seed": 3}
    rows = [{"step": 1, "loss": 2.0}]
    save_checkpoint(
        folder, build_arm("D0", "small", 3), arm="D0", scale="small", training=training, evaluation=evaluation, history=rows,
        card="# card",
    )  # fmt: skip
    return folder


def test_round_trip(folder: Path) -> None:
    opened = open_checkpoint(folder)
    assert opened.history() == [{"step": 1, "loss": 2.0}]
    weight = opened.model().audio.positions
    assert torch.equal(weight, opened.untrained_twin().audio.positions.half().float())
    assert not list(folder.glob("*.partial"))


def _edit_weights(folder: Path, name: str, value: torch.Tensor | None) -> None:
    weights = load_file(folder / "model.safetensors")
    if value is None:
        del weights[name]
    else:
        weights[name] = value
    save_file(weights, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("audio.positions", None, "lacks 1 tensors, first 'audio.positions'"),
        ("spare", torch.zeros(2), "has 1 tensors too many, first 'spare'"),
        ("audio.positions", torch.zeros(3, 3), r"expected 'audio.positions' of shape \(200, 192\), got \(3, 3\)"),
    ],
)
def test_wrong_tensors(folder: Path, name: str, value: torch.Tensor | None, message: str) -> None:
    _edit_weights(folder, name, value)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(folder)


def test_nan_weights(folder: Path) -> None:
    _edit_weights(folder, "audio.positions", torch.full((200, 192), float("nan")))
    with pytest.raises(CheckpointError, match="'audio.positions' holds NaN"):
        open_checkpoint(folder).model()


def test_pickle_unknown_arm_and_broken_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "arm": "d5"}))
    with pytest.raises(CheckpointError, match="unknown arm 'd5': expected one of D0"):
        open_checkpoint(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match="missing or not JSON"):
        open_checkpoint(folder)
    (folder / "model.safetensors").rename(folder / "model.pt")
    with pytest.raises(CheckpointError, match=r"holds model\.pt, a pickle"):
        open_checkpoint(folder)
    (found,) = list_checkpoints([folder.parent])
    assert isinstance(found, BrokenCheckpoint)


def test_not_safetensors(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x80\x04junk")
    with pytest.raises(CheckpointError, match="is not a safetensors file"):
        open_checkpoint(folder)


def _reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the header may be looked at: no tensor, and not the bytes of the file for their hash."""
    for name in ("load_safetensors", "_read_weights", "file_sha256s"):
        monkeypatch.setattr(checkpoint, name, lambda *_, name=name: pytest.fail(f"{name} was called"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((2**24 + 1).to_bytes(8, "little") + b"{" + b" " * 2**24, "claims 16,777,217 bytes .* a limit of 16,777,216"),
        (b"\x80\x02}q\x00X" + bytes(99), "it begins like a pickle, which can run code"),
        (b"\x02" + bytes(7) + b"{}" + bytes(4), "its tensors take 0 bytes and it holds 4"),
    ],
    ids=["long header", "renamed pickle", "bytes left over"],
)
def test_the_header_of_a_folder_is_checked_first(
    data: bytes, message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _reads_nothing(monkeypatch)
    (folder / "model.safetensors").write_bytes(data)
    with pytest.raises(CheckpointError, match=rf"^one/model\.safetensors is not a .*safetensors file: .*{message}"):
        open_checkpoint(folder)


def test_names_and_shapes_of_a_folder_are_checked_before_a_tensor_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _edit_weights(folder, "audio.positions", torch.zeros(3, 3))
    _reads_nothing(monkeypatch)
    with pytest.raises(CheckpointError, match=r"expected 'audio.positions' of shape \(200, 192\), got \(3, 3\)"):
        open_checkpoint(folder)


def test_weights_that_changed_since_the_check_are_not_computed_with(folder: Path) -> None:
    opened = open_checkpoint(folder)
    _edit_weights(folder, "audio.positions", torch.zeros(200, 192))
    with pytest.raises(CheckpointError, match=r"one/model\.safetensors has changed since the checkpoint was opened"):
        opened.model()
    opened = open_checkpoint(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"one/model\.safetensors cannot be read"):
        opened.model()


def test_a_control_is_not_taken_for_its_arm(tmp_path: Path) -> None:
    model = build_arm("d4a4-zero", "small", 0)
    save_checkpoint(tmp_path / "c", model, arm="d4a4-zero", scale="small", training={}, evaluation={}, history=[], card="")
    assert open_checkpoint(tmp_path / "c").model_config.descriptor_values == "zero"
    config = json.loads((tmp_path / "c" / "config.json").read_text())
    (tmp_path / "c" / "config.json").write_text(json.dumps({**config, "arm": "d4a4"}))
    with pytest.raises(CheckpointError, match="says arm d4a4 but describes .* descriptor_values 'zero'"):
        open_checkpoint(tmp_path / "c")
