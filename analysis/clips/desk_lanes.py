"""The lanes of a recording, and those of what a model does with it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.lanes import Choice, CurveLane, ImageLane, NoteLane, PeakLevel, Series, Tick, WaveLane
from analysis.clips.tiles import Piece, pyramid, quantised
from analysis.clips.use import ClipAnalysis, ClipUse, clip_times_s
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.units import hz_to_mel, hz_to_name, mel_to_hz

FINEST_RUN, COARSER = 64, 8  # samples per run of the finest level; runs joined from level to level
FULL = 127
FLOOR_DB = -80.0
MOST_COLUMNS, MOST_ROWS = 16_384, 128
TICKS_HZ = (100, 500, 1000, 2000, 4000, 8000)


def wave_lane(waveform: Waveform) -> WaveLane:
    """The sound as lowest and highest sample of runs of 64, 512 and 4,096 samples; full height is its loudest sample."""
    top = float(np.abs(waveform.samples).max(initial=0.0)) or 1.0
    levels = []
    for run in (FINEST_RUN, FINEST_RUN * COARSER, FINEST_RUN * COARSER**2):
        starts = np.arange(0, len(waveform.samples), run)
        low, high = (reduce.reduceat(waveform.samples, starts) / top * FULL for reduce in (np.minimum, np.maximum))
        step_s = run / waveform.sample_rate
        levels.append(PeakLevel(step_s, np.floor(low).astype(np.int8), np.ceil(high).astype(np.int8)))
    ticks = [Tick(0.0, f"{top:.2g}"), Tick(0.5, "0"), Tick(1.0, f"−{top:.2g}")]
    return WaveLane(id="waveform", title="Waveform", unit="amplitude (of 1)", height=72, ticks=ticks, levels=levels)


def mel_lane(times_s: Float[ndarray, " frames"], decibel: Float[ndarray, "bands frames"], top_hz: float) -> ImageLane:
    """A log-mel spectrogram in dB below its maximum, its bands equally spaced in mel from 0 to `top_hz`."""
    bands, frames = decibel.shape
    join = -(-frames // MOST_COLUMNS)
    hop_s = float(times_s[1] - times_s[0]) if frames > 1 else 0.02
    starts = np.arange(0, frames, join)
    pooled = np.maximum.reduceat(decibel, starts, axis=1) if join > 1 else decibel
    # a frame stands for the hop around its centre
    piece = Piece(-hop_s / 2, (len(starts) * join - 0.5) * hop_s, quantised(pooled[::-1], FLOOR_DB, 0.0))
    step = float(hz_to_mel(top_hz)) / (bands + 1)
    centres_hz = np.asarray(mel_to_hz(np.arange(bands, 0, -1) * step))
    names = [f"{hz:,.0f} Hz ({hz_to_name(float(hz))})" for hz in centres_hz]
    ticks = [Tick(1 - float(hz_to_mel(hz)) / step / (bands + 1), f"{hz:,} Hz") for hz in reversed(TICKS_HZ) if hz < 0.9 * top_hz]
    levels = pyramid([piece], largest=False)
    return ImageLane(
        id="log_mel", title="Log-mel spectrogram", unit="dB", height=150, ticks=ticks, low=FLOOR_DB, high=0.0, colours="magma",
        row_names=names, sets={(): levels},
    )  # fmt: skip


def note_lane(notes: Notes) -> NoteLane:
    """The notes of the MIDI file, between its lowest and its highest pitch."""
    low, high = (int(notes.pitch.min()), int(notes.pitch.max())) if len(notes.pitch) else (21, 108)
    ticks = [Tick(0.0, str(high)), Tick(1.0, str(low))]
    return NoteLane(
        id="notes", title="Notes of the MIDI file", unit="MIDI pitch", height=110, ticks=ticks, low=low, high=high,
        onsets_s=notes.onset_s, offsets_s=notes.offset_s, pitches=notes.pitch.astype(np.uint8),
    )  # fmt: skip


def received_lane(use: ClipUse, twin: ClipUse | None, n_heads: int) -> CurveLane:
    """Attention received by every key, as a multiple of uniform attention, by layer and head, beside the untrained twin's."""
    sets: dict[Choice, Sequence[Series]] = {}
    for layer in use.layers:
        n_keys = len(use.grids[layer].key_times_s)
        for head in range(n_heads + 1):
            series = [_received(use, layer, head, n_keys, "trained", "audio")]
            if twin is not None:
                series.append(_received(twin, layer, head, n_keys, "untrained twin", "twin"))
            sets[layer, head] = series
    return CurveLane(
        id="received", title="Attention received", unit="× uniform", by="head", low=0.0, borders=_borders(use), sets=sets,
    )  # fmt: skip


def attention_lane(analysis: ClipAnalysis, layer: int) -> ImageLane:
    """Patterns of all heads of a layer, window by window: keys on the clip's clock, queries upwards within their window."""
    use, n_heads = analysis.use, analysis.n_heads
    patterns: dict[int, list[Float[ndarray, "queries keys"]]] = {head: [] for head in range(n_heads + 1)}
    for window in range(analysis.n_windows):
        for head, of_head in patterns.items():
            of_head.append(analysis.attention(window, layer, head or None))
    highs = {head: max(float(pattern.max()) for pattern in of_head) for head, of_head in patterns.items()}
    window_s = analysis.window_s
    sets = {
        (layer, head): pyramid(
            [
                Piece(n * window_s, (n + 1) * window_s, quantised(_largest(pattern, MOST_ROWS)[::-1], 0.0, highs[head]))
                for n, pattern in enumerate(of_head)
            ],
            largest=True,
        )
        for head, of_head in patterns.items()
    }
    ticks = [Tick(0.0, f"{window_s:g} s"), Tick(1.0, "0 s")]
    return ImageLane(
        id="attention", title="Attention: query time within its window", unit="share of the query's attention", height=200,
        by="head", ticks=ticks, borders=_borders(use), empty="This layer is being read …", low=0.0, high=1.0, colours="viridis",
        y_time="window", sets=sets, highs={(layer, head): high for head, high in highs.items()},
    )  # fmt: skip


def similarity_lane(use: ClipUse) -> ImageLane:
    """Cosine similarity between moments of the clip after every block, both axes on the clip's clock."""
    sets: dict[Choice, Sequence[Sequence[Piece]]] = {}
    for layer in range(len(use.cells)):
        times_s, matrix = use.self_similarity(layer)
        hop_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else use.duration_s
        ends = float(times_s[0]) - hop_s / 2, float(times_s[0]) + (len(times_s) - 0.5) * hop_s
        sets[layer,] = pyramid([Piece(*ends, quantised(matrix[::-1], -1.0, 1.0))], largest=False)
    ticks = [Tick(0.0, f"{use.duration_s:.3g} s"), Tick(1.0, "0 s")]
    return ImageLane(
        id="similarity", title="Self-similarity: time of the clip", unit="cosine", height=240, by="layer", ticks=ticks, low=-1.0,
        high=1.0, colours="cividis", borders=_borders(use), y_time="clip", sets=sets,
    )  # fmt: skip


def descriptor_lane(analysis: ClipAnalysis) -> ImageLane:
    """The descriptor of the sound, the first feature at the bottom."""
    times_s, values = analysis.described
    look = analysis.descriptor.look
    hop_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else analysis.window_s
    begin_s = float(times_s[0]) - hop_s / 2
    piece = Piece(begin_s, begin_s + len(times_s) * hop_s, quantised(values[::-1], look.low, look.high))
    n = len(look.features)
    ticks = [Tick((n - 0.5 - i) / n, feature) for i, feature in enumerate(look.features)][:: -max(1, n // 4)]
    return ImageLane(
        id="descriptor", title=f"{analysis.descriptor.name} over time", unit=look.unit, height=120, ticks=ticks, low=look.low,
        high=look.high, colours="difference" if look.low == -look.high else "cividis", row_names=list(look.features)[::-1],
        sets={(): pyramid([piece], largest=False)},
    )  # fmt: skip


def _largest(pattern: Float[ndarray, "queries keys"], most: int) -> Float[ndarray, "rows keys"]:
    """The largest of every run of neighbouring queries, so that there are at most `most` rows: no bright cell is lost."""
    run = -(-len(pattern) // most)
    return np.maximum.reduceat(pattern, np.arange(0, len(pattern), run), axis=0) if run > 1 else pattern


def _received(use: ClipUse, layer: int, head: int, n_keys: int, name: str, colour: str) -> Series:
    times_s, share = use.received(layer, head or None)
    return Series(name, colour, times_s, share * n_keys, dashed=colour == "twin")


def _borders(use: ClipUse) -> list[float]:
    """Where windows begin, and where the last one ends."""
    n = len(next(iter(use.layers.values())).n_queries)
    return [float(start) for start in clip_times_s(np.zeros(1), n + 1, use.config.window_s)]
