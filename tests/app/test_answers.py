"""Results that pages open: found by all that decides them, and read once where they are stored or came with the library."""

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis import fingerprints, paths
from analysis.models.checkpoint import open_checkpoint
from analysis.results import Result
from analysis.store import open_store
from analysis.studies import study as library
from analysis.studies.registry import study_names
from analysis.studies.shipped import SHIPPED, shipped_folder
from analysis.studies.study import build_request, find_checkpoint, identify
from app import answers, caching

RESULTS = sorted(path.name for path in shipped_folder().glob("*.json.gz"))
SMALLEST = sorted(RESULTS, key=lambda name: (shipped_folder() / name).stat().st_size)[:3]  # none of further trainings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An empty store, the shipped checkpoints, and nothing read yet."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)
    caching._read().clear()
    yield
    caching._read().clear()


def asked(name: str) -> tuple[str, Any, list[Any]]:
    """Study, request and checkpoints of a shipped result."""
    document = json.loads(gzip.decompress((shipped_folder() / name).read_bytes()))
    settings = dict(document["request"])
    names = settings.pop("checkpoints")
    return document["study"], build_request(document["study"], names, settings), [find_checkpoint(one) for one in names]


@pytest.fixture(scope="session")
def opened() -> dict[str, list[Path]]:
    """Files that this process opens are added to every list in it."""
    lists: dict[str, list[Path]] = {}

    def note(event: str, given: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(given[0], (str, os.PathLike)):
            for files in lists.values():
                files.append(Path(given[0]))

    sys.addaudithook(note)
    return lists


@pytest.mark.parametrize("where", ["shipped", "stored"])
@pytest.mark.parametrize("name", SMALLEST)
def test_a_result_is_opened_by_reading_its_own_files_once(
    name: str, where: str, opened: dict[str, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside them the configurations and the names of the tensors: no weights are hashed, no code is read, and no audio."""
    monkeypatch.setattr(library, "known_corpus_sha256", lambda *_: "c" * 64)
    monkeypatch.setattr(fingerprints, "SETTLED_AFTER_S", -1.0)  # however new the files are
    study, request, checkpoints = asked(name)
    folder, stem = shipped_folder(), name.removesuffix(".json.gz")
    own = {folder / name, folder / f"{stem}.npz"}
    if where == "stored":
        shipped, identity = answers.found_result(study, request, checkpoints)[0], identify(study, request, open_store())
        assert shipped is not None
        assert identity is not None
        open_store().put(identity.key, shipped.to_document(), shipped.arrays)
        own = set((paths.cache() / "store").glob("*/*/*"))
    answers.found_result(study, request, checkpoints)  # from here on nothing is imported, compiled or fingerprinted
    caching._read().clear()
    monkeypatch.setattr(fingerprints, "_read", lambda *_: pytest.fail("a file was hashed again"))
    opened["here"] = []
    found, origin = answers.found_result(study, request, checkpoints)
    seen = Counter(opened.pop("here"))
    assert isinstance(found, Result)
    assert (origin == "") is (where == "stored")
    assert {path for path in seen if path in own} == own
    assert {seen[path] for path in own} == {1}
    beside = {one.path / file for one in checkpoints for file in ("config.json", "model.safetensors")}
    assert set(seen) - own <= beside
    before = set(caching._read())
    assert answers.found_result(study, request, checkpoints)[0] is found  # kept, not read again
    assert set(caching._read()) == before


def test_the_same_weights_under_another_configuration_share_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr(library, "stored_result", lambda *_: read.append(len(read)) or f"result {len(read)}")
    one = open_checkpoint(paths.repository() / "checkpoints" / "D0-small")
    request = build_request("retrieval", ["D0-small"], {})
    others = [
        replace(one, config={**one.config, "n_heads": 4}), replace(one, training={"seed": 77}), replace(one, sha256="0" * 64),
    ]  # fmt: skip
    found = [answers.stored_result("retrieval", request, [which]) for which in (one, *others, one)]
    assert found == ["result 1", "result 2", "result 3", "result 4", "result 1"]


def test_a_shipped_result_is_that_of_the_shipped_configuration() -> None:
    study, request, checkpoints = asked(next(name for name in RESULTS if name.startswith("retrieval")))
    assert answers.found_result(study, request, checkpoints)[0] is not None
    altered = [replace(checkpoints[0], config={**checkpoints[0].config, "n_heads": 4}), *checkpoints[1:]]
    assert answers.found_result(study, request, altered) == (None, "")


def test_pages_have_shipped_results_to_open() -> None:
    studies = {name.split("-")[0] for name in RESULTS}
    assert studies == set(study_names())
    assert set(asked(RESULTS[0])[1].checkpoints) <= set(SHIPPED)
