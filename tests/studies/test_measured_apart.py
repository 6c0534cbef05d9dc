"""Studies that are measured model by model: another selection, or another order, is at hand and says what computing it would."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analysis.models.checkpoint import Checkpoint
from analysis.results import Result
from analysis.store import Store
from analysis.studies.bands import attribution, doses
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.selections import selected
from analysis.studies.base.study import find_checkpoint, run_study, stored_result
from tests.alike import assert_alike
from tests.conformance.small_studies import SETTINGS
from tests.shared import read_shipped

STUDIES = {"ablation": ("D0", "d4"), "bands": ("D0", "a4")}
FEWER = {
    "ablation": {},
    "bands": {"bands": "low-17.5", "windows_per_piece": 2, "n_queries": 8, "pool_size": 8, "n_same_piece": 1},
}
Make = Callable[[str], Checkpoint]


def never(*_: Any) -> None:
    raise AssertionError("a checkpoint was measured again")


def arrays_of(result: Result) -> dict[Any, list[bytes]]:
    """The arrays of every row, whatever their names are."""
    rows = [row for kind in find_study(result.study).rows if kind.array_columns for row in result.rows(kind)]
    nameless = [replace(row, **dict.fromkeys(row.array_columns, "")) for row in rows]
    names = [[name for column in row.array_columns if (name := getattr(row, column))] for row in rows]
    return {row: [result.arrays[name].tobytes() for name in of_row] for row, of_row in zip(nameless, names, strict=True)}


@pytest.mark.parametrize("study", STUDIES)
def test_another_selection_is_at_hand_and_as_if_computed(
    study: str, corpus_folder: Path, make_checkpoint: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [str(make_checkpoint(arm).path) for arm in STUDIES[study]]

    def ask(*checkpoints: str) -> Any:
        return build_request(study, checkpoints, {**SETTINGS[study], **FEWER[study], "corpus": str(corpus_folder)})

    monkeypatch.setattr(attribution, "N_STEPS", 2)
    monkeypatch.setattr(doses, "N_DRAWS", 2)
    selections = [folders[:1], folders[::-1]]
    computed = [run_study(study, ask(*selection)) for selection in selections]
    run_study(study, ask(*folders), store=store)
    monkeypatch.setattr(find_study(study).module, "measure", never)
    for selection, expected in zip(selections, computed, strict=True):
        assert_alike(stored_result(study, ask(*selection), store), expected, rel_tol=1e-5)


@pytest.mark.parametrize("study", STUDIES)
def test_what_is_shipped_answers_about_fewer_checkpoints_in_another_order(study: str) -> None:
    shipped = read_shipped(study)[-1]
    names = list(shipped.request["checkpoints"])
    for chosen in (names[1:], names[:1], names[::-1]):
        answer = selected(shipped, {name: find_checkpoint(name) for name in chosen})
        assert answer is not None
        assert answer.values
        assert all(value in shipped.values for value in answer.values)
        assert {value.key["checkpoint"] for value in answer.values} == set(chosen)
        assert arrays_of(answer) == {row: arrays for row, arrays in arrays_of(shipped).items() if row.checkpoint in chosen}
        if set(chosen) == set(names):
            assert len(answer.values) == len(shipped.values)
            assert answer.headline == shipped.headline
