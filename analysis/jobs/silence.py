"""How long a worker has said nothing, in time that this process has lived through itself."""

ASLEEP_S = 5.0


class Silence:
    """Seconds since something was heard; asked several times a second.

    Where two questions lie more than `ASLEEP_S` apart, the machine was suspended or this process was stopped, and what the
    worker said meanwhile may still be under way: the count begins anew.

    Args:
        now: seconds on a clock that only goes forward.
    """

    def __init__(self, now: float) -> None:
        self._heard = self._asked = now

    def heard(self, now: float) -> None:
        """Something was heard."""
        self._heard = self._asked = now

    def seconds(self, now: float) -> float:
        """How long it has been quiet."""
        if now - self._asked > ASLEEP_S:
            self._heard = now
        self._asked = now
        return now - self._heard
