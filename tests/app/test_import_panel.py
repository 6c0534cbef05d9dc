"""Import in two steps: what an upload holds is shown, and only what was shown and fits is imported."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from streamlit.testing.v1 import AppTest

from analysis.models import checkpoint as checkpoints_module
from analysis.models import importing
from analysis.models.checkpoint import half_precision
from analysis.models.dual_encoder import build_arm
from analysis.models.families import Described
from app import caching

MODEL = build_arm("D0", "small", 3)
WEIGHTS = save(half_precision(MODEL.state_dict()))
DESCRIBED = {
    "schema_version": 1, "arm": "D0", "scale": "small", "model": MODEL.config.to_dict(),
    "training": {"seed": 3}, "evaluation": {},
}  # fmt: skip
CONFIG = json.dumps(DESCRIBED).encode()
SOUND = {"model.safetensors": WEIGHTS, "config.json": CONFIG}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Callable[[str], Any]) -> Path:
    """Where imports go; the page finds one checkpoint, old, and those."""
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    root = tmp_path / "checkpoints"
    found = lambda: [checkpoint("old"), *(checkpoint(path.name) for path in sorted(root.glob("[!.]*")))]  # noqa: E731
    monkeypatch.setattr(caching, "checkpoints", found)
    monkeypatch.setattr(caching, "described", lambda _: Described())
    return root


@pytest.fixture
def page(root: Path, open_page: Callable[..., AppTest]) -> AppTest:
    return open_page("views/checkpoints.py")


def choose(app: AppTest, files: dict[str, bytes] | list[tuple[str, bytes]]) -> None:
    pairs = files.items() if isinstance(files, dict) else files
    app.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in pairs])


def with_tensor(name: str, value: torch.Tensor) -> dict[str, bytes]:
    return SOUND | {"model.safetensors": save(load(WEIGHTS) | {name: value})}


def button(app: AppTest, label: str) -> Any:
    return next(one for one in app.button if one.label == label)


def tensors(app: AppTest) -> list[dict[str, Any]]:
    """Rows of the table of tensors, the only one that has such a column."""
    (table,) = [frame.value for frame in app.dataframe if "tensor" in frame.value]
    return table.to_dict("records")


def said(app: AppTest) -> str:
    return " ".join(one.value for one in (*app.error, *app.success, *app.markdown, *app.caption))


Press = Callable[[AppTest, str], AppTest]


class TestCheck:
    def test_a_pickle_cannot_be_chosen(self, page: AppTest) -> None:
        assert page.file_uploader[0].allowed_type == [".safetensors", ".json", ".csv", ".md"]

    def test_before_anything_is_chosen_nothing_can_be_imported(self, page: AppTest) -> None:
        assert button(page, "Import").disabled
        assert not button(page, "Check").disabled
        assert "before any value is read" in said(page)

    def test_what_is_in_the_file_is_shown_and_no_tensor_is_read(
        self, page: AppTest, press: Press, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(checkpoints_module, "load_safetensors", lambda *_: pytest.fail("a tensor was read"))
        choose(page, SOUND)
        press(page, "Check")
        rows = {row["tensor"]: row for row in tensors(page)}
        assert rows.keys() == MODEL.state_dict().keys()
        assert rows["audio.positions"] == {
            "tensor": "audio.positions", "type": "F16", "shape": "200 × 192", "expected": "200 × 192", "parameters": 38_400,
            "fault": "",
        }  # fmt: skip
        assert rows["audio_head.1.num_batches_tracked"]["shape"] == "one number"
        assert "D0 (small) · 154 tensors · 2,635,616 parameters · 5,287,608 bytes" in said(page)
        assert not page.error
        assert not button(page, "Import").disabled
        assert not root.exists()

    def test_it_stays_while_the_page_is_used(self, page: AppTest, press: Press, ran: Callable[[AppTest], AppTest]) -> None:
        choose(page, SOUND)
        press(page, "Check")
        ran(page)
        assert len(tensors(page)) == 154
        assert not button(page, "Import").disabled

    @pytest.mark.parametrize(
        ("files", "sentence", "first"),
        [
            (
                with_tensor("audio.positions", torch.zeros(3, 4)),
                "expected 'audio.positions' of shape (200, 192), got (3, 4).",
                {"shape": "3 × 4", "expected": "200 × 192", "fault": "another shape"},
            ),
            (
                with_tensor("<b>**x**", torch.zeros(2)), "has 1 tensors too many, first '\\<b\\>\\*\\*x\\*\\*'.",
                {"tensor": "<b>**x**", "shape": "2", "expected": "—", "fault": "not expected"},
            ),
            (
                SOUND | {"config.json": json.dumps(DESCRIBED | {"arm": "d5"}).encode()},
                "config.json is of unknown arm 'd5': expected one of D0",
                {"expected": "—", "fault": ""},
            ),
        ],
        ids=["shape", "extra", "arm"],
    )  # fmt: skip
    def test_a_mismatch_is_one_sentence_and_cannot_be_imported(
        self, files: dict[str, bytes], sentence: str, first: dict[str, Any], page: AppTest, press: Press
    ) -> None:
        choose(page, files)
        press(page, "Check")
        (error,) = page.error
        assert sentence in error.value.replace("\\_", "_")
        assert first.items() <= tensors(page)[0].items()
        assert button(page, "Import").disabled

    @pytest.mark.parametrize(
        ("files", "sentence"),
        [
            ([], "No file was chosen."),
            ([("config.json", b""), ("config.json", b"")], "config.json was chosen twice."),
            ([("config.json", CONFIG)], "The upload lacks model.safetensors."),
            ([("config.json", CONFIG), ("model.safetensors", b"\x80\x02}q\x00X" + bytes(99))], "it begins like a pickle"),
        ],
        ids=["nothing", "twice", "lacks", "renamed pickle"],
    )  # fmt: skip
    def test_what_cannot_be_shown_is_said(
        self, files: list[tuple[str, bytes]], sentence: str, page: AppTest, press: Press
    ) -> None:
        choose(page, files)
        press(page, "Check")
        assert sentence in page.error[0].value
        assert button(page, "Import").disabled
        assert not [frame for frame in page.dataframe if "tensor" in frame.value]
        choose(page, SOUND)
        press(page, "Check")
        assert not page.error
        assert len(tensors(page)) == 154

    def test_a_file_of_very_many_tensors_is_shown_in_part(self, page: AppTest, press: Press) -> None:
        entry = {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}
        header = json.dumps({f"{'x' * 5000}{number}": entry for number in range(1500)}).encode()
        choose(page, SOUND | {"model.safetensors": len(header).to_bytes(8, "little") + header})
        press(page, "Check")
        assert len(tensors(page)) == 1000
        assert max(len(row["tensor"]) for row in tensors(page)) <= 120
        assert "The first 1,000 of 1,654 tensors are listed" in said(page)


class TestImport:
    def test_what_was_shown_is_imported_and_chosen(self, page: AppTest, press: Press, root: Path) -> None:
        choose(page, SOUND)
        press(page, "Check")
        page.text_input[0].set_value(" new ")  # the name may come as late as this
        press(page, "Import")
        assert page.success[0].value.startswith("new was imported")
        assert sorted(path.name for path in (root / "new").iterdir()) == ["config.json", "model.safetensors"]
        assert set(page.dataframe[0].value["name"]) == {"old", "new"}
        assert page.header[-1].value == "new"

    def test_afterwards_nothing_is_left_to_confirm(self, page: AppTest, press: Press, ran: Callable[[AppTest], AppTest]) -> None:
        page.text_input[0].set_value("new")
        choose(page, SOUND)
        press(press(page, "Check"), "Import")
        ran(page)
        assert button(page, "Import").disabled

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [("", "has no name yet."), ("../x", "A checkpoint cannot be called '../x'"), ("old", "already a checkpoint")],
        ids=["none", "a path", "taken"],
    )  # fmt: skip
    def test_a_name_that_will_not_do_costs_nothing(
        self, name: str, sentence: str, page: AppTest, press: Press, root: Path, ran: Callable[[AppTest], AppTest]
    ) -> None:
        (root / "old").mkdir(parents=True)
        choose(page, SOUND)
        page.text_input[0].set_value(name)
        press(press(page, "Check"), "Import")
        for _ in range(2):  # it stays after the next run too
            assert sentence in page.error[0].value
            assert len(tensors(page)) == 154
            assert not button(page, "Import").disabled
            ran(page)
        page.text_input[0].set_value("better")
        press(page, "Import")
        assert page.success[0].value.startswith("better was imported")

    def test_values_that_are_no_numbers_are_found_only_now(self, page: AppTest, press: Press, root: Path) -> None:
        choose(page, with_tensor("audio.positions", torch.full((200, 192), float("nan"))))
        page.text_input[0].set_value("one")
        press(page, "Check")
        assert not page.error
        press(page, "Import")
        assert "holds NaN or infinite values" in page.error[0].value
        assert len(tensors(page)) == 154
        assert not list(root.iterdir())

    def test_files_that_were_not_shown_are_shown_first(self, page: AppTest, press: Press, root: Path) -> None:
        choose(page, SOUND)
        page.text_input[0].set_value("one")
        press(page, "Check")
        choose(page, with_tensor("spare", torch.zeros(2)))  # in a form: nothing runs until a button is pressed
        press(page, "Import")
        assert not root.exists()
        assert "has 1 tensors too many" in page.error[0].value
        assert tensors(page)[0]["tensor"] == "spare"
        choose(page, SOUND)
        press(page, "Check")
        choose(page, SOUND | {"card.md": b"# Card"})
        press(page, "Import")
        assert page.error[0].value.startswith("These are not the files that were checked.")
        assert not root.exists()
        press(page, "Import")
        assert (root / "one" / "card.md").read_bytes() == b"# Card"

    def test_a_disk_that_is_full_is_a_sentence(self, page: AppTest, press: Press, monkeypatch: pytest.MonkeyPatch) -> None:
        def import_checkpoint(*_: Any) -> None:
            raise OSError(28, "No space left on device")

        choose(page, SOUND)
        page.text_input[0].set_value("x")
        press(page, "Check")
        monkeypatch.setattr(importing, "import_checkpoint", import_checkpoint)
        press(page, "Import")
        assert page.error[0].value.startswith("The checkpoint could not be written (No space left on device). Check space")
        assert not page.success
        assert page.header[-1].value == "old"
