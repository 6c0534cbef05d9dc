"""The clip page with recordings and a checkpoint of a test's own, and what its desk was sent."""

import hashlib
import io
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from analysis import paths
from analysis.clips.recordings import recording_key
from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint
from app import caching
from app.components.clip import page as clip_page
from app.components.clip import recordings
from app.components.clip.recordings import Clip
from app.kit.desk.show import Sent
from app.latest import Key


def a_clip(rng: np.random.Generator, name: str = "Demo.wav", seconds: float = 5.0, rate: int = 24_000) -> Clip:
    samples = rng.normal(0, 0.1, round(seconds * rate)).astype(np.float32)
    waveform = Waveform(samples, rate, name, hashlib.sha256(samples.tobytes()).hexdigest())
    return Clip(waveform, recording_key(waveform))


def wav(samples: np.ndarray, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, 24_000, format=kind)
    return file.getvalue()


def with_clip(monkeypatch: pytest.MonkeyPatch, folder: Any, checkpoint: Checkpoint, clip: Clip) -> None:
    """One checkpoint, one demo clip that needs no rendering, and an empty store."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(folder))
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(checkpoint.path.parent))
    monkeypatch.setattr(caching, "checkpoints", lambda: [checkpoint])
    monkeypatch.setattr(caching, "demo_clips", lambda: [SimpleNamespace(title="Demo")])
    monkeypatch.setattr(recordings, "demo", lambda _demo: clip)
    caching._read().clear()
    caching._drawn().clear()
    caching._heard().clear()


class Remembered:
    """What was read and drawn of the clip with which every test of a module begins, kept from the first of them to the last."""

    def __init__(self) -> None:
        self.known: list[dict[Key, Any]] = []

    def open(self, open_page: Callable[..., AppTest], **address: str) -> AppTest:
        """The page, with a clip that is new to it only the first time."""
        kept = caching._read(), caching._drawn(), caching._heard()
        for latest, known in zip(kept, self.known, strict=False):
            for key, value in known.items():
                latest.read(key, lambda value=value: value)
        app = open_page("views/clip.py", **address)
        self.known = self.known or [{key: latest.read(key, lambda: None) for key in latest} for latest in kept]
        return app


class Desk:
    """What the desk of a page was sent, run by run."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Sent] = []
        monkeypatch.setattr(clip_page, "show", lambda _key, sent, *_: self.sent.append(sent))

    @property
    def last(self) -> Sent:
        return self.sent[-1]

    @property
    def head(self) -> dict[str, Any]:
        """The words before the numbers."""
        tiles = self.last.tiles
        return json.loads(tiles[8 : 8 + int.from_bytes(tiles[4:8], "little")])

    @property
    def lanes(self) -> list[str]:
        return [lane["id"] for lane in self.head["lanes"]]

    def lane(self, name: str) -> dict[str, Any]:
        return next(lane for lane in self.head["lanes"] if lane["id"] == name)
