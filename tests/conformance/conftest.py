"""Small results of every study in a store of their own, as a user would have computed them."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from analysis import paths
from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.store import open_store
from analysis.studies.study import run_study
from tests.conformance import small_studies
from tests.conformance.drawn import Case


@pytest.fixture(scope="session")
def small_library(
    tmp_path_factory: pytest.TempPathFactory, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path
) -> Iterator[pytest.MonkeyPatch]:
    """The environment in which the small results were computed: their checkpoints, their corpus, their store."""
    root = make_checkpoint("D0", 1).path.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTOSCOPE_CHECKPOINTS", str(root))
        patch.setenv("OTOSCOPE_CORPORA", str(corpus_folder))
        patch.setenv("OTOSCOPE_CACHE", str(tmp_path_factory.mktemp("small results")))
        yield patch


@pytest.fixture(scope="session")
def small(
    small_library: pytest.MonkeyPatch, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path
) -> Callable[[str], Case]:
    """A small result of a study, computed once, with the address at which its page shows it."""

    @cache
    def of(study: str) -> Case:
        request = small_studies.request_of(study, make_checkpoint, corpus_folder)
        return Case.of(run_study(study, request, store=open_store()))

    return of


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Case]:
    """The result of a study that came with the checkpoints; the store is empty."""
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)

    def of(study: str) -> Case:
        from analysis.studies.shipped import shipped_results

        found: list[Result] = [one for one in shipped_results(study) if _has_weights(one)]
        assert found, f"No result of {study} came with the checkpoints."
        return Case.of(found[-1])

    return of


def _has_weights(result: Result) -> bool:
    return all((paths.repository() / "checkpoints" / name / "config.json").is_file() for name in result.request["checkpoints"])
