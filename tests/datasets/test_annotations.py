"""Annotations of pieces: what lies beside a recording, what a song of POP909 has, and what both say in errors."""

from pathlib import Path

import numpy as np
import pytest

from analysis.datasets.annotations import Annotated, Chord, Key, change_times
from analysis.datasets.corpora import has_beats, open_corpus
from analysis.datasets.harmony import mirex_chord, mirex_key, numeral_quality, numeral_root
from analysis.datasets.maps import composer_of, is_maps
from analysis.datasets.piece import Piece
from analysis.datasets.pop909 import PopSong, is_pop909
from analysis.datasets.sidecars import Sidecars
from analysis.errors import CorpusError
from analysis.fingerprints import UnreadError
from tests.conformance.test_sources_of_corpora import write_maps, write_pop909
from tests.tiny import write_corpus

HARMONY = "time_s\tglobalkey\tlocalkey\tchord\troot\tchord_type\n0.5\tD\tI\tV\t1\tM\n1.5\tD\tI\tV7\t1\tMm7\n2.5\tD\tV\tii\t2\tm\n"


def test_chords_of_roman_numerals_have_absolute_roots(tmp_path: Path) -> None:
    (tmp_path / "a.harmony.tsv").write_text(HARMONY)
    chords = Sidecars(tmp_path / "a.flac").chords()
    assert chords == (
        Chord(0.5, 1.5, 9, "maj", "V"),  # of D major
        Chord(1.5, 2.5, 9, "maj", "V7"),
        Chord(2.5, None, 11, "min", "ii"),  # of A major
    )
    assert chords is not None
    assert change_times(chords).tolist() == [2.5]  # a seventh is no other triad
    keys = Sidecars(tmp_path / "a.flac").keys()
    assert keys is not None
    assert [key.name for key in keys] == ["D major", "D major", "A major"]
    assert change_times(keys).tolist() == [2.5]


def test_what_is_not_annotated_is_none(tmp_path: Path) -> None:
    nothing = Sidecars(tmp_path / "a.flac", ".tsv")
    assert isinstance(nothing, Annotated)
    assert (nothing.files, nothing.onsets_s(), nothing.beats(), nothing.keys(), nothing.chords()) == ((), None, None, None, None)
    song = PopSong(tmp_path)
    assert isinstance(song, Annotated)
    assert (song.files, song.onsets_s(), song.beats(), song.keys(), song.chords()) == ((), None, None, None, None)


def test_maps_is_read_with_its_annotations(tmp_path: Path) -> None:
    folder = write_maps(tmp_path / "maps")
    assert not has_beats(str(folder))
    (folder / "MAPS_MUS-mz_0_ENSTDkCl.amaps_beats_key.tsv").write_text("0.0\tdb,3/4,2\n0.5\tb\n1.0\tb\n1.5\tdb\n")
    (folder / "MAPS_MUS-mz_0_ENSTDkCl.harmony.tsv").write_text(HARMONY)
    assert has_beats(str(folder))
    corpus = open_corpus(str(folder))
    piece = corpus.find("MAPS_MUS-mz_0_ENSTDkCl")
    assert (corpus.name, piece.composer, piece.group) == ("MAPS", "Mozart", "MAPS_MUS-mz_0")
    onsets, beats = piece.onsets_s(), piece.annotations.beats()
    assert onsets is not None
    assert beats is not None
    assert onsets.tolist() == [0.5]  # of its list of notes, not of its MIDI file
    assert len(piece.notes()) == 40
    assert (beats.beats_s.tolist(), beats.downbeats_s.tolist()) == ([0.0, 0.5, 1.0, 1.5], [0.0, 1.5])
    assert piece.annotations.chords() is not None
    assert corpus.find("MAPS_MUS-mz_1_ENSTDkCl").annotations.chords() is None


def test_pop909_is_rendered_and_read_with_its_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "cache"))
    folder = write_pop909(tmp_path / "pop")
    assert not has_beats(str(folder))
    (folder / "000" / "beat_midi.txt").write_text("0.05 1.0 1.0\n0.70 0.0 0.0\n1.40 1.0 0.0\n2.05 0.0 0.0\n2.70 1.0 1.0")
    assert has_beats(str(folder))
    (folder / "000" / "key_audio.txt").write_text("0.0\t9.0\tGb:maj\n9.0\t20.0\tG:min")
    with pytest.raises(UnreadError, match="4 songs"):
        open_corpus(str(folder), most_new=3)
    corpus = open_corpus(str(folder))
    piece = corpus.find("000")
    beats, keys, chords = piece.annotations.beats(), piece.annotations.keys(), piece.annotations.chords()
    assert beats is not None
    assert (beats.beats_s.tolist(), beats.downbeats_s.tolist()) == ([0.05, 0.7, 1.4, 2.05, 2.7], [0.05, 2.7])
    assert keys == (Key(0.0, 9.0, 6), Key(9.0, 20.0, 19))
    assert chords == (Chord(0.0, 2.0, None, "none", "N"), Chord(2.0, 4.0, 0, "maj", "C:maj7/3"))
    onsets = piece.onsets_s()
    assert onsets is not None
    assert onsets[:3] == pytest.approx([0.0, 0.5, 1.0], abs=0.01)
    quiet, loud = piece.waveform(20.9, 21.4, 24_000), piece.waveform(0.0, 0.5, 24_000)
    assert np.abs(loud).mean() > np.abs(quiet).mean()
    assert any("original recordings" in notice for notice in corpus.notices)
    assert open_corpus(str(folder), most_new=0).pieces == corpus.pieces  # rendered once


def test_annotations_are_a_part_of_the_identity_of_a_corpus(tmp_path: Path) -> None:
    folder = write_corpus(tmp_path / "corpus")
    before = open_corpus(str(folder)).sha256
    (folder / "work0.harmony.tsv").write_text(HARMONY)
    after = open_corpus(str(folder)).sha256
    (folder / "work0.harmony.tsv").write_text(HARMONY.replace("0.5", "0.6"))
    assert len({before, after, open_corpus(str(folder)).sha256}) == 3


def test_onsets_are_those_of_the_midi_file_where_nobody_wrote_others(tmp_path: Path) -> None:
    piece = open_corpus(str(write_corpus(tmp_path / "corpus"))).pieces[0]
    onsets = piece.onsets_s()
    assert onsets is not None
    assert np.array_equal(onsets, piece.notes().onset_s)
    assert Piece("a", "", "", "a", "test", 1.0, tmp_path / "a.wav", None).onsets_s() is None


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("a.harmony.tsv", HARMONY.replace("\t2\tm", "\tX\tm"), "a.harmony.tsv has the root 'X'; expected a number of fifths"),
        ("a.harmony.tsv", "time_s\tglobalkey\tlocalkey\n0.5\tD\tI\n", "no table of keys .'root'.; expected time_s, globalkey"),
        ("a.harmony.tsv", HARMONY.replace("0.5", "soon"), "a.harmony.tsv is no table of keys"),
    ],
)
def test_damaged_chords_are_refused(tmp_path: Path, file: str, text: str, words: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(CorpusError, match=words):
        Sidecars(tmp_path / "a.flac").chords()


def test_damaged_lists_of_notes_and_songs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("# onset,offset,note,velocity\nnever\t1\t60\t70\n")
    with pytest.raises(CorpusError, match=r"a.tsv is no list of notes; expected onset"):
        Sidecars(tmp_path / "a.flac", ".tsv").onsets_s()
    (tmp_path / "chord_midi.txt").write_text("0.0\t1.0\tH:maj\n")
    with pytest.raises(CorpusError, match="The note 'H' is not understood"):
        PopSong(tmp_path).chords()
    with pytest.raises(CorpusError, match="The key 'C' is not understood"):
        mirex_key("C")


def test_layouts_are_told_by_their_files(tmp_path: Path) -> None:
    assert not is_maps(write_corpus(tmp_path / "corpus"))
    assert not is_pop909(tmp_path / "corpus")
    (tmp_path / "corpus" / "MAPS_MUS-a_ENSTDkCl.flac").touch()
    assert not is_maps(tmp_path / "corpus")  # without its notes it is read as any folder
    assert composer_of("MAPS_MUS-ty_maerz_ENSTDkAm") == "Tchaikovsky"


@pytest.mark.parametrize(
    ("label", "chord"),
    [
        ("N", (None, "none")), ("C#:maj7/3", (1, "maj")), ("Eb:min/b3", (3, "min")), ("G", (7, "maj")), ("A:7/b7", (9, "maj")),
        ("F:sus4(b7)", (5, "sus")), ("B:hdim7", (11, "dim")), ("D:aug", (2, "aug")), ("D:minmaj7", (2, "min")),
        ("D:1", (2, "other")),
    ],
)  # fmt: skip
def test_labels_of_chords(label: str, chord: tuple[int | None, str]) -> None:
    assert mirex_chord(label) == chord


def test_roots_of_numerals_count_fifths() -> None:
    assert [numeral_root(0, fifths) for fifths in (-4, -1, 0, 1, 5)] == [8, 5, 0, 7, 11]
    assert [numeral_quality(name) for name in ("M", "mm7", "%7", "Ger")] == ["maj", "min", "dim", "other"]
