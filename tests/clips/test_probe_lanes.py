"""Probes over time: planted hidden states are read exactly, beside the truth and the twin, and they come back from the store."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.clips.clock import Clock
from analysis.clips.lanes import CurveLane, ImageLane, Lane
from analysis.clips.probe_lanes import held_out_text, probe_lanes
from analysis.clips.probes import ClipProbes, Probe, ProbeWords, put_probes, read_probes
from analysis.clips.reading import ClipReading, StateReading
from analysis.clips.tiles import numbers_of
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import notes_from_rows
from analysis.store import Store
from analysis.units import PITCH_CLASSES

RATE = 8_000
CLOCK = Clock(10 * RATE, RATE, 4 * RATE, 4 * RATE)  # three windows, the last half empty
TIMES_S = np.arange(20) * 0.5 + 0.25
WAVEFORM = Waveform(np.zeros(10 * RATE, np.float32), RATE, "a.wav", "0" * 64)
NOTES = notes_from_rows([(0.5, 1.0, 60, 80), (1.5, 2.0, 64, 80), (5.0, 6.0, 60, 100)])
TAP = "audio.block.1"


def reading(cells: np.ndarray) -> ClipReading:
    nothing = StateReading("audio.input", "input of block 1", TIMES_S, cells * 0, 1)
    return ClipReading(CLOCK, "audio", (), (nothing, StateReading(TAP, "block 1", TIMES_S, cells.astype(np.float32), 1)), 1.0)


def probe(task: str, outputs: tuple[str, ...], weights: np.ndarray, r2: float = 0.6) -> Probe:
    words = ProbeWords(task, TAP, outputs, 1.0, r2, 0.5, 0.7, -0.1)
    return Probe(words, weights.astype(np.float64), np.full(len(outputs), 0.5))


def probes(*trained: Probe) -> ClipProbes:
    twins = tuple(Probe(replace(each.words, r2=0.2), each.weights * 0, each.bias) for each in trained)
    return ClipProbes("tiny corpus", 9, 4, trained, twins)


def lanes_of(made: ClipProbes, cells: np.ndarray, notes: bool = True) -> list[Lane]:
    return probe_lanes(made, reading(cells), reading(cells), 1, WAVEFORM, NOTES if notes else None)


def test_a_number_is_read_by_window_beside_the_truth_and_the_twin() -> None:
    cells = np.arange(20.0)[:, None]
    (lane,) = lanes_of(probes(probe("note density", ("notes/s",), np.array([[2.0]]))), cells)
    assert isinstance(lane, CurveLane)
    read, truth, twin = lane.sets[(1,)]
    assert read.values.tolist() == [7.5, 7.5, 23.5, 23.5, 35.5, 35.5]  # 2 x mean of the cells + 0.5
    assert truth.values.tolist() == [0.5, 0.5, 0.25, 0.25, 0.0, 0.0]
    assert (twin.values.tolist(), twin.dashed) == ([0.5] * 6, True)
    assert read.times_s == pytest.approx([0.0, 4.0, 4.0, 8.0, 8.0, 10.0], abs=0.002)
    assert (np.diff(read.times_s) > 0).all()
    assert (lane.unit, lane.by) == ("notes/s", "layer")


def test_pitch_classes_are_read_by_token_in_the_colours_of_the_truth() -> None:
    cells = np.random.default_rng(0).uniform(0, 0.4, (20, 12))
    made = lanes_of(probes(probe("chroma histogram", PITCH_CLASSES, np.eye(12))), cells)
    assert [(lane.id, lane.side) for lane in made] == [
        ("probe_chroma_histogram", ""), ("probe_chroma_histogram_truth", ""), ("probe_chroma_histogram_beside", "untrained twin"),
    ]  # fmt: skip
    for lane, expected in zip(made, (cells + 0.5, np.array([[0.5], [1.0], [0.0]]), np.full((20, 12), 0.5)), strict=True):
        assert isinstance(lane, ImageLane)
        assert (lane.row_names[-1], lane.high) == ("C", pytest.approx(1.0))
        (pieces,) = lane.sets[(1,)]
        drawn = numbers_of(np.concatenate([piece.levels for piece in pieces], axis=1), lane.low, lane.high)[::-1].T
        np.testing.assert_allclose(drawn[:, : expected.shape[1]], expected, atol=0.6 / 255)


def test_what_is_true_stands_between_the_borders_of_windows_that_overlap() -> None:
    clock = Clock(10 * RATE, RATE, 4 * RATE, 2 * RATE)  # windows from 0, 2, 4 and 6 s; borders at 3, 5 and 7 s
    made = probes(probe("chroma histogram", PITCH_CLASSES, np.eye(12)))
    heard = replace(reading(np.zeros((20, 12))), clock=clock)
    _, truth, _ = probe_lanes(made, heard, heard, 1, WAVEFORM, NOTES)
    assert isinstance(truth, ImageLane)
    (pieces,) = truth.sets[(1,)]
    assert [(piece.start_s, piece.end_s) for piece in pieces] == [(0.0, 3.0), (3.0, 5.0), (5.0, 7.0), (7.0, 10.0)]
    assert [float(numbers_of(piece.levels, 0.0, truth.high)[-1, 0]) for piece in pieces] == pytest.approx(
        [0.5, 0, 1, 0], abs=0.01
    )  # of the seconds between these borders, as what is read


def test_a_curve_and_what_is_true_speak_of_the_same_seconds_of_windows_that_overlap() -> None:
    clock = Clock(10 * RATE, RATE, 4 * RATE, 2 * RATE)  # windows from 0, 2, 4 and 6 s; borders at 3, 5 and 7 s
    time_s = np.arange(10 * RATE) / RATE
    tone = np.where(time_s < 3.0, np.sin(2 * np.pi * 440 * time_s), np.sin(2 * np.pi * 1760 * time_s)).astype(np.float32)
    density, centroid = (
        probe(task, (unit,), np.ones((1, 1))) for task, unit in (("note density", "notes/s"), ("spectral centroid", "Hz"))
    )
    heard = replace(reading(TIMES_S[:, None] // 1), clock=clock)
    notes, sound = probe_lanes(probes(density, centroid), heard, None, 1, Waveform(tone, RATE, "a.wav", "0" * 64), NOTES)
    assert isinstance(notes, CurveLane)
    assert isinstance(sound, CurveLane)
    read, truth = notes.sets[(1,)]
    assert read.values[::2].tolist() == [1.5, 4.0, 6.0, 8.5]  # means of the cells of 3, 2, 2 and 3 s, + 0.5
    assert truth.values[::2] == pytest.approx([2 / 3, 0.0, 0.5, 0.0])  # onsets at 0.5, 1.5 and 5.0 s
    first, *others = sound.sets[(1,)][1].values[::2]
    assert first == pytest.approx(440, rel=0.1)
    assert others == pytest.approx([1760] * 3, rel=0.1)


def test_notes_of_a_window_are_counted_over_the_seconds_in_which_there_is_sound() -> None:
    made, late = probes(probe("note density", ("notes/s",), np.ones((1, 1)))), notes_from_rows([(8.5, 9.0, 60, 80)])
    (lane,) = probe_lanes(made, reading(np.zeros((20, 1))), None, 1, WAVEFORM, late)
    assert isinstance(lane, CurveLane)
    assert lane.sets[(1,)][1].values.tolist() == [0.0, 0.0, 0.0, 0.0, 0.5, 0.5]  # one in the 2 s that the last window holds


def test_without_notes_there_is_no_truth_of_them_but_one_of_the_sound() -> None:
    density, centroid = (
        probe(task, (unit,), np.ones((1, 1))) for task, unit in (("note density", ""), ("spectral centroid", ""))
    )
    without, sound = lanes_of(probes(density, centroid), np.zeros((20, 1)), notes=False)
    assert isinstance(without, CurveLane)
    assert isinstance(sound, CurveLane)
    assert [len(lane.sets[(1,)]) for lane in (without, sound)] == [2, 3]
    assert sound.sets[(1,)][1].values.tolist() == [0.0] * 6  # silence


def test_probes_of_another_layer_are_not_drawn() -> None:
    made = probes(probe("note density", ("notes/s",), np.ones((1, 1))))
    assert probe_lanes(made, reading(np.zeros((20, 1))), None, 0, WAVEFORM, NOTES) == []


def test_it_is_said_on_what_a_probe_was_fitted_and_how_well_it_reads_other_works() -> None:
    made = probes(probe("note density", ("notes/s",), np.ones((1, 1))))
    assert held_out_text(made, *made.at(TAP)[0]) == (
        "R² 0.60 (0.50 to 0.70) on 4 held-out works; untrained twin: 0.20; labels of other works: −0.10. "
        "Fitted to the training split of tiny corpus, 9 works."
    )


def test_they_come_back_from_the_store(tmp_path: Path) -> None:
    made, store = probes(probe("chroma histogram", PITCH_CLASSES, np.eye(12))), Store(tmp_path)
    assert read_probes(store, Store.key(kind="clip probes")) is None
    put_probes(store, key := Store.key(kind="clip probes"), made)
    again = read_probes(store, key)
    assert again is not None
    assert again.trained[0].words == made.trained[0].words
    assert again.untrained[0].words.r2 == 0.2
    np.testing.assert_array_equal(again.trained[0].weights, np.eye(12))
    assert (again.corpus, again.n_fitted, again.n_held_out) == ("tiny corpus", 9, 4)
