"""Print figures of one recording: its lanes, all of them on one time axis, and the exact patterns of one window.

matplotlib is imported when a figure is drawn: importing it lists the fonts of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.clips.lanes import Lane
from analysis.figures.drawing import blank, plainly
from analysis.figures.lanes import Sheet, draw_lanes
from analysis.figures.saving import save_twice
from analysis.files import JsonObject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DESK, HEADS = "desk", "heads"


@dataclass(frozen=True)
class About:
    """What an inspection says of itself, named as there."""

    clip: str
    checkpoint: str
    layer: int
    head: int
    layer_title: str
    crossing_name: str
    duration_s: float
    headline: str

    @property
    def of_what(self) -> str:
        """The recording, and who read it."""
        return f"{self.clip}, {self.checkpoint}"

    def at(self, layer: str) -> str:
        """The recording, who read it, and the layer of that name."""
        return f"{self.of_what}, {layer[:1].lower()}{layer[1:]}" if layer.startswith("Layer") else f"{self.of_what}, {layer}"


@dataclass(frozen=True)
class Pattern:
    """Attention patterns `(heads, queries, keys)`, where their queries and keys stand, and what these are."""

    heads: np.ndarray
    query_times_s: np.ndarray
    key_times_s: np.ndarray
    query: str
    key: str


Described = JsonObject  # an inspection as JSON; `_about` and `_pattern` alone read it


def _about(document: JsonObject) -> About:
    named = {**document, "layer_title": document["layer_name"]}
    return About(**{field.name: named[field.name] for field in fields(About)})


def _pattern(arrays: Mapping[str, np.ndarray], described: Described, name: str, prefix: str = "") -> Pattern:
    rows, columns = arrays[f"{prefix}query_times_s"], arrays[f"{prefix}key_times_s"]
    return Pattern(arrays[name], rows, columns, described[f"{prefix}query"], described[f"{prefix}key"])


@plainly
def draw_inspection(
    lanes: Sequence[Lane], arrays: Mapping[str, np.ndarray], described: Described, out: Path
) -> dict[str, list[Path]]:
    """Write a PNG and an SVG per picture, and return their paths by what they show.

    "desk": all lanes on one time axis under the headline; every lane by its id; where the tower attends, "heads": every head in
    the window that is looked at; where the arm has a cross-attention with its descriptor, that too, such as "a4_attention".

    Raises:
        OSError: a file cannot be written.
        ShapeError: nobody knows how to draw such a lane.
    """
    about = _about(described)
    title = about.at(about.layer_title) + (f", head {about.head}" if about.head else "")
    drawn = {DESK: save_twice(draw_lanes(lanes, _sheet(about, about.headline, title)), out / DESK)}
    for lane in lanes:
        sheet = _sheet(about, "", title if lane.of_model else about.of_what)
        drawn[lane.id] = save_twice(draw_lanes([lane], sheet), out / lane.id)
    crossed = f"{described['descriptor']['key']}_attention"
    if "attention" in arrays:
        drawn[HEADS] = _heads(_pattern(arrays, described, "attention"), about.at(about.layer_title), out / HEADS)
    if crossed in arrays:
        pattern = _pattern(arrays, described, crossed, f"{crossed}_")
        drawn[crossed] = _heads(pattern, about.at(about.crossing_name), out / crossed)
    return drawn


def _sheet(about: About, headline: str, title: str) -> Sheet:
    return Sheet(headline, title, about.duration_s, about.layer, about.head)


def _heads(pattern: Pattern, title: str, stem: Path) -> list[Path]:
    figure = _attention(pattern)
    figure.suptitle(title, fontsize=9)
    return save_twice(figure, stem)


def _along(times_s: np.ndarray, kind: str) -> tuple[tuple[float, float], str]:
    """Where the first cell begins and the last one ends, and what is counted: seconds, or tokens where some share a moment."""
    if len(times_s) > 1 and not (np.diff(times_s) > 0).all():
        return (0.5, len(times_s) + 0.5), f"{kind} (number)"
    half = float(times_s[1] - times_s[0]) / 2 if len(times_s) > 1 else 0.5
    return (float(times_s[0]) - half, float(times_s[-1]) + half), f"{kind} time (s)"


def _attention(pattern: Pattern) -> Figure:
    figure = blank(10, 5.6)
    axes = figure.subplots(2, (len(pattern.heads) + 1) // 2, sharex=True, sharey=True, squeeze=False)
    top = float(np.quantile(pattern.heads, 0.995))
    (keys, key), (queries, query) = _along(pattern.key_times_s, pattern.key), _along(pattern.query_times_s, pattern.query)
    used, image = list(axes.flat)[: len(pattern.heads)], None
    for number, (axis, head) in enumerate(zip(used, pattern.heads, strict=True), start=1):
        image = axis.imshow(head, origin="lower", extent=(*keys, *queries), cmap="cividis", vmin=0, vmax=top)
        axis.set_title(f"head {number}", fontsize=8)
    for axis in list(axes.flat)[len(pattern.heads) :]:
        axis.remove()
    figure.supxlabel(f"key: {key}", fontsize=9)
    figure.supylabel(f"query: {query}", fontsize=9)
    if image is not None:
        figure.colorbar(image, ax=used, label="attention (share of 1 per query)", extend="max")
    return figure
