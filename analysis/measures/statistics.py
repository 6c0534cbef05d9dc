"""P of several tests at once."""

from collections.abc import Sequence


def holm(p: Sequence[float]) -> list[float]:
    """P of several tests, each corrected for their number (Holm 1979), in the order given.

    The smallest of m is multiplied by m, the next by m - 1 and so on; none is below a smaller one's, none above 1.

    >>> [round(its, 3) for its in holm([0.04, 0.01, 0.03])]
    [0.06, 0.03, 0.06]
    """
    adjusted, highest = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        highest = max(highest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = highest
    return adjusted
