"""What a reader must know before the numbers of a result."""

from analysis.measures.statistics import FEWEST_WORKS
from analysis.results import Result

FEW_WORKS = 5


def cautions(result: Result) -> list[str]:
    """Sentences to stand below the headline; none where nothing is unusual.

    >>> cautions(Result("probes", {}, "Headline.", [], {}, {}, {"n_works": 3}))
    ['Only 3 works: an interval over so few holds the truth less often than 95 times in 100. Take a larger corpus.']
    """
    works = result.provenance.get("n_works")
    if not isinstance(works, int) or works >= FEW_WORKS:
        return []
    if works < 2:
        return ["Only one work: there is no interval over works. Take a larger corpus."]
    if works < FEWEST_WORKS:
        return [f"Only {works} works: there is no interval over fewer than {FEWEST_WORKS}. Take a larger corpus."]
    said = f"Only {works} works: an interval over so few holds the truth less often than 95 times in 100. Take a larger corpus."
    return [said]
