"""A stored result is found by what decides it, without rendering, long reading or a model."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis import paths
from analysis.datasets.paired_folder import load_paired_folder
from analysis.errors import Cancelled, CheckpointError, CorpusError
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.numbers import Value
from analysis.readings.study_run import Answer, StudyRun
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies import listings
from analysis.studies.base import registry, study
from analysis.studies.base.record import Cost, Study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study, identify, read_result, run_study, stored_result

Refuse = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    checkpoints: tuple[str, ...]
    corpus: str = "small"
    size: int = 3
    seed: int = 1


def run(request: Request, study_run: StudyRun) -> Answer:
    study_run.step(0, 1, "counting")
    return Answer("Counted.", [Value({"what": "n"}, 3.0, None, None, 3, None, "", "count")], {}, {"x": np.arange(request.size)})


@pytest.fixture(autouse=True)
def count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A study that takes no time, and an empty cache."""
    package, module = ModuleType("count_study"), ModuleType("count_study.study")
    module.__dict__.update(Request=Request, run=run)
    monkeypatch.setitem(sys.modules, "count_study", package)
    monkeypatch.setitem(sys.modules, "count_study.study", module)
    monkeypatch.setitem(registry.REGISTERED, "count", Study("count", "Count", "How many?", "count_study", Cost(1, 1, 1, 1)))
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """From now on, calling something is a mistake."""

    def refused(what: str) -> None:
        monkeypatch.setattr(what, lambda *_, **__: pytest.fail(f"{what} was called"))

    return refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "pieces"
    place.mkdir()
    for name in "abc":
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        midi.instruments[0].notes.append(pretty_midi.Note(80, 60, 0.0, 1.0))
        midi.write(str(place / f"{name}.mid"))
        soundfile.write(place / f"{name}.wav", 0.1 * np.sin(np.arange(24_000) / 5), 24_000)
    return place


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    return write_checkpoint(tmp_path / "one", 0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def write_checkpoint(place: Path, seed: int) -> str:
    described = {"training": {"seed": seed}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(place, build_arm("D0", "small", seed), arm="D0", scale="small", **described)
    return str(place)


@pytest.fixture
def as_demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder takes the place of the demo corpus."""
    demo = replace(load_paired_folder(folder, sample_rate=24_000), name="demo-small")
    monkeypatch.setattr(study, "open_corpus", lambda name, *, progress: demo)


def test_what_was_finished_is_found_under_its_key(folder: Path, checkpoint: str, store: Store) -> None:
    request = build_request("count", [checkpoint], {"corpus": str(folder)})
    assert stored_result("count", request, store) is None
    finished = finish_study("count", request, store=store)
    identity = identify("count", request, store)
    assert identity is not None
    assert (identity.key, "") == (finished.key, finished.not_stored)
    assert stored_result("count", request, store) == read_result(store, finished.key) == finished.result
    assert finish_study("count", request, store=store).result.provenance == finished.result.provenance
    assert list(finished.result.provenance["corpus_sha256"].values()) == [identity.corpus_sha256]


def test_everything_that_decides_a_result_is_in_its_key(
    folder: Path, checkpoint: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(checkpoints: list[str], **settings: Any) -> str:
        identity = identify("count", build_request("count", checkpoints, {"corpus": str(folder), **settings}), store)
        return identity.key if identity else pytest.fail("not identified")

    other = write_checkpoint(tmp_path / "two", 1)
    keys = [key([checkpoint]), key([checkpoint], size=4), key([checkpoint], seed=2), key([other]), key([checkpoint, other])]
    found = study.find_checkpoint
    for other_checkpoint in ({"training": {"seed": 77}}, {"config": {"n_heads": 4}}):
        with monkeypatch.context() as patch:
            patch.setattr(study, "find_checkpoint", lambda name, its=other_checkpoint: replace(found(name), **its))
            keys.append(key([checkpoint]))
    monkeypatch.setattr(Study, "code", "0" * 16)
    keys.append(key([checkpoint]))
    soundfile.write(folder / "a.wav", np.ones(24_000), 24_000)
    keys.append(key([checkpoint]))
    (folder / "a.mid").unlink()
    keys.append(key([checkpoint]))
    assert len(set(keys)) == len(keys)
    assert key([checkpoint], corpus=str(folder)) == key([checkpoint])


@pytest.mark.usefixtures("as_demo")
def test_a_demo_corpus_is_neither_rendered_nor_listed(checkpoint: str, store: Store, refuse: Refuse) -> None:
    request = build_request("count", [checkpoint], {})
    result = run_study("count", request, store=store)
    for what in ("base.study.open_corpus", "listings.open_corpus"):
        refuse(f"analysis.studies.{what}")
    refuse("analysis.models.checkpoint.Checkpoint.model")
    refuse("analysis.models.checkpoint.Checkpoint.untrained_twin")
    assert stored_result("count", request, store) == run_study("count", request, store=store) == result
    assert stored_result("count", replace(request, size=4), store) is None
    assert stored_result("count", replace(request, corpus="small-clean"), store) is None


@pytest.mark.usefixtures("as_demo")
@pytest.mark.parametrize("lost", ["audio", "listing", "store"])
def test_what_is_not_there_is_not_stored(lost: str, checkpoint: str, store: Store, folder: Path, tmp_path: Path) -> None:
    request = build_request("count", [checkpoint], {})
    run_study("count", request, store=store)
    if lost == "audio":
        (folder / "b.wav").unlink()
    elif lost == "listing":
        store = Store(tmp_path / "other")
    else:
        store.clear()
    assert stored_result("count", request, store) is None


def test_a_corpus_that_would_take_long_to_read_is_not_read(
    folder: Path, checkpoint: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = build_request("count", [checkpoint], {"corpus": str(folder)})
    finish_study("count", request, store=store)
    monkeypatch.setattr(listings, "MOST_UNREAD_BYTES", 1000)
    assert stored_result("count", request, store) is None  # written a moment ago, so it has to be read again
    assert finish_study("count", request, store=store).key  # which a run does


def test_names_are_checked(folder: Path, checkpoint: str, store: Store) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint 'nowhere'"):
        stored_result("count", build_request("count", ["nowhere"], {}), store)
    with pytest.raises(CorpusError, match="There is no corpus 'elsewhere'"):
        stored_result("count", build_request("count", [checkpoint], {"corpus": "elsewhere"}), store)


def test_a_result_that_the_store_refuses_is_returned_with_the_reason(folder: Path, checkpoint: str, tmp_path: Path) -> None:
    request, small = build_request("count", [checkpoint], {"corpus": str(folder)}), Store(tmp_path / "store", 100)
    finished = finish_study("count", request, store=small)
    assert finished.not_stored.endswith(
        "and the store holds at most 100. Raise OTOSCOPE_STORE_BYTES to keep results of this size."
    )
    assert finished.result.headline == "Counted."
    assert read_result(small, finished.key) is None


def test_a_fresh_run_computes_and_keeps_what_is_stored(
    folder: Path, checkpoint: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = build_request("count", [checkpoint], {"corpus": str(folder)})
    first, runs = run_study("count", request, store=store), []
    monkeypatch.setattr(sys.modules["count_study.study"], "run", lambda *given: runs.append(1) or run(*given))
    run_study("count", request, store=store)
    assert runs == []
    run_study("count", request, store=store, fresh=True)
    assert runs == [1]
    assert stored_result("count", request, store) == first


@pytest.mark.parametrize("what", ["opening", "reading", "counting"])
def test_it_stops_wherever_it_is(what: str, folder: Path, checkpoint: str, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Stop(Cancel):
        def check(self) -> None:
            if told and told[-1].startswith(what):
                raise Cancelled

    def slowly(name: str, *, progress: Callable[[int, int, str], None]) -> Any:
        progress(0, 2, "opening a")
        progress(1, 2, "opening b")
        return load_paired_folder(folder, sample_rate=24_000)

    def busy(request: Request, study_run: StudyRun) -> Answer:
        study_run.step(0, 2, "counting")
        study_run.step(1, 2, "counting")
        raise AssertionError("not stopped")

    monkeypatch.setattr(study, "open_corpus", slowly)
    monkeypatch.setattr(sys.modules["count_study.study"], "run", busy)
    request = build_request("count", [checkpoint], {})
    with pytest.raises(Cancelled):
        run_study(
            "count", request, store=store, context=RunContext(progress=lambda *report: told.append(report[2]), cancel=Stop())
        )
    assert [text.startswith(what) for text in told][-1]
    assert sum(text.startswith(what) for text in told) == 1
