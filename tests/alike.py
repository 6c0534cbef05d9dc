"""Whether two answers say the same. Last bits depend on which windows shared a batch, and on threads: they are not compared."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from analysis.results import Result


def alike(first: Any, second: Any, rel_tol: float = 1e-4) -> bool:
    """Whether both are equal, but for the last bits of their fractions."""
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=rel_tol, abs_tol=1e-6)
    if isinstance(first, Mapping):
        return first.keys() == second.keys() and all(alike(first[key], second[key], rel_tol) for key in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(alike(one, other, rel_tol) for one, other in zip(first, second, strict=True))
    return first == second


def assert_alike(first: Result | None, second: Result, rel_tol: float = 1e-4) -> None:
    """Everything of two results but where their numbers come from."""
    assert first is not None
    assert (first.study, first.request, first.headline) == (second.study, second.request, second.headline)
    assert alike([asdict(value) for value in first.values], [asdict(value) for value in second.values], rel_tol)
    assert alike(first.tables, second.tables, rel_tol)
    assert first.arrays.keys() == second.arrays.keys()
    assert all(alike_arrays(first.arrays[name], array, rel_tol) for name, array in second.arrays.items())


def alike_arrays(first: np.ndarray, second: np.ndarray, rel_tol: float = 1e-4) -> bool:
    """Whether both have one shape and one type, and equal numbers but for their last bits; NaN equals nothing."""
    return first.shape == second.shape and first.dtype == second.dtype and np.allclose(first, second, rtol=rel_tol, atol=1e-5)
