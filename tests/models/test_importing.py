"""A checkpoint from elsewhere is taken whole, or refused with a sentence and nothing is left of it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from analysis.errors import CheckpointError
from analysis.models import importing
from analysis.models.checkpoint import half_precision, list_checkpoints, open_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.models.importing import import_checkpoint, remove_import, zero_notice

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

    def test_weights_that_are_all_zero_are_taken_and_said(self, root: Path) -> None:
        nothing = save({name: torch.zeros_like(tensor) for name, tensor in load(WEIGHTS).items()})
        checkpoint = import_checkpoint(files() | {"model.safetensors": nothing}, "one", root)
        assert zero_notice(checkpoint).startswith("All weights of one are 0, so that it gives every window the same embedding.")
        assert zero_notice(import_checkpoint(files(), "two", root)) == ""

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

    def test_what_an_import_that_was_killed_left_is_swept_by_the_next(self, root: Path) -> None:
        left, fresh, other = (root / name for name in (".importing-abcd_123", ".importing-abcd_456", ".importing-notes"))
        for folder in (left, fresh, other):
            (folder / "one").mkdir(parents=True)
        for folder in (left, other):
            os.utime(folder, (0, 0))
        import_checkpoint(files(), "one", root)
        assert sorted(path.name for path in root.iterdir()) == [".importing-abcd_456", ".importing-notes", "one"]


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

    @pytest.mark.parametrize("name", ["D0-small.2", "0", "a..b", "x" * 64, "v1.0_final-2"])
    def test_plain_names_are_taken(self, name: str, root: Path) -> None:
        assert import_checkpoint(files(), name, root).path == root / name

    def test_the_name_of_a_checkpoint_in_another_folder_is_taken(self, root: Path) -> None:
        with pytest.raises(CheckpointError, match="There is already a checkpoint D0-small"):  # one that is shipped
            import_checkpoint(files(), "D0-small", root)

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
            ("audio_entry", "yes", "audio_entry must be null, or a descriptor and an injection by their names; got 'yes'"),
            ("audio_entry", {"descriptor": "A4"}, "audio_entry must be null, or a descriptor and an injection"),
            ("audio_entry", {"descriptor": "A4", "injection": 3}, "audio_entry must be null, or a descriptor and an injection"),
            ("audio_entry", {"descriptor": "x" * 10_000, "injection": "concat"},
             r"Unknown descriptor 'x{30,40}\.\.\.x{30,40}': expected one of A4"),
            ("audio_entry", {"descriptor": "A4", "injection": "<b>"}, "Unknown injection '<b>': expected one of concat, cross"),
            ("audio_entry", {"descriptor": "D4", "injection": "concat"}, "D4 is made from notes, and cannot enter"),
            ("midi_entry", {"descriptor": "A4", "injection": "cross"}, "A4 is made from audio, and cannot enter"),
            ("midi_entry", {"descriptor": "D4", "injection": "other_side"}, "D4 is made from notes, .* by other_side"),
            ("third_d_model", 6, "third_d_model = 6 is not divisible by 4"),
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

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("d4", "yes", "d4 must be true or false; got 'yes'"),
            ("a4_mechanism", ["none"], r"a4_mechanism must be one of none, concat, cross, reverse; got \['none'\]"),
            ("a4_mechanism", "x" * 10_000, r"a4_mechanism must be one of .*; got 'x{30,40}\.\.\.x{30,40}'"),
        ],
        ids=str,
    )
    def test_impossible_models_as_they_were_described_formerly(self, field: str, value: Any, message: str, root: Path) -> None:
        today = MODEL.config.to_dict()
        former = {name: today[name] for name in today if name not in ("audio_entry", "midi_entry")}
        refused(files({"model": former | {"a4_mechanism": "none", "d4": False} | {field: value}}), root, message)

    def test_an_odd_width(self, root: Path) -> None:
        changes = {"midi_d_model": 129, "d_pitch": 65, "n_heads": 3}
        refused(model_with(**changes), root, "midi_d_model = 129 is odd")

    def test_an_arm_that_is_not_what_is_described(self, root: Path) -> None:
        refused(files({"arm": "a4x"}), root, "says arm a4x but describes no descriptor, with")
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


class TestRemoval:
    def test_an_import_is_gone_and_the_others_stay(self, root: Path) -> None:
        for name in ("one", "two"):
            import_checkpoint(files(), name, root)
        remove_import("one", root)
        assert [path.name for path in root.iterdir()] == ["two"]

    def test_what_cannot_be_opened_can_be_removed(self, root: Path) -> None:
        (root / "bad").mkdir(parents=True)
        (root / "bad" / "config.json").write_text("{")
        remove_import("bad", root)
        assert not list(root.iterdir())

    def test_a_link_is_removed_and_not_what_it_leads_to(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        root.mkdir()
        (root / "link").symlink_to(tmp_path / "elsewhere")
        remove_import("link", root)
        assert not list(root.iterdir())
        assert (tmp_path / "elsewhere").is_dir()

    @pytest.mark.parametrize("name", ["", ".", "..", "../one", "/etc", "no", ".hidden", "x" * 5000, "a\0b"])
    def test_nothing_else_is_removed(self, name: str, root: Path) -> None:
        import_checkpoint(files(), "one", root)
        (root / ".hidden").mkdir()
        with pytest.raises(CheckpointError, match="There is no import .* expected one of one"):
            remove_import(name, root)
        assert {path.name for path in root.iterdir()} == {"one", ".hidden"}


def test_imports_take_no_more_than_their_room_together(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_checkpoint(files(), "one", root)
    monkeypatch.setattr(importing, "MOST_IMPORTED_BYTES", 2 * len(WEIGHTS))
    with pytest.raises(CheckpointError, match="There are 1 imports of .* Remove one first"):
        import_checkpoint(files(), "two", root)
    monkeypatch.setattr(importing, "MOST_IMPORTED_BYTES", 10**9)
    monkeypatch.setattr(importing, "MOST_IMPORTS", 1)
    with pytest.raises(CheckpointError, match="expected at most 1 of"):
        import_checkpoint(files(), "two", root)
    assert [path.name for path in root.iterdir()] == ["one"]
