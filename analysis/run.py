"""What a computation is given beside its request: whom it tells how far it is, whether to stop, how large a batch may be."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from analysis.errors import Cancelled

Progress = Callable[[int, int, str], None]
Metrics = Callable[[int, Mapping[str, float]], None]
PART_STEPS = 100


def ignore(*_: object) -> None:
    """Take anything and do nothing."""


class Cancel:
    """A flag that one thread raises and the computation looks at."""

    def __init__(self) -> None:
        self._flag = threading.Event()

    def request(self) -> None:
        """Ask to stop."""
        self._flag.set()

    @property
    def requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._flag.is_set()

    def check(self) -> None:
        """Stop here if somebody asked to.

        Raises:
            Cancelled: somebody asked to stop.
        """
        if self._flag.is_set():
            raise Cancelled("Cancelled.")


@dataclass
class RunContext:
    """Given to everything that takes long.

    Attributes:
        progress: told (steps done, steps in all, what is being done); cheap enough for every step.
        cancel: looked at between steps of at most a second.
        notice: told a sentence that the user should read beside the result.
        batch_size_limit: no batch may be larger; None for no limit. `analysis.memory.halving` lowers it.
        metrics: told (step, {name: number}) of what can be drawn over the steps, such as the loss of training.
    """

    progress: Progress = ignore
    cancel: Cancel = field(default_factory=Cancel)
    notice: Callable[[str], None] = ignore
    batch_size_limit: int | None = None
    metrics: Metrics = ignore

    def step(self, done: int, total: int, what: str) -> None:
        """Say how far it is, and stop here if somebody asked to.

        Raises:
            Cancelled: somebody asked to.
        """
        self.cancel.check()
        self.progress(done, total, what)

    def part(self, number: int, n_parts: int) -> "RunContext":
        """The context of part `number` (from 0) of `n_parts` equally long ones: its steps count as fractions of all.

        >>> steps = []
        >>> RunContext(lambda *step: steps.append(step)).part(1, 4).step(1, 2, "half of the second quarter")
        >>> steps
        [(150, 400, 'half of the second quarter')]
        """

        def within(done: int, total: int, what: str) -> None:
            self.progress(round(PART_STEPS * (number + done / max(total, 1))), PART_STEPS * n_parts, what)

        return replace(self, progress=within)
