"""Lanes of the sound alone: what stands on their axes, and that pictures lie where their frames are."""

import numpy as np
import pytest

from analysis.clips.sound_lanes import constant_q_lane, mel_lane
from analysis.clips.tiles import numbers_of

TIMES_S = np.arange(100) * 0.02


def test_a_semitone_is_a_row_with_its_name_and_its_frequency() -> None:
    decibel = np.full((84, 100), -80.0)
    decibel[45, 30] = 0.0  # A4 at 0.6 s
    lane = constant_q_lane(TIMES_S, decibel)
    ((piece,),) = lane.sets[()]
    row, column = map(int, np.unravel_index(piece.levels.argmax(), piece.levels.shape))
    assert lane.row_names[row] == "A4 (440 Hz)"
    assert piece.start_s + (column + 0.5) * (piece.end_s - piece.start_s) / 100 == pytest.approx(0.6)
    assert (lane.row_names[0], lane.row_names[-1]) == ("B7 (3,951 Hz)", "C1 (33 Hz)")
    assert [tick.text for tick in lane.ticks][::6] == ["C7 2,093 Hz", "C1 33 Hz"]
    assert all(lane.row_names[int(tick.at * 84)].startswith(tick.text.split()[0]) for tick in lane.ticks)
    assert (lane.unit, lane.along) == ("dB", "pitch (note name, frequency in Hz)")


def test_both_spectrograms_lie_over_the_same_seconds_however_long() -> None:
    times_s = np.arange(30_000) * 0.02
    decibel = np.linspace(-80.0, 0.0, 30_000)[None].repeat(3, axis=0)
    for lane in (constant_q_lane(times_s, decibel), mel_lane(times_s, decibel, 12_000.0)):
        finest = lane.sets[()][0][0]
        assert finest.start_s == -0.01
        assert finest.end_s == pytest.approx(600.0, abs=0.2)
        columns = finest.levels.shape[1]
        assert columns <= 8_192
        middle = numbers_of(finest.levels, -80.0, 0.0)[0, columns // 2]
        assert middle == pytest.approx(-40.0, abs=0.5)
