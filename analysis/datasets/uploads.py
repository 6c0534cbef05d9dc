"""Recordings and MIDI files that came through the browser: decoded in a process of their own, under limits.

The name of an upload is shown and nothing else: it is never part of a path, and the content alone decides how it is read.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from analysis.datasets.audio import Waveform, load_waveform
from analysis.datasets.containers import printable
from analysis.datasets.midi import Notes, read_midi
from analysis.errors import AudioError, MidiError, OtoscopeError
from analysis.sandbox import SandboxError, run_limited
from analysis.units import seconds_to_words

MAX_BYTES = 50 * 2**20
MAX_SECONDS = 600.0
MAX_MIDI_BYTES = 5 * 2**20
MAX_MIDI_SECONDS = 3 * 3600.0
DECODING_S = 60.0
MEMORY_BYTES = 2**30
FILE_BYTES = 2**29  # what ffmpeg may write for an M4A file; other formats are decoded without a file


def decode_upload(source: bytes, name: str, sample_rate: int, from_s: float | None = None) -> Waveform:
    """What `load_waveform` makes of an uploaded recording, mono at `sample_rate` Hz, without trusting the recording.

    At most 50 MiB, 10 minutes and 32 channels are read, within a minute.

    Args:
        source: the file.
        name: of the file, to be shown.
        sample_rate: of the result, in Hz.
        from_s: where a part of at most 10 minutes begins; None for the whole, which is then refused if it is longer.

    Raises:
        AudioError: a limit is exceeded, or there is no usable audio in it.
    """
    label = printable(name) or "The file"
    _refuse_size(source, label, MAX_BYTES, AudioError, "Cut out the part you need, or save it as FLAC.")
    need = 4 * len(source) + round(16 * MAX_SECONDS) * sample_rate  # copies of the source; the result, joined and sent
    limits = {"seconds": DECODING_S, "memory_bytes": MEMORY_BYTES + need, "file_bytes": FILE_BYTES}
    try:
        samples, notices = run_limited(_samples, source, name, sample_rate, from_s, what=f"Decoding {label}", **limits)
    except SandboxError as error:
        raise AudioError(str(error)) from error
    shown, digest = printable(name), hashlib.sha256(source).hexdigest()
    if from_s is not None:  # a part is another recording
        shown, digest = f"{shown} from {seconds_to_words(from_s)}", hashlib.sha256(f"{digest} {from_s}".encode()).hexdigest()
    return Waveform(samples, sample_rate, shown, digest, notices)


def load_upload_notes(source: bytes, name: str) -> tuple[Notes, tuple[str, ...]]:
    """Notes and notices that `read_midi` finds in an uploaded MIDI file of at most 5 MiB and 3 hours, without trusting it.

    Raises:
        MidiError: a limit is exceeded, it is not a MIDI file, or it has no pitched note.
    """
    label = printable(name) or "The MIDI file"
    _refuse_size(source, label, MAX_MIDI_BYTES, MidiError, "Pick a MIDI file with less in it.")
    try:
        columns, notices = run_limited(
            _columns, source, name, seconds=DECODING_S, memory_bytes=2 * MEMORY_BYTES, what=f"Reading {label}"
        )
    except SandboxError as error:
        raise MidiError(str(error)) from error
    notes = Notes(*columns)
    if notes.end_s > MAX_MIDI_SECONDS:
        got, most = seconds_to_words(notes.end_s), seconds_to_words(MAX_MIDI_SECONDS)
        raise MidiError(f"{label} lasts {got}; at most {most} can be shown. Cut out the part you need.")
    return notes, notices


def _refuse_size(source: bytes, label: str, most: int, kind: type[OtoscopeError], advice: str) -> None:
    if len(source) > most:
        raise kind(f"{label} has {len(source):,} bytes; at most {most:,} ({most // 2**20} MiB) are read. {advice}")


def _samples(source: bytes, name: str, sample_rate: int, from_s: float | None) -> tuple[NDArray[np.float32], tuple[str, ...]]:
    waveform = load_waveform(source, sample_rate, name=name, max_seconds=MAX_SECONDS, from_s=from_s)
    return waveform.samples, waveform.notices


def _columns(source: bytes, name: str) -> tuple[tuple[NDArray, ...], tuple[str, ...]]:
    read = read_midi(source, name)
    return (read.notes.onset_s, read.notes.offset_s, read.notes.pitch, read.notes.velocity), read.notices
