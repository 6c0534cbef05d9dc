"""A clip as a waveform and as a log-mel spectrogram."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis.units import hz_to_mel, hz_to_name, mel_to_hz
from app.charts import theme, timeline

TICKS_HZ = (100, 250, 500, 1000, 2000, 4000, 8000, 16_000)
FLOOR_DB = -80
Span = tuple[float, float] | None


def envelope(samples: NDArray[np.float32], bins: int = 1000) -> tuple[NDArray, NDArray, NDArray]:
    """First sample, minimum and maximum of at most `bins` runs of neighbouring samples."""
    bins = min(bins, len(samples))
    starts = np.linspace(0, len(samples), bins + 1).astype(int)[:-1]
    return starts, np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)


def waveform(samples: NDArray[np.float32], sample_rate: int, marked_s: Span = None) -> go.Figure:
    """The envelope of a recording, at most 2000 points; the part `marked_s` is shaded."""
    drawing = timeline.figure("amplitude (of 1)", max(len(samples), 1) / sample_rate, 128, marked_s)
    if len(samples):
        starts, low, high = envelope(samples)
        x = np.repeat(starts / sample_rate, 2).astype(np.float32)
        y = np.stack([low, high], axis=1).reshape(-1).astype(np.float32)
        drawing.add_scatter(x=x, y=y, mode="lines", line={"color": theme.AUDIO, "width": 1}, name="audio")
        drawing.update_traces(hovertemplate="%{x:.2f} s, %{y:.2f}<extra></extra>")
    top = float(np.abs(samples).max(initial=0.0)) or 1.0
    drawing.update_yaxes(range=[-1.08 * top, 1.08 * top], nticks=4)
    return drawing


def log_mel(
    times_s: NDArray, decibel: NDArray[np.float32], top_hz: float, duration_s: float | None = None, marked_s: Span = None
) -> go.Figure:
    """A spectrogram `(bands, frames)` in dB below its maximum, its bands equally spaced in mel from 0 to `top_hz`."""
    bands = decibel.shape[0]
    step = float(hz_to_mel(top_hz)) / (bands + 1)
    centres_hz = np.asarray(mel_to_hz(np.arange(1, bands + 1) * step)).tolist()
    names = [f"{centre:.0f} Hz ({hz_to_name(centre)}, band {i})" for i, centre in enumerate(centres_hz, 1)]
    columns = theme.MAX_CELLS // bands
    z = np.round(np.clip(np.nan_to_num(theme.pool(decibel, columns, 1), nan=FLOOR_DB), FLOOR_DB, 0)).astype(np.int8)
    trace = theme.heat_map(z, theme.pool(np.asarray(times_s), columns), names, scale="magma", low=FLOOR_DB, high=0)
    ticks = list(range(FLOOR_DB, 1, 20))
    theme.label_colours(trace, "dB below maximum", [float(tick) for tick in ticks], [str(tick) for tick in ticks])
    trace.update(hovertemplate="%{x:.2f} s, %{y}: %{z} dB<extra></extra>")
    last = float(times_s[-1]) if duration_s is None else duration_s
    drawing = timeline.figure("frequency (Hz)", last, 260, marked_s)
    drawing.add_trace(trace)
    shown = [tick for tick in TICKS_HZ if tick <= top_hz]
    positions = [float(hz_to_mel(tick)) / step - 1 for tick in shown]
    drawing.update_yaxes(type="category", tickvals=positions, ticktext=[f"{tick:,}" for tick in shown])
    return drawing
