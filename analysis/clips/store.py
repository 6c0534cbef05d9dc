"""Recordings, and what attention did over them, in the store: how a page and the worker hand them to each other."""

from typing import Any

import numpy as np
from numpy import ndarray

from analysis.clips.attention_span import LayerUse
from analysis.clips.use import ClipUse, n_windows
from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.limits import read_config
from analysis.models.tokens import grids
from analysis.sources import code_of
from analysis.store import Store

FIELDS = ("received", "effective", "entropy_bits", "n_queries")


def recording_key(waveform: Waveform) -> str:
    """SHA-256 over everything in a decoded recording, every sample of it."""
    return Store.key(kind="recording", samples=waveform.samples, **_described(waveform))


def keep_recording(store: Store, waveform: Waveform) -> str:
    """Store a decoded recording and return its key.

    Raises:
        StoreError: the store does not take it.
    """
    return store.put(recording_key(waveform), _described(waveform), {"samples": waveform.samples}).key


def read_recording(store: Store, key: str) -> Waveform | None:
    """The recording under a key; None if there is none, or what is there is no recording."""
    if (entry := store.get(key)) is None:
        return None
    document, samples = entry.document, entry.arrays.get("samples")
    texts = [
        document.get("name"),
        document.get("sha256"),
        *(notices if isinstance(notices := document.get("notices"), list) else [None]),
    ]
    rate = document.get("sample_rate")
    if samples is None or samples.dtype != np.float32 or samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        return None
    if type(rate) is not int or rate < 1 or not all(isinstance(text, str) for text in texts):
        return None
    return Waveform(samples, rate, str(texts[0]), str(texts[1]), tuple(map(str, texts[2:])))


def _described(waveform: Waveform) -> dict[str, Any]:
    return {
        "sample_rate": waveform.sample_rate, "name": waveform.name, "sha256": waveform.sha256, "notices": list(waveform.notices),
    }  # fmt: skip


def use_key(checkpoint: Checkpoint, recording: str, *, twin: bool, device: str) -> str:
    """Where the use of attention over a recording is kept.

    Args:
        checkpoint: whose model reads.
        recording: key of the recording.
        twin: whether the untrained twin reads, which is decided by the seed and not by the weights.
        device: type of the device that computes, such as "cpu".
    """
    weights: str | int = int(checkpoint.training.get("seed", 0)) if twin else checkpoint.sha256
    return Store.key(
        kind="clip use",
        recording=recording,
        weights=weights,
        config=checkpoint.config,
        device=device,
        code=code_of("analysis.clips.use"),
    )


def put_use(store: Store, key: str, use: ClipUse) -> None:
    """Store the use of attention over a recording.

    Raises:
        StoreError: the store does not take it.
    """
    arrays: dict[str, ndarray] = {
        f"{layer}.{name}": getattr(layer_use, name) for layer, layer_use in use.layers.items() for name in FIELDS
    }
    document = {
        "config": use.config.to_dict(), "duration_s": use.duration_s, "layers": list(use.layers),
        "tokens_per_cell": use.tokens_per_cell, "seconds": use.seconds, "device": use.device,
    }  # fmt: skip
    store.put(key, document, {**arrays, "cells": use.cells})


def read_use(store: Store, key: str) -> ClipUse | None:
    """The use of attention under a key; None if there is none, or what is there is something else."""
    if (entry := store.get(key)) is None:
        return None
    document, arrays = entry.document, entry.arrays
    if not isinstance(document.get("config"), dict):
        return None
    try:
        config = read_config(document["config"])
        layers = {layer: LayerUse(*(arrays[f"{layer}.{name}"] for name in FIELDS)) for layer in document["layers"]}
        duration_s, seconds, per_cell = float(document["duration_s"]), float(document["seconds"]), document["tokens_per_cell"]
        if list(layers) != list(grids(config)) or not duration_s > 0 or type(per_cell) is not int or per_cell < 1:
            return None
        if not _fits(config, duration_s, layers, arrays["cells"]):
            return None
        return ClipUse(config, duration_s, layers, arrays["cells"], per_cell, seconds, str(document["device"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):  # of another version, or written by somebody else
        return None


def _fits(config: ModelConfig, duration_s: float, layers: dict[int, LayerUse], cells: ndarray) -> bool:
    """Whether arrays have the shapes that such a recording gives in such a model."""
    windows = n_windows(config, duration_s)
    if cells.ndim != 3 or cells.shape[0] != config.audio_n_layers + 1 or cells.shape[2] != config.audio_d_model:
        return False
    keys = {layer: len(grid.key_times_s) for layer, grid in grids(config).items()}
    return all(
        layer_use.received.ndim == 3 and layer_use.received.shape[::2] == (windows, keys[layer])
        for layer, layer_use in layers.items()
    )
