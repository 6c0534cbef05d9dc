"""Rows of tables: what was written comes back as it was, and what is of another kind is refused."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ConfigError
from analysis.numbers import Value
from analysis.results import Result
from analysis.rows import Row, columns, rows_of, tables_of

finite = st.floats(allow_nan=False, allow_infinity=False)


@dataclass(frozen=True)
class Score(Row):
    table: ClassVar[str] = "scores"

    checkpoint: str
    weights: Literal["trained", "untrained"]
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Note(Row):
    table: ClassVar[str] = "notes"

    text: str


scores = st.builds(
    Score, st.text(), st.sampled_from(["trained", "untrained"]), *[st.none() | finite] * 4, st.integers(0, 9),
    st.lists(st.text(), max_size=3).map(tuple),
)  # fmt: skip


def result_of(tables: dict[str, Any]) -> Result:
    return Result("made up", {}, "Said.", [], tables, {}, {})


@given(st.lists(scores, max_size=4), st.lists(st.builds(Note, st.text()), max_size=2))
def test_rows_come_back_as_they_were(some: list[Score], notes: list[Note]) -> None:
    result = result_of(tables_of([*some, *notes]))
    again = Result.from_document(result.to_document(), {})
    assert again.rows(Score) == tuple(some)
    assert again.rows(Note) == tuple(notes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": None}, "weights in row 0 of the table scores is None; expected str"),
        ({"n": True}, "n in row 0 of the table scores is True; expected int"),
        ({"value": "0.5"}, "value in row 0 of the table scores is '0.5'; expected float or int or NoneType"),
        ({"layers": "abc"}, "layers in row 0 of the table scores is 'abc'; expected list or tuple"),
        ({"extra": 1}, "Row 0 of the table scores lacks or should not have extra"),
    ],
)
def test_records_of_another_kind_are_refused(changes: dict[str, Any], message: str) -> None:
    record = Score("a", "trained", 0.5, None, None, None, 3).record() | changes
    with pytest.raises(ConfigError, match=message):
        result_of({"scores": [record]}).rows(Score)


def test_a_result_without_the_table_has_no_rows_of_it() -> None:
    assert result_of({}).rows(Score) == ()


def test_a_value_becomes_the_columns_of_a_row() -> None:
    value = Value({"what": "S"}, 0.5, 0.25, 0.75, 12, 0.1, "share", "recall")
    (row,) = rows_of(Score, [{"checkpoint": "a", "weights": "trained", **columns(value), "layers": []}])
    assert (row.value, row.ci_low, row.ci_high, row.null, row.n) == (0.5, 0.25, 0.75, 0.1, 12)


def test_values_are_picked_by_their_facets() -> None:
    values = [Value({"checkpoint": name, "weights": "trained", "what": "S"}, 0.5, None, None, 1, None, "", "") for name in "ab"]
    result = Result("made up", {}, "Said.", values, {}, {}, {})
    assert result.value(checkpoint="b").name == "b, trained: S"
    assert len(result.select(weights="trained", what="S")) == 2
    with pytest.raises(ConfigError, match="There is no value of {'checkpoint': 'c'}; expected one"):
        result.value(checkpoint="c")


@dataclass(frozen=True)
class ScoredNote(Note):
    score: float


def test_a_result_holds_the_rows_whose_columns_it_has() -> None:
    result = result_of(tables_of([ScoredNote("a", 0.5)]))
    assert result.holds(ScoredNote)
    assert not result.holds(Note)
    assert not result.holds(Score)
    assert result.rows(ScoredNote) == (ScoredNote("a", 0.5),)
    with pytest.raises(ConfigError, match="lacks or should not have score"):
        result.rows(Note)
