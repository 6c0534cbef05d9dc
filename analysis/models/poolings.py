"""Names of the ways from the tokens of a layer to one row per window."""

from typing import Literal, get_args

Pooling = Literal["mean", "class token", "mean and class token", "by band", "by moment", "by band and moment"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
MEAN, CLASS_TOKEN, BOTH, BY_BAND, BY_MOMENT, BY_BOTH = POOLINGS
CLASS_POOLINGS = MEAN, CLASS_TOKEN, BOTH  # where there is a class token
MOMENTS = 4  # equal parts of a window, where it is pooled by moment


def grid_poolings(grid: tuple[int, int]) -> tuple[Pooling, ...]:
    """Where tokens stand on a grid of moments × bands: those by band only where there is more than one.

    >>> grid_poolings((256, 8)), grid_poolings((256, 1))
    (('mean', 'by band', 'by moment', 'by band and moment'), ('mean', 'by moment'))
    """
    return (MEAN, BY_BAND, BY_MOMENT, BY_BOTH) if grid[1] > 1 else (MEAN, BY_MOMENT)


def chunks_of(how: str, grid: tuple[int, int]) -> tuple[int, int]:
    """Into how many parts a way of a grid divides the moments and the bands.

    >>> [chunks_of(how, (256, 8)) for how in grid_poolings((256, 8))]
    [(1, 1), (1, 8), (4, 1), (4, 8)]
    """
    return MOMENTS if how in (BY_MOMENT, BY_BOTH) else 1, grid[1] if how in (BY_BAND, BY_BOTH) else 1
