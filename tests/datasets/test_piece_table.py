"""pieces.csv tells what files do not, and is refused in a sentence where it contradicts itself."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece_table import PIECE_TABLE, read_piece_table, write_piece_table
from analysis.errors import CorpusError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.1, 0.9))
        midi.write(str(tmp_path / f"{name}.mid"))
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * np.sin(np.arange(8_000) / 5), 8_000)
    return tmp_path


def table(folder: Path, text: str) -> None:
    (folder / PIECE_TABLE).write_text(text, encoding="utf-8")


def test_a_folder_without_a_table_is_as_it_was(folder: Path) -> None:
    assert read_piece_table(folder) == {}
    assert {piece.composer for piece in load_paired_folder(folder, sample_rate=8_000).pieces} == {"unknown"}


def test_composer_title_work_and_split_come_from_the_table(folder: Path) -> None:
    table(
        folder, "\ufeffname,composer,title,work,split,mood\na,Bach,Air,suite,test,sad\nb,Bach,Gigue,suite,test,\nc,Liszt,,,train,"
    )
    pieces = {piece.piece_id: piece for piece in load_paired_folder(folder, sample_rate=8_000).pieces}
    assert (pieces["a"].composer, pieces["a"].title, pieces["a"].group, pieces["a"].split) == ("Bach", "Air", "suite", "test")
    assert (pieces["b"].group, pieces["b"].split) == ("suite", "test")
    assert (pieces["c"].composer, pieces["c"].title, pieces["c"].group, pieces["c"].split) == ("Liszt", "c", "c", "train")


def test_what_is_written_is_read_back(folder: Path) -> None:
    table(folder, "name,composer,title,work,split\na,Bach,“Air”, suite\nb,Bartók,,,\n")
    first = load_paired_folder(folder, sample_rate=8_000)
    write_piece_table(folder, first.pieces)
    second = load_paired_folder(folder, sample_rate=8_000, seed=7)  # splits are in the table now
    assert second.pieces == first.pieces
    assert not list(folder.glob(".*"))


def test_names_without_files_are_told(folder: Path) -> None:
    table(folder, "name,composer\nz,Bach\n")
    assert "Names in pieces.csv without files (1): z." in load_paired_folder(folder, sample_rate=8_000).notices


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,split\na,validate\n", "has the split 'validate'; expected train, validation, test"),
        ("name,split\na,test\nb,\n", "gives no split to 'b'; expected one for every piece, or none"),
        ("name\na\na\n", "names 'a' twice; expected one row per piece"),
        ("piece,composer\na,Bach\n", "has a row without a name, or no column “name”"),
        ("name,work,split\na,w,test\nb,w,train\nc,v,test\n", "'w' is in test and in train"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(folder: Path, text: str, message: str) -> None:
    table(folder, text)
    with pytest.raises(CorpusError, match=message):
        load_paired_folder(folder, sample_rate=8_000)


def test_a_table_that_is_not_text_is_refused(folder: Path) -> None:
    (folder / PIECE_TABLE).write_bytes(b"name\n\xff\xfe\n")
    with pytest.raises(CorpusError, match=r"pieces\.csv of .* cannot be read as CSV in UTF-8"):
        load_paired_folder(folder, sample_rate=8_000)
