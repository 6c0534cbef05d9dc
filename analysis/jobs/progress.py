"""How far a job is, and how long the rest will take."""

import time
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """Completed pieces of `total`, what is being done, and the seconds left (`None` until two counts are known).

    `at` is the monotonic time of the last completed piece, in seconds.
    """

    done: int
    total: int
    what: str
    eta_s: float | None
    at: float

    def aged(self, now: float) -> "Progress":
        """The same with the seconds since the last piece taken off the time left."""
        if self.eta_s is None:
            return self
        return replace(self, eta_s=max(0.0, self.eta_s - (now - self.at)), at=now)


class Pace:
    """Time left from completed pieces alone.

    The clock starts at the first count that is reported, so that neither imports nor pieces found in the store are taken
    for work; a new total, or a count that falls, begins a new phase.
    """

    def __init__(self) -> None:
        self._first: tuple[int, int, float] | None = None
        self._last: Progress | None = None

    def update(self, done: int, total: int, what: str, now: float | None = None) -> Progress:
        """Take a report and return the progress it amounts to."""
        now = time.monotonic() if now is None else now
        last = self._last
        if self._first is None or last is None or total != last.total or done < last.done:
            self._first, last = (done, total, now), None
        elif done == last.done:  # the same piece, other words: the time left goes on counting down
            self._last = replace(last.aged(now), what=what)
            return self._last
        before, _, began = self._first
        eta = (now - began) / (done - before) * max(0, total - done) if done > before else None
        self._last = Progress(done, total, what, eta, now)
        return self._last
