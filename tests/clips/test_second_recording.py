"""A second recording beside the first: which lanes stand where, one range for both, when a difference is drawn, what is heard."""

import hashlib

import numpy as np
import pytest

from analysis.clips.clip_lanes import Sound
from analysis.clips.lanes import CurveLane, ImageLane, Series
from analysis.clips.second_differences import curve_difference, spectrogram_difference
from analysis.clips.second_recording import (
    HIDDEN_AT_FIRST,
    Recorded,
    apart,
    beside_second,
    clock_text,
    heard_beside,
    lengths_text,
    on_clock_of,
)  # fmt: skip
from analysis.clips.sound_lanes import mel_lane, wave_lane
from analysis.clips.variants import NAMES, Part
from analysis.datasets.audio import Waveform
from analysis.descriptors.log_mel import log_mel
from analysis.measures.loudness import integrated_loudness

RATE = 24_000
ONSETS_S = (0.3, 0.9, 1.3, 2.2, 2.5, 3.3)


def tones(semitones: int = 0, seconds: float = 4.0, late_s: float = 0.0, rate: int = RATE) -> Sound:
    """Decaying tones at uneven moments, a melody of six, transposed and late."""
    samples = np.zeros(round(seconds * rate))
    time_s = np.arange(rate // 2) / rate
    for number, onset_s in enumerate(ONSETS_S):
        begin = round((onset_s + late_s) * rate)
        tone = np.sin(2 * np.pi * 220 * 2 ** ((2 * number + semitones) / 12) * time_s) * np.exp(-6 * time_s)
        part = samples[begin : begin + len(tone)]
        part += tone[: len(part)]
    waveform = Waveform(samples.astype(np.float32), rate, f"{semitones}.wav", hashlib.sha256(samples.tobytes()).hexdigest())
    return Sound(waveform, log_mel(waveform.samples, rate))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (tones(), ""),
        (tones(3), ""),
        (tones(seconds=3.0), ""),
        (tones(3, seconds=4.5), ""),
        (tones(late_s=0.25), "sounds of the two begin at other moments, so"),
        (tones(seconds=3.0, late_s=0.25), "sounds of the two begin at other moments, so"),
        (tones(seconds=1.2), "0.wav lasts 1.2 s, and less than 2.0 s do not tell whether sounds of the two begin together."),
        (tones(rate=16_000), "the two have other sample rates, 24,000 and 16,000 Hz"),
    ],
    ids=["itself", "transposed", "cut off", "longer", "late", "late and cut off", "too short", "another rate"],
)
def test_the_same_moments_are_known_by_their_onsets_as_far_as_both_reach_and_else_it_is_said_why(other: Sound, why: str) -> None:
    said = apart(tones(), other)
    assert bool(said) is bool(why)
    assert said.startswith(why)


def test_that_both_begin_and_end_at_once_is_no_onset(rng: np.random.Generator) -> None:
    noises = [rng.normal(0, 0.1, round(seconds * RATE)).astype(np.float32) for seconds in (9.0, 9.0, 5.0)]
    first, *others = (Sound(Waveform(samples, RATE, "noise", ""), log_mel(samples, RATE)) for samples in noises)
    assert all("begin at other moments" in apart(first, other) for other in others)


def test_silence_begins_nowhere() -> None:
    silence = Sound(Waveform(np.zeros(4 * RATE, np.float32), RATE, "none", ""), log_mel(np.zeros(4 * RATE, np.float32), RATE))
    assert apart(silence, silence) == apart(tones(), silence) == "no sound begins in none."


def test_lanes_of_one_kind_stand_together_under_the_names_of_their_recordings() -> None:
    first, second = Recorded("a.wav", tones()), Recorded("b.wav", tones(3, seconds=3.0))
    lanes = beside_second([wave_lane(first.sound.waveform)], first, second, 0.0)
    assert [(lane.id, lane.tag, lane.duration_s) for lane in lanes] == [
        ("waveform", "a.wav", None), ("waveform_second", "b.wav", 3.0), ("log_mel_second", "b.wav", 3.0),
    ]  # fmt: skip
    assert not any(lane.of_model for lane in lanes)


def test_versions_with_the_same_moments_are_taken_from_one_another_and_others_are_not() -> None:
    first = Recorded("a.wav", tones())
    for other, in_time, ends_s in ((tones(3), True, None), (tones(late_s=0.25), False, None), (tones(3, seconds=3.0), True, 3.0)):
        ours = [mel_lane(*first.sound.log_mel, RATE / 2)]
        lanes = beside_second(ours, first, Recorded("b.wav", other), 0.0)
        differences = [lane for lane in lanes if lane.id in HIDDEN_AT_FIRST]
        assert [lane.id for lane in differences] == ["log_mel_difference_second"] * in_time
        said = clock_text(apart(first.sound, other), [lane.id for lane in lanes])
        assert said.endswith("“Hidden lanes” has the difference of spectrogram.") is in_time
        assert said.startswith("No difference is drawn: ") is not in_time
        for lane in differences:
            assert isinstance(lane, ImageLane)
            (piece,) = lane.sets[()][0]
            theirs = other.log_mel[1]
            assert piece.exact is not None
            n = theirs.shape[1]  # as far as both reach
            expected = (np.maximum(first.sound.log_mel[1][:, :n], -80) - np.maximum(theirs, -80))[::-1]
            np.testing.assert_allclose(piece.exact, expected, atol=1e-4)
            assert np.abs(piece.exact).max() > 10  # tones stand elsewhere
            assert (lane.low, lane.high, lane.colours, lane.tag) == (-40, 40, "difference", "")
            assert lane.duration_s == ends_s
            assert piece.levels[piece.exact > 1].min() > 127 > piece.levels[piece.exact < -1].max()


def test_only_differences_that_are_there_are_named() -> None:
    begin = "Their sounds begin at the same moments"
    similarity, both = "the difference of self-similarity is drawn", "the differences of spectrogram and attention received"
    assert clock_text("", ["similarity_difference_second", "novelty"]) == f"{begin}: {similarity}."
    every = [*HIDDEN_AT_FIRST, "similarity_difference_second"]
    assert clock_text("", every) == f"{begin}: {similarity}, “Hidden lanes” has {both}."
    assert clock_text("", ["log_mel", "log_mel_second"]) == f"{begin}, but no two lanes have the same axes."


def test_a_spectrogram_with_another_hop_or_other_rows_is_not_taken_away() -> None:
    times_s, decibel = tones().log_mel
    ours = mel_lane(times_s, decibel, RATE / 2)
    assert spectrogram_difference(ours, mel_lane(2 * times_s, decibel, RATE / 2), "b") is None
    assert spectrogram_difference(ours, mel_lane(times_s, decibel, RATE / 4), "b") is None


def test_curves_are_taken_from_one_another_as_far_as_both_reach_and_zero_is_in_the_middle() -> None:
    def received(values: list[float], late_s: float = 0.0) -> CurveLane:
        series = Series("trained", "audio", np.arange(len(values)) + late_s, np.array(values))
        return CurveLane(id="received", title="Attention received", low=0.0, by="head", sets={(1, 0): [series]})

    lane = curve_difference(received([1.0, 3.0, 2.0]), received([2.0, 0.5]), "b.wav")
    assert lane is not None
    assert lane.sets[1, 0][0].values.tolist() == [-1.0, 2.5]
    assert (lane.lowest((1, 0)), lane.high((1, 0))) == (-2.5, 2.5)
    assert lane.title == "Attention received: difference, less that of b.wav"
    assert curve_difference(received([1.0, 3.0]), received([2.0, 0.5], late_s=0.1), "b.wav") is None
    same = curve_difference(received([1.0]), received([1.0]), "b.wav")
    assert same is not None
    assert (same.lowest((1, 0)), same.high((1, 0))) == (-1.0, 1.0)  # an axis has a length


def test_curves_of_both_have_one_range(monkeypatch: pytest.MonkeyPatch) -> None:
    def curve(*values: float, low: float) -> CurveLane:
        series = Series("x", "audio", np.arange(len(values), dtype=float), np.array(values))
        return CurveLane(id="novelty", title="Novelty", low=low, by="layer", sets={(1,): [series]})

    monkeypatch.setattr("analysis.clips.second_recording.desk_lanes", lambda *_: [curve(0.1, 0.3, low=-0.2)])
    first, second = Recorded("a.wav", tones()), Recorded("b.wav", tones(3))
    ours, theirs = beside_second([curve(0.5, 0.2, low=0.0)], first, second, 0.0)
    assert isinstance(ours, CurveLane)
    assert isinstance(theirs, CurveLane)
    assert (ours.low, ours.high((1,))) == (theirs.low, theirs.high((1,))) == (-0.2, 0.5)


def test_what_is_drawn_of_a_longer_or_a_shorter_recording_is_said() -> None:
    short, long = tones(seconds=4.0).waveform, tones(3, seconds=12.0).waveform
    assert lengths_text(short, short) == ""
    assert lengths_text(short, long) == "3.wav lasts 12 s, 0.wav 4.0 s: of 3.wav the first 4.0 s are drawn and heard."
    assert lengths_text(long, short) == "0.wav lasts 4.0 s, 3.wav 12 s: after 4.0 s only 3.wav is drawn and heard."


@pytest.mark.parametrize("seconds", [3.0, 4.0, 6.0], ids=["shorter", "as long", "longer"])
def test_the_second_recording_is_a_channel_on_the_clock_of_the_first_and_equally_loud(seconds: float) -> None:
    first, second = tones().waveform, tones(3, seconds=seconds, late_s=0.2).waveform
    made = heard_beside(first, second)
    assert [variant.name for variant in made.variants] == ["0.wav", "3.wav"]
    assert (made.samples.shape, made.sample_rate) == ((2, 4 * RATE), RATE)
    n = min(len(first.samples), len(second.samples))
    ours, theirs = (10 ** (variant.gain_db / 20) for variant in made.variants)
    np.testing.assert_allclose(made.samples[0], first.samples * ours, atol=1e-6)
    np.testing.assert_allclose(made.samples[1, :n], second.samples[:n] * theirs, atol=1e-6)
    assert not made.samples[1, n:].any()
    loud = [integrated_loudness(channel[None].astype(float), RATE) for channel in made.samples]
    assert loud[0] is not None
    assert loud[1] == pytest.approx(loud[0], abs=0.05)  # BS.1770 meters agree to 0.1 LU
    assert theirs != pytest.approx(1.0, abs=1e-3)  # there was something to match


def test_a_second_recording_at_another_rate_sounds_at_the_same_moments() -> None:
    first, second = tones().waveform, tones(3).waveform
    other = second.at_rate(16_000)
    resampled = on_clock_of(first, other)
    assert resampled.shape == first.samples.shape
    band = slice(100, -100)  # tones lie below 1 kHz, so that nothing of them is lost but at the ends of the filter
    assert np.corrcoef(resampled[band], second.samples[band])[0, 1] > 0.999


def test_a_part_of_the_first_is_heard_beside_the_second() -> None:
    first, second = tones().waveform, tones(3, seconds=3.0).waveform
    made = heard_beside(first, second, Part(band_hz=(200.0, 400.0)), seed=1)
    assert [variant.name for variant in made.variants] == [*NAMES, "3.wav"]
    assert made.variants[-1].title == "the second recording, silent after 3.0 s"
    gain = 10 ** (made.variants[-1].gain_db / 20)
    np.testing.assert_allclose(made.samples[4], on_clock_of(first, second) * gain, atol=1e-6)


def test_two_recordings_of_one_name_are_told_apart() -> None:
    first = tones().waveform
    assert [variant.name for variant in heard_beside(first, first).variants] == ["0.wav", "0.wav (second)"]
