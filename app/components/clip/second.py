"""A second recording, drawn beside the first on the same clock: which, who reads it, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from app import caching
from app.components.clip import hearing, reading, recordings
from app.kit import controls, layout
from app.kit.plain import plain

if TYPE_CHECKING:
    from collections.abc import Collection

    from app.components.clip.reading import Question, Readings
    from app.components.clip.recordings import Clip

PREFIX = "recording:"


@dataclass(frozen=True)
class Second:
    """Another recording.

    Attributes:
        clip: the recording.
        question: who reads it; None where there is no checkpoint.
        readings: what was read; None as long as it is not.
    """

    clip: Clip
    question: Question | None = None
    readings: Readings | None = None


def options(first: str) -> dict[str, str]:
    """Recordings that are at hand beside the first, as the address names them, and what they are called."""
    known = {title: title for title in controls.demo_clips()} | recordings.recent()
    return {f"{PREFIX}{key}": f"Recording: {name}" for key, name in known.items() if key != first}


def chosen(beside: str) -> bool:
    """Whether what is drawn beside is a recording."""
    return beside.startswith(PREFIX)


def opened(beside: str, question: Question | None) -> Second | None:
    """The second recording, read by the same checkpoint as the first; None, and why, where it cannot be had."""
    key = beside.removeprefix(PREFIX)
    try:
        clip = _clip(key)
        if clip is None or question is None:
            return None if clip is None else Second(clip)
        asked = reading.question(question.checkpoint, clip, question.overlap)
        return Second(clip, asked, reading.readings(asked))
    except (OtoscopeError, OSError) as error:  # one that cannot be compared takes nothing away
        layout.error(str(error))
        return None


def _clip(key: str) -> Clip | None:
    demos = controls.demo_clips()
    if key in demos:
        return recordings.demo(demos[key])
    if (waveform := recordings.stored(key)) is None:
        layout.error("The store does not hold the second recording any more. Upload it again, or raise OTOSCOPE_STORE_BYTES.")
        return None
    return recordings.Clip(waveform, key, recordings.added_to(key))


def apart(first: Clip, second: Clip) -> str:
    """Why a moment of one is not that moment of the other; "" where the sounds of both begin at the same moments."""
    from analysis.clips import second_recording
    from analysis.clips.clip_lanes import Sound

    def compare() -> str:
        return second_recording.apart(*(Sound(clip.waveform, caching.log_mel(clip.waveform)) for clip in (first, second)))

    return caching.once(("apart", first.key, second.key), compare)


def hidden_at_first(first: Clip, second: Clip | None) -> list[str]:
    """Lanes that are drawn only when somebody asks for them."""
    from analysis.clips.second_recording import HIDDEN_AT_FIRST

    return [] if second is None or apart(first, second) else list(HIDDEN_AT_FIRST)


def say(first: Clip, second: Clip, drawn: Collection[str]) -> None:
    """Which key plays which, what is drawn and heard where one of them is longer, and which differences are among the lanes."""
    from analysis.clips.second_recording import clock_text, lengths_text

    lengths, clock = lengths_text(first.waveform, second.waveform), clock_text(apart(first, second), drawn)
    st.caption(plain(" ".join(text for text in (hearing.words(first, second), lengths, clock) if text)))
