"""Attention, self-similarity, spectrogram and descriptors of one recording, as arrays with what they mean."""

from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.clips.attention_span import headline
from analysis.clips.clock import Clock
from analysis.clips.read import read_clip
from analysis.clips.reading import ClipReading, LayerReading
from analysis.clips.sound_lanes import described as descriptor_of
from analysis.clips.tower_descriptors import drawn_descriptor
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.log_mel import log_mel
from analysis.errors import AudioError, ShapeError
from analysis.models.checkpoint import Checkpoint
from analysis.models.tokens import CROSS

ENVELOPE_BINS = 2000


def inspect_clip(
    checkpoint: Checkpoint, waveform: Waveform, layer: int, *, at_s: float = 0.0, notes: Notes | None = None,
    overlap: str = "none",
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:  # fmt: skip
    """Arrays and their description.

    The pattern of each head in the window that holds the second `at_s`; the notes, if there are any; attention received and its
    spread (mean of the heads, then each head) beside the untrained twin's; self-similarity, descriptor, log-mel spectrogram and
    envelope; the cross-attention with the descriptor where the arm has one. What is of the descriptor is named by it, such as
    "a4" and "a4_attention". Layers count from 1; 0 is that cross-attention.

    Raises:
        ShapeError: there is no such layer.
        AudioError: the clip has ended before `at_s`.
        ConfigError: there is no such overlap.
    """
    if not 0 <= at_s < waveform.duration_s:
        raise AudioError(f"There is no second {at_s:g} in a clip of {waveform.duration_s:.1f} s. Give one from 0 to below that.")
    model = checkpoint.model()
    reading, twin = read_clip(model, waveform, overlap), read_clip(checkpoint.untrained_twin(), waveform, overlap)
    patterns, shown, read = WindowPatterns(model, waveform, overlap), drawn_descriptor(model), reading.layer(layer)
    window = reading.clock.window_at(at_s)
    times_s, values = descriptor_of(shown, waveform)
    arrays = {
        **_pattern(patterns, read, window, reading.clock), **_over_time(reading, layer, ""),
        **_over_time(twin, layer, "untrained_"), **_similar(reading, layer), shown.key: values,
        f"{shown.key}_times_s": times_s, **_sound(waveform), **_read(notes),
    }  # fmt: skip
    cross: dict[str, str] = {}
    if CROSS in reading.numbers:
        entering = reading.layer(CROSS)
        arrays |= _pattern(patterns, entering, window, reading.clock, f"{shown.key}_attention")
        cross = {f"{shown.key}_attention_query": entering.query.kind, f"{shown.key}_attention_key": entering.key.kind}
    described = {
        **_provenance(checkpoint, waveform, reading, shown, layer),
        "attention_window_s": [reading.clock.spans[window].start_s, reading.clock.spans[window].end_s],
        "query": read.query.kind, "key": read.key.kind, **cross,
        "headline": headline(read.title, None, read.n_heads, read.key.kind, reading.spread(layer), twin.spread(layer)),
        "uniform_effective_tokens": read.key.n, "uniform_received": 1 / len(np.unique(read.key.times_s)),
        "n_queries": reading.spread(layer).n_queries,
        "arrays": {array: list(values.shape) for array, values in arrays.items()},
    }  # fmt: skip
    return arrays, described


def _pattern(
    patterns: WindowPatterns, layer: LayerReading, window: int, clock: Clock, name: str = "attention"
) -> dict[str, np.ndarray]:
    """Patterns of all heads in a window between tokens that have a time, and these times."""
    prefix = "" if name == "attention" else f"{name}_"
    from_s = float(clock.starts_s[window])
    heads = [patterns.pattern(window, layer.layer, head) for head in range(1, layer.n_heads + 1)]
    timed = np.stack(heads)[:, layer.query.special :, layer.key.special :]
    return {
        name: timed, f"{prefix}query_times_s": from_s + layer.query.times_s, f"{prefix}key_times_s": from_s + layer.key.times_s,
    }  # fmt: skip


def _over_time(reading: ClipReading, layer: int, prefix: str) -> dict[str, np.ndarray]:
    """Attention received over the clip, and per head (0 = the mean pattern) how widely queries spread theirs."""
    times, received = reading.received(layer)
    spreads = [reading.spread(layer, head) for head in range(reading.layer(layer).n_heads + 1)]
    arrays = {
        "received": received,
        "effective_tokens": np.array([spread.effective for spread in spreads]),
        "entropy_bits": np.array([spread.entropy_bits for spread in spreads]),
        "distance_s": np.array([spread.distance_s for spread in spreads]),
    }
    arrays = {f"{prefix}{name}": array for name, array in arrays.items()}
    return arrays if prefix else arrays | {"received_times_s": times}


def _similar(reading: ClipReading, layer: int) -> dict[str, np.ndarray]:
    if not reading.states:
        raise ShapeError("No layer of this tower has tokens with a time, so there is no self-similarity to show.")
    times_s, matrix = reading.self_similarity(min(layer, len(reading.states) - 1))
    return {"self_similarity": matrix, "self_similarity_times_s": times_s}


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


def _provenance(
    checkpoint: Checkpoint, waveform: Waveform, reading: ClipReading, shown: Descriptor, layer: int
) -> dict[str, Any]:
    return {
        "clip": waveform.name, "clip_sha256": waveform.sha256, "sample_rate": waveform.sample_rate,
        "duration_s": waveform.duration_s, "notices": list(waveform.notices),
        "checkpoint": checkpoint.name, "checkpoint_sha256": checkpoint.sha256, "arm": checkpoint.arm, "layer": layer,
        "untrained_twin_seed": int(checkpoint.training.get("seed", 0)),
        "device": reading.device, "seconds": reading.seconds, "n_windows": reading.clock.n_windows,
        "layer_name": reading.layer(layer).title,
        "crossing_name": reading.layer(CROSS).title if CROSS in reading.numbers else "cross-attention",
        "tokens_per_self_similarity_cell": reading.states[min(layer, len(reading.states) - 1)].per_cell,
        "descriptor": {"name": shown.name, "key": shown.key, **asdict(shown.look)},
    }  # fmt: skip
