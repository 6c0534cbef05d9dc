"""The page on which patches are masked: the answer with its control, the pictures, and what it cannot do."""

import json
from typing import Any

import numpy as np
import pytest

from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.pupujepa.network import build as build_pupu
from analysis.models.pupujepa_family import preset
from analysis.models.vit1d.config import SCALES
from analysis.models.vit1d.encoder import build as build_vit
from app.charts.patches import masked_level, patch_numbers
from tests.app.clip_pages import a_clip, with_clip

DESCRIBED: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}


@pytest.fixture(scope="module", params=["pupujepa", "pupujepa1d"])
def predicting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("checkpoints") / request.param
    model = build_pupu(preset(f"{request.param}-tiny"), 1)
    return save_checkpoint(folder, model, arm=request.param, scale="tiny", **DESCRIBED)


@pytest.fixture
def app(monkeypatch, predicting, rng, tmp_path, open_page):
    with_clip(monkeypatch, tmp_path, predicting, a_clip(rng, seconds=6.0))
    return open_page("views/masking.py")


def figures_of(app) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_the_answer_has_its_control_and_every_picture_its_axes(app, predicting) -> None:
    answer, (moments, bands) = app.header[0].value, predicting.model_config.grid
    assert "own mean target" in answer
    assert "explained at " in answer
    assert f"masked of {moments * bands} patches" in answer
    assert "untrained twin" in answer
    drawn = figures_of(app)
    assert len(drawn) == 3
    for figure in drawn:
        axes = [figure["layout"][axis]["title"]["text"] for axis in ("xaxis", "yaxis")]
        assert axes == ["time in the window (s)", "frequency (Hz)"]
        assert "1,000" in figure["layout"]["yaxis"]["ticktext"]
    assert any("of the attention goes to visible patches" in caption.value for caption in app.caption)
    assert len(app.get("audio")) == 1


def test_another_mask_gives_another_answer(app) -> None:
    before = app.header[0].value
    app.segmented_control(key="pick_masks").set_value("stripes").run()
    stripes = app.header[0].value
    assert stripes != before
    app.segmented_control(key="pick_ratio").set_value("40").run()
    assert app.header[0].value != stripes
    assert (app.query_params["masks"], app.query_params["ratio"]) == ("stripes", "40")
    app.slider(key="pick_window").set_value(2).run()
    assert any("From 4.0 to 8.0 s" in caption.value for caption in app.caption)
    assert not app.exception


def test_a_patch_that_is_clicked_is_looked_from(app, predicting) -> None:
    def sentence() -> str:
        return next(caption.value for caption in app.caption if "of the attention goes" in caption.value)

    before, targets = sentence(), next(trace for trace in figures_of(app)[1]["data"] if trace["name"] == "patches")
    moment, band = next(key for key in targets["customdata"] if f"From {key[0] * 0.16:.2f} to" not in before)
    app.session_state["masking_errors"] = {"selection": {"points": [{"customdata": [moment, band]}]}}
    app.run()
    assert not app.exception
    assert f"From {moment * 0.16:.2f} to {(moment + 1) * 0.16:.2f} s" in sentence()
    for wrong in ([999, 0], [0], ["x", "y"]):
        app.session_state["masking_errors"] = {"selection": {"points": [{"customdata": wrong}]}}
        app.run()
        assert not app.exception


def test_regions_can_be_named(app, predicting) -> None:
    app.segmented_control(key="pick_masks").set_value("regions").run()
    app.text_input(key="pick_regions").set_value("1-2 s, 0-12000 Hz").run()
    assert f"at {7 * predicting.model_config.grid[1]} masked of" in app.header[0].value
    app.text_input(key="pick_regions").set_value("the chorus").run()
    assert not app.exception
    assert "'the chorus' is no region; expected such as 1-2 s, 200-800 Hz" in app.error[0].value


def test_a_model_without_a_predictor_is_refused(monkeypatch, rng, tmp_path, open_page) -> None:
    other = save_checkpoint(
        tmp_path / "checkpoints" / "vit", build_vit(SCALES["tiny"], 1), arm="vit1d", scale="tiny", **DESCRIBED
    )
    with_clip(monkeypatch, tmp_path, other, a_clip(rng))
    app = open_page("views/masking.py")
    assert not app.exception
    assert "vit is of the family ViT-1D, which predicts nothing of what is masked." in app.info[0].value
    assert not app.get("plotly_chart")


def test_where_nobody_has_chosen_a_model_with_a_predictor_is_shown(monkeypatch, predicting, rng, tmp_path, open_page) -> None:
    first = save_checkpoint(
        tmp_path / "checkpoints" / "first", build_vit(SCALES["tiny"], 1), arm="vit1d", scale="tiny", **DESCRIBED
    )
    with_clip(monkeypatch, tmp_path, first, a_clip(rng, seconds=6.0))
    monkeypatch.setattr("app.kit.controls.usable", lambda: ([first, predicting], []))
    assert open_page("views/masking.py").selectbox(key="pick_checkpoint").value == predicting.name
    assert open_page("views/masking.py", checkpoint="first").selectbox(key="pick_checkpoint").value == "first"


def test_pictures_hold_their_numbers_and_no_more() -> None:
    edges_s, mel_hz = np.linspace(0, 4, 26), np.geomspace(30, 12_000, 129)
    mask = np.zeros((25, 4), bool)
    mask[3, 1] = mask[7, 2] = True
    noise = np.random.default_rng(0).normal(-40, 10, (2000, 128))
    level: Any = masked_level(noise, mask, edges_s, mel_hz).data
    assert level[0]["z"].shape == (128, 512)
    assert np.argwhere(level[1]["z"]).tolist() == [[1, 3], [2, 7]]
    values = np.where(mask, 0.7, np.nan)
    drawing: Any = patch_numbers(values, edges_s, mel_hz, title="error", low=0, high=2, chosen=(7, 2), targets=mask)
    heat, targets = drawing.data
    assert heat["z"][1, 3] == heat["z"][2, 7] == np.float32(0.7)
    assert np.isfinite(heat["z"]).sum() == 2
    assert [list(key) for key in targets["customdata"]] == [[3, 1], [7, 2]]
    (frame,) = drawing.layout.shapes
    assert (frame["x0"], frame["y0"], frame["y1"]) == (pytest.approx(7 * 0.16), 64, 96)
    tall: Any = patch_numbers(values[:, 1:2], edges_s, mel_hz, title="error", low=0, high=2, targets=mask[:, 1:2])
    assert tall.data[0]["z"].shape == (1, 25)
    assert list(tall.data[0]["y"]) == [0, 128]  # a patch of all bands is as high as they are
    assert list(masked_level(noise, mask[:, 1:2], edges_s, mel_hz).data[1]["y"]) == [0, 128]  # pyright: ignore
    assert list(heat["y"]) == [16, 48, 80, 112]
    empty = patch_numbers(np.full((25, 4), np.nan), edges_s, mel_hz, title="error", low=0, high=2)
    assert "Nothing to draw" in empty.to_dict()["layout"]["annotations"][0]["text"]
