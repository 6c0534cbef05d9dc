"""Every descriptor by name. A module is imported when its descriptor is asked for: names alone need no PyTorch."""

import importlib
from typing import TYPE_CHECKING

from analysis.errors import ConfigError, shown

if TYPE_CHECKING:
    from analysis.descriptors.descriptor import Descriptor

MODULES = {"A4": "a4", "A7": "a7", "A8": "a8", "A9": "a9", "D4": "d4"}
REGISTERED: dict[str, "Descriptor"] = {}


def register(descriptor: "Descriptor") -> None:
    """Make a descriptor known that is not part of the library; one of the same name takes its place."""
    REGISTERED[descriptor.name] = descriptor


def forget(name: str) -> None:
    """Take back what was registered."""
    REGISTERED.pop(name, None)


def descriptor_names() -> tuple[str, ...]:
    """Names of all descriptors: those of the library, then what was registered."""
    return tuple(dict.fromkeys((*MODULES, *REGISTERED)))


def find_descriptor(name: str) -> "Descriptor":
    """The descriptor of a name.

    Raises:
        ConfigError: there is no such descriptor.

    >>> find_descriptor("A4").width
    8
    """
    if name in REGISTERED:
        return REGISTERED[name]
    if name not in MODULES:
        raise ConfigError(f"Unknown descriptor {shown(name)}: expected one of {', '.join(descriptor_names())}.")
    return importlib.import_module(f"analysis.descriptors.{MODULES[name]}").DESCRIPTOR
