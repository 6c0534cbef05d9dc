"""Tables of a window that was moved: degrees off the law by component, and similarity by shift."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy import ndarray

from analysis.clips.phasors import MovedWindow
from analysis.rows import Row


@dataclass(frozen=True)
class ComponentRow(Row):
    """Degrees off the law of one component, and its amplitude; None also where a phasor is 0 and has no angle.

    All but `circle` and `untrained_circle` are means over the same shifts, those of `Plan.headline_shifts`, so that they can be
    compared; None where there is none of these, for the recording has no sound before the window.

    Attributes:
        component: k.
        hz: its frequency.
        circle, untrained_circle: features moved in a circle, of the model and of the untrained twin; the largest of all shifts.
        sound_circle: sound moved in a circle.
        real, untrained: sound really moved, of the model and of the untrained twin.
        unrelated: windows that share no sound in place of the moved ones; None also where there is none.
        amplitude: over that of the window that is not moved, really moved; no unit.
    """

    table: ClassVar[str] = "components"
    component: int
    hz: float
    circle: float | None
    untrained_circle: float | None
    sound_circle: float | None
    real: float | None
    untrained: float | None
    unrelated: float | None
    amplitude: float | None


@dataclass(frozen=True)
class ScoreRow(Row):
    """Similarity of what is moved with what stays.

    Attributes:
        shift_s: δ.
        s, untrained_s: really moved, of the model and of the untrained twin; None beyond the sound that the recording has.
        sound_circle_s, untrained_sound_circle_s: sound in a circle, which keeps what sounds; None beyond what is read of it.
        above, untrained_above, sound_circle_above, untrained_sound_circle_above: the same in SDs above unrelated windows; None
            also where there are too few of these.
    """

    table: ClassVar[str] = "scores"
    shift_s: float
    s: float | None
    untrained_s: float | None
    sound_circle_s: float | None
    untrained_sound_circle_s: float | None
    above: float | None
    untrained_above: float | None
    sound_circle_above: float | None
    untrained_sound_circle_above: float | None


def component_rows(moved: MovedWindow) -> tuple[ComponentRow, ...]:
    """A row of every component."""
    trained, untrained, shifts = moved.trained, moved.untrained, moved.plan.headline_shifts
    circle, twin_circle = (turning.errors(turning.circle) for turning in (trained, untrained))
    sound_circle = trained.errors(trained.sound_circle)[shifts]
    real, twin = (turning.errors(turning.real)[shifts] for turning in (trained, untrained))
    unrelated, amplitudes = trained.unrelated_errors(shifts.stop), trained.amplitudes(trained.real)[shifts]
    others = real[:0] if unrelated is None else unrelated[shifts]
    return tuple(
        ComponentRow(
            k + 1, float(hz), _known(circle[:, k], np.max), _known(twin_circle[:, k], np.max), _known(sound_circle[:, k]),
            _known(real[:, k]), _known(twin[:, k]), _known(others[:, k]), _known(amplitudes[:, k]),
        )
        for k, hz in enumerate(moved.components_hz)
    )  # fmt: skip


def score_rows(moved: MovedWindow) -> tuple[ScoreRow, ...]:
    """A row of every shift for which something is read."""
    plan, both = moved.plan, (moved.trained, moved.untrained)
    n = max(plan.n_real, plan.n_few)
    real, circle = [turning.scores for turning in both], [turning.sound_circle_scores for turning in both]
    above = [turning.above_unrelated(scores) for of in (real, circle) for turning, scores in zip(both, of, strict=True)]
    columns = [_listed(values, n) for values in (*real, *circle, *above)]
    return tuple(ScoreRow(*row) for row in zip(plan.shifts_s[:n].tolist(), *columns, strict=True))


def _listed(values: ndarray | None, n: int) -> list[float | None]:
    known = [] if values is None else values.tolist()
    return [*known, *[None] * (n - len(known))]


def _known(values: ndarray, of: Callable[[ndarray], np.floating] = np.mean) -> float | None:
    return float(of(values)) if values.size and np.isfinite(values).all() else None


def mean_of(rows: Sequence[ComponentRow], column: Callable[[ComponentRow], float | None]) -> float | None:
    """The mean over components; None where one of them has no number."""
    return _known(_column(rows, column))


def largest_of(rows: Sequence[ComponentRow], column: Callable[[ComponentRow], float | None]) -> float | None:
    """The largest of all components; None where one of them has no number."""
    return _known(_column(rows, column), np.max)


def _column(rows: Sequence[ComponentRow], column: Callable[[ComponentRow], float | None]) -> ndarray:
    """NaN where there is no number."""
    return np.array([column(row) for row in rows], float)
