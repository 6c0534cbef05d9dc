"""Studies that keep what they measure by checkpoint: fewer checkpoints, or another order, are at hand and as if computed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.store import open_store
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request, command_of
from analysis.studies.base.selections import selected
from analysis.studies.base.study import find_checkpoint, run_study
from analysis.studies.shipped import SHIPPED
from app import answers
from tests.alike import assert_alike
from tests.conformance.drawn import Case
from tests.conformance.small_studies import SETTINGS

STUDIES = ("retrieval", "controls", "replication", "invariance", "transposition", "embedding")
by_study = pytest.mark.parametrize("study", STUDIES)


def of_checkpoints(result: Result) -> dict[str, Any]:
    """What was measured; what is concluded of several may follow the order in which they were asked about."""
    return {value.name: value for value in result.values if "checkpoint" in value.key}


@by_study
def test_fewer_checkpoints_and_another_order_are_as_if_computed(
    study: str, small: Callable[[str], Case], corpus_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = small(study).result
    names = whole.request["checkpoints"]
    fewer, reversed_ = (
        build_request(study, some, {**SETTINGS[study], "corpus": str(corpus_folder)}) for some in (names[1:], names[::-1])
    )
    with monkeypatch.context() as patched:
        for work in ("measure", "compare") if find_study(study).compares else ("measure",):
            patched.setattr(find_study(study).module, work, lambda *_: pytest.fail("measured again"))
        kept, other = (run_study(study, request, store=open_store()) for request in (fewer, reversed_))
    assert [value.name for value in other.values] != [value.name for value in whole.values]
    assert of_checkpoints(other) == of_checkpoints(whole)
    assert_alike(kept, run_study(study, fewer))


@by_study
@pytest.mark.parametrize("chosen", [SHIPPED[::-1], SHIPPED[1:], ("a4r-small", "D0-small"), ("d4a4-small",)])
def test_what_came_with_the_checkpoints_holds_every_selection(
    study: str, chosen: tuple[str, ...], shipped: Callable[[str], Case]
) -> None:
    whole = shipped(study).result
    checkpoints: dict[str, Checkpoint] = {name: find_checkpoint(name) for name in chosen}
    answer = selected(whole, checkpoints)
    assert answer is not None
    assert answer.request["checkpoints"] == list(chosen)
    numbers = {value.name: value for value in whole.values}
    assert {value.key["checkpoint"] for value in answer.values if "checkpoint" in value.key} == set(chosen)
    assert all(numbers[value.name] == value for value in answer.values)
    for kind in find_study(study).rows:
        for row in answer.rows(kind):
            assert all(getattr(row, column) in answer.arrays for column in kind.array_columns if getattr(row, column))


def test_a_page_finds_what_can_be_put_together(small: Callable[[str], Case], corpus_folder: Path) -> None:
    """Of what was computed for several checkpoints it shows fewer, and another order, without a job."""
    names = small("retrieval").result.request["checkpoints"]
    for some in (names[1:], names[:1], names[::-1]):
        request = build_request("retrieval", some, {**SETTINGS["retrieval"], "corpus": str(corpus_folder)})
        answered = answers.stored_result(answers.study_request("retrieval", request, [find_checkpoint(name) for name in some]))
        assert answered is not None
        assert answered.result.checkpoints == tuple(Path(name).name for name in some)
        assert answered.result.provenance["command"] == command_of("retrieval", request)


def test_models_whose_windows_last_unlike_are_refused_together(make_checkpoint: Callable[..., Checkpoint]) -> None:
    checkpoint = make_checkpoint("D0", 1)
    longer = replace(checkpoint, config={**checkpoint.config, "n_samples": 192_000, "max_audio_tokens": 400})
    text = find_study("probes").refusal([checkpoint, longer])
    assert text == "Probes is not made of these checkpoints: their windows last 4 s and 8 s. Choose some of one length."
    assert all(find_study(study).refusal([longer]) is None for study in ("retrieval", "probes"))
