"""Files and functions stay small enough to be read in one sitting."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES, PAGE_LINES, FUNCTION_LINES = 300, 80, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(file for package in ("analysis", "app") for file in (ROOT / package).rglob("*.py"))


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def report(found: list[tuple[int, str]], limit: int) -> str:
    return f"more than {limit} lines:\n" + "\n".join(f"  {size:4d}  {name}" for size, name in sorted(found, reverse=True))


def test_files_are_short():
    sizes = [(len(file.read_text("utf-8").splitlines()), str(file.relative_to(ROOT))) for file in sources()]
    found = [(size, name) for size, name in sizes if size > FILE_LINES]
    assert not found, report(found, FILE_LINES)


def test_pages_are_thin():
    pages = sorted((ROOT / "app" / "views").glob("*.py"))
    sizes = [(len(page.read_text("utf-8").splitlines()), page.name) for page in pages]
    found = [(size, name) for size, name in sizes if size > PAGE_LINES]
    assert not found, report(found, PAGE_LINES)


def test_functions_are_short():
    found = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, Function) and length(node) > FUNCTION_LINES:
                found.append((length(node), f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"))
    assert not found, report(found, FUNCTION_LINES)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    return 1\n", 2),
        ('def f():\n    """One."""\n    return 1\n', 2),
        ('@g\ndef f(\n    x,\n):\n    """One.\n\n    Two.\n    """\n    return x\n', 4),
    ],
)
def test_length_leaves_out_docstring_and_decorator(source, expected):
    (function,) = ast.parse(source).body
    assert isinstance(function, Function)
    assert length(function) == expected
