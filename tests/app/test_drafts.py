"""A draft holds what Plotly's own methods of the same names would have made of a figure."""

import importlib
import json
import sys
import threading
from typing import Any

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from app.charts import draft, theme
from app.charts.draft import Draft, grid


def parts(drawing: go.Figure) -> dict[str, list[theme.Part] | theme.Part]:
    """Traces and layout, without the template: a grid of Plotly's begins with the usual one of the process."""
    given = json.loads(drawing.to_json() or "")
    return {"data": given["data"], "layout": {name: part for name, part in given["layout"].items() if name != "template"}}


def draw(drawing: Draft | go.Figure, **panel: Any) -> None:
    drawing.add_scatter(x=[1, 2], y=[3.5, None], mode="lines", line={"width": 2}, name="a", **panel)
    drawing.add_scatter(x=[1], y=[2], marker={"symbol": "circle", "size": 9}, **panel)
    drawing.add_shape(type="rect", x0=0, x1=1, y0=2, y1=3, line={"width": 0}, **panel)
    drawing.update_xaxes(title={"standoff": 6}, range=[0, 1])
    drawing.update_yaxes({"showgrid": True}, tickvals=[0, 1], **panel)
    drawing.update_layout(margin={"l": 7}, legend={"orientation": "h"})
    drawing.update_layout(legend={"title": {"text": "sides"}})
    drawing.add_annotation(text="n", x=0.5, y=1, showarrow=False)


def test_of_one_pair_of_axes() -> None:
    ours, theirs = Draft(theme.layout("x (s)", "y (dB)")), theme.figure("x (s)", "y (dB)")
    for drawing in (ours, theirs):
        draw(drawing)
        drawing.add_hline(y=2.5, line={"dash": "dash"}, layer="below")
        drawing.update_traces(hoverinfo="skip", marker={"size": 7})
    assert parts(ours.figure()) == parts(theirs)
    assert ours.figure().to_plotly_json()["layout"]["template"] == theirs.to_plotly_json()["layout"]["template"]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 1), (3, 4)])
def test_of_panels(rows: int, columns: int) -> None:
    ours = grid(theme.layout("x", "y"), rows, columns, across=0.03, between=0.1)
    theirs = make_subplots(rows, columns, horizontal_spacing=0.03, vertical_spacing=0.1)
    theirs.update_layout(theme.figure("x", "y").layout)
    for drawing in (ours, theirs):
        draw(drawing, row=rows, col=columns)
    ours.add_hline(y=2.5, row=rows, col=columns)
    where: Any = {"row": rows, "col": columns}  # for whose numbers Plotly's annotation expects text
    theirs.add_hline(y=2.5, exclude_empty_subplots=False, **where)
    assert parts(ours.figure()) == parts(theirs)


def test_of_rows_of_different_heights() -> None:
    ours = grid(theme.layout("", ""), 3, 1, across=0.0, between=0.05, heights=[280, 130, 90])
    theirs = make_subplots(3, 1, row_heights=[280, 130, 90], vertical_spacing=0.05).update_layout(theme.figure("", "").layout)
    assert parts(ours.figure()) == parts(theirs)


def test_what_plotly_does_not_know_is_an_error() -> None:
    drawing = Draft(theme.layout("x", "y"))
    drawing.add_scatter(x=[1], y=[1], colour="red")
    with pytest.raises(ValueError, match="colour"):
        drawing.figure()


def test_what_is_handed_over_stays_as_it_is() -> None:
    look = {"font": {"size": 12}}
    drawing = Draft(theme.layout("x", "y"))
    drawing.update_layout(hoverlabel=look)
    drawing.update_layout(hoverlabel={"font": {"size": 20}, "align": "left"})
    assert look == {"font": {"size": 12}}
    drawing.add_scatter(x=[1], y=[1], marker=look)
    drawing.update_traces(marker={"font": {"size": 7}})
    assert look == {"font": {"size": 12}}


def test_a_figure_grows_with_its_margins() -> None:
    drawing = Draft(theme.layout("x", "y", 100) | {"margin": {"l": 1, "r": 2, "t": 3, "b": 4}})
    drawing.grow(top=10, below=20, height=30)
    assert (drawing.margin, drawing.layout["height"]) == ({"l": 1, "r": 2, "t": 13, "b": 24}, 130)


def test_a_figure_waits_for_what_another_thread_is_just_importing(tmp_path, monkeypatch):
    """Plotly takes a module that is loaded for a whole one."""
    (tmp_path / "slow_to_come.py").write_text("import time\ntime.sleep(0.5)\nwhole = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "slow_to_come", raising=False)
    thread = threading.Thread(target=importlib.import_module, args=("slow_to_come",))
    thread.start()
    while "slow_to_come" not in sys.modules:
        pass
    draft.wait_for("slow_to_come")
    assert sys.modules["slow_to_come"].whole
    thread.join()
    draft.wait_for("there_is_no_such_module")  # nobody imports it
    assert "there_is_no_such_module" not in sys.modules
