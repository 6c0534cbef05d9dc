"""The version of a part of the library: what a module says and what it imports, so that a new file elsewhere empties no store."""

import functools
import hashlib
import importlib.util
import re
from pathlib import Path

DIGITS = 16
FROM = re.compile(r"^\s*from\s+([\w.]+)\s+import\s+(?:\(([^)]*)\)|(.+))", re.MULTILINE)
IMPORT = re.compile(r"^\s*import\s+(.+)", re.MULTILINE)


@functools.cache
def code_of(*modules: str) -> str:
    """First 16 digits of a SHA-256 over the sources of modules and of all that they import from their own packages, directly or
    through others, imports inside functions included. What is imported by a name that is put together is not seen.

    Args:
        modules: such as "analysis.measures.cka"; one that has no file counts by its name.

    >>> code_of("analysis.units") == code_of("analysis.units") != code_of("analysis.measures.cka")
    True
    """
    digest = hashlib.sha256()
    for name, file in sorted(closure(modules).items()):
        source = file.read_bytes() if file is not None else b""
        digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:DIGITS]


def closure(modules: tuple[str, ...]) -> dict[str, Path | None]:
    """Files of modules and of all that they import from their own packages, by name.

    >>> sorted(closure(("analysis.errors",)))
    ['analysis', 'analysis.errors']
    """
    packages = {name.split(".")[0] for name in modules}
    files: dict[str, Path | None] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in files or name.split(".")[0] not in packages:
            continue
        file = _file(name)
        if file is None and name not in modules:  # a name inside a module
            continue
        files[name] = file
        waiting += [".".join(name.split(".")[:depth]) for depth in range(1, name.count(".") + 1)]
        waiting += _imported(file) if file is not None else ()
    return files


def _file(name: str) -> Path | None:
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder).joinpath(*rest)
        for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if (rest or file.name == "__init__.py") and file.is_file():
                return file
    return None


@functools.cache
def _imported(file: Path) -> tuple[str, ...]:
    text = file.read_text("utf-8")
    names: list[str] = []
    for module, several, single in FROM.findall(text):
        parts = re.sub(r"#.*", "", several or single).split(",")
        names += [module, *(f"{module}.{part.split()[0]}" for part in parts if part.split())]
    for line in IMPORT.findall(text):
        names += [part.split()[0] for part in line.split(",") if part.split()]
    return tuple(dict.fromkeys(names))
