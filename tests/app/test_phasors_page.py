"""The page on which a window is moved and its features turn: the answer with its controls, the pictures, the sound, and refusals."""

import json
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.phalar.encoder import build as build_phalar
from tests.app.clip_pages import a_clip, with_clip
from tests.clips.phasor_models import SHORT

DESCRIBED: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}


@pytest.fixture(scope="module")
def turning(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("checkpoints") / "phalar"
    return save_checkpoint(folder, build_phalar(SHORT, 1), arm="phalar", scale="tiny", **DESCRIBED)


@pytest.fixture
def app(monkeypatch, turning, rng, tmp_path, open_page):
    with_clip(monkeypatch, tmp_path, turning, a_clip(rng, seconds=6.0))
    return open_page("views/phasors.py")


def figures_of(app) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def captions(app) -> str:
    return "\n".join(caption.value for caption in app.caption)


def test_the_answer_has_its_controls_and_says_whose_the_law_is(app) -> None:
    answer = app.header[0].value
    assert "° off the law on average where sound really moves by up to 0.24 s; untrained twin " in answer
    assert "unrelated windows " in answer
    said = captions(app)
    assert "T = 1.04 s (13 frames of 0.08 s), k = 1 to 3" in said
    assert "a property of the architecture, not of training: the untrained twin keeps it as well" in said
    assert "of 6 outputs of the head go around 0; untrained twin" in said
    assert "SDs above 12 unrelated windows" in said
    assert not app.exception
