"""Print figures of one recording, white and vector-ready, drawn with matplotlib.

matplotlib is imported when a figure is drawn: importing it lists the fonts of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from analysis.figures.drawing import plainly
from analysis.figures.saving import save
from analysis.files import JsonObject
from analysis.units import hz_to_mel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AUDIO_BLUE, MIDI_VERMILION, TWIN_GREY = "#0072B2", "#D55E00", "#7F7F7F"


@dataclass(frozen=True)
class Arrays:
    """The arrays that every inspection has, named as there; times in seconds from the beginning of the clip."""

    envelope_times_s: np.ndarray
    envelope_low: np.ndarray
    envelope_high: np.ndarray
    log_mel: np.ndarray
    log_mel_times_s: np.ndarray
    received: np.ndarray
    received_times_s: np.ndarray
    untrained_received: np.ndarray
    self_similarity: np.ndarray
    self_similarity_times_s: np.ndarray


@dataclass(frozen=True)
class About:
    """What an inspection says of itself, named as there."""

    clip: str
    checkpoint: str
    layer_title: str
    crossing_name: str
    duration_s: float
    sample_rate: int
    uniform_received: float


@dataclass(frozen=True)
class Look:
    """How the descriptor is drawn, as of `analysis.descriptors.descriptor.Look`, with its name and its key."""

    name: str
    key: str
    features: Sequence[str]
    unit: str
    low: float
    high: float
    along: str
    edges_hz: Sequence[float]


@dataclass(frozen=True)
class Pattern:
    """Attention patterns `(heads, queries, keys)`, where their queries and keys stand, and what these are."""

    heads: np.ndarray
    query_times_s: np.ndarray
    key_times_s: np.ndarray
    query: str
    key: str


Described = JsonObject  # an inspection as JSON; `_part` and `_pattern` alone read it
T = TypeVar("T", Arrays, About, Look)


def _part(kind: type[T], document: JsonObject) -> T:
    """What a class describes of a document, by the names of its fields."""
    return kind(**{field.name: document[field.name] for field in fields(kind)})


def _pattern(arrays: Mapping[str, np.ndarray], described: Described, name: str, prefix: str = "") -> Pattern:
    rows, columns = arrays[f"{prefix}query_times_s"], arrays[f"{prefix}key_times_s"]
    return Pattern(arrays[name], rows, columns, described[f"{prefix}query"], described[f"{prefix}key"])


@plainly
def draw_inspection(arrays: Mapping[str, np.ndarray], described: Described, out: Path) -> list[Path]:
    """Write one PNG per picture and return their paths.

    waveform, log_mel, attention, received, self_similarity and the descriptor by its key, such as a4; also a4_attention, where
    the arm has that cross-attention, and notes, where MIDI came with the recording.
    """
    shown, about, look = (
        _part(Arrays, arrays),
        _part(About, {**described, "layer_title": described["layer_name"]}),
        _part(Look, described["descriptor"]),
    )
    crossed, layer = f"{look.key}_attention", about.layer_title.replace("Layer", "layer")
    title = f"{about.clip}, {about.checkpoint}, {layer}"
    figures = {
        "waveform": _waveform(shown, about.duration_s),
        "log_mel": _log_mel(shown, about.duration_s, about.sample_rate),
        "attention": _attention(_pattern(arrays, described, "attention")),
        "received": _received(shown, about),
        "self_similarity": _self_similarity(shown),
        look.key: _descriptor(arrays[look.key], arrays[f"{look.key}_times_s"], look, about.duration_s),
    }
    if crossed in arrays:
        figures[crossed] = _attention(_pattern(arrays, described, crossed, f"{crossed}_"))
    if "note_pitch" in arrays:
        figures["notes"] = _notes(arrays, about.duration_s)
    paths = []
    for name, figure in figures.items():
        figure.suptitle(title.replace(layer, about.crossing_name) if name == crossed else title, fontsize=9)
        paths.append(out / f"{name}.png")
        save(figure, paths[-1], dpi=150)
    return paths


def _waveform(arrays: Arrays, duration_s: float) -> Figure:
    figure = _blank((10, 1.8))
    axis = figure.subplots()
    axis.fill_between(arrays.envelope_times_s, arrays.envelope_low, arrays.envelope_high, color=AUDIO_BLUE, linewidth=0.3)
    axis.set(xlabel="time (s)", ylabel="amplitude (of 1)", xlim=(0, duration_s))
    return figure


def _log_mel(arrays: Arrays, duration_s: float, sample_rate: int) -> Figure:
    figure = _blank((10, 3))
    axis = figure.subplots()
    extent = (*_edges(arrays.log_mel_times_s), 0, float(hz_to_mel(sample_rate / 2)))
    image = axis.imshow(arrays.log_mel, origin="lower", aspect="auto", extent=extent, cmap="magma", vmin=-80, vmax=0)
    ticks = [hz for hz in (100, 250, 500, 1000, 2000, 4000, 8000) if hz <= sample_rate / 2]
    axis.set_yticks(hz_to_mel(ticks), [f"{hz:,}" for hz in ticks], fontsize=7)
    axis.set(xlabel="time (s)", ylabel="frequency (Hz, mel scale)", xlim=(0, duration_s))
    figure.colorbar(image, label="dB below maximum")
    return figure


def _notes(arrays: Mapping[str, np.ndarray], duration_s: float) -> Figure:
    pitch, onset_s, offset_s = (arrays[f"note_{name}"] for name in ("pitch", "onset_s", "offset_s"))
    figure = _blank((10, 2.6))
    axis = figure.subplots()
    axis.hlines(pitch, onset_s, offset_s, color=MIDI_VERMILION, linewidth=1.5)
    axis.set(xlabel="time (s)", ylabel="pitch (MIDI number)", xlim=(0, duration_s))
    return figure


def _edges(centres: np.ndarray) -> tuple[float, float]:
    """Where the first cell begins and the last one ends."""
    half = float(centres[1] - centres[0]) / 2 if len(centres) > 1 else 0.5
    return float(centres[0]) - half, float(centres[-1]) + half


def _blank(figsize: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=figsize, layout="constrained")


def _attention(pattern: Pattern) -> Figure:
    figure = _blank((10, 5.6))
    axes = figure.subplots(2, (len(pattern.heads) + 1) // 2, sharex=True, sharey=True, squeeze=False)
    top = float(np.quantile(pattern.heads, 0.995))
    extent = (*_edges(pattern.key_times_s), *_edges(pattern.query_times_s))
    image = None
    for number, (axis, head) in enumerate(zip(axes.flat, pattern.heads, strict=False), start=1):
        image = axis.imshow(head, origin="lower", extent=extent, cmap="cividis", vmin=0, vmax=top)
        axis.set_title(f"head {number}", fontsize=8)
    figure.supxlabel(f"key: {pattern.key} time (s)", fontsize=9)
    figure.supylabel(f"query: {pattern.query} time (s)", fontsize=9)
    if image is not None:
        figure.colorbar(image, ax=axes, label="attention (share of 1 per query)", extend="max")
    return figure


def _received(arrays: Arrays, about: About) -> Figure:
    figure = _blank((10, 2.6))
    axis = figure.subplots()
    times = arrays.received_times_s
    axis.plot(times, arrays.received, color=AUDIO_BLUE, linewidth=0.8, label="trained")
    axis.plot(times, arrays.untrained_received, color=TWIN_GREY, linewidth=0.8, linestyle="--", label="untrained twin")
    axis.axhline(about.uniform_received, color="0.75", linewidth=0.8, linestyle="--", label="uniform")
    axis.set(xlabel="time (s)", ylabel="attention received\n(share of 1 per window)", xlim=(0, about.duration_s))
    axis.set_ylim(bottom=0)
    axis.legend(loc="upper right", fontsize=7, ncols=3, frameon=False)
    return figure


def _self_similarity(arrays: Arrays) -> Figure:
    times = arrays.self_similarity_times_s
    figure = _blank((6, 5.4))
    axis = figure.subplots()
    extent = (*_edges(times), *_edges(times))
    image = axis.imshow(arrays.self_similarity, origin="lower", extent=extent, cmap="viridis", vmin=0, vmax=1)
    axis.set(xlabel="time (s)", ylabel="time (s)")
    figure.colorbar(image, label="cosine similarity", extend="min")
    return figure


def _descriptor(values: np.ndarray, times_s: np.ndarray, look: Look, duration_s: float) -> Figure:
    """The features of a descriptor over time; where they are bands side by side, their edges are written."""
    figure = _blank((10, 2.8))
    axis = figure.subplots()
    colours = "RdBu_r" if look.low == -look.high else "cividis"
    extent = (*_edges(times_s), 0, len(values))
    image = axis.imshow(values, origin="lower", aspect="auto", extent=extent, cmap=colours, vmin=look.low, vmax=look.high)
    if look.edges_hz:
        axis.set_yticks(np.arange(len(look.edges_hz)), [f"{edge:g}" for edge in look.edges_hz], fontsize=7)
    else:
        axis.set_yticks(np.arange(len(values)) + 0.5, look.features, fontsize=7)
    axis.set(xlabel="time (s)", ylabel=look.along, xlim=(0, duration_s))
    figure.colorbar(image, label=f"{look.name} ({look.unit})", extend="both" if look.low < 0 else "max")
    return figure
