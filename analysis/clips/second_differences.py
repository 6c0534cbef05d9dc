"""What differs between two recordings whose sounds begin at the same moments, such as a transposed or a noisy version.

Only there is a second of one the same moment as that second of the other: takes of a work drift apart, and two works have no
common clock, so that a difference would be that of moments which have nothing to do with each other. What stands on the same axes
is taken from one another, as far as both recordings reach: the log-mel spectrogram, attention received and self-similarity.
Novelty follows from the self-similarity, and descriptors from the sound: those of both stand beside each other on one scale.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.clips.lanes import Choice, CurveLane, ImageLane, Series
from analysis.clips.tiles import Piece, pyramid, quantised

DIFFERENCE = "_difference"
MOST_DB = 40.0
NEAR_S = 1e-6


def spectrogram_difference(ours: ImageLane, theirs: ImageLane, less: str) -> ImageLane | None:
    """A spectrogram in dB less another with the same rows and hop, cell by cell, neither below the floor of its lane.

    Args:
        ours: of one piece, with its numbers.
        theirs: of the other recording.
        less: name of that.

    Returns:
        None where rows or columns stand for something else, as after another sample rate or many more frames.
    """
    (a,), (b,) = ours.sets[()][0], theirs.sets[()][0]
    if a.exact is None or b.exact is None or ours.row_names != theirs.row_names or abs(_step_s(a) - _step_s(b)) > NEAR_S:
        return None
    n = min(a.exact.shape[1], b.exact.shape[1])
    change = np.maximum(a.exact[:, :n], ours.low) - np.maximum(b.exact[:, :n], theirs.low)
    piece = Piece(a.start_s, a.start_s + n * _step_s(a), quantised(change, -MOST_DB, MOST_DB), exact=change)
    return replace(
        ours, id=f"{ours.id}{DIFFERENCE}", title=f"{ours.title}: difference, less that of {less}", low=-MOST_DB, high=MOST_DB,
        colours="difference", note="Each in dB below its own maximum.", sets={(): pyramid([piece], largest=False)},
    )  # fmt: skip


def curve_difference(ours: CurveLane, theirs: CurveLane, less: str) -> CurveLane | None:
    """Curves less those of the same name of another recording, moment by moment; as much above as below 0 is drawn.

    Returns:
        None where the curves do not stand at the same moments.
    """
    sets: dict[Choice, Sequence[Series]] = {}
    for choice in ours.sets.keys() & theirs.sets.keys():
        others = {series.name: series for series in theirs.sets[choice]}
        pairs = [(series, others[series.name]) for series in ours.sets[choice] if series.name in others]
        changes = [change for pair in pairs if (change := _less(*pair)) is not None]
        if len(changes) < len(pairs):
            return None
        sets[choice] = changes
    highs = {
        choice: max((float(np.abs(each.values).max(initial=0.0)) for each in series), default=0.0) or 1.0
        for choice, series in sets.items()
    }
    return replace(
        ours, id=f"{ours.id}{DIFFERENCE}", title=f"{ours.title}: difference, less that of {less}", sets=sets, highs=highs,
        lows={choice: -high for choice, high in highs.items()},
    )  # fmt: skip


def n_shared(ours_s: Float[ndarray, " cells"], theirs_s: Float[ndarray, " others"]) -> int:
    """How many cells from the first on stand at the same times; 0 where more differ than the last, which an end may cut.

    >>> n_shared(np.array([0.5, 1.5, 2.5]), np.array([0.5, 1.25])), n_shared(np.array([0.5, 1.5]), np.array([0.25, 0.75]))
    (1, 0)
    """
    n = min(len(ours_s), len(theirs_s))
    same = int((ours_s[:n] == theirs_s[:n]).cumprod().sum())
    return same if same >= n - 1 else 0


def _less(ours: Series, theirs: Series) -> Series | None:
    n = min(len(ours.times_s), len(theirs.times_s))
    if not np.allclose(ours.times_s[:n], theirs.times_s[:n], rtol=0, atol=NEAR_S):
        return None
    return replace(ours, times_s=ours.times_s[:n], values=ours.values[:n] - theirs.values[:n])


def _step_s(piece: Piece) -> float:
    return (piece.end_s - piece.start_s) / piece.levels.shape[1]
