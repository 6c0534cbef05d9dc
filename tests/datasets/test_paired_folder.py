"""A folder of one's own recordings: what pairs, what shares a group, and what is said about the rest."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.corpora import has_notes
from analysis.datasets.paired_folder import NO_NOTES, load_paired_folder
from analysis.datasets.piece import Corpus, Piece, Split, drop_straddlers, split_by_group
from analysis.datasets.segments import drop_repeated, list_segments
from analysis.errors import AudioError, CorpusError, MidiError

RATE = 8_000


def write_audio(path: Path, seconds: float = 1.0) -> None:
    soundfile.write(path, 0.5 * np.sin(np.arange(round(RATE * seconds)) / 5), RATE)


def write_midi(path: Path, pitch: int = 60) -> None:
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes.append(pretty_midi.Note(80, pitch, 0.25, 0.75))
    midi.write(str(path))


def fill(folder: Path, names: Iterable[str]) -> Path:
    for name in names:
        (write_midi if name.endswith(("mid", "midi", "MID")) else write_audio)(folder / name)
    return folder


def load(folder: Path, **options: object) -> Corpus:
    return load_paired_folder(folder, sample_rate=RATE, **options)  # pyright: ignore[reportArgumentType]


def pairs(corpus: Corpus) -> dict[str, str]:
    return {piece.audio_path.name: piece.midi_file.name for piece in corpus.pieces}


class TestRecordingsAlone:
    def test_a_folder_without_any_midi_file_is_a_corpus_without_notes(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["a.wav", "b.wav"]))
        assert [(piece.piece_id, piece.midi_path, piece.duration_s) for piece in corpus.pieces] == [
            ("a", None, 1),
            ("b", None, 1),
        ]
        assert not corpus.has_notes
        assert not has_notes(str(tmp_path))
        assert corpus.notices == (NO_NOTES,)
        with pytest.raises(CorpusError, match="a has no MIDI file; expected one to read notes from"):
            corpus.pieces[0].notes()
        before = corpus.sha256
        write_audio(tmp_path / "b.wav", 2.0)
        assert load(tmp_path).sha256 != before

    def test_all_its_windows_are_kept(self, tmp_path: Path) -> None:
        write_audio(tmp_path / "a.wav", 6.0)
        windows = list_segments(load(tmp_path).pieces, window_s=2.0)
        assert [window.start_s for window in windows] == [0, 1, 2, 3, 4]
        assert drop_repeated(windows) == windows

    def test_one_midi_file_makes_it_a_folder_of_pairs(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["a.wav", "b.wav", "b.mid"]))
        assert pairs(corpus) == {"b.wav": "b.mid"}
        assert corpus.has_notes
        assert has_notes(str(tmp_path))

    def test_a_silent_recording_is_left_out_and_named(self, tmp_path: Path) -> None:
        soundfile.write(tmp_path / "still.wav", np.zeros(RATE), RATE)
        corpus = load(fill(tmp_path, ["a.wav"]))
        assert [piece.piece_id for piece in corpus.pieces] == ["a"]
        assert any("still.wav is silent" in notice for notice in corpus.notices)


class TestPairing:
    def test_by_stem_whatever_the_suffix(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["a.wav", "a.mid", "b.FLAC", "b.MID", "c.ogg", "c.midi"]))
        assert pairs(corpus) == {"a.wav": "a.mid", "b.FLAC": "b.MID", "c.ogg": "c.midi"}
        assert corpus.notices == ()

    def test_a_longer_midi_name_serves_only_where_no_exact_one_does(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["x.flac", "x.amaps.mid", "y.flac", "y.mid", "y.old.mid"]))
        assert pairs(corpus) == {"x.flac": "x.amaps.mid", "y.flac": "y.mid"}
        assert corpus.notices == ("MIDI files without one audio file of the same name (1): y.old.mid.",)

    def test_a_longer_midi_name_belongs_to_the_longest_audio_name(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["x.wav", "x.1.wav", "x.1.b.mid", "x.2.mid"]))
        assert pairs(corpus) == {"x.1.wav": "x.1.b.mid", "x.wav": "x.2.mid"}

    def test_what_is_ambiguous_is_left_out_and_named(self, tmp_path: Path) -> None:
        corpus = load(fill(tmp_path, ["a.wav", "a.mid", "b.wav", "b.1.mid", "b.2.mid", "c.wav", "c.flac", "c.mid"]))
        assert pairs(corpus) == {"a.wav": "a.mid"}
        assert corpus.notices == (
            "Audio files without one MIDI file of the same name (3): b.wav, c.flac, c.wav.",
            "MIDI files without one audio file of the same name (3): b.1.mid, b.2.mid, c.mid.",
        )

    def test_hidden_files_and_strangers_are_ignored(self, tmp_path: Path) -> None:
        fill(tmp_path, ["a.wav", "a.mid", ".b.wav"])
        (tmp_path / "readme.txt").write_text("hello")
        assert load(tmp_path).notices == ()

    def test_an_unreadable_recording_is_left_out_with_the_reason(self, tmp_path: Path) -> None:
        fill(tmp_path, ["a.wav", "a.mid", "b.mid"])
        (tmp_path / "b.wav").write_text("no sound")
        corpus = load(tmp_path)
        assert pairs(corpus) == {"a.wav": "a.mid"}
        assert "Audio files that cannot be read (1): b.wav (b.wav is not audio" in corpus.notices[0]

    def test_nothing_that_pairs_is_one_error(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match=r"(?s)pairs: expected.*got 1 audio and 1 MIDI files.*a\.wav.*b\.mid"):
            load(fill(tmp_path, ["a.wav", "b.mid"]))

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="is not a folder"):
            load(tmp_path / "gone")


class TestGroups:
    @pytest.mark.parametrize(
        ("stem", "group"),
        [
            ("MAPS_MUS-scn15_11_ENSTDkCl", "MAPS_MUS-scn15_11"),
            ("MAPS_MUS-scn15_11_ENSTDkAm", "MAPS_MUS-scn15_11"),
            ("MAPS_MUS-scn15_11_SptkBGCl", "MAPS_MUS-scn15_11"),
            ("fugue_take2", "fugue"),
            ("fugue - Take 12", "fugue"),
            ("mistake2", "mistake2"),
            ("prelude_1", "prelude_1"),
        ],
    )
    def test_takes_of_one_work_share_one(self, stem: str, group: str, tmp_path: Path) -> None:
        assert load(fill(tmp_path, [f"{stem}.wav", f"{stem}.mid"])).pieces[0].group == group

    def test_the_pattern_is_a_choice(self, tmp_path: Path) -> None:
        fill(tmp_path, ["a-near.wav", "a-near.mid", "a-far.wav", "a-far.mid"])
        assert {piece.group for piece in load(tmp_path, group_pattern="-(near|far)$").pieces} == {"a"}
        assert {piece.group for piece in load(tmp_path).pieces} == {"a-near", "a-far"}
        with pytest.raises(CorpusError, match="is no regular expression"):
            load(tmp_path, group_pattern="(")

    def test_no_group_straddles_splits(self, tmp_path: Path) -> None:
        stems = [f"{letter}_take{take}" for letter in "abcdefghij" for take in (1, 2)]
        corpus = load(fill(tmp_path, [f"{stem}.{suffix}" for stem in stems for suffix in ("wav", "mid")]))
        groups = {name: {piece.group for piece in corpus.split(name)} for name in ("train", "validation", "test")}
        assert [len(one) for one in groups.values()] == [6, 2, 2]
        assert len(set.union(*groups.values())) == 10

    def test_one_split_may_take_everything(self, tmp_path: Path) -> None:
        fill(tmp_path, ["a.wav", "a.mid", "b.wav", "b.mid"])
        assert len(load(tmp_path, split="test").split("test")) == 2
        with pytest.raises(CorpusError, match="no split 'tset'; expected by_group, train, validation, test"):
            load(tmp_path, split="tset")

    def test_the_deal_depends_on_the_seed_and_not_on_the_order(self) -> None:
        names = [f"work {i}" for i in range(40)]
        assert split_by_group(names, 0) == split_by_group(reversed(names), 0)
        assert split_by_group(names, 0) != split_by_group(names, 1)

    @pytest.mark.parametrize(("n", "counts"), [(1, (1, 0, 0)), (2, (1, 0, 1)), (3, (1, 1, 1)), (20, (14, 2, 4))])
    def test_small_corpora_still_have_a_test_split(self, n: int, counts: tuple[int, int, int]) -> None:
        dealt = list(split_by_group(map(str, range(n)), 0).values())
        assert tuple(dealt.count(name) for name in ("train", "validation", "test")) == counts


class TestPiece:
    def test_it_gives_its_notes_and_its_samples(self, tmp_path: Path) -> None:
        piece = load(fill(tmp_path, ["a_b.wav", "a_b.mid"])).pieces[0]
        assert (piece.piece_id, piece.title, piece.composer, piece.duration_s) == ("a_b", "a b", "unknown", 1.0)
        assert piece.notes().pitch.tolist() == [60]
        assert piece.notes() is piece.notes()
        assert piece.waveform(0.5, 1.5, 2 * RATE).shape == (2 * RATE,)

    def test_files_that_went_bad_are_named(self, tmp_path: Path) -> None:
        piece = load(fill(tmp_path, ["a.wav", "a.mid"])).pieces[0]
        piece.midi_file.write_text("nothing")
        piece.audio_path.unlink()
        with pytest.raises(MidiError, match=r"a\.mid is not a MIDI file"):
            piece.notes()
        with pytest.raises(AudioError, match=r"a\.wav cannot be opened"):
            piece.waveform(0.0, 1.0, RATE)


class TestCorpus:
    @pytest.fixture
    def corpus(self, tmp_path: Path) -> Corpus:
        return load(fill(tmp_path, [f"{stem}.{suffix}" for stem in "abc" for suffix in ("wav", "mid")]))

    def test_find(self, corpus: Corpus) -> None:
        assert corpus.find("b") is corpus.pieces[1]
        with pytest.raises(CorpusError, match="has no piece 'bb'. Did you mean 'b'"):
            corpus.find("bb")

    def test_split_refuses_an_unknown_name(self, corpus: Corpus) -> None:
        with pytest.raises(CorpusError, match="no split 'dev'; expected one of train, validation, test"):
            corpus.split("dev")  # pyright: ignore[reportArgumentType]

    def test_identity_follows_contents_and_neither_place_nor_order(self, corpus: Corpus, tmp_path: Path) -> None:
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        moved = load(fill(elsewhere, [f"{stem}.{suffix}" for stem in "cba" for suffix in ("wav", "mid")]))
        assert moved.sha256 == corpus.sha256
        assert replace(corpus, pieces=corpus.pieces[::-1]).sha256 == corpus.sha256
        assert replace(corpus, pieces=corpus.pieces[:2]).sha256 != corpus.sha256
        write_audio(elsewhere / "a.wav", 2.0)
        assert moved.sha256 != corpus.sha256
        (elsewhere / "a.wav").unlink()
        with pytest.raises(CorpusError, match=r"changed on disk: .*a\.wav is gone"):
            _ = moved.sha256

    def test_it_refuses_to_be_empty_or_ambiguous(self, corpus: Corpus) -> None:
        with pytest.raises(CorpusError, match="has no pieces"):
            replace(corpus, pieces=())
        with pytest.raises(CorpusError, match="two pieces called 'a'"):
            replace(corpus, pieces=corpus.pieces + corpus.pieces[:1])

    def test_it_refuses_a_group_in_two_splits(self, corpus: Corpus) -> None:
        with pytest.raises(CorpusError, match="'w' is in train and in test; expected all takes of a work in one split"):
            replace(corpus, pieces=(made("1", "w", "train"), made("2", "w", "test")))


def made(piece_id: str, group: str, split: Split) -> Piece:
    return Piece(piece_id, "unknown", piece_id, group, split, 1.0, Path("a.wav"), Path("a.mid"))


def test_what_straddles_published_splits_stays_where_it_is_held_out() -> None:
    pieces = [made("1", "w", "train"), made("2", "w", "test"), made("3", "w", "validation"), made("4", "v", "train")]
    kept, notices = drop_straddlers(pieces)
    assert [piece.piece_id for piece in kept] == ["2", "4"]
    assert notices == ("Left out because another take of the same work is in a stricter split (2): 1, 3.",)


def test_a_name_that_is_no_text_is_left_out_with_a_notice(tmp_path: Path) -> None:
    odd = os.fsdecode(b"M\xfcller0")
    for stem in ("one", odd):
        soundfile.write(tmp_path / "x.wav", np.zeros(24_000) + 0.1, 24_000)
        (tmp_path / "x.wav").rename(tmp_path / f"{stem}.wav")
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.0, 0.5))
        midi.write(str(tmp_path / "x.mid"))
        (tmp_path / "x.mid").rename(tmp_path / f"{stem}.mid")
    found = load_paired_folder(tmp_path, sample_rate=24_000)
    assert [piece.piece_id for piece in found.pieces] == ["one"]
    assert any(r"not text in UTF-8 (2): M\xfcller0.wav, M\xfcller0.mid" in notice for notice in found.notices)
