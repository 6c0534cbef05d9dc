"""Attention, self-similarity and descriptors of one recording, as arrays with what they mean."""

from typing import Any

import numpy as np

from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import Checkpoint
from analysis.studies.clip import analyse_clip


def inspect_clip(checkpoint: Checkpoint, waveform: Waveform, layer: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and their description: pattern of each head in the first window, attention received, SSM and A4.

    Raises:
        ShapeError: there is no such layer.
    """
    analysis = analyse_clip(checkpoint.model(), waveform)
    heads = [analysis.attention(0, layer, head) for head in range(1, analysis.n_heads + 1)]
    received_times, received = analysis.received(layer)
    ssm_times, ssm = analysis.self_similarity(layer)
    a4_times, a4_values = analysis.a4
    arrays = {
        "attention": np.stack(heads), "token_times_s": analysis.query_times_s,
        "received": received, "received_times_s": received_times,
        "self_similarity": ssm, "self_similarity_times_s": ssm_times,
        "a4": a4_values, "a4_times_s": a4_times,
    }  # fmt: skip
    described = {
        "clip": waveform.name, "clip_sha256": waveform.sha256,
        "duration_s": waveform.duration_s, "notices": list(waveform.notices),
        "checkpoint": checkpoint.name, "checkpoint_sha256": checkpoint.sha256, "arm": checkpoint.arm, "layer": layer,
        "attention_window_s": [0.0, analysis.window_s], "n_windows": analysis.n_windows,
        "query": analysis.query_kind, "key": analysis.key_kind, "a4_band_edges_hz": list(analysis.band_edges_hz),
        "arrays": {name: list(array.shape) for name, array in arrays.items()},
    }  # fmt: skip
    return arrays, described
