"""Whether a model that pairs sound with notes finds, among the windows of a recording, the notes that each of them holds."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from analysis.clips.clock import clock_of
from analysis.clips.lanes import CurveLane, Series
from analysis.clips.read import Check
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes
from analysis.errors import ShapeError
from analysis.models.tower import Model
from analysis.readings.embeddings import spread

FEWEST, MOST = 2, 64  # windows


@dataclass(frozen=True)
class OwnNotes:
    """Scores of the sound of windows with the notes of windows.

    Attributes:
        times_s: middles of the windows.
        scores: `Model.score` of the sound of every window (rows) with the notes of every window (columns).
        n_windows: in which notes sound, those that were left out included.
    """

    times_s: Float[ndarray, " windows"]
    scores: Float[ndarray, "windows windows"]
    n_windows: int

    def __post_init__(self) -> None:
        if len(self.scores) < FEWEST:
            raise ShapeError(f"Own notes need {FEWEST} windows or more to be told from others; got {len(self.scores)}.")

    @property
    def own(self) -> Float[ndarray, " windows"]:
        """Score of every window's sound with its own notes."""
        return np.diagonal(self.scores).copy()

    @property
    def others(self) -> Float[ndarray, " windows"]:
        """Mean score of every window's sound with the notes of all other windows: the control."""
        return (self.scores.sum(axis=1) - self.own) / (len(self.scores) - 1)

    @property
    def ranks(self) -> Int[ndarray, " windows"]:
        """Rank of a window's own notes among all, 1 for the best; those that score the same count as better."""
        return (self.scores >= self.own[:, None]).sum(axis=1)

    @property
    def n_found(self) -> int:
        """Windows whose own notes score highest; by chance it is one of them all."""
        return int((self.ranks == 1).sum())


@dataclass(frozen=True)
class _Window:
    """As much of a window as towers look at."""

    start_s: float
    samples: ndarray = field(repr=False)
    written: Notes = field(repr=False)

    def waveform(self, sample_rate: int, duration_s: float) -> ndarray:
        del sample_rate, duration_s  # it was cut for the tower
        return self.samples

    def notes(self) -> Notes:
        return self.written


def pair_with_notes(model: Model) -> tuple[str, str, bool] | None:
    """Names of the towers of sound and of notes that a model pairs, and whether sound is the first; None where it does not."""
    for first, second in model.pairs:
        kinds = model.towers[first].modality, model.towers[second].modality
        if kinds == ("audio", "notes"):
            return first, second, True
        if kinds == ("notes", "audio"):
            return second, first, False
    return None


@torch.no_grad()
def own_notes(model: Model, waveform: Waveform, notes: Notes, most: int = MOST, check: Check | None = None) -> OwnNotes | None:
    """Score every window of a recording with its own notes and with those of the others; windows do not overlap.

    Args:
        model: that reads.
        waveform: at the rate of its audio tower.
        notes: of the recording.
        most: windows, evenly over those in which notes sound.
        check: called before every window, so that it can raise.

    Returns:
        None where the model pairs no sound with notes, or fewer than 2 windows have notes.

    Raises:
        ShapeError: the recording is at another rate.
    """
    if (pair := pair_with_notes(model)) is None:
        return None
    sound, written, sound_first = pair
    clock = clock_of(waveform, model.towers[sound].input)
    cut = clock.cut(waveform)
    all_windows = [
        _Window(
            float(start_s), samples, notes.overlapping(float(start_s), min(float(start_s) + clock.window_s, clock.duration_s))
        )
        for start_s, samples in zip(clock.starts_s, cut, strict=True)
    ]
    having = [window for window in all_windows if len(window.written)]
    windows = spread(having, max(most, FEWEST))
    if len(windows) < FEWEST:
        return None
    heard, read = (_embeddings(model, tower, windows, check) for tower in (sound, written))
    scores = model.score(heard, read) if sound_first else model.score(read, heard).T
    middles = np.array([window.start_s for window in windows]) + clock.window_s / 2
    return OwnNotes(middles, scores.double().cpu().numpy(), len(having))


def _embeddings(model: Model, name: str, windows: list[_Window], check: Check | None) -> Tensor:
    """One window at a time, so that what one gives does not depend on the others."""
    tower, device, rows = model.towers[name], next(iter(model.parameters())).device, []
    for window in windows:
        if check is not None:
            check()
        rows.append(tower(tower.collate([window]).to(device)).float())
    return torch.cat(rows)


def own_notes_lane(trained: OwnNotes, twin: OwnNotes | None) -> CurveLane:
    """How well sound fits its own notes over the recording, beside notes of its other windows and the untrained twin."""
    series = [
        Series("its own notes", "joint", trained.times_s, trained.own),
        Series("notes of other windows, mean", "midi", trained.times_s, trained.others, dashed=True),
    ]
    if twin is not None:
        series.append(Series("untrained twin, its own notes", "twin", twin.times_s, twin.own, dashed=True))
    lowest = min(float(each.values.min()) for each in series)
    return CurveLane(
        id="own_notes", title="Does it hear its own notes?", unit="score of sound with notes", height=72, low=min(0.0, lowest),
        side="joint space", sets={(): series}, note=match_text(trained, twin),
    )  # fmt: skip


def match_text(trained: OwnNotes, twin: OwnNotes | None) -> str:
    """How often a window's own notes score highest, beside the untrained twin and chance, and their rank."""
    n = len(trained.scores)
    control = "" if twin is None else f"untrained twin: {twin.n_found}; "
    some = f", spread over {trained.n_windows}" if trained.n_windows > n else ""
    return (
        f"Own notes score highest in {trained.n_found} of {n} windows{some} ({control}by chance: 1); "
        f"median rank {float(np.median(trained.ranks)):g} of {n}."
    )
