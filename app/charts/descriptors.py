"""The bands of the A4 descriptor over time."""

import itertools

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme


def a4_bands(times_s: NDArray, values: NDArray[np.float32], band_edges_hz: NDArray) -> go.Figure:
    """Values `(bands, frames)`, one row per band, lowest at the bottom."""
    edges = np.asarray(band_edges_hz, float)
    names = [f"{low:.0f} – {high:.0f} Hz" for low, high in itertools.pairwise(edges)]
    pooled = theme.pool(np.asarray(values), 4000, 1)
    low, high = float(np.nanmin(pooled, initial=0.0)), float(np.nanmax(pooled, initial=1e-9))
    unit = (high - low) / theme.LEVELS
    z = theme.levels(pooled - low, unit)
    trace = theme.heat_map(z, theme.pool(np.asarray(times_s), 4000), names, scale="viridis", low=0, high=theme.LEVELS)
    ticks = np.linspace(0, theme.LEVELS, 5)
    theme.label_colours(trace, "A4 (standard deviations)", ticks.tolist(), [format(low + tick * unit, ".3g") for tick in ticks])
    trace.update(hovertemplate=f"%{{x:.2f}} s, %{{y}}<br>{low:.3g} + %{{z}} × {unit:.3g}<extra></extra>")
    drawing = theme.figure("time (s)", "frequency band (Hz)", height=260)
    drawing.add_trace(trace)
    drawing.update_yaxes(type="category", title_standoff=8, automargin=True)
    return drawing
