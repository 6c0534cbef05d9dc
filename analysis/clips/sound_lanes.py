"""The lanes of a recording: its sound, its spectrogram, its notes, descriptors of it, and what somebody wrote about it."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.lanes import FULL, Annotation, ImageLane, MarkLane, NoteLane, PeakLevel, Tick, WaveLane
from analysis.clips.tiles import Piece, pyramid, quantised
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.constant_q import LOWEST_PITCH
from analysis.descriptors.descriptor import Descriptor
from analysis.units import hz_to_mel, hz_to_name, mel_to_hz, midi_to_hz, midi_to_name

FINEST_RUN, COARSER = 64, 8  # samples per run of the finest level; runs joined from level to level
FLOOR_DB = -80.0
MOST_COLUMNS = 6_144
OCTAVE = 12
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
    bands = len(decibel)
    piece = _spectrogram(times_s, decibel, MOST_COLUMNS)
    step = float(hz_to_mel(top_hz)) / (bands + 1)
    centres_hz = np.asarray(mel_to_hz(np.arange(bands, 0, -1) * step))
    names = [f"{hz:,.0f} Hz ({hz_to_name(float(hz))})" for hz in centres_hz]
    ticks = [Tick(1 - float(hz_to_mel(hz)) / step / (bands + 1), f"{hz:,} Hz") for hz in reversed(TICKS_HZ) if hz < 0.9 * top_hz]
    levels = pyramid([piece], largest=False)
    return ImageLane(
        id="log_mel", title="Log-mel spectrogram", unit="dB", height=150, ticks=ticks, low=FLOOR_DB, high=0.0, colours="magma",
        row_names=names, sets={(): levels}, along="frequency (Hz, mel scale)",
    )  # fmt: skip


def constant_q_lane(times_s: Float[ndarray, " frames"], decibel: Float[ndarray, "bins frames"]) -> ImageLane:
    """A constant-Q spectrogram in dB below its maximum, a row per semitone from C1 on."""
    pitches = range(LOWEST_PITCH, LOWEST_PITCH + len(decibel))
    names = [f"{midi_to_name(pitch)} ({midi_to_hz(pitch):,.0f} Hz)" for pitch in pitches]
    n = len(names)
    ticks = [
        Tick((n - 0.5 - number) / n, f"{midi_to_name(pitch)} {midi_to_hz(pitch):,.0f} Hz")
        for number, pitch in enumerate(pitches)
        if pitch % OCTAVE == 0
    ]
    levels = pyramid([_spectrogram(times_s, decibel, MOST_COLUMNS // 3)], largest=False)
    return ImageLane(
        id="constant_q", title="Constant-Q spectrogram", unit="dB", height=150, ticks=ticks[::-1], low=FLOOR_DB, high=0.0,
        colours="magma", row_names=names[::-1], sets={(): levels}, along="pitch (note name, frequency in Hz)",
    )  # fmt: skip


def _spectrogram(times_s: Float[ndarray, " frames"], decibel: Float[ndarray, "rows frames"], most: int) -> Piece:
    """A picture of frames, the first row at the bottom; of more than `most` the loudest of neighbours."""
    frames = decibel.shape[1]
    join = -(-frames // most)
    hop_s = float(times_s[1] - times_s[0]) if frames > 1 else 0.02
    starts = np.arange(0, frames, join)
    pooled = np.maximum.reduceat(decibel, starts, axis=1) if join > 1 else decibel
    # a frame stands for the hop around its centre
    return Piece(-hop_s / 2, (len(starts) * join - 0.5) * hop_s, quantised(pooled[::-1], FLOOR_DB, 0.0), exact=pooled[::-1])


def note_lane(notes: Notes) -> NoteLane:
    """The notes of the MIDI file, between its lowest and its highest pitch."""
    low, high = (int(notes.pitch.min()), int(notes.pitch.max())) if len(notes.pitch) else (21, 108)
    ticks = [Tick(0.0, str(high)), Tick(1.0, str(low))]
    return NoteLane(
        id="notes", title="Notes of the MIDI file", unit="MIDI pitch", height=110, ticks=ticks, low=low, high=high,
        onsets_s=notes.onset_s, offsets_s=notes.offset_s, pitches=notes.pitch.astype(np.uint8),
        velocities=notes.velocity.astype(np.uint8),
    )  # fmt: skip


def descriptor_lane(descriptor: Descriptor, waveform: Waveform) -> ImageLane:
    """A descriptor of the sound, the first feature at the bottom."""
    times_s, values = described(descriptor, waveform)
    look = descriptor.look
    hop_s = float(times_s[1] - times_s[0]) if len(times_s) > 1 else waveform.duration_s
    begin_s = float(times_s[0]) - hop_s / 2
    levels = quantised(values[::-1], look.low, look.high)
    piece = Piece(begin_s, begin_s + len(times_s) * hop_s, levels, exact=values[::-1])
    n = len(look.features)
    ticks = [Tick((n - 0.5 - i) / n, feature) for i, feature in enumerate(look.features)][:: -max(1, n // 4)]
    return ImageLane(
        id=f"descriptor_{descriptor.key}", title=f"{descriptor.name} over time", unit=look.unit, height=120, ticks=ticks,
        low=look.low, high=look.high, colours="difference" if look.low == -look.high else "cividis",
        row_names=list(look.features)[::-1], sets={(): pyramid([piece], largest=False)}, along=look.along,
    )  # fmt: skip


def described(descriptor: Descriptor, waveform: Waveform) -> tuple[Float[ndarray, " frames"], Float[ndarray, "features frames"]]:
    """Frame times in seconds, and a descriptor of the whole recording in its unit."""
    values = descriptor.compute(torch.tensor(waveform.samples)[None], waveform.sample_rate)[0].T.numpy()
    times_s = descriptor.axis(len(waveform.samples), waveform.sample_rate).times_s
    n = values.shape[1] if times_s is None else min(len(times_s), values.shape[1])
    return (np.zeros(n) if times_s is None else times_s[:n]), values[:, :n]


def mark_lanes(layers: Sequence[tuple[str, Sequence[Annotation]]]) -> list[MarkLane]:
    """Layers of annotations by their titles."""
    return [
        MarkLane(id=f"marks_{number}", title=title, height=28, marks=tuple(marks))
        for number, (title, marks) in enumerate(layers, start=1)
    ]
