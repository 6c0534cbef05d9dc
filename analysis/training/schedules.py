"""Learning-rate factors over a run, all with linear warm-up."""

import math

from analysis.errors import ConfigError

SCHEDULES = ("cosine", "cosine-tail", "trapezoidal")


def learning_rate_factor(schedule: str, step: int, n_steps: int, warmup: int) -> float:
    """Factor in [0, 1] for one step.

    cosine: 1 to 0.1. cosine-tail: cosine to 0.1 over the first half, then linearly to 0.02. trapezoidal: 1 until 80 %, then
    linearly to 0.

    Raises:
        ConfigError: unknown schedule.

    >>> [round(learning_rate_factor("cosine", s, 101, 0), 2) for s in (0, 50, 100)]
    [1.0, 0.55, 0.1]
    """
    if schedule not in SCHEDULES:
        raise ConfigError(f"Unknown schedule {schedule!r}: expected one of {', '.join(SCHEDULES)}.")
    if step < warmup:
        return (step + 1) / (warmup + 1)
    done = (step - warmup) / max(1, n_steps - 1 - warmup)
    if schedule == "trapezoidal":
        return min(1.0, (1 - done) / 0.2)
    if schedule == "cosine-tail" and done > 0.5:
        return 0.1 - 0.08 * (done - 0.5) / 0.5
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (done / 0.5 if schedule == "cosine-tail" else done)))
