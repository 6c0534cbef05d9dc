"""A page with nothing but the clip desk: made-up lanes of every kind, a wall of heads, windows, and four variants of one sound.

The address may say `visit`, the number of a desk that nobody has touched yet, `duration` (seconds), `layers` and `heads` of the
wall, `alone` for a sound without variants, `from`, `to` and `seconds` of the place where the desk begins, the number of the
`arrival`, `longer` for a lane that was not there before, and `strip` for a strip without a desk. Under the desk stand its number,
how often Python ran, and what it was last told.
"""

import json
from functools import cache

import numpy as np
import streamlit as st
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.lanes import (
    Annotation,
    CurveLane,
    HeadWall,
    ImageLane,
    Lane,
    MarkLane,
    NoteLane,
    PeakLevel,
    Series,
    Tick,
    WaveLane,
    WindowSpan,
)  # fmt: skip
from analysis.clips.tiles import Piece, pyramid, quantised
from app import state
from app.kit.desk.packing import pack_with_numbers
from app.kit.desk.show import Cell, Layers, Position, Sent, show
from app.kit.desk.sounds import Sounds, Variant, join
from app.kit.desk.strip import show_strip

RATE, WINDOW_S, LAYERS, HEADS = 8_000, 4.0, 3, 4
FREQUENCIES_HZ = (330.0, 550.0, 770.0, 990.0)
NAMES = ("original", "kept", "removed", "random")
TEXTS = ("C", "Am", "F", "G7")


@cache
def sounds(duration_s: float) -> Sounds:
    """Four tones, each swelling anew every second."""
    time_s = np.arange(int(duration_s * RATE)) / RATE
    swell = 0.3 * np.exp(-3 * (time_s % 1))
    gains_db = (0.0, 4.8, -3.0, 1.2)
    return join(
        [
            (Variant(name, gain_db), swell * np.sin(2 * np.pi * hz * time_s))
            for name, hz, gain_db in zip(NAMES, FREQUENCIES_HZ, gains_db, strict=True)
        ],
        RATE,
    )


@cache
def wave(duration_s: float) -> WaveLane:
    """The swells of the tones."""
    levels = []
    for step_s in (0.008, 0.064, 0.512):
        top = np.round(127 * np.exp(-3 * (np.arange(0, duration_s, step_s) % 1))).astype(np.int8)
        levels.append(PeakLevel(step_s, -top, top))
    ticks = [Tick(0.0, "0.3"), Tick(0.5, "0"), Tick(1.0, "−0.3")]
    return WaveLane(id="wave", title="Waveform", unit="amplitude (of 1)", height=72, ticks=ticks, levels=levels)


def windows(duration_s: float) -> list[WindowSpan]:
    """Windows of 4 s that overlap by half; the last is padded."""
    starts_s = np.arange(0, max(duration_s - WINDOW_S / 2, 1), WINDOW_S / 2)
    return [
        WindowSpan(float(start_s), float(start_s) + WINDOW_S, duration_s if start_s + WINDOW_S > duration_s else None)
        for start_s in starts_s
    ]


def pattern(layer: int, head: int, n: int = 96) -> Float[ndarray, "queries keys"]:
    """Attention that looks as far back as the number of its head says, wider in later layers."""
    query, key = np.mgrid[0:n, 0:n]
    weights = np.exp(-np.abs(query - key - 9 * head) / (3 * layer)) + 0.002
    return weights / weights.sum(axis=1, keepdims=True)


@cache
def lanes(duration_s: float) -> list[Lane]:
    """One of every kind, those of a model with its windows."""
    rng, borders = np.random.default_rng(1), list(np.arange(0, duration_s + 1e-9, WINDOW_S))
    frames = int(duration_s / 0.05)
    mel = pyramid([Piece(0.0, duration_s, quantised(rng.uniform(-80, 0, (64, frames)), -80, 0))], largest=False)
    sets, special, received = {}, {}, {}
    times_s = np.arange(0, duration_s, 0.021)
    for layer in range(1, LAYERS + 1):
        for head in range(HEADS + 1):
            levels = quantised(pattern(layer, head)[::-1], 0, 0.3)
            token = quantised(rng.uniform(0, 0.3, (2, 96)), 0, 0.3)
            exact = pattern(layer, head)[::-1]
            sets[layer, head] = pyramid([Piece(b, b + WINDOW_S, levels, exact=exact) for b in borders[:-1]], largest=True)
            special[layer, head] = pyramid([Piece(b, b + WINDOW_S, token) for b in borders[:-1]], largest=True)
            values = 1 + 0.5 * np.sin(times_s * (layer + head)) + 0.1 * rng.normal(size=len(times_s))
            received[layer, head] = [
                Series("trained", "audio", times_s, values),
                Series("untrained twin", "twin", times_s, np.ones(len(times_s)), dashed=True),
            ]
    cells = np.arange(0, duration_s, max(0.5, duration_s / 300))
    alike = np.cos(np.subtract.outer(cells, cells) * 2.0)
    beats = [Annotation(float(at), None, "1" if i % 4 == 0 else "", "downbeat" if i % 4 == 0 else "beat")
             for i, at in enumerate(np.arange(0, duration_s, 0.5))]  # fmt: skip
    chords = [Annotation(2.0 * i, 2.0 * i + 2, TEXTS[i % 4], "chord") for i in range(int(duration_s / 2))]
    onsets_s = np.arange(0, duration_s - 1, 0.25)
    return [
        wave(duration_s),
        MarkLane(id="beats", title="Beats", height=40, marks=beats),
        MarkLane(id="chords", title="Chords", height=40, marks=chords),
        ImageLane(id="mel", title="Log-mel spectrogram", unit="dB", height=120, low=-80, high=0, colours="magma", sets={(): mel},
                  ticks=[Tick(0.1, "8,000 Hz"), Tick(0.5, "1,000 Hz")], row_names=[f"band {64 - i}" for i in range(64)]),
        NoteLane(id="notes", title="Notes of the MIDI file", unit="MIDI pitch", height=70, low=60, high=71, onsets_s=onsets_s,
                 ticks=[Tick(0.0, "71"), Tick(1.0, "60")], offsets_s=onsets_s + 0.4,
                 pitches=(60 + np.arange(len(onsets_s)) * 5 % 12).astype(np.uint8)),
        CurveLane(id="received", title="Attention received", unit="× uniform", by="head", low=0.0, sets=received, side="audio"),
        ImageLane(id="attention", title="Attention: query time within its window", unit="share of the query's attention",
                  height=180, by="head", low=0.0, high=0.3, colours="viridis", y_time="window", borders=borders, sets=sets,
                  side="audio", ticks=[Tick(0.0, "4 s"), Tick(1.0, "0 s")],
                  special_names=["class token", "distil. token"], special=special,
                  note="Attention says where values were read from, not what they changed."),
        ImageLane(id="similarity", title="Self-similarity: time of the clip", unit="cosine", height=180, low=-1.0, high=1.0,
                  colours="cividis", y_time="clip", side="d4a4-small", ticks=[Tick(0.0, f"{duration_s:g} s"), Tick(1.0, "0 s")],
                  sets={(): pyramid([Piece(0.0, duration_s, quantised(alike[::-1], -1, 1))], largest=False)}),
    ]  # fmt: skip


@cache
def wall(n_layers: int, n_heads: int) -> HeadWall:
    """A wall of made-up heads, some of which a finder finds something in."""
    thumbnails = np.array([
        [quantised(pattern(1 + layer % 3, head % 5, 48)[::-1], 0, 0.3) for head in range(n_heads)] for layer in range(n_layers)
    ])  # fmt: skip
    rng = np.random.default_rng(2)
    size = n_layers, n_heads
    return HeadWall(
        layers=range(1, n_layers + 1), layer_names=[f"Layer {i}" for i in range(1, n_layers + 1)], heads=range(1, n_heads + 1),
        thumbnails=thumbnails, low=0.0, high=0.3, entropy_bits=rng.uniform(2, 7, size), distance_s=rng.uniform(0, 2, size),
        score_name="locked to onsets", scores=rng.uniform(0, 1, size), nulls=np.full(size, 0.4), side="audio",
    )  # fmt: skip


def said(name: str) -> float | None:
    """The number of that name in the address."""
    values = state.address().get(name)
    return float(values[0]) if values else None


def position() -> Position | None:
    """Where the address says that the desk begins."""
    seconds, start_s, end_s = said("seconds"), said("from"), said("to")
    if seconds is None:
        return None
    view = None if start_s is None or end_s is None else (start_s, end_s)
    return Position(seconds, (1.0, 2.0), Cell("attention", 1.0, 3.0), view)


def page() -> None:
    """The desk, how often Python ran, and what it was told."""
    st.set_page_config(layout="wide")
    if said("strip") is not None:
        show_strip("strip", sounds(4.0), "Four tones")
        return
    visit = int(said("visit") or 0)
    runs = (state.widget_value(f"runs {visit}") or 0) + 1
    state.preset(f"runs {visit}", runs)
    told, order = state.widget_value(f"told {visit}") or {}, state.widget_value(f"order {visit}") or ()
    duration_s = said("duration") or 9.0
    n_layers, n_heads = int(said("layers") or LAYERS), int(said("heads") or HEADS)
    numbers = range(1, n_layers + 1)
    names = [f"Layer {i}" for i in numbers]
    layers = Layers(numbers, names, range(n_heads + 1), told.get("layer", 1), told.get("head", 0))
    joined = sounds(duration_s)
    late = [] if said("longer") is None else [MarkLane(id="late", title="Late", height=28)]
    packed = pack_with_numbers([*lanes(duration_s), *late], duration_s, wall(n_layers, n_heads))
    variants = None if said("alone") else joined
    sent = Sent(
        f"{duration_s:g} s", joined.wav, packed.tiles, duration_s, layers, order, variants, windows(duration_s), position(),
        int(said("arrival") or 0), packed.numbers,
    )  # fmt: skip

    def back(name: str, of: str) -> None:
        state.preset(f"{name} {visit}", (state.widget_value(f"desk {visit}") or {}).get(of))

    show(f"desk {visit}", sent, lambda: back("told", "place"), lambda: back("order", "lanes"), lambda: back("before", "recent"))
    st.text(f"before {json.dumps(state.widget_value(f'before {visit}'))}")
    st.text(f"visit {visit}")
    st.text(f"runs {runs}")
    st.text(f"told {json.dumps(told)}")
    st.text(f"order {json.dumps(order)}")


if __name__ == "__main__":
    page()
