"""Rows of which a test says what it is about, and nothing else."""

import types
import typing
from dataclasses import fields
from typing import Any, TypeVar, Union

from analysis.rows import Row

R = TypeVar("R", bound=Row)


def filled(kind: type[R], /, **given: Any) -> R:
    """A row with these columns; in the others None where that is allowed, else the first word, an empty text, 0 or nothing."""
    hints = typing.get_type_hints(kind)
    empty = {field.name: _empty(hints[field.name]) for field in fields(kind)}
    return kind(**(empty | given))


def _empty(hint: Any) -> Any:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return None if type(None) in parts else _empty(parts[0])
    return parts[0] if origin is typing.Literal else (origin or hint)()
