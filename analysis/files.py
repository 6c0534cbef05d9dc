"""Files and names: regular files alone are read, up to a limit, files are written in one step, and names are shown as text."""

import errno
import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

Json = dict[str, Any]  # an object of JSON: names, numbers, lists of them and further objects; Any: its reader checks it
JsonObject = Mapping[str, Any]  # the same, to be read
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def open_regular(path: Path | str, folder: Path | None = None) -> BufferedReader:
    """A regular file, opened for reading; a pipe or a device would answer late or without end.

    Args:
        path: of the file.
        folder: what the file must lie in; a link may not lead out of it.

    Raises:
        OSError: it cannot be opened, is no regular file, or is a link that leaves the folder.
    """
    if folder is not None and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise OSError(errno.EPERM, "it is a link that leaves its folder")
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is no regular file")
    return os.fdopen(number, "rb")


def read_file(path: Path, most_bytes: int, folder: Path | None = None) -> bytes:
    """The bytes of a regular file of at most `most_bytes`.

    Raises:
        OSError: as of `open_regular`, or it is larger.
    """
    with open_regular(path, folder) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes:,} bytes")
    return data


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to, beside `path`, whose file takes the place of `path` in one step at the end of the block.

    Where the block fails, what was at `path` stays as it was and nothing half-written is left.

    Raises:
        OSError: the file cannot take its place.
    """
    partial = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file in one step.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    with replaced(path) as partial:
        partial.write_bytes(data)


def safe_name(name: str, otherwise: str = "file") -> str:
    """A name for a file or a folder: letters, digits, dots, hyphens and underscores, at most 80 of them, no dot or hyphen first.

    >>> safe_name("=2 + 2"), safe_name("../up"), safe_name("Für Elise.take 1"), safe_name("..")
    ('_2_2', '_up', 'Für_Elise.take_1', 'file')
    """
    safe = re.sub(r"[^\w.-]+", "_", printable(name)).lstrip(".-")[:80].rstrip(".")
    return safe or otherwise


def is_folder(path: Path) -> bool:
    """Whether there is a folder; a name that no file system takes names none."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that no file system takes names none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def home_expanded(name: str) -> Path:
    """The path, with `~` for a home folder; a home that nobody has stays as it is written.

    >>> str(home_expanded("runs/a")), str(home_expanded("~nobody-of-that-name/a"))
    ('runs/a', '~nobody-of-that-name/a')
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def is_text(name: object) -> bool:
    r"""Whether a name, or the path of a file, is text that can be stored and shown; old archives hold names that are not.

    >>> is_text("Müller"), is_text("M\udcfcller")
    (True, False)
    """
    try:
        str(name).encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(name: object) -> str:
    r"""A name as text, with what is none escaped.

    >>> printable("M\udcfcller")
    'M\\xfcller'
    """
    try:
        return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half of a pair of code units, which is no byte of a name either
        return str(name).encode("utf-8", "backslashreplace").decode()


def spreadsheet_safe(row: Mapping[str, object]) -> dict[str, object]:
    """A record for a CSV file in which no text is a formula: spreadsheets run what begins with =, +, - or @.

    Such text gets a leading ', which they hide; numbers, and text that is a number, stay as they are.

    >>> spreadsheet_safe({"title": "=1+1", "gain": -3.0, "dose": "-3", "name": "a"})
    {'title': "'=1+1", 'gain': -3.0, 'dose': '-3', 'name': 'a'}
    """
    return {name: formula_safe(value) if isinstance(value, str) else value for name, value in row.items()}


def formula_safe(text: str) -> str:
    """A text for a cell of a CSV file that is no formula, as of `spreadsheet_safe`."""
    if not text.startswith(FORMULAS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text if text.isprintable() else f"'{text}"


def formula_back(text: str) -> str:
    """A text as it was before `formula_safe`.

    >>> formula_back(formula_safe("=1+1")), formula_back("'tis")
    ('=1+1', "'tis")
    """
    return text[1:] if text.startswith("'") and formula_safe(text[1:]) == text else text
