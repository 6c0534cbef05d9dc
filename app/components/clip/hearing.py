"""What the desk plays beside a recording: a part of it alone, taken away and drawn at random, and a second recording."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import ConfigError, OtoscopeError
from app import caching, state
from app.components.clip import moment
from app.kit import controls, layout
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.clips.variants import Part
    from app.components.clip.recordings import Clip
    from app.kit.desk.sounds import Sounds

WHOLE, SELECTION = "the recording as it is", "the selection"
MOST_S = 120.0
N_BANDS = 8
SEED = 0


@dataclass(frozen=True)
class Made:
    """What the desk plays in the stead of a recording, and what the ear does not know of it."""

    sounds: Sounds
    notice: str


def sounds(clip: Clip, second: Clip | None = None) -> Sounds | None:
    """What the desk plays instead of the recording alone: variants of a part of it, a second recording, or both.

    None where there is neither, where it cannot be made, and where that takes seconds and `complete` has yet to do it.
    """
    made = _made(clip, second, _audible_part(clip, second))
    return None if made is None else made.sounds


def complete(clip: Clip, second: Clip | None) -> bool:
    """Make the sound of two long recordings, once everything else is drawn; whether to draw the page again for it.

    Others may hear so much that it is gone again by then: it is then made for the next act, and not once more at once.
    """
    if second is None or not _is_long(clip):
        return False
    key = _key(clip, second, None)
    again = state.recall("heard") != key
    state.keep("heard", None)
    if _made(clip, second, None) is not None:
        return False
    if again:
        caching.heard(key, lambda: _make(clip, second, None))
        state.keep("heard", key)
    return again


def words(clip: Clip, second: Clip) -> str:
    """Which key plays which recording."""
    first, other = clip.waveform.name, second.waveform.name
    if _audible_part(clip, second) is not None:
        return f"“Hear a part” is chosen: keys 1 to 4 play variants of {first}, key 5 plays {other}, equally loud."
    return f"Key 1 plays {first}, key 2 {other}, at the same place and equally loud; a cell plays the recording of its lane."


def draw(clip: Clip, second: Clip | None = None) -> None:
    """Which part is heard, and what the ear does not know of it."""
    beside = "" if second is None else f" Key 5 is the second recording, {second.waveform.name}."
    st.caption(plain(
        "The desk plays the recording, the part alone, everything but the part, and a random part of the same energy, "
        f"equally loud (ITU-R BS.1770-4) and switched at the same place: keys 1 to 4, `x` for a blind comparison.{beside}"
    ))  # fmt: skip
    options = [WHOLE, *([SELECTION] if _selection(clip) else []), *_bands(clip)]
    controls.pick_choice("hear", "Hear", options, WHOLE)
    if _is_long(clip):
        st.info(f"Recordings of up to {MOST_S:.0f} s can be heard this way. Upload the part that you want to hear.")
        return
    if (part := _part(clip)) is None:
        return
    try:
        made = _made(clip, second, part)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    if made is not None:
        st.caption(plain(made.notice))


def _is_long(clip: Clip) -> bool:
    return clip.waveform.duration_s > MOST_S


def _audible_part(clip: Clip, second: Clip | None) -> Part | None:
    """The part that was chosen; None too where the recording is too long for it, or nothing sounds in it."""
    part = None if _is_long(clip) else _part(clip)
    try:
        return None if part is None or _made(clip, second, part) is None else part
    except OtoscopeError:  # said beside the choice
        return None


def _made(clip: Clip, second: Clip | None, part: Part | None) -> Made | None:
    """What is heard; of long recordings only what `complete` has made."""
    if part is None and second is None:
        return None
    return caching.heard(_key(clip, second, part), lambda: None if _is_long(clip) else _make(clip, second, part))


def _key(clip: Clip, second: Clip | None, part: Part | None) -> tuple[Hashable, ...]:
    return clip.key, "" if second is None else second.key, part


def _make(clip: Clip, second: Clip | None, part: Part | None) -> Made:
    from analysis.clips.second_recording import heard_beside
    from analysis.clips.variants import make_variants
    from app.kit.desk.sounds import Sounds, Variant

    wave = clip.waveform
    if second is not None:
        made = heard_beside(wave, second.waveform, part, seed=SEED)
    elif part is not None:
        made = make_variants(wave.samples, wave.sample_rate, part, seed=SEED)
    else:
        raise ConfigError("Nothing was chosen to be heard beside the recording. Choose a part or a second recording.")
    *others, last = made.variants
    named = [*map(Variant.of, others), Variant.of(last, second=second is not None)]
    return Made(Sounds(made.wav(), named), made.notice)


def _part(clip: Clip) -> Part | None:
    """What was chosen just now, else what the address says."""
    from analysis.clips.variants import Part

    chosen = str(state.widget_value("pick_hear") or state.get_text("hear") or WHOLE)
    if chosen == SELECTION and (span := _selection(clip)) is not None:
        return Part(span_s=span)
    band = _bands(clip).get(chosen)
    return None if band is None else Part(band_hz=band)


def _selection(clip: Clip) -> tuple[float, float] | None:
    return moment.of_address(state.get_text("at") or "", clip.waveform.duration_s).loop


def _bands(clip: Clip) -> dict[str, tuple[float, float]]:
    """Bands of equal width in mel, by name."""
    from analysis.units import hz_to_mel, mel_to_hz

    top = float(hz_to_mel(clip.waveform.sample_rate / 2))
    edges = [float(mel_to_hz(top * number / N_BANDS)) for number in range(N_BANDS + 1)]
    return {f"{low:,.0f} to {high:,.0f} Hz": (low, high) for low, high in pairwise(edges)}
