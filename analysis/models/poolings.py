"""Names of the ways from the tokens of a layer to one row per window."""

from typing import Literal, get_args

Pooling = Literal["mean", "class token", "mean and class token"]
POOLINGS: tuple[Pooling, ...] = get_args(Pooling)
MEAN, CLASS_TOKEN, BOTH = POOLINGS
