"""Notes against a recording: closed forms, and planted notes that are right, of another piece, or late."""

import numpy as np
import pytest

from analysis.datasets.midi import Notes, notes_from_rows
from analysis.descriptors.chroma import chroma, onset_strength
from analysis.descriptors.log_mel import HOP_LENGTH, log_mel
from analysis.errors import ShapeError
from analysis.measures.note_fit import N_SHIFTS, NoteFit, note_fit

RATE, SECONDS = 24_000, 24
HOP_S = HOP_LENGTH / RATE


def played(rng: np.random.Generator, seconds: float = SECONDS) -> Notes:
    """Notes at uneven moments, two at a time now and then."""
    rows, at = [], 0.4
    while at < seconds - 0.5:
        long_s = float(rng.uniform(0.15, 0.6))
        for pitch in rng.choice(np.arange(48, 84), int(rng.integers(1, 3)), replace=False):
            rows.append((at, at + long_s, int(pitch), 80))
        at += long_s + float(rng.uniform(0.0, 0.15))
    return notes_from_rows(rows)


def sound(notes: Notes, rng: np.random.Generator, seconds: float = SECONDS) -> np.ndarray:
    """Decaying tones with partials, in a little noise."""
    samples = rng.normal(0, 1e-3, round(seconds * RATE))
    for onset, offset, pitch in zip(notes.onset_s, notes.offset_s, notes.pitch, strict=True):
        time_s = np.arange(round((offset - onset) * RATE)) / RATE
        hz = 440 * 2 ** ((pitch - 69) / 12)
        tone = sum(np.sin(2 * np.pi * k * hz * time_s) / k for k in (1, 2, 3)) * np.exp(-4 * time_s)
        begin = round(onset * RATE)
        part = samples[begin : begin + len(tone)]
        part += 0.1 * tone[: len(part)]
    return samples.astype(np.float32)


def fit(samples: np.ndarray, notes: Notes, seed: int = 0) -> NoteFit:
    decibel = log_mel(samples, RATE)[1]
    return note_fit(chroma(samples, RATE), onset_strength(decibel), HOP_S, notes, len(samples) / RATE, seed=seed)


def late(notes: Notes, by_s: float) -> Notes:
    return Notes(notes.onset_s + by_s, notes.offset_s + by_s, notes.pitch, notes.velocity)


def test_a_sound_that_is_exactly_what_is_written_agrees_by_1_in_pitch_and_by_its_rank_in_onsets() -> None:
    notes = notes_from_rows([(float(i), i + 1.0, 60 + 5 * i, 80) for i in range(10)])
    classes, strength = np.zeros((12, 100)), np.zeros(100)
    for i in range(10):
        classes[(60 + 5 * i) % 12, 10 * i : 10 * i + 10] = 3.0
        strength[10 * i] = 1.0
    right = note_fit(classes, strength, 0.1, notes, 10.0)
    # an onset reaches two frames either way: 48 of 100 frames are that strong, 52 are below and 48 the same
    assert right.overall == pytest.approx((1 + (0.52 + 1.00 - 1)) / 2)
    assert right.agreement == pytest.approx(np.full(10, right.overall))
    assert right.p == pytest.approx(1 / (1 + len(right.null_overall)))


def test_right_notes_fit_and_are_nowhere_else(rng: np.random.Generator) -> None:
    notes = played(rng)
    right = fit(sound(notes, rng), notes)
    assert right.p == 1 / (N_SHIFTS + 1)
    assert right.fits
    assert right.overall > np.quantile(right.null_overall, 0.95) + 0.2
    assert np.nanmean(right.z) > 2
    assert right.offset_s == pytest.approx(0.0, abs=0.05)
    assert len(right.times_s) == SECONDS + 1
    assert np.nanmean(right.agreement[:-1] > right.null_high[:-1]) > 0.8


def test_a_second_in_which_little_sounds_is_left_out_and_counted(rng: np.random.Generator) -> None:
    notes = played(rng)
    samples = sound(notes, rng)[: round(20.3 * RATE)]
    brief = fit(samples, notes)
    assert np.isnan([brief.agreement[-1], brief.null_high[-1], brief.null_mean[-1]]).all()
    assert brief.n_brief == 1
    assert fit(samples[: round(19.8 * RATE)], notes).n_brief == 0


def test_notes_of_another_piece_do_not_fit(rng: np.random.Generator) -> None:
    recording = sound(played(rng), rng)
    others = [fit(recording, played(rng)) for _ in range(6)]
    assert sum(bool(other.fits) for other in others) <= 1  # one in twenty does by chance
    assert np.mean([other.p or 0.0 for other in others]) > 0.2
    assert [other.offset_s for other in others].count(None) >= 5


def test_notes_that_are_3_seconds_late_do_not_fit_where_they_stand_and_it_is_said_by_how_much(rng: np.random.Generator) -> None:
    notes = played(rng)
    recording = sound(notes, rng)
    shifted = fit(recording, late(notes, 3.0))
    assert not shifted.fits
    assert shifted.offset_s == pytest.approx(3.0, abs=0.05)
    assert fit(recording, late(notes, -0.42)).offset_s == pytest.approx(-0.42, abs=0.05)


def test_silence_at_the_ends_that_notes_share_is_no_agreement(rng: np.random.Generator) -> None:
    first, other = played(rng), played(rng)
    whole = sound(late(first, 8.0), rng, 40.0)
    whole[: 8 * RATE] = whole[32 * RATE :] = 0.0
    assert not fit(whole, late(other, 8.0)).fits
    assert fit(whole, late(first, 8.0)).fits


def test_silence_and_no_notes_agree_by_0_and_fit_nothing(rng: np.random.Generator) -> None:
    notes = played(rng)
    for nothing in (fit(np.zeros(SECONDS * RATE, np.float32), notes), fit(sound(notes, rng), notes_from_rows([]))):
        assert nothing.overall == 0.0
        assert nothing.p == 1.0
        assert nothing.offset_s is None
        assert np.isnan(nothing.agreement).all()


def test_a_short_recording_says_that_it_cannot_be_told(rng: np.random.Generator) -> None:
    notes = notes_from_rows([(0.1, 0.9, 60, 80)])
    short = fit(sound(notes, rng, 1.5), notes)
    assert short.p is None
    assert short.fits is None


def test_shifts_are_drawn_with_the_seed(rng: np.random.Generator) -> None:
    notes = played(rng)
    recording = sound(notes, rng)
    first, again, other = (fit(recording, notes, seed) for seed in (0, 0, 1))
    assert np.array_equal(first.null_overall, again.null_overall)
    assert not np.array_equal(first.null_overall, other.null_overall)


def test_no_frames_and_no_hop_are_refused() -> None:
    for n, hop_s in ((0, 0.02), (5, 0.0)):
        with pytest.raises(ShapeError, match=rf"Expected chroma \(12, frames\).* got \(12, {n}\), \({n},\) and a hop of {hop_s}"):
            note_fit(np.ones((12, n)), np.ones(n), hop_s, notes_from_rows([]), 0.1)
