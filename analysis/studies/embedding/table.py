"""The points of every map as one table, for other programs: CSV and Parquet."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import ConfigError
from analysis.files import replaced, spreadsheet_safe
from analysis.results import Result
from analysis.studies.embedding.rows import DescribedWindowRow, ProjectionRow, SpaceRow

STUDY = "embedding"
SIDES = ("audio", "midi")


def of_map(row: ProjectionRow) -> dict[str, str | int]:
    """The columns of the table that say of which map a point is."""
    return {"checkpoint": row.checkpoint, "weights": row.weights, "method": row.method, "seed": row.seed, "start": row.start}


def points_table(result: Result) -> pd.DataFrame:
    """One row per map, modality and window: its place, how far it can be trusted there, and what is known of the window.

    Columns: checkpoint, weights, method, seed, start, modality, x, y, trust, kept, moved (how far it moves from the first map of
    its method, in spreads of that), cosine of the matched pair, share of neighbours shared by both modalities, and those of the
    table "windows". What does not exist is missing.

    Raises:
        ConfigError: the result is not of this study.
    """
    if result.study != STUDY:
        raise ConfigError(f"The result is of the study {result.study!r}; expected {STUDY!r}.")
    windows = pd.DataFrame(list(result.tables[DescribedWindowRow.table]))
    spaces = {row.model: row for row in result.rows(SpaceRow)}
    maps: dict[str, ProjectionRow] = {}
    for row in result.rows(ProjectionRow):
        maps.setdefault(row.array, row)  # a map of two spaces has a row of each
    parts = []
    for array, row in maps.items():
        for i, side in enumerate(SIDES[: len(result.arrays[array])]):
            part = pd.DataFrame({name: [of] * len(windows) for name, of in of_map(row).items()} | {"modality": side})
            part[["x", "y"]] = result.arrays[array][i]
            nothing, space = np.full(len(windows), np.nan, np.float32), spaces[row.model]
            for name, own in (("trust", row.trust), ("kept", row.kept), ("moved", row.displaced)):
                part[name] = result.arrays[own][i] if own else nothing
            for name, of_space in (("cosine", space.cosine), ("shared", space.shared)):
                part[name] = result.arrays[of_space] if of_space else nothing
            parts.append(pd.concat([part, windows], axis=1))
    return pd.concat(parts, ignore_index=True)


def write_points(result: Result, folder: Path) -> list[Path]:
    """Write points.csv and points.parquet, each in one step, and return their paths.

    Raises:
        ConfigError: the result is not of this study.
    """
    table = points_table(result)
    writers: dict[str, Callable[[Path], object]] = {
        "points.csv": lambda path: without_formulas(table).to_csv(path, index=False, lineterminator="\r\n"),
        "points.parquet": lambda path: table.to_parquet(path, index=False),
    }
    for name, write in writers.items():
        with replaced(folder / name) as partial:
            write(partial)
    return [folder / name for name in writers]


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table for a CSV file in which no text is a formula; numbers stay as they are."""
    return pd.DataFrame([spreadsheet_safe(row) for row in table.to_dict("records")], columns=table.columns).astype(table.dtypes)
