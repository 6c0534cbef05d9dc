"""Only regular files are read, up to a limit; names that are no text are shown as far as they are."""

import os
from pathlib import Path

import pytest

from analysis.datasets.corpora import open_corpus
from analysis.errors import CheckpointError, CorpusError
from analysis.files import home_expanded, is_file, is_folder, is_text, open_regular, printable, read_file, replace_file, replaced
from analysis.fingerprints import file_sha256s
from analysis.models.checkpoint import BrokenCheckpoint, list_checkpoints, open_checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.studies.base.study import find_checkpoint
from app.kit.plain import card

NOT_TEXT = os.fsdecode(b"bad\xff\xfename")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint that opens."""
    model = build_arm("D0", "small", 0)
    history = [{"step": 1, "loss": 2.0}]
    place = tmp_path / "root" / "one"
    return save_checkpoint(place, model, arm="D0", scale="small", training={}, evaluation={}, history=history, card="# one").path


def exchange(path: Path, kind: str, elsewhere: Path) -> None:
    """Put something else in the place of a file."""
    data = path.read_bytes()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    else:
        elsewhere.write_bytes(data)
        path.symlink_to(elsewhere)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link that leaves"])
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_checkpoint_of_special_files_is_refused_and_nothing_hangs(name: str, kind: str, folder: Path, tmp_path: Path) -> None:
    exchange(folder / name, kind, tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="Restore it|Check its path|cannot be"):
        open_checkpoint(folder)
    assert [type(one) for one in list_checkpoints([folder.parent])] == [BrokenCheckpoint]


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link that leaves"])
def test_a_history_and_a_card_that_are_special_files_are_not_read(kind: str, folder: Path, tmp_path: Path) -> None:
    opened = open_checkpoint(folder)
    exchange(folder / "history.csv", kind, tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match=r"history.csv is not a table of numbers"):
        opened.history()
    exchange(folder / "card.md", kind, tmp_path / "secret")
    assert card(folder / "card.md") is None


@pytest.mark.parametrize("kind", ["pipe", "device", "link that leaves"])
def test_weights_that_were_replaced_meanwhile_are_not_read(kind: str, folder: Path, tmp_path: Path) -> None:
    opened = open_checkpoint(folder)
    exchange(folder / "model.safetensors", kind, tmp_path / "elsewhere")
    with pytest.raises(CheckpointError, match="cannot be read"):
        opened.check_weights()


def test_links_within_the_folder_and_linked_folders_are_read(folder: Path, tmp_path: Path) -> None:
    (folder / "card.md").rename(folder / "text.md")
    (folder / "card.md").symlink_to("text.md")
    (tmp_path / "link").symlink_to(folder)
    assert open_checkpoint(tmp_path / "link").sha256 == open_checkpoint(folder).sha256
    assert card(tmp_path / "link" / "card.md") == "##### one"


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(10))
    assert read_file(tmp_path / "x", 10) == bytes(10)
    with pytest.raises(OSError, match="more than 9 bytes"):
        read_file(tmp_path / "x", 9)
    with pytest.raises(OSError, match="no regular file"):
        open_regular(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        file_sha256s([tmp_path / "pipe"])


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [(100_001, 2, "at most 100,000 and 1,000,000 cells"), (2_000, 600, "1,000,000 cells"), (100_000, 2, ""), (1_000, 900, "")],
)
def test_a_history_that_is_too_long_is_refused(rows: int, columns: int, said: str, folder: Path) -> None:
    opened = open_checkpoint(folder)
    heading = ",".join(f"c{i}" for i in range(columns))
    (folder / "history.csv").write_text(heading + "\n" + (",".join("1" * columns) + "\n") * rows)
    if not said:
        assert len(opened.history()) == rows
        return
    with pytest.raises(CheckpointError, match=said):
        opened.history()


def test_a_history_is_read_once_until_it_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_checkpoint(folder)
    first = opened.history()
    with monkeypatch.context() as patch:
        patch.setattr("analysis.models.checkpoint.read_file", lambda *_: pytest.fail("it was read again"))
        assert opened.history() == first
    (folder / "history.csv").write_text("step\n1\n2\n")
    assert len(opened.history()) == 2
    (folder / "history.csv").unlink()
    assert opened.history() == []


def test_a_folder_whose_name_is_no_text_is_listed_as_broken(folder: Path) -> None:
    folder.rename(folder.parent / NOT_TEXT)
    (broken,) = list_checkpoints([folder.parent])
    assert isinstance(broken, BrokenCheckpoint)
    assert broken.path.name == "bad\\xff\\xfename"
    assert is_text(broken.path)
    assert is_text(broken.reason)
    assert "is not text in UTF-8" in broken.reason


@pytest.mark.parametrize("where", ["name", "root"])
def test_neither_name_nor_root_need_be_text_for_a_sentence(
    where: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / (NOT_TEXT if where == "root" else "root")
    folder.parent.rename(root)
    if where == "name":
        (root / "one").rename(root / NOT_TEXT)
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(root))
    for name in ("one", NOT_TEXT, "nothing"):
        with pytest.raises(CheckpointError) as raised:
            find_checkpoint(name)
        assert is_text(raised.value)


@pytest.mark.parametrize("text", ['"\\ud800"', '{"x": "\\udfff"}', '{"\\ud800": 1}'])
def test_halves_of_characters_in_a_configuration_are_refused(text: str, folder: Path) -> None:
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"training": {}', f'"training": {{"corpus": {text}}}'))
    with pytest.raises(CheckpointError, match="halves of characters"):
        open_checkpoint(folder)


@pytest.mark.parametrize("name", ["x" * 5000, "~nobody-of-that-name", "a\0b", NOT_TEXT, ""])
def test_names_that_no_file_has_are_refused_shortly(name: str) -> None:
    for find, kind in ((find_checkpoint, CheckpointError), (open_corpus, CorpusError)):
        with pytest.raises(kind) as raised:
            find(name)
        assert is_text(raised.value)
        assert len(str(raised.value)) < 1000
    assert not is_file(home_expanded(name))
    assert is_folder(home_expanded(name)) is (name == "")


def test_names_are_shown_as_far_as_they_are_text() -> None:
    assert printable(NOT_TEXT) == "bad\\xff\\xfename"
    assert printable("Müller ♪") == "Müller ♪"
    assert printable("\ud800") == "\\ud800"


def write_half(place: Path) -> None:
    with replaced(place) as partial:
        partial.write_bytes(b"sec")
        assert place.read_bytes() == b"first"
        raise KeyError("second")


def test_a_file_takes_its_place_in_one_step_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "result.json"
    replace_file(place, b"first")
    with pytest.raises(KeyError, match="second"):
        write_half(place)
    assert place.read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
    with replaced(place) as partial:
        partial.write_bytes(b"second")
    assert place.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]
