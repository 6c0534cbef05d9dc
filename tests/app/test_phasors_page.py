"""The page on which a window is moved and its features turn: the answer, the pictures, the sound, and refusals."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from analysis.datasets import hands
from analysis.datasets.piece import Piece
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.phalar.encoder import build as build_phalar
from analysis.models.vit1d.config import SCALES
from analysis.models.vit1d.encoder import build as build_vit
from app import caching
from app.charts import phasors as charts
from app.charts import theme
from tests.app.clip_pages import a_clip, with_clip
from tests.clips.phasor_models import SHORT

DESCRIBED: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}


@pytest.fixture(scope="module")
def turning(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("checkpoints") / "phalar"
    return save_checkpoint(folder, build_phalar(SHORT, 1), arm="phalar", scale="tiny", **DESCRIBED)


@pytest.fixture
def app(monkeypatch, turning, rng, tmp_path, open_page, shown_strips):
    with_clip(monkeypatch, tmp_path, turning, a_clip(rng, seconds=6.0))
    return open_page("views/phasors.py")


def figures_of(app) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def captions(app) -> str:
    return "\n".join(caption.value for caption in app.caption).replace("\\", "")  # as it is read


def test_the_answer_has_its_controls_and_every_picture_its_axes(app, shown_strips) -> None:
    assert not app.exception
    answer = app.header[0].value
    assert "° off the law on average where sound really moves by up to 0.24 s; untrained twin " in answer
    assert "unrelated windows " in answer
    text = captions(app)
    assert "T = 1.04 s (13 frames of 0.08 s), k = 1 to 3" in text
    assert "a property of the architecture, not of training: features moved in a circle keep it to < 0.001°" in text
    assert "of 6 outputs of the head go around 0; untrained twin" in text
    assert "SDs above 12 unrelated windows" in text
    plane, along, similarity = figures_of(app)
    titles = [axis["title"]["text"] for name, axis in plane["layout"].items() if name[1:5] == "axis"]
    assert titles == 4 * [charts.REAL, charts.IMAGINARY]
    assert len(plane["layout"]["annotations"]) == 4
    ordinates = [along["layout"][name]["title"]["text"] for name in ("yaxis", "yaxis2", "yaxis3")]
    assert ordinates == ["turned (°)", "off the law (°)", "amplitude (× at 0)"]
    assert similarity["layout"]["yaxis"]["title"]["text"] == "S (SDs above unrelated)"
    assert {trace["name"] for trace in similarity["data"]} == {
        "sound in a circle", "untrained twin, really moved", "really moved", "mean of unrelated windows",
    }  # fmt: skip
    assert "Sound in a circle, which keeps what sounds, at 0 s → at 0.08 s: " in text
    assert similarity["layout"]["xaxis"]["title"]["text"] == along["layout"]["xaxis3"]["title"]["text"] == "shift δ (s)"
    assert shown_strips.names == ["as it is", "moved"]
    original, moved = (shown_strips.channel(name) for name in shown_strips.names)
    lag = round(0.08 * SHORT.sample_rate)  # the usual shift: one frame, with which the sound comes later
    np.testing.assert_allclose(moved[lag:], original[:-lag], atol=2e-3)


def test_shift_component_channel_and_window_are_followed(app) -> None:
    before = figures_of(app)
    app.select_slider(key="pick_shift").set_value(5).run()
    assert not app.exception
    after = figures_of(app)
    for figure in after[1:]:
        assert [shape["x0"] for shape in figure["layout"]["shapes"]] == pytest.approx([0.4] * len(figure["layout"]["shapes"]))
    assert before[1]["data"] == after[1]["data"]  # a shift moves points along trails that stay
    assert before[0]["data"] != after[0]["data"]
    assert "→ at 0.40 s" in captions(app)
    app.slider(key="pick_component").set_value(3).run()
    assert any(text.value.startswith("**Component 3** (2.88 Hz)") for text in app.markdown)
    law = next(trace for trace in figures_of(app)[1]["data"] if trace["name"] == "the law")
    assert figures_of(app)[1]["data"] != after[1]["data"]
    assert law["line"]["dash"] == "dot"
    channel = app.segmented_control(key="pick_channel")
    channel.set_value(channel.options[-1]).run()
    assert f"Channel {channel.options[-1]}, in a circle" in figures_of(app)[0]["layout"]["annotations"][0]["text"]
    app.segmented_control(key="pick_window").set_value("0").run()
    assert "off the law at most, in a circle; chance 90°. This window has no sound before it" in app.header[0].value
    assert "nothing can be heard that is moved by more" in captions(app)
    assert not app.exception
    assert {app.query_params[name] for name in ("shift", "component", "window")} == {"5", "3", "0"}


def test_one_hand_is_moved_against_the_other(app, monkeypatch, rng, tmp_path, shown_strips) -> None:
    piece = Piece("a", "A", "a", "a", "test", 8.0, tmp_path / "a.wav", tmp_path / "a.mid")
    demo = SimpleNamespace(title="Demo", piece=piece, start_s=2.0)
    rendered: list[str] = []

    def render(piece: Piece) -> None:
        rendered.append(piece.piece_id)
        for stem, loud in zip(piece.stems, (0.1, 0.05), strict=True):
            (path,) = stem.audio_paths
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, rng.normal(0, loud, 8 * 24_000), 24_000)

    monkeypatch.setattr(hands, "render_hands", render)
    monkeypatch.setattr(caching, "demo_clips", lambda: [demo])
    alone = app.header[0].value
    app.selectbox(key="pick_moved").set_value("the right hand, against the left").run()
    assert not app.exception
    assert not app.error
    assert rendered == ["a"]
    assert app.header[0].value != alone
    assert any(text.value == "**Similarity** of the right hand, moved, against the left" for text in app.markdown)
    together, _ = shown_strips.shown[-1][1].variants
    assert together.about == "both hands together"


def test_a_model_without_phase_is_refused(monkeypatch, rng, tmp_path, open_page) -> None:
    other = save_checkpoint(
        tmp_path / "checkpoints" / "vit", build_vit(SCALES["tiny"], 1), arm="vit1d", scale="tiny", **DESCRIBED
    )
    with_clip(monkeypatch, tmp_path, other, a_clip(rng))
    app = open_page("views/phasors.py")
    assert not app.exception
    assert (
        "vit is of the family ViT-1D, whose features are real numbers: they have no phase that could turn." in app.info[0].value
    )
    assert "otoscope train phalar" in app.info[0].value
    assert not app.get("plotly_chart")


def test_where_nobody_has_chosen_a_model_with_phasors_is_shown(monkeypatch, turning, rng, tmp_path, open_page) -> None:
    first = save_checkpoint(
        tmp_path / "checkpoints" / "first", build_vit(SCALES["tiny"], 1), arm="vit1d", scale="tiny", **DESCRIBED
    )
    with_clip(monkeypatch, tmp_path, first, a_clip(rng, seconds=6.0))
    monkeypatch.setattr("app.kit.controls.usable", lambda: ([first, turning], []))
    assert open_page("views/phasors.py").selectbox(key="pick_checkpoint").value == turning.name
    assert open_page("views/phasors.py", checkpoint="first").selectbox(key="pick_checkpoint").value == "first"


def test_planes_of_a_row_have_one_scale_and_trails_their_points() -> None:
    angle = np.exp(1j * np.linspace(0, 2 * np.pi, 9))
    trails = np.stack([angle, 3 * angle**2], axis=1)
    small = charts.Trails("a", "component", trails / 2, trails[2] / 2, ["1", "2"], frozenset({0}))
    large = charts.Trails("<b>", "component", trails, None, ["1", "2"], dotted=True)
    other = charts.Trails("c", "output", 9 * trails, 9 * trails[0], ["4", "7"], hollow=frozenset({1}))
    drawing: Any = charts.plane([small, large, other, other], columns=2)
    ranges = [drawing.layout[name]["range"] for name in ("xaxis", "yaxis", "xaxis2", "xaxis3", "yaxis4")]
    np.testing.assert_allclose(ranges, [(-3.36, 3.36)] * 3 + [(-30.24, 30.24)] * 2)
    assert [drawing.layout[f"yaxis{number}"].scaleanchor for number in ("", "2", "3", "4")] == ["x", "x2", "x3", "x4"]
    assert drawing.layout.annotations[1].text == "<b>&lt;b&gt;</b>"
    lines = [trace for trace in drawing.data if trace.name == "component 1, trail"]
    assert [(line.mode, line.line.color) for line in lines] == [("lines", theme.SELECTION), ("lines+markers", theme.AUDIO)]
    np.testing.assert_allclose(lines[0].x + 1j * lines[0].y, angle / 2, atol=1e-6)
    (now,) = [trace for trace in drawing.data if trace.name == "components now"]
    assert list(now.text) == ["2", "1"]  # what is chosen is drawn last
    np.testing.assert_allclose(now.x + 1j * now.y, [trails[2, 1] / 2, trails[2, 0] / 2], atol=1e-6)
    assert "component 2: amplitude 1.5, angle 180°" in now.hovertext[0]
    outputs = [trace for trace in drawing.data if trace.name == "outputs now"]
    assert list(outputs[0].marker.symbol) == ["circle", "circle-open"]


def test_curves_that_end_early_end_early() -> None:
    shifts_s = 0.1 * np.arange(5)
    panels = {"a (°)": [charts.Curve("x", np.arange(5.0), theme.AUDIO)], "b (Hz)": [charts.Curve("x", np.ones(3), theme.AUDIO)]}
    drawing: Any = charts.along(panels, shifts_s, 0.2, (2, 1), 400)
    assert [len(trace.x) for trace in drawing.data] == [5, 3]
    assert [trace.showlegend for trace in drawing.data] == [True, False]
    assert [(shape.x0, shape.yref) for shape in drawing.layout.shapes] == [(0.2, "y domain"), (0.2, "y2 domain")]
    assert drawing.layout.xaxis2.title.text == charts.SHIFT
    assert not drawing.layout.xaxis.showticklabels
