"""Every page opens, with nothing to show and with something."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.models.checkpoint import save_checkpoint
from app import caching
from tests.app.clip_pages import a_clip, with_clip
from tests.tiny import build_narrow

APP = Path(__file__).resolve().parents[2] / "app"
SCRIPTS = ["main.py", "views/checkpoints.py", "views/clip.py", "views/retrieval.py"]


def open_app(script):
    opened = AppTest.from_file(str(APP / script), default_timeout=300).run()
    assert not opened.exception
    return opened


@pytest.fixture(scope="module")
def reverse_arm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "reverse"
    kept = {
        "training": {"seed": 3},
        "evaluation": {},
        "history": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}],
        "card": "",
    }
    return save_checkpoint(folder, build_narrow("d4-a4r"), arm="d4-a4r", scale="small", **kept)


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_a_checkpoint_a_sentence_says_what_to_do(monkeypatch, script):
    monkeypatch.setattr(caching, "checkpoints", list)
    monkeypatch.setattr(caching, "demo_clips", list)
    opened = open_app(script)
    assert "No checkpoint was found" in opened.info[0].value
    assert "Otoscope" in opened.main.caption[-1].value


@pytest.mark.parametrize("script", SCRIPTS)
def test_with_a_checkpoint_and_a_clip(monkeypatch, rng, script, reverse_arm, tmp_path):
    with_clip(monkeypatch, tmp_path, reverse_arm, a_clip(rng))
    opened = open_app(script)
    assert not opened.info
    assert not opened.error, opened.error[0].value
