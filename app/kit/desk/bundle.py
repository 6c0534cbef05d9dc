"""The modules of the browser's part as one program, for the desk and for a strip alone: Streamlit takes a single string.

Modules stand in the order in which they need each other; names at their top are different from each other, which a test checks.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

MODULES = (
    "dom", "bytes", "view", "colours", "theme", "geometry", "player", "keys", "image", "lines", "marks", "windows", "lanes",
    "twin", "live", "exact", "grip", "order", "placing", "mixer", "blind", "strip", "wall", "ruler", "row", "bar", "pointer",
    "actions", "desk", "remembered", "mount",
)  # fmt: skip
STRIP = ("dom", "view", "player", "keys", "mixer", "blind", "strip", "listening", "mount_strip")
IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)


@cache
def program(modules: Sequence[str] = MODULES) -> str:
    """Modules in their order, without what joins them."""
    return "\n".join(EXPORT.sub("", IMPORT.sub("", text(f"{name}.js"))) for name in modules)


@cache
def style() -> str:
    """The style sheet."""
    return text("desk.css")


def text(name: str) -> str:
    """A file of the browser's part."""
    return resources.files("app.kit.desk").joinpath("frontend", name).read_text("utf-8")
