"""A checkpoint from elsewhere is taken whole, or refused with a sentence and nothing is left of it."""

import io
import json
import os
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from analysis.errors import CheckpointError, ConfigError
from analysis.models import importing
from analysis.models.checkpoint import half_precision, list_checkpoints, open_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import convert_state_dict, describe_safetensors, import_checkpoint

MODEL = build_arm("D0", "small", 3)
WEIGHTS = save(half_precision(MODEL.state_dict()))
DESCRIBED = {
    "schema_version": 1, "arm": "D0", "scale": "small", "model": MODEL.config.to_dict(),
    "training": {"seed": 3}, "evaluation": {},
}  # fmt: skip


def files(config: Any = None, **more: bytes) -> dict[str, bytes]:
    text = config if isinstance(config, bytes) else json.dumps(DESCRIBED | (config or {})).encode()
    return {"model.safetensors": WEIGHTS, "config.json": text} | {name.replace("_", "."): data for name, data in more.items()}


def with_weights(name: str, value: torch.Tensor) -> dict[str, bytes]:
    return files() | {"model.safetensors": save({**load(WEIGHTS), name: value})}


def model_with(**changes: Any) -> dict[str, bytes]:
    return files({"model": MODEL.config.to_dict() | changes})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "imported"


def refused(given: dict[str, bytes], root: Path, message: str, name: str = "one") -> None:
    with pytest.raises(CheckpointError, match=message):
        import_checkpoint(given, name, root)
    assert not root.exists() or not list(root.iterdir())


class TestImport:
    def test_a_sound_checkpoint_is_put_in_place(self, root: Path) -> None:
        checkpoint = import_checkpoint(files(history_csv=b"step,loss\n1,2.0\n", card_md="# Käse".encode()), "one", root)
        assert (checkpoint.path, checkpoint.name) == (root / "one", "one")
        assert checkpoint == open_checkpoint(root / "one")
        assert checkpoint.history() == [{"step": 1, "loss": 2.0}]
        assert torch.equal(checkpoint.model().audio.positions, MODEL.audio.positions.half().float())
        assert [path.name for path in root.iterdir()] == ["one"]
        assert list_checkpoints([root]) == [checkpoint]

    def test_history_and_card_may_be_missing_or_empty(self, root: Path) -> None:
        assert import_checkpoint(files(), "one", root).history() == []
        assert import_checkpoint(files(history_csv=b"\n", card_md=b""), "two", root).history() == []

    def test_a_taken_name_is_refused_and_what_is_there_stays(self, root: Path) -> None:
        (root / "one").mkdir(parents=True)
        (root / "link").symlink_to("nowhere")
        for name in ("one", "link"):
            with pytest.raises(CheckpointError, match=f"There is already a checkpoint {name}. Choose another name"):
                import_checkpoint(files(), name, root)
        assert {path.name for path in root.iterdir()} == {"one", "link"}
        assert not list((root / "one").iterdir())

    def test_a_folder_that_cannot_be_written(self, root: Path) -> None:
        root.write_text("a file")
        with pytest.raises(CheckpointError, match=r"one cannot be written \(File exists\)"):
            import_checkpoint(files(), "one", root)

    def test_a_write_that_fails_leaves_nothing(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(self: Path, data: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        refused(files(), root, r"one cannot be written \(No space left on device\)")


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "../x", "/x", "..", ".", "", ".hidden", "a/b", "a\\b", "a\x00b", "x" * 65, "x" * 100_000, "ä", "one\n", "-x", "C:x",
            "a b", "\u202eone", "o\u0301ne", "<b>",
        ],
        ids=lambda name: repr(name[:20]),
    )  # fmt: skip
    def test_names_that_could_mean_another_place_are_refused(self, name: str, root: Path, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match="^A checkpoint cannot be called '.*': expected 1 to 64 letters") as caught:
            import_checkpoint(files(), name, root)
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("name", ["D0-small", "0", "a..b", "x" * 64, "v1.0_final-2"])
    def test_plain_names_are_taken(self, name: str, root: Path) -> None:
        assert import_checkpoint(files(), name, root).path == root / name

    @pytest.mark.parametrize("file", ["../evil.py", "/etc/x", "model.pt", "MODEL.safetensors", "card.md\x00", "<script>"])
    def test_other_files_are_refused(self, file: str, root: Path) -> None:
        with pytest.raises(
            CheckpointError, match="is no part of a checkpoint; expected only model.safetensors, config"
        ) as caught:
            import_checkpoint(files() | {file: b"x"}, "one", root)
        assert repr(file) in str(caught.value)
        assert not root.exists()

    @pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
    def test_missing_files(self, file: str, root: Path) -> None:
        given = files()
        del given[file]
        refused(given, root, f"^one lacks {file}")

    def test_too_large(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        refused(files(card_md=bytes(2**20 + 1)), root, r"one/card\.md has 1,048,577 bytes; at most 1,048,576 are imported")
        monkeypatch.setitem(importing.MAX_BYTES, "model.safetensors", 10**6)
        refused(files(), root, r"one/model\.safetensors has [\d,]+ bytes; at most 1,000,000 are imported")


class TestConfig:
    def test_markup_is_kept_as_data(self, root: Path) -> None:
        note = "<script>alert(1)</script>"
        checkpoint = import_checkpoint(files({"training": {"note": note}, "evaluation": {note: 1}}), "one", root)
        assert checkpoint.training == {"note": note}
        assert checkpoint.evaluation == {note: 1}

    def test_an_unknown_field_is_quoted(self, root: Path) -> None:
        refused(model_with(**{"<script>\n": 1}), root, r"one/config.json: .* unknown fields \['<script>\\n'\]: expected only")
        refused(model_with(**{"x" * 10_000: 1}), root, r"unknown fields \['x{30,40}\.\.\.x{30,40}'\]")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"", "not JSON"),
            (b"\xff\xfe{}", "not JSON .*can't decode byte 0xff"),
            (b"[" * 100_000, "not JSON .*recursion"),
            (b'{"a":' * 100_000, "not JSON .*recursion"),
            (b'{"arm": ' + b"9" * 10_000 + b"}", "not JSON .*4300 digits"),
            (b"[]", "lacks 'arm'"),
            (b'{"arm": 3}', r"lacks 'arm' \(expected str\)"),
            (b" " * (4 * 2**20 + 1), "config.json has 4,194,305 bytes; at most 4,194,304"),
        ],
        ids=lambda value: repr(value[:12]),
    )
    def test_what_is_no_configuration(self, text: bytes, message: str, root: Path) -> None:
        refused(files(text), root, message)

    def test_deep_or_large_is_refused_too_when_it_lies_in_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "model.safetensors").write_bytes(WEIGHTS)
        for text, message in (
            (b"[" * 100_000, "recursion"),
            (b" " * (4 * 2**20 + 1), "has 4,194,305 bytes"),
            (b"\xff", "decode"),
        ):
            (tmp_path / "config.json").write_bytes(text)
            with pytest.raises(CheckpointError, match=message):
                open_checkpoint(tmp_path)

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("audio_n_layers", 10**9, "audio_n_layers must be a whole number from 1 to 128; got 1000000000"),
            ("audio_d_model", 10**4000, r"audio_d_model must be a whole number from 1 to 65,536; got 10+\.\.\.0+\."),
            ("audio_d_ff", -1, "audio_d_ff must be a whole number from 1 to 65,536; got -1"),
            ("n_heads", 0, "n_heads must be a whole number from 1 to 256; got 0"),
            ("n_heads", 7, "Width 192 is not divisible by n_heads = 7"),
            ("midi_d_ff", 1.5, "midi_d_ff must be a whole number.*got 1.5"),
            ("midi_d_ff", True, "midi_d_ff must be a whole number.*got True"),
            ("midi_d_ff", "<b>", "midi_d_ff must be a whole number.*got '<b>'"),
            ("midi_d_ff", None, "midi_d_ff must be a whole number.*got None"),
            ("n_samples", 2**60, "n_samples must be a whole number from 1 to 33,554,432"),
            ("sample_rate", 1, "sample_rate must be a whole number from 2,000 to 768,000; got 1"),
            ("dropout", float("nan"), "dropout must be a number from 0 to below 1; got nan"),
            ("dropout", 1, "dropout must be a number from 0 to below 1; got 1"),
            ("d4", "yes", "d4 must be true or false; got 'yes'"),
            ("a4_mechanism", ["none"], r"a4_mechanism must be one of none, concat, cross, reverse; got \['none'\]"),
            ("a4_mechanism", "x" * 10_000, r"a4_mechanism must be one of .*; got 'x{30,40}\.\.\.x{30,40}'"),
            ("conv_channels", [32] * 100_000, r"conv_channels has 100000 entries; expected as many as conv_channels, 1 to 16"),
            ("conv_channels", [], "conv_channels has 0 entries"),
            ("conv_channels", [32, 64, 100, 192], "conv_channels 100 is not divisible by conv_groups = 16"),
            ("conv_channels", [32, 64, 128, 208], "The last of conv_channels is 208; expected audio_d_model = 192"),
            ("conv_kernels", [3, 3, 3], "conv_kernels has 3 entries; expected as many as conv_channels"),
            ("conv_strides", [1, 0, 1, 1], r"conv_strides must be a list of whole numbers from 1 to 65,536; got \[1, 0, 1, 1\]"),
            ("conv_strides", {"a": 1}, "conv_strides must be a list of whole numbers"),
            ("conv_kernels", [60_000, 60_000, 3, 3], "The convolutions leave nothing of 96,000 samples"),
            ("conv_strides", [1, 1, 1, 1], "audio tokens exceed max_audio_tokens = 200"),
        ],
        ids=str,
    )  # fmt: skip
    def test_impossible_models(self, field: str, value: Any, message: str, root: Path) -> None:
        refused(model_with(**{field: value}), root, message)

    def test_an_odd_width(self, root: Path) -> None:
        changes = {"midi_d_model": 129, "d_pitch": 65, "n_heads": 3}
        refused(model_with(**changes), root, "midi_d_model = 129 is odd")

    def test_an_arm_that_is_not_what_is_described(self, root: Path) -> None:
        refused(files({"arm": "a4x"}), root, "says arm a4x but describes a4_mechanism 'none' and d4 False")
        refused(files({"arm": "<b>\n"}), root, r"of unknown arm '<b>\\n': expected one of")

    @pytest.mark.parametrize("seed", ["3", [1], None, 1.5, True])
    def test_a_seed_that_is_no_number(self, seed: Any, root: Path) -> None:
        refused(files({"training": {"seed": seed}}), root, "the seed must be a whole number; got")

    def test_a_field_that_is_missing(self, root: Path) -> None:
        fewer = {name: value for name, value in MODEL.config.to_dict().items() if name not in ("n_heads", "dropout")}
        refused(files({"model": fewer}), root, r"The configuration lacks \['n_heads'\]\. Restore it")


class TestTables:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"\xff\xfe\x00", "history.csv is not a table of numbers .*decode"),
            (b"a,b\n1,2,3\n", "a row has 3 columns, the heading 2"),
            (b"," * 2000 + b"\n", "a row has 2,001 columns, the heading 2,001, and at most 1,000"),
            (b"a\n" + b"," * 5_000_000, "a row has 5,000,001 columns"),
        ],
        ids=["bytes", "ragged", "wide", "very wide"],
    )
    def test_a_history_that_is_none(self, data: bytes, message: str, root: Path) -> None:
        refused(files(history_csv=data), root, message)

    def test_a_card_that_is_no_text(self, root: Path) -> None:
        refused(files(card_md=b"\xff"), root, r"one/card\.md is not text in UTF-8")


class TestWeights:
    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_that_are_no_numbers(self, value: float, root: Path) -> None:
        positions = MODEL.audio.positions.detach().clone()
        positions[3, 4] = value
        refused(
            with_weights("audio.positions", positions), root, "one/model.safetensors: 'audio.positions' holds NaN or infinite"
        )

    def test_names_shapes_and_types(self, root: Path) -> None:
        refused(with_weights("<b>", torch.zeros(2)), root, "has 1 tensors too many, first '<b>'")
        refused(with_weights("audio.positions", torch.zeros(2, 2)), root, r"expected 'audio.positions' of shape \(200, 192\)")
        wrong = torch.zeros(200, 192, dtype=torch.int8)
        refused(with_weights("audio.positions", wrong), root, "expected 'audio.positions' of type F16 or .*, got 'I8'")

    def test_the_header_is_checked_first(self, root: Path) -> None:
        given = files() | {"model.safetensors": b"\xff" * 7 + b"\x7f{}"}
        refused(
            given, root, r"one/model\.safetensors is not a sound safetensors file: its header claims 9,223,372,036,854,775,807"
        )


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
