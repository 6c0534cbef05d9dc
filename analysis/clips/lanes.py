"""Lanes of the clip desk: what is known of one recording, each over the same seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from jaxtyping import Float, Int8, UInt8
from numpy import ndarray

from analysis.clips.tiles import Piece

By = Literal["", "layer", "head"]  # what decides which of its sets a lane shows
Choice = tuple[int, ...]  # () for always, (layer,), or (layer, head); head 0 is the mean of all
OtherTime = Literal["", "window", "clip"]


@dataclass(frozen=True)
class Tick:
    """A label on the axis of a lane: `at` is the share of its height from the top."""

    at: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What all lanes have.

    Attributes:
        id: different from that of every other lane.
        title: names the quantity.
        unit: of its numbers; "" for pure ones.
        height: in pixels.
        by: which choice its sets belong to.
        ticks: of its vertical axis.
        borders: seconds at which windows begin and end that nothing reaches across; drawn as lines.
        empty: what is said where it has nothing to show.
    """

    kind: ClassVar[str]
    id: str
    title: str
    unit: str = ""
    height: int = 96
    by: By = ""
    ticks: Sequence[Tick] = ()
    borders: Sequence[float] = ()
    empty: str = "Not for this layer."


@dataclass(frozen=True)
class PeakLevel:
    """Lowest and highest sample of every run of `step_s` seconds, as whole parts of 1/127."""

    step_s: float
    low: Int8[ndarray, " runs"]
    high: Int8[ndarray, " runs"]


@dataclass(frozen=True, kw_only=True)
class WaveLane(Lane):
    """The sound; levels from fine to coarse."""

    kind: ClassVar[str] = "wave"
    levels: Sequence[PeakLevel]


@dataclass(frozen=True, kw_only=True)
class ImageLane(Lane):
    """A picture: spectrogram, attention, self-similarity.

    Attributes:
        low: number at level 0.
        high: number at level 255, where `highs` has none for the choice.
        highs: by choice, number at level 255.
        colours: name of the scale.
        y_time: what the vertical axis is, upwards: "window" for seconds of the window that a piece is of, "clip" for seconds of
            the clip, "" for no time.
        row_names: names of the rows from the top, where they have some.
        sets: by choice, pictures from fine to coarse.
    """

    kind: ClassVar[str] = "image"
    low: float
    high: float
    colours: str
    y_time: OtherTime = ""
    row_names: Sequence[str] = ()
    sets: Mapping[Choice, Sequence[Sequence[Piece]]]
    highs: Mapping[Choice, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """Numbers at rising times in seconds; `colour` is what it means: "audio", "midi", "joint" or "twin"."""

    name: str
    colour: str
    times_s: Float[ndarray, " points"]
    values: Float[ndarray, " points"]
    dashed: bool = False


@dataclass(frozen=True, kw_only=True)
class CurveLane(Lane):
    """Quantities over time, from `low` to the largest number of the set that is shown."""

    kind: ClassVar[str] = "curves"
    low: float
    sets: Mapping[Choice, Sequence[Series]]


@dataclass(frozen=True, kw_only=True)
class NoteLane(Lane):
    """A piano roll between two MIDI pitches."""

    kind: ClassVar[str] = "notes"
    low: int
    high: int
    onsets_s: Float[ndarray, " notes"]
    offsets_s: Float[ndarray, " notes"]
    pitches: UInt8[ndarray, " notes"]


@dataclass(frozen=True)
class Annotation:
    """A moment, or a stretch, with what it is called."""

    start_s: float
    end_s: float | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class MarkLane(Lane):
    """Annotations such as beats, chords and sections."""

    kind: ClassVar[str] = "marks"
    marks: Sequence[Annotation] = field(default_factory=tuple)
