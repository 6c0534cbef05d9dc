"""A figure while it is drawn: plain parts, which Plotly checks all at once, in a tenth of the time of one after the other."""

import importlib
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence

import plotly.graph_objects as go

from app.charts.theme import Part

Span = tuple[float, float]


def wait_for(name: str) -> None:
    """Until a module is whole that another thread is just importing: Plotly looks at what is there, whole or not."""
    if name in sys.modules:
        importlib.import_module(name)


class Draft:
    """Traces and a layout as Plotly's own methods of the same names would leave them; parts of parts are dictionaries.

    `row` and `col` are those of a panel of a `grid`, from 1 at its upper left; 0: none, and on one pair of axes that pair.
    """

    def __init__(self, layout: Part, columns: int = 1) -> None:
        self.layout: Part = {"annotations": [], "shapes": []}
        self.traces: list[Part] = []
        self._columns = columns
        _merge(self.layout, layout)

    @property
    def margin(self) -> Part:
        """Pixels by side: "l", "r", "t" and "b"."""
        return self.layout["margin"]

    def figure(self) -> go.Figure:
        """The figure, every part of which Plotly has checked; what is added to its panels later names their axes.

        Raises:
            ValueError: Plotly does not know a part or does not take its value.
        """
        wait_for("pandas")
        return go.Figure(data=self.traces, layout={name: part for name, part in self.layout.items() if part != []})

    def add_trace(self, trace: Part, *, row: int = 0, col: int = 0) -> None:
        """A trace with its `type`."""
        where = {"xaxis": self._axis("x", row, col), "yaxis": self._axis("y", row, col)} if row else {}
        self.traces.append({})
        _merge(self.traces[-1], {**trace, **where})

    def add_scatter(self, *, row: int = 0, col: int = 0, **look: object) -> None:
        """A trace of points or lines."""
        self.add_trace({"type": "scatter", **look}, row=row, col=col)

    def add_annotation(self, **look: object) -> None:
        """A text."""
        self._list("annotations").append(look)

    def add_shape(self, *, row: int = 0, col: int = 0, **look: object) -> None:
        """A line or a rectangle."""
        where = {"xref": self._axis("x", row, col), "yref": self._axis("y", row, col)} if row else {}
        self._list("shapes").append({**look, **where})

    def add_hline(self, *, y: float, row: int = 0, col: int = 0, **look: object) -> None:
        """A line across a panel."""
        where = {"xref": f"{self._axis('x', row, col)} domain", "yref": self._axis("y", row, col)}
        self._list("shapes").append({"type": "line", "x0": 0, "x1": 1, "y0": y, "y1": y, **where, **look})

    def update_layout(self, **parts: object) -> None:
        """What is not named stays as it is."""
        _merge(self.layout, parts)

    def grow(self, *, top: int = 0, below: int = 0, height: int = 0) -> None:
        """The margins and the height of a figure that has them, by so many pixels."""
        margin = self.margin
        self.update_layout(margin={"t": margin["t"] + top, "b": margin["b"] + below}, height=self.layout["height"] + height)

    def update_xaxes(self, parts: Mapping[str, object] | None = None, *, row: int = 0, col: int = 0, **more: object) -> None:
        """Of a panel, or of all."""
        self._update_axes("x", parts or {}, more, row, col)

    def update_yaxes(self, parts: Mapping[str, object] | None = None, *, row: int = 0, col: int = 0, **more: object) -> None:
        """Of a panel, or of all."""
        self._update_axes("y", parts or {}, more, row, col)

    def update_traces(self, **parts: object) -> None:
        """Of all traces so far."""
        for trace in self.traces:
            _merge(trace, parts)

    def axes(self, side: str) -> Iterator[Part]:
        """All abscissas, "x", or ordinates, "y"."""
        return (part for name, part in self.layout.items() if name.startswith(f"{side}axis"))

    def _update_axes(self, side: str, parts: Mapping[str, object], more: Mapping[str, object], row: int, col: int) -> None:
        chosen = [self.layout[self._axis(side, row, col).replace(side, f"{side}axis")]] if row else self.axes(side)
        for axis in chosen:
            _merge(axis, {**parts, **more})

    def _axis(self, side: str, row: int, col: int) -> str:
        number = (row - 1) * self._columns + col if row else 1
        return side if number == 1 else f"{side}{number}"

    def _list(self, name: str) -> list[Part]:
        return self.layout[name]


def grid(layout: Part, rows: int, columns: int, *, across: float, between: float, heights: Sequence[float] = ()) -> Draft:
    """Empty panels with an abscissa and an ordinate each, numbered from the upper left by rows.

    Args:
        layout: of the figure; what it says of axes is said of the first panel.
        rows: how many panels there are below each other.
        columns: how many beside each other.
        across: share of the width between two panels.
        between: share of the height between two.
        heights: of the rows, in any unit; equal ones where nothing is said.
    """
    axes: Part = {}
    spans = itertools.product(reversed(_spans(list(heights)[::-1] or [1.0] * rows, between)), _spans([1.0] * columns, across))
    for number, (height, width) in enumerate(spans, 1):
        name = "" if number == 1 else str(number)
        axes |= {
            f"xaxis{name}": {"anchor": f"y{name}", "domain": list(width)},
            f"yaxis{name}": {"anchor": f"x{name}", "domain": list(height)},
        }
    draft = Draft(axes, columns)
    draft.update_layout(**layout)
    return draft


def _spans(sizes: Sequence[float], gap: float) -> list[Span]:
    """Where parts of these sizes with a gap between them begin and end, as shares of the whole."""
    parts = [(1.0 - gap * (len(sizes) - 1)) * (size / sum(sizes)) for size in sizes]
    starts = [sum(parts[:number]) + number * gap for number in range(len(parts))]
    return [(start, min(start + part, 1.0)) for start, part in zip(starts, parts, strict=True)]  # 1 + 1e-16 is not a share


def _merge(old: Part, new: Mapping[str, object]) -> None:
    """Names of `new` put into `old`, dictionaries within dictionaries; those of `new` themselves stay as they are."""
    for name, value in new.items():
        if not isinstance(value, Mapping):
            old[name] = value
            continue
        if not isinstance(old.get(name), dict):
            old[name] = {}
        _merge(old[name], value)
