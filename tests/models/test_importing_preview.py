"""What an upload would become is shown from its header and its configuration, before any tensor is read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from analysis.errors import CheckpointError
from analysis.models import checkpoint, importing
from analysis.models.checkpoint import half_precision
from analysis.models.counting import count_parameters
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import TensorPreview, import_checkpoint, preview_checkpoint

MODEL = build_arm("D0", "small", 3)
WEIGHTS = save(half_precision(MODEL.state_dict()))
DESCRIBED = {
    "schema_version": 1, "arm": "D0", "scale": "small", "model": MODEL.config.to_dict(),
    "training": {"seed": 3}, "evaluation": {},
}  # fmt: skip


def files(config: Any = None, weights: bytes = WEIGHTS) -> dict[str, bytes]:
    text = config if isinstance(config, bytes) else json.dumps(DESCRIBED | (config or {})).encode()
    return {"model.safetensors": weights, "config.json": text}


def changed(**tensors: torch.Tensor | None) -> bytes:
    """The weights with some tensors replaced or left out; `__` in a name is a dot."""
    state = load(WEIGHTS) | {name.replace("__", "."): value for name, value in tensors.items()}
    return save({name: value for name, value in state.items() if value is not None})


def row(given: dict[str, bytes], name: str) -> TensorPreview:
    return {one.name: one for one in preview_checkpoint(given).tensors}[name]


class TestFits:
    def test_every_tensor_beside_what_is_expected(self) -> None:
        found = preview_checkpoint(files())
        state = MODEL.state_dict()
        assert (found.arm, found.scale, found.problem, found.n_bytes) == ("D0", "small", "", len(WEIGHTS))
        assert {one.name: one.shape for one in found.tensors} == {name: tuple(value.shape) for name, value in state.items()}
        assert all(one.shape == one.expected for one in found.tensors)
        assert found.n_tensors == len(state)
        assert found.n_parameters == count_parameters("D0", "small")["total"]

    def test_a_row(self) -> None:
        assert row(files(), "audio.positions") == TensorPreview("audio.positions", "F16", (200, 192), (200, 192), 38_400, "")
        assert row(files(), "audio_head.1.running_mean").n_parameters is None  # a statistic, not a parameter
        assert row(files(), "audio_head.1.num_batches_tracked").dtype == "I64"

    def test_no_tensor_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("load_safetensors", "_read_weights"):
            monkeypatch.setattr(checkpoint, name, lambda *_: pytest.fail("a tensor was read"))
        rubbish = changed(audio__positions=torch.full((200, 192), float("nan")))
        assert preview_checkpoint(files(weights=rubbish)).problem == ""

    def test_what_is_shown_is_what_is_imported(self, tmp_path: Path) -> None:
        found = preview_checkpoint(files(), "one")
        opened = import_checkpoint(files(), "one", tmp_path)
        assert (found.arm, found.scale) == (opened.arm, opened.scale)
        assert found.n_parameters == sum(one.numel() for one in opened.model().parameters())


class TestMismatch:
    def test_another_shape(self) -> None:
        given = files(weights=changed(audio__positions=torch.zeros(3, 4)))
        found = preview_checkpoint(given)
        assert found.problem == "model.safetensors: expected 'audio.positions' of shape (200, 192), got (3, 4)."
        assert row(given, "audio.positions") == TensorPreview(
            "audio.positions", "F32", (3, 4), (200, 192), 12, "another shape"
        )  # fmt: skip
        assert found.tensors[0].name == "audio.positions"  # what does not fit stands first

    def test_another_type(self) -> None:
        given = files(weights=changed(audio__positions=torch.zeros(200, 192, dtype=torch.int8)))
        assert "expected 'audio.positions' of type F16 or" in preview_checkpoint(given).problem
        assert row(given, "audio.positions").fault == "another type"

    def test_missing_and_extra(self) -> None:
        given = files(weights=changed(audio__positions=None, spare=torch.zeros(2)))
        found = preview_checkpoint(given, "one")
        assert found.problem == "one/model.safetensors lacks 1 tensors, first 'audio.positions'. Is the arm right?"
        assert row(given, "audio.positions") == TensorPreview("audio.positions", "", None, (200, 192), None, "missing")
        assert row(given, "spare") == TensorPreview("spare", "F32", (2,), None, 2, "not expected")
        assert [one.fault for one in found.tensors[:3]] == ["missing", "not expected", ""]
        assert found.n_tensors == len(MODEL.state_dict())

    def test_another_arm(self) -> None:
        other = {"arm": "a4", "model": build_arm("a4", "small").config.to_dict()}
        found = preview_checkpoint(files(other))
        assert (found.arm, found.scale) == ("a4", "small")
        assert "lacks 4 tensors, first 'audio.a4_concat.bias'. Is the arm right?" in found.problem

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            (b"{", r"config\.json is missing or not JSON .*Restore it\."),
            ({"arm": "<b>"}, r"config\.json is of unknown arm '<b>': .*"),
            (
                {"model": MODEL.config.to_dict() | {"max_notes": 65_536}},
                r"config\.json: The configuration describes a model with 137,438.*",
            ),
            ({"training": {"seed": "x"}}, r"config\.json: the seed must be a whole number; got 'x'\. Correct it\."),
        ],
        ids=["no JSON", "arm", "absurd", "seed"],
    )
    def test_a_bad_configuration_leaves_the_tensors_to_be_seen(self, config: Any, said: str) -> None:
        found = preview_checkpoint(files(config))
        assert re.fullmatch(said, found.problem)
        assert (found.arm, found.scale, found.n_tensors) == ("", "", len(MODEL.state_dict()))
        assert {(one.expected, one.fault) for one in found.tensors} == {(None, "")}
        assert found.n_parameters == sum(one.numel() for one in MODEL.state_dict().values())


BEGINS_LIKE_A_PICKLE = r"^model\.safetensors is not a safetensors file: it begins like a pickle"


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "^The upload lacks model.safetensors and config.json"),
            (files() | {"model.pt": b""}, r"^The upload: 'model.pt' is no part of .* It is a pickle, which can run code"),
            (files() | {"x.txt": b""}, r"^The upload: 'x.txt' is no part of a checkpoint; expected only model.safetensors"),
            (files(weights=b"\x80\x02}q\x00X" + bytes(99)), BEGINS_LIKE_A_PICKLE),
            (files(weights=b"PK\x03\x04" + bytes(99)), BEGINS_LIKE_A_PICKLE),
            (files(weights=b"\xff" * 99), r"^model\.safetensors is not a sound safetensors file: its header claims"),
            (files() | {"card.md": bytes(2**20 + 1)}, r"^card\.md has 1,048,577 bytes; at most 1,048,576 are imported"),
        ],
        ids=["nothing", "pickle", "stranger", "renamed pickle", "renamed archive", "no header", "large"],
    )  # fmt: skip
    def test_what_cannot_be_shown(self, given: dict[str, bytes], said: str) -> None:
        with pytest.raises(CheckpointError, match=said):
            preview_checkpoint(given)

    def test_a_header_of_640_bytes_is_no_pickle(self) -> None:
        """Its length begins with the two bytes that a pickle begins with."""
        text = json.dumps({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode().ljust(0x280)
        data = len(text).to_bytes(8, "little") + text + b"\0"
        assert data[:2] == b"\x80\x02"
        assert importing.describe_safetensors(data) == [("a", "U8", (1,))]

    def test_a_mismatch_is_refused_before_anything_is_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importing, "_whole_or_nothing", lambda *_: pytest.fail("a folder was made"))
        with pytest.raises(CheckpointError, match=r"one/model\.safetensors has 1 tensors too many, first 'spare'"):
            import_checkpoint(files(weights=changed(spare=torch.zeros(2))), "one", tmp_path / "root")
