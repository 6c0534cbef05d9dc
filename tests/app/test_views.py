"""Every page opens, with nothing to show and with something."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analysis.datasets.audio import Waveform
from app import caching, controls

APP = Path(__file__).resolve().parents[2] / "app"
SCRIPTS = ["main.py", "views/checkpoints.py", "views/clip.py"]


def open_app(script):
    opened = AppTest.from_file(str(APP / script), default_timeout=60).run()
    assert not opened.exception
    return opened


def fake_analysis():
    token_s = np.linspace(0, 4, 20)
    return SimpleNamespace(
        window_s=4.0,
        n_windows=2,
        n_layers=3,
        n_heads=4,
        query_times_s=token_s,
        key_times_s=token_s,
        query_kind="CNN token",
        key_kind="A4 token",
        band_edges_hz=np.geomspace(50, 8000, 9),
        a4=(token_s, np.ones((8, 20), np.float32)),
        attention=lambda window, layer, head: np.full((20, 20), 0.05, np.float32),
        received=lambda layer: (token_s, np.full(20, 0.05)),
        self_similarity=lambda layer, max_side=512: (token_s, np.eye(20, dtype=np.float32)),
    )


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_a_checkpoint_a_sentence_says_what_to_do(monkeypatch, script):
    monkeypatch.setattr(caching, "checkpoints", list)
    monkeypatch.setattr(caching, "demo_clips", list)
    opened = open_app(script)
    assert "No checkpoint was found" in opened.info[0].value
    assert "Otoscope" in opened.caption[-1].value


@pytest.mark.parametrize("script", SCRIPTS)
def test_with_a_checkpoint_and_a_clip(monkeypatch, rng, script):
    checkpoint = SimpleNamespace(
        path=Path("x"),
        name="x",
        arm="a4",
        scale="tiny",
        config={},
        training={},
        evaluation={},
        sha256="0" * 64,
        history=lambda: [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}],
    )
    clip = controls.Clip(Waveform(rng.normal(0, 0.1, 48_000).astype(np.float32), 24_000, "x.wav", "1" * 64), b"RIFF")
    monkeypatch.setattr(caching, "checkpoints", lambda: [checkpoint])
    monkeypatch.setattr(caching, "parameters", lambda arm, scale: {"encoder": 1, "total": 1})
    monkeypatch.setattr(caching, "analysis", lambda checkpoint, waveform: fake_analysis())
    monkeypatch.setattr(controls, "pick_clip", lambda: clip)
    opened = open_app(script)
    assert not opened.info
    if script == "views/clip.py":
        opened.slider[1].set_value(3).run()
        assert not opened.exception
