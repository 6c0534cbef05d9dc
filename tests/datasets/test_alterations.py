"""Altered windows are what their dose says, exactly, and a dose of nothing changes nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from analysis.datasets.alterations import (
    HIGHEST,
    LOWEST,
    add_noise,
    alter_notes,
    alter_waveform,
    coloured_noise,
    count_folded,
    fold_pitch,
    low_pass,
    scale_velocity,
    transpose_notes,
)
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment, segment_notes, segment_waveform
from analysis.errors import AudioError, ConfigError

RATE = 24_000
WINDOW = 4 * RATE
SECONDS = 12


def _segment(folder: Path, samples: np.ndarray, start_s: float = 4.0) -> Segment:
    soundfile.write(folder / "a.wav", samples, RATE, subtype="FLOAT")
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes += [pretty_midi.Note(100, 40 + 4 * i, 0.5 * i, 0.5 * i + 0.7) for i in range(16)]
    midi.write(str(folder / "a.mid"))
    piece = Piece("a", "x", "a", "a", "test", SECONDS, folder / "a.wav", folder / "a.mid")
    return Segment(piece, start_s)


@pytest.fixture
def ramp(tmp_path: Path) -> Segment:
    """A window of a recording whose samples are their own numbers, divided by 2^20 and so exact."""
    return _segment(tmp_path, np.arange(SECONDS * RATE, dtype=np.float32) / 2**20)


@pytest.fixture
def music(tmp_path: Path, rng: np.random.Generator) -> Segment:
    return _segment(tmp_path, 0.1 * rng.standard_normal(SECONDS * RATE).astype(np.float32))


def _level_db(samples: np.ndarray) -> float:
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


@pytest.mark.parametrize("shift", [-8000, -500, 1, 4000, 8000])
def test_a_time_shift_reads_the_recording_that_many_samples_later(ramp: Segment, shift: int) -> None:
    heard = alter_waveform("time_shift", shift, ramp, RATE)
    assert np.array_equal(heard, (4 * RATE + shift + np.arange(WINDOW)) / np.float32(2**20))


def test_a_shift_before_the_recording_is_refused_and_past_its_end_is_silence(ramp: Segment) -> None:
    with pytest.raises(AudioError, match="needs 0 ≤ start < stop"):
        alter_waveform("time_shift", -8000, replace(ramp, start_s=0.0), RATE)
    assert not alter_waveform("time_shift", 8000, replace(ramp, start_s=8.0), RATE)[-8000:].any()


@pytest.mark.parametrize(
    ("change", "dose"), [("time_shift", 0), ("playback_speed", 1), ("gain", 0), ("white_noise", None), ("low_pass", None)]
)
def test_no_change_is_the_window_bit_for_bit(music: Segment, change: str, dose: float | None) -> None:
    assert np.array_equal(alter_waveform(change, dose, music, RATE), segment_waveform(music, RATE))


@pytest.mark.parametrize("change", ["white_noise", "pink_noise"])
@pytest.mark.parametrize("snr_db", [40, 5, 0])
def test_the_snr_of_a_window_is_exact(music: Segment, change: str, snr_db: float) -> None:
    plain = segment_waveform(music, RATE)
    noise = alter_waveform(change, snr_db, music, RATE) - plain
    assert _level_db(plain) - _level_db(noise) == pytest.approx(snr_db, abs=0.01)


def test_noise_belongs_to_its_window_and_to_the_seed(music: Segment) -> None:
    def noise(segment: Segment, snr_db: float = 0, seed: int = 1) -> np.ndarray:
        added = alter_waveform("white_noise", snr_db, segment, RATE, seed=seed) - segment_waveform(segment, RATE)
        return added / np.sqrt(np.mean(added**2))

    other = replace(music, start_s=2.0)
    first = noise(music)
    noise(other)
    assert np.array_equal(noise(music), first)
    assert np.allclose(noise(music, snr_db=20), first, atol=1e-4)
    assert abs(np.mean(noise(other) * first)) < 0.05
    assert abs(np.mean(noise(music, seed=2) * first)) < 0.05


def test_pink_noise_falls_by_three_decibel_per_octave(rng: np.random.Generator) -> None:
    power = np.abs(np.fft.rfft(coloured_noise("pink", 10 * RATE, RATE, rng))) ** 2
    octaves = [power[10 * low : 20 * low].mean() for low in (100, 200, 400, 800, 1600)]
    assert np.allclose(10 * np.diff(np.log10(octaves)), -3.01, atol=0.4)


def test_silence_stays_silent(rng: np.random.Generator) -> None:
    assert not add_noise(np.zeros(100, np.float32), rng.standard_normal(100), 0.0).any()


def test_gain_is_exact(music: Segment) -> None:
    plain = segment_waveform(music, RATE)
    for gain_db in (-12, 6):
        assert _level_db(alter_waveform("gain", gain_db, music, RATE)) - _level_db(plain) == pytest.approx(gain_db, abs=1e-4)


def test_a_low_pass_keeps_what_is_below_and_removes_what_is_above() -> None:
    time = np.arange(WINDOW) / RATE
    for frequency, least, most in ((500, -0.1, 0.1), (1000, -7, -5), (1300, -200, -50), (6000, -200, -60)):
        tone = np.sin(2 * np.pi * frequency * time).astype(np.float32)
        change = _level_db(low_pass(tone, 1000, RATE)[2000:-2000]) - _level_db(tone[2000:-2000])
        assert least <= change <= most
    with pytest.raises(ConfigError, match="cut-off is 12000 Hz; expected more than 0 and less than 12000 Hz"):
        low_pass(tone, 12_000, RATE)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.2, 1.5])
def test_speed_moves_pitch_and_tempo_around_the_middle(tmp_path: Path, speed: float) -> None:
    time = np.arange(SECONDS * RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 440 * time)
    heard = alter_waveform("playback_speed", speed, _segment(tmp_path, tone), RATE)
    assert heard.shape == (WINDOW,)
    assert np.abs(np.fft.rfft(heard * np.hanning(WINDOW))).argmax() / 4 == pytest.approx(440 * speed, abs=0.3)
    clicks = np.zeros(SECONDS * RATE)
    clicks[[6 * RATE, 7 * RATE]] = 1.0
    heard = np.abs(alter_waveform("playback_speed", speed, _segment(tmp_path, clicks), RATE))
    assert heard[: WINDOW // 2 + 100].argmax() == pytest.approx(WINDOW // 2, abs=2)
    assert WINDOW // 2 + 100 + heard[WINDOW // 2 + 100 :].argmax() == pytest.approx(WINDOW // 2 + RATE / speed, abs=2)


@given(st.lists(st.integers(LOWEST, HIGHEST), min_size=1, max_size=20), st.integers(-48, 48))
def test_transposed_notes_stay_on_the_piano_and_keep_their_pitch_class(pitches: list[int], semitones: int) -> None:
    notes = notes_from_rows([(0.1 * i, 0.1 * i + 1, pitch, 80) for i, pitch in enumerate(pitches)])
    moved = transpose_notes(notes, semitones)
    assert ((moved.pitch >= LOWEST) & (moved.pitch <= HIGHEST)).all()
    assert np.array_equal(moved.pitch % 12, (notes.pitch + semitones) % 12)
    folded = moved.pitch != notes.pitch + semitones
    assert folded.sum() == count_folded(notes, semitones)
    assert np.array_equal(folded, (notes.pitch + semitones < LOWEST) | (notes.pitch + semitones > HIGHEST))
    if semitones == 0:
        assert moved is notes


def test_folded_chords_are_read_from_the_lowest_note() -> None:
    chord = notes_from_rows([(0.0, 1.0, pitch, 80) for pitch in (30, 60, 64)])
    assert transpose_notes(chord, -12).pitch.tolist() == [30, 48, 52]
    assert transpose_notes(notes_from_rows([(0, 1, 60, 1), (0, 1, 100, 2)]), 24).velocity.tolist() == [1, 2]
    assert [fold_pitch(pitch, 0) for pitch in (5, 120)] == [5, 120]
    crossed = transpose_notes(notes_from_rows([(0, 1, 96, 1), (0, 1, 98, 2)]), 12)
    assert (crossed.pitch.tolist(), crossed.velocity.tolist()) == ([98, 108], [2, 1])


@given(st.floats(0.1, 4))
def test_velocities_are_scaled_within_their_range(factor: float) -> None:
    notes = Notes(np.zeros(3), np.ones(3), np.array([60, 61, 62]), np.array([1, 64, 127]))
    assert scale_velocity(notes, factor).velocity.tolist() == [min(127, max(1, round(v * factor))) for v in (1, 64, 127)]


def test_durations_are_divided_and_onsets_stay(music: Segment) -> None:
    plain, halved = segment_notes(music), alter_notes("note_duration", 2, music)
    assert np.allclose(halved.offset_s - halved.onset_s, (plain.offset_s - plain.onset_s) / 2)
    assert np.array_equal(halved.onset_s, plain.onset_s)
    assert alter_notes("octave", 12, music).pitch.tolist() == [fold_pitch(int(pitch), 12) for pitch in plain.pitch]


@pytest.mark.parametrize(
    ("change", "unchanged"), [("note_duration", 1), ("note_velocity", 1), ("octave", 0), ("transposition", None)]
)
def test_notes_without_a_change_are_the_notes(music: Segment, change: str, unchanged: float | None) -> None:
    plain, same = segment_notes(music), alter_notes(change, unchanged, music)
    assert all(np.array_equal(getattr(plain, name), getattr(same, name)) for name in ("onset_s", "offset_s", "pitch", "velocity"))


def test_impossible_changes_are_named(music: Segment) -> None:
    with pytest.raises(ConfigError, match="There is no change 'pitch' of the audio; expected one of time_shift, "):
        alter_waveform("pitch", 1, music, RATE)
    with pytest.raises(ConfigError, match="There is no change 'gain' of the notes; expected one of octave, "):
        alter_notes("gain", 1, music)
    with pytest.raises(ConfigError, match="The dose of gain is nan; expected a finite number"):
        alter_waveform("gain", float("nan"), music, RATE)
    with pytest.raises(ConfigError, match="The dose of playback_speed is 0; expected a number above 0"):
        alter_waveform("playback_speed", 0, music, RATE)
