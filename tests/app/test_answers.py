"""Results that pages open: found by all that decides them, and read once where they are stored or came with the library."""

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from analysis import fingerprints, paths
from analysis.models.checkpoint import open_checkpoint
from analysis.store import open_store
from analysis.studies import shipped as shipping
from analysis.studies.base import study as library
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import find_checkpoint, identify
from analysis.studies.shipped import SHIPPED, shipped_folder
from app import answers, caching
from app.answers import StudyRequest

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


def asked(name: str) -> StudyRequest:
    """The question that a shipped result answers."""
    document = json.loads(gzip.decompress((shipped_folder() / name).read_bytes()))
    settings = dict(document["request"])
    names = settings.pop("checkpoints")
    request = build_request(document["study"], names, settings)
    return answers.study_request(document["study"], request, [find_checkpoint(one) for one in names])


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
    question = asked(name)
    folder, stem = shipped_folder(), name.removesuffix(".json.gz")
    own, key = {folder / name, folder / f"{stem}.npz"}, ""
    if where == "stored":
        shipped = answers.found_result(question)
        identity = identify(question.study, question.request, open_store())
        assert shipped is not None
        assert identity is not None
        key = identity.key
        open_store().put(key, shipped.result.to_document(), shipped.result.arrays)
        own = set((paths.cache() / "store").glob("*/*/*"))
    answers.found_result(question)  # from here on nothing is imported, compiled or fingerprinted
    caching._read().clear()
    shipping._read_once.cache_clear()
    monkeypatch.setattr(fingerprints, "_read", lambda *_: pytest.fail("a file was hashed again"))
    opened["here"] = []
    found = answers.found_result(question)
    seen = Counter(opened.pop("here"))
    assert found is not None
    assert (found.key, found.origin == "") == (key, where == "stored")
    assert {path for path in seen if path in own} == own
    assert {seen[path] for path in own} == {1}
    beside = {one.path / file for one in question.checkpoints for file in ("config.json", "model.safetensors")}
    assert set(seen) - own <= beside
    before = set(caching._read())
    assert answers.found_result(question) is found  # kept, not read again
    assert set(caching._read()) == before


def test_the_same_weights_under_another_configuration_share_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    monkeypatch.setattr(library, "identify", lambda *_: SimpleNamespace(key="k"))
    monkeypatch.setattr(library, "kept_result", lambda *_: read.append(len(read)) or f"result {len(read)}")
    one = open_checkpoint(paths.repository() / "checkpoints" / "D0-small")
    request = build_request("retrieval", ["D0-small"], {})
    others = [
        replace(one, config={**one.config, "n_heads": 4}), replace(one, training={"seed": 77}), replace(one, sha256="0" * 64),
    ]  # fmt: skip
    found = [answers.stored_result(answers.study_request("retrieval", request, [which])) for which in (one, *others, one)]
    assert [stored and (stored.result, stored.key) for stored in found] == [(f"result {n}", "k") for n in (1, 2, 3, 4, 1)]


def test_a_shipped_result_is_that_of_the_shipped_configuration() -> None:
    question = asked(next(name for name in RESULTS if name.startswith("retrieval")))
    assert answers.found_result(question) is not None
    first, *others = question.checkpoints
    altered = [replace(first, config={**first.config, "n_heads": 4}), *others]
    assert answers.found_result(answers.study_request(question.study, question.request, altered)) is None


def test_pages_have_shipped_results_to_open() -> None:
    studies = {name.split("-")[0] for name in RESULTS}
    assert studies == {name for name in study_names() if find_study(name).has_demo}
    assert set(asked(RESULTS[0]).request.checkpoints) <= set(SHIPPED)


def test_what_came_with_other_settings_says_which() -> None:
    question = asked(next(name for name in RESULTS if name.startswith("retrieval")))
    usual: Any = question.request
    seeded = answers.study_request(question.study, replace(usual, seed=7), question.checkpoints)
    assert answers.found_result(seeded) is None
    nearby, found = answers.nearby_result(seeded), answers.found_result(question)
    assert nearby is not None
    assert found is not None
    assert (nearby.result, nearby.key, len(nearby.differing)) == (found.result, "", 1)
    assert nearby.origin == f"came with the checkpoints, with other settings: {nearby.differing[0]}"


def test_a_folder_that_changes_is_another_question(tmp_path: Path) -> None:
    one = open_checkpoint(paths.repository() / "checkpoints" / "D0-small")
    request = build_request("retrieval", ["D0-small"], {"corpus": str(tmp_path)})
    before = answers.study_request("retrieval", request, [one])
    assert answers.study_request("retrieval", request, [one]).identity == before.identity
    (tmp_path / "new.wav").write_bytes(b"RIFF")
    after = answers.study_request("retrieval", request, [one])
    assert after.identity != before.identity
    assert after.identity.checkpoints == before.identity.checkpoints
