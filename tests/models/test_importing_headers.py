"""The header of a safetensors file is read as the library reads it, and one that lies is refused with a sentence."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load, save

from analysis.errors import CheckpointError
from analysis.models.checkpoint import half_precision
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import describe_safetensors

WEIGHTS = save(half_precision(build_arm("D0", "small", 3).state_dict()))


def safetensors(header: Any, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(dtype: Any = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


BAD_HEADERS = {
    "empty": (b"", "its header claims 0 bytes"),
    "length of 2^63": (safetensors({}, length=2**63), "claims 9,223,372,036,854,775,808 bytes with a file of 10 bytes"),
    "length beyond the file": (safetensors({}, length=3), "claims 3 bytes with a file of 10 bytes"),
    "length beyond the limit": (safetensors(b"{" + b" " * 2**24), "claims 16,777,217 bytes .* a limit of 16,777,216"),
    "not UTF-8": (safetensors(b'{"\xff": 1}'), "its header is not JSON"),
    "deep": (safetensors(b"[" * 100_000), "its header is not JSON .*recursion"),
    "deep in a tensor": (safetensors(b'{"a":' * 100_000), "its header is not JSON .*recursion"),
    "huge integer": (safetensors(b'{"a": ' + b"9" * 5000 + b"}"), "its header is not JSON .*4300 digits"),
    "a list": (safetensors([1]), r"its header is \[1\] and no table"),
    "metadata that is a list": (safetensors({"__metadata__": ["<b>"]}), r"its metadata is \['<b>'\] and no table of texts"),
    "metadata with numbers": (safetensors({"__metadata__": {"a": 1}}), "its metadata is {'a': 1} and no table of texts"),
    "the same name twice": (safetensors(b'{"a": 1, "a": 2}'), "a name occurs twice"),
    "a tensor that is a number": (safetensors({"a": 1}), "tensor 'a' is described by 1"),
    "a field too many": (safetensors({"a": tensor() | {"<b>": 1}}, bytes(4)), "tensor 'a' is described by {.*'<b>'"),
    "unknown type": (safetensors({"a": tensor("O")}, bytes(4)), "tensor 'a' is of unknown type 'O'"),
    "type that is a list": (safetensors({"a": tensor(["F32"])}, bytes(4)), r"tensor 'a' is of unknown type \['F32'\]"),
    "10^9 elements": (safetensors({"a": tensor(shape=[10**9])}, bytes(4)), r"\[1000000000\] and type F32 needs 4,000,000,000"),
    "elements beyond 2^64": (safetensors({"a": tensor(shape=[2**32, 2**32])}, bytes(4)), "needs 73,786,976,294,838,206,464"),
    "negative shape": (safetensors({"a": tensor(shape=[-1, -1])}, bytes(4)), r"the impossible shape \[-1, -1\]"),
    "fractional shape": (safetensors({"a": tensor(shape=[1.0])}, bytes(4)), r"the impossible shape \[1.0\]"),
    "boolean shape": (safetensors({"a": tensor(shape=[True])}, bytes(4)), r"the impossible shape \[True\]"),
    "huge size": (safetensors({"a": tensor(shape=[2**63])}, bytes(4)), "the impossible shape"),
    "too many dimensions": (safetensors({"a": tensor(shape=[1] * 1000)}, bytes(4)), "the impossible shape"),
    "three offsets": (safetensors({"a": tensor(offsets=[0, 4, 8])}, bytes(4)), "the impossible byte range"),
    "negative offset": (safetensors({"a": tensor(offsets=[-4, 0])}, bytes(4)), "the impossible byte range"),
    "backward": (safetensors({"a": tensor(offsets=[4, 0])}, bytes(4)), r"needs 4 bytes, not \[4, 0\]"),
    "past the end": (safetensors({"a": tensor()}, bytes(3)), "its tensors take 4 bytes and it holds 3"),
    "bytes left over": (safetensors({"a": tensor()}, bytes(5)), "its tensors take 4 bytes and it holds 5"),
    "overlapping": (
        safetensors({"a": tensor(shape=[2], offsets=[0, 8]), "b": tensor(offsets=[4, 8])}, bytes(8)),
        "tensor 'b' at bytes 4 to 8 overlaps another",
    ),
    "the same bytes twice": (safetensors({"a": tensor(), "b": tensor()}, bytes(4)), "'b' at bytes 0 to 4 overlaps another"),
    "a gap": (safetensors({"a": tensor(offsets=[4, 8])}, bytes(8)), "tensor 'a' at bytes 4 to 8 leaves a gap before it"),
    "too many tensors": (safetensors({str(i): 1 for i in range(100_001)}), "it lists 100,001 tensors, and at most 100,000"),
}  # fmt: skip


class TestDescribe:
    def test_a_path_and_its_bytes_give_what_the_library_reads(self, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(WEIGHTS)
        found = describe_safetensors(WEIGHTS)
        assert describe_safetensors(tmp_path / "x") == found
        assert {(name, shape) for name, _, shape in found} == {(name, tuple(t.shape)) for name, t in load(WEIGHTS).items()}
        assert {dtype for _, dtype, _ in found} == {"F16", "I64"}

    def test_small_cases(self) -> None:
        empty = tensor(shape=[0, 7], offsets=[4, 4])
        data = safetensors({"__metadata__": {"format": "pt"}, "e": empty, "scalar": tensor(shape=[])}, bytes(4))
        assert describe_safetensors(data) == [("scalar", "F32", ()), ("e", "F32", (0, 7))]
        assert describe_safetensors(safetensors({})) == []

    @pytest.mark.parametrize(("data", "message"), BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
    def test_headers_that_lie(self, data: bytes, message: str, tmp_path: Path) -> None:
        (tmp_path / "x.safetensors").write_bytes(data)
        for source in (data, tmp_path / "x.safetensors"):
            with pytest.raises(CheckpointError, match=f"is not a sound safetensors file: .*{message}") as caught:
                describe_safetensors(source)
            assert len(str(caught.value)) < 600

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"gone cannot be opened \(No such file"):
            describe_safetensors(tmp_path / "gone")
