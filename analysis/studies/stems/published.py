"""Numbers of others about the same question: on other data, with other wrong candidates, and never ours."""

from dataclasses import dataclass

CITATION = (
    "Marincione et al., PHALAR: Phasors for Learned Musical Audio Representations, arXiv 2605.03929 (2026), which also gives the "
    "numbers of COCOLA (arXiv 2404.16969) and of the others"
)
COMPARABILITY = (
    "Published by others: on other data, full arrangements of many instruments, with windows of 5 s and the rest of a batch as "
    "wrong candidates. Not comparable in absolute terms with what is on this page."
)


@dataclass(frozen=True)
class PublishedAccuracy:
    """K-way accuracy as it is published.

    Attributes:
        model: whose it is, with its size.
        data: on which data set.
        percents: by number of candidates, in per cent.
    """

    model: str
    data: str
    percents: dict[int, float]


def _of(model: str, data: str, *percents: float) -> PublishedAccuracy:
    return PublishedAccuracy(model, data, dict(zip((8, 16, 64) if len(percents) == 3 else (64,), percents, strict=True)))


PUBLISHED = (
    _of("PHALAR (2.3 M)", "MoisesDB", 86.79, 81.49, 70.87),
    _of("PHALAR (2.3 M)", "Slakh2100", 87.69, 83.28, 72.37),
    _of("PHALAR (2.3 M)", "CocoChorales", 99.65, 99.45, 98.61),
    _of("COCOLA (5.2 M)", "MoisesDB", 75.81, 64.44, 41.84),
    _of("COCOLA (5.2 M)", "Slakh2100", 79.33, 71.58, 55.84),
    _of("COCOLA (5.2 M)", "CocoChorales", 97.82, 96.02, 89.34),
    _of("MERT with phasors (95 M)", "MoisesDB", 45.85),
    _of("MERT with phasors (95 M)", "Slakh2100", 46.13),
    _of("MERT with phasors (95 M)", "CocoChorales", 86.65),
    _of("CLAP (200 M)", "MoisesDB", 1.24),
    _of("CLAP (200 M)", "Slakh2100", 1.62),
    _of("CLAP (200 M)", "CocoChorales", 0.71),
    _of("CDPAM (26.2 M)", "MoisesDB", 1.15),
    _of("CDPAM (26.2 M)", "Slakh2100", 1.76),
    _of("CDPAM (26.2 M)", "CocoChorales", 0.59),
)
