"""Demo clips are listed at once and rendered one by one."""

import errno
from pathlib import Path

import numpy as np
import pytest

from analysis.datasets import corpus_rendering
from analysis.datasets.corpus import list_demo_clips, list_demo_pieces, render_demo_clip
from analysis.errors import CorpusError


def test_listing_renders_nothing_and_agrees_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    clips = list_demo_clips(8)
    assert not list(tmp_path.rglob("*"))
    pieces = {piece.piece_id: piece for piece in list_demo_pieces()}
    assert all(clip.piece == pieces[clip.piece.piece_id] and clip.piece.split == "test" for clip in clips)
    assert len({clip.piece.composer for clip in clips[:6]}) == 6
    assert len({clip.title for clip in clips}) == 8


def test_one_clip_is_rendered_and_then_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    (clip,) = list_demo_clips(1)
    rendered = render_demo_clip(clip)
    assert [path.name for path in tmp_path.rglob("*.wav")] == [clip.wav_path.name]
    assert (rendered.title, rendered.start_s, rendered.wav_path) == (clip.title, clip.start_s, clip.wav_path)
    assert rendered.piece.duration_s >= rendered.start_s + 30
    written = clip.wav_path.stat().st_mtime_ns
    render_demo_clip(clip)
    assert clip.wav_path.stat().st_mtime_ns == written


@pytest.mark.parametrize("why", ["no space", "read only", "no folder"])
def test_a_disk_that_takes_nothing_is_said(why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC if why == "no space" else errno.EROFS, why)

    cache = tmp_path / "cache"
    monkeypatch.setenv("OTOSCOPE_CACHE", str(cache))
    monkeypatch.setattr(corpus_rendering, "render_midi", lambda *_, **__: np.zeros(2400, np.float32))
    monkeypatch.setattr(corpus_rendering, "apply_conditions", lambda dry, *_, **__: dry)
    (clip,) = list_demo_clips(1)
    if why == "no folder":
        cache.write_text("a file")
    else:
        monkeypatch.setattr(Path, "write_bytes" if why == "no space" else "mkdir", refused)
    with pytest.raises(CorpusError, match=r"cannot be written \(.*\). Free some space, or set OTOSCOPE_CACHE"):
        render_demo_clip(clip)
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".wav", ".part")]
