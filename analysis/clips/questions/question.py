"""A question about one recording and what is needed to answer it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import torch
from jaxtyping import Float32
from numpy import ndarray

from analysis.clips.clock import Clock, clock_of
from analysis.clips.companions import Companions
from analysis.clips.heads.ablation import REPLACEMENTS, Replacement
from analysis.clips.probes import ClipProbes
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes, notes_from_rows
from analysis.errors import ConfigError, shown
from analysis.files import JsonObject
from analysis.models.tower import Model, Tower
from analysis.run import RunContext
from analysis.units import seconds_to_samples

KINDS = ("find", "remove", "patch", "attribute", "roll")
MOST_WINDOWS = 24


@dataclass(frozen=True)
class Question:
    """What is inquiry.

    Attributes:
        kind: "find" heads that follow the music, "remove" a head, "patch" a minimal pair, "attribute" to bands and times, or
            "roll" patterns out over the layers.
        at_s: a second of the window that is patched or attributed.
        layer: of the head that is removed, as the tower counts it.
        head: its number, from 1.
        how: what takes its place.
        change: of a minimal pair.
        dose: of the change.
        seed: of all that is drawn.
        probes: key of the probes whose readings are told of too; "" where none were fitted.
        other: key of the recording in which the head adds what takes its place, for "another clip"; "" for none.
    """

    kind: str
    at_s: float = 0.0
    layer: int = 1
    head: int = 1
    how: Replacement = "mean"
    change: str = "transposition"
    dose: float = 1.0
    seed: int = 0
    probes: str = ""
    other: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.how not in REPLACEMENTS:
            raise ConfigError(f"A question is one of {', '.join(KINDS)}, by {', '.join(REPLACEMENTS)}; got {self}.")
        if (self.how == "another clip") != bool(self.other):
            raise ConfigError(
                f"Another recording is named where a head is replaced by that of another clip, and only there; got {self}. "
                "Name one, or choose another replacement."
            )

    @classmethod
    def of(cls, document: JsonObject) -> "Question":
        """The question in a job's request.

        Raises:
            ConfigError: a field is unknown or of another kind.
        """
        defaults = asdict(cls("find"))
        known = {field.name for field in fields(cls)}
        if not document.keys() <= known or any(type(document[name]) not in (type(defaults[name]), int) for name in document):
            raise ConfigError(f"A question holds {', '.join(sorted(known))}; got {shown(dict(document))}.")
        return cls(**{name: type(defaults[name])(value) for name, value in document.items()})


@dataclass(frozen=True)
class ClipWindow:
    """A window of a recording, as towers take them.

    Attributes:
        recording: at the rate of the tower.
        performance: its notes; empty where they are not known.
        start_s: where it begins.
        length_s: its length.
    """

    recording: Waveform
    performance: Notes
    start_s: float
    length_s: float

    def waveform(self, sample_rate: int, duration_s: float) -> Float32[ndarray, " samples"]:
        """Its sound, silent after the end of the recording.

        Raises:
            ConfigError: another rate is asked for.
        """
        if sample_rate != self.recording.sample_rate:
            raise ConfigError(
                f"The recording is at {self.recording.sample_rate} Hz; {sample_rate} Hz were asked for. Resample it."
            )
        first, n = seconds_to_samples(self.start_s, sample_rate), seconds_to_samples(duration_s, sample_rate)
        part = np.array(self.recording.samples[first : first + n])
        return np.pad(part, (0, n - len(part)))

    def notes(self) -> Notes:
        """Notes that sound in it; times are those of the recording."""
        return self.performance.overlapping(self.start_s, self.start_s + self.length_s)


@dataclass(frozen=True, eq=False)
class Inquiry:
    """A question with all that its answer needs.

    Attributes:
        question: what is inquiry.
        model: in evaluation.
        twin: the untrained twin, on the same device.
        tower: name of the tower that hears.
        waveform: the recording, at its rate.
        companions: what belongs to it.
        clock: windows side by side.
        context: for progress and cancelling.
        probes: of the model and of its twin; None where none were fitted.
        other: another recording, at the rate of the tower; None where the question names none.
    """

    question: Question
    model: Model
    twin: Model
    tower: str
    waveform: Waveform
    companions: Companions
    clock: Clock
    context: RunContext
    probes: ClipProbes | None = None
    other: Waveform | None = None

    @property
    def reader(self) -> Tower:
        """The tower that hears."""
        return self.model.towers[self.tower]

    @property
    def device(self) -> torch.device:
        """Of the models."""
        return next(iter(self.model.parameters())).device

    @property
    def performance(self) -> Notes:
        """Notes of the recording; none where they are not known."""
        return self.companions.notes if self.companions.notes is not None else notes_from_rows([])

    @property
    def windows(self) -> list[ClipWindow]:
        """Windows that are wholly sound, or the only one; of many some, spread evenly."""
        spans = [span for span in self.clock.spans if span.padded_from_s is None] or list(self.clock.spans[:1])
        kept = (
            [spans[number * len(spans) // MOST_WINDOWS] for number in range(MOST_WINDOWS)] if len(spans) > MOST_WINDOWS else spans
        )
        return [self.window(span.start_s) for span in kept]

    @property
    def other_windows(self) -> list[ClipWindow]:
        """Windows of the other recording, chosen as `windows` are; none without one."""
        if self.other is None:
            return []
        clock = clock_of(self.other, self.reader.input)
        return replace(self, waveform=self.other, companions=Companions(), clock=clock, other=None).windows

    @property
    def windows_here(self) -> list[ClipWindow]:
        """Windows side by side around the question's second."""
        n = self.clock.n_windows
        first = min(max(0, self.clock.window_at(self.question.at_s) - MOST_WINDOWS // 2), max(0, n - MOST_WINDOWS))
        return [self.window(float(start)) for start in self.clock.starts_s[first : first + MOST_WINDOWS]]

    def window(self, start_s: float) -> ClipWindow:
        """The window that begins at a second."""
        return ClipWindow(self.waveform, self.performance, start_s, self.clock.window_s)

    @property
    def window_here(self) -> ClipWindow:
        """The window in which the question's second lies."""
        return self.window(float(self.clock.starts_s[self.clock.window_at(self.question.at_s)]))

    def marks_s(self, *words: str) -> ndarray | None:
        """Times of the first layer of annotations with such a word in its title; None for none."""
        for layer in self.companions.layers:
            if any(word in layer.title.lower() for word in words):
                return np.unique([mark.start_s for mark in layer.marks])
        return None

    def stage(self, number: int, stages: int, what: str) -> Callable[[], None]:
        """Say what is being done, and give what is to be called before every pass."""
        self.context.progress(number, stages, what)
        return self.context.cancel.check
