"""What configurations of sizes have in common: how they are read from outside, and how a model is counted by part."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from typing import ClassVar, TypeVar

from torch import nn

from analysis.errors import ConfigError, shown
from analysis.files import Json

TOTAL = "total"
C = TypeVar("C")
S = TypeVar("S", bound="Sizes")


@dataclass(frozen=True)
class Sizes:
    """A configuration of sizes alone; a subclass has a field for each, and says between what they may be.

    Attributes:
        ranges: smallest and largest value of every field that is a number.
    """

    ranges: ClassVar[Mapping[str, tuple[float, float]]]

    def to_dict(self) -> Json:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls: type[S], values: Mapping[str, object]) -> S:
        """Inverse of `to_dict`, for values from outside; nothing is built or allocated.

        Raises:
            ConfigError: a field is missing, unknown, of the wrong kind or out of its range.
        """
        return read_sizes(cls, values, cls.ranges)


def read_sizes(kind: type[C], values: Mapping[str, object], ranges: Mapping[str, tuple[float, float]]) -> C:
    """A configuration of values from outside; nothing is built or allocated.

    Args:
        kind: a dataclass of whole numbers, numbers and truth values.
        values: by field; those with a default may be missing.
        ranges: smallest and largest value of every field that is a number.

    Raises:
        ConfigError: a field is missing, unknown, of the wrong kind or out of its range.
    """
    known = {field.name: field for field in fields(kind)} if is_dataclass(kind) else {}
    if unknown := sorted(set(values) - set(known)):
        raise ConfigError(f"The configuration has unknown fields {shown(unknown)}: expected only {', '.join(known)}.")
    if missing := [name for name, field in known.items() if field.default is MISSING and name not in values]:
        raise ConfigError(f"The configuration lacks {', '.join(missing)}. Restore it.")
    arguments: Json = dict(values)
    for name, value in arguments.items():
        if known[name].type is bool:
            if type(value) is not bool:
                raise ConfigError(f"{name} must be true or false; got {shown(value)}. Correct it.")
            continue
        kinds, (least, most) = (int,) if known[name].type is int else (int, float), ranges[name]
        if type(value) not in kinds or not least <= value <= most:
            noun = "a whole number" if kinds == (int,) else "a number"
            raise ConfigError(f"{name} must be {noun} from {least:,} to {most:,}; got {shown(value)}. Correct it.")
    return kind(**arguments)


def check_sizes(sizes: Mapping[str, int], largest: Mapping[str, int], fields_meant: str) -> None:
    """Refuse what would be too large to be opened.

    Raises:
        ConfigError: a size is above the largest of its name.
    """
    for what, size in sizes.items():
        if size > (most := largest[what]):
            got = f"The configuration describes a model with {size:,} {what}; at most {most:,} are opened"
            raise ConfigError(f"{got}. Correct {fields_meant}.")


def count_by_part(parameters: Iterable[tuple[str, nn.Parameter]], parts: Mapping[str, str]) -> dict[str, int]:
    """Parameters by part and in "total".

    Args:
        parameters: of a model, with their names.
        parts: how names of parameters begin, by part.

    Raises:
        ConfigError: a parameter belongs to no part.
    """
    counts = dict.fromkeys(parts, 0)
    for name, parameter in parameters:
        part = next((part for part, beginning in parts.items() if name.startswith(beginning)), None)
        if part is None:
            raise ConfigError(f"The parameter {name} belongs to no part of {', '.join(parts)}. Add it to one.")
        counts[part] += parameter.numel()
    return {**counts, TOTAL: sum(counts.values())}
