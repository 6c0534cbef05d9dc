"""Print figures of one recording, white and vector-ready, drawn with matplotlib.

matplotlib is imported when a figure is drawn: importing it lists the fonts of the machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AUDIO_BLUE = "#0072B2"


def draw_inspection(arrays: dict[str, np.ndarray], described: dict[str, Any], out: Path) -> list[Path]:
    """Write attention.png, received.png, self_similarity.png and a4.png; return their paths."""
    title = f"{described['clip']}, {described['checkpoint']}, layer {described['layer']}"
    figures = {
        "attention": _attention(arrays, described),
        "received": _received(arrays),
        "self_similarity": _self_similarity(arrays),
        "a4": _a4(arrays, described),
    }
    paths = []
    for name, figure in figures.items():
        figure.suptitle(title, fontsize=9)
        paths.append(out / f"{name}.png")
        figure.savefig(paths[-1], dpi=150)
    return paths


def _blank(figsize: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=figsize, layout="constrained")


def _attention(arrays: dict[str, np.ndarray], described: dict[str, Any]) -> Figure:
    patterns, times = arrays["attention"], arrays["token_times_s"]
    figure = _blank((10, 5.6))
    axes = figure.subplots(2, (len(patterns) + 1) // 2, sharex=True, sharey=True, squeeze=False)
    top = float(np.quantile(patterns, 0.995))
    extent = (times[0], times[-1], times[0], times[-1])
    image = None
    for head, (axis, pattern) in enumerate(zip(axes.flat, patterns, strict=False), start=1):
        image = axis.imshow(pattern, origin="lower", extent=extent, cmap="cividis", vmin=0, vmax=top)
        axis.set_title(f"head {head}", fontsize=8)
    figure.supxlabel(f"key: {described['key']}, time (s)", fontsize=9)
    figure.supylabel(f"query: {described['query']}, time (s)", fontsize=9)
    if image is not None:
        figure.colorbar(image, ax=axes, label="attention (share of 1 per query)", extend="max")
    return figure


def _received(arrays: dict[str, np.ndarray]) -> Figure:
    figure = _blank((10, 2.6))
    axis = figure.subplots()
    axis.plot(arrays["received_times_s"], arrays["received"], color=AUDIO_BLUE, linewidth=0.8)
    axis.set(xlabel="time (s)", ylabel="attention received\n(share of 1 per window)")
    return figure


def _self_similarity(arrays: dict[str, np.ndarray]) -> Figure:
    times = arrays["self_similarity_times_s"]
    figure = _blank((6, 5.4))
    axis = figure.subplots()
    extent = (times[0], times[-1], times[0], times[-1])
    image = axis.imshow(arrays["self_similarity"], origin="lower", extent=extent, cmap="viridis", vmin=0, vmax=1)
    axis.set(xlabel="time (s)", ylabel="time (s)")
    figure.colorbar(image, label="cosine similarity", extend="min")
    return figure


def _a4(arrays: dict[str, np.ndarray], described: dict[str, Any]) -> Figure:
    times, edges = arrays["a4_times_s"], described["a4_band_edges_hz"]
    figure = _blank((10, 2.8))
    axis = figure.subplots()
    n_bands = len(edges) - 1
    image = axis.imshow(
        arrays["a4"], origin="lower", aspect="auto", extent=(0, times[-1], 0, n_bands), cmap="RdBu_r", vmin=-3, vmax=3
    )
    axis.set_yticks(np.arange(n_bands + 1), [f"{edge:g}" for edge in edges], fontsize=7)
    axis.set(xlabel="time (s)", ylabel="band edges (Hz)")
    figure.colorbar(image, label="A4 (standard deviations)", extend="both")
    return figure
