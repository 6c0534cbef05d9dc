"""The schema of a result: what it refuses, and that it comes back as it was."""

import json
import math
import pickle
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis.errors import ConfigError
from analysis.numbers import Value
from analysis.results import Result, code_version, provenance

finite = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | finite | st.text()
cells = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
records = st.dictionaries(st.text(), cells, max_size=3)
deep = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=5
)
array_names = st.text("abcXYZ019_.-", min_size=1, max_size=12)
dtypes = hnp.scalar_dtypes() | hnp.unicode_string_dtypes(min_len=1) | hnp.byte_string_dtypes(min_len=1)
any_array = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))


@st.composite
def any_value(draw: st.DrawFn) -> Value:
    low, high = sorted((draw(finite), draw(finite)))
    value = draw(st.none() | finite)
    ends = (low, high) if value is not None and draw(st.booleans()) else (None, None)
    facets = draw(
        st.dictionaries(st.text().filter(lambda facet: facet != "what"), st.text() | st.integers() | finite, max_size=3)
    )
    unit, estimator = draw(st.text()), draw(st.text())
    return Value(
        {**facets, "what": draw(st.text(min_size=1))},
        value,
        *ends,
        draw(st.integers(0, 10**12)),
        draw(st.none() | finite),
        unit,
        estimator,
    )


def make_value(value: Any = 0.62, ci_low: Any = None, ci_high: Any = None, **changes: Any) -> Value:
    made = Value({"what": "CKA"}, 0.62, None, None, 500, None, "", "debiased CKA")
    return replace(made, value=value, ci_low=ci_low, ci_high=ci_high, **changes)


@pytest.fixture
def unchecked() -> Iterator[None]:
    """As outside the tests, where annotations are not executed and the library itself has to refuse a wrong type."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def make_result(**changes: Any) -> Result:
    parts: dict[str, Any] = {
        "study": "similarity", "request": {"seed": 0, "layers": [1, 2]}, "headline": "They agree.", "values": [make_value()],
        "tables": {"layers": [{"layer": 1, "cka": 0.5}]}, "arrays": {"matrix": np.eye(3, dtype=np.float32)},
        "provenance": {"seed": 0},
    }  # fmt: skip
    return Result(**parts | changes)


@given(
    study=st.text(),
    request=records,
    headline=st.text(),
    values=st.lists(any_value(), max_size=3),
    tables=st.dictionaries(st.text(), st.lists(records, max_size=3), max_size=2),
    arrays=st.dictionaries(array_names, any_array, max_size=3),
    provenance=st.dictionaries(st.text(), deep, max_size=3),
)
def test_a_result_comes_back_as_it_was(**parts: Any) -> None:
    result = Result(**parts)
    written = json.dumps(result.to_document(), allow_nan=False)
    back = Result.from_document(json.loads(written), {name: array.copy() for name, array in result.arrays.items()})
    assert back == result
    assert json.dumps(back.to_document()) == written
    assert back.values == tuple(parts["values"])
    for name, array in parts["arrays"].items():
        assert (back.arrays[name].dtype, back.arrays[name].shape) == (array.dtype, array.shape)
        assert back.arrays[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("field", ["value", "ci_low", "ci_high", "null"])
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, np.float32("nan"), 10**400])
def test_a_value_is_never_nan(field: str, number: Any, unchecked: None) -> None:
    with pytest.raises(ConfigError, match=f'{field} of "CKA" is (nan|-?inf); expected a finite number'):
        make_value(**{"value": 0.5, "ci_low": 0.4, "ci_high": 0.6, field: number})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": "0.5"}, "value of \"CKA\" is '0.5' \\(str\\)"),
        ({"value": True}, 'value of "CKA" is True'),
        ({"value": np.zeros(1)}, "ndarray"),
        ({"ci_low": 0.1}, "both ends of its interval"),
        ({"ci_high": 0.1}, "both ends of its interval"),
        ({"value": None, "ci_low": 0.1, "ci_high": 0.2}, "value None, ci_low 0.1"),
        ({"ci_low": 0.7, "ci_high": 0.6}, r"\[0.7, 0.6\]; expected the lower end first"),
        ({"n": -1}, "n of \"CKA\" is -1; expected a whole number"),
        ({"n": 1.0}, "n of \"CKA\" is 1.0"),
        ({"n": True}, "n of \"CKA\" is True"),
        ({"key": {"what": ""}}, "The key of a value is .*expected facets, among them \"what\""),
        ({"key": {"checkpoint": "D0"}}, "The key of a value is .*expected facets, among them \"what\""),
        ({"key": {"what": "S", "dose": True}}, "The key of a value holds 'dose': True; expected text or a number"),
        ({"key": {"what": "S", "dose": [1]}}, "The key of a value holds 'dose': .1.; expected text or a number"),
        ({"key": {"what": "S", "dose": float("nan")}}, "The key of a value holds 'dose': nan; expected text or a number"),
        ({"estimator": None}, "estimator of a value is None"),
    ],
)  # fmt: skip
def test_a_value_refuses(changes: dict[str, Any], message: str, unchecked: None) -> None:
    with pytest.raises(ConfigError, match=message):
        make_value(**{"value": 0.5, **changes})


def test_a_value_takes_numpy_numbers(unchecked: None) -> None:
    value = make_value(np.float32(0.5), np.float64(0.25), np.int32(1), n=np.int64(7))
    assert [type(number) for number in (value.value, value.ci_low, value.ci_high, value.n)] == [float, float, float, int]
    assert value == make_value(0.5, 0.25, 1.0, n=7)


class Word(StrEnum):
    YES = "yes"


def test_request_and_tables_become_plain() -> None:
    request = {"layers": (np.int64(1), 2), "share": np.float32(0.5), "flag": np.bool_(True), "word": Word.YES, "none": None}
    plain = make_result(request=request).request
    assert json.dumps(plain) == '{"layers": [1, 2], "share": 0.5, "flag": true, "word": "yes", "none": null}'
    assert [type(part) for part in (plain["layers"][0], plain["flag"], plain["word"])] == [int, bool, str]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"request": {"path": Path("a")}}, r"request\['path'\] is of type \w*Path; expected names and numbers"),
        ({"request": {"x": np.zeros(2)}}, r"request\['x'\] is of type ndarray.*put it into arrays"),
        ({"request": {"x": {"y": 1}}}, r"request\['x'\] is of type dict"),
        ({"request": {"x": [1, [{"y": 1}]]}}, r"request\['x'\]\[1\]\[0\] is of type dict"),
        ({"request": {1: 2}}, r"request has the key 1 \(int\)"),
        ({"request": {"x": math.nan}}, r"request\['x'\] is nan; expected a finite number"),
        ({"tables": {"t": [{"a": 1.0}, {"a": [2.0, math.inf]}]}}, r"tables\['t'\]\[1\]\['a'\]\[1\] is inf"),
        ({"tables": {"t": [[1, 2]]}}, r"tables\['t'\]\[0\] is of type list; expected a dictionary"),
        ({"provenance": {"a": {"b": {1, 2}}}}, r"provenance\['a'\]\['b'\] is of type set"),
        ({"values": [{"name": "CKA"}]}, "holds dict among its values"),
        ({"headline": None}, "headline of a result is None"),
        ({"arrays": {"a/b": np.zeros(1)}}, "named 'a/b'; expected 1 to 200 of the letters"),
        ({"arrays": {"a\n": np.zeros(1)}}, "named"),
        ({"arrays": {"": np.zeros(1)}}, "named ''"),
        ({"arrays": {"a": [1.0]}}, "The array a is a list"),
        ({"arrays": {"a": np.ma.masked_array([1.0], [True])}}, "without a mask"),
        ({"arrays": {"a": np.array([None])}}, "has the dtype object"),
        ({"arrays": {"a": np.zeros(1, dtype=[("x", "f4")])}}, "has the dtype"),
    ],
)
def test_a_result_refuses(changes: dict[str, Any], message: str, unchecked: None) -> None:
    with pytest.raises(ConfigError, match=message):
        make_result(**changes)


def test_a_result_does_not_change_with_what_it_was_made_from() -> None:
    layers, array = [1, 2], np.zeros(2)
    result = make_result(request={"layers": layers}, arrays={"a": array})
    document = result.to_document()
    layers.append(3)
    document["request"]["layers"].append(4)
    assert result.request["layers"] == [1, 2]
    with pytest.raises(ValueError, match="read-only"):
        result.arrays["a"][0] = 1
    array[0] = 1  # the maker's own array stays writable


def test_equal_means_bit_for_bit() -> None:
    assert make_result() == make_result()
    assert make_result() != make_result(request={"seed": 0.0, "layers": [1, 2]})
    assert make_result() != make_result(arrays={"matrix": np.eye(3)})
    assert make_result(arrays={"a": np.array([0.0])}) != make_result(arrays={"a": np.array([-0.0])})
    assert make_result(arrays={"a": np.array([np.nan])}) == make_result(arrays={"a": np.array([np.nan])})
    assert make_result() != "a result"


def test_a_result_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(make_result())) == make_result()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 1}, "schema version 1; expected 2. Compute it again"),
        ({"schema_version": None}, "schema version None"),
        ({"more": 1}, "lacks or should not have more"),
        ({"values": [{"key": {"what": "CKA"}}]}, "not of this schema .*missing 7 required.*Compute it again"),
        ({"values": [3]}, "not of this schema"),
        ({"values": None}, "not of this schema"),
        ({"tables": []}, "not of this schema"),
        ({"provenance": 3}, "not of this schema"),
        ({"headline": 3}, "not of this schema .*headline of a result is 3"),
        ({"arrays": {"matrix": {"dtype": "<f8", "shape": [3, 3]}}}, "describes the arrays .*'<f8'.*those beside it are .*'<f4'"),
        ({"arrays": {}}, "describes the arrays {}"),
    ],
)
def test_a_foreign_document_is_refused(changes: dict[str, Any], message: str, unchecked: None) -> None:
    document = make_result().to_document()
    with pytest.raises(ConfigError, match=message):
        Result.from_document(document | changes, {"matrix": np.eye(3, dtype=np.float32)})


def test_a_document_with_a_missing_field_is_refused() -> None:
    document = make_result().to_document()
    del document["headline"]
    with pytest.raises(ConfigError, match="lacks or should not have headline"):
        Result.from_document(document, make_result().arrays)


def make_provenance(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "checkpoints": {"D0": "0" * 64}, "corpora": {"demo": "a" * 64}, "device": "cpu", "dtype": "float32", "seed": 3,
        "seconds": 1.5, "command": "otoscope study similarity D0",
    }  # fmt: skip
    return provenance(**parts | changes)


def test_provenance_names_everything() -> None:
    made = make_provenance()
    assert made["checkpoint_sha256"] == {"D0": "0" * 64}
    assert made["corpus_sha256"] == {"demo": "a" * 64}
    assert made["versions"]["numpy"] == np.__version__
    assert set(made["versions"]) == {"otoscope", "python", "torch", "numpy"}
    assert made["code_version"] == code_version()
    assert [made[name] for name in ("device", "dtype", "seed", "seconds")] == ["cpu", "float32", 3, 1.5]
    assert made["command"] == "otoscope study similarity D0"
    assert make_result(provenance=made).provenance == made


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"checkpoints": {"D0": "0" * 12}}, "SHA-256 of D0 is '000000000000'; expected 64 hexadecimal digits"),
        ({"corpora": {"demo": "A" * 64}}, "SHA-256 of demo"),
        ({"seconds": math.nan}, "seconds is nan"),
        ({"seconds": -0.1}, "seconds is -0.1; expected 0 or more"),
    ],
)
def test_provenance_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_provenance(**changes)


def test_code_version_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name, text in (("a.py", "x = 1\n"), ("b/c.py", "y = 2\n"), ("notes.txt", "")):
        (tmp_path / name).write_text(text)
    first = code_version(tmp_path)
    assert len(first) == 16
    assert code_version(tmp_path) == first
    (tmp_path / "notes.txt").write_text("not a source")
    assert code_version(tmp_path) == first
    (tmp_path / "b" / "c.py").write_text("y = 2  # changed\n")
    second = code_version(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "aa.py")
    assert len({first, second, code_version(tmp_path), code_version()}) == 4
