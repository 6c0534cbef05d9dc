"""A descriptor of the sound over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme, timeline

if TYPE_CHECKING:
    from analysis.descriptors.descriptor import Look

N_TICKS = 7


def over_time(times_s: NDArray, values: NDArray[np.float32], name: str, look: Look, duration_s: float | None = None) -> go.Figure:
    """Values `(features, frames)` in the unit of the descriptor, one row per feature, the first at the bottom.

    Colours end where the descriptor says so; they have a middle where they end as far below 0 as above. Where features are bands
    side by side, their edges are written.
    """
    pooled = theme.pool(np.asarray(values), 4000, 1)
    scale = "RdBu_r" if look.low == -look.high else "cividis"
    z, x = np.asarray(pooled, np.float32), theme.pool(np.asarray(times_s), 4000)
    trace = theme.heat_map(z, x, list(look.features), scale=scale, low=look.low, high=look.high)
    ticks = np.linspace(look.low, look.high, N_TICKS)
    theme.label_colours(trace, f"{name} ({SHORT.get(look.unit, look.unit)})", ticks.tolist(), [f"{tick:.2g}" for tick in ticks])
    trace.update(hovertemplate=f"%{{x:.2f}} s, %{{y}}<br>%{{z:.2f}} {look.unit}<extra></extra>")
    last = float(times_s[-1]) if duration_s is None else duration_s
    drawing = timeline.figure(look.along, last, 230)
    drawing.add_trace(trace)
    edges = [f"{edge:,.0f}" for edge in look.edges_hz]
    at = {"tickvals": [index - 0.5 for index in range(len(edges))], "ticktext": edges} if edges else {}
    drawing.update_yaxes(type="category", **at)
    return drawing


SHORT = {"standard deviations": "st. dev."}  # beside a colour bar
