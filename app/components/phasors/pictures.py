"""From a window that was moved to what its charts take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.charts import theme
from app.charts.phasors import Curve, Trails

if TYPE_CHECKING:
    from analysis.clips.phasors import MovedWindow

TURNING_PX, SCORES_PX = 620, 300
MOST_OUTPUTS = 8
CIRCLE, SOUND, REAL = "in a circle", "sound in a circle", "really moved"
TWIN, LAW, UNRELATED = "untrained twin, really moved", "the law", "unrelated windows"


def planes(moved: MovedWindow, channel: int, component: int, shift: int) -> list[Trails]:
    """Pooled features of a channel and the largest outputs of the head, each moved in a circle and really."""
    from analysis.clips.phasors import BETWEEN
    from analysis.models.phalar.equivariance import turns

    trained, n = moved.trained, moved.plan.n_frames
    names = [str(k + 1) for k in range(len(moved.components_hz))]
    fine = np.linspace(0, n, BETWEEN * n + 1).tolist()
    circle = trained.first[channel] * turns(fine, n, len(names))
    largest = np.argsort(-np.abs(trained.head_circle).mean(axis=0), kind="stable")[:MOST_OUTPUTS]
    outputs = [str(number + 1) for number in largest.tolist()]
    still = frozenset(at for at, number in enumerate(largest.tolist()) if trained.rounds[number] == 0)
    is_real = shift < moved.plan.n_real
    pooled, head = f"Channel {channel + 1}", "Head"
    picked = frozenset({component})
    return [
        Trails(f"{pooled}, {CIRCLE}", "component", circle, trained.circle[shift, channel], names, picked),
        Trails(f"{pooled}, {REAL}", "component", trained.real[:, channel],
               trained.real[shift, channel] if is_real else None, names, picked, dotted=True),
        Trails(f"{head}, {CIRCLE}", "output", trained.head_circle[:, largest], trained.head_circle[BETWEEN * shift, largest],
               outputs, hollow=still),
        Trails(f"{head}, {REAL}", "output", trained.head_real[:, largest],
               trained.head_real[shift, largest] if is_real else None, outputs, hollow=still, dotted=True),
    ]  # fmt: skip


def turning(moved: MovedWindow, component: int) -> dict[str, list[Curve]]:
    """Angle, error and amplitude of a component, over all channels, by shift."""
    trained, twin = moved.trained, moved.untrained
    n = len(moved.plan.shifts_s)
    angles = [
        Curve(LAW, trained.law_degrees(n)[:, component], theme.TEXT, "dot"),
        Curve(CIRCLE, trained.turned(trained.circle)[:, component], theme.JOINT, mode="markers"),
        *_real(trained.turned(trained.real)[:, component], twin.turned(twin.real)[:, component]),
    ]
    errors = [
        Curve(CIRCLE, trained.errors(trained.circle)[:, component], theme.JOINT, mode="markers"),
        _sound_circle(trained.errors(trained.sound_circle)[:, component]),
        *_real(trained.errors(trained.real)[:, component], twin.errors(twin.real)[:, component]),
    ]
    if (unrelated := trained.unrelated_errors(n)) is not None:
        errors.append(Curve(UNRELATED, unrelated[:, component], theme.TEXT, "longdashdot"))
    amplitudes = [
        Curve(CIRCLE, trained.amplitudes(trained.circle)[:, component], theme.JOINT, mode="markers"),
        *_real(trained.amplitudes(trained.real)[:, component], twin.amplitudes(twin.real)[:, component]),
    ]
    return {"turned (°)": angles, "off the law (°)": errors, "amplitude (× at 0)": amplitudes}


def scores(moved: MovedWindow) -> dict[str, list[Curve]]:
    """Similarity with what stays by shift, in SDs above unrelated windows where there are enough of them.

    Sound in a circle keeps what sounds: it is the control of what really moves, as far as it is read.
    """
    trained, twin = moved.trained, moved.untrained
    control, real, twin_real = trained.sound_circle_scores, trained.scores, twin.scores
    above = trained.above_unrelated(control), trained.above_unrelated(real), twin.above_unrelated(twin_real)
    if above[0] is None or above[1] is None or above[2] is None:
        return {"S (no unit)": [_sound_circle(control), *_real(real, twin_real)]}
    level = np.zeros(len(moved.plan.shifts_s))
    mean = Curve(f"mean of {UNRELATED}", level, theme.TEXT, "longdashdot")
    return {"S (SDs above unrelated)": [_sound_circle(above[0]), *_real(above[1], above[2]), mean]}


def _sound_circle(values: np.ndarray) -> Curve:
    return Curve(SOUND, values, theme.JOINT, "dashdot")


def _real(trained: np.ndarray, twin: np.ndarray) -> list[Curve]:
    return [Curve(TWIN, twin, theme.TWIN, "dash"), Curve(REAL, trained, theme.AUDIO, mode="lines+markers")]
