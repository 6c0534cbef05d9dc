"""Annotations are executed in tests: by beartype, each once per call, within a frame of jaxtyping where one names an array.

jaxtyping's own decorator would check every parameter twice and bind the arguments to say more about what is wrong.
"""

import contextlib
import functools
import inspect
import types
import typing
from collections.abc import Callable, Collection, Hashable
from typing import Any

import jaxtyping
from jaxtyping import _decorator
from jaxtyping._storage import pop_shape_memo, push_shape_memo

OF_ARRAYS = jaxtyping.jaxtyped
HELD = "__beartype_func"  # the parameter by which what beartype writes has the function that it checks
_first: dict[Any, Any] = {}
OF_ANOTHER = (typing.ParamSpecArgs, typing.ParamSpecKwargs)  # which beartype does not read in text
COROUTINES = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)


def is_text(annotation: Any) -> bool:
    """Whether jaxtyping has to read an annotation, which may name an array in text."""
    if isinstance(annotation, str | typing.ForwardRef):
        return True
    if typing.get_origin(annotation) is typing.Literal:
        return False
    if isinstance(annotation, typing.TypeVar):
        return any(map(is_text, kinds_of(annotation)))
    if isinstance(annotation, list | tuple):  # the parameters of a Callable
        return any(map(is_text, annotation))
    return any(map(is_text, () if is_array(annotation) else typing.get_args(annotation)))


def kinds_of(variable: typing.TypeVar) -> tuple[Any, ...]:
    """What a variable of types may stand for, where that is said."""
    return tuple(kind for kind in (variable.__bound__, *variable.__constraints__) if kind is not None)


def is_array(annotation: Any) -> bool:
    """Whether it is a type of arrays with a shape."""
    return isinstance(annotation, type) and issubclass(annotation, jaxtyping.AbstractArray)


def names_an_array(annotation: Any) -> bool:
    """Whether it needs a frame of jaxtyping: it names an array, or it is text, which may name one."""
    if isinstance(annotation, str | typing.ForwardRef) or is_array(annotation):
        return True
    if typing.get_origin(annotation) is typing.Literal:
        return False
    if isinstance(annotation, typing.TypeVar):
        return any(map(names_an_array, kinds_of(annotation)))
    if getattr(annotation, "__module__", "").startswith("jaxtyping"):
        return True
    if isinstance(annotation, list | tuple):  # the parameters of a Callable
        return any(map(names_an_array, annotation))
    return any(map(names_an_array, typing.get_args(annotation)))


def jaxtyped(function: Any = None, *, typechecker: Callable[..., Any] | None) -> Any:
    """The function with its annotations checked at every call, as `jaxtyping.jaxtyped` does; what is no function goes there."""
    if function is None:
        return functools.partial(jaxtyped, typechecker=typechecker)
    if typechecker is None or not inspect.isfunction(function) or any(test(function) for test in COROUTINES):
        return OF_ARRAYS(function, typechecker=typechecker)
    if getattr(function, "__no_type_check__", False):
        return OF_ARRAYS(function, typechecker=typechecker)
    annotations = function.__annotations__.values()
    return later(function, typechecker) if any(map(is_text, annotations)) else now(function, typechecker, annotations)


def now(function: Any, typechecker: Callable[..., Any], annotations: Collection[Any]) -> Any:
    """The function with its annotations checked, which are these."""
    has_arrays = any(map(names_an_array, annotations))
    if has_arrays and inspect.isgeneratorfunction(function):
        return OF_ARRAYS(function, typechecker=typechecker)
    checked = checked_by(typechecker, function)
    if checked is function:
        return function
    return in_frame(function, checked) if has_arrays else plain(function, checked)


def later(function: Any, typechecker: Callable[..., Any]) -> Any:
    """The same of annotations in text, which are read when it is first called: what they name may not be there before.

    Where they name an array, what is there for readers of types alone, or parameters of another function, jaxtyping reads them.
    """

    @functools.cache
    def chosen() -> Any:
        with contextlib.suppress(NameError):
            annotations = typing.get_type_hints(function, include_extras=True).values()
            if not any(names_an_array(one) or isinstance(one, OF_ANOTHER) for one in annotations):
                return now(function, typechecker, annotations)
        return OF_ARRAYS(function, typechecker=typechecker)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return chosen()(*args, **kwargs)

    return call


def checked_by(typechecker: Callable[..., Any], function: Any) -> Any:
    """The function with its annotations checked.

    A function within another is made anew at every call of that, and differs only in what it holds: what beartype wrote for the
    first of them, which takes it a thousandth of a second, serves all.
    """
    key = function.__code__, tuple((name, identity(annotation)) for name, annotation in function.__annotations__.items())
    if (first := _first.get(key)) is None:
        checked = typechecker(function)
        if "<locals>" in function.__qualname__ and HELD in (getattr(checked, "__kwdefaults__", None) or ()):
            _first[key] = checked
        return checked
    checked = types.FunctionType(first.__code__, first.__globals__, function.__name__, first.__defaults__, first.__closure__)
    checked.__kwdefaults__ = {**first.__kwdefaults__, HELD: function}
    return functools.update_wrapper(checked, function)


def identity(annotation: Any) -> Any:
    """What two annotations have in common only where they check the same: their parts, and not how these are written."""
    if is_array(annotation):  # a class that is made anew wherever it is written
        return identity(annotation.dtype), identity(annotation.array_type), annotation.dim_str
    if isinstance(annotation, list | tuple):
        return tuple(map(identity, annotation))
    if parts := typing.get_args(annotation):
        return typing.get_origin(annotation), identity(parts)
    return type(annotation), annotation if isinstance(annotation, Hashable) else id(annotation)


def plain(function: Callable[..., Any], checked: Callable[..., Any]) -> Callable[..., Any]:
    """The function that is checked, unless jaxtyping is switched off."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return (function if jaxtyping.config.jaxtyping_disable else checked)(*args, **kwargs)

    return call


def in_frame(function: Callable[..., Any], checked: Callable[..., Any]) -> Callable[..., Any]:
    """The same, where a name of a size means one size in all parameters and in what is returned."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        if jaxtyping.config.jaxtyping_disable:
            return function(*args, **kwargs)
        push_shape_memo({})
        try:
            return checked(*args, **kwargs)
        finally:
            pop_shape_memo()

    return call


def install() -> None:
    """From now on modules that pytest's option instruments are decorated with the function above."""
    jaxtyping.jaxtyped = _decorator.jaxtyped = jaxtyped
