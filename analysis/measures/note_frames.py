"""Sound and notes on the same frames, and how a frame of one agrees with a frame of the other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from analysis.datasets.midi import Notes

N_CLASSES = 12
SOUNDING = 1e-3  # of the loudest frame, −60 dB
AROUND = 2  # frames either way in which an onset may be


@dataclass(frozen=True)
class SoundFrames:
    """What sounds, by frame.

    Attributes:
        classes: pitch classes less their mean and of length 1; 0 where nothing sounds.
        onset_rank: of the onset strength among sounding frames, from −1 to 1; 0 where nothing sounds.
        active: 1 where something sounds, else 0.
    """

    classes: Float[ndarray, "frames 12"]
    onset_rank: Float[ndarray, " frames"]
    active: Float[ndarray, " frames"]

    @classmethod
    def of(cls, chroma: Float[ndarray, "12 frames"], strength: Float[ndarray, " frames"]) -> "SoundFrames":
        """From amplitudes of pitch classes and onset strength."""
        level = np.linalg.norm(chroma, axis=0)
        active = level > SOUNDING * level.max(initial=0.0)
        widest = np.lib.stride_tricks.sliding_window_view(np.pad(strength, AROUND, mode="edge"), 2 * AROUND + 1).max(axis=1)
        among = np.sort(widest[active])
        below, upto = (np.searchsorted(among, widest, side) for side in ("left", "right"))
        rank = (below + upto) / max(1, len(among)) - 1
        return cls(_unit(chroma.T) * active[:, None], np.where(active, rank, 0.0), active.astype(float))


@dataclass(frozen=True)
class NoteFrames:
    """What is written, by frame: pitch classes as of `SoundFrames`, how many notes begin, and 1 where a note sounds, else 0."""

    classes: Float[ndarray, "frames 12"]
    onsets: Float[ndarray, " frames"]
    active: Float[ndarray, " frames"]

    def rolled(self, frames: int) -> "NoteFrames":
        """Later by so many frames, and what leaves at the end comes in at the beginning."""
        return NoteFrames(*(np.roll(each, frames, axis=0) for each in (self.classes, self.onsets, self.active)))


def write(notes: Notes, hop_s: float, n: int) -> NoteFrames:
    """Notes in `n` frames of `hop_s` seconds; what is outside is left out."""
    roll, onsets = np.zeros((n, N_CLASSES)), np.zeros(n)
    first = np.round(notes.onset_s / hop_s).astype(int)
    last = np.maximum(np.round(notes.offset_s / hop_s).astype(int), first + 1)
    for begin, end, pitch in zip(first, last, notes.pitch, strict=True):
        if begin < n and end > 0:
            roll[max(begin, 0) : end, pitch % N_CLASSES] = 1.0
    inside = (first >= 0) & (first < n)
    np.add.at(onsets, first[inside], 1.0)
    return NoteFrames(_unit(roll), onsets, roll.any(axis=1).astype(float))


def agreement(sound: SoundFrames, written: NoteFrames, later: int = 0) -> float:
    """Mean of the mean correlation of pitch classes and the mean onset rank, of those that there are; NaN for neither.

    Args:
        sound: by frame.
        written: by frame.
        later: by how many frames the notes are moved; what leaves is gone.
    """
    n = len(sound.active)
    of_sound, of_notes = slice(max(later, 0), n + min(later, 0)), slice(max(-later, 0), n - max(later, 0))
    active, onsets = sound.active[of_sound], written.onsets[of_notes]
    sums = (
        np.vdot(sound.classes[of_sound], written.classes[of_notes]), active @ written.active[of_notes],
        sound.onset_rank[of_sound] @ onsets, active @ onsets,
    )  # fmt: skip
    return float(_joined([np.array([each]) for each in sums])[0])


def agreement_of_groups(sound: SoundFrames, written: NoteFrames, groups: Int[ndarray, " frames"]) -> Float[ndarray, " groups"]:
    """`agreement` within groups of frames, whose numbers begin at 0."""
    by_frame = (
        np.einsum("fc,fc->f", sound.classes, written.classes), sound.active * written.active,
        sound.onset_rank * written.onsets, sound.active * written.onsets,
    )  # fmt: skip
    return _joined([np.bincount(groups, each) for each in by_frame])


def _joined(sums: Sequence[ndarray]) -> ndarray:
    """From sums of correlations, their number, sums of onset ranks, their number. Silence at the ends never counts."""
    correlation, both, ranks, onsets = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.stack([np.where(both > 0, correlation / both, np.nan), np.where(onsets > 0, ranks / onsets, np.nan)])
        known = ~np.isnan(terms)
        return np.where(known, terms, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)


def _unit(classes: Float[ndarray, "frames 12"]) -> Float[ndarray, "frames 12"]:
    """Less the mean over pitch classes, of length 1; 0 where all are equal."""
    centred = classes - classes.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    return (centred / np.where(norm > 0, norm, 1.0)).astype(np.float32)
