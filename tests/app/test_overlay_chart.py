"""Distributions over each other: colours and symbols of checkpoints, twins dashed, means and published means apart."""

from typing import Any

import numpy as np
import pytest

from analysis.published.published import Published
from app.charts import overlay, theme
from app.charts.histogram import Bar
from app.charts.overlay import Curve
from app.studies.embedding import cosines


def curve(name: str, shares: list[float], *, mean: float | None = None, twin: bool = False) -> Curve:
    bars = tuple(Bar("matched", 0.1 * i, 0.1 * (i + 1), share, round(10 * share)) for i, share in enumerate(shares))
    return Curve(name, bars, mean, twin)


def overlaid(found: dict[str, list[Curve]], **options: Any) -> Any:
    return overlay.overlay(found, **options)


def traces(drawing: Any, **wanted: Any) -> list[Any]:
    return [trace for trace in drawing.data if all(getattr(trace, name) == value for name, value in wanted.items())]


def test_every_checkpoint_has_its_colour_and_its_symbol() -> None:
    panel = [curve("a", [0.2, 0.8], mean=0.13), curve("b", [0.5, 0.5], mean=0.1)]
    drawing = overlaid({"matched": panel}, x_title="x (no unit)", y_title="y (%)", colours={"a": "#D55E00", "b": "#0072B2"})
    lines = [trace for trace in traces(drawing, mode="lines") if trace.x[0] is not None]
    assert [trace.line.color for trace in lines] == ["#D55E00", "#0072B2"]
    np.testing.assert_allclose(lines[0].y, [0, 20, 80, 80, 0])
    means = [trace for trace in drawing.data if str(trace.name).startswith("mean of")]
    assert [(trace.x[0], trace.marker.color) for trace in means] == [(0.13, "#D55E00"), (0.1, "#0072B2")]
    assert len({trace.marker.symbol for trace in means}) == 2
    assert means[0].y[0] > 80  # above the curves, and inside the axis
    assert means[0].y[0] < drawing.layout.yaxis.range[1]


def test_twins_are_grey_and_dashed_on_a_scale_of_their_own() -> None:
    found = {"matched": [curve("a", [0.2, 0.8])], "twins": [curve("a", [0.02, 0.98], twin=True)]}
    drawing = overlaid(found, x_title="x", y_title="y")
    (twin,) = [trace for trace in traces(drawing, mode="lines") if trace.line.color == theme.TWIN and trace.x[0] is not None]
    assert twin.line.dash == "dash"
    assert twin.yaxis == "y2"
    assert [trace.name for trace in drawing.data if trace.showlegend is None and trace.x[0] is None] == ["a", "untrained twins"]
    assert drawing.layout.yaxis2.range[1] > drawing.layout.yaxis.range[1]


def test_published_means_are_open_black_diamonds_that_lie_on_the_axis() -> None:
    found = {"matched": [curve("a", [0.2, 0.8], mean=0.13)], "other": [curve("a", [1.0])]}
    drawing = overlaid(found, x_title="x", y_title="y", published=[("D0", 0.58), ("d<b>", 0.72)])
    (told,) = [trace for trace in drawing.data if trace.mode == "markers+text"]
    assert (list(told.x), told.marker.symbol, told.marker.color) == ([0.58, 0.72], "diamond-open", "#000000")
    assert [text.strip() for text in told.text] == ["D0 0.58", "d&lt;b&gt; 0.72"]
    assert list(told.textposition) == ["middle left", "middle right"]
    assert told.yaxis in (None, "y")
    assert drawing.layout.xaxis.range[1] > 0.72
    assert overlay.PUBLISHED in [trace.name for trace in drawing.data if trace.showlegend]
    without = overlaid(found, x_title="x", y_title="y")
    assert overlay.PUBLISHED not in [trace.name for trace in without.data]


def test_nothing_to_draw_is_said() -> None:
    assert "Nothing to draw" in overlaid({"matched": [curve("a", [0.0])]}, x_title="", y_title="").layout.annotations[0].text


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mean cosines and another number."""
    numbers = [
        ("D0", "matched pairs", "mean cosine", 0.58),
        ("d4a4", "matched pairs", "mean cosine", 0.72),
        ("D0", "x", "y", 3.0),
    ]
    records = tuple(Published("embedding", *one, "", "paper", (), "c", "n") for one in numbers)
    monkeypatch.setattr(cosines, "published", lambda study: records)


def test_only_mean_cosines_are_marked(told: None) -> None:
    assert cosines.published_means() == [("D0", 0.58), ("d4a4", 0.72)]
