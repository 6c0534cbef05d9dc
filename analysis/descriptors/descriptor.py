"""What a descriptor is: a hand-made quantity of a window, with its positions, its features and the way it is computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

Reads = Literal["audio", "notes"]


@runtime_checkable
class Notes(Protocol):
    """Notes of several windows, padded to the longest; `mask` is True where there is a note."""

    @property
    def pitch(self) -> Tensor: ...
    @property
    def velocity(self) -> Tensor: ...
    @property
    def duration(self) -> Tensor: ...
    @property
    def mask(self) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Axis:
    """Positions within one window, of tokens or of a descriptor.

    Attributes:
        name: whose they are, such as "CNN" or "A4".
        unit: what one of them is, such as "CNN frame" or "note".
        times_s: their centres in seconds from the window's start; None where there are as many as the window has notes.
        reach_s: how much sound one of them sees; 0 of notes.
    """

    name: str
    unit: str
    times_s: Float[ndarray, " positions"] | None = None
    reach_s: float = 0.0

    @property
    def n(self) -> int | None:
        """How many there are; None where there are as many as the window has notes."""
        return None if self.times_s is None else len(self.times_s)

    @property
    def token(self) -> str:
        """One of them as a token of a transformer.

        >>> Axis("A4", "A4 frame").token
        'A4 token'
        """
        return f"{self.name} token"


@dataclass(frozen=True)
class Look:
    """How the values of a descriptor are drawn.

    Attributes:
        called: what its features are, in the plural.
        features: names along its width, from the bottom up.
        along: what these are, with their unit.
        unit: of the values.
        low, high: values at which the colours end; from −x to x they have a middle.
        edges_hz: where features are frequency bands side by side, their edges; else empty.
    """

    called: str
    features: tuple[str, ...]
    along: str
    unit: str
    low: float
    high: float
    edges_hz: tuple[float, ...] = ()


@dataclass(frozen=True)
class Descriptor:
    """A descriptor. One module makes one, and `analysis.descriptors.registry` lists it.

    Attributes:
        name: an identifier, such as "A4"; in lower case it begins the names of what a model keeps for it.
        reads: the waveform, or the notes.
        width: features per position.
        axis: its positions within a window of so many samples at a rate in Hz; those of notes have no times.
        compute: (waveform `(batch, samples)` or notes, rate in Hz) → `(batch, positions, width)`, zeros where there is no note.
            It has no weights, and in every window depends on this window alone.
        source: where the formula is from.
        look: how it is drawn.
        about: what it tells, and what to know of its picture, in a sentence or two.
        has_mean_zero: whether its mean over the positions of a window is 0 by construction.
    """

    name: str
    reads: Reads
    width: int
    axis: Callable[[int, int], Axis]
    compute: Callable[[Any, int], Float[Tensor, "batch positions width"]]
    source: str
    look: Look
    about: str = ""
    has_mean_zero: bool = False

    @property
    def key(self) -> str:
        """How the names of a model's modules and taps for it begin."""
        return self.name.lower()
