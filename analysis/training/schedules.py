"""Learning-rate factors over a run, all with linear warm-up.

Source: arXiv 2604.10283, appendix D; what it leaves open is taken from how the authors' runs were configured.
"""

import math
from dataclasses import dataclass

from analysis.errors import ConfigError

SCHEDULES = ("cosine", "cosine-tail", "trapezoidal")
ENDS = ("cosine", "linear")


@dataclass(frozen=True)
class Schedule:
    """How the learning rate rises and falls.

    cosine: from 1 to 0. cosine-tail: the cosine of a run of `reference_steps` until it touches `floor`, then linearly to
    `tail_end` at the last step; a run that ends before it touches `floor` has no tail. trapezoidal: 1 for a share `hold` of the
    steps after warm-up, then to 0 along `end`.

    Attributes:
        warmup: steps in which the factor rises linearly.
        floor: factor at which the tail begins.
        tail_end: factor of the last step of a tail.
        reference_steps: length of the run whose cosine a tail leaves; 0 for half of the run, as in the source (30 of 60 epochs).
        hold: share of the steps after warm-up.
        end: cosine, or linear.

    Raises:
        ConfigError: a setting is unknown or out of its range.
    """

    name: str = "cosine"
    warmup: int = 0
    floor: float = 0.10
    tail_end: float = 0.02
    reference_steps: int = 0
    hold: float = 0.5
    end: str = "cosine"

    def __post_init__(self) -> None:
        if self.name not in SCHEDULES:
            raise ConfigError(f"Unknown schedule {self.name!r}: expected one of {', '.join(SCHEDULES)}.")
        if self.end not in ENDS:
            raise ConfigError(f"Unknown end {self.end!r} of a schedule: expected one of {', '.join(ENDS)}.")
        if not 0 < self.floor < 1 or not 0 <= self.tail_end <= self.floor:
            got = f"floor is {self.floor:g} and tail_end {self.tail_end:g}"
            raise ConfigError(f"{got}; expected 0 < floor < 1 and 0 <= tail_end <= floor.")
        if not 0 <= self.hold <= 1:
            raise ConfigError(f"hold is {self.hold:g}; expected a share from 0 to 1.")
        for name in ("warmup", "reference_steps"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected 0 or more.")

    def factor(self, step: int, n_steps: int) -> float:
        """Factor in [0, 1] of one step, counted from 0, of a run of `n_steps`.

        >>> [round(Schedule("cosine").factor(step, 101), 2) for step in (0, 50, 100)]
        [1.0, 0.5, 0.0]
        >>> [round(Schedule("cosine-tail").factor(step, 61), 3) for step in (20, 24, 30, 60)]
        [0.25, 0.1, 0.086, 0.02]
        """
        if step < self.warmup:
            return (step + 1) / (self.warmup + 1)
        done = (step - self.warmup) / max(1, n_steps - 1 - self.warmup)
        if self.name == "cosine":
            return _fall(done)
        if self.name == "cosine-tail":
            return self._tailed(step, n_steps)
        if done <= self.hold:
            return 1.0
        left = (done - self.hold) / (1 - self.hold)
        return _fall(left) if self.end == "cosine" else 1 - left

    def _tailed(self, step: int, n_steps: int) -> float:
        last = max(self.warmup + 1, n_steps - 1)
        reference = max(1, (self.reference_steps or (n_steps + 1) // 2) - 1 - self.warmup)
        touches = self.warmup + reference * math.acos(2 * self.floor - 1) / math.pi
        if step <= touches:
            return _fall((step - self.warmup) / reference)
        return self.floor - (self.floor - self.tail_end) * (step - touches) / (last - touches)


def _fall(done: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
