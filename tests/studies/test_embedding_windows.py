"""Windows of the map study: descriptors in closed form, and how many at most."""

import librosa
import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import segment_notes
from analysis.readings.study_run import StudyRun
from analysis.studies.embedding import windows as embedding_windows
from analysis.studies.embedding.windows import choose_windows, describe_sound, describe_windows

SAMPLE_RATE = 24_000


@pytest.fixture
def study_run(corpus: Corpus) -> StudyRun:
    return StudyRun({}, corpus, torch.device("cpu"))


@pytest.mark.parametrize(("amplitude", "hz"), [(1.0, 440.0), (0.1, 3000.0)])
def test_a_tone_has_its_level_and_its_frequency(amplitude: float, hz: float) -> None:
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    loudness, centroid = describe_sound((amplitude * np.sin(2 * np.pi * hz * time)).astype(np.float32), SAMPLE_RATE)
    assert loudness == pytest.approx(20 * np.log10(amplitude / np.sqrt(2)), abs=1e-3)
    assert centroid == pytest.approx(hz, rel=1e-3)


def test_silence_has_no_centroid() -> None:
    assert describe_sound(np.zeros(100, np.float32), SAMPLE_RATE) == (-120.0, None)


def test_the_centroid_of_noise_is_near_that_of_librosa(rng: np.random.Generator) -> None:
    noise = np.cumsum(rng.standard_normal(4 * SAMPLE_RATE)).astype(np.float32)
    noise -= noise.mean()
    spectrum = np.abs(librosa.stft(rng.standard_normal(4 * SAMPLE_RATE).astype(np.float32)))
    white = rng.standard_normal(4 * SAMPLE_RATE).astype(np.float32)
    assert describe_sound(white, SAMPLE_RATE)[1] == pytest.approx(
        float(librosa.feature.spectral_centroid(S=spectrum, sr=SAMPLE_RATE).mean()), rel=0.03
    )
    assert (describe_sound(noise, SAMPLE_RATE)[1] or 0) < 500  # brown noise is dark


def test_a_window_has_its_place_and_its_notes(study_run: StudyRun) -> None:
    segments = choose_windows(study_run, "all", 3, 0)
    rows = describe_windows(study_run, segments)
    assert len(rows) == len(segments) == 12
    for row, one in zip(rows, segments, strict=True):
        notes = segment_notes(one)
        assert (row.piece, row.start_s, row.work) == (one.piece.piece_id, one.start_s, one.piece.group)
        assert row.mean_pitch == pytest.approx(notes.pitch.mean())
        assert row.mean_velocity == pytest.approx(notes.velocity.mean())
        assert row.note_density_per_s == 2.0  # a note every half second, none of which began before
        assert row.loudness_db == pytest.approx(-20, abs=0.3)


def test_too_many_works_and_windows_are_left_out_aloud(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    study_run.context.notice = told.append
    monkeypatch.setattr(embedding_windows, "MOST_WORKS", 3)
    monkeypatch.setattr(embedding_windows, "MOST_WINDOWS", 10)
    segments = choose_windows(study_run, "all", 5, 0)
    assert len(segments) == 10
    assert len({one.piece.group for one in segments}) == 3
    assert told == [
        "4 works are more than this study compares; going on with 3 drawn by the seed.",
        "15 windows are more than a map holds; going on with 10 spread evenly over them.",
    ]


def test_as_many_pairs_as_are_asked_for_are_spread_over_all_windows(study_run: StudyRun) -> None:
    told: list[str] = []
    study_run.context.notice = told.append
    everything = choose_windows(study_run, "all", 2_000, 0)
    chosen = choose_windows(study_run, "all", 1, 0, pairs=10)
    assert len(chosen) == 10
    assert {one.piece.piece_id for one in chosen} == {one.piece.piece_id for one in everything}
    assert [everything.index(one) for one in chosen] == [place * len(everything) // 10 for place in range(10)]
    assert told == []
    assert choose_windows(study_run, "all", 1, 0, pairs=3_000) == everything
    assert told == [f"There are {len(everything)} windows that no other equals, not 3,000; going on with all of them."]
