"""Attention, self-similarity, spectrogram and descriptors of one recording, as arrays with what they mean."""

from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.clips.attention_span import headline
from analysis.clips.use import ClipAnalysis, ClipUse, analyse_clip, measure_use
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.log_mel import log_mel
from analysis.errors import AudioError
from analysis.models.checkpoint import Checkpoint
from analysis.models.patterns import CROSS
from analysis.models.tokens import crossing_name, layer_title

ENVELOPE_BINS = 2000


def inspect_clip(
    checkpoint: Checkpoint, waveform: Waveform, layer: int, *, at_s: float = 0.0, notes: Notes | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and their description.

    The pattern of each head in the window that holds the second `at_s`; the notes, if there are any; attention received and its
    spread (mean of the heads, then each head) beside the untrained twin's; self-similarity, descriptor, log-mel spectrogram and
    envelope; the cross-attention with the descriptor where the arm has one. What is of the descriptor is named by it, such as
    "a4" and "a4_attention". Layers count from 1; 0 is that cross-attention.

    Raises:
        ShapeError: there is no such layer.
        AudioError: the clip has ended before `at_s`.
    """
    if not 0 <= at_s < waveform.duration_s:
        raise AudioError(f"There is no second {at_s:g} in a clip of {waveform.duration_s:.1f} s. Give one from 0 to below that.")
    analysis = analyse_clip(checkpoint.model(), waveform)
    key, name = analysis.descriptor.key, layer_title(layer, analysis.model.config)
    window = int(at_s // analysis.window_s)
    from_s, until_s = window * analysis.window_s, (window + 1) * analysis.window_s
    grid = analysis.grid(layer)
    twin = measure_use(checkpoint.untrained_twin(), waveform)
    ssm_times, ssm = analysis.use.self_similarity(layer)
    arrays = {
        "attention": _heads(analysis, window, layer),
        "query_times_s": from_s + grid.query_times_s, "key_times_s": from_s + grid.key_times_s,
        **_over_time(analysis.use, layer, ""), **_over_time(twin, layer, "untrained_"),
        "self_similarity": ssm, "self_similarity_times_s": ssm_times,
        key: analysis.described[1], f"{key}_times_s": analysis.described[0],
        **_sound(waveform), **_read(notes),
    }  # fmt: skip
    cross: dict[str, str] = {}
    if CROSS in analysis.layers:
        entering = analysis.grid(CROSS)
        arrays |= {
            f"{key}_attention": _heads(analysis, window, CROSS),
            f"{key}_attention_query_times_s": from_s + entering.query_times_s,
            f"{key}_attention_key_times_s": from_s + entering.key_times_s,
        }  # fmt: skip
        cross = {f"{key}_attention_query": entering.query_kind, f"{key}_attention_key": entering.key_kind}
    described = {
        **_provenance(checkpoint, waveform, analysis, layer),
        "attention_window_s": [from_s, until_s],
        "query": grid.query_kind, "key": grid.key_kind, **cross,
        "headline": headline(name, None, analysis.n_heads, grid.key_kind, analysis.use.spread(layer), twin.spread(layer)),
        "uniform_effective_tokens": len(grid.key_times_s), "uniform_received": 1 / len(grid.key_times_s),
        "n_queries": analysis.use.spread(layer).n_queries, "tokens_per_self_similarity_cell": analysis.use.tokens_per_cell,
        "arrays": {array: list(values.shape) for array, values in arrays.items()},
    }  # fmt: skip
    return arrays, described


def _heads(analysis: ClipAnalysis, window: int, layer: int) -> np.ndarray:
    return np.stack([analysis.attention(window, layer, head) for head in range(1, analysis.n_heads + 1)])


def _over_time(use: ClipUse, layer: int, prefix: str) -> dict[str, np.ndarray]:
    """Attention received over the clip, and per head (0 = the mean pattern) how widely queries spread theirs."""
    times, received = use.received(layer)
    spreads = [use.spread(layer, head) for head in range(use.config.n_heads + 1)]
    arrays = {
        "received": received,
        "effective_tokens": np.array([spread.effective for spread in spreads]),
        "entropy_bits": np.array([spread.entropy_bits for spread in spreads]),
    }
    arrays = {f"{prefix}{name}": array for name, array in arrays.items()}
    return arrays if prefix else arrays | {"received_times_s": times}


def _sound(waveform: Waveform) -> dict[str, np.ndarray]:
    times, decibel = log_mel(waveform.samples, waveform.sample_rate)
    starts = np.unique(np.linspace(0, len(waveform.samples), ENVELOPE_BINS, endpoint=False).astype(int))
    return {
        "log_mel": decibel, "log_mel_times_s": times,
        "envelope_low": np.minimum.reduceat(waveform.samples, starts),
        "envelope_high": np.maximum.reduceat(waveform.samples, starts), "envelope_times_s": starts / waveform.sample_rate,
    }  # fmt: skip


def _read(notes: Notes | None) -> dict[str, np.ndarray]:
    if notes is None:
        return {}
    return {
        "note_onset_s": notes.onset_s, "note_offset_s": notes.offset_s, "note_pitch": notes.pitch,
        "note_velocity": notes.velocity,
    }  # fmt: skip


def _provenance(checkpoint: Checkpoint, waveform: Waveform, analysis: ClipAnalysis, layer: int) -> dict[str, Any]:
    weights = next(analysis.model.parameters())
    return {
        "clip": waveform.name, "clip_sha256": waveform.sha256, "sample_rate": waveform.sample_rate,
        "duration_s": waveform.duration_s, "notices": list(waveform.notices),
        "checkpoint": checkpoint.name, "checkpoint_sha256": checkpoint.sha256, "arm": checkpoint.arm, "layer": layer,
        "untrained_twin_seed": int(checkpoint.training.get("seed", 0)),
        "dtype": str(weights.dtype).removeprefix("torch."), "device": str(weights.device), "seconds": analysis.use.seconds,
        "n_windows": analysis.n_windows,
        "layer_name": layer_title(layer, analysis.model.config), "crossing_name": crossing_name(analysis.model.config),
        "descriptor": {"name": analysis.descriptor.name, "key": analysis.descriptor.key, **asdict(analysis.descriptor.look)},
    }  # fmt: skip
