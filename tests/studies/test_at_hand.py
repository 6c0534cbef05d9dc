"""Results at hand: of the very selection, of others that hold a checkpoint, and never of other weights."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint
from analysis.numbers import Value
from analysis.results import Result
from analysis.store import Store
from analysis.studies import at_hand
from analysis.studies.at_hand import exact_result, others_with
from analysis.studies.base import study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import identify


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """A corpus that has been read."""
    monkeypatch.setattr(study, "known_corpus_sha256", lambda *_: "c" * 64)


@pytest.fixture
def put(known: None, store: Store) -> Callable[..., Any]:
    """Store a result of the scoreboard about checkpoints; its request."""

    def stored(*checkpoints: Checkpoint, **settings: Any) -> Any:
        request = build_request("retrieval", [str(one.path) for one in checkpoints], {"corpus": "small", **settings})
        values = [Value({"checkpoint": one.name, "what": "S"}, 0.5, 0.4, 0.6, 4, 0.1, "share", "") for one in checkpoints]
        shas = {one.name: one.sha256 for one in checkpoints}
        result = Result("retrieval", asdict(request), "Found.", values, {}, {}, {"checkpoint_sha256": shas})
        identity = identify("retrieval", request, store)
        assert identity is not None
        store.put(identity.key, result.to_document(), result.arrays)
        return request

    return stored


def none_shipped(_: str) -> list[Result]:
    return []


def names_of(found: Any) -> list[list[str]]:
    return [sorted(one.result.provenance["checkpoint_sha256"]) for one in found]


def test_what_was_asked_is_found_as_it_is(put: Any, store: Store, make_checkpoint: Callable[..., Checkpoint]) -> None:
    one, two = make_checkpoint("D0"), make_checkpoint("d4")
    request = put(one, two)
    found = exact_result("retrieval", request, [one, two], store)
    assert found is not None
    assert (found.origin, found.differing) == ("", ())
    assert exact_result("retrieval", replace(request, seed=1), [one, two], store) is None


def test_a_result_of_a_larger_selection_serves_each_of_its_checkpoints(
    put: Any, store: Store, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    one, two, three = (make_checkpoint(arm) for arm in ("D0", "d4", "a4"))
    put(one, two)
    put(three)
    wanted = build_request("retrieval", [str(three.path), str(one.path)], {"corpus": "small"})
    found = others_with("retrieval", wanted, [three, one], store, read_shipped=none_shipped)
    assert sorted(names_of(found)) == [["D0-1", "d4-1"], ["a4-1"]]
    assert all(not item.differing and not item.origin for item in found)
    assert others_with("ablation", wanted, [three, one], store, read_shipped=none_shipped) == ()


def test_the_usual_settings_are_preferred_and_others_are_told(
    put: Any, store: Store, make_checkpoint: Callable[..., Checkpoint]
) -> None:
    one, two = make_checkpoint("D0"), make_checkpoint("d4")
    put(one, two, pool_size=64)
    wanted = build_request("retrieval", [str(one.path)], {"corpus": "small"})
    (found,) = others_with("retrieval", wanted, [one], store, read_shipped=none_shipped)
    assert found.differing == ("pool size 64 instead of 256",)
    put(one)
    (found,) = others_with("retrieval", wanted, [one], store, read_shipped=none_shipped)
    assert (names_of([found]), found.differing) == ([["D0-1"]], ())
    assert others_with("retrieval", replace(wanted, corpus="full"), [one], store, read_shipped=none_shipped) == ()


def test_other_weights_of_the_same_name_are_not_meant(put: Any, store: Store, make_checkpoint: Callable[..., Checkpoint]) -> None:
    one = make_checkpoint("D0")
    wanted = put(one)
    for other in (replace(one, sha256="0" * 64), replace(one, training={"seed": 9}), replace(one, config={})):
        assert others_with("retrieval", wanted, [other], store, read_shipped=none_shipped) == ()
    assert len(others_with("retrieval", wanted, [one], store, read_shipped=none_shipped)) == 1


def test_shipped_results_serve_shipped_checkpoints_alone(
    known: None, store: Store, make_checkpoint: Callable[..., Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make_checkpoint("D0"), make_checkpoint("d4")
    request = build_request("retrieval", ["D0-1"], {"corpus": "small"})
    made = {"checkpoint_sha256": {"D0-1": one.sha256, "gone": "f" * 64}, "code_version": "of another version"}
    shipped = Result("retrieval", {**asdict(request), "checkpoints": ["D0-1", "gone"]}, "", (), {}, {}, made)
    assert others_with("retrieval", request, [one], store, read_shipped=lambda _: [shipped]) == ()
    monkeypatch.setattr(at_hand, "come_with_us", lambda ones: all(its.name == "D0-1" for its in ones))
    (found,) = others_with("retrieval", request, [two, one], store, read_shipped=lambda _: [shipped])
    assert (found.result, found.origin) == (shipped, "came with the checkpoints, computed by another version of the library")
    changed = replace(one, sha256="1" * 64)
    assert others_with("retrieval", request, [changed], store, read_shipped=lambda _: [shipped]) == ()


@pytest.mark.parametrize(
    "beginning",
    [
        b"", b"{}", b'{"schema_version": 1, "study": "retrieval", "request": ', b'{"kind": "corpus listing"}',
        b'{"schema_version": 1, "study": "retrieval", "request": {"checkpoints": "one"}, ',
        b'{"schema_version": 1, "study": "retrieval", "request": {"checkpoints": ["one"], "of_old": 1}, ',
        b'{"schema_version": 1, "study": "retrieval", "request": [1], ', b'{"schema_version": 1, "study": "scoreboard\xff',
    ],
)  # fmt: skip
def test_what_is_no_request_of_today_is_passed_over(
    beginning: bytes, store: Store, make_checkpoint: Callable[..., Checkpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "beginnings", lambda *_: iter([beginning]))
    one = make_checkpoint("D0")
    wanted = build_request("retrieval", ["D0-1"], {"corpus": "small"})
    assert others_with("retrieval", wanted, [one], store, read_shipped=none_shipped) == ()


def test_beginnings_are_those_of_documents_and_do_not_count_as_use(store: Store) -> None:
    for number in range(2):
        store.put(Store.key(number=number), {"number": number, "long": "x" * 100}, {})
    assert sorted(store.beginnings(13)) == [b'{"number": 0,', b'{"number": 1,']
    (store.root / "ab").mkdir(exist_ok=True)
    assert len(list(store.beginnings(4))) == 2
