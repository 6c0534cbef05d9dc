"""The clip desk: one recording and what a checkpoint attends to in it, on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from app import caching, state
from app.charts import attention, audio, descriptors, notes, similarity
from app.components import clip_job
from app.kit import controls, figures, layout

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator

    from analysis.clips.use import ClipAnalysis, ClipUse
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.config import ModelConfig


ON_ONE_CLOCK = "on one clock"


@dataclass(frozen=True)
class Place:
    """What is looked at: window (from 0), layer (0 = cross-attention), head (from 1; None = mean of all)."""

    window: int
    layer: int
    head: int | None
    window_s: float

    @property
    def span_s(self) -> tuple[float, float]:
        """The window in seconds from the start of the clip."""
        return self.window * self.window_s, (self.window + 1) * self.window_s


def draw(checkpoint: Checkpoint, clip: controls.Clip, answer: DeltaGenerator) -> dict[str, str]:
    """The pictures, then the answer; what the footer says of them."""
    from analysis.clips.serving import refuse_family

    try:
        refuse_family(checkpoint)
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    moment = pick_place(checkpoint, clip)
    if _on_one_clock():
        from app.components.desk import clip_lanes

        return clip_lanes.draw(checkpoint, clip, moment, answer)
    show_recording(clip, moment.span_s)
    try:
        result, twin = show_attention(checkpoint, clip, moment)
        if result is not None and twin is not None:
            with answer:
                layout.headline(headline(result, twin, moment))
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    how_to_read(checkpoint.model_config)
    return {} if result is None else facts(checkpoint, result, twin)


def _on_one_clock() -> bool:
    """Whether all is drawn on one clock instead of as figures, and a button for the other way."""
    clocked = state.get_text("view") == ON_ONE_CLOCK
    state.put("view", ON_ONE_CLOCK if clocked else None)
    label, icon = ("Draw it as figures", "bar_chart") if clocked else ("Draw it on one clock", "schedule")
    other = None if clocked else ON_ONE_CLOCK
    st.button(label, icon=f":material/{icon}:", type="tertiary", key="draw", on_click=state.put, args=("view", other))
    return clocked


def pick_place(checkpoint: Checkpoint, clip: controls.Clip) -> Place:
    """Window, layer and head; nothing is computed yet."""
    from analysis.clips.use import n_windows
    from analysis.models.tokens import grids, layer_title

    config = checkpoint.model_config
    layers = list(grids(config))
    with st.container(horizontal=True, gap="medium"):
        layer = controls.pick_one("layer", "Layer", layers, 1, lambda number: layer_title(number, config).removeprefix("Layer "))
        heads = range(config.n_heads + 1)
        head = controls.pick_one("head", "Head", heads, 0, lambda number: str(number) if number else "mean")
        last = n_windows(config, clip.waveform.duration_s)
        window = controls.pick_number("window", f"Window of {config.window_s:g} s", 1, last) - 1
    return Place(window, layer, head or None, config.window_s)


def show_recording(clip: controls.Clip, marked_s: tuple[float, float] | None) -> None:
    """Player, waveform, spectrogram and notes."""
    wave = clip.waveform
    st.audio(clip.source)
    show("waveform", audio.waveform(wave.samples, wave.sample_rate, marked_s))
    times, decibel = caching.log_mel(wave)
    show("log_mel", audio.log_mel(times, decibel, wave.sample_rate / 2, wave.duration_s, marked_s))
    if clip.notes is not None:
        roll = notes.piano_roll(clip.notes.onset_s, clip.notes.offset_s, clip.notes.pitch, wave.duration_s, marked_s)
        show("notes", roll)


def show(key: str, drawing: go.Figure, where: DeltaGenerator | None = None) -> None:
    """A figure in its own colours, keeping its place between reruns."""
    figures.show(drawing, key, file=f"clip-{key}", where=where)


def headline(result: ClipAnalysis, twin: ClipUse, chosen: Place) -> str:
    """How widely the chosen layer and head spread their attention."""
    from analysis.clips.attention_span import headline as sentence
    from analysis.models.tokens import layer_title

    spreads = (use.spread(chosen.layer, chosen.head) for use in (result.use, twin))
    return sentence(
        layer_title(chosen.layer, result.model.config), chosen.head, result.n_heads, result.grid(chosen.layer).key_kind, *spreads
    )


def facts(checkpoint: Checkpoint, result: ClipAnalysis, twin: ClipUse | None) -> dict[str, str]:
    """What the pictures were made from, for the footer."""
    weights = next(result.model.parameters())
    return {
        "windows": f"{result.n_windows} of {result.window_s:g} s",
        "twin": f"untrained, seed {checkpoint.training.get('seed', 0)}",
        "dtype": str(weights.dtype).removeprefix("torch."),
        "device": result.use.device,
        "analysis": f"{result.use.seconds + (twin.seconds if twin else 0.0):.1f} s",
    }


def show_attention(checkpoint: Checkpoint, clip: controls.Clip, chosen: Place) -> tuple[ClipAnalysis | None, ClipUse | None]:
    """Attention received on the clip's clock, the window's pattern beside the clip's self-similarity, and the descriptor.

    Returns the trained model's analysis and the untrained twin's use of attention, which comes last: nothing else waits for it.
    What a job has yet to read is None; the job is drawn in its place.
    """
    from analysis.jobs.kinds.clip_memory import refuse_large_window

    if (use := clip_job.clip_use(checkpoint, clip, twin=False)) is None:
        return None, None
    refuse_large_window(checkpoint.model_config, str(checkpoint.name))
    result = caching.analysis(checkpoint, clip.waveform, use)
    over_time = st.container()
    left, right = st.columns(2)
    with left:
        _pattern(result, chosen)
    times, matrix = result.use.self_similarity(chosen.layer)
    n = result.use.tokens_per_cell
    title = f"Self-similarity after {'the injection' if chosen.layer == 0 else f'layer {chosen.layer}'}<br>"
    title += "one token per cell" if n == 1 else f"mean of {n} tokens per cell"
    show("ssm", similarity.self_similarity(times, matrix, title, clip.waveform.duration_s), right)
    shown, (times, values) = result.descriptor, result.described
    show(shown.key, descriptors.over_time(times, values, shown.name, shown.look, clip.waveform.duration_s))
    with over_time:
        twin = clip_job.clip_use(checkpoint, clip, twin=True)
        if twin is not None:
            _received(result, twin, chosen)
    return result, twin


def _received(result: ClipAnalysis, twin: ClipUse, chosen: Place) -> None:
    times, share = result.use.received(chosen.layer, chosen.head)
    grid = result.grid(chosen.layer)
    beside = 1 / len(grid.key_times_s), twin.received(chosen.layer, chosen.head)[1]
    title = f"Attention received by each {grid.key_kind}"
    show("received", attention.received(times, share, *beside, result.use.duration_s, chosen.span_s, title))


def _pattern(result: ClipAnalysis, chosen: Place) -> None:
    """One window's pattern; where it was averaged for the eye, a part can be looked at token by token."""
    grid, start_s = result.grid(chosen.layer), chosen.span_s[0]
    view = result.attention_view(chosen.window, chosen.layer, chosen.head)
    picture = st.container()
    if max(view.tokens_per_cell) > 1:
        with st.popover("Look closer", icon=":material/zoom_in:"):
            queries = controls.pick_span("queries", f"Queries: {grid.query_kind} time within the window", 0.0, chosen.window_s)
            keys = controls.pick_span("keys", f"Keys: {grid.key_kind} time within the window", 0.0, chosen.window_s)
        view = result.attention_view(chosen.window, chosen.layer, chosen.head, queries, keys)
    x, y = view.key_times_s + start_s, view.query_times_s + start_s
    kinds, title = (grid.query_kind, grid.key_kind), f"Window {chosen.window + 1}"
    end_s = result.use.duration_s
    show("attention", attention.attention_map(view.values, y, x, *kinds, view.tokens_per_cell, title, end_s), picture)


def how_to_read(config: ModelConfig) -> None:
    """What the pictures do and do not say."""
    from analysis.clips.use import drawn_descriptor
    from analysis.models.tokens import cnn_axis

    shown = drawn_descriptor(config)
    frames = shown.axis(config.n_samples, config.sample_rate)
    with st.expander("How to read this, and how it misleads"):
        st.markdown(HOW_TO_READ.format(
            window=f"{config.window_s:g}", cnn=f"{1000 * cnn_axis(config).reach_s:.3g}", name=shown.name,
            frame=f"{1000 * frames.reach_s:.3g}", about=shown.about,
        ))  # fmt: skip


HOW_TO_READ = """
- **A row is a query, and a row sums to 1.** The softmax always hands out the whole share, also when nothing in the window
  is worth attending to; a bright cell is bright relative to its row only. Uniform attention gives every key 1 / T.
- **Attention is not explanation.** It says where values were read from, not what was read nor what it changed: values of
  near-zero norm, the residual path and later layers can undo it. To ask what matters, remove the sound and measure.
- **The untrained twin is the control.** It has the same architecture and the same seed after zero steps. What it also shows
  comes from the architecture and the sound, not from training.
- **Tokens already hear their surroundings.** A CNN token sees {cnn} ms of sound (and, through group normalisation, the
  level of the whole window), a frame of {name} {frame} ms, and after the first block every token has read the whole window,
  so a late layer's key at 2 s is not the sound at 2 s alone.
- **Windows of {window} s stand side by side.** Nothing attends across their borders: steps at every {window} s, also in the
  self-similarity, are made by the analysis. The last window is padded with silence; the padding can be attended to as a
  key, but its queries are left out of every average.
- **CNN tokens and {name} tokens are different things.** CNN tokens come from the waveform, {name} tokens from a descriptor of
  it. With reverse attention, the tokens of the descriptor query the CNN tokens and replace them in every block.
- **{name} is drawn for the whole clip**, also where the arm is not given it. {about}
"""
