"""Sound and notes on the same frames, and how a frame of one agrees with a frame of the other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from analysis.datasets.midi import Notes

N_CLASSES = 12
SOUNDING = 1e-3  # of the loudest frame, −60 dB
AROUND = 2  # frames either way in which an onset may be


@dataclass(frozen=True)
class Heard:
    """Pitch classes of the sound, less their mean and of length 1 in every frame; rank of the onset strength, from −1 to 1.

    Frames in which nothing sounds are 0, and not `active`.
    """

    classes: Float[ndarray, "12 frames"]
    onset_rank: Float[ndarray, " frames"]
    active: Bool[ndarray, " frames"]

    @property
    def n(self) -> int:
        """Frames."""
        return len(self.active)

    @classmethod
    def of(cls, chroma: Float[ndarray, "12 frames"], strength: Float[ndarray, " frames"]) -> "Heard":
        """From amplitudes of pitch classes and onset strength; among sounding frames an onset rank is 0 on average."""
        level = np.linalg.norm(chroma, axis=0)
        active = level > SOUNDING * level.max(initial=0.0)
        widest = np.lib.stride_tricks.sliding_window_view(np.pad(strength, AROUND, mode="edge"), 2 * AROUND + 1).max(axis=1)
        among = np.sort(widest[active])
        below, upto = (np.searchsorted(among, widest, side) for side in ("left", "right"))
        rank = (below + upto) / max(1, len(among)) - 1
        return cls(_unit(chroma) * active, np.where(active, rank, 0.0), active)


@dataclass(frozen=True)
class Written:
    """Pitch classes of the notes that sound, as `Heard.classes`; how many notes begin in every frame."""

    classes: Float[ndarray, "12 frames"]
    onsets: Float[ndarray, " frames"]
    active: Bool[ndarray, " frames"]

    def rolled(self, frames: int) -> "Written":
        """Later by so many frames, and what leaves at the end comes in at the beginning."""
        return Written(*(np.roll(each, frames, axis=-1) for each in self.parts))

    @property
    def parts(self) -> tuple[ndarray, ndarray, ndarray]:
        """All of it."""
        return self.classes, self.onsets, self.active


def moved(sound: Heard, written: Written, frames: int) -> tuple[Heard, Written]:
    """The frames in which there are both when notes are later by so many."""
    in_sound, in_notes = slice(max(frames, 0), sound.n + min(frames, 0)), slice(max(-frames, 0), sound.n - max(frames, 0))
    heard = sound.classes, sound.onset_rank, sound.active
    return Heard(*(each[..., in_sound] for each in heard)), Written(*(each[..., in_notes] for each in written.parts))


def write(notes: Notes, hop_s: float, n: int) -> Written:
    """Notes in `n` frames of `hop_s` seconds; what is outside is left out."""
    roll, onsets = np.zeros((N_CLASSES, n)), np.zeros(n)
    first = np.round(notes.onset_s / hop_s).astype(int)
    last = np.maximum(np.round(notes.offset_s / hop_s).astype(int), first + 1)
    for begin, end, pitch in zip(first, last, notes.pitch, strict=True):
        if begin < n and end > 0:
            roll[pitch % N_CLASSES, max(begin, 0) : end] = 1.0
    inside = (first >= 0) & (first < n)
    np.add.at(onsets, first[inside], 1.0)
    return Written(_unit(roll), onsets, roll.any(axis=0))


Pairs = tuple[ndarray, ndarray, ndarray, ndarray]  # correlation by frame, where it counts, onset ranks by frame, how often


def pair(sound: Heard, written: Written) -> Pairs:
    """By frame: correlation of pitch classes and whether there is one; onset ranks times onsets, and onsets."""
    both = sound.active & written.active
    return np.einsum("cf,cf->f", sound.classes, written.classes), both, sound.onset_rank * written.onsets, _counted(sound, written)


def mean_of(pairs: Pairs, groups: ndarray | None = None) -> Float[ndarray, " groups"]:
    """Mean of the mean correlation and the mean onset rank, of those that there are, by group of frames; NaN for neither."""
    groups = np.zeros(len(pairs[0]), int) if groups is None else groups
    correlation, both, ranks, onsets = (np.bincount(groups, each.astype(float)) for each in pairs)
    with np.errstate(invalid="ignore"):
        terms = np.stack([correlation / both, ranks / onsets])
    known = ~np.isnan(terms)
    with np.errstate(invalid="ignore"):
        return np.where(known, terms, 0.0).sum(axis=0) / np.where(known.any(axis=0), known.sum(axis=0), np.nan)


def _counted(sound: Heard, written: Written) -> ndarray:
    """Onsets at which something sounds: silence at the ends of a recording shall not decide."""
    return written.onsets * sound.active


def _unit(classes: Float[ndarray, "12 frames"]) -> Float[ndarray, "12 frames"]:
    """Less the mean over pitch classes, of length 1; 0 where all are equal."""
    centred = classes - classes.mean(axis=0)
    norm = np.linalg.norm(centred, axis=0)
    return (centred / np.where(norm > 0, norm, 1.0)).astype(np.float32)
