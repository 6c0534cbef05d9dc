"""How the losses of a training went, as its checkpoint keeps it: a table with a row for every report."""

import csv
import io
from functools import lru_cache
from pathlib import Path

from analysis.files import Json, read_file

_LARGEST_HISTORY, _MOST_COLUMNS, _MOST_ROWS, _MOST_CELLS = 10 * 2**20, 1000, 100_000, 1_000_000


@lru_cache(maxsize=8)
def rows_of(path: Path, _stamp: tuple[int, int, int]) -> list[Json]:
    """Rows of a history, read once until the file changes.

    Args:
        path: of the file.
        _stamp: changes where the file does.

    Raises:
        ValueError: it is no table, or larger than any that is written here.
    """
    from pandas import read_csv  # slow to import, and to list checkpoints no history is read

    text = read_file(path, _LARGEST_HISTORY, path.parent).decode("utf-8")
    lines = [line for line in text.replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        return []
    widths = [line.count(",") + 1 for line in lines]
    if max(widths) > min(widths[0], _MOST_COLUMNS):
        raise ValueError(f"a row has {max(widths):,} columns, the heading {widths[0]:,}, and at most {_MOST_COLUMNS:,} are read")
    if len(lines) - 1 > _MOST_ROWS or sum(widths) > _MOST_CELLS:
        raise ValueError(
            f"{len(lines) - 1:,} rows of {widths[0]:,} columns; at most {_MOST_ROWS:,} and {_MOST_CELLS:,} cells are read"
        )
    table = read_csv(io.StringIO("\n".join(lines)), low_memory=False, quoting=csv.QUOTE_NONE)
    return table.to_dict("records")  # pyright: ignore[reportReturnType]
