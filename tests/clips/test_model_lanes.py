"""Lanes of what a tower does: exact near a moment, small enough to be sent however long a recording and however many tokens."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from analysis.clips import model_lanes, sound_lanes
from analysis.clips.lanes import ImageLane, Lane
from analysis.clips.reading import ClipReading
from analysis.clips.wall import head_wall
from analysis.datasets.audio import Waveform
from app.kit.desk.packing import pack
from tests.clips.large_readings import RATE, RandomPatterns, Size, a_large_reading

LAYER, HEAD = 2, 3
MEGABYTE = 1_000_000
TEN_MINUTES = 600.0


def lanes(size: Size, trained: ClipReading, twin: ClipReading, near_s: float) -> Sequence[Lane]:
    """All that the page draws of a model beside its twin."""
    patterns, theirs = RandomPatterns(size, 1), RandomPatterns(size, 2)
    drawn = [
        model_lanes.received_lane(trained, twin, LAYER, near_s),
        model_lanes.grid_lane(trained, LAYER),
        model_lanes.attention_lane(patterns, trained, LAYER, HEAD, near_s),
        model_lanes.attention_lane(theirs, twin, LAYER, HEAD, near_s, trained),
        model_lanes.similarity_lane(trained, LAYER),
        model_lanes.similarity_lane(twin, LAYER),
        model_lanes.difference_lane(trained, twin, LAYER, "untrained twin"),
        model_lanes.novelty_lane(trained, twin, LAYER),
    ]
    return [lane for lane in drawn if lane is not None]


def sound(seconds: float) -> Sequence[Lane]:
    rng = np.random.default_rng(3)
    wave = Waveform(rng.normal(0, 0.1, round(seconds * RATE)).astype(np.float32), RATE, "noise.wav", "0" * 64)
    times_s = np.arange(0, seconds, 0.02)
    mel, semitones = (rng.uniform(-80, 0, (rows, len(times_s))) for rows in (64, 84))
    pictures = sound_lanes.mel_lane(times_s, mel, RATE / 2), sound_lanes.constant_q_lane(times_s, semitones)
    return [sound_lanes.wave_lane(wave), *pictures]


@pytest.mark.parametrize(
    "size",
    [
        Size(TEN_MINUTES, 188), Size(30.0, 2400), Size(TEN_MINUTES, 2400, n_layers=2),
        Size(TEN_MINUTES, 1200, n_layers=2, bands=True), Size(TEN_MINUTES, 188, n_layers=12, n_heads=12),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_sent_stays_below_five_megabytes(size: Size) -> None:
    trained, twin = a_large_reading(size, 1), a_large_reading(size, 2)
    every = [*sound(size.seconds), *lanes(size, trained, twin, size.seconds / 2)]
    assert len(pack(every, size.seconds, head_wall(trained, 3))) < 5 * MEGABYTE


def windows_of(lane: ImageLane, head: int) -> list[int]:
    """How many rows each window's picture has; it may be in two pieces."""
    return list({(piece.rows_s or (0.0,))[0]: piece.levels.shape[0] for piece in lane.sets[LAYER, head][0]}.values())


def test_windows_near_the_moment_are_exact_and_the_others_small_pictures() -> None:
    size = Size(TEN_MINUTES, 188, n_layers=2)
    reading, patterns = a_large_reading(size, 1), RandomPatterns(size, 1)
    lane = model_lanes.attention_lane(patterns, reading, LAYER, HEAD, near_s=301.0)
    assert set(lane.sets) == {(LAYER, 0), (LAYER, HEAD)}
    rows = windows_of(lane, HEAD)
    here = 75
    assert (rows[here], rows[0], rows[-1]) == (94, 24, 24)
    exact = [number for number, n in enumerate(rows) if n == 94]
    assert exact == list(range(min(exact), max(exact) + 1))
    assert here in exact
    high = lane.highs[LAYER, HEAD]
    (piece,) = (piece for piece in lane.sets[LAYER, HEAD][0] if piece.start_s == here * 4.0)
    pattern = patterns.pattern(here, LAYER, HEAD)
    pooled = np.maximum.reduceat(pattern, np.arange(0, 188, 2), axis=0)[::-1]
    np.testing.assert_allclose(piece.levels / 255 * high, np.minimum(pooled, high), atol=0.51 / 255 * high)


def test_a_last_run_of_fewer_keys_is_drawn_as_narrow_as_it_is() -> None:
    size = Size(TEN_MINUTES, 188, n_layers=2)
    lane = model_lanes.attention_lane(RandomPatterns(size, 1), a_large_reading(size, 1), LAYER, HEAD, near_s=301.0)
    whole, rest = lane.sets[LAYER, HEAD][0][:2]  # 188 keys in runs of 8: 23 runs, and one of 4
    key_s = 4.0 / 188
    assert (whole.start_s, whole.end_s, rest.end_s) == pytest.approx((0.0, 23 * 8 * key_s, 4.0))
    assert (whole.levels.shape, rest.levels.shape) == ((24, 23), (24, 1))
    assert whole.rows_s == rest.rows_s == pytest.approx((0.0, 24 * 8 * key_s))
    for level in lane.sets[LAYER, HEAD]:
        assert all(piece.start_s >= before.start_s for before, piece in pairwise(level))
        assert (level[1].start_s, level[1].end_s) == (rest.start_s, rest.end_s)


def test_a_short_recording_is_exact_in_all_heads() -> None:
    size = Size(30.0, 188, n_layers=2)
    lane = model_lanes.attention_lane(RandomPatterns(size, 1), a_large_reading(size, 1), LAYER, HEAD, near_s=0.0)
    assert {head for _, head in lane.sets} == set(range(9))
    assert all(windows_of(lane, head) == [94] * 8 for head in range(9))


def test_attention_received_keeps_its_peaks_and_is_exact_near_the_moment() -> None:
    size = Size(TEN_MINUTES, 188)
    reading = a_large_reading(size, 1)
    lane = model_lanes.received_lane(reading, a_large_reading(size, 2), LAYER, near_s=301.0)
    times_s, share = reading.received(LAYER, HEAD)
    (drawn, twin), (other, _) = lane.sets[LAYER, HEAD], lane.sets[1, HEAD]
    assert drawn.values.max() == pytest.approx(share.max() * 188)
    assert len(drawn.values) < len(share) / 5
    assert (twin.dashed, len(twin.values)) == (True, len(drawn.values))
    here, there = (times_s >= 300) & (times_s < 304), (drawn.times_s >= 300) & (drawn.times_s < 304)
    np.testing.assert_allclose(drawn.times_s[there], times_s[here])
    np.testing.assert_allclose(drawn.values[there], share[here] * 188, rtol=1e-6)
    assert ((other.times_s >= 300) & (other.times_s < 304)).sum() < here.sum() / 5  # of another layer it need not be


def test_attention_received_of_a_short_recording_is_all_of_it() -> None:
    size = Size(9.0, 188, n_layers=1, n_heads=2)
    reading = a_large_reading(size, 1)
    (series,) = model_lanes.received_lane(reading, None).sets[1, 2]
    times_s, share = reading.received(1, 2)
    np.testing.assert_array_equal(series.times_s, times_s)
    np.testing.assert_allclose(series.values, share * 188, rtol=1e-6)


def test_novelty_is_not_said_close_to_the_ends() -> None:
    size = Size(30.0, 188, n_layers=1, n_heads=1)
    reading = a_large_reading(size, 1)
    (series,) = model_lanes.novelty_lane(reading, None, 1).sets[(1,)]
    assert (series.times_s[0], 30.0 - series.times_s[-1]) == pytest.approx((1.0, 1.0), abs=0.1)
    brief = a_large_reading(Size(1.0, 188, n_layers=1, n_heads=1), 1)
    (series,) = model_lanes.novelty_lane(brief, None, 1).sets[(1,)]
    assert len(series.values) > 10
