"""Shipped results are found for the very request and weights they were made of, and never otherwise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis import paths
from analysis.models.checkpoint import open_checkpoint
from analysis.numbers import Value
from analysis.results import Result, provenance
from analysis.studies import shipped
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.retrieval.study import Request
from analysis.studies.shipped import (
    SHIPPED,
    SHIPPED_CONTROLS,
    SHIPPED_FAMILIES,
    rounded,
    setting_differences,
    ship_result,
    shipped_result,
    shipped_results,
    shipped_with_more,
    shipped_with_other_settings,
)

SHAS = {"a": "0" * 64, "b": "1" * 64}
REQUEST = Request(("a", "b"), corpus="small")


@pytest.fixture
def result() -> Result:
    values = [Value({"checkpoint": "a", "what": "S"}, 0.5, 0.4, 0.6, 10, 0.04, "share", "min of R@10 both ways")]
    made = provenance(checkpoints=SHAS, corpora={"c": "2" * 64}, device="cpu", dtype="float32", seed=42, seconds=3.0, command="x")
    request = {**vars(REQUEST), "checkpoints": ["a", "b"]}
    arrays = {"ranks.0": np.arange(6, dtype=np.int32).reshape(2, 3), "pieces": np.array(["x", "y"])}
    return Result("retrieval", request, "Found.", values, {"pairs": [{"p": 0.5}]}, arrays, made)


def test_what_is_shipped_is_found_again_bit_for_bit(result: Result, tmp_path: Path) -> None:
    place = ship_result(result, tmp_path)
    assert shipped_result("retrieval", REQUEST, SHAS, tmp_path) == result
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert ship_result(result, tmp_path) == place
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".gz", ".npz"]


def test_a_setting_that_did_not_exist_then_has_its_usual_value(result: Result, tmp_path: Path) -> None:
    older = replace(result, request={name: value for name, value in result.request.items() if name != "windows_per_piece"})
    ship_result(older, tmp_path)
    assert shipped_result("retrieval", REQUEST, SHAS, tmp_path) == older
    assert shipped_result("retrieval", replace(REQUEST, windows_per_piece=3), SHAS, tmp_path) is None
    assert setting_differences(older, replace(REQUEST, windows_per_piece=3)) == ("windows per piece 100 instead of 3",)


def test_settings_that_differ_are_called_as_people_read_them(result: Result) -> None:
    asked = replace(REQUEST, n_queries=96, n_same_piece=3)
    assert setting_differences(result, asked) == ("queries 500 instead of 96", "of the same work 64 instead of 3")


def test_a_file_is_read_once_until_it_changes(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[bytes] = []
    unpack = shipped.gzip.decompress
    monkeypatch.setattr(shipped.gzip, "decompress", lambda data: (read.append(data), unpack(data))[1])
    ship_result(result, tmp_path)
    for seed in (1, 2, 3):
        assert shipped_result("retrieval", replace(REQUEST, seed=seed), SHAS, tmp_path) is None
    assert len(read) == 1
    ship_result(replace(result, headline="Found anew."), tmp_path)
    assert [one.headline for one in shipped_results("retrieval", tmp_path)] == ["Found anew."]
    assert len(read) == 2


def test_another_request_or_other_weights_find_nothing(result: Result, tmp_path: Path) -> None:
    ship_result(result, tmp_path)
    assert shipped_result("retrieval", replace(REQUEST, seed=1), SHAS, tmp_path) is None
    assert shipped_result("retrieval", replace(REQUEST, checkpoints=("b", "a")), SHAS, tmp_path) is None
    assert shipped_result("retrieval", REQUEST, {"a": "0" * 64, "b": "3" * 64}, tmp_path) is None
    assert shipped_result("retrieval", REQUEST, {"a": "0" * 64}, tmp_path) is None
    assert shipped_result("embedding", REQUEST, SHAS, tmp_path) is None


@pytest.mark.parametrize("suffix", [".json.gz", ".npz"])
@pytest.mark.parametrize("damage", [b"", b"{}", b"\x80\x04"])
def test_a_damaged_file_is_no_result(result: Result, tmp_path: Path, suffix: str, damage: bytes) -> None:
    ship_result(result, tmp_path)
    next(tmp_path.glob(f"*{suffix}")).write_bytes(damage)
    assert shipped_result("retrieval", REQUEST, SHAS, tmp_path) is None


@given(hnp.arrays(np.float32, 40, elements=st.floats(-(2.0**60), 2.0**60, width=32, allow_subnormal=False)))
def test_arrays_of_fp32_lose_less_than_one_part_in_two_thousand(array: np.ndarray) -> None:
    found = rounded(array)
    assert found.dtype == np.float32
    assert np.all(np.abs(found - array) <= np.abs(array) / 2**11)
    assert np.array_equal(rounded(found), found)


def test_of_other_settings_the_nearest_is_found_for_the_same_checkpoints_and_corpus_alone(result: Result, tmp_path: Path) -> None:
    ship_result(result, tmp_path)
    ship_result(replace(result, request={**result.request, "seed": 1, "pool_size": 64}), tmp_path)
    wanted = replace(REQUEST, pool_size=32)
    found = shipped_with_other_settings("retrieval", wanted, SHAS, tmp_path)
    assert found == result
    assert setting_differences(result, wanted) == ("pool size 256 instead of 32",)
    assert setting_differences(result, REQUEST) == ()
    assert shipped_with_other_settings("retrieval", replace(wanted, corpus="full"), SHAS, tmp_path) is None
    assert shipped_with_other_settings("retrieval", replace(wanted, checkpoints=("b", "a")), SHAS, tmp_path) is None
    assert shipped_with_other_settings("retrieval", wanted, {**SHAS, "b": "3" * 64}, tmp_path) is None
    assert shipped_with_other_settings("embedding", wanted, SHAS, tmp_path) is None


def test_a_result_of_more_checkpoints_is_found_for_those_that_are_here() -> None:
    names = ("D0-small", "d4a4-small")
    shas = {name: open_checkpoint(paths.repository() / "checkpoints" / name).sha256 for name in names}
    found = shipped_with_more("replication", build_request("replication", names, {}), shas)
    assert found is not None
    assert {"D0-small-1", *names} < set(found.provenance["checkpoint_sha256"])
    assert shipped_with_more("replication", build_request("replication", names, {"seed": 7}), shas) is None
    assert shipped_with_more("replication", build_request("replication", names, {}), {**shas, "D0-small": "0" * 64}) is None


def test_what_pages_show_by_themselves_comes_with_them() -> None:
    usual = {name: find_study(name).usual for name in study_names()}
    assert usual["controls"] == (*SHIPPED, *SHIPPED_CONTROLS)
    assert set(usual["stems"]) <= set(SHIPPED_FAMILIES)
    assert {name for names in usual.values() for name in names} <= {*SHIPPED, *SHIPPED_CONTROLS, *SHIPPED_FAMILIES}
