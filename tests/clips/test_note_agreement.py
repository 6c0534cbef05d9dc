"""What is said of notes that were added to a recording, and the lane of their agreement."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.clips.note_agreement import fit_lane, fit_of, warning
from analysis.datasets.audio import Waveform
from analysis.measures.note_fit import NoteFit
from tests.measures.test_note_fit import HOP_S, RATE, late, played, sound


def a_fit(p_rank: int, overall: float = 0.5, offset_s: float | None = None, longer_s: float = 0.0) -> NoteFit:
    """`p_rank` of 199 shifts agree as well."""
    null = np.where(np.arange(199) < p_rank, overall, overall - 0.4)
    seconds = np.arange(3.0)
    return NoteFit(seconds + 0.5, seconds / 4, seconds * 0, seconds + 1, seconds * 0 + 0.2, overall, null, offset_s, longer_s)


def test_of_notes_that_fit_nothing_is_said() -> None:
    assert warning(a_fit(0, offset_s=0.04, longer_s=-1.9)) == ""
    assert warning(replace(a_fit(0), null_overall=np.zeros(3))) == ""  # too short to tell


def test_notes_that_do_not_fit_are_said_with_their_control() -> None:
    said = "The notes do not fit the sound (agreement 0.50, shifted in time 0.30 on average, p = 0.5)"
    assert warning(a_fit(99)) == f"{said}."
    assert warning(a_fit(99, offset_s=3.0)) == f"{said}: they seem to begin 3.00 s late."
    assert warning(a_fit(99, longer_s=62.25)) == f"{said}. They end 62.2 s after the recording."


def test_notes_that_are_late_or_of_another_length_are_said() -> None:
    assert warning(a_fit(0, offset_s=0.42)) == "The notes seem to begin 0.42 s late."
    assert warning(a_fit(0, offset_s=-0.42)) == "The notes seem to begin 0.42 s early."
    assert warning(a_fit(0, longer_s=-12.0)) == "The notes end 12.0 s before the recording."


def test_a_lane_has_the_agreement_and_its_null_and_leaves_out_what_is_not_known() -> None:
    fit = a_fit(0)
    lane = fit_lane(replace(fit, agreement=np.array([-0.3, np.nan, 0.5])))
    ours, null = lane.sets[()]
    assert (ours.times_s.tolist(), ours.values.tolist(), ours.dashed) == ([0.5, 2.5], [-0.3, 0.5], False)
    assert (null.values.tolist(), null.dashed, null.colour) == ([0.2, 0.2, 0.2], True, "twin")
    assert lane.low == -0.3
    assert lane.note == "Pitch classes and onsets, by second; of the whole recording 0.50, p = 0.005."


def test_a_recording_and_its_notes_are_held_against_each_other(rng: np.random.Generator) -> None:
    notes = played(rng)
    waveform = Waveform(sound(notes, rng), RATE, "played.wav", "0" * 64)
    assert warning(fit_of(waveform, notes)) == ""
    said = warning(fit_of(waveform, late(notes, 3.0)))
    assert said.startswith("The notes do not fit the sound (agreement ")
    begins = float(said.partition("they seem to begin ")[2].partition(" s late.")[0])
    assert begins == pytest.approx(3.0, abs=3 * HOP_S)


def test_where_no_note_sounds_the_lane_says_so() -> None:
    nothing = np.full(3, np.nan)
    lane = fit_lane(replace(a_fit(0), agreement=nothing, null_high=nothing))
    assert lane.sets == {}
    assert lane.empty == "No note sounds in this recording."


def test_seconds_that_were_left_out_are_counted() -> None:
    assert fit_lane(replace(a_fit(0), n_brief=2)).note.endswith("p = 0.005. Left out for too little sound: 2 s.")
