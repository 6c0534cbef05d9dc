"""Every mechanism by kind. A module is imported when its mechanism is asked for: kinds alone need no PyTorch."""

import importlib
from typing import TYPE_CHECKING

from analysis.errors import ConfigError, shown

if TYPE_CHECKING:
    from analysis.models.injections.injection import Injection

KINDS = ("concat", "cross", "reverse", "other_side", "film", "moe", "moe2", "moe3", "moe4")
REGISTERED: dict[str, "type[Injection]"] = {}


def register(injection: "type[Injection]") -> None:
    """Make a mechanism known that is not part of the library; one of the same kind takes its place."""
    REGISTERED[injection.kind] = injection


def forget(kind: str) -> None:
    """Take back what was registered."""
    REGISTERED.pop(kind, None)


def find_injection(kind: str) -> "type[Injection]":
    """The mechanism of a kind.

    Raises:
        ConfigError: there is no such mechanism.

    >>> find_injection("reverse").title
    'reverse cross-attention'
    """
    if kind in REGISTERED:
        return REGISTERED[kind]
    if kind not in KINDS:
        known = ", ".join(dict.fromkeys((*KINDS, *REGISTERED)))
        raise ConfigError(f"Unknown injection {shown(kind)}: expected one of {known}.")
    return importlib.import_module(f"analysis.models.injections.{kind}").INJECTION
