"""Small results of every study in a store of their own, as a user would have computed them."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from analysis import paths
from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.store import open_store
from analysis.studies.base.registry import study_names
from analysis.studies.base.study import run_study
from tests.conformance import small_studies
from tests.conformance.drawn import Case
from tests.shared import alone, read_shipped, shared_folder


@pytest.fixture(scope="session")
def small_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small results are kept, for all processes."""
    folder = shared_folder(tmp_path_factory) / "small results"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(autouse=True)
def small_library(
    monkeypatch: pytest.MonkeyPatch, small_cache: Path, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path
) -> None:
    """The environment in which the small results are computed: their checkpoints, their corpus, their store."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(make_checkpoint("D0", 1).path.parent))
    folders = sorted({str(small_studies.corpus_of(study, corpus_folder)) for study in study_names()})
    monkeypatch.setenv("OTOSCOPE_CORPORA", os.pathsep.join(folders))
    monkeypatch.setenv("OTOSCOPE_CACHE", str(small_cache))


@pytest.fixture(scope="session")
def small(make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path, small_cache: Path) -> Callable[[str], Case]:
    """A small result of a study, computed by one process, with the address of its page; in the environment above."""

    @cache
    def of(study: str) -> Case:
        request = small_studies.request_of(study, make_checkpoint, corpus_folder)
        with alone(small_cache.with_name(f"small result of {study}.lock")):
            return Case.of(run_study(study, request, store=open_store()))

    return of


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Case]:
    """The result of a study that came with the checkpoints; the store is empty."""
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)

    def of(study: str) -> Case:
        found: list[Result] = [one for one in read_shipped(study) if _has_weights(one)]
        assert found, f"No result of {study} came with the checkpoints."
        return Case.of(found[-1])

    return of


def _has_weights(result: Result) -> bool:
    return all((paths.repository() / "checkpoints" / name / "config.json").is_file() for name in result.request["checkpoints"])
