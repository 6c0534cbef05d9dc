"""Recordings of a folder, with what belongs to them, under names that nothing can be done with."""

from pathlib import Path

import pytest

from analysis.clips.recording_files import recordings_in
from analysis.errors import AudioError


def test_files_of_one_stem_belong_together(tmp_path: Path) -> None:
    for name in ("b.wav", "a.flac", "a.mid", "a.lab", "a.jams", "c.mid", ".hidden.wav", "notes.txt"):
        (tmp_path / name).touch()
    first, second = recordings_in([tmp_path])
    assert (first.audio.name, first.name, first.midi) == ("a.flac", "a", tmp_path / "a.mid")
    assert [path.name for path in first.annotations] == ["a.jams", "a.lab"]
    assert (second.audio.name, second.midi, second.annotations) == ("b.wav", None, ())


def test_names_are_safe_and_different(tmp_path: Path) -> None:
    paths = [tmp_path / "one" / "x.wav", tmp_path / "two" / "X.wav", tmp_path / "..wav", tmp_path / "=a b;c.wav"]
    names = [found.name for found in recordings_in([*paths, paths[0], tmp_path / "summary.csv.wav"])]
    assert names == ["x", "X-2", "recording", "_a_b_c", "summary.csv-2"]


def test_a_folder_without_recordings(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="holds no recording; expected files such as"):
        recordings_in([tmp_path])
