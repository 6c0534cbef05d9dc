"""Heads of towers are read with their windows' music: a tower whose head is made to follow onsets is found out."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

from analysis.clips.heads.music import WindowMusic, music_of_notes, music_of_sound
from analysis.clips.heads.reading import HeadReading, read_heads
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.errors import ConfigError
from analysis.measures.tempo import estimated_beats
from analysis.models.heads import HeadId
from analysis.models.tower import AttentionPlace
from tests.conformance import made_up_family
from tests.tiny import build_narrow

N_WINDOWS = 12


@dataclass(frozen=True)
class Window:
    """Notes at random onsets and noise that has nothing to do with them."""

    number: int
    start_s: float = 3.0

    def notes(self) -> Notes:
        rng = np.random.default_rng(self.number)
        onsets_s = self.start_s + np.cumsum(rng.uniform(0.15, 0.6, 12)) - 0.3
        return notes_from_rows([(onset_s, onset_s + 0.2, int(rng.integers(50, 70)), 80) for onset_s in onsets_s.tolist()])

    def waveform(self, sample_rate: int, duration_s: float) -> np.ndarray:
        return np.random.default_rng(self.number).normal(0, 0.1, round(sample_rate * duration_s)).astype(np.float32)


WINDOWS = [Window(number) for number in range(N_WINDOWS)]


class Follower(made_up_family.Listener):
    """Its first head of layer 2 looks twice as much at onsets; which window is read is told by the sound."""

    onsets_s: Any = None

    def collate(self, segments: Any, content: Any = None) -> Any:
        (segment,) = segments
        notes = segment.notes()
        self.onsets_s = notes.onset_s - segment.start_s
        return super().collate(segments, content)

    def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
        first, second = super().attention(batch)
        near = np.abs(second.key.times_s[:, None] - self.onsets_s).min(axis=1) <= 0.05
        factor = torch.ones(second.key.n)
        factor[1:][torch.from_numpy(near)] = 2.0

        def pattern(inputs: tuple[Any, ...]) -> torch.Tensor:
            patterns = second.pattern(inputs)
            patterns[:, 0] = patterns[:, 0] * factor
            return patterns / patterns.sum(dim=-1, keepdim=True)

        return first, second._replace(pattern=pattern)


def music(windows: list[Window], window_s: float) -> list[WindowMusic]:
    return [music_of_notes(window.notes(), window.start_s, window_s) for window in windows]


@pytest.fixture(scope="module")
def reading() -> HeadReading:
    model = made_up_family.build(made_up_family.Sizes(), 4).eval()
    follower: Any = Follower(model)
    return read_heads(follower, WINDOWS, music(WINDOWS, 2.0), np.arange(N_WINDOWS))


def test_a_head_that_follows_onsets_is_found(reading: HeadReading) -> None:
    assert reading.heads == (HeadId(1, 0), HeadId(1, 1), HeadId(2, 0), HeadId(2, 1))
    best = next(head for head in reading.chosen(seed=0, n_shifts=500) if head.kind == "onset-locked")
    assert reading.heads[best.head] == HeadId(2, 0)
    assert best.p_holm < 0.05
    assert best.lift > 0.1
    scores = reading.scores("onset-locked", seed=0, n_shifts=500)
    assert scores.p_any.argmin() == 2


def test_how_wide_heads_are_and_how_far_they_reach(reading: HeadReading) -> None:
    for values, high in ((reading.entropy_bits, np.log2(21)), (reading.distance_s, 2.0), (reading.special_share, 1.0)):
        assert values.shape == (N_WINDOWS, 4)
        assert (values > 0).all()
        assert (values < high).all()
    assert reading.titles == {1: "Layer 1", 2: "Layer 2"}


@pytest.mark.parametrize(("arm", "tower"), [("d4-a4r", "audio"), ("a4x", "audio"), ("d4", "midi")])
def test_heads_of_every_tower_can_be_read(arm: str, tower: str) -> None:
    reader = build_narrow(arm).eval().towers[tower]
    reading = read_heads(reader, WINDOWS[:2], music(WINDOWS[:2], 4.0), np.arange(2))
    assert {head.layer for head in reading.heads} == ({0, 1, 2, 3, 4} if arm in ("d4-a4r", "a4x") else {1, 2, 3, 4})
    assert "bar-periodic" not in reading.lifts
    chosen = reading.chosen(seed=1, n_chosen=2, n_shifts=50)
    assert len(chosen) == 2 * len(reading.lifts)
    assert all(np.isfinite([head.z, head.p, head.lift]).all() for head in chosen)
    assert (reading.special_share == 0).all()


def test_bars_are_those_that_are_given_and_beats_otherwise_estimated() -> None:
    window = WINDOWS[0]
    estimated = music_of_notes(window.notes(), 3.0, 4.0)
    assert estimated.estimated
    given = music_of_notes(window.notes(), 3.0, 4.0, beats_s=np.arange(0, 9, 0.5), bars_s=np.arange(0, 9, 2.0))
    assert not given.estimated
    assert given.beats_s is not None
    assert 0.0 in given.beats_s.tolist()
    assert given.bars_s is not None
    silent = replace(window, number=1).notes().select(np.zeros(12, bool))
    assert music_of_notes(silent, 3.0, 4.0).beats_s is None


def test_a_sound_without_notes_has_onsets_beats_and_repetitions() -> None:
    clicks = np.zeros(4 * 8_000, np.float32)
    clicks[1_000::4_000] = 0.5
    heard = music_of_sound(clicks, 8_000, 3.0)
    assert heard.onsets_s == pytest.approx(np.arange(8) * 0.5 + 0.125, abs=0.03)
    assert heard.beats_s is not None
    assert np.diff(heard.beats_s) == pytest.approx(0.5, abs=0.02)
    tower = made_up_family.build(made_up_family.Sizes(), 4).eval().towers["audio"]
    reading = read_heads(tower, WINDOWS[:2], [heard, heard], np.arange(2))
    assert set(reading.lifts) == {"onset-locked", "beat-periodic", "repetition-aligned"}


@pytest.mark.parametrize("period_s", [0.35, 0.5, 0.72])
def test_beats_are_as_far_apart_as_onsets(period_s: float) -> None:
    beats = estimated_beats(np.arange(0.07, 8.0, period_s), 8.0)
    assert beats is not None
    assert np.diff(beats) == pytest.approx(period_s, abs=0.02)


def test_a_reading_without_windows_is_refused() -> None:
    with pytest.raises(ConfigError, match="got 0 windows"):
        read_heads(build_narrow("d4").towers["midi"], [], [], np.zeros(0))
