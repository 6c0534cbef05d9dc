"""What reaches every layer by way of attention alone: rollout over the windows of a recording, beside the untrained twin."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis.clips.heads.rollout import Rollout, apart, roll_out
from analysis.clips.questions.answer import Answer, Grid
from analysis.clips.questions.question import ClipWindow, Inquiry
from analysis.errors import ConfigError
from analysis.models.tower import Model

COLUMNS = ("layer", "distance to the untrained twin (0 to 1)", "largest share (× uniform)", "largest of the twin (× uniform)")
CELLS = 32  # of a window
WARNING = "Rollout multiplies patterns and knows neither values nor what the other parts of a block do: it is no attribution."


def roll(inquiry: Inquiry) -> Answer:
    """Shares of every moment of the sound in what stands at the layers, as multiples of uniform less 1.

    Raises:
        ConfigError: rollout does not apply to this tower; the sentence says why.
    """
    windows = inquiry.windows_here
    rolled: list[list[Rollout]] = []
    for number, (model, name) in enumerate(((inquiry.model, "the model"), (inquiry.twin, "the untrained twin"))):
        check = inquiry.stage(number, 2, f"{name}: rollout over {len(windows)} windows")
        rolled.append([_rolled(inquiry, model, window, check) for window in windows])
    trained, twin = rolled
    first = trained[0]
    if first.axis is None:
        raise ConfigError(first.notice)
    values, others = (np.concatenate([_cells(of_window) for of_window in side], axis=1) for side in rolled)
    edges_s = tuple(float(edge) for edge in windows[0].start_s + np.arange(values.shape[1] + 1) * windows[0].length_s / CELLS)
    distance = np.mean([apart(a, b) for a, b in zip(trained, twin, strict=True)], axis=0)
    names = tuple(f"layer {layer}" for layer in first.layers)
    grid = Grid("Rollout: what reaches each layer", "× uniform − 1", names, edges_s, values, others)
    largest = values.max(axis=1) + 1, others.max(axis=1) + 1
    rows = tuple((name, float(distance[i]), float(largest[0][i]), float(largest[1][i])) for i, name in enumerate(names))
    headline = (
        f"{distance[-1]:.2f} of distance (0 to 1) lies between rollout and the untrained twin's at the last layer; "
        f"largest share there: {largest[0][-1]:.2f} × uniform (twin: {largest[1][-1]:.2f}; n = {len(windows)} windows)."
    )
    notices = tuple(notice for notice in (WARNING, first.notice) if notice)
    return Answer(headline, notices, COLUMNS, rows, grid)


def _rolled(inquiry: Inquiry, model: Model, window: ClipWindow, check: Callable[[], None]) -> Rollout:
    check()
    return roll_out(model.towers[inquiry.tower], window, inquiry.device)


def _cells(rolled: Rollout) -> Float64[ndarray, "layers cells"]:
    """Sources with a time as multiples of uniform less 1, as means over equal stretches of the window."""
    special = 0 if rolled.axis is None else rolled.axis.special
    timed = rolled.sources[:, special:]
    multiple = timed * timed.shape[1] - 1
    edges = np.linspace(0, timed.shape[1], CELLS + 1).round().astype(int)
    starts = np.minimum(edges[:-1], timed.shape[1] - 1)
    sizes = np.maximum(np.diff(edges), 1)
    sums = np.add.reduceat(multiple, starts, axis=1)
    return sums / sizes if timed.shape[1] >= CELLS else multiple[:, starts]
