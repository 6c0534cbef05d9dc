"""An answer about one recording, as the store keeps it: a sentence, a table, grids over time, sounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from analysis.clips.lanes import ImageLane, Tick
from analysis.clips.tiles import Piece, quantised
from analysis.store import Store

Cell = str | float | int | None


@dataclass(frozen=True, eq=False)
class Grid:
    """Numbers over time and something else, of a model and of its untrained twin.

    Attributes:
        title: the quantity.
        unit: of the numbers.
        rows: names of the rows, from the bottom.
        edges_s: of the columns, in seconds of the recording.
        values: of the model.
        twin: of the twin; None where there are none.
    """

    title: str
    unit: str
    rows: tuple[str, ...]
    edges_s: tuple[float, ...]
    values: Float64[ndarray, "rows columns"]
    twin: Float64[ndarray, "rows columns"] | None = None

    @property
    def lanes(self) -> list[ImageLane]:
        """The grid on the clip's clock, and that of the twin in the same colours, which reach the largest of both."""
        both = [self.values] if self.twin is None else [self.values, self.twin]
        top = max(float(np.abs(values).max(initial=0.0)) for values in both) or 1.0
        drawn = [_lane(self, self.values, top, "")]
        return drawn if self.twin is None else [*drawn, _lane(self, self.twin, top, "untrained twin")]


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found.

    Attributes:
        headline: the number first, then its control.
        notices: what else is to be known.
        columns: of the table.
        rows: of the table.
        grid: over time; None where there is none.
        scores: by kind of musical event, how much every head follows it: the share of shifts in which no head gives as
            much; `heads` says whose.
        heads: layer and number, from 1, of the scores.
        sounds: by name, to be heard.
        sample_rate: of the sounds.
    """

    headline: str
    notices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    grid: Grid | None = None
    scores: Mapping[str, Float64[ndarray, " heads"]] = field(default_factory=dict)
    heads: tuple[tuple[int, int], ...] = ()
    sounds: Mapping[str, Float32[ndarray, " _"]] = field(default_factory=dict)
    sample_rate: int = 0


def put_answer(store: Store, key: str, answer: Answer) -> None:
    """Store an answer.

    Raises:
        StoreError: the store does not take it.
    """
    arrays = {f"score.{number}": scores for number, scores in enumerate(answer.scores.values())}
    arrays |= {f"sound.{number}": samples for number, samples in enumerate(answer.sounds.values())}
    grid = answer.grid
    if grid is not None:
        arrays |= {"grid": grid.values} | ({} if grid.twin is None else {"grid.twin": grid.twin})
    document = {
        "headline": answer.headline, "notices": list(answer.notices), "columns": list(answer.columns),
        "rows": [list(row) for row in answer.rows], "heads": [list(head) for head in answer.heads],
        "sample_rate": answer.sample_rate, "scores": list(answer.scores), "sounds": list(answer.sounds),
        "grid": None if grid is None else [grid.title, grid.unit, list(grid.rows), list(grid.edges_s)],
    }  # fmt: skip
    store.put(key, document, arrays)


def read_answer(store: Store, key: str) -> Answer | None:
    """The answer under a key; None if there is none, or what is there is something else."""
    if (entry := store.get(key)) is None:
        return None
    try:
        document, arrays = entry.document, entry.arrays
        about = document["grid"]
        grid = None
        if about is not None:
            title, unit, rows, edges_s = about
            grid = Grid(str(title), str(unit), tuple(rows), tuple(edges_s), arrays["grid"], arrays.get("grid.twin"))
        return Answer(
            str(document["headline"]), tuple(document["notices"]), tuple(document["columns"]),
            tuple(tuple(row) for row in document["rows"]), grid, _named(arrays, "score", document["scores"]),
            tuple((int(layer), int(head)) for layer, head in document["heads"]), _named(arrays, "sound", document["sounds"]),
            int(document["sample_rate"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):  # written by somebody else
        return None


def _named(arrays: Mapping[str, ndarray], what: str, names: Sequence[str]) -> dict[str, ndarray]:
    return {str(name): arrays[f"{what}.{number}"] for number, name in enumerate(names)}


def _lane(grid: Grid, values: Float64[ndarray, "rows columns"], top: float, side: str) -> ImageLane:
    n = len(grid.rows)
    ticks = [Tick((n - 0.5 - number) / n, name) for number, name in enumerate(grid.rows)][:: -max(1, n // 4)]
    piece = Piece(grid.edges_s[0], grid.edges_s[-1], quantised(values[::-1], -top, top), exact=values[::-1])
    return ImageLane(
        id="answer_beside" if side else "answer", title=grid.title, unit=grid.unit, height=140, ticks=ticks, low=-top, high=top,
        colours="difference", row_names=_from_top(grid.rows), side=side, sets={(): [[piece]]},
        borders=(grid.edges_s[0], grid.edges_s[-1]),
    )  # fmt: skip


def _from_top(names: Sequence[str]) -> list[str]:
    return list(names)[::-1]
