"""A recording heard by a model, its untrained twin and, where asked for, one more; models are opened once for many recordings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from analysis.clips.audio_tower import audio_tower
from analysis.clips.clip_lanes import Listening, Side
from analysis.clips.clock import clock_of
from analysis.clips.read import read_clip
from analysis.clips.reading import ClipReading, listed
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.errors import AudioError, ShapeError
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model

UNTRAINED = "untrained twin"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Other:
    """A model that is drawn beside, and its name."""

    name: str
    model: Model


@dataclass(frozen=True)
class Listeners:
    """Who reads: a checkpoint's model, its untrained twin, and one more that is drawn beside; None for no more."""

    checkpoint: Checkpoint
    model: Model
    twin: Model
    beside: Other | None = None

    @property
    def sample_rate(self) -> int:
        """What the tower hears, in Hz."""
        return audio_tower(self.model).input.sample_rate


@dataclass(frozen=True)
class Look:
    """What of a recording is looked at.

    Attributes:
        layer: from 1, 0 for a cross-attention before the blocks; None for 1, or the first where the tower has no 1.
        head: from 1; 0 for the mean of all.
        at_s: a second, whose window's attention is exact.
        overlap: of the windows, a name of `analysis.clips.clock.OVERLAPS`.
    """

    layer: int | None = None
    head: int = 0
    at_s: float = 0.0
    overlap: str = "none"


def open_listeners(checkpoint: Checkpoint, beside: Checkpoint | None = None, *, twin_beside: bool = False) -> Listeners:
    """Open the models.

    Args:
        checkpoint: whose model reads.
        beside: another, drawn beside; None for none.
        twin_beside: draw the untrained twin beside instead.

    Raises:
        CheckpointError: weights cannot be read.
        ShapeError: a model has no tower that hears.
    """
    model, twin = checkpoint.model(), checkpoint.untrained_twin()
    audio_tower(model)
    if twin_beside:
        return Listeners(checkpoint, model, twin, Other(UNTRAINED, twin))
    if beside is None:
        return Listeners(checkpoint, model, twin)
    other = beside.model()
    audio_tower(other)
    return Listeners(checkpoint, model, twin, Other(str(beside.name), other))


def listen(listeners: Listeners, waveform: Waveform, look: Look, progress: Progress | None = None) -> Listening:
    """What the models do with a recording.

    Args:
        listeners: who reads.
        waveform: at the rate of the first one's tower.
        look: what is looked at; all but the overlap is checked and kept.
        progress: given (windows read, windows to read) of all models together.

    Raises:
        AudioError: the recording has ended before the second that is looked at.
        ConfigError: there is no such overlap.
        ShapeError: there is no such layer or head.
        CheckpointError: what a model computes is not finite.
    """
    if not 0 <= look.at_s < waveform.duration_s:
        raise AudioError(
            f"There is no second {look.at_s:g} in a clip of {waveform.duration_s:.1f} s. Give one from 0 to below that."
        )
    reads = _Reads(listeners, waveform, look.overlap, progress)
    trained = reads.read(listeners.model, waveform)
    layer = _checked(trained, look)
    twin = reads.read(listeners.twin, waveform)
    patterns = WindowPatterns(listeners.model, waveform, look.overlap)
    return Listening(waveform, trained, twin, patterns, _beside(listeners, waveform, twin, reads), layer, look.head)


class _Reads:
    """Readings one after the other, under one count of windows."""

    def __init__(self, listeners: Listeners, waveform: Waveform, overlap: str, progress: Progress | None) -> None:
        self.overlap, self.progress, self.done = overlap, progress, 0
        models = [listeners.model, listeners.twin, *_further(listeners)]
        clocks = (clock_of(waveform.at_rate(tower.input.sample_rate), tower.input, overlap) for tower in map(audio_tower, models))
        self.total = sum(clock.n_windows for clock in clocks) if progress is not None else 0

    def read(self, model: Model, waveform: Waveform) -> ClipReading:
        reading = read_clip(model, waveform, self.overlap, self._progress)
        self.done += reading.clock.n_windows
        return reading

    def _progress(self, done: int, _of_this: int) -> None:
        if self.progress is not None:
            self.progress(self.done + done, self.total)


def _further(listeners: Listeners) -> Iterator[Model]:
    """The model beside, where it is not the twin, which reads anyway."""
    if listeners.beside is not None and listeners.beside.model is not listeners.twin:
        yield listeners.beside.model


def _beside(listeners: Listeners, waveform: Waveform, twin: ClipReading, reads: _Reads) -> Side | None:
    if (other := listeners.beside) is None:
        return None
    at_its_rate = waveform.at_rate(audio_tower(other.model).input.sample_rate)
    reading = twin if other.model is listeners.twin else reads.read(other.model, at_its_rate)
    return Side(other.name, reading, WindowPatterns(other.model, at_its_rate, reads.overlap))


def _checked(reading: ClipReading, look: Look) -> int:
    """The layer that is looked at: of those that attend, else of the states."""
    numbers = reading.numbers or tuple(range(len(reading.states)))
    layer = look.layer
    if layer is None:
        layer = 1 if 1 in numbers or not numbers else numbers[0]
    if reading.layers:
        n_heads = reading.layer(layer).n_heads
        if not 0 <= look.head <= n_heads:
            raise ShapeError(f"There is no head {look.head}: expected 0 for the mean, or 1 to {n_heads}.")
    elif look.head:
        raise ShapeError(f"There is no head {look.head}: this tower does not attend. Leave the head out.")
    elif numbers and layer not in numbers:
        raise ShapeError(f"There is no layer {layer}: expected {listed(numbers)}.")
    return layer
