"""What people have annotated of a recording: onsets, beats, keys and chords, with times in seconds from its start."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis.units import PITCH_CLASSES

Quality = Literal["maj", "min", "dim", "aug", "sus", "other", "none"]
KEYS = (*(f"{name} major" for name in PITCH_CLASSES), *(f"{name} minor" for name in PITCH_CLASSES))
CHORDS = (*(f"{name} maj" for name in PITCH_CLASSES), *(f"{name} min" for name in PITCH_CLASSES), "no chord")
NO_CHORD = 24


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats, and those of them that begin a bar; both rise."""

    beats_s: Float64[ndarray, " beats"]
    downbeats_s: Float64[ndarray, " bars"]


@dataclass(frozen=True)
class Key:
    """A key from `start_s` to `end_s`, None for the end of the recording; `number` 0–11 is major and 12–23 minor, from C."""

    start_s: float
    end_s: float | None
    number: int

    @property
    def name(self) -> str:
        """In words.

        >>> Key(0.0, None, 21).name
        'A minor'
        """
        return KEYS[self.number]


@dataclass(frozen=True)
class Chord:
    """A chord from `start_s` to `end_s`, None for the end of the recording.

    Attributes:
        root: pitch class from C; None where no chord sounds.
        quality: the triad that it has, "other" where it has none of these, "none" where no chord sounds.
        label: as it is annotated.
    """

    start_s: float
    end_s: float | None
    root: int | None
    quality: Quality
    label: str

    @property
    def maj_min(self) -> int | None:
        """Its number among `CHORDS`: 0–11 major, 12–23 minor, 24 no chord; None for what is none of these.

        >>> Chord(0.0, 1.0, 9, "min", "A:min7").maj_min, Chord(0.0, 1.0, 9, "dim", "A:dim").maj_min
        (21, None)
        """
        if self.root is None:
            return NO_CHORD
        return {"maj": self.root, "min": self.root + 12}.get(self.quality)


@runtime_checkable
class Annotated(Protocol):
    """Where annotations of a recording lie, and how they are read; of what is not annotated there is None.

    Errors of every method: CorpusError, where a file cannot be read or is not written as expected.
    """

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that there are, in a fixed order."""
        ...

    def onsets_s(self) -> Float64[ndarray, " onsets"] | None:
        """Of notes, one by one and in order."""
        ...

    def beats(self) -> Beats | None: ...
    def keys(self) -> tuple[Key, ...] | None: ...
    def chords(self) -> tuple[Chord, ...] | None: ...


def change_times(events: Sequence[Chord] | Sequence[Key]) -> Float64[ndarray, " changes"]:
    """When another chord (root or triad) or key begins than the last; the first of all is no change.

    >>> maj, seventh = Chord(0.0, 1.0, 0, "maj", "C"), Chord(1.0, 2.0, 0, "maj", "C:7")
    >>> change_times([maj, seventh, Chord(2.0, None, 5, "maj", "F")]).tolist()
    [2.0]
    """
    names = [(event.root, event.quality) if isinstance(event, Chord) else event.number for event in events]
    pairs = zip(names, names[1:], events[1:], strict=False)
    return np.array([event.start_s for before, name, event in pairs if name != before], np.float64)
