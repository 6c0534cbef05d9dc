"""The desk of one recording: what is said where another model cannot be taken from the one that is looked at."""

from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from analysis.clips import clip_lanes
from analysis.clips.clip_lanes import Listening, Side, Sound, desk_lanes
from analysis.clips.clock import Clock
from analysis.clips.lanes import Lane
from analysis.clips.reading import ClipReading, StateReading
from analysis.clips.sound_lanes import wave_lane
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.descriptors.log_mel import log_mel

RATE = 8_000
WAVEFORM = Waveform(np.zeros(4 * RATE, np.float32), RATE, "a.wav", "0" * 64)
SOUND = Sound(WAVEFORM, log_mel(WAVEFORM.samples, RATE))


def reading(n_cells: int, n_states: int = 2, late_s: float = 0.0) -> ClipReading:
    times_s = (np.arange(n_cells) + 0.5) * 4 / n_cells + late_s
    cells = np.random.default_rng(n_cells).normal(size=(n_cells, 3)).astype(np.float32)
    states = (StateReading(f"audio.{i}", ("input of block 1", f"block {i}")[i > 0], times_s, cells, 1) for i in range(n_states))
    return ClipReading(Clock(4 * RATE, RATE, 4 * RATE, 4 * RATE), "audio", (), tuple(states), 1.0)


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lanes of a model of 20 cells beside another, by id."""
    monkeypatch.setattr(clip_lanes, "drawn_descriptor", lambda _: None)
    monkeypatch.setattr(clip_lanes.sound_lanes, "descriptor_lane", lambda *_: wave_lane(WAVEFORM))

    def drawn(other: ClipReading) -> dict[str, Lane]:
        patterns = Mock(spec=WindowPatterns, tower=None)
        heard = Listening(WAVEFORM, reading(20), None, patterns, Side("reverse", other, patterns), layer=1)
        return {lane.id: lane for lane in desk_lanes(SOUND, heard, 0.0)}

    return drawn


def test_the_difference_beside_another_model_of_the_same_moments_is_drawn_without_a_word(lanes: Any) -> None:
    drawn = lanes(reading(20))
    assert "similarity_difference" in drawn
    assert drawn["similarity_beside"].note == ""


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (reading(10), "it hears this recording in 10 cells here, the other in 20"),
        (reading(20, late_s=0.01), "its cells stand at other moments"),
        (reading(20, n_states=1), "it has no such layer"),
    ],
    ids=["fewer", "late", "shallow"],
)
def test_why_there_is_no_difference_is_said_beside_the_other_model(lanes: Any, other: ClipReading, why: str) -> None:
    drawn = lanes(other)
    assert "similarity_difference" not in drawn
    assert drawn["similarity_beside"].note == f"No difference from reverse is drawn: {why}."
