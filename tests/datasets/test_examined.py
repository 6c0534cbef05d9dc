"""Folders as people have them: what is left out, cut off, silent or of another length is said; the rest is used."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis import paths
from analysis.datasets import examined
from analysis.datasets.corpora import open_corpus
from analysis.datasets.paired_folder import load_paired_folder
from analysis.errors import CorpusError
from analysis.fingerprints import UnreadError

RATE = 8_000


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))


def write_pair(folder: Path, name: str, seconds: float = 6.0, midi_s: float | None = None, kind: str = "wav") -> Path:
    audio = folder / f"{name}.{kind}"
    audio.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(audio, 0.3 * np.random.default_rng(len(name)).standard_normal(round(seconds * RATE)).clip(-3, 3), RATE)
    write_midi(folder / f"{name}.mid", seconds if midi_s is None else midi_s)
    return audio


def write_midi(path: Path, seconds: float) -> None:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes += [pretty_midi.Note(80, 60 + i % 12, 0.5 * i, 0.5 * i + 0.5) for i in range(round(2 * seconds))]
    path.parent.mkdir(parents=True, exist_ok=True)
    midi.write(str(path))


def loaded(folder: Path) -> tuple[dict[str, float], str]:
    corpus = load_paired_folder(folder, sample_rate=RATE)
    return {piece.piece_id: piece.duration_s for piece in corpus.pieces}, " | ".join(corpus.notices)


def silent(path: Path) -> None:
    soundfile.write(path, np.zeros(6 * RATE), RATE)


def cancelling(path: Path) -> None:
    wave = 0.3 * np.sin(np.arange(6 * RATE) / 5)
    soundfile.write(path, np.stack([wave, -wave], axis=1), RATE)


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: 44 + (len(data) - 44) // 2])


def unclosed(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:40] + bytes(4) + data[44:])


def short_midi(path: Path) -> None:
    write_midi(path.with_suffix(".mid"), 3.0)


def long_midi(path: Path) -> None:
    write_midi(path.with_suffix(".mid"), 20.0)


def torn_midi(path: Path) -> None:
    midi = path.with_suffix(".mid")
    midi.write_bytes(midi.read_bytes()[:-10])


def a_strange_key(path: Path) -> None:
    midi = path.with_suffix(".mid")
    data = midi.read_bytes()
    place = data.index(b"MTrk")
    size = int.from_bytes(data[place + 4 : place + 8], "big") + 6
    midi.write_bytes(data[: place + 4] + size.to_bytes(4, "big") + b"\0\xff\x59\2\x09\0" + data[place + 8 :])


def no_midi(path: Path) -> None:
    path.with_suffix(".mid").write_bytes(b"RIFF....")


@pytest.mark.parametrize(
    ("change", "kept_s", "said"),
    [
        (silent, None, "Recordings left out because of what is heard in them (1): b.wav (b.wav is silent: no sample reaches"),
        (cancelling, None, "what is heard in them (1): b.wav (b.wav is silent once mixed to mono: its 2 channels cancel"),
        (cut, 3.0, "something is unusual (1): b.wav is cut off or damaged: 3.0 s of the 6.0 s that it should last could be"),
        (unclosed, 6.0, "b.wav was never closed by the program that recorded it"),
        (short_midi, 6.0, "of another length than their MIDI, used nevertheless (1): b.wav (6.0 s, its MIDI 3.0 s)."),
        (long_midi, 6.0, "of another length than their MIDI, used nevertheless (1): b.wav (6.0 s, its MIDI 20.0 s)."),
        (a_strange_key, 6.0, "something is unusual (1): b.wav (b.mid has 1 key signature of a key that does not exist"),
        (torn_midi, None, "Recordings left out because their MIDI cannot be read (1): b.wav (b.mid is a damaged MIDI file"),
        (no_midi, None, "Recordings left out because their MIDI cannot be read (1): b.wav (b.mid is not a MIDI file"),
    ],
)
def test_what_is_wrong_with_one_recording_is_said(
    change: Callable[[Path], None], kept_s: float | None, said: str, tmp_path: Path
) -> None:
    for name in "abc":
        write_pair(tmp_path, name)
    assert loaded(tmp_path) == ({"a": 6.0, "b": 6.0, "c": 6.0}, "")
    change(tmp_path / "b.wav")
    durations, notices = loaded(tmp_path)
    assert durations == {name: length for name, length in (("a", 6.0), ("b", kept_s), ("c", 6.0)) if length}
    assert said in notices


def test_of_a_folder_of_which_nothing_can_be_used_the_reason_is_given(tmp_path: Path) -> None:
    silent(write_pair(tmp_path, "a"))
    with pytest.raises(CorpusError, match=r"Nothing in .* can be used: .*a\.wav is silent"):
        load_paired_folder(tmp_path, sample_rate=RATE)


def test_mp3_recordings_without_a_header_are_as_long_as_they_sound(tmp_path: Path) -> None:
    from analysis.datasets.mpeg_frames import read_frame

    write_midi(tmp_path / "a.mid", 6.0)
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(0).uniform(-0.3, 0.3, 6 * RATE), RATE, format="MP3")
    first = read_frame(file.getvalue()[:4])
    assert first is not None
    (tmp_path / "a.mp3").write_bytes(file.getvalue()[first.size :])
    durations, notices = loaded(tmp_path)
    assert durations["a"] == pytest.approx(6.1, abs=0.1)
    assert notices == ""


class TestRemembering:
    def test_a_finding_is_looked_up_until_a_file_changes(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in "ab":
            write_pair(tmp_path, name)
        cut(tmp_path / "a.wav")
        before = load_paired_folder(tmp_path, sample_rate=RATE)
        asked: list[str] = []
        real = examined.examine_pair
        monkeypatch.setattr(examined, "examine_pair", lambda audio, midi: (asked.append(audio.name), real(audio, midi))[1])
        again = load_paired_folder(tmp_path, sample_rate=RATE, most_new=0)
        assert (again.pieces, again.notices, asked) == (before.pieces, before.notices, [])
        cut(tmp_path / "b.wav")
        assert "b.wav is cut off" in load_paired_folder(tmp_path, sample_rate=RATE).notices[0]
        assert asked == ["b.wav"]

    @pytest.mark.parametrize("memo", [b"", b"{", b"[1]", b'{"code": "x", "findings": {}}'])
    def test_a_damaged_memory_is_none(self, memo: bytes, tmp_path: Path) -> None:
        write_pair(tmp_path, "a")
        (paths.cache()).mkdir(parents=True, exist_ok=True)
        (paths.cache() / examined.MEMO).write_bytes(memo)
        with pytest.raises(UnreadError):
            load_paired_folder(tmp_path, sample_rate=RATE, most_new=0)
        assert loaded(tmp_path) == ({"a": 6.0}, "")

    def test_progress_is_told_and_may_stop(self, tmp_path: Path) -> None:
        for name in "ab":
            write_pair(tmp_path, name)
        told: list[tuple[int, int, str]] = []
        load_paired_folder(tmp_path, sample_rate=RATE, progress=lambda *one: told.append(one))
        assert told == [(0, 2, "examining a.wav"), (1, 2, "examining b.wav")]


class TestLayouts:
    @pytest.mark.parametrize(("audio", "midi"), [("audio", "midi"), ("wav", "mid"), ("x/flac", "y/notes"), ("one", "one")])
    def test_files_in_subfolders_are_paired(self, audio: str, midi: str, tmp_path: Path) -> None:
        for name in "abc":
            write_pair(tmp_path / audio, name)
            (tmp_path / midi).mkdir(parents=True, exist_ok=True)
            (tmp_path / audio / f"{name}.mid").replace(tmp_path / midi / f"{name}.mid")
        assert sorted(piece.piece_id for piece in open_corpus(str(tmp_path)).pieces) == ["a", "b", "c"]

    @pytest.mark.parametrize("home", ["", "train"])
    def test_slakh_is_known_by_its_tracks(self, home: str, tmp_path: Path) -> None:
        for number in range(3):
            track = tmp_path / home / f"Track0000{number}"
            write_pair(track, "mix", kind="flac")
            (track / "mix.mid").rename(track / "all_src.mid")
        corpus = open_corpus(str(tmp_path))
        assert (corpus.name, len(corpus.pieces)) == ("Slakh2100", 3)

    @pytest.mark.parametrize(("works", "expected"), [(3, [1, 1, 1]), (6, [2, 2, 2]), (12, [8, 2, 2])])
    def test_a_small_folder_has_two_works_to_retrieve_from(self, works: int, expected: list[int], tmp_path: Path) -> None:
        for number in range(works):
            write_pair(tmp_path, f"work{number}")
        corpus = open_corpus(str(tmp_path))
        assert [len(corpus.split(name)) for name in ("train", "validation", "test")] == expected
