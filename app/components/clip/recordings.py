"""Recordings that the clip page shows: demo clips by their titles, all others by the key under which the store holds them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import streamlit as st

from analysis.clips.companions import Companions, companions_key, keep_companions, read_companions
from analysis.clips.recordings import keep_recording, recording_key
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import load_notes, notes_from_rows
from analysis.store import open_store
from app import answers, caching, state
from app.kit import layout
from app.kit.controls import SAMPLE_RATE

if TYPE_CHECKING:
    from analysis.datasets.corpus import DemoClip

DEMO_SECONDS = 30.0
KEY = re.compile(r"[0-9a-f]{64}")
MOST_RECENT = 8


@dataclass(frozen=True)
class Clip:
    """A recording, its key in the store, and what belongs to it."""

    waveform: Waveform
    key: str
    companions: Companions = field(default_factory=Companions)

    @cached_property
    def belongs(self) -> str:
        """Key of what belongs to it; "" where there is nothing."""
        return companions_key(self.key, self.companions)


def recent() -> dict[str, str]:
    """Names of the recordings that this session has had, by key, the last one first; also those that the address names."""
    known = dict(state.recall("recent") or {})
    named = (state.get_text("clip") or "", (state.get_text("beside") or "").rpartition(":")[2])
    for key in named:
        if key not in known and KEY.fullmatch(key) and (waveform := stored(key)) is not None:
            known = remember(key, waveform.name)
    return known


def remember(key: str, name: str) -> dict[str, str]:
    """Put a recording first among those of this session."""
    known = {key: name or "recording", **{k: n for k, n in (state.recall("recent") or {}).items() if k != key}}
    kept = dict(list(known.items())[:MOST_RECENT])
    state.keep("recent", kept)
    return kept


def know_again(keys: Sequence[str]) -> None:
    """Put recordings of an earlier session after those of this one, as far as the store holds them.

    The browser that opened them has kept their keys: on a server of several people nobody sees a recording of somebody else
    without its key.
    """
    known = dict(state.recall("recent") or {})
    for key in keys[:MOST_RECENT]:
        if key not in known and KEY.fullmatch(key) and (waveform := stored(key)) is not None:
            known[key] = waveform.name or "recording"
    state.keep("recent", dict(list(known.items())[:MOST_RECENT]))


def stored(key: str) -> Waveform | None:
    """The recording under a key; None where the store does not hold it (any more)."""
    return answers.recording(key)


def companions(recording: str) -> Companions:
    """What belongs to a recording: what the address says, else what this session added to it before."""
    added = state.recall("companions") or {}
    for key in (state.get_text("with") or "", added.get(recording, "")):
        if KEY.fullmatch(key) and (read := _read(key, recording)) is not None:
            state.put("with", key)
            state.keep("companions", {**added, recording: key})
            return read
    state.put("with", None)
    return Companions()


def added_to(recording: str) -> Companions:
    """What this session added to a recording, which need not be the one that the address names first."""
    key = (state.recall("companions") or {}).get(recording, "")
    return (_read(key, recording) if KEY.fullmatch(key) else None) or Companions()


def _read(key: str, recording: str) -> Companions | None:
    return caching.once(("companions", key, recording), lambda: read_companions(open_store(), key, recording))


def add(recording: str, what: Companions) -> None:
    """Keep what belongs to a recording, and say in the address what it is.

    Raises:
        StoreError: the store does not take it.
    """
    key = None if what.empty else keep_companions(open_store(), recording, what)
    state.keep("companions", {**(state.recall("companions") or {}), recording: key or ""})
    state.put("with", key)


def keep(waveform: Waveform) -> str:
    """Put a recording into the store and first among those of this session; its key.

    Raises:
        StoreError: the store does not take it.
    """
    key = keep_recording(open_store(), waveform)
    remember(key, waveform.name)
    return key


def demo(clip: DemoClip) -> Clip:
    """A demo clip, rendered where it is not yet, with its notes.

    Raises:
        OtoscopeError: it cannot be rendered or read.
    """
    if not clip.wav_path.is_file():
        with st.spinner(f"Rendering {layout.plain(clip.title)}; this happens once …", show_time=True):
            caching.rendered(clip)
    start_s = float(clip.start_s)
    stop_s = min(start_s + DEMO_SECONDS, float(clip.piece.duration_s))
    source = caching.excerpt(str(clip.wav_path), start_s, stop_s, SAMPLE_RATE)
    waveform = caching.waveform(source, SAMPLE_RATE, f"{clip.title}.wav")
    notes = load_notes(clip.midi_path)
    rows = zip(notes.onset_s, notes.offset_s, notes.pitch, notes.velocity, strict=True)
    within = [
        (max(float(on), start_s) - start_s, min(float(off), stop_s) - start_s, int(pitch), int(velocity))
        for on, off, pitch, velocity in rows
        if on < stop_s and off > start_s
    ]
    key = caching.once(("recording key", waveform.sha256, waveform.name), lambda: recording_key(waveform))
    return Clip(waveform, str(key), Companions(notes_from_rows(within)))
