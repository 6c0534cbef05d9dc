"""What towers did with recordings, in the store: how a page and the worker hand it to each other."""

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy import ndarray

from analysis.clips.attention_span import LayerUse
from analysis.clips.clock import Clock
from analysis.clips.reading import ClipReading, LayerReading, StateReading
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import TokenAxis
from analysis.sources import code_of
from analysis.store import Entry, Store

USE_FIELDS = tuple(field.name for field in fields(LayerUse))


def reading_key(checkpoint: Checkpoint, recording: str, *, twin: bool, device: str, overlap: str = "none") -> str:
    """Where what a tower did with a recording is kept.

    Args:
        checkpoint: whose model reads.
        recording: key of the recording.
        twin: whether the untrained twin reads, which is decided by the seed and not by the weights.
        device: type of the device that computes, such as "cpu".
        overlap: of the windows.
    """
    weights = checkpoint.seed if twin else checkpoint.sha256
    code = code_of("analysis.clips.read"), checkpoint.of_family.code
    return Store.key(
        kind="clip reading", recording=recording, weights=weights, family=checkpoint.family, config=checkpoint.config,
        device=device, overlap=overlap, code=code,
    )  # fmt: skip


def put_reading(store: Store, key: str, reading: ClipReading) -> None:
    """Store what a tower did with a recording.

    Raises:
        StoreError: the store does not take it.
    """
    arrays: dict[str, ndarray] = {}
    for number, layer in enumerate(reading.layers):
        arrays |= {f"layer.{number}.{name}": getattr(layer.use, name) for name in USE_FIELDS}
        arrays |= _axis_arrays(f"layer.{number}.query", layer.query) | _axis_arrays(f"layer.{number}.key", layer.key)
    for number, state in enumerate(reading.states):
        arrays |= {f"state.{number}.times_s": state.times_s, f"state.{number}.cells": state.cells}
    clock = reading.clock
    document = {
        "clock": [clock.n_samples, clock.sample_rate, clock.window, clock.hop], "tower": reading.tower,
        "layers": [
            [layer.layer, layer.title, layer.n_heads, layer.query.kind, layer.query.special, layer.key.kind, layer.key.special]
            for layer in reading.layers
        ],
        "states": [[state.tap, state.title, state.per_cell] for state in reading.states],
        "seconds": reading.seconds, "device": reading.device,
    }  # fmt: skip
    store.put(key, document, arrays)


def read_reading(store: Store, key: str) -> ClipReading | None:
    """What a tower did with the recording under a key; None if there is none, or what is there is something else."""
    if (entry := store.get(key)) is None:
        return None
    try:
        reading = _reading(entry)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError):  # written by somebody else
        return None
    return reading if _fits(reading) else None


def _reading(entry: Entry) -> ClipReading:
    document, arrays = entry.document, entry.arrays
    numbers: list[int] = list(document["clock"])
    if any(type(number) is not int for number in numbers):
        raise TypeError("samples are whole")
    clock = Clock(*numbers)
    layers = [
        LayerReading(
            int(layer), str(title), int(n_heads), _axis(arrays, f"layer.{number}.query", query, special),
            _axis(arrays, f"layer.{number}.key", key, key_special),
            LayerUse(*(arrays[f"layer.{number}.{name}"] for name in USE_FIELDS)),
        )
        for number, (layer, title, n_heads, query, special, key, key_special) in enumerate(document["layers"])
    ]  # fmt: skip
    states = [
        StateReading(str(tap), str(title), arrays[f"state.{number}.times_s"], arrays[f"state.{number}.cells"], int(per_cell))
        for number, (tap, title, per_cell) in enumerate(document["states"])
    ]
    seconds, device = float(document["seconds"]), str(document["device"])
    return ClipReading(clock, str(document["tower"]), tuple(layers), tuple(states), seconds, device)


def _axis_arrays(name: str, axis: TokenAxis) -> dict[str, ndarray]:
    times = {f"{name}.times_s": np.asarray(axis.times_s, np.float64)}
    return times if axis.bands_hz is None else times | {f"{name}.bands_hz": np.asarray(axis.bands_hz, np.float64)}


def _axis(arrays: Mapping[str, ndarray], name: str, kind: str, special: int) -> TokenAxis:
    return TokenAxis(str(kind), arrays[f"{name}.times_s"], arrays.get(f"{name}.bands_hz"), int(special))


def _fits(reading: ClipReading) -> bool:
    """Whether arrays have the shapes that such a recording gives."""
    windows = reading.clock.n_windows
    for layer in reading.layers:
        rows, use = layer.n_heads + 1, layer.use
        specials = (windows, rows, layer.query.special, layer.key.n)
        sums = (use.effective, use.entropy_bits, use.distance_s, use.special, use.tops)
        if use.received.shape != (windows, rows, layer.key.n) or use.special_rows.shape != specials:
            return False
        if any(array.shape != (windows, rows) for array in sums) or use.n_queries.shape != (windows,):
            return False
        if use.thumbs.shape[:2] != (windows, rows) or use.thumbs.ndim != 4 or use.thumbs.dtype != np.uint8:
            return False
    return all(state.cells.ndim == 2 and state.times_s.shape == state.cells.shape[:1] for state in reading.states)
