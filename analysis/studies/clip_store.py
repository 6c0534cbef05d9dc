"""Recordings, and what attention did over them, in the store: how a page and the worker hand them to each other."""

from typing import Any

from numpy import ndarray

from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import ModelConfig
from analysis.results import code_version
from analysis.store import Store
from analysis.studies.clip import ClipUse
from analysis.studies.spread import LayerUse

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
    """The recording under a key; None if there is none."""
    if (entry := store.get(key)) is None:
        return None
    told = entry.document
    return Waveform(entry.arrays["samples"], told["sample_rate"], told["name"], told["sha256"], tuple(told["notices"]))


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
        kind="clip use", recording=recording, weights=weights, config=checkpoint.config, device=device, code=code_version()
    )


def put_use(store: Store, key: str, use: ClipUse) -> None:
    """Store the use of attention over a recording.

    Raises:
        StoreError: the store does not take it.
    """
    arrays: dict[str, ndarray] = {f"{layer}.{name}": getattr(its, name) for layer, its in use.layers.items() for name in FIELDS}
    document = {
        "config": use.config.to_dict(), "duration_s": use.duration_s, "layers": list(use.layers),
        "tokens_per_cell": use.tokens_per_cell, "seconds": use.seconds, "device": use.device,
    }  # fmt: skip
    store.put(key, document, {**arrays, "cells": use.cells})


def read_use(store: Store, key: str) -> ClipUse | None:
    """The use of attention under a key; None if there is none."""
    if (entry := store.get(key)) is None:
        return None
    told, arrays = entry.document, entry.arrays
    layers = {layer: LayerUse(*(arrays[f"{layer}.{name}"] for name in FIELDS)) for layer in told["layers"]}
    config = ModelConfig.from_dict(told["config"])
    return ClipUse(config, told["duration_s"], layers, arrays["cells"], told["tokens_per_cell"], told["seconds"], told["device"])
