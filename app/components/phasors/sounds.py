"""What is moved and what stays: the recording against itself, or one hand of a demo clip against the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from analysis.errors import OtoscopeError
from app import caching
from app.components.clip.recordings import DEMO_SECONDS
from app.kit import controls, layout, strips

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.clips.phasor_plan import Plan
    from analysis.datasets.corpus import DemoClip
    from app.components.clip.recordings import Clip

RECORDING = "the recording"
HANDS = {"the right hand, against the left": ("right", "left"), "the left hand, against the right": ("left", "right")}
STRIP = "strip_phasors"


@dataclass(frozen=True)
class Sounds:
    """Two sounds of one length, at the rate of the model.

    Attributes:
        title: what is moved, against what.
        moves: what is moved, `(samples,)`.
        stays: what does not move; the same array where there is but one sound.
    """

    title: str
    moves: NDArray[np.float32]
    stays: NDArray[np.float32]

    @property
    def are_two(self) -> bool:
        """Whether something else stays than what is moved."""
        return self.moves is not self.stays


def choose(clip: Clip, chosen: str, sample_rate: int) -> Sounds:
    """What is moved; a demo clip has hands, any other recording only itself.

    Args:
        clip: the recording.
        chosen: the title of its demo clip, or whatever else was chosen.
        sample_rate: of the model, in Hz.
    """
    demo = controls.demo_clips().get(chosen)
    options = [RECORDING, *(HANDS if demo is not None else ())]
    title = controls.pick_choice("moved", "What is moved", options, RECORDING)
    if demo is not None and title in HANDS:
        try:
            moves, stays = (_hand(demo, name, sample_rate) for name in HANDS[title])
            return Sounds(title, moves, stays)
        except (OtoscopeError, OSError) as error:
            layout.error(str(error))
    samples = clip.waveform.at_rate(sample_rate).samples
    return Sounds(RECORDING, samples, samples)


def _hand(demo: DemoClip, name: str, sample_rate: int) -> NDArray[np.float32]:
    """What one hand plays in a demo clip, rendered where it is not yet.

    Raises:
        OtoscopeError: it cannot be rendered or read.
    """
    from analysis.datasets.hands import render_hands, with_hands

    piece = with_hands(demo.piece)
    if not all(path.is_file() for stem in piece.stems for path in stem.audio_paths):
        with st.spinner(f"Rendering the hands of {layout.plain(demo.title)}; this happens once …", show_time=True):
            render_hands(piece)
    stop_s = min(demo.start_s + DEMO_SECONDS, piece.duration_s)
    key = ("hand", piece.piece_id, name, sample_rate)
    return caching.once(key, lambda: piece.mix((name,), demo.start_s, stop_s, sample_rate))


def play(sounds: Sounds, plan: Plan, shift: int) -> None:
    """The window as it is and as it is moved, with what stays where that is something else; switched while they play."""
    if shift >= plan.n_real:
        last_s = plan.shifts_s[plan.n_real - 1]
        st.caption(f"Before this window the recording has {last_s:.2f} s of sound; nothing can be heard that is moved by more.")
        return
    stays = plan.cut(sounds.stays, plan.start) if sounds.are_two else np.zeros(plan.length, np.float32)
    at = [plan.cut(sounds.moves, plan.start - by * plan.hop) + stays for by in (0, shift)]
    later = f"{plan.shifts_s[shift]:.2f} s later"
    titles = ("both hands together", f"one hand {later}") if sounds.are_two else ("the window", f"the window {later}")
    names = ("as it is", "moved")
    versions = [strips.Version(*version) for version in zip(names, titles, at, strict=True)]
    strips.draw(STRIP, versions, plan.sample_rate, f"{sounds.title}, from {plan.start / plan.sample_rate:g} s")
