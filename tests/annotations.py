"""Annotations are executed in tests, those of functions without arrays by beartype alone: jaxtyping's frame is dear."""

import functools
import inspect
import typing
from collections.abc import Callable
from typing import Any

import jaxtyping
from jaxtyping import _decorator

OF_ARRAYS = jaxtyping.jaxtyped
GENERATORS = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)


def names_an_array(annotation: Any) -> bool:
    """Whether jaxtyping has to see an annotation: it names an array, or it is text, which may name one."""
    if isinstance(annotation, str | typing.ForwardRef | typing.TypeVar):
        return True
    if isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray):
        return True
    if getattr(annotation, "__module__", "").startswith("jaxtyping"):
        return True
    if isinstance(annotation, list | tuple):  # the parameters of a Callable
        return any(map(names_an_array, annotation))
    return any(map(names_an_array, typing.get_args(annotation)))


def jaxtyped(function: Any = None, *, typechecker: Callable[..., Any] | None) -> Any:
    """The function with its annotations checked at every call, as `jaxtyping.jaxtyped` does; what is no function goes there."""
    if function is None:
        return functools.partial(jaxtyped, typechecker=typechecker)
    if typechecker is None or not inspect.isfunction(function) or any(test(function) for test in GENERATORS):
        return OF_ARRAYS(function, typechecker=typechecker)
    if getattr(function, "__no_type_check__", False) or any(map(names_an_array, function.__annotations__.values())):
        return OF_ARRAYS(function, typechecker=typechecker)
    checked = typechecker(function)
    if checked is function:
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return (function if jaxtyping.config.jaxtyping_disable else checked)(*args, **kwargs)

    return call


def install() -> None:
    """From now on modules that pytest's option instruments are decorated with the function above."""
    jaxtyping.jaxtyped = _decorator.jaxtyped = jaxtyped
