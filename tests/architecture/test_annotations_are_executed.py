"""Annotations of the library are executed in tests, those of arrays and those of anything else."""

import typing
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintViolation
from jaxtyping import Float, Int, TypeCheckError

from analysis.measures.geometry import cosine_distance
from analysis.numbers import percent
from analysis.run import RunContext
from tests.annotations import identity, jaxtyped, names_an_array

PAIR = Float[np.ndarray, "n d"]
WRONG: Any = "0.5"


def test_a_number_that_is_text_is_refused() -> None:
    with pytest.raises(BeartypeCallHintViolation, match="share"):
        percent(WRONG)


def test_a_field_of_a_wrong_type_is_refused() -> None:
    with pytest.raises(BeartypeCallHintViolation, match="notice"):
        RunContext(notice=WRONG)


def test_shapes_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(BeartypeCallHintViolation, match="cosine_distance.*parameter"):
        cosine_distance(rng.normal(size=(3, 2)), rng.normal(size=(4, 2)))
    assert len(cosine_distance(rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))) == 3


def test_a_shape_that_does_not_fit_is_not_returned() -> None:
    def halved(rows: PAIR) -> Float[np.ndarray, " n"]:
        return rows[::2, 0]

    checked = jaxtyped(halved, typechecker=beartype)
    assert checked(np.zeros((1, 2))).shape == (1,)
    with pytest.raises(BeartypeCallHintViolation, match="halved.*return"):
        checked(np.zeros((4, 2)))
    with pytest.raises(BeartypeCallHintViolation, match="halved.*return"):
        checked(rows=np.zeros((4, 2)))


def test_what_a_generator_is_given_is_refused_where_it_is_wrong() -> None:
    def counted(n: int) -> Iterator[int]:
        yield from range(n)

    checked = jaxtyped(counted, typechecker=beartype)
    assert list(checked(3)) == [0, 1, 2]
    with pytest.raises(BeartypeCallHintViolation, match="counted.*n="):
        list(checked(WRONG))


def test_functions_that_are_made_again_hold_what_is_theirs_and_each_is_checked() -> None:
    def adding(n: int) -> Callable[..., int]:
        def added(rows: PAIR, more: int = n) -> int:
            return len(rows) + more + n

        return jaxtyped(added, typechecker=beartype)

    one, ten = adding(1), adding(10)
    assert (one(np.zeros((3, 2))), ten(np.zeros((3, 2))), ten(np.zeros((3, 2)), 5)) == (5, 23, 18)
    for function in (one, ten):
        with pytest.raises(BeartypeCallHintViolation, match="added.*rows="):
            function(np.zeros(3))
        with pytest.raises(BeartypeCallHintViolation, match="added.*more="):
            function(np.zeros((3, 2)), WRONG)


class Link:
    """Names itself, which is there only when it is done, and something that is there for readers of types alone."""

    def after(self, other: "Link | None") -> "Link":
        return self if other is None else other

    def of(self, rows: "RowsThatComeLater") -> int:
        return len(rows)

    def passed(self, run: "Callable[Given, int]", *args: "Given.args", **kwargs: "Given.kwargs") -> int:
        return run(*args, **kwargs)

    def nowhere(self, other: "NotHere") -> int:  # pyright: ignore[reportUndefinedVariable]
        return 1


Given = typing.ParamSpec("Given")
RowsThatComeLater = Float[np.ndarray, "n 2"]


def test_what_is_named_in_text_is_read_when_it_is_there() -> None:
    first = Link()
    after, of, passed, nowhere = (jaxtyped(one, typechecker=beartype) for one in (Link.after, Link.of, Link.passed, Link.nowhere))
    assert (after(first, None), of(first, np.zeros((3, 2)))) == (first, 3)
    with pytest.raises(BeartypeCallHintViolation, match="after.*other="):
        after(first, WRONG)
    with pytest.raises(TypeCheckError, match=r"(?s)rows.*(n 2|3)"):
        of(first, np.zeros((2, 3)))
    assert passed(first, len, [2, 4]) == 2
    with pytest.raises(TypeCheckError, match="run"):
        passed(first, WRONG)
    assert nowhere(first, first) == 1  # nobody can say what it has to be


def checked_as(kind: Any) -> Callable[[Any], Any]:
    """A function that gives back what it is given, which has to be of a kind."""

    def same(value: Any) -> Any:
        return value

    same.__annotations__ = {"value": kind, "return": kind}
    return jaxtyped(same, typechecker=beartype)


def a_class() -> type:
    class Own: ...

    return Own


def test_classes_of_one_name_are_each_checked() -> None:
    first, second = a_class(), a_class()
    assert repr(first) == repr(second)
    for own, other in ((first, second), (second, first)):
        checked, right = checked_as(own), own()
        assert checked(right) is right
        with pytest.raises(BeartypeCallHintViolation, match="same"):
            checked(other())


def test_variables_of_types_with_the_same_name_are_each_checked() -> None:
    whole, text = typing.TypeVar("Same", bound=int), typing.TypeVar("Same", bound=str)  # pyright: ignore[reportGeneralTypeIssues]
    for variable, right, wrong in ((whole, 1, "1"), (text, "1", 1)):
        checked = checked_as(variable)
        assert checked(right) == right
        with pytest.raises(BeartypeCallHintViolation, match="same"):
            checked(wrong)


def test_annotations_that_are_the_same_share_a_check() -> None:
    made: tuple[Any, Any] = Float[np.ndarray, "n d"], Float[np.ndarray, "n d"]
    first, again = (identity(kind | None) for kind in made)
    assert first == again
    arrays: tuple[Any, Any] = Float[np.ndarray, "n e"], Int[np.ndarray, "n d"]
    others = (*(kind | None for kind in arrays), made[0], typing.Literal[1, 2])
    assert len({first, *map(identity, others)}) == 5
    assert identity(typing.Literal[1]) != identity(typing.Literal[True])
    for within in (lambda kind: list[kind], lambda kind: kind | None, lambda kind: Callable[..., kind]):
        own, other = (within(a_class()) for _ in range(2))
        assert repr(own) == repr(other)
        assert identity(own) != identity(other)


@pytest.mark.parametrize(
    "annotation",
    [
        PAIR, PAIR | None, list[PAIR], dict[str, tuple[PAIR, ...]], Callable[[PAIR], int], Callable[..., PAIR], Iterator[PAIR],
        typing.Annotated[PAIR, "of rows"], "PAIR", list["PAIR"], typing.TypeVar("Rows", bound=PAIR),
        typing.TypeVar("Text", bound="PAIR"),
    ],
)  # fmt: skip
def test_what_may_name_an_array_needs_a_frame_of_jaxtyping(annotation: Any) -> None:
    assert names_an_array(annotation)


@pytest.mark.parametrize(
    "annotation",
    [
        int, None, str | None, np.ndarray, dict[str, Any], Callable[[int], str], Any, typing.TypeVar("T"),
        typing.Literal["rows"], dict[typing.Literal["n d"], int],
    ],
)  # fmt: skip
def test_what_names_none_is_not(annotation: Any) -> None:
    assert not names_an_array(annotation)
