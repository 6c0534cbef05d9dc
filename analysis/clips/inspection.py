"""Attention, self-similarity, spectrogram and descriptors of one recording, as arrays with what they mean."""

from dataclasses import asdict

import numpy as np

from analysis.clips.clip_lanes import Listening, desk_headline
from analysis.clips.clock import Clock
from analysis.clips.companions import Companions
from analysis.clips.hearing import Look, listen, open_listeners
from analysis.clips.model_lanes import novelty_series
from analysis.clips.reading import ClipReading, LayerReading
from analysis.clips.sound_lanes import described as descriptor_of
from analysis.clips.tower_descriptors import drawn_descriptor
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.constant_q import constant_q
from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.log_mel import log_mel
from analysis.files import Json
from analysis.models.checkpoint import Checkpoint
from analysis.models.tokens import CROSS

ENVELOPE_BINS = 2000


def inspect_clip(
    checkpoint: Checkpoint, waveform: Waveform, layer: int, *, at_s: float = 0.0, notes: Notes | None = None,
    overlap: str = "none",
) -> tuple[dict[str, np.ndarray], Json]:  # fmt: skip
    """Arrays and their description of one recording, as `inspected` has them.

    Layers count from 1; 0 is the cross-attention before them.

    Raises:
        ShapeError: there is no such layer.
        AudioError: the clip has ended before `at_s`.
        ConfigError: there is no such overlap.
    """
    look = Look(layer, at_s=at_s, overlap=overlap)
    return inspected(checkpoint, listen(open_listeners(checkpoint), waveform, look), look, Companions(notes))


def inspected(checkpoint: Checkpoint, heard: Listening, look: Look, companions: Companions) -> tuple[dict[str, np.ndarray], Json]:
    """Arrays and their description.

    The pattern of each head in the window that holds the second that is looked at; the notes, if there are any; attention
    received and its spread (mean of the heads, then each head), by band where keys have some, beside the untrained twin's; what
    queries without a time, such as a class token, attend to; self-similarity, novelty, descriptor, log-mel spectrogram,
    constant-Q spectrogram (a row per semitone from C1) and envelope; the cross-attention with the descriptor where the arm has
    one; the same of the model beside. What is of the descriptor is named by it, such as "a4" and "a4_attention". What a tower
    does not have is left out.
    """
    waveform, reading, shown = heard.waveform, heard.trained, drawn_descriptor(heard.patterns.tower)
    window = reading.clock.window_at(look.at_s)
    times_s, values = descriptor_of(shown, waveform)
    arrays, attends = _attention_arrays(heard, window, shown.key) if reading.layers else ({}, {})
    arrays |= _similar(heard) | {shown.key: values, f"{shown.key}_times_s": times_s} | _sound(waveform) | _read(companions.notes)
    span = reading.clock.spans[window]
    described = {
        **_provenance(checkpoint, heard, shown), "overlap": look.overlap, "at_s": look.at_s,
        "attention_window_s": [span.start_s, span.end_s], **attends,
        "headline": desk_headline(str(checkpoint.name), reading, heard.twin, heard.layer, heard.head),
        "beside": None if heard.beside is None else heard.beside.name,
        "annotations": [
            {"title": layer.title, "marks": [[mark.start_s, mark.end_s, mark.text] for mark in layer.marks]}
            for layer in companions.layers
        ],
        "arrays": {array: list(values.shape) for array, values in arrays.items()},
    }  # fmt: skip
    return arrays, described


def _attention_arrays(heard: Listening, window: int, descriptor: str) -> tuple[dict[str, np.ndarray], Json]:
    """Where a layer attends, and what rows, columns and uniform attention are."""
    reading, layer = heard.trained, heard.layer
    read, spread = reading.layer(layer), reading.spread(layer)
    arrays = _pattern(heard.patterns, read, window, reading.clock) | _over_time(reading, layer, "")
    if heard.twin is not None:
        arrays |= _over_time(heard.twin, layer, "untrained_")
    if heard.beside is not None and layer in heard.beside.reading.numbers:
        arrays |= _over_time(heard.beside.reading, layer, "beside_")
    kinds = {"query": read.query.kind, "key": read.key.kind}
    if CROSS in reading.numbers:
        entering, name = reading.layer(CROSS), f"{descriptor}_attention"
        arrays |= _pattern(heard.patterns, entering, window, reading.clock, name)
        kinds |= {f"{name}_query": entering.query.kind, f"{name}_key": entering.key.kind}
    uniform = {"uniform_effective_tokens": read.key.n, "uniform_received": 1 / len(np.unique(read.key.times_s))}
    return arrays, {**kinds, **uniform, "n_queries": spread.n_queries}


def _pattern(
    patterns: WindowPatterns, layer: LayerReading, window: int, clock: Clock, name: str = "attention"
) -> dict[str, np.ndarray]:
    """Patterns of all heads in a window between tokens that have a time, and these times."""
    prefix = "" if name == "attention" else f"{name}_"
    from_s = float(clock.starts_s[window])
    heads = patterns.patterns(window, layer.layer, range(1, layer.n_heads + 1))
    timed = np.stack(heads)[:, layer.query.special :, layer.key.special :]
    return {
        name: timed, f"{prefix}query_times_s": from_s + layer.query.times_s, f"{prefix}key_times_s": from_s + layer.key.times_s,
    }  # fmt: skip


def _over_time(reading: ClipReading, layer: int, prefix: str) -> dict[str, np.ndarray]:
    """Attention received over the clip, and per head (0 = the mean pattern) how widely queries spread theirs."""
    read = reading.layer(layer)
    heads = range(read.n_heads + 1)
    times, received = reading.received(layer)
    spreads = [reading.spread(layer, head) for head in heads]
    arrays = {
        "received": received,
        "received_by_head": np.stack([reading.received(layer, head)[1] for head in heads]),
        "effective_tokens": np.array([spread.effective for spread in spreads]),
        "entropy_bits": np.array([spread.entropy_bits for spread in spreads]),
        "distance_s": np.array([spread.distance_s for spread in spreads]),
    }
    if prefix != "untrained_":  # times are those of the model
        arrays |= {"received_times_s": times}
    if read.query.special:
        arrays |= {"special_rows": read.use.special_rows}
    if read.key.bands_hz is not None:
        by_band = np.stack([reading.received_by_band(layer, head)[1] for head in heads])
        arrays |= {"received_by_band": by_band, "bands_hz": np.array(read.keys.bands_hz)}
    return {f"{prefix}{name}": array for name, array in arrays.items()}


def _similar(heard: Listening) -> dict[str, np.ndarray]:
    """Self-similarity and novelty; of the twin its novelty, of the model beside both."""
    if not heard.trained.states:
        return {}
    times_s, matrix, novelty = _changes(heard.trained, heard.layer)
    arrays = {"self_similarity": matrix, "self_similarity_times_s": times_s, "novelty": novelty}
    if heard.twin is not None:
        arrays |= {"untrained_novelty": _changes(heard.twin, heard.layer)[2]}
    if heard.beside is not None and heard.beside.reading.states:
        times_s, matrix, novelty = _changes(heard.beside.reading, heard.layer)
        arrays |= {
            "beside_self_similarity": matrix, "beside_self_similarity_times_s": times_s, "beside_novelty": novelty,
        }  # fmt: skip
    return arrays


def _changes(reading: ClipReading, layer: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, self-similarity and novelty after a layer."""
    times_s, matrix = reading.self_similarity(min(layer, len(reading.states) - 1))
    return times_s, matrix, novelty_series(reading, layer).values


def _sound(waveform: Waveform) -> dict[str, np.ndarray]:
    times, decibel = log_mel(waveform.samples, waveform.sample_rate)
    constant_q_times, semitones = constant_q(waveform.samples, waveform.sample_rate)
    starts = np.unique(np.linspace(0, len(waveform.samples), ENVELOPE_BINS, endpoint=False).astype(int))
    return {
        "log_mel": decibel, "log_mel_times_s": times,
        "constant_q": semitones, "constant_q_times_s": constant_q_times,
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


def _provenance(checkpoint: Checkpoint, heard: Listening, shown: Descriptor) -> Json:
    waveform, reading, layer = heard.waveform, heard.trained, heard.layer
    state = reading.states[min(layer, len(reading.states) - 1)] if reading.states else None
    title = reading.layer(layer).title if reading.layers else f"Layer {layer}"
    return {
        "clip": waveform.name, "clip_sha256": waveform.sha256, "sample_rate": waveform.sample_rate,
        "duration_s": waveform.duration_s, "notices": list(waveform.notices),
        "checkpoint": checkpoint.name, "checkpoint_sha256": checkpoint.sha256, "arm": checkpoint.arm, "layer": layer,
        "head": heard.head, "untrained_twin_seed": checkpoint.seed,
        "device": reading.device, "seconds": reading.seconds, "n_windows": reading.clock.n_windows, "layer_name": title,
        "crossing_name": reading.layer(CROSS).title if CROSS in reading.numbers else "cross-attention",
        "tokens_per_self_similarity_cell": None if state is None else state.per_cell,
        "descriptor": {"name": shown.name, "key": shown.key, **asdict(shown.look)},
    }  # fmt: skip
