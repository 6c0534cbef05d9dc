"""The points of a map of embeddings, and the arrays that lead from them to what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.results import Result
from analysis.studies.embedding.rows import DescribedWindowRow, Model, ProjectionRow, Side, SpaceRow

SIDES: tuple[Side, Side] = ("audio", "midi")


@dataclass(frozen=True)
class MapPoint:
    """A window of one side on a map: where it is, how far it can be trusted there, how close its pair is in the space."""

    side: Side
    x: float
    y: float
    trust: float
    cosine: float | None
    window: DescribedWindowRow

    def record(self) -> dict[str, object]:
        """A row of a spreadsheet, with what is known of the window."""
        cosine = {} if self.cosine is None else {"cosine": self.cosine}
        return {"modality": self.side, "x": self.x, "y": self.y, "trust": self.trust, **cosine, **self.window.record()}


def points_of(result: Result, row: ProjectionRow, sides: Sequence[Side]) -> list[MapPoint]:
    """Every window of these sides on a map, the first side first."""
    of_sides, trust = result.arrays[row.array].tolist(), result.arrays[row.trust].tolist()
    windows, cosine = result.rows(DescribedWindowRow), array_of(result, "cosine", row.model)
    close = [None] * len(windows) if cosine is None else cosine.tolist()
    drawn = list[MapPoint]()
    for side in sides:
        columns = of_sides[SIDES.index(side)], trust[SIDES.index(side)], close, windows
        drawn += [MapPoint(side, x, y, certainty, pair, window) for (x, y), certainty, pair, window in zip(*columns, strict=True)]
    return drawn


def sides_of(result: Result) -> tuple[Side, ...]:
    """The sides that are laid out: both, or sound alone."""
    spaces = {row.space for row in result.rows(ProjectionRow)}
    return SIDES if "joint" in spaces or len(spaces) > 1 else SIDES[:1]


def array_of(result: Result, kind: Literal["cosine", "shared", "rival"], model: Model) -> np.ndarray | None:
    """An array of a model that is not of a map; None where there is none."""
    space = next(row for row in result.rows(SpaceRow) if row.model == model)
    name = {"cosine": space.cosine, "shared": space.shared, "rival": space.rival}[kind]
    return result.arrays[name] if name else None
