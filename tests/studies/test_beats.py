"""A model that hears clicks finds the planted tempi and beats; a deaf one and the twin find none; what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.corpora import has_beats, open_corpus
from analysis.errors import CorpusError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.store import Store
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import find_checkpoint, run_study
from analysis.studies.beats.maps import Metronome, tempi
from analysis.studies.beats.rows import MEASURES, GainRow, MaterialRow, ScoreRow, StretchRow, TrackRow
from analysis.studies.memory import needs_bytes
from analysis.studies.shared_rows import SentenceRow
from tests.alike import assert_alike
from tests.conformance.made_up_metronome import DRUMS, save_drums
from tests.studies.test_headlines import is_a_headline
from tests.tiny_beats import SECONDS, TEMPI, beats_beside, beats_s

STRIDE_MS, LISTENED_S, STEP_BPM = 20, 5, 2
FEW: dict[str, Any] = {"seconds": 2, "stride_ms": 80, "bpm_step": 30}


@pytest.fixture
def folder(corpus_folder: Path) -> Path:
    return beats_beside(corpus_folder)


@pytest.fixture
def drums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Checkpoint]]:
    """Models that hear clicks, or nothing."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    families.register(DRUMS)
    yield save_drums(tmp_path / "theirs")
    families.forget(DRUMS.name)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, corpus_folder: Path) -> Iterator[Result]:
    """What both are answered, asked once."""
    home = tmp_path_factory.mktemp("drums")
    families.register(DRUMS)
    save_drums(home)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OTOSCOPE_CHECKPOINTS", str(home))
        yield ask(beats_beside(corpus_folder), "hears", "deaf")
    families.forget(DRUMS.name)


def ask(folder: Path, *names: str, store: Store | None = None, **settings: object) -> Result:
    usual = {"corpus": str(folder), "split": "all", "seconds": LISTENED_S, "stride_ms": STRIDE_MS, "bpm_step": STEP_BPM}
    return run_study("beats", build_request("beats", names, {**usual, **settings}), store=store)


def tracks_of(result: Result, name: str, weights: str = "trained") -> list[TrackRow]:
    return [row for row in result.rows(TrackRow) if (row.checkpoint, row.weights) == (name, weights)]


def test_who_hears_clicks_finds_the_planted_tempi_and_beats(heard: Result) -> None:
    result = heard
    tracks = tracks_of(result, "hears")
    assert [row.template_bpm for row in tracks] == list(TEMPI)
    assert [row.f for row in tracks] == pytest.approx([1.0] * 4, abs=0.15)
    assert all(row.amlt > 0.8 > row.moved_amlt for row in tracks)
    for name, weights in (("hears", "untrained"), ("deaf", "trained"), ("deaf", "untrained")):
        assert {row.scores for row in tracks_of(result, name, weights)} == {(0.0, 0.0, 0.0)}
    scores = {(row.checkpoint, row.weights, row.measure): row for row in result.rows(ScoreRow)}
    own = scores["hears", "trained", "F"]
    assert own.value == pytest.approx(np.mean([row.f for row in tracks]))
    assert own.ci_low is not None
    assert own.ci_low > 0.8 > 0.6 > own.null > 0.1
    assert own.score == "the model's own score"
    assert len(scores) == 5 * len(MEASURES)
    gain = next(row for row in result.rows(GainRow) if (row.checkpoint, row.measure, row.against) == ("hears", "F", "untrained"))
    assert gain.value == pytest.approx(own.value)
    assert "hears finds beats (librosa " in result.headline
    assert is_a_headline(result.headline), result.headline
    assert result.provenance["n_works"] == 4


def test_deaf_alone_is_no_better_than_chance(drums: list[Checkpoint], folder: Path) -> None:
    result = ask(folder, "deaf", **FEW)
    assert "deaf finds beats no better than chance (librosa" in result.headline
    assert is_a_headline(result.headline), result.headline


def test_a_result_holds_the_map_and_the_beats_of_every_recording(heard: Result) -> None:
    result = heard
    n_moments = LISTENED_S * 1000 // STRIDE_MS
    for work, stretch in enumerate(result.rows(StretchRow)):
        annotated = result.arrays[stretch.annotated]
        expected = beats_s(work) - stretch.start_s
        inside = expected[(expected >= 0) & (expected < stretch.seconds)]
        np.testing.assert_allclose(annotated, inside, atol=1e-4)
        assert stretch.start_s == pytest.approx((SECONDS - 4 - LISTENED_S) / 2, abs=0.02)
    for row in result.rows(TrackRow):
        assert (row.map != "") == (row.weights == "trained")
        if row.map:
            assert result.arrays[row.map].shape == (len(tempi(STEP_BPM)), n_moments)
        assert (row.envelope != "") == (row.weights != "librosa")
    (material,) = result.rows(MaterialRow)
    assert (material.recordings, material.works, material.slowest_bpm, material.fastest_bpm) == (4, 4, 30, 240)


def test_an_answer_put_together_is_the_one_made_at_once(drums: list[Checkpoint], folder: Path, store: Store) -> None:
    for name in ("hears", "deaf"):
        ask(folder, name, store=store, **FEW)
    both, anew = ask(folder, "hears", "deaf", store=store, **FEW), ask(folder, "hears", "deaf", **FEW)
    assert_alike(both, anew)


def test_recordings_without_beats_are_left_out_and_counted(drums: list[Checkpoint], folder: Path, tmp_path: Path) -> None:
    (some := tmp_path / "some").mkdir()
    for path in sorted(folder.iterdir()):
        if path.name not in ("work0.beats.tsv", "work1.beats.tsv"):
            (some / path.name).symlink_to(path)
    (some / "work1.beats.tsv").write_text("0.5\tb\n")
    result = ask(some, "hears", **FEW)
    (material,) = result.rows(MaterialRow)
    assert (material.recordings, material.unannotated, material.too_short) == (2, 1, 1)
    said = "Left out: 1 without annotated beats, 1 that are too short or have fewer than 2 beats there."
    assert said in [row.text for row in result.rows(SentenceRow)]
    for path in some.glob("*.beats.tsv"):
        path.unlink()
    with pytest.raises(CorpusError, match="has 0 recordings in which beats can be looked for: of 4 recordings 4 have no annot"):
        ask_unasked(some)


def ask_unasked(folder: Path) -> None:
    """Run it although it would be refused beforehand."""
    request = build_request("beats", ["hears"], {"corpus": str(folder), "split": "all"})
    run = StudyRun({"hears": find_checkpoint("hears")}, open_corpus(str(folder)), torch.device("cpu"))
    find_study("beats").module.share(request, run)


def test_a_corpus_without_beats_is_refused(drums: list[Checkpoint], folder: Path, corpus_folder: Path) -> None:
    study = find_study("beats")
    assert (has_beats(str(folder)), has_beats(str(corpus_folder)), has_beats("full")) == (True, False, False)
    assert study.refusal(drums, build_request("beats", ["hears"], {"corpus": str(folder)})) is None
    for corpus in (str(corpus_folder), "full"):
        assert study.refusal(drums, build_request("beats", ["hears"], {"corpus": corpus})) == (
            f"Beats needs annotated beats, but those of no recording of {corpus} are annotated. "
            "Choose a folder in which they are, such as one of MAPS or POP909."
        )
    assert not study.has_demo
    assert find_study("onsets").has_demo
    assert find_study("stems").has_demo


def test_memory_grows_with_what_is_listened_to(drums: list[Checkpoint], folder: Path) -> None:
    few, many = (build_request("beats", ["hears"], {"corpus": str(folder), "seconds": n}) for n in (10, 1_000))
    assert needs_bytes("beats", few, "cpu") < needs_bytes("beats", many, "cpu")


def test_a_template_clicks_at_its_tempo() -> None:
    sound = Metronome.at(90, 4.0).waveform(0.0, 4.0, 8_000)
    loud = np.flatnonzero(np.abs(sound) > 0.1) / 8_000
    starts = loud[np.concatenate([[True], np.diff(loud) > 0.2])]
    np.testing.assert_allclose(starts, np.arange(0.02, 4.0, 60 / 90), atol=1e-3)
