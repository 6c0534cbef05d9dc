"""Whether the notes that were added to a recording are those of it: what is said of it, and a lane."""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from analysis.clips.lanes import CurveLane, Series
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.descriptors.chroma import chroma, onset_strength
from analysis.descriptors.log_mel import HOP_LENGTH, log_mel
from analysis.measures.note_fit import LEVEL, NoteFit, note_fit
from analysis.units import true_minus

NOTABLE_OFFSET_S = 0.1
NOTABLE_LENGTH_S = 2.0


def fit_of(waveform: Waveform, notes: Notes, decibel: Float[ndarray, "bands frames"] | None = None) -> NoteFit:
    """How notes agree with a recording, see `analysis.measures.note_fit`.

    Args:
        waveform: the recording.
        notes: times in seconds of it.
        decibel: its log-mel spectrogram where that is at hand.
    """
    decibel = log_mel(waveform.samples, waveform.sample_rate)[1] if decibel is None else decibel
    classes, hop_s = chroma(waveform.samples, waveform.sample_rate), HOP_LENGTH / waveform.sample_rate
    return note_fit(classes, onset_strength(decibel), hop_s, notes, waveform.duration_s)


def warning(fit: NoteFit) -> str:
    """What is not as it should be: notes that do not fit, that are early or late, or another length; "" where all is well."""
    sentences: list[str] = []
    moved = None if fit.offset_s is None or abs(fit.offset_s) < NOTABLE_OFFSET_S else fit.offset_s
    where = "" if moved is None else f"they seem to begin {abs(moved):.2f} s {'late' if moved > 0 else 'early'}"
    if fit.fits is False:
        p = "" if fit.p is None else f", p = {true_minus(fit.p, '.2g')}"
        shifted = true_minus(float(fit.null_overall.mean()), ".2f")
        at_random = f"{true_minus(fit.overall, '.2f')}, shifted in time {shifted} on average{p}"
        sentences.append(f"The notes do not fit the sound (agreement {at_random}){f': {where}' if where else ''}.")
    elif where:
        sentences.append(f"{where.replace('they', 'The notes', 1)}.")
    if abs(fit.longer_s) > NOTABLE_LENGTH_S:
        sentences.append(f"They end {abs(fit.longer_s):.1f} s {'after' if fit.longer_s > 0 else 'before'} the recording.")
    return " ".join(sentences) if len(sentences) != 1 else sentences[0].replace("They end", "The notes end")


def fit_lane(fit: NoteFit) -> CurveLane:
    """Agreement of sound and notes second by second, beside what 95 % of the shifts stay below; no set where nothing agrees."""
    known, null = ~np.isnan(fit.agreement), ~np.isnan(fit.null_high)
    lowest = min([0.0, *fit.agreement[known].tolist(), *fit.null_high[null].tolist()])
    series = [
        _series(fit, "these notes", "joint", fit.agreement, known),
        _series(fit, f"{1 - LEVEL:.0%} of {len(fit.null_overall)} shifts in time", "twin", fit.null_high, null),
    ]
    overall, p = true_minus(fit.overall, ".2f"), "too short for a p" if fit.p is None else f"p = {true_minus(fit.p, '.2g')}"
    left_out = "" if not fit.n_brief else f" Left out for too little sound: {fit.n_brief} s."
    return CurveLane(
        id="note_fit", title="Agreement of sound and notes", unit="−1 to 1", height=72, low=lowest,
        sets={(): series} if known.any() else {},
        note=f"Pitch classes and onsets, by second; of the whole recording {overall}, {p}.{left_out}",
        empty="No note sounds in this recording.",
    )  # fmt: skip


def _series(fit: NoteFit, name: str, colour: str, values: ndarray, known: Bool[ndarray, " seconds"]) -> Series:
    return Series(name, colour, fit.times_s[known], values[known], dashed=colour == "twin")
