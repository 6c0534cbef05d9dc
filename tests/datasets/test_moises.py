"""The layout of MoisesDB, rebuilt in miniature."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.datasets.corpora import has_notes, has_stems
from analysis.datasets.moises import is_moises, load_moises
from analysis.errors import CorpusError
from analysis.fingerprints import UnreadError

RATE = 8_000
TONES = {"b1": 100.0, "d1": 900.0, "d2": 1100.0, "v1": 400.0}
SONG = {"bass": ["b1"], "drums": ["d1", "d2"], "vocals": ["v1"]}


def sound(source: str, seconds: float = 2.0, level: float = 0.4) -> np.ndarray:
    return level * np.sin(2 * np.pi * TONES[source] * np.arange(round(RATE * seconds)) / RATE)


def write_track(home: Path, name: str, song: str = "A song", stems: dict[str, list[str]] = SONG) -> Path:
    track = home / name
    for stem, sources in stems.items():
        (track / stem).mkdir(parents=True)
        for source in sources:
            soundfile.write(track / stem / f"{source}.wav", sound(source), RATE, subtype="FLOAT")
    rows = [
        {"stemName": stem, "tracks": [{"id": source, "extension": "wav", "trackType": "x"} for source in sources]}
        for stem, sources in stems.items()
    ]
    (track / "data.json").write_text(json.dumps({"song": song, "artist": "Nobody", "genre": "rock", "stems": rows}))
    return track


def test_a_stem_is_the_sum_of_its_sources_and_the_recording_that_of_its_stems(tmp_path: Path) -> None:
    write_track(tmp_path / "moisesdb_v0.1", "0a1b")
    corpus = load_moises(tmp_path, sample_rate=RATE)
    (piece,) = corpus.pieces
    assert (piece.piece_id, piece.title, piece.composer, piece.group) == ("0a1b", "A song", "Nobody", "Nobody: A song")
    assert ([stem.name for stem in piece.stems], piece.duration_s, piece.midi_path) == (["bass", "drums", "vocals"], 2.0, None)
    drums = sound("d1") + sound("d2")
    np.testing.assert_allclose(piece.mix(["drums"], 0.0, 2.0, RATE), drums, atol=1e-5)
    np.testing.assert_allclose(piece.mix(["drums", "vocals"], 0.0, 2.0, RATE), (drums + sound("v1")) / 2, atol=1e-5)
    whole = sum(map(sound, TONES))
    np.testing.assert_allclose(piece.waveform(0.0, 2.0, RATE), whole * 0.99 / np.abs(whole).max(), atol=1e-3)
    assert corpus.notices == ()


def test_takes_of_one_song_stay_together_and_tracks_may_lie_in_the_folder_itself(tmp_path: Path) -> None:
    for number in range(12):
        write_track(tmp_path, f"track{number:02}", song=f"Song {number // 2}", stems={"bass": ["b1"]})
    corpus = load_moises(tmp_path, sample_rate=RATE)
    homes = {piece.group: {other.split for other in corpus.pieces if other.group == piece.group} for piece in corpus.pieces}
    assert (len(corpus.pieces), len(homes)) == (12, 6)
    assert all(len(splits) == 1 for splits in homes.values())


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    write_track(tmp_path, "whole")
    (write_track(tmp_path, "torn") / "data.json").write_text("{")
    for source in ("b1", "v1"):
        path = next((tmp_path / "whole").rglob(f"{source}.wav"))
        path.unlink() if source == "b1" else soundfile.write(path, np.zeros(RATE), RATE)
    outside = [{"stemName": "..", "tracks": [{"id": "x", "extension": "wav"}]}]
    (write_track(tmp_path, "outside") / "data.json").write_text(json.dumps({"stems": outside}))
    corpus = load_moises(tmp_path, sample_rate=RATE)
    assert [stem.name for stem in corpus.pieces[0].stems] == ["drums"]
    assert corpus.notices[0].startswith("Tracks left out (2): outside (data.json cannot be read as the table of a track: '..' is")
    assert "torn (data.json cannot be read" in corpus.notices[0]
    assert corpus.notices[1].startswith("Stems left out (1): whole vocals (v1.wav is silent")


def test_a_folder_without_a_complete_track_is_an_error(tmp_path: Path) -> None:
    next(write_track(tmp_path, "a", stems={"bass": ["b1"]}).rglob("*.wav")).unlink()
    with pytest.raises(CorpusError, match=r"has no complete track; expected .*none of the 1 sources"):
        load_moises(tmp_path, sample_rate=RATE)


def test_a_mix_is_not_made_where_time_is_short_and_made_once(tmp_path: Path) -> None:
    write_track(tmp_path, "a")
    with pytest.raises(UnreadError):
        load_moises(tmp_path, sample_rate=RATE, most_new=0)
    mix = load_moises(tmp_path, sample_rate=RATE).pieces[0].audio_path
    made = mix.stat().st_mtime_ns
    assert load_moises(tmp_path, sample_rate=RATE, most_new=0).pieces[0].audio_path == mix
    assert mix.stat().st_mtime_ns == made
    soundfile.write(next(tmp_path.rglob("v1.wav")), sound("v1", seconds=3.0), RATE)
    longer = load_moises(tmp_path, sample_rate=RATE).pieces[0]
    assert (longer.audio_path != mix, longer.duration_s) == (True, 3.0)


def test_the_layout_is_recognised_by_its_tables(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "data.json").write_text("[]")
    assert not is_moises(tmp_path)
    assert not is_moises(tmp_path / "other")
    write_track(home := tmp_path / "home", "a")
    assert is_moises(home)
    assert has_stems(str(home))
    assert not has_notes(str(home))
