"""Lanes of the clip desk: what is known of one recording, each over the same seconds; and its wall of heads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from jaxtyping import Float, Int8, UInt8
from numpy import ndarray

from analysis.clips.tiles import Piece
from analysis.datasets.annotation_files import Annotation as Annotation
from analysis.errors import ShapeError

By = Literal["", "layer", "head"]  # what decides which of its sets a lane shows
Choice = tuple[int, ...]  # () for always, (layer,), or (layer, head); head 0 is the mean of all
OtherTime = Literal["", "window", "clip"]
LARGEST_THUMBNAIL = 48  # rows, and columns
FULL = 127  # the level of the loudest sample


@dataclass(frozen=True)
class Tick:
    """A label on the axis of a lane: `at` is the share of its height from the top."""

    at: float
    text: str


@dataclass(frozen=True)
class WindowSpan:
    """What a model read at once, in seconds of the clip; windows may overlap.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        padded_from_s: from where on it holds no sound but padding; None where all of it is sound.
    """

    start_s: float
    end_s: float
    padded_from_s: float | None = None


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
        side: the model or tower it belongs to, written on a tag; "" for what is of the recording itself.
        side_colour: of the tag, such as "#56B4E9"; "" lets the desk take the next one of its fixed order.
        note: a caution, one line under its title.
        recording: whose it is, where there are lanes of two; written on the tag.
        duration_s: of that recording; None for that of the desk.
        windows: in which that recording was read, drawn over what a model does; None for those of the desk.
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
    side: str = ""
    side_colour: str = ""
    note: str = ""
    recording: str = ""
    duration_s: float | None = None
    windows: Sequence[WindowSpan] | None = None

    @property
    def tag(self) -> str:
        """Whose it is, where that has to be said: the model or tower, and the recording."""
        return ", ".join(name for name in (self.side, self.recording) if name)

    @property
    def of_model(self) -> bool:
        """Whether it shows what a model does, so that its windows matter here."""
        return bool(self.by or self.side or len(self.borders))

    def choice(self, layer: int, head: int) -> Choice:
        """Which of its sets is shown for a layer and a head."""
        choices: dict[By, Choice] = {"": (), "layer": (layer,), "head": (layer, head)}
        return choices[self.by]


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
        along: what its rows are, with their unit, where they are no time; printed figures write it at the axis.
        row_names: names of the rows from the top, where they have some.
        sets: by choice, pictures from fine to coarse.
        special_names: of the rows that are no moment, such as a class token's, from the top.
        special: by choice, pictures of those rows from fine to coarse; drawn apart, above the rows of time.
    """

    kind: ClassVar[str] = "image"
    low: float
    high: float
    colours: str
    y_time: OtherTime = ""
    along: str = ""
    row_names: Sequence[str] = ()
    sets: Mapping[Choice, Sequence[Sequence[Piece]]]
    highs: Mapping[Choice, float] = field(default_factory=dict)
    special_names: Sequence[str] = ()
    special: Mapping[Choice, Sequence[Sequence[Piece]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for choice, levels in self.special.items():
            rows = {piece.levels.shape[0] for level in levels for piece in level}
            if rows != {len(self.special_names)}:
                raise ShapeError(
                    f"Lane {self.id!r} names {len(self.special_names)} special rows, but {sorted(rows)} were given for {choice}. "
                    "Give a name to every one of them."
                )


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
    """Quantities over time, from `low` to the largest number of the set that is shown, or what `lows` and `highs` have for it."""

    kind: ClassVar[str] = "curves"
    low: float
    sets: Mapping[Choice, Sequence[Series]]
    highs: Mapping[Choice, float] = field(default_factory=dict)
    lows: Mapping[Choice, float] = field(default_factory=dict)

    def lowest(self, choice: Choice) -> float:
        """Where the vertical axis begins."""
        return self.lows.get(choice, self.low)

    def high(self, choice: Choice) -> float:
        """Where the vertical axis ends: something above `low` where no number is."""
        largest = max((float(series.values.max(initial=self.low)) for series in self.sets.get(choice, ())), default=self.low)
        top = self.highs.get(choice, largest)
        return top if top > self.low else self.low + 1


@dataclass(frozen=True, kw_only=True)
class NoteLane(Lane):
    """A piano roll between two MIDI pitches; velocities, where they are known, are MIDI numbers too."""

    kind: ClassVar[str] = "notes"
    low: int
    high: int
    onsets_s: Float[ndarray, " notes"]
    offsets_s: Float[ndarray, " notes"]
    pitches: UInt8[ndarray, " notes"]
    velocities: UInt8[ndarray, " notes"] | None = None


@dataclass(frozen=True, kw_only=True)
class MarkLane(Lane):
    """Annotations such as beats, chords and sections."""

    kind: ClassVar[str] = "marks"
    marks: Sequence[Annotation] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class HeadWall:
    """A small picture of every head of every layer, on one scale of colours, with what it is like in numbers.

    Attributes:
        layers: their numbers, from the top, as in the choices of lanes.
        layer_names: what they are called.
        heads: their numbers, from the left; 1 for the first.
        thumbnails: levels, 0 for `low` or less and 255 for `high` or more; row 0 of each is on top; at most 48 x 48 cells each.
        low: number at level 0.
        high: number at level 255.
        unit: of these numbers.
        what: what a thumbnail shows, as a phrase: its axes and how cells were joined.
        colours: name of the scale.
        entropy_bits: mean entropy of a head's rows, in bits.
        distance_s: mean distance between query and key, weighted by attention, in seconds.
        score_name: of what a finder looked for; "" for none.
        scores: how much of it was found, from 0 to 1; None without a finder.
        nulls: what the same finder gives where there is nothing to find; None where that is not known.
        side: the model or tower it belongs to; "" where there is only one.

    Raises:
        ShapeError: the arrays are not of so many layers and heads, or thumbnails are too large.
    """

    layers: Sequence[int]
    layer_names: Sequence[str]
    heads: Sequence[int]
    thumbnails: UInt8[ndarray, "_layers _heads rows columns"]
    low: float
    high: float
    entropy_bits: Float[ndarray, "_layers _heads"]
    distance_s: Float[ndarray, "_layers _heads"]
    unit: str = "share of the query's attention"
    what: str = "keys to the right, queries upwards"
    colours: str = "viridis"
    score_name: str = ""
    scores: Float[ndarray, "_layers _heads"] | None = None
    nulls: Float[ndarray, "_layers _heads"] | None = None
    side: str = ""

    def __post_init__(self) -> None:
        expected = (len(self.layers), len(self.heads))
        if len(self.layer_names) != expected[0]:
            raise ShapeError(f"A wall of {expected[0]} layers has {len(self.layer_names)} names. Give every layer a name.")
        arrays = {"thumbnails": self.thumbnails, "entropy_bits": self.entropy_bits, "distance_s": self.distance_s}
        arrays |= {name: values for name, values in (("scores", self.scores), ("nulls", self.nulls)) if values is not None}
        for name, values in arrays.items():
            if values.shape[:2] != expected:
                raise ShapeError(f"{name} of a wall are of {values.shape[:2]} layers and heads; expected {expected}.")
        if max(self.thumbnails.shape[2:]) > LARGEST_THUMBNAIL:
            size = self.thumbnails.shape[2:]
            raise ShapeError(f"Thumbnails are {size} cells; expected at most {LARGEST_THUMBNAIL} each way. Join cells first.")
