"""Numbers that a job reports while it runs, as series over its steps."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from analysis.run import Metrics

MOST_NAMES = 32
MOST_POINTS = 500


class Point(NamedTuple):
    """A number and the step of the job that it belongs to."""

    step: int
    value: float


class Series:
    """The numbers of one name, thinned so that there are never more than `most` points.

    Whenever there is no room, every second point is dropped, and from then on every second number is kept: the points lie
    evenly from the first number to the last, which is always among them. Extremes between them are lost.

    Args:
        most: points, 2 or more.
    """

    def __init__(self, most: int = MOST_POINTS) -> None:
        self._most, self._every, self._count = most, 1, 0
        self._points: list[Point] = []
        self._last: list[Point] = []

    def add(self, step: int, value: float) -> None:
        """Take the next number."""
        self._last = [Point(step, value)]
        if self._count % self._every == 0 and len(self._points) == self._most - 1:
            del self._points[1::2]
            self._every *= 2
        if self._count % self._every == 0:
            self._points += self._last
            self._last = []
        self._count += 1

    def points(self) -> tuple[Point, ...]:
        """What is kept, in the order in which it came."""
        return (*self._points, *self._last)


def finite(metrics: Metrics, notice: Callable[[str], None]) -> Metrics:
    """A function that passes numbers on but for those that are NaN or infinite.

    Args:
        metrics: told (step, {name: number}) of finite numbers.
        notice: told why a number is missing, once per name.

    Returns:
        What a job calls as (step, {name: number}). It raises ValueError where a job reports more than `MOST_NAMES` names.

    >>> finite(print, print)(3, {"loss": math.inf, "S": 0.25})
    loss is inf at step 3 and has no place in its series, nor has any later number that is not finite.
    3 {'S': 0.25}
    """
    known: set[str] = set()
    refused: set[str] = set()

    def report(step: int, values: Mapping[str, float]) -> None:
        numbers = {str(name): float(value) for name, value in values.items()}
        known.update(numbers)
        if len(known) > MOST_NAMES:
            raise ValueError(f"A job may report up to {MOST_NAMES} series, got {len(known)} names. Report fewer.")
        kept = {name: value for name, value in numbers.items() if math.isfinite(value)}
        for name in sorted(numbers.keys() - kept.keys() - refused):
            refused.add(name)
            notice(
                f"{name} is {numbers[name]} at step {step} and has no place in its series, nor has any later number that is "
                "not finite."
            )
        if kept:
            metrics(int(step), kept)

    return report
