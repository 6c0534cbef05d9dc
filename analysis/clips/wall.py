"""All heads of a tower at once: a small picture of every one, with how wide and how far it looks."""

from dataclasses import replace

import numpy as np

from analysis.clips.lanes import HeadWall
from analysis.clips.model_lanes import BRIGHT
from analysis.clips.questions.answer import Answer
from analysis.clips.reading import ClipReading
from analysis.clips.tiles import LEVELS


def head_wall(reading: ClipReading, window: int, side: str = "") -> HeadWall | None:
    """The wall of one window; None of a tower that does not attend, or whose layers differ in heads.

    Thumbnails share one scale, which ends where 1 % of the cells of all heads in this window lie above.
    """
    heads = {layer.n_heads for layer in reading.layers}
    if len(heads) != 1:
        return None
    (n_heads,) = heads
    numbers = [
        layer.use.thumbs[window, 1:] * (layer.use.tops[window, 1:, None, None] / np.float32(LEVELS)) for layer in reading.layers
    ]
    top = float(np.quantile(np.concatenate([cells.ravel() for cells in numbers]), BRIGHT)) or 1.0
    shapes = [layer.use.thumbs.shape[2:] for layer in reading.layers]
    rows, columns = (max(shape[axis] for shape in shapes) for axis in (0, 1))
    thumbs = np.zeros((len(reading.layers), n_heads, rows, columns), np.uint8)
    for number, cells in enumerate(numbers):
        levels = np.floor(np.minimum(cells / top, 1.0) * LEVELS + 0.5).astype(np.uint8)
        thumbs[number] = _stretched(levels[:, ::-1], rows, columns)
    spreads = [[layer.use.spread(head) for head in range(1, n_heads + 1)] for layer in reading.layers]
    return HeadWall(
        layers=reading.numbers, layer_names=[layer.title for layer in reading.layers], heads=range(1, n_heads + 1),
        thumbnails=thumbs, low=0.0, high=top,
        entropy_bits=np.array([[spread.entropy_bits for spread in of_layer] for of_layer in spreads]),
        distance_s=np.array([[spread.distance_s for spread in of_layer] for of_layer in spreads]),
        what=f"window {window + 1}: keys to the right, queries upwards, a cell is the largest of those it joins", side=side,
    )  # fmt: skip


def scored(wall: HeadWall, answer: Answer, kind: str) -> HeadWall:
    """The wall with how much every head follows a kind of musical event; as it is where that is not known."""
    if kind not in answer.scores:
        return wall
    shares = dict(zip(answer.heads, answer.scores[kind].tolist(), strict=True))
    scores = np.array([[shares.get((layer, head), 0.0) for head in wall.heads] for layer in wall.layers])
    return replace(
        wall,
        score_name=f"{kind}: share of shifts without such a head",
        scores=scores,
        nulls=np.full(scores.shape, 0.95),
    )


def most_concentrated(reading: ClipReading) -> tuple[int, int]:
    """The layer and the head (from 1) whose queries spread over the smallest share of their keys: what to look at first."""
    shares = {
        (layer.layer, head): layer.use.spread(head).effective / layer.key.n
        for layer in reading.layers
        for head in range(1, layer.n_heads + 1)
    }
    return min(shares, key=lambda choice: shares[choice])


def _stretched(levels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Pictures at another size, cells repeated."""
    down = np.arange(rows) * levels.shape[1] // rows
    across = np.arange(columns) * levels.shape[2] // columns
    return levels[:, down][:, :, across]
