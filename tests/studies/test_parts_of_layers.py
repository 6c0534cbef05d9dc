"""Probes and similarity are kept model by model and pair by pair: other selections are put together, not measured again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.results import Result
from analysis.store import Store
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.selections import selected
from analysis.studies.base.study import run_study, stored_result
from analysis.studies.shipped import shipped_folder
from tests.shared import read_shipped

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "probes": {"tasks": "note density,pitch histogram,key", "folds": 2, "inner_folds": 2, "shuffles": 1},
    "similarity": {"n_shuffles": 20, "across": "every side"},
}
studies = pytest.mark.parametrize("study", SETTINGS)


def without_origin(result: Result) -> Result:
    return Result(result.study, result.request, result.headline, result.values, result.tables, result.arrays, {})


def unexpected(*_: object) -> None:
    raise AssertionError("measured again")


@studies
def test_another_selection_is_put_together(
    study: str, monkeypatch: pytest.MonkeyPatch, make_checkpoint: Callable[[str], Checkpoint], corpus_folder: Path, store: Store
) -> None:
    paths = {arm: str(make_checkpoint(arm).path) for arm in ("D0", "d4a4")}
    small = {"corpus": str(corpus_folder), "split": "all", "windows_per_piece": 2, **SETTINGS[study]}
    run_study(study, build_request(study, list(paths.values()), small), store=store)
    for arms in (("D0",), ("d4a4", "D0")):
        request = build_request(study, [paths[arm] for arm in arms], small)
        fresh = run_study(study, request)
        with monkeypatch.context() as patched:
            for name in {"measure", "compare"} & set(vars(find_study(study).module)):
                patched.setattr(find_study(study).module, name, unexpected)
            kept = stored_result(study, request, store)
        assert kept is not None
        assert without_origin(kept) == without_origin(fresh)


@studies
def test_a_selection_of_what_is_shipped_has_its_numbers(study: str) -> None:
    whole = next(iter(read_shipped(study)))
    names = list(whole.request["checkpoints"])
    numbers = {value.name: value for value in whole.values}
    for chosen in (names[1:], names[::-1]):
        checkpoints = {name: open_checkpoint(shipped_folder().parent / name) for name in chosen}
        answer = selected(whole, checkpoints)
        assert answer is not None
        assert answer.headline
        absent = set(names) - set(chosen)
        assert {value.name: value for value in answer.values} == {
            name: value for name, value in numbers.items() if not absent & set(map(str, value.key.values()))
        }
        assert find_study(study).draw(answer)
    assert selected(whole, checkpoints | {"another": checkpoints[names[0]]}) is None
