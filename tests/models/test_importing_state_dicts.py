"""A state_dict becomes a checkpoint; a file that could run code, or holds anything else, is refused and not run."""

import io
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from analysis.errors import CheckpointError, ConfigError
from analysis.models import importing
from analysis.models.checkpoint import open_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import convert_state_dict

MODEL = build_arm("D0", "small", 3)


class Bomb:
    """Something that would make a folder if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def convert(path: Path, out: Path) -> Any:
    return convert_state_dict(path, arm="D0", scale="small", out=out)


def change(name: str, value: Any) -> Callable[[Path], None]:
    return lambda path: torch.save({**MODEL.state_dict(), name: value}, path)


def deflated(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(50_000_000))


def overlapping(path: Path) -> None:
    """An archive whose entries share their bytes: stored, and still far larger unpacked than packed."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x/data.pkl", bytes(100_000))
        one = archive.infolist()[0]
        archive.filelist += [one] * 1000
    path.write_bytes(file.getvalue())


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are read in this process: a limited one imports torch first, which takes seconds, and other tests start it."""

    def run(function: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
        with warnings.catch_warnings(action="ignore"):
            return function(*arguments)

    monkeypatch.setattr(importing, "run_limited", run)


def wrapped(prefix: str) -> Callable[[Path], None]:
    return lambda path: torch.save({f"{prefix}{name}": value for name, value in MODEL.state_dict().items()}, path)


def within(path: Path) -> None:
    """A module compiled inside a module that was compiled and distributed."""
    names = {name: name.replace("audio.", "audio._orig_mod.", 1) for name in MODEL.state_dict()}
    torch.save({f"module._orig_mod.{names[name]}": value for name, value in MODEL.state_dict().items()}, path)


def nested(*places: str, prefix: str = "") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        saved: Any = {f"{prefix}{name}": value for name, value in MODEL.state_dict().items()}
        for place in reversed(places):
            saved = {"epoch": 3, "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": []}, place: saved}
        torch.save(saved, path)

    return write


@pytest.mark.usefixtures("read_here")
class TestWrapped:
    @pytest.mark.parametrize(
        ("write", "said"),
        [
            (wrapped("module."), "Before the names of a.pt stood “module.”, which was taken off."),
            (wrapped("_orig_mod."), "Before the names of a.pt stood “_orig_mod.”, which was taken off."),
            (wrapped("module._orig_mod."), "stood “module._orig_mod.”, which"),
            (wrapped("model."), "stood “model.”, which"),
            (wrapped("lightning.net."), "stood “lightning.net.”, which"),
            (within, "“module._orig_mod.”, or a wrapper within them, which was taken off"),
            (nested("state_dict"), "a.pt holds more than weights; they were taken from its part “state_dict”."),
            (nested("model_state_dict", prefix="module."), "stood “module.”"),
            (nested("state", "model"), ""),
            (nested("model", "state_dict"), "from its part “model.state_dict”"),
        ],
        ids=["module", "compiled", "both", "model", "any", "within", "nested", "nested with prefix", "unknown", "twice"],
    )  # fmt: skip
    def test_what_stands_around_weights_is_taken_off_and_said(
        self, write: Callable[[Path], None], said: str, tmp_path: Path
    ) -> None:
        write(tmp_path / "a.pt")
        if not said:
            with pytest.raises(CheckpointError, match="holds 'epoch', which is int; expected names with tensors only"):
                convert(tmp_path / "a.pt", tmp_path / "out")
            return
        checkpoint = convert(tmp_path / "a.pt", tmp_path / "out")
        assert any(said in one for one in checkpoint.training["converted_notices"])
        state = checkpoint.model().state_dict()
        assert all(torch.equal(state[name], MODEL.state_dict()[name].half().to(state[name].dtype)) for name in state)

    def test_another_arm_is_still_another_arm(self, tmp_path: Path) -> None:
        torch.save({f"module.{name}": value for name, value in MODEL.state_dict().items()}, tmp_path / "a.pt")
        with pytest.raises(CheckpointError, match=r"a\.pt lacks \d+ tensors, first .* Is the arm right\?"):
            convert_state_dict(tmp_path / "a.pt", arm="d4-a4r", scale="small", out=tmp_path / "out")

    def test_a_safetensors_file_is_read_as_one_whatever_it_is_called(self, tmp_path: Path) -> None:
        for name, said in (("a.pt", ["a.pt is really a safetensors file; it was read as one."]), ("a.safetensors", [])):
            save_file(MODEL.state_dict(), tmp_path / name)
            assert convert(tmp_path / name, tmp_path / f"of {name}").training["converted_notices"] == said

    def test_a_pytorch_file_is_read_as_one_though_it_is_called_safetensors(self, tmp_path: Path) -> None:
        torch.save(MODEL.state_dict(), tmp_path / "a.safetensors")
        state = convert(tmp_path / "a.safetensors", tmp_path / "out").model().state_dict()
        assert all(torch.equal(state[name], MODEL.state_dict()[name].half().to(state[name].dtype)) for name in state)

    @pytest.mark.parametrize("head", [b"GGUF", b"\x89HDF\r\n\x1a\n", b"\x08\x07\x12\x07pytorch"])
    def test_what_is_no_pickle_is_not_said_to_hold_code(self, head: bytes, tmp_path: Path) -> None:
        (tmp_path / "a.pt").write_bytes(head + bytes(200))
        with pytest.raises(CheckpointError, match=r"a\.pt is not a PyTorch file: it begins neither like"):
            convert(tmp_path / "a.pt", tmp_path / "out")

    def test_a_numpy_archive_is_named(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", x=np.zeros(3))
        np.save(tmp_path / "a.npy", np.zeros(3))
        for name, what in (("a.npz", r"a NumPy archive \(\.npz\)"), ("a.npy", r"a NumPy array \(\.npy\)")):
            with pytest.raises(CheckpointError, match=f"is {what}, not a .*torch.save"):
                convert(tmp_path / name, tmp_path / "out")

    @pytest.mark.parametrize("names", [list(MODEL.state_dict()), ["audio.positions"]])
    def test_weights_that_vanish_in_fp16_are_refused(self, names: list[str], tmp_path: Path) -> None:
        torch.save({n: v * 1e-9 if n in names else v for n, v in MODEL.state_dict().items()}, tmp_path / "a.pt")
        with pytest.raises(CheckpointError, match=r"weights become 0 in fp16, which holds nothing below 6e-8 \(the largest is"):
            convert(tmp_path / "a.pt", tmp_path / "out")

    def test_a_few_tiny_weights_are_none(self, tmp_path: Path) -> None:
        state = {name: value.clone() for name, value in MODEL.state_dict().items()}
        state["audio.positions"][0, :50] = 1e-12
        torch.save(state, tmp_path / "a.pt")
        assert convert(tmp_path / "a.pt", tmp_path / "out").training["converted_notices"] == []


class TestConvert:
    def test_an_arms_state_dict_becomes_a_checkpoint(self, tmp_path: Path) -> None:
        torch.save(MODEL.state_dict(), tmp_path / "a.pt")
        checkpoint = convert(tmp_path / "a.pt", tmp_path / "new" / "out")
        assert checkpoint == open_checkpoint(tmp_path / "new" / "out")
        assert checkpoint.training["converted_from"] == "a.pt"
        state = checkpoint.model().state_dict()
        assert all(torch.equal(state[name], MODEL.state_dict()[name].half().to(state[name].dtype)) for name in state)
        assert checkpoint.history() == []
        assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
        with pytest.raises(CheckpointError, match="There is already a checkpoint out"):
            convert(tmp_path / "a.pt", tmp_path / "new" / "out")

    @pytest.mark.parametrize("form", ["zip", "old", "plain"])
    def test_a_malicious_pickle_is_refused_and_not_run(self, form: str, tmp_path: Path) -> None:
        content = {**MODEL.state_dict(), "audio.positions": Bomb(tmp_path / "made")}
        if form == "plain":
            (tmp_path / "a.pt").write_bytes(pickle.dumps(content["audio.positions"]))
        else:
            torch.save(content, tmp_path / "a.pt", _use_new_zipfile_serialization=form == "zip")
        with pytest.raises(CheckpointError, match=r"a\.pt holds more than tensors, .* can run code; it was not opened"):
            convert(tmp_path / "a.pt", tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]

    def test_the_malicious_pickle_would_have_worked(self, tmp_path: Path) -> None:
        pickle.loads(pickle.dumps(Bomb(tmp_path / "made")))
        assert (tmp_path / "made").exists()

    @pytest.mark.parametrize(
        ("write", "message"),
        [
            (deflated, r"a\.pt unpacks to 50,000,000 bytes from [\d,]+; a PyTorch file is never compressed"),
            (overlapping, r"a\.pt unpacks to 100,100,000 bytes from [\d,]+;"),
            (lambda path: path.write_bytes(b"PK\x03\x04" + bytes(100)), "not a PyTorch file that can be read"),
            (lambda path: path.write_bytes(b""), "not a PyTorch file that can be read"),
            (lambda path: torch.save([torch.zeros(2)], path), "holds list; expected a state_dict"),
            (change("<b>\n", 3), r"holds '<b>\\n', which is int; expected names with tensors only"),
            (change("audio.positions", torch.eye(3).to_sparse()), "'audio.positions' is sparse, quantised, complex or empty"),
            (change("audio.positions", torch.empty(3, device="meta")), "'audio.positions' is sparse, quantised"),
            (change("audio.positions", torch.zeros(1).expand(10**6, 10**6)), r"shape \(200, 192\), got \(1000000, 1000000\)"),
            (change("spare", torch.zeros(2)), "has 1 tensors too many, first 'spare'"),
            (change("audio.positions", torch.full((200, 192), 1e5)), "'audio.positions' holds NaN, infinite values, or"),
        ],
        ids=["deflated", "overlapping", "torn", "empty", "list", "number", "sparse", "meta", "expanded", "extra", "large"],
    )  # fmt: skip
    @pytest.mark.usefixtures("read_here")
    def test_what_is_refused(self, write: Callable[[Path], None], message: str, tmp_path: Path) -> None:
        with warnings.catch_warnings(action="ignore"):
            write(tmp_path / "a.pt")
        with pytest.raises(CheckpointError, match=message):
            convert(tmp_path / "a.pt", tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]

    def test_a_file_that_is_missing_or_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(CheckpointError, match=r"a\.pt cannot be opened \(No such file"):
            convert(tmp_path / "a.pt", tmp_path / "out")
        (tmp_path / "a.pt").write_bytes(bytes(11))
        monkeypatch.setattr(importing, "MAX_STATE_BYTES", 10)
        with pytest.raises(CheckpointError, match=r"a\.pt has 11 bytes; at most 10 are read"):
            convert(tmp_path / "a.pt", tmp_path / "out")
        with pytest.raises(ConfigError, match="Unknown arm 'x'"):
            convert_state_dict(tmp_path / "a.pt", arm="x", scale="small", out=tmp_path / "out")

    def test_a_loader_that_takes_too_long_is_stopped(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        torch.save(MODEL.state_dict(), tmp_path / "a.pt")
        monkeypatch.setattr(importing, "CONVERTING_S", 0.05)
        with pytest.raises(CheckpointError, match=r"Reading a\.pt took longer than 0\.05 s and was stopped"):
            convert(tmp_path / "a.pt", tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]
