"""What does the model attend to in this clip?"""

from typing import Any

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.units import seconds_to_words
from app import caching, controls, layout
from app.charts import attention, audio, descriptors, notes, similarity


def page() -> None:
    """A clip, heard and seen, and what a checkpoint makes of it."""
    layout.question("What does the model attend to in this clip?")
    left, right = st.columns(2)
    with left:
        checkpoint = controls.pick_checkpoint()
    with right:
        clip = controls.pick_clip()
    if checkpoint is None:
        layout.empty(
            "No checkpoint was found, so there is no attention to show.",
            "Train one, or name its folder in OTOSCOPE_CHECKPOINTS.",
        )
    if clip is None:
        layout.empty("No clip is chosen.", "Upload a recording, or pick a demo clip.")
    else:
        _heard(clip)
    facts = {}
    if checkpoint is not None:
        facts["checkpoint"] = f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"
    if clip is not None:
        facts["clip"] = f"{clip.waveform.name} ({clip.waveform.sha256[:12]})"
    if checkpoint is not None and clip is not None:
        try:
            _inside(caching.analysis(checkpoint, clip.waveform))
        except OtoscopeError as error:
            st.error(str(error))
    layout.provenance(facts)


def _heard(clip: controls.Clip) -> None:
    wave = clip.waveform
    layout.headline(f"{wave.name or 'The clip'} lasts {seconds_to_words(wave.duration_s)}.")
    st.audio(clip.source)
    st.plotly_chart(audio.waveform(wave.samples, wave.sample_rate), theme=None, key="waveform")
    times, decibel = caching.log_mel(wave)
    st.plotly_chart(audio.log_mel(times, decibel, wave.sample_rate / 2), theme=None, key="log_mel")
    if clip.notes is not None:
        roll = notes.piano_roll(clip.notes.onset_s, clip.notes.offset_s, clip.notes.pitch)
        st.plotly_chart(roll, theme=None, key="notes")


@st.fragment
def _inside(result: Any) -> None:
    """Only this part reruns when a layer, a head or a window is moved."""
    columns = st.columns(3)
    with columns[0]:
        layer = controls.pick_number("layer", "Layer", 1, result.n_layers)
    with columns[1]:
        head = controls.pick_head(result.n_heads)
    with columns[2]:
        window = controls.pick_number("window", "Window", 1, result.n_windows) - 1
    start = window * result.window_s
    x, y = result.key_times_s + start, result.query_times_s + start
    drawing = attention.attention_map(result.attention(window, layer, head), y, x, result.query_kind, result.key_kind)
    st.plotly_chart(drawing, theme=None, key="attention")
    st.plotly_chart(attention.received(*result.received(layer)), theme=None, key="received")
    left, right = st.columns(2)
    left.plotly_chart(similarity.self_similarity(*result.self_similarity(layer)), theme=None, key="ssm")
    times, values = result.a4
    right.plotly_chart(descriptors.a4_bands(times, values, result.band_edges_hz), theme=None, key="a4")


if __name__ == "__main__":  # not in the processes that render clips
    page()
