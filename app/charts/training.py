"""How training went."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from numpy import asarray, float32

from app.charts import theme

STEP_NAMES = ("step", "steps", "epoch")


def curves(history: Sequence[Mapping[str, object]]) -> go.Figure:
    """Every quantity with "loss" in its name over steps, each labelled at its end."""
    step = next((name for name in STEP_NAMES if any(name in row for row in history)), "entry")
    drawing = theme.figure(step, "loss", height=420)
    names = dict.fromkeys(name for row in history for name in row if "loss" in name)
    for name, colour in zip(names, theme.CATEGORICAL, strict=False):
        points = [(row.get(step, i), row[name]) for i, row in enumerate(history) if _is_number(row.get(name))]
        if not points:
            continue
        x, y = (theme.pool(asarray(values, float32), 2000) for values in zip(*points, strict=True))
        drawing.add_scatter(x=x, y=y, mode="lines", line={"color": colour}, name=name.replace("_", " "))
    drawing.update_layout(showlegend=len(drawing.to_dict()["data"]) > 1)
    return drawing


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
