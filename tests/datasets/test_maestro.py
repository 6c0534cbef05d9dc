"""The layout of MAESTRO, rebuilt in miniature."""

import csv
import json
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.maestro import load_maestro
from analysis.errors import CorpusError

COLUMNS = ("canonical_composer", "canonical_title", "split", "year", "midi_filename", "audio_filename", "duration")
ROWS = [
    ["Franz Schubert", "Sonata, D. 960", "train", "2004", "2004/a.midi", "2004/a.wav", "1.0"],
    ["Franz Schubert", "Sonata, D. 960", "train", "2006", "2006/b.midi", "2006/b.wav", "1.0"],
    ["Isaac Albéniz", "Iberia, Book 1", "validation", "2008", "2008/c.midi", "2008/c.wav", "1.0"],
    ["Alban Berg", "Sonata Op. 1", "test", "2018", "2018/d.midi", "2018/d.wav", "1.0"],
]


def write_table(folder: Path, rows: list[list[str]], columns: tuple[str, ...] = COLUMNS) -> None:
    with (folder / "maestro-v3.0.0.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])


def write_files(folder: Path, audio: str, midi: str) -> None:
    (folder / audio).parent.mkdir(exist_ok=True)
    soundfile.write(folder / audio, 0.5 * np.sin(np.arange(8_000) / 5), 8_000)
    score = pretty_midi.PrettyMIDI()
    score.instruments.append(pretty_midi.Instrument(0))
    score.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.25, 0.75))
    score.write(str(folder / midi))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_table(tmp_path, ROWS)
    for row in ROWS:
        write_files(tmp_path, row[5], row[4])
    return tmp_path


def changed(column: str, value: str) -> list[list[str]]:
    return [[value if name == column else old for name, old in zip(COLUMNS, ROWS[0], strict=True)]]


def test_the_table_becomes_pieces_in_their_published_splits(folder: Path) -> None:
    corpus = load_maestro(folder, sample_rate=8_000)
    assert [len(corpus.split(name)) for name in ("train", "validation", "test")] == [2, 1, 1]
    first, second = corpus.split("train")
    assert (first.piece_id, first.composer, first.title) == ("2004/a", "Franz Schubert", "Sonata, D. 960")
    assert first.group == second.group == "Franz Schubert: Sonata, D. 960"
    assert (first.duration_s, first.notes().pitch.tolist()) == (1.0, [60])
    assert corpus.find("2008/c").composer == "Isaac Albéniz"
    assert (corpus.licence, corpus.notices) == ("CC BY-NC-SA 4.0", ())


@pytest.mark.parametrize("by_column", [True, False], ids=["columns", "rows"])
def test_the_json_tables_say_the_same(folder: Path, by_column: bool) -> None:
    expected = load_maestro(folder, sample_rate=8_000)
    (folder / "maestro-v3.0.0.csv").unlink()
    records = [{**dict(zip(COLUMNS, row, strict=True)), "duration": float(row[6])} for row in ROWS]
    columns = {name: {str(i): record[name] for i, record in enumerate(records)} for name in COLUMNS}
    (folder / "maestro-v3.0.0.json").write_text(json.dumps(columns if by_column else records))
    assert load_maestro(folder, sample_rate=8_000) == expected


def test_missing_and_unreadable_files_are_listed(folder: Path) -> None:
    (folder / "2004/a.wav").unlink()
    (folder / "2006/b.midi").unlink()
    (folder / "2008/c.wav").write_text("no sound")
    corpus = load_maestro(folder, sample_rate=8_000)
    assert [piece.piece_id for piece in corpus.pieces] == ["2018/d"]
    assert corpus.notices[0] == "Recordings left out because a file is missing (2): 2004/a.wav, 2006/b.midi."
    assert "because they cannot be read (1): 2008/c.wav (c.wav is not audio" in corpus.notices[1]


def test_a_piece_lasts_as_long_as_its_audio(folder: Path) -> None:
    write_table(folder, changed("duration", "698.66"))
    corpus = load_maestro(folder, sample_rate=8_000)
    assert corpus.pieces[0].duration_s == 1.0
    assert corpus.notices == ("Recordings that are not as long as the table says (1): 2004/a.wav (1.0 s, not 698.7 s).",)


def test_a_table_without_any_of_its_files_is_an_error(tmp_path: Path) -> None:
    write_table(tmp_path, ROWS)
    with pytest.raises(CorpusError, match=r"None of the 4 recordings in maestro-v3.0.0.csv.*Missing \(4\): 2004/a\.wav"):
        load_maestro(tmp_path, sample_rate=8_000)


def test_a_folder_without_a_table_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no maestro-v3\.0\.0\.csv"):
        load_maestro(tmp_path, sample_rate=8_000)


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.wav", "2004/../../a.wav", "..\\a.wav", "C:\\a.wav", "\\\\host\\a.wav"])
@pytest.mark.parametrize("column", ["audio_filename", "midi_filename"])
def test_paths_that_leave_the_folder_are_refused(folder: Path, column: str, path: str) -> None:
    write_table(folder, changed(column, path))
    with pytest.raises(CorpusError, match="entry 1: .* leaves the folder; expected a relative path"):
        load_maestro(folder, sample_rate=8_000)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("split", "dev", "entry 1: the split is 'dev'; expected one of train, validation, test"),
        ("duration", "long", "entry 1: the duration is 'long'; expected seconds"),
        ("canonical_title", "", "entry 1: expected text under canonical_title; got none"),
    ],
)
def test_a_malformed_entry_is_named(folder: Path, column: str, value: str, message: str) -> None:
    write_table(folder, changed(column, value))
    with pytest.raises(CorpusError, match=message):
        load_maestro(folder, sample_rate=8_000)


def test_missing_columns_are_named(folder: Path) -> None:
    write_table(folder, [row[:3] for row in ROWS], COLUMNS[:3])
    with pytest.raises(CorpusError, match="expected text under midi_filename, audio_filename; got none"):
        load_maestro(folder, sample_rate=8_000)


@pytest.mark.parametrize("text", ["{", "[1, 2]", "{}", '{"canonical_composer": 3}', "null"])
def test_a_damaged_json_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "maestro-v3.0.0.json").write_text(text)
    with pytest.raises(CorpusError, match="cannot be read as a table") as caught:
        load_maestro(tmp_path, sample_rate=8_000)
    assert caught.value.__cause__ is not None
