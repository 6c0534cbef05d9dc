"""Hear the explanation: a part of the recording kept alone, taken away, and beside it a random part of the same energy."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from app import caching, state
from app.components.clip import moment
from app.kit import controls, layout
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.clips.variants import Part, Variants
    from app.components.clip.recordings import Clip
    from app.kit.desk.sounds import Sounds

WHOLE, SELECTION = "the recording as it is", "the selection"
MOST_S = 120.0
N_BANDS = 8
SEED = 0


def sounds(clip: Clip) -> Sounds | None:
    """What the desk plays instead of the recording alone; None where nothing was chosen, or it cannot be made."""
    variants = _variants(clip)
    if variants is None:
        return None
    from app.kit.desk.sounds import Sounds, Variant

    return Sounds(variants.wav(), [Variant.of(variant) for variant in variants.variants])


def draw(clip: Clip) -> None:
    """Which part is heard, and what the ear does not know of it."""
    st.caption(
        "The desk plays the recording, the part alone, everything but the part, and a random part of the same energy, "
        "equally loud (ITU-R BS.1770-4) and switched at the same place: keys 1 to 4, `x` for a blind comparison."
    )
    options = [WHOLE, *([SELECTION] if _selection(clip) else []), *_bands(clip)]
    controls.pick_choice("hear", "Hear", options, WHOLE)
    if clip.waveform.duration_s > MOST_S:
        st.info(f"Recordings of up to {MOST_S:.0f} s can be heard this way. Upload the part that you want to hear.")
        return
    try:
        variants = _made(clip)
    except OtoscopeError as error:
        layout.error(str(error))
        return
    if variants is not None:
        st.caption(plain(variants.notice))


def _variants(clip: Clip) -> Variants | None:
    try:
        return _made(clip)
    except OtoscopeError:  # said beside the choice
        return None


def _made(clip: Clip) -> Variants | None:
    part = _part(clip)
    if part is None or clip.waveform.duration_s > MOST_S:
        return None
    from analysis.clips.variants import make_variants

    wave = clip.waveform
    return caching.once(("variants", clip.key, part), lambda: make_variants(wave.samples, wave.sample_rate, part, seed=SEED))


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
