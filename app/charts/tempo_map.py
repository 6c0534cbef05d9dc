"""Similarity of a recording with clicks at every tempo, over time, below the beats that were found in it and those annotated."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Shaped
from numpy import ndarray
from plotly.subplots import make_subplots

from app.charts import theme

MOST_TEMPI, MOST_MOMENTS = 211, 2_000
HEIGHT_PX, MARKS_SHARE, BETWEEN = 460, 0.24, 0.05
LOW, HIGH = 1, 99  # percentiles of the map between which colours lie
COLOURS = (theme.JOINT, theme.AUDIO, theme.MIDI)
MARK_PX = 13


def tempo_map(
    scores: Shaped[ndarray, "tempi moments"],
    bpm: Shaped[ndarray, " tempi"],
    times_s: Shaped[ndarray, " moments"],
    beats_s: Mapping[str, Shaped[ndarray, " beats"]],
) -> go.Figure:
    """Beats as strokes, a row for each list, above a heat map in BPM and seconds of the recording.

    Args:
        scores: similarity of every template with the window whose first click would be at a time.
        bpm: tempi of the templates, rising.
        times_s: in the recording.
        beats_s: name → beats in the recording; the first is on top.
    """
    share = [MARKS_SHARE, 1 - MARKS_SHARE - BETWEEN]
    drawing = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=share, vertical_spacing=BETWEEN)
    drawing.update_layout(theme.layout("", "", HEIGHT_PX))
    for (name, times), colour in zip(beats_s.items(), COLOURS, strict=False):
        symbol = {"symbol": "line-ns-open", "size": MARK_PX, "color": colour, "line": {"width": 2}}
        drawing.add_scatter(
            x=np.asarray(times, np.float32), y=[name] * len(times), mode="markers", marker=symbol, name=name,
            hovertemplate="%{x:.2f} s<extra>%{y}</extra>", row=1, col=1,
        )  # fmt: skip
    _add_map(drawing, scores, bpm, times_s)
    names = list(beats_s)
    drawing.update_yaxes(categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(names) - 0.4], row=1, col=1)
    drawing.update_yaxes(title_text="template (BPM)", row=2, col=1)
    drawing.update_xaxes(title_text="time in the recording (s)", row=2, col=1)
    drawing.update_xaxes(range=[float(times_s[0]), float(times_s[-1])])
    return drawing


def _add_map(drawing: go.Figure, scores: ndarray, bpm: ndarray, times_s: ndarray) -> None:
    low, high = (float(edge) for edge in np.percentile(scores, (LOW, HIGH)))
    cells = theme.shrink(np.asarray(scores, np.float32), MOST_TEMPI, MOST_MOMENTS)
    rows, columns = theme.pool(np.asarray(bpm, np.float32), MOST_TEMPI), theme.pool(np.asarray(times_s, np.float32), MOST_MOMENTS)
    trace = theme.heat_map(cells, columns, rows, scale="cividis", low=low, high=high)
    trace.update(name="similarity", hovertemplate="%{y:.0f} BPM, %{x:.2f} s: %{z:.3g}<extra></extra>")
    marks = sorted({low, (low + high) / 2, high})
    theme.label_colours(trace, f"similarity, percentiles {LOW} to {HIGH}", marks, [f"{mark:.3g}" for mark in marks])
    trace.update(colorbar_len=1 - MARKS_SHARE - BETWEEN, colorbar_y=0, colorbar_yanchor="bottom")
    drawing.add_trace(trace, row=2, col=1)
