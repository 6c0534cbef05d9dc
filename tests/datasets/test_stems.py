"""Stems of recordings: their mixes, what is silent in a window, what belongs together, and the hands of the demo corpus."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.datasets import corpus
from analysis.datasets.corpora import has_stems
from analysis.datasets.corpus import list_demo_pieces
from analysis.datasets.hands import load_hands
from analysis.datasets.piece import Corpus, Piece
from analysis.datasets.segments import Segment
from analysis.datasets.stem_files import examine_stems
from analysis.datasets.stem_windows import list_stem_windows
from analysis.datasets.stems import Stem, draw_parts, is_silent

RATE, SECONDS = 8_000, 12


def tone(path: Path, hz: float, sounds_until_s: float = SECONDS, level: float = 0.2) -> Path:
    times = np.arange(RATE * SECONDS) / RATE
    soundfile.write(path, level * np.sin(2 * np.pi * hz * times) * (times < sounds_until_s), RATE)
    return path


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    """A recording of 12 s with a bass, drums that end after 5 s, and a voice of two files."""
    stems = (
        Stem("bass", "bass", (tone(tmp_path / "bass.wav", 100),)),
        Stem("drums", "drums", (tone(tmp_path / "drums.wav", 1000, sounds_until_s=5),)),
        Stem("voice", "voice", (tone(tmp_path / "voice1.wav", 400), tone(tmp_path / "voice2.wav", 500))),
    )
    return Piece("a", "C", "T", "g", "test", float(SECONDS), tone(tmp_path / "mix.wav", 300), None, stems)


def test_a_mix_is_the_mean_of_its_stems_and_a_stem_the_sum_of_its_files(piece: Piece) -> None:
    segment = Segment(piece, 1.0)
    bass, voice = (segment.of_stems(name).waveform(RATE) for name in ("bass", "voice"))
    times = np.arange(4 * RATE) / RATE + 1.0
    np.testing.assert_allclose(bass, 0.2 * np.sin(200 * np.pi * times), atol=1e-4)
    np.testing.assert_allclose(voice, 0.2 * (np.sin(800 * np.pi * times) + np.sin(1000 * np.pi * times)), atol=1e-4)
    np.testing.assert_allclose(segment.of_stems("bass", "voice").waveform(RATE), (bass + voice) / 2, atol=1e-6)


def test_a_window_without_stems_named_is_the_recording(piece: Piece) -> None:
    np.testing.assert_array_equal(Segment(piece, 1.0).waveform(RATE), piece.waveform(1.0, 5.0, RATE))
    assert len(Segment(piece, 1.0).of_stems("bass").waveform(16_000, 2.0)) == 32_000


def test_a_mix_of_what_is_not_there_is_refused(piece: Piece) -> None:
    with pytest.raises(Exception, match=r"which are: bass, drums, voice; got 'flute'"):
        Segment(piece, 0.0).of_stems("bass", "flute").waveform(RATE)
    with pytest.raises(Exception, match="which are: none; got 'bass'"):
        Segment(replace(piece, stems=()), 0.0).of_stems("bass").waveform(RATE)
    with pytest.raises(Exception, match="got none"):
        piece.mix((), 0.0, 1.0, RATE)


def test_stems_that_are_silent_in_a_window_are_known(piece: Piece) -> None:
    assert Segment(piece, 0.0).sounding(RATE) == ("bass", "drums", "voice")
    assert Segment(piece, 6.0).sounding(RATE) == ("bass", "voice")
    level = np.full(100, 10 ** (-60 / 20), np.float32)
    assert (is_silent(level * 0.99), is_silent(level * 1.01)) == (True, False)


def test_windows_are_those_in_which_two_stems_sound_and_the_rest_is_counted(piece: Piece) -> None:
    few = replace(piece, piece_id="two", stems=piece.stems[:2])
    alone = replace(piece, piece_id="alone", stems=piece.stems[:1])
    listed = list_stem_windows([piece, few, alone], sample_rate=RATE)
    of_three = [window for window in listed.windows if window.segment.piece is piece]
    of_two = [window for window in listed.windows if window.segment.piece is few]
    assert [window.segment.start_s for window in of_three] == list(range(9))
    assert [window.sounding for window in of_three] == [("bass", "drums", "voice")] * 5 + [("bass", "voice")] * 4
    assert [window.segment.start_s for window in of_two] == list(range(5))
    assert (listed.n_silent_stems, listed.n_too_quiet, listed.n_without) == (8, 4, 1)


def test_parts_are_disjoint_and_every_size_is_drawn() -> None:
    names = ("a", "b", "c", "d")
    rng = np.random.default_rng(5)
    drawn = [draw_parts(names, rng) for _ in range(400)]
    for anchor, positive in drawn:
        assert anchor
        assert positive
        assert not set(anchor) & set(positive)
        assert [*anchor] == sorted(anchor)
    assert {(len(anchor), len(positive)) for anchor, positive in drawn} == {(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)}
    assert {name for anchor, _ in drawn for name in anchor} == set(names)


def test_files_of_stems_are_part_of_what_a_corpus_is(piece: Piece) -> None:
    listed = Corpus("c", (piece,), RATE, "", "")
    before = listed.sha256
    assert Corpus("c", (replace(piece, stems=()),), RATE, "", "").sha256 != before
    tone(piece.stems[1].audio_paths[0], 1200)
    assert listed.sha256 != before


def test_stems_that_cannot_be_used_are_left_out_and_named(piece: Piece, tmp_path: Path) -> None:
    tone(piece.stems[1].audio_paths[0], 1000, level=0.0)
    tone(piece.stems[2].audio_paths[1], 500, level=0.0)
    (tmp_path / "odd.wav").write_text("no sound")
    odd = Stem("odd", "odd", (tmp_path / "odd.wav",))
    stems, notices = examine_stems({"a": (*piece.stems, odd)})
    assert [stem.name for stem in stems["a"]] == ["bass", "voice"]
    assert [path.name for path in stems["a"][1].audio_paths] == ["voice1.wav"]
    assert notices[0].startswith("Stems left out (2): a drums (drums.wav is silent")
    assert "a odd (odd.wav" in notices[0]


def test_hands_are_stems_of_the_demo_corpus_and_together_what_the_clean_rendering_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shortest = min(list_demo_pieces("small"), key=lambda piece: piece.duration_s)
    monkeypatch.setattr(corpus, "list_demo_pieces", lambda *_, **__: (shortest,))
    (piece,) = load_hands("small").pieces
    assert [(stem.name, stem.title) for stem in piece.stems] == [("left", "left hand"), ("right", "right hand")]
    mix = piece.waveform(0.0, piece.duration_s, 24_000)
    left, right = (piece.mix([name], 0.0, piece.duration_s, 24_000) for name in ("left", "right"))
    assert float(np.abs(mix - left - right).max()) < 0.02 * float(np.abs(mix).max())
    assert min(float(np.sqrt(np.mean(hand**2))) for hand in (left, right)) > 0.003
    strongest = [np.abs(np.fft.rfft(hand))[: len(hand) // 6].argmax() for hand in (left, right)]
    assert strongest[0] < strongest[1]  # the left hand plays lower


def test_which_corpora_have_stems_is_known_by_name(tmp_path: Path) -> None:
    assert [has_stems(name) for name in ("small", "full-clean", "small-hands", "full-hands")] == [False, False, True, True]
    assert not has_stems(str(tmp_path))
    (track := tmp_path / "train" / "Track00001" / "stems").mkdir(parents=True)
    (track.parent / "all_src.mid").touch()
    assert not has_stems(str(tmp_path))
    (track / "S00.flac").touch()
    assert has_stems(str(tmp_path))
