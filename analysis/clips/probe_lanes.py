"""What probes read in a recording over time, beside the truth and what those of the untrained twin read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float32, Float64
from numpy import ndarray

from analysis.clips.clock import Clock
from analysis.clips.lanes import CurveLane, ImageLane, Lane, Series, Tick
from analysis.clips.probes import ClipProbes, Probe
from analysis.clips.reading import ClipReading, StateReading
from analysis.clips.tiles import Piece, even_piece, quantised
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.audio_targets import audio_chroma, spectral_centroid
from analysis.descriptors.note_targets import chroma_histogram, mean_velocity, note_density
from analysis.files import safe_name
from analysis.units import PITCH_CLASSES, true_minus

UNITS: Mapping[str, str] = {
    "chroma histogram": "share of notes", "audio chroma": "share of energy", "note density": "notes/s",
    "mean velocity": "MIDI velocity", "spectral centroid": "Hz",
}  # fmt: skip
OVER_TIME = tuple(UNITS)
OF_SOUND = ("audio chroma", "spectral centroid")
STEP_END_S = 1e-3  # s before a window ends, where a step of a curve ends


def probe_lanes(
    probes: ClipProbes, reading: ClipReading, twin: ClipReading | None, number: int, waveform: Waveform, notes: Notes | None
) -> list[Lane]:
    """Lanes of all probes of a layer: of a number a curve by window, of several a picture by cell of the hidden states.

    A probe was fitted to the mean over the tokens of a window; as it is linear, what it reads in a window is the mean of what it
    reads in its tokens.

    Args:
        probes: of the model.
        reading: what the model did with the recording.
        twin: what the untrained twin did with it; None where that has yet to read.
        number: of the layer.
        waveform: the recording.
        notes: of the recording; None where they are not known, and then there is no truth of notes.
    """
    state = min(number, len(reading.states) - 1)
    lanes: list[Lane] = []
    for probe, of_twin in probes.at(reading.states[state].tap):
        cells = [(reading.states[state], probe)]
        if twin is not None and of_twin is not None:
            cells.append((twin.states[state], of_twin))
        truth = _truth(probe, reading.clock, waveform, notes)
        draw = _pictures if len(probe.words.outputs) > 1 else _curve
        note = held_out_text(probes, probe, of_twin)
        lanes += [replace(lane, note=note) for lane in draw(cells, truth, reading.clock, number)]
    return lanes


def held_out_text(probes: ClipProbes, probe: Probe, twin: Probe | None) -> str:
    """On what a probe was fitted, and how well it reads works that it was not fitted to, beside its controls."""
    words = probe.words
    interval = "" if words.low is None or words.high is None else f" ({_two(words.low)} to {_two(words.high)})"
    controls = [("untrained twin", None if twin is None else twin.words.r2), ("labels of other works", words.null)]
    beside = "".join(f"; {name}: {_two(value)}" for name, value in controls if value is not None)
    return (
        f"R² {_two(words.r2)}{interval} on {probes.n_held_out} held-out works{beside}. "
        f"Fitted to the training split of {probes.corpus}, {probes.n_fitted} works."
    )


def _two(number: float) -> str:
    return true_minus(number, ".2f")


def _curve(
    cells: Sequence[tuple[StateReading, Probe]], truth: Float64[ndarray, "windows outputs"] | None, clock: Clock, number: int
) -> list[CurveLane]:
    words = cells[0][1].words
    series = [
        Series(name, colour, *_steps(clock, _by_window(clock, state, probe.read(state.cells)))[:2], colour == "twin")
        for (state, probe), name, colour in zip(cells, ("read by the probe", "untrained twin"), ("audio", "twin"), strict=False)
    ]
    if truth is not None:
        series.insert(1, Series("as it is", "midi", *_steps(clock, truth)))
    lowest = min(float(each.values.min(initial=0.0)) for each in series)
    return [CurveLane(
        id=f"probe_{safe_name(words.task, 'probe')}", title=f"Probe of the {words.task}, by window", unit=UNITS[words.task],
        by="layer", height=84, low=lowest, sets={(number,): series}, borders=clock.borders_s.tolist(),
    )]  # fmt: skip


def _pictures(
    cells: Sequence[tuple[StateReading, Probe]], truth: Float64[ndarray, "windows outputs"] | None, clock: Clock, number: int
) -> list[ImageLane]:
    """What is read, what is true, and what the twin's probe reads, in the same colours."""
    words = cells[0][1].words
    read = [probe.read(state.cells) for state, probe in cells]
    high = max(float(values.max(initial=0.0)) for values in (*read, *(() if truth is None else (truth,)))) or 1.0
    name = f"probe_{safe_name(words.task, 'probe')}"

    def lane(end: str, what: str, pieces: Sequence[Piece], side: str = "") -> ImageLane:
        n = len(words.outputs)
        ticks = [Tick((n - 0.5 - i) / n, output) for i, output in enumerate(words.outputs)][::-3]
        return ImageLane(
            id=f"{name}{end}", title=f"Probe of the {words.task}{what}", unit=UNITS[words.task], by="layer", height=110,
            low=0.0, high=high, colours="cividis", row_names=words.outputs[::-1], ticks=ticks, along="pitch class", side=side,
            sets={(number,): [pieces]}, borders=clock.borders_s.tolist(),
        )  # fmt: skip

    def drawn(values: Float64[ndarray, "cells outputs"], state: StateReading) -> list[Piece]:
        return [even_piece(state.times_s, quantised(values.T[::-1], 0.0, high), clock.duration_s, exact=values.T[::-1])]

    lanes = [lane("", ", by token", drawn(read[0], cells[0][0]))]
    if truth is not None:
        columns = zip(pairwise(clock.borders_s.tolist()), truth[:, ::-1, None], strict=True)
        pieces = [Piece(start_s, end_s, quantised(column, 0.0, high), exact=column) for (start_s, end_s), column in columns]
        lanes.append(lane("_truth", ": as it is, by window", pieces))
    return lanes + [lane("_beside", ", by token", drawn(read[1], cells[1][0]), "untrained twin")] * (len(read) > 1)


def _by_window(
    clock: Clock, state: StateReading, values: Float64[ndarray, "cells outputs"]
) -> Float64[ndarray, "windows outputs"]:
    """Mean of the cells of every window; one that has none, because cells are long, takes the nearest."""
    window = np.searchsorted(clock.borders_s, state.times_s, side="right") - 1
    middles = (clock.borders_s[:-1] + clock.borders_s[1:]) / 2
    rows = [values[window == number] for number in range(clock.n_windows)]
    nearest = [int(np.abs(state.times_s - middle).argmin()) for middle in middles]
    return np.stack([part.mean(axis=0) if len(part) else values[near] for part, near in zip(rows, nearest, strict=True)])


def _steps(clock: Clock, by_window: Float64[ndarray, "windows 1"]) -> tuple[ndarray, ndarray]:
    """A curve that stays as it is for the length of a window; of several that overlap, for as long as moments are its own."""
    ends = np.minimum(clock.borders_s[1:], clock.duration_s)
    times_s = np.stack([clock.borders_s[:-1], np.maximum(ends - STEP_END_S, clock.borders_s[:-1])], axis=1)
    return times_s.ravel(), by_window[:, 0].repeat(2)


def _truth(probe: Probe, clock: Clock, waveform: Waveform, notes: Notes | None) -> Float64[ndarray, "windows outputs"] | None:
    """What a probe should read in the moments that belong to every window; None where that is of notes, and these are not known.

    These moments are the ones whose hidden states are read: of windows that overlap, up to halfway through what two of them both
    hear; of a last window that ends in silence, as long as the recording lasts.
    """
    task = probe.words.task
    ends_s = np.minimum(clock.borders_s, clock.duration_s).tolist()
    if task in OF_SOUND:
        samples = torch.from_numpy(_own_sound(clock, waveform, ends_s))
        compute = audio_chroma if task == "audio chroma" else spectral_centroid
        rows = compute(samples, waveform.sample_rate).reshape(len(samples), -1).double().numpy()
    elif notes is not None:
        rows = np.stack([np.atleast_1d(_of_notes(task, notes, *span)) for span in pairwise(ends_s)])
    else:
        return None
    return rows[:, [PITCH_CLASSES.index(output) for output in probe.words.outputs]] if rows.shape[1] > 1 else rows


def _own_sound(clock: Clock, waveform: Waveform, ends_s: Sequence[float]) -> Float32[ndarray, "windows samples"]:
    """The samples between ends that follow each other, with silence after them up to the length of a window."""
    own = np.zeros((clock.n_windows, clock.window), np.float32)
    for row, (first, last) in zip(own, pairwise(round(end_s * clock.sample_rate) for end_s in ends_s), strict=True):
        row[: last - first] = waveform.samples[first:last]
    return own


def _of_notes(task: str, notes: Notes, start_s: float, end_s: float) -> Float64[ndarray, " outputs"] | float:
    within = notes.overlapping(start_s, end_s)
    makers: dict[str, Callable[[], Float64[ndarray, " outputs"] | float]] = {
        "chroma histogram": lambda: chroma_histogram(within.pitch),
        "note density": lambda: note_density(within.onset_s, start_s, end_s),
        "mean velocity": lambda: mean_velocity(within.velocity),
    }
    return makers[task]()
