"""The clip page on one clock: what a checkpoint does with a recording, as lanes of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from analysis.errors import OtoscopeError
from app import caching, state
from app.components import clip_job
from app.components.desk.show import Layers, Sent, show
from app.kit import layout

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from analysis.clips.lanes import Lane
    from analysis.clips.use import ClipAnalysis, ClipUse
    from analysis.models.checkpoint import Checkpoint
    from app.components.clip_desk import Place
    from app.kit.controls import Clip

KEY = "clip-desk"
HOW_TO_READ = """
- **Everything is over the same seconds**, and one playhead goes through all of it. Where the vertical axis is time too, a second
  line marks the playhead there: the query on attention, the other moment on self-similarity.
- **A click goes there; on a cell of attention or self-similarity you hear the moment of the query, then that of the key.** A
  drag selects; `l` plays the selection again and again. The desk listens to keys once it was clicked; `?` lists them.
- **Grey lines are borders of windows.** Nothing attends across them. Where there are more than 128 queries, a row of attention is
  the largest of its neighbours, so that no bright cell is lost; a colour is one of 256 steps of its range.
- **Attention received** is in multiples of uniform attention; dashed grey is the untrained twin, the control. **Attention is not
  explanation**: it says where values were read from, not what they changed.
"""


def draw(checkpoint: Checkpoint, clip: Clip, chosen: Place, answer: DeltaGenerator) -> dict[str, str]:
    """The desk, then the answer; what the footer says of it."""
    from app.components.clip_desk import facts, headline

    try:
        use = clip_job.clip_use(checkpoint, clip, twin=False)
        twin = clip_job.clip_use(checkpoint, clip, twin=True) if use is not None else None
        result = None if use is None else caching.analysis(checkpoint, clip.waveform, use)
        _show(checkpoint, clip, chosen, result, twin)
        if result is not None and twin is not None:
            with answer:
                layout.headline(headline(result, twin, chosen))
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    with st.expander("How to read this, and how it misleads"):
        st.markdown(HOW_TO_READ)
    return {} if result is None else facts(checkpoint, result, twin)


def _show(checkpoint: Checkpoint, clip: Clip, chosen: Place, result: ClipAnalysis | None, twin: ClipUse | None) -> None:
    from app.components.desk.packing import pack

    wave, about = clip.waveform, ("desk", caching.recording_key(clip.waveform), caching.identity(checkpoint), chosen.layer)
    key = (*about, result is not None, twin is not None, clip.notes is not None)
    tiles = caching.once(key, lambda: pack(lanes(clip, chosen, result, twin), wave.duration_s))
    order = state.get_text("lanes")
    shown = order.split(",") if order else None
    sent = Sent(wave.sha256, clip.source, tiles or b"", wave.duration_s, _layers(result, chosen), shown)
    show(KEY, sent, _place_changed, _lanes_changed)


def lanes(clip: Clip, chosen: Place, result: ClipAnalysis | None, twin: ClipUse | None) -> list[Lane]:
    """The lanes of a recording, and where it was read by a model, of what that does with it."""
    from analysis.clips import desk_lanes

    wave = clip.waveform
    times_s, decibel = caching.log_mel(wave)
    shown: list[Lane] = [desk_lanes.wave_lane(wave), desk_lanes.mel_lane(times_s, decibel, wave.sample_rate / 2)]
    if clip.notes is not None:
        shown.append(desk_lanes.note_lane(clip.notes))
    if result is not None:
        shown += [
            desk_lanes.received_lane(result.use, twin, result.n_heads), desk_lanes.attention_lane(result, chosen.layer),
            desk_lanes.similarity_lane(result.use), desk_lanes.descriptor_lane(result),
        ]  # fmt: skip
    return shown


def _layers(result: ClipAnalysis | None, chosen: Place) -> Layers:
    from analysis.models.tokens import layer_title

    if result is None:
        return Layers()
    names = [layer_title(layer, result.model.config) for layer in result.layers]
    return Layers(result.layers, names, range(result.n_heads + 1), chosen.layer, chosen.head or 0)


def _place_changed() -> None:
    """Another layer or head was chosen by keys: the page's own controls have it from now on."""
    if (moment := _sent_back("place")) is not None:
        state.preset("pick_layer", int(moment["layer"]))
        state.preset("pick_head", int(moment["head"]))


def _lanes_changed() -> None:
    """Lanes were put elsewhere, away or back: the address says which are shown, in their order."""
    if (order := _sent_back("lanes")) is not None:
        state.put("lanes", ",".join(map(str, order)))


def _sent_back(name: str) -> Any:  # what the browser's part of the desk puts under that name
    return (state.widget_value(KEY) or {}).get(name)
