"""What a study is given and what it gives back."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, cast

import numpy as np
import torch
from numpy import ndarray

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import WINDOW_S
from analysis.errors import CheckpointError
from analysis.files import JsonObject
from analysis.models.arms import proper
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model
from analysis.numbers import Value
from analysis.run import Cancel, RunContext
from analysis.store import Store

Weights = Literal["trained", "untrained"]
T = TypeVar("T")
MOST_MODELS = 8  # kept at a time: four checkpoints with their twins


@dataclass
class StudyRun:
    """What a running study works with; `code` is its version, a part of the keys of all that it alters."""

    checkpoints: Mapping[str, Checkpoint]
    corpus: Corpus
    device: torch.device
    store: Store | None = None
    context: RunContext = field(default_factory=RunContext)
    code: str = ""
    models: dict[tuple[str, str, str], Model] = field(default_factory=dict, repr=False, compare=False)
    shared: dict[Hashable, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ranked(self) -> tuple[str, ...]:
        """Names of the checkpoints of which one may be called the best: no controls, unless there is nothing else."""
        return proper({name: checkpoint.arm for name, checkpoint in self.checkpoints.items()})

    @property
    def every_model(self) -> list[tuple[Checkpoint, Literal["trained", "untrained"]]]:
        """Every checkpoint with its trained weights, followed by its untrained twin."""
        return [(checkpoint, weights) for checkpoint in self.checkpoints.values() for weights in ("trained", "untrained")]

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What does not depend on models but on the length of windows, made for the first of those that are measured in turn.

        Args:
            what: is made, with all that decides it beside the request.
            make: makes it; what it gives is not to be changed.
        """
        if (key := (what, self.window_s, self.stretch_s)) not in self.shared:
            self.shared[key] = make()
        return cast("T", self.shared[key])

    def model(self, checkpoint: Checkpoint, weights: Weights) -> Model:
        """The model on the device, ready for inference; the 8 used last are built once. Whoever changes it, changes it back.

        Raises:
            CheckpointError: the weights cannot be read.
        """
        key = checkpoint.name, checkpoint.sha256, weights
        if (model := self.models.pop(key, None)) is None:
            model = self.built(checkpoint, weights)
        self.models[key] = model
        while len(self.models) > MOST_MODELS:
            del self.models[next(iter(self.models))]
        return model

    def built(self, checkpoint: Checkpoint, weights: Weights) -> Model:
        """The model built anew, on the device and ready for inference, for whoever changes it.

        Raises:
            CheckpointError: the weights cannot be read.
        """
        return (checkpoint.model() if weights == "trained" else checkpoint.untrained_twin()).to(self.device).eval()

    @property
    def window_s(self) -> float:
        """Length of the windows that all its models can read: the longest that one of them was made for."""
        return self.window_s_of(self.checkpoints.values())

    @staticmethod
    def window_s_of(checkpoints: Iterable[Checkpoint]) -> float:
        """The longest window that one of these was made for, in seconds; 4 where there is none."""
        towers = [tower for checkpoint in checkpoints for tower in checkpoint.outline().towers.values()]
        return max((tower.input.window_s for tower in towers), default=WINDOW_S)

    @property
    def stretch_s(self) -> float:
        """Seconds from the start of a window that all its models hear: the shortest window that one of them was made for."""
        return self.stretch_s_of(self.checkpoints.values())

    @staticmethod
    def stretch_s_of(checkpoints: Iterable[Checkpoint]) -> float:
        """The shortest window that one of these was made for, in seconds; 4 where there is none."""
        towers = [tower for checkpoint in checkpoints for tower in checkpoint.outline().towers.values()]
        return min((tower.input.window_s for tower in towers), default=WINDOW_S)

    @property
    def sample_rate(self) -> int:
        """Highest rate in Hz at which one of its models reads sound; that of the corpus where none does."""
        towers = [tower for checkpoint in self.checkpoints.values() for tower in checkpoint.outline().towers.values()]
        rates = [tower.input.sample_rate for tower in towers if tower.modality == "audio"]
        return max(rates, default=self.corpus.sample_rate)

    def towers(self, checkpoint: Checkpoint) -> tuple[str, ...]:
        """Names of the towers of a model."""
        return tuple(checkpoint.outline().towers)

    @property
    def cancel(self) -> Cancel:
        """Looked at between steps."""
        return self.context.cancel

    @property
    def notice(self) -> Callable[[str], None]:
        """Told a sentence that the user should read beside the result."""
        return self.context.notice

    def step(self, done: int, total: int, what: str) -> None:
        """Say how far it is, and stop here if somebody asked to.

        Raises:
            Cancelled: somebody asked to.
        """
        self.context.step(done, total, what)

    def part(self, number: int, n_parts: int) -> "StudyRun":
        """The same for part `number` (from 0) of `n_parts` equally long ones: its steps count as fractions of all."""
        return replace(self, context=self.context.part(number, n_parts))


def refuse_not_finite(name: str, arrays: Iterable[ndarray]) -> None:
    """Refuse what a model computed where it is not finite: weights may be finite and overflow all the same.

    Raises:
        CheckpointError: a number is NaN or infinite.
    """
    if not all(np.isfinite(array).all() for array in arrays if array.dtype.kind == "f"):
        raise CheckpointError(f"The embeddings of {name} are not finite; it cannot be examined. Train it again.")


@dataclass(frozen=True)
class Answer:
    """What a study found, before its provenance is added."""

    headline: str
    values: Sequence[Value]
    tables: Mapping[str, Sequence[JsonObject]]
    arrays: Mapping[str, ndarray]
