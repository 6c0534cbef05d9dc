"""What the notes of a window say: labels for probes."""

import numpy as np
from jaxtyping import Float64, Int64
from numpy import ndarray

N_PITCHES, N_PITCH_CLASSES, WIDEST_STEP = 128, 12, 12


def pitch_histogram(pitch: Int64[ndarray, " notes"]) -> Float64[ndarray, "128"]:
    """Share of the notes at every MIDI pitch; zeros without a note.

    >>> np.flatnonzero(pitch_histogram(np.array([60, 64, 64]))).tolist()
    [60, 64]
    """
    return _shares(np.bincount(pitch, minlength=N_PITCHES))


def chroma_histogram(pitch: Int64[ndarray, " notes"]) -> Float64[ndarray, "12"]:
    """Share of the notes in every pitch class from C; zeros without a note.

    >>> chroma_histogram(np.array([60, 72, 61, 61]))[:2].tolist()
    [0.5, 0.5]
    """
    return _shares(np.bincount(pitch % N_PITCH_CLASSES, minlength=N_PITCH_CLASSES))


def interval_histogram(pitch: Int64[ndarray, " notes"]) -> Float64[ndarray, "25"]:
    """Share of every step from note to note, −12 to 12 semitones, wider ones counted with ±12; zeros without two notes.

    Notes in order of onset, then pitch, as the MIDI encoder and D4 have them: steps inside a chord count.

    >>> np.flatnonzero(interval_histogram(np.array([60, 67, 48]))).tolist()
    [0, 19]
    """
    steps = np.clip(np.diff(pitch), -WIDEST_STEP, WIDEST_STEP) + WIDEST_STEP
    return _shares(np.bincount(steps, minlength=2 * WIDEST_STEP + 1))


def note_density(onset_s: Float64[ndarray, " notes"], start_s: float, stop_s: float) -> float:
    """Notes per second that begin in `[start_s, stop_s)`.

    >>> note_density(np.array([0.5, 1.0, 3.0]), 1.0, 3.0)
    0.5
    """
    return float(np.count_nonzero((onset_s >= start_s) & (onset_s < stop_s)) / (stop_s - start_s))


def mean_velocity(velocity: Int64[ndarray, " notes"]) -> float:
    """Mean MIDI velocity; 0 without a note."""
    return float(velocity.mean()) if len(velocity) else 0.0


def note_statistics(
    pitch: Int64[ndarray, " notes"], velocity: Int64[ndarray, " notes"], duration_s: Float64[ndarray, " notes"]
) -> Float64[ndarray, "7"]:
    """Mean and standard deviation of pitch, velocity and duration (s), and the number of notes; zeros without a note."""
    if not len(pitch):
        return np.zeros(7)
    given = (pitch, velocity, duration_s)
    return np.array([*(values.mean() for values in given), *(values.std() for values in given), len(pitch)], np.float64)


def _shares(counts: Int64[ndarray, " bins"]) -> Float64[ndarray, " bins"]:
    return counts / max(int(counts.sum()), 1)
