"""Keys that miss nothing: equal for the same parts, different for all others."""

import re
import struct
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.errors import ConfigError
from analysis.store import Store

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4)
parts = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        leaves | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)


def spelled(part: Any) -> Any:
    """The literal, slow meaning of `the same parts`."""
    if isinstance(part, np.ndarray):
        return "array", part.dtype.str, part.shape, part.tobytes()
    if isinstance(part, dict):
        return "dict", frozenset((name, spelled(item)) for name, item in part.items())
    if isinstance(part, list | tuple):
        return "list", tuple(spelled(item) for item in part)
    return type(part).__name__, struct.pack("d", part) if isinstance(part, float) else part


@given(parts, parts)
@example({"a": 0.0}, {"a": -0.0})
@example({"a": [[], []]}, {"a": [[[]]]})
def test_keys_are_equal_only_for_the_same_parts(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert (Store.key(**one) == Store.key(**two)) == (spelled(one) == spelled(two))
    assert Store.key(**dict(reversed(one.items()))) == Store.key(**one)


def test_types_and_boundaries_differ() -> None:
    same_looking = [
        1, "1", 1.0, True, b"1", [1], [[1]], {"a": 1}, None, "None", "", b"", [], {}, 12, [1, 2], ["12"],
        "ab", ["a", "b"], ["as", "b"], ["a", "sb"], ["ab", ""], ["", "ab"],
        np.array(1), np.array([1]), np.array([[1]]), np.array([1], np.int32), np.array([1], ">i8"), np.array([1.0]),
        np.zeros((0, 2)), np.zeros((2, 0)), np.zeros(0), np.array([], "U1"), np.array(["1"]), np.array([b"1"]), np.array([True]),
    ]  # fmt: skip
    keys = {Store.key(x=part) for part in same_looking}
    assert len(keys) == len(same_looking)
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    assert len({Store.key(x=1), Store.key(y=1), Store.key(x={"x": 1}), Store.key(), Store.key(self=1)}) == 5


def test_layout_in_memory_does_not_matter() -> None:
    array = np.arange(24.0).reshape(4, 6)
    mapped = (array.copy(order="F"), np.repeat(array, 2, axis=0)[::2], array.T.T)
    assert {Store.key(x=other) for other in mapped} == {Store.key(x=array)}
    assert Store.key(x=(1, 2)) == Store.key(x=[1, 2])


LARGE = np.random.default_rng(0).standard_normal(1_500_000).astype(np.float32)
LARGE_KEYS = {size: Store.key(clip=LARGE[:size]) for size in (600_000, 1_500_000)}


@settings(max_examples=30)
@given(st.data())
def test_no_bit_of_a_large_array_is_missed(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(sorted(LARGE_KEYS)))
    edited = LARGE[:size].copy()
    edited.view(np.uint8)[data.draw(st.integers(0, 4 * size - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert Store.key(clip=edited) != LARGE_KEYS[size]


class Word(StrEnum):
    YES = "yes"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Path("a"), r"the key\['x'\] is of type \w*Path; expected str, int, float.*give its SHA-256"),
        ([{"a": {1, 2}}], r"the key\['x'\]\[0\]\['a'\] is of type set"),
        (np.float64(1.0), "is of type float64"),
        (np.int64(1), "is of type int64"),
        (Word.YES, "is of type Word"),
        (1j, "is of type complex"),
        ({1: 2}, r"the key\['x'\] has the name 1 \(int\)"),
        (np.ma.masked_array([1.0], [True]), "is of type MaskedArray"),
        (np.array([None]), r"the key\['x'\] is an array of object"),
        (np.zeros(1, dtype=[("x", "f4")]), "is an array of"),
    ],
)
def test_other_types_have_no_key(part: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Store.key(x=part)


@pytest.mark.parametrize("key", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\n"])
def test_only_keys_are_looked_up(store: Store, key: str) -> None:
    for method in (store.get, store.contains, partial(store.put, document={}, arrays={})):
        with pytest.raises(ConfigError, match="is not a key; expected 64 hexadecimal digits"):
            method(key)
