"""The layout of Slakh2100, rebuilt in miniature."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.slakh import load_slakh
from analysis.errors import CorpusError


def write_track(home: Path, number: int, song: str | None = None, suffix: str = "flac") -> Path:
    track = home / f"Track{number:05d}"
    track.mkdir(parents=True)
    soundfile.write(track / f"mix.{suffix}", 0.5 * np.sin(np.arange(8_000) / 5), 8_000)
    score = pretty_midi.PrettyMIDI()
    score.instruments.append(pretty_midi.Instrument(0))
    score.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.25, 0.75))
    score.write(str(track / "all_src.mid"))
    if song is not None:
        text = f"UUID: 00ff{number}\naudio_dir: stems\nlmd_midi_dir: lmd_matched/O/O/H/{song}/00ff{number}.mid\n"
        (track / "metadata.yaml").write_text(text)
    return track


def test_published_splits_are_kept(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "train", "validation", "test", "omitted"), start=1):
        write_track(tmp_path / split, number)
    corpus = load_slakh(tmp_path, sample_rate=8_000)
    assert [len(corpus.split(name)) for name in ("train", "validation", "test")] == [2, 1, 1]
    piece = corpus.find("Track00001")
    assert (piece.group, piece.duration_s, piece.audio_path.name) == ("Track00001", 1.0, "mix.flac")
    assert piece.notes().pitch.tolist() == [60]
    assert corpus.notices == ()


def test_without_splits_the_tracks_are_dealt_by_song(tmp_path: Path) -> None:
    for number in range(20):
        write_track(tmp_path, number, song=f"TR{number // 2:016d}", suffix="wav")
    corpus = load_slakh(tmp_path, sample_rate=8_000, seed=1)
    assert [len(corpus.split(name)) for name in ("train", "validation", "test")] == [12, 4, 4]
    assert len({piece.group for piece in corpus.pieces}) == 10


def test_a_song_in_two_published_splits_stays_in_the_stricter_one(tmp_path: Path) -> None:
    write_track(tmp_path / "train", 1, song="TROOHTB128F931F9DF")
    write_track(tmp_path / "test", 2, song="TROOHTB128F931F9DF")
    corpus = load_slakh(tmp_path, sample_rate=8_000)
    assert [piece.piece_id for piece in corpus.pieces] == ["Track00002"]
    assert corpus.notices[0].endswith("in a stricter split (1): Track00001.")


def test_metadata_without_a_song_gives_the_midi_file_as_group(tmp_path: Path) -> None:
    (write_track(tmp_path, 1) / "metadata.yaml").write_bytes(b"\xff\xfe\nUUID: 1a81ae\nlmd_midi_dir: elsewhere\n")
    assert load_slakh(tmp_path, sample_rate=8_000).pieces[0].group == "1a81ae"


def test_incomplete_tracks_are_listed(tmp_path: Path) -> None:
    write_track(tmp_path, 1)
    (write_track(tmp_path, 2) / "mix.flac").unlink()
    (write_track(tmp_path, 3) / "all_src.mid").unlink()
    (write_track(tmp_path, 4) / "mix.flac").write_text("no sound")
    corpus = load_slakh(tmp_path, sample_rate=8_000)
    assert len(corpus.pieces) == 1
    assert "Tracks left out (3): Track00002 (no mix.flac), Track00003 (no all_src.mid), Track00004 (mix" in corpus.notices[0]


def test_a_folder_without_a_complete_track_is_an_error(tmp_path: Path) -> None:
    (write_track(tmp_path, 1) / "mix.flac").unlink()
    with pytest.raises(CorpusError, match=r"has no complete track; expected.*Left out \(1\): Track00001 \(no mix\.flac\)"):
        load_slakh(tmp_path, sample_rate=8_000)


def test_stems_are_those_whose_files_are_there(tmp_path: Path) -> None:
    track = write_track(tmp_path, 1)
    (track / "stems").mkdir()
    for name, level in (("S00", 0.5), ("S01", 0.2), ("S02", 0.0)):
        soundfile.write(track / "stems" / f"{name}.flac", level * np.sin(np.arange(8_000) / 5), 8_000)
    (track / "stems" / "notes.txt").touch()
    programs = {"S00": "Drums", "S09": "Flute"}
    described = "\n".join(f"  {name}:\n    inst_class: X\n    midi_program_name: {title}" for name, title in programs.items())
    (track / "metadata.yaml").write_text(f"UUID: 00ff\nstems:\n{described}\n")
    corpus = load_slakh(tmp_path, sample_rate=8_000)
    (piece,) = corpus.pieces
    assert [(stem.name, stem.title, stem.audio_paths[0].name) for stem in piece.stems] == [
        ("S00", "S00 Drums", "S00.flac"),
        ("S01", "S01", "S01.flac"),
    ]
    np.testing.assert_allclose(piece.mix(["S00", "S01"], 0.0, 1.0, 8_000), 0.35 * np.sin(np.arange(8_000) / 5), atol=1e-3)
    assert corpus.notices[-1].startswith("Stems left out (1): Track00001 S02 (S02.flac is silent")
