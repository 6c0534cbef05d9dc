"""Patches of time and frequency: what is masked of a spectrogram, and numbers of patches, all on one pair of axes.

Frequencies stand as the model divides them, in equal steps of mel bands, and are named in Hz.
"""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme

HEIGHT = 260
MARGIN: theme.Part = {"l": 64, "r": 110, "t": 8, "b": 48, "autoexpand": False}  # alike, so that moments stand below each other
WIDTH_PX, INSIDE_PX, SMALLEST_PX = 800, 200, 6
TICKS_HZ = (100, 300, 1000, 3000, 10_000)
MOST_FRAMES = 512
COVER = [[0.0, "rgba(127, 127, 127, 0)"], [1.0, "rgba(127, 127, 127, 0.82)"]]
RANGE_DB = 80.0
TIME, FREQUENCY = "time in the window (s)", "frequency (Hz)"


def masked_level(
    level_db: NDArray[np.floating], mask: NDArray[np.bool_], edges_s: NDArray[np.floating], mel_hz: NDArray[np.floating]
) -> go.Figure:
    """Levels of mel bands in dB below the loudest, `(frames, bands)`, grey where patches are masked, `(moments, bands)`."""
    below = np.maximum(level_db - level_db.max(), -RANGE_DB).astype(np.float32)
    below = theme.shrink(below, MOST_FRAMES, below.shape[1])
    times_s, mels = _centres(edges_s[-1], len(below)), np.arange(below.shape[1]) + 0.5
    heat = theme.heat_map(below.T, times_s, mels, scale="magma", low=-RANGE_DB, high=0.0)
    theme.label_colours(heat, "level (dB below the loudest)", [-80, -40, 0], ["−80", "−40", "0"])
    heat.update(name="level", hovertemplate="%{x:.2f} s: %{z:.0f} dB<extra></extra>")
    cover = _heat(mask.astype(np.int8), edges_s, mel_hz, scale="cividis", low=0, high=1)
    cover.update(colorscale=COVER, showscale=False, hoverinfo="skip", name="masked patches")
    return _axes(theme.figure(TIME, FREQUENCY, HEIGHT).add_traces([heat, cover]), edges_s, mel_hz)


def patch_numbers(
    values: NDArray[np.floating],
    edges_s: NDArray[np.floating],
    mel_hz: NDArray[np.floating],
    *,
    title: str,
    low: float,
    high: float,
    chosen: tuple[int, int] | None = None,
    targets: NDArray[np.bool_] | None = None,
) -> go.Figure:
    """A number of every patch, `(moments, bands)`, blank where it is NaN.

    Args:
        values: of patches.
        edges_s: where patches begin and end.
        mel_hz: frequencies between which mel bands lie.
        title: quantity and unit.
        low: where the colours begin.
        high: where they end.
        chosen: moment and band of a patch that gets a frame.
        targets: patches that can be clicked; a click gives moment and band as `customdata`.
    """
    if not np.isfinite(values).any():
        return theme.nothing(theme.figure(TIME, FREQUENCY, HEIGHT))
    times_s, mels = _patches(values.shape, edges_s, mel_hz)
    heat = _heat(values.astype(np.float32), edges_s, mel_hz, scale="cividis", low=low, high=high)
    heat.update(name=title, hovertemplate="%{x:.2f} s: %{z:.3g}<extra></extra>", hoverongaps=False)
    ticks = [low, (low + high) / 2, high]
    beyond = "≥ " if np.nanmax(values) > high else ""
    theme.label_colours(heat, title, ticks, [f"{low:.3g}", f"{ticks[1]:.3g}", f"{beyond}{high:.3g}"])
    drawing = theme.figure(TIME, FREQUENCY, HEIGHT).add_trace(heat)
    if targets is not None:
        _add_targets(drawing, np.argwhere(targets), times_s, mels)
    if chosen is not None:
        _add_frame(drawing, chosen, edges_s, mels)
    return _axes(drawing, edges_s, mel_hz)


def _add_targets(drawing: go.Figure, cells: NDArray[np.integer], times_s: NDArray, mels: NDArray) -> None:
    """Unseen squares as large as patches allow, for a cell of a heat map cannot be chosen."""
    side = max(SMALLEST_PX, min(WIDTH_PX / len(times_s), INSIDE_PX / len(mels)) - 1)
    drawing.add_scatter(
        x=times_s[cells[:, 0]], y=mels[cells[:, 1]], mode="markers", customdata=cells.tolist(), showlegend=False, name="patches",
        marker={"symbol": "square", "size": side, "opacity": 0}, selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}}, hovertemplate="%{x:.2f} s: click to look from here<extra></extra>",
    )  # fmt: skip


def _add_frame(drawing: go.Figure, chosen: tuple[int, int], edges_s: NDArray, mels: NDArray) -> None:
    moment, band = chosen
    half = (mels[1] - mels[0]) / 2 if len(mels) > 1 else mels[0]
    drawing.add_shape(
        type="rect", x0=edges_s[moment], x1=edges_s[moment + 1], y0=mels[band] - half, y1=mels[band] + half,
        line={"color": theme.SELECTION, "width": 3},
    )  # fmt: skip


def _heat(values: NDArray, edges_s: NDArray, mel_hz: NDArray, *, scale: str, low: float, high: float) -> go.Heatmap:
    """Patches in colours; of one that holds all bands the edges are given, for its centre does not tell how high it is."""
    times_s, mels = _patches(values.shape, edges_s, mel_hz)
    heat = theme.heat_map(values.T, times_s, mels, scale=scale, low=low, high=high)
    return heat.update(y=[0, len(mel_hz) - 1]) if len(mels) == 1 else heat


def _patches(shape: tuple[int, ...], edges_s: NDArray, mel_hz: NDArray) -> tuple[NDArray, NDArray]:
    """Centres of patches in seconds and in mel bands."""
    return (edges_s[:-1] + edges_s[1:]) / 2, _centres(float(len(mel_hz) - 1), shape[1])


def _centres(end: float, n: int) -> NDArray:
    return (np.arange(n) + 0.5) * end / n


def _axes(drawing: go.Figure, edges_s: NDArray, mel_hz: NDArray) -> go.Figure:
    """Time from the start of the window; frequencies by name where their mel bands are."""
    shown = [tick for tick in TICKS_HZ if mel_hz[0] <= tick <= mel_hz[-1]]
    at = np.interp(shown, mel_hz, np.arange(len(mel_hz)))
    drawing.update_xaxes(range=[float(edges_s[0]), float(edges_s[-1])])
    drawing.update_yaxes(range=[0, len(mel_hz) - 1], tickvals=at.tolist(), ticktext=[f"{tick:,}" for tick in shown])
    return drawing.update_layout(uirevision="patches", margin=MARGIN)
