"""One row per window and layer: activations averaged over tokens, of windows as they are or altered, kept in the store."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from jaxtyping import Float
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import SIDES as SIDES
from analysis.models.config import Side as Side
from analysis.models.sides import tower_of as tower_of
from analysis.models.tower import LAYERS, Model
from analysis.readings.reader import AS_IT_IS as AS_IT_IS
from analysis.readings.reader import Altered as Altered
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun, Weights

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class BySide(Generic[T]):
    """One and the same thing of the audio side and of the MIDI side.

    >>> BySide(3, 4).map(str)
    BySide(audio='3', midi='4')
    """

    audio: T
    midi: T

    @classmethod
    def of_each(cls, make: Callable[[Side], T]) -> "BySide[T]":
        """What is made for the audio side first, then for the MIDI side."""
        return cls(make("audio"), make("midi"))

    def of(self, side: Side) -> T:
        """That of one side."""
        return self.audio if side == "audio" else self.midi

    def map(self, change: Callable[[T], U]) -> "BySide[U]":
        """Both, changed alike."""
        return BySide(change(self.audio), change(self.midi))

    def items(self) -> Iterator[tuple[Side, T]]:
        """Sides with what they have, in the order of `SIDES`."""
        return ((side, self.of(side)) for side in SIDES)


def layers_of(model: Model, tower: str) -> tuple[str, ...]:
    """Taps of one tower: input of block 1, output of every block, embedding."""
    return tuple(tap.name for tap in model.towers[tower].taps() if tap.kind in LAYERS)


def layer_means(
    study_run: StudyRun,
    checkpoint: Checkpoint,
    segments: Sequence[Segment],
    weights: Weights,
    tower: str,
    taps: Sequence[str] = (),
    altered: Altered = AS_IT_IS,
    *,
    pooling: str = "",
    keep: bool = True,
) -> dict[str, Float[ndarray, "n d"]]:
    """Tokens pooled (padding left out) at taps of one tower, fp32 `(windows, d)` each; the embedding as it is.

    Args:
        study_run: where the study works.
        checkpoint: whose model.
        segments: windows.
        weights: trained, or those of the untrained twin.
        tower: its name; `tower_of` knows that of a side.
        taps: of `layers_of`; empty for all of them.
        altered: what is changed on the way in.
        pooling: of `analysis.models.poolings`; "" for the mean.
        keep: whether the store is to have them.

    Raises:
        ConfigError, CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `Reader.rows`.
    """
    chosen = tuple(taps) or layers_of(checkpoint.outline(), tower)
    return Reader(study_run, checkpoint, weights, keep=keep).rows(segments, {tower: chosen}, altered, pooling)
