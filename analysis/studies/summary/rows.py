"""The rows of the tables of the summary."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Row


@dataclass(frozen=True)
class CellRow(Row):
    """What one test says of one checkpoint, every number in `unit`.

    Attributes:
        test: its title.
        checkpoint: its name.
        arm: its arm.
        control_of: of a control the arm that it controls.
        value: the number, with its interval and n; None where there is none.
        null: what there would be if there were nothing to find.
        null_high: where the upper 2.5 % of the null begin, where it is a distribution.
        undecided: whether the number is not distinguishable from its null; None where there is nothing to judge by.
        detail: such as the band.
        twin: the same of the untrained twin, with its interval.
        estimator: name of the formula.
        pool: in which S was searched, in words.
        published_by_others: a published number of the same arm.
        published_as: the same as it was published.
        missing: why there is no number.
        unit: "share" for parts of 1, "points" for hundredths of S, "" for pure numbers.
    """

    table: ClassVar[str] = "cells"

    test: str
    checkpoint: str
    arm: str
    control_of: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int | None
    null: float | None
    null_high: float | None
    undecided: bool | None
    detail: str
    twin: float | None
    twin_ci_low: float | None
    twin_ci_high: float | None
    estimator: str
    pool: str
    published_by_others: float | None
    published_as: str
    missing: str
    unit: str


@dataclass(frozen=True)
class DifferenceRow(Row):
    """S of one checkpoint minus that of another, paired query by query, with a permutation test by work; parts of 1."""

    table: ClassVar[str] = "differences"

    first: str
    second: str
    value: float
    low: float | None
    high: float | None
    p: float

    @property
    def reversed(self) -> "DifferenceRow":
        """The second minus the first."""
        low, high = (None if end is None else -end for end in (self.high, self.low))
        return DifferenceRow(self.second, self.first, -self.value, low, high, self.p)

    @property
    def words(self) -> str:
        """In points, with the interval.

        >>> DifferenceRow("a", "b", 0.05, 0.01, 0.0945, 0.02).words
        '5.0 points [1.0, 9.4]'
        """
        ends = "" if self.low is None or self.high is None else f" [{100 * self.low:.1f}, {100 * self.high:.1f}]"
        return f"{100 * self.value:.1f} points{ends}"


@dataclass(frozen=True)
class SourceRow(Row):
    """A result from which the summary was read: its study, the command that gives it, and where it was found."""

    table: ClassVar[str] = "sources"

    study: str
    command: str
    origin: str


ROWS = (CellRow, DifferenceRow, SourceRow)
