"""What a job's function is given beside its request: progress, cancellation, notices and the batch limit."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from analysis.errors import Cancelled


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


def tell_nobody(*_: object) -> None:
    """A listener for those who do not listen."""


@dataclass
class Context:
    """Given to every job's function as its second argument.

    Args:
        progress: told (pieces done, pieces in all, what is being done); cheap enough for every piece.
        cancel: to be checked between pieces of at most a second.
        notice: told a sentence that the user should read beside the result.
        batch_size_limit: no batch may be larger; `None` for no limit. `analysis.memory.halving` lowers it.
    """

    progress: Callable[[int, int, str], None] = tell_nobody
    cancel: Cancel = field(default_factory=Cancel)
    notice: Callable[[str], None] = tell_nobody
    batch_size_limit: int | None = None
