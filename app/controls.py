"""Pickers of a checkpoint and of a clip; what is wrong is said where it was chosen."""

from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes, load_notes, notes_from_rows
from analysis.errors import OtoscopeError
from app import caching, state

AUDIO_TYPES = ["wav", "flac", "mp3", "ogg", "m4a"]
UPLOAD = "Upload a recording"
SAMPLE_RATE = 24_000
DEMO_SECONDS = 30.0


@dataclass(frozen=True)
class Clip:
    """A recording, and its notes where a MIDI file came with it."""

    waveform: Waveform
    source: bytes
    notes: Notes | None = None


def usable() -> tuple[list[Any], list[Any]]:
    """Checkpoints that open, and those that do not."""
    try:
        found = caching.checkpoints()
    except OtoscopeError as error:
        st.error(str(error))
        return [], []
    except ModuleNotFoundError:
        return [], []
    return [one for one in found if not hasattr(one, "reason")], [one for one in found if hasattr(one, "reason")]


def pick_checkpoint() -> Any | None:
    """The chosen checkpoint; None where there is none."""
    good, _ = usable()
    if not good:
        return None
    names = [str(one.name) for one in good]
    wanted = state.get_text("checkpoint")
    index = names.index(wanted) if wanted in names else 0
    chosen = st.selectbox("Checkpoint", range(len(good)), index=index, format_func=lambda i: names[i])
    state.put("checkpoint", names[chosen])
    return good[chosen]


def demo_clips() -> dict[str, Any]:
    """The demo clips by title; empty, with the reason said, where they cannot be had."""
    try:
        return {str(one.title): one for one in caching.demo_clips()}
    except OtoscopeError as error:
        st.error(str(error))
    except BrokenExecutor:
        st.error("The demo clips could not be rendered: a process ended early. Reload the page, or upload a recording.")
    return {}


def pick_clip(sample_rate: int = SAMPLE_RATE) -> Clip | None:
    """The chosen clip; None until there is one that can be read."""
    demos = demo_clips()
    names = [*demos, UPLOAD]
    wanted = state.get_text("clip")
    chosen = st.selectbox("Clip", names, index=names.index(wanted) if wanted in names else 0)
    state.put("clip", chosen)
    try:
        return _upload(sample_rate) if chosen not in demos else _shipped(demos[chosen], sample_rate)
    except (OtoscopeError, OSError) as error:
        st.error(str(error))
        return None


def _upload(sample_rate: int) -> Clip | None:
    audio = st.file_uploader("Recording", type=AUDIO_TYPES)
    midi = st.file_uploader("MIDI of the same performance (optional)", type=["mid", "midi"])
    if audio is None:
        return None
    notes = load_notes(midi.getvalue(), midi.name) if midi is not None else None
    return _clip(audio.getvalue(), audio.name, sample_rate, notes)


def _shipped(demo: Any, sample_rate: int) -> Clip:
    start_s = float(demo.start_s)
    stop_s = min(start_s + DEMO_SECONDS, float(demo.piece.duration_s))
    source = caching.excerpt(str(demo.wav_path), start_s, stop_s, sample_rate)
    notes = load_notes(demo.midi_path)
    rows = zip(notes.onset_s, notes.offset_s, notes.pitch, notes.velocity, strict=True)
    within = [
        (max(float(on), start_s) - start_s, min(float(off), stop_s) - start_s, int(pitch), int(velocity))
        for on, off, pitch, velocity in rows
        if on < stop_s and off > start_s
    ]
    return _clip(source, f"{demo.title}.wav", sample_rate, notes_from_rows(within))


def _clip(source: bytes, name: str, sample_rate: int, notes: Notes | None) -> Clip:
    waveform = caching.waveform(source, sample_rate, name)
    for notice in waveform.notices:
        st.warning(notice)
    return Clip(waveform, source, notes)


def pick_number(name: state.Name, label: str, low: int, high: int) -> int:
    """A whole number in [low, high]; a lone choice is not asked for."""
    if high <= low:
        return low
    value = state.get_int(name, low, high, low)
    chosen = int(st.slider(label, low, high, value))
    state.put(name, chosen)
    return chosen


def pick_head(n_heads: int) -> int | None:
    """A head counted from 1, or None for the mean of all."""
    chosen = pick_number("head", "Head (0 is the mean of all)", 0, n_heads)
    return chosen or None
