"""Render one window of a piece again, with its own recording conditions and one thing different.

A whole piece takes seconds to render, a window with its lead-in some hundredths. What is left out: notes that ended before the
lead-in and would still ring through the pedal.
"""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pretty_midi
from jaxtyping import Float32
from numpy import ndarray

from analysis.datasets.alterations import coloured_noise, fold_pitch
from analysis.datasets.conditions import REFERENCE_RMS, Conditions, apply_conditions, draw_conditions
from analysis.datasets.midi import parse_midi
from analysis.datasets.rendering import CONTROLS, render_midi
from analysis.datasets.segments import Segment
from analysis.seeding import numpy_generator
from analysis.units import db_to_amplitude, seconds_to_samples

LEAD_S = 3.0  # longer than the reverberation of the recorded conditions
OTHER_FONT, OTHER_PROGRAM = "Merlin", 0
PEAK = 0.99


def render_excerpt(
    segment: Segment,
    sample_rate: int,
    *,
    conditions: str = "recorded",
    semitones: int = 0,
    other_font: bool = False,
    seed: int = 0,
) -> Float32[ndarray, " samples"]:
    """The audio of a window, rendered from the notes; the same for every `semitones` but for the pitches.

    Room, equaliser, noise level and gain are those of the piece. Its level is set on the excerpt, not on the whole piece, and the
    noise is another stretch of noise, the same one whatever is changed.

    Args:
        segment: window of a piece of the demo corpus.
        sample_rate: in Hz.
        conditions: name of the set the corpus was rendered with.
        semitones: by which all notes are moved; those that would leave the piano are folded back by octaves.
        other_font: play it on the grand piano of another sound font instead.
        seed: of the corpus.

    Raises:
        ConfigError: the set of conditions is unknown.
        CorpusError: a sound font is not installed.
        MidiError: the MIDI file cannot be read.
    """
    piece = segment.piece
    drawn = draw_conditions(conditions, piece.piece_id, seed)
    if other_font:
        drawn = replace(drawn, sound_font=OTHER_FONT, program=OTHER_PROGRAM)
    begin = max(0.0, segment.start_s - LEAD_S)
    lead = seconds_to_samples(segment.start_s, sample_rate) - seconds_to_samples(begin, sample_rate)
    n_samples = lead + seconds_to_samples(segment.duration_s, sample_rate)
    midi = cut_midi(_performance(piece.midi_file), begin, segment.start_s + segment.duration_s, semitones)
    dry = render_midi(midi, sample_rate=sample_rate, program=drawn.program, sound_font=drawn.sound_font)
    dry = np.pad(dry, (0, max(0, n_samples - len(dry))))[:n_samples]
    purpose = (conditions, piece.piece_id)
    room = numpy_generator(seed, "room", *purpose)
    noise = numpy_generator(seed, "noise of an excerpt", *purpose, round(1000 * segment.start_s))
    return _record(dry, drawn, sample_rate, room, noise)[lead:]


def cut_midi(midi: pretty_midi.PrettyMIDI, start_s: float, stop_s: float, semitones: int = 0) -> pretty_midi.PrettyMIDI:
    """What sounds in `[start_s, stop_s)` as a performance that begins at 0, with the controls as they stood at `start_s`.

    Notes are cut at both ends; drums are not transposed.
    """
    cut = pretty_midi.PrettyMIDI()
    for instrument in midi.instruments:
        moved = 0 if instrument.is_drum else semitones
        copy = pretty_midi.Instrument(instrument.program, instrument.is_drum, instrument.name)
        copy.notes = [
            pretty_midi.Note(
                note.velocity, fold_pitch(note.pitch, moved), max(note.start, start_s) - start_s, min(note.end, stop_s) - start_s
            )
            for note in instrument.notes
            if note.start < stop_s and note.end > start_s
        ]
        copy.control_changes = _controls(instrument, start_s, stop_s)
        cut.instruments.append(copy)
    return cut


def _controls(instrument: pretty_midi.Instrument, start_s: float, stop_s: float) -> list[pretty_midi.ControlChange]:
    changes = sorted(
        (change for change in instrument.control_changes if change.number in CONTROLS), key=lambda change: change.time
    )
    standing = {change.number: change.value for change in changes if change.time <= start_s}
    first = [pretty_midi.ControlChange(number, value, 0.0) for number, value in standing.items()]
    later = [change for change in changes if start_s < change.time < stop_s]
    return first + [pretty_midi.ControlChange(change.number, change.value, change.time - start_s) for change in later]


def _record(
    dry: Float32[ndarray, " samples"], drawn: Conditions, sample_rate: int, room: np.random.Generator, noise: np.random.Generator
) -> Float32[ndarray, " samples"]:
    """As `apply_conditions`, with noise from a generator of its own."""
    quiet = replace(drawn, snr_db=float("inf"), gain_db=0.0)
    out = apply_conditions(dry, quiet, sample_rate=sample_rate, rng=room).astype(np.float64)
    if np.isfinite(drawn.snr_db):
        level = REFERENCE_RMS / db_to_amplitude(drawn.snr_db)
        out += level * coloured_noise("pink", len(out), sample_rate, noise)
    out *= db_to_amplitude(drawn.gain_db)
    return (out * min(1.0, PEAK / max(float(np.abs(out).max()), PEAK))).astype(np.float32)


@lru_cache(maxsize=32)
def _performance(path: Path) -> pretty_midi.PrettyMIDI:
    """The instruments of a file."""
    return parse_midi(path)
