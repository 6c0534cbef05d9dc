"""The notes of a MIDI file."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis.units import midi_to_name
from app.charts import theme, timeline

MAX_NOTES = 10_000


def piano_roll(
    onset_s: NDArray,
    offset_s: NDArray,
    pitch: NDArray,
    duration_s: float | None = None,
    marked_s: tuple[float, float] | None = None,
) -> go.Figure:
    """Each note as a line from onset to offset; of more than 10,000 the first are drawn, and it says so."""
    onset, offset, key = (np.asarray(values, np.float32)[:MAX_NOTES] for values in (onset_s, offset_s, pitch))
    x = np.stack([onset, offset, np.full_like(onset, np.nan)], axis=1).reshape(-1)
    last = float(offset.max(initial=1.0)) if duration_s is None else duration_s
    drawing = timeline.figure("pitch (note name)", last, 200, marked_s)
    drawing.add_scatter(x=x, y=np.repeat(key, 3), mode="lines", line={"color": theme.MIDI, "width": 3})
    drawing.update_traces(hovertemplate="%{x:.2f} s, %{y}<extra></extra>")
    if len(onset_s) > MAX_NOTES:
        text = f"the first {MAX_NOTES:,} of {len(onset_s):,} notes"
        drawing.add_annotation(
            text=text, x=1, y=1, xref="paper", yref="paper", xanchor="right", yanchor="bottom", showarrow=False
        )
    octaves = list(range(0, 128, 12))
    drawing.update_yaxes(tickvals=octaves, ticktext=[midi_to_name(octave) for octave in octaves])
    if len(key):
        drawing.update_yaxes(range=[float(key.min()) - 2, float(key.max()) + 2])
    return drawing
