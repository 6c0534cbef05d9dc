"""What is said of a window that was moved: how far phasors are off the law, and how similarity falls."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.phasor_rows import ComponentRow, largest_of, mean_of
from analysis.clips.phasors import UNIFORM_DEG, MovedWindow, Turning
from analysis.datasets.stems import SILENT_DB

LAW = "R_k(δ) = R_k(0) · e^(−2πikδ/T)"
SMALLEST_DEG = 0.001
NO_SOUND_BEFORE = "This window has no sound before it that could move in."
NO_ANGLE = "Where this window really moves, some phasors are 0 and have no angle."


def no_phase(family: str) -> str:
    """Why a checkpoint of another family cannot be looked at, after its name."""
    return f"is of the family {family}, whose features are real numbers: they have no phase that could turn."


def turned_sentence(moved: MovedWindow, rows: Sequence[ComponentRow]) -> str:
    """How far sound that really moves is off the law, the untrained twin and unrelated windows beside it; at most 30 words."""
    if moved.is_silent:
        return silent_sentence()
    real, twin = mean_of(rows, lambda row: row.real), mean_of(rows, lambda row: row.untrained)
    others = mean_of(rows, lambda row: row.unrelated)
    if real is None or twin is None:
        circle = largest_of(rows, lambda row: row.circle)
        at_most = "No angle where phasors are 0" if circle is None else f"{degrees(circle)} off the law at most, in a circle"
        why = NO_ANGLE if moved.plan.n_real > 1 else NO_SOUND_BEFORE
        return f"{at_most}; chance {UNIFORM_DEG:.0f}°. {why}"
    control = f"angles by chance {UNIFORM_DEG:.0f}°" if others is None else f"unrelated windows {degrees(others)}"
    how_far = f"where sound really moves by up to {moved.plan.headline_s:.2f} s"
    return f"{degrees(real)} off the law on average {how_far}; untrained twin {degrees(twin)}, {control}."


def silent_sentence() -> str:
    """Why nothing is said of a silent window; at most 30 words.

    >>> silent_sentence()
    'This window is silent (below −60 dB of full scale): its angles are those of ends of stages, not of sound. Choose another.'
    """
    below = f"below {signed(SILENT_DB, 0)} dB of full scale"
    return f"This window is silent ({below}): its angles are those of ends of stages, not of sound. Choose another."


def law_sentence(moved: MovedWindow) -> str:
    """The law with its numbers: period, frames, frequencies."""
    plan, hz = moved.plan, moved.components_hz
    return (
        f"The law: {LAW}, T = {plan.period_s:.2f} s ({plan.n_frames} frames of {plan.frame_s:.2f} s), k = 1 to {len(hz)} "
        f"({hz[0]:.2f} to {hz[-1]:.2f} Hz); δ > 0: what sounds comes δ later in the window."
    )


def reason_sentence(rows: Sequence[ComponentRow]) -> str:
    """Whose property the law is, and how far sound in a circle and sound that really moves are off it by the same shifts."""
    circle, twin = largest_of(rows, lambda row: row.circle), largest_of(rows, lambda row: row.untrained_circle)
    sound, real = mean_of(rows, lambda row: row.sound_circle), mean_of(rows, lambda row: row.real)
    text = "It is a property of the architecture, not of training: "
    if circle is None or twin is None:
        return f"{text}it holds for whatever has an angle. Here some phasors are 0 and have none."
    text += f"features moved in a circle keep it to {degrees(circle)}, those of the untrained twin to {degrees(twin)}"
    if sound is None or real is None:
        return f"{text}."
    return (
        f"{text}. Sound moved in a circle, whose ends then meet within the window, is off by {degrees(sound)} on average; really "
        f"moved by as much, with new sound at its beginning, by {degrees(real)}."
    )


def rounds_sentence(moved: MovedWindow) -> str:
    """How many outputs of the head go around 0."""
    n, trained, twin = len(moved.trained.rounds), *(int((turning.rounds != 0).sum()) for turning in _both(moved))
    return f"Moved once in a circle, {trained} of {n} outputs of the head go around 0; untrained twin {twin}."


def score_sentence(moved: MovedWindow, shift: int) -> str:
    """Similarity with what stays, at once and at a shift, beside the untrained twin and sound that keeps what sounds."""
    n, plan, both = len(moved.trained.unrelated_scores), moved.plan, _both(moved)
    last = min(shift, plan.n_real - 1)
    circle_last = min(last or shift, plan.n_few - 1)
    falls = [_fall(turning, turning.scores, last) for turning in both]
    circle = [_fall(turning, turning.sound_circle_scores, circle_last) for turning in both]
    above = moved.trained.above_unrelated(moved.trained.scores)
    unit = "" if above is None else f"; in brackets SDs above {n} unrelated windows"
    most_s = [plan.shifts_s[int(np.argmax(turning.scores))] for turning in both]
    return (
        f"S at 0 s → at {plan.shifts_s[last]:.2f} s: {falls[0]}; untrained twin {falls[1]}{unit} (S has no unit). "
        f"Sound in a circle, which keeps what sounds, at 0 s → at {plan.shifts_s[circle_last]:.2f} s: {circle[0]}; "
        f"untrained twin {circle[1]}. Really moved, S is largest at {most_s[0]:.2f} s; untrained twin at {most_s[1]:.2f} s."
    )


def _fall(turning: Turning, scores: Float[ndarray, " shifts"], shift: int) -> str:
    above = turning.above_unrelated(scores)
    numbers = [signed(float(scores[at])) for at in (0, shift)]
    if above is not None:
        numbers = [f"{number} ({signed(float(above[at]), 1)})" for number, at in zip(numbers, (0, shift), strict=True)]
    return " → ".join(numbers)


def _both(moved: MovedWindow) -> tuple[Turning, Turning]:
    return moved.trained, moved.untrained


def signed(number: float, digits: int = 2) -> str:
    """A number with a minus sign that is one.

    >>> signed(-0.456), signed(-0.001), signed(2.25, 1)
    ('−0.46', '0.00', '2.2')
    """
    text = f"{number:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def degrees(angle: float) -> str:
    """An angle as it is read.

    >>> degrees(23.456), degrees(0.0312), degrees(0.00001)
    ('23.5°', '0.031°', '< 0.001°')
    """
    if angle < SMALLEST_DEG:
        return f"< {SMALLEST_DEG:g}°"
    return f"{angle:.1f}°" if angle >= 1 else f"{angle:.2g}°"
