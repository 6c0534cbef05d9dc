"""Every study can be printed from its result alone."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.text import Text

from analysis.figures.drawing import Axes as MatrixAxes
from analysis.figures.drawing import Point, curves, forest, maps, matrices
from analysis.results import Result
from analysis.studies.base.registry import find_study
from analysis.studies.shipped import shipped_folder

SHIPPED = sorted(shipped_folder().glob("*.json.gz"))


@pytest.mark.parametrize("place", SHIPPED, ids=[path.name.split("-")[0] for path in SHIPPED])
def test_shipped_results_can_be_printed(place: Path, tmp_path: Path) -> None:
    document = json.loads(gzip.decompress(place.read_bytes()))
    with np.load(place.with_name(place.name.replace(".json.gz", ".npz")), allow_pickle=False) as arrays:
        result = Result.from_document(document, dict(arrays))
    drawn = find_study(result.study).draw(result)
    assert drawn
    for caption, figure in drawn:
        assert caption.endswith(".")
        figure.savefig(tmp_path / "x.svg")
        assert (tmp_path / "x.svg").stat().st_size > 5000


def test_what_the_null_explains_is_hollow_and_twins_are_grey() -> None:
    points = [Point("a", "", 0.5, 0.4, 0.6, 0.1), Point("a", "", 0.1, 0.0, 0.2, 0.1, twin=True)]
    markers = [line for line in forest(points, "S (%)").axes[0].lines if line.get_marker() in ("o", "s")]
    assert [line.get_markerfacecolor() for line in markers] == ["#0072B2", "white"]
    assert markers[1].get_color() == "#7F7F7F"


def test_curves_have_a_panel_per_group_and_named_ticks() -> None:
    points = [
        Point(group, "x", value, value - 1, value + 1, at=at) for group in ("one", "two") for at, value in enumerate((1.0, 2.0))
    ]
    figure = curves(points, "dose", "moved", ["low", "high"])
    assert [axis.get_title() for axis in figure.axes] == ["one", "two"]
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["low", "high"]


def test_missing_cells_stay_blank_and_pairs_are_joined() -> None:
    cells = {"m": {("1", "1"): Point("1", "1", 0.5), ("2", "2"): Point("2", "2", 0.1, 0.0, 0.2, 0.15)}}
    axis = matrices(cells, ["1", "2"], ["1", "2"], MatrixAxes("x", "y", "CKA", 0.0, 1.0)).axes[0]
    shown = np.ma.filled(np.ma.asarray(axis.images[0].get_array()), np.nan)
    assert np.isnan(shown[0, 1])
    assert shown[0, 0] == 0.5
    (strokes,) = axis.collections
    assert len(strokes.get_paths()) == 1  # the stroke through the cell that its null explains
    audio, midi = np.zeros((3, 2)), np.ones((3, 2))
    joined, *_ = maps({"m": (audio, midi)}, "1", "2").axes[0].collections
    assert [np.asarray(path.vertices).tolist() for path in joined.get_paths()] == 3 * [[[0, 0], [1, 1]]]


def test_a_sign_that_the_font_lacks_is_drawn_and_not_warned_of(recwarn):
    from matplotlib.figure import Figure

    from analysis.figures.saving import save

    figure, file = Figure(), io.BytesIO()
    figure.suptitle("Sonata \U0001f3bb for \U0001f431")
    save(figure, file, format="png")
    assert file.getvalue().startswith(b"\x89PNG")
    assert [str(one.message) for one in recwarn] == []


def test_dollars_in_names_begin_no_formula(tmp_path: Path) -> None:
    names = ["x$\\frac$y", "$", "$$", "a$b$c", "\\$x$", "$\\undefined{$"]
    every = ", ".join(names)
    points = [Point(every, name, 0.5, 0.4, 0.6, at=at) for name in names for at in (0, 1)]
    figures = [
        forest(points[::2], every),
        curves(points, every, every, names),
        matrices({every: {(name, name): points[0] for name in names}}, names, names, MatrixAxes(every, every, every, 0.0, 1.0)),
        maps({every: (np.zeros((2, 2)), np.ones((2, 2)))}, every, every),
    ]
    for figure in figures:
        figure.savefig(tmp_path / "x.svg", format="svg")
        written = [text for text in figure.findobj(Text) if "$" in text.get_text()]
        assert len(written) > 2
        assert not any(text.get_parse_math() for text in written)
